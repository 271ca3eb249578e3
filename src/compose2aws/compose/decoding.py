"""YAML text in, a tree with positions out; and the paths at which `!reset` and `!override` were written.

Reads libyaml's events and builds the tree itself, without recursion: what is nested too deep, too large, or grows by
aliases is refused while it is read. Aliases share the tree of their anchor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from compose2aws.compose.journal import Journal, quoted
from compose2aws.compose.node import Mapping, Node, Path, Position, Scalar, Sequence
from compose2aws.compose.scalars import resolve, tagged

# PyYAML without libyaml reads the same events, ten times slower.
_EVENTS: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MOST_DEPTH = 100
MOST_NODES = 250_000
MOST_ALIASED_NODES = 200_000
MERGE_KEY = "<<"
_DIRECTIVES = ("!reset", "!override")
MERGE_TAG = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document. `resets` are the paths whose value in earlier files is to be dropped before this one is
    merged (Compose Specification, Merge, "Reset value" and "Replace value")."""

    root: Node
    resets: tuple[Path, ...]
    weight: int = 1
    """How many values it has, with aliases written out."""


@dataclass(slots=True)
class _Built:
    """A finished value: `weight` counts its nodes with aliases written out; `dropped` is one under `!reset`."""

    node: Node
    weight: int
    resets: tuple[Path, ...] = ()
    dropped: bool = False
    depth: int = 0


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read."""

    position: Position
    tag: str | None
    anchor: str | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Position] = field(default_factory=dict)
    key: str | None = None
    key_position: Position | None = None
    merging: bool = False
    merged: list[tuple[int, Node]] = field(default_factory=list)
    seen: dict[str, Position] = field(default_factory=dict)
    weight: int = 1
    depth: int = 1
    resets: list[Path] = field(default_factory=list)
    slots: int = 0

    def add(self, node: Node | None) -> None:
        """The next value; None where it is dropped."""
        if not self.is_mapping:
            self.slots += 1
            if node is not None:
                self.items.append(node)
            return
        key = self.key if self.key is not None else ""
        if node is not None:
            self.entries[key] = node
            if self.key_position is not None:
                self.keys[key] = self.key_position
        self.key = None


def decode(text: str, file: str, journal: Journal) -> list[Document]:
    """The documents of a YAML text. Raises `ComposeError` through the journal where it is not YAML, a key is twice, a
    key is not a text, or it is a bomb."""
    try:
        return _Reader(text, file, journal).documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)
        words = ", ".join(part for part in (error.context, error.problem) if part)
        hint = " (YAML is indented with spaces)" if "tab" in words or "cannot start any token" in words else ""
        journal.fail("yaml", f"this is not YAML: {words}{hint}", (), position)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
        journal.fail("yaml", f"this is not YAML text: {error.reason}", (), Position(file, line, 1))
    except yaml.YAMLError:
        journal.fail("yaml", "this is not YAML", (), Position(file, 1, 1))


class _Reader:
    """Turns events into documents."""

    def __init__(self, text: str, file: str, journal: Journal) -> None:
        self._parser: Any = _EVENTS(text)
        self._file = file
        self._journal = journal
        self._anchors: dict[str, _Built] = {}
        self._unfinished: list[str] = []
        self._open: list[_Open] = []
        self._root: _Built | None = None
        self._nodes = 0

    def documents(self) -> list[Document]:
        found: list[Document] = []
        parse = self._parser.get_event
        while True:
            event = parse()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent:
                self._start(event, True)
            elif kind is yaml.SequenceStartEvent:
                self._start(event, False)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._end()
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                self._anchors, self._root = {}, None
            elif kind is yaml.DocumentEndEvent:
                if self._root is not None:
                    found.append(Document(self._root.node, self._root.resets, self._root.weight))
            elif event is None or kind is yaml.StreamEndEvent:
                return found

    def _position(self, event: Any) -> Position:
        mark = event.start_mark
        return Position(self._file, mark.line + 1, mark.column + 1)

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        position = Position(self._file, mark.line + 1, mark.column + 1)
        top = self._open[-1] if self._open else None
        if top is not None and top.is_mapping and top.key is None and not top.merging:
            self._key(top, event, position)
            return
        self._count(position)
        text, tag = event.value, event.tag
        if tag is None or tag == "!":
            # The common case, kept short: a large file is made of these.
            scalar = Scalar(resolve(text) if event.implicit[0] else text, position)
            if top is None or top.merging or event.anchor is not None:
                self._put(_Built(scalar, 1), event.anchor)
            else:
                top.weight += 1
                top.add(scalar)
            return
        self._put(_Built(self._tagged(event, position), 1, *self._marks(tag)), event.anchor)

    def _tagged(self, event: Any, position: Position) -> Scalar:
        if event.tag in _DIRECTIVES:
            return Scalar(resolve(event.value) if event.style is None else event.value, position)
        try:
            return Scalar(tagged(event.tag, event.value), position)
        except ValueError as error:
            self._journal.fail("yaml", f"the value is tagged !!{error} and is none", (), position)

    @staticmethod
    def _marks(tag: str | None) -> tuple[tuple[Path, ...], bool]:
        if tag == "!reset":
            return ((),), True
        return (((),), False) if tag == "!override" else ((), False)

    def _key(self, top: _Open, event: Any, position: Position) -> None:
        text = event.value
        if text == MERGE_KEY and (event.implicit[0] or event.tag == MERGE_TAG):
            top.merging = True
        elif event.implicit[0] and not isinstance(resolve(text), str):
            self._journal.fail(
                "key-not-text", f"the key {quoted(text)} is not a text: put it in quotes", self._path(), position
            )
        if text in top.seen:
            message = f"the key {quoted(text)} is already at line {top.seen[text].line}"
            self._journal.fail("duplicate-key", message, (*self._path(), text), position)
        top.seen[text] = position
        if not top.merging:
            top.key = text
        top.key_position = position
        if event.anchor:
            self._anchors[event.anchor] = _Built(Scalar(text, position), 1)

    def _start(self, event: Any, is_mapping: bool) -> None:
        position = self._position(event)
        self._count(position)
        top = self._open[-1] if self._open else None
        if top is not None and top.is_mapping and top.key is None and not top.merging:
            self._journal.fail("key-not-text", "a key must be a text, not a list or a mapping", self._path(), position)
        if len(self._open) >= MOST_DEPTH:
            self._journal.fail("too-deep", f"the file is nested more than {MOST_DEPTH} levels deep", (), position)
        if event.anchor:
            self._anchors.pop(event.anchor, None)
            self._unfinished.append(event.anchor)
        self._open.append(_Open(position, event.tag, event.anchor, is_mapping))

    def _end(self) -> None:
        top = self._open.pop()
        if top.anchor:
            self._unfinished.remove(top.anchor)
        if top.is_mapping:
            entries, keys = _with_merged(top)
            node: Node = Mapping(entries, top.position, keys)
        else:
            node = Sequence(tuple(top.items), top.position)
        resets, dropped = self._marks(top.tag)
        self._put(_Built(node, top.weight, (*resets, *top.resets), dropped, top.depth), top.anchor)

    def _alias(self, event: Any) -> None:
        position = self._position(event)
        name = event.anchor
        if name in self._unfinished:
            self._journal.fail("alias-cycle", f"the alias *{name} stands inside what it names: a cycle", (), position)
        built = self._anchors.get(name)
        if built is None:
            self._journal.fail("yaml", f"the alias *{name} names no anchor before it", (), position)
        top = self._open[-1] if self._open else None
        if top is not None and top.is_mapping and top.key is None and not top.merging:
            self._journal.fail("key-not-text", "a key must be a text, not an alias", self._path(), position)
        self._put(built, None)

    def _put(self, built: _Built, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = built
        if not self._open:
            self._root = built
            return
        top = self._open[-1]
        top.weight += built.weight
        top.depth = max(top.depth, built.depth + 1)
        if len(self._open) + built.depth > MOST_DEPTH:
            # An alias may name what is deep itself.
            message = f"the file is nested more than {MOST_DEPTH} levels deep"
            self._journal.fail("too-deep", message, (), top.position)
        if top.weight > MOST_ALIASED_NODES and top.weight > 2 * self._nodes:
            self._journal.fail(
                "alias-bomb", "the file's aliases make it far larger than it is written", (), top.position
            )
        if top.merging:
            top.resets.extend(built.resets)
            self._merge(top, built)
            top.merging = False
            return
        if built.resets:
            step: str | int = top.slots if not top.is_mapping else top.key or ""
            top.resets.extend((step, *path) for path in built.resets)
        top.add(None if built.dropped else built.node)

    def _merge(self, top: _Open, built: _Built) -> None:
        sources = built.node.items if isinstance(built.node, Sequence) else (built.node,)
        for source in sources:
            if not isinstance(source, Mapping):
                self._journal.fail(
                    "yaml", "`<<` wants a mapping or a list of mappings", self._path(), top.key_position or top.position
                )
            top.merged.append((len(top.entries), source))

    def _count(self, position: Position) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._journal.fail("too-large", f"the file has more than {MOST_NODES:,} values", (), position)

    def _path(self) -> Path:
        steps: list[str | int] = []
        for frame in self._open[:-1]:
            if not frame.is_mapping:
                steps.append(frame.slots)
            elif frame.key is not None:
                steps.append(frame.key)
        return tuple(steps)


def _with_merged(top: _Open) -> tuple[dict[str, Node], dict[str, Position]]:
    """The mapping with what `<<` brings in, which yields to its own keys; of several, the first wins."""
    if not top.merged:
        return top.entries, top.keys
    entries: dict[str, Node] = {}
    keys: dict[str, Position] = {}
    own = list(top.entries)
    taken = 0
    for at, source in [*top.merged, (len(own), None)]:
        for key in own[taken:at]:
            entries[key] = top.entries[key]
            keys[key] = top.keys[key]
        taken = at
        if isinstance(source, Mapping):
            for key, value in source.entries.items():
                if key not in top.entries and key not in entries:
                    entries[key] = value
                    keys[key] = source.keys.get(key, value.position)
    return entries, keys
