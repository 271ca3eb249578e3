"""The tree that a compose file is read into: every value knows where it stands and what it was made of.

A tree is made of `Scalar`, `Sequence` and `Mapping`. It is what YAML gives after decoding, and it stays the
same kind of tree through interpolation, merging and canonical forms, so that the last stage can still point at
the line of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in the canonical project: `("services", "api", "ports", 0)`."""

ScalarValue: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file, as editors count: `line` and `column` begin at 1. `file` is as the user would name it:
    relative to the working folder where it lies under it, else absolute; `<stdin>` for standard input."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a string with one origin. The texts of a string's segments, joined, are the string.

    `variables` names the variables of the `${…}` it came from, the outermost first (`${A:-${B}}` gives
    `("A", "B")` where B's value was used); it is empty for literal text. `origin` says which it was:

    - `literal`: written in the file, or in a file that it names (`env_file`);
    - `set`: the variable's value, from the environment or an `.env` file;
    - `default`: the text after `:-`, `-`, `:+` or `+` inside the braces;
    - `unset`: the variable has no value and no default; the text is empty.

    `message` is the text of a `${VAR:?message}`.
    """

    text: str
    variables: tuple[str, ...] = ()
    origin: Literal["literal", "set", "default", "unset"] = "literal"
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `segments` tell what its text was made of; empty means that it is one literal.

    The text of the segments is the text before a cast: `"${PORT}"` may be the number 80 with one segment `80`.
    A bare `KEY` of an environment list whose variable is not set is null, and Docker leaves it out; one that is set has
    one segment of origin `set`.
    """

    value: ScalarValue
    position: Position
    segments: tuple[Segment, ...] = ()

    @property
    def text(self) -> str:
        """The value as the text a container would see (`true`, not `True`; an empty string for null)."""
        if self.value is None:
            return ""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return str(self.value)

    @property
    def parts(self) -> tuple[Segment, ...]:
        """The segments, also of a literal."""
        return self.segments or (Segment(self.text),)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list. `unsplit` is the string that a list was cut from (`command: npm start`), with its segments."""

    items: tuple[Node, ...]
    position: Position
    unsplit: Scalar | None = None

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping, in the order of the file. `keys` holds where each key stands."""

    entries: dict[str, Node]
    position: Position
    keys: dict[str, Position] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def get(self, key: str) -> Node | None:
        return self.entries.get(key)


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> object:
    """The tree as Python's own dicts, lists and scalars: what JSON and YAML writers take."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def find(node: Node, path: Path) -> Node | None:
    """The value at a path below `node`, or None where there is none."""
    for step in path:
        below: Node | None = None
        if isinstance(node, Mapping):
            below = node.entries.get(str(step))
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            below = node.items[step]
        if below is None:
            return None
        node = below
    return node


def locate(node: Node, path: Path) -> Position:
    """Where a path stands: its key's position, else that of the nearest value above it."""
    position = node.position
    for step in path:
        if isinstance(node, Mapping) and str(step) in node.entries:
            key = str(step)
            position = node.keys.get(key, node.entries[key].position)
            node = node.entries[key]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            position = node.position
        else:
            break
    return position


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Scalar | Sequence | Mapping]]:
    """Every leaf below a node with its path: scalars, and lists and mappings that are empty."""
    if isinstance(node, Mapping) and node.entries:
        for key, value in node.entries.items():
            yield from leaves(value, (*path, key))
    elif isinstance(node, Sequence) and node.items:
        for index, value in enumerate(node.items):
            yield from leaves(value, (*path, index))
    else:
        yield path, node
