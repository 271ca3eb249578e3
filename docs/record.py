"""Writes docs/recording.svg, what the README shows: a real rehearsal of an example, as a terminal showed it.

python docs/record.py [OUTPUT]
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

_ROOT = Path(__file__).parent.parent
_EXAMPLE = _ROOT / "examples" / "nexiom"
_COMMANDS = (("ls",), ("compose2aws", "rehearse"))
_WIDTH = 104
_FONTS = re.compile(r"@font-face\s*\{[^}]*\}\s*")


def shown(command: tuple[str, ...]) -> str:
    """What a terminal of that width shows of a command that is run in the example's folder."""
    ours, theirs = pty.openpty()
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"TERM": "xterm-256color", "COLUMNS": str(_WIDTH), "LINES": "50"}
    words = [sys.executable, "-m", "compose2aws", *command[1:]] if command[0] == "compose2aws" else list(command)
    with subprocess.Popen(
        words, cwd=_EXAMPLE, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    ) as process:
        os.close(theirs)
        read = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the terminal's other end is closed
                break
            if not part:
                break
            read += part
    os.close(ours)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return read.decode().replace("\r\n", "\n")


def recording() -> str:
    """The SVG: the commands and what they showed. It names no font of another host."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    for command in _COMMANDS:
        console.print(Text.assemble(("$ ", "bold green"), (" ".join(command), "bold")))
        console.print(Text.from_ansi(shown(command).rstrip("\n")))
        console.print()
    return _FONTS.sub("", console.export_svg(title="compose2aws", theme=MONOKAI, unique_id="recording"))


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "recording.svg"
    target.write_text(recording())
