"""The pages of the documentation, as steps: what a reader is told to type, and the files that they are told to write.

A page's comments say on what it is tried; readers do not see them. Each stands on a line of its own:

    <!-- project: examples/guestbook -->   from here on, in a fresh copy of this folder; `empty` is an empty one
    <!-- deployed -->                      the project is deployed first
    <!-- running: api -->                  a task of this service runs
    <!-- prints: api: READY -->            the container of this service has written this line
    <!-- task prints: done -->             the next one-off task writes this line
    <!-- session prints: 42 -->            the next session of ECS Exec shows this
    <!-- zone: example.com -->             the account has a public hosted zone of this domain
    <!-- docker: fail:api -->              docker misbehaves so from here on (tests/delivery/images/docker_stand_in.py)
    <!-- unset: ADMIN_TOKEN -->            this variable is neither in the environment nor in .env
    <!-- answers: y, guestbook -->         what is typed where the next command asks; y without it

and before a fenced block:

    <!-- file: compose.aws.yaml -->        the block is this file from here on
    <!-- shows: compose.yaml -->           the block is what this file says already, all of it
    <!-- exit: 1 -->                       the exit code of the block's last command; 0 without it
    <!-- not run: the reason -->           nobody tries the block

In a `console` block, lines that begin with `$ ` are typed; what stands below is what is shown, where something does. A
line `…` stands for any lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_COMMENT = re.compile(r"<!-- (?P<word>[a-z ]+?)(?:: (?P<text>.*))? -->")
_STATE = {
    "project", "deployed", "running", "prints", "task prints", "session prints", "zone", "docker", "unset", "answers",
}  # fmt: skip
_OF_BLOCK = {"file", "shows", "exit", "not run"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A comment that says on what the page is tried."""

    line: int
    word: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `first` is the number of its first line inside the fence, counted from 1."""

    first: int
    language: str
    lines: tuple[str, ...]
    indent: str
    about: dict[str, str]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True, slots=True)
class Command:
    """A line that is typed, and the lines that are shown below it; None where the page shows none."""

    line: int
    text: str
    shown: tuple[str, ...] | None
    exit_code: int


Step: TypeAlias = Setting | Block


def pages() -> list[Path]:
    """All pages, with the README."""
    return [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *sorted(DOCS.rglob("*.md")),
        *sorted((ROOT / "examples").glob("*/README.md")),
    ]


def steps(text: str) -> Iterator[Step]:
    """The settings and blocks of a page, in order. Raises `ValueError` for a comment that is none of ours."""
    about: dict[str, str] = {}
    lines = enumerate(text.splitlines(), 1)
    for number, line in lines:
        if match := _COMMENT.fullmatch(line.strip()):
            word = match["word"]
            if word in _STATE:
                yield Setting(number, word, match["text"] or "")
            elif word in _OF_BLOCK:
                about[word] = match["text"] or ""
            else:
                raise ValueError(f"line {number}: there is no comment {word!r}")
        elif line.lstrip().startswith("```"):
            indent = line[: len(line) - len(line.lstrip())]
            inside = []
            for _, other in lines:
                if other.strip() == "```":
                    break
                inside.append(other.removeprefix(indent))
            yield Block(number + 1, line.strip("` "), tuple(inside), indent, about)
            about = {}


def commands(block: Block) -> list[Command]:
    """What is typed in a `console` block. A line that ends in a backslash goes on in the next."""
    found: list[tuple[int, str, list[str]]] = []
    rest = enumerate(block.lines, block.first)
    for number, line in rest:
        if line.startswith("$ "):
            text = line.removeprefix("$ ")
            while text.endswith("\\"):
                text = text[:-1] + next(rest)[1].strip()
            found.append((number, text, []))
        elif found:
            found[-1][2].append(line)
        else:
            raise ValueError(f"line {number}: a console block begins with a command")
    last = len(found) - 1
    return [
        Command(line, text, tuple(shown) or None, int(block.about.get("exit", "0")) if place == last else 0)
        for place, (line, text, shown) in enumerate(found)
    ]


def is_tried(page: Path) -> bool:
    """Whether the page has a command that is run."""
    blocks = (step for step in steps(page.read_text(encoding="utf-8")) if isinstance(step, Block))
    return any(block.language == "console" and "not run" not in block.about for block in blocks)
