"""Runs a page: its commands in order, each held against what the page shows.

`python -m tests.docs.run [PAGE…]` writes what the commands show into the pages, in place of what stood there. Blocks
with a line `…` are written by hand, and so is what ends with another exit code than the page says.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.docs.normal import ANY, agrees
from tests.docs.pages import Block, Command, Setting, commands, is_tried, pages, steps
from tests.docs.stage import Outcome, Stage, open_stage


@dataclass(frozen=True)
class Tried:
    """A command of a page, and how it ended."""

    block: Block
    command: Command
    outcome: Outcome

    @property
    def complaint(self) -> str:
        """What is wrong with what the page says of it; empty where nothing is."""
        said = f"line {self.command.line}: $ {self.command.text}\n{self.outcome.text}"
        if self.outcome.code != self.command.exit_code:
            return f"{said}ended with {self.outcome.code} and not {self.command.exit_code}"
        if self.command.shown is not None and not agrees(self.command.shown, self.outcome.text):
            shown = "\n".join(self.command.shown)
            return f"{said}--- and the page shows\n{shown}"
        return ""

    @property
    def by_hand(self) -> bool:
        """Whether nobody but a person can mend it."""
        return self.outcome.code != self.command.exit_code or ANY in (self.command.shown or ())


def tried(text: str, stage: Stage) -> list[Tried]:
    """Runs a page. Raises `AssertionError` where it shows a file otherwise than it is."""
    done = []
    for step in steps(text):
        if isinstance(step, Setting):
            stage.set_up(step)
        elif "not run" in step.about:
            continue
        elif "file" in step.about:
            stage.write(step.about["file"], step.text)
        elif "shows" in step.about:
            there = (stage.folder / step.about["shows"]).read_text(encoding="utf-8")
            assert step.text == there, f"line {step.first}: {step.about['shows']} says otherwise"
        elif step.language == "console":
            done += [Tried(step, command, stage.run(command.text)) for command in commands(step)]
    return done


def rewritten(text: str, found: list[Tried]) -> str:
    """The page with what its commands show now, where it shows something else."""
    lines = text.splitlines()
    for one in reversed(found):
        shown = one.command.shown
        if shown is None or one.by_hand or not one.complaint:
            continue
        first = one.command.line + _length(one) - 1
        new = [f"{one.block.indent}{line}".rstrip() for line in one.outcome.text.splitlines()]
        lines[first : first + len(shown)] = new
    return "\n".join(lines) + "\n"


def _length(one: Tried) -> int:
    """How many lines the typed command takes."""
    place = one.command.line - one.block.first
    count = 1
    while one.block.lines[place + count - 1].endswith("\\"):
        count += 1
    return count


def main() -> int:
    wrong = 0
    for name in sys.argv[1:] or [str(page) for page in pages() if is_tried(page)]:
        page = Path(name)
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder, open_stage(Path(folder) / "stage") as stage:
            found = tried(text, stage)
        page.write_text(rewritten(text, found), encoding="utf-8")
        for one in found:
            if one.by_hand and one.complaint:
                wrong += 1
                sys.stderr.write(f"{page}: {one.complaint}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
