"""Text of others for a terminal or a file: nothing in it may move the cursor, ring or undo what was written."""

from __future__ import annotations

import re

# ECMA-48: a control sequence, a control string up to its end, and any other escape.
_SEQUENCE = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[PX^_\]][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_RESET = "\x1b[0m"


def cleaned(text: str, *, colour: bool = False) -> str:
    """One line without control characters; a tab is a space. `colour` leaves the sequences that colour it, and sets
    them back at the end."""
    coloured = False
    parts = []
    last = 0
    for match in _SEQUENCE.finditer(text):
        parts.append(_plain(text[last : match.start()]))
        if colour and match["colour"]:
            parts.append(match["colour"])
            coloured = True
        last = match.end()
    parts.append(_plain(text[last:]))
    return "".join(parts) + (_RESET if coloured else "")


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)


def cleaned_lines(text: str, *, colour: bool = False) -> list[str]:
    """A text's lines, each cleaned; at least one."""
    return [cleaned(line, colour=colour) for line in text.rstrip("\r\n").splitlines()] or [""]
