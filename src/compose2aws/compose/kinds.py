"""The kinds of values of the canonical project, and the lists, mappings and structures that they stand in.

A kind turns a long form into its final value: a size becomes bytes, a duration is written as Go writes it, `NAME: 5` in
an environment becomes the text `5`; a value that says nothing (`privileged: false`, an empty list) is left out, as the
reference leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import TypeAlias

from compose2aws.compose import commands
from compose2aws.compose.interpolation import NUMBER, TRUTH, WHOLE, Cast, cast_scalar
from compose2aws.compose.journal import Journal, kind_of, quoted
from compose2aws.compose.merge import pairs_to_mapping, text_of
from compose2aws.compose.node import Mapping, Node, Path, Position, Scalar, Sequence
from compose2aws.compose.provenance import join, mixed, partition, split
from compose2aws.compose.units import duration, duration_text, single, size, tidy

Shape: TypeAlias = Callable[[Node, Path, Journal], Node | None]
"""Makes the final value, or None where nothing is to be written."""


def _nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _wanted(what: str, node: Node, path: Path, journal: Journal) -> Node | None:
    journal.error("type", f"{what} is wanted here, found {kind_of(node)}", path, node.position)
    return None


# Single values.


def text(node: Node, path: Path, journal: Journal) -> Node | None:
    """A text; an empty one is left out, unless a variable made it: what that could be is still to be asked for."""
    if not isinstance(node, Scalar):
        return _wanted("a text", node, path, journal)
    if node.value is None or (node.value == "" and not node.segments):
        return None
    return text_of(node)


def _kept_cast(cast: Cast) -> Shape:
    def shape(node: Node, path: Path, journal: Journal) -> Node | None:
        if not isinstance(node, Scalar):
            return _wanted(cast.wanted, node, path, journal)
        if node.value is None:
            return None
        if isinstance(node.value, str):
            return cast_scalar(node, cast, path, journal)
        if isinstance(node.value, float):
            return Scalar(tidy(node.value) if cast is WHOLE else single(node.value), node.position, node.segments)
        return node

    return shape


def _unless_zero(shape: Shape) -> Shape:
    """The shape, left out where the value is false or zero."""

    def omitting(node: Node, path: Path, journal: Journal) -> Node | None:
        shaped = shape(node, path, journal)
        return None if isinstance(shaped, Scalar) and not shaped.value else shaped

    return omitting


whole_or_zero = _kept_cast(WHOLE)
whole = _unless_zero(whole_or_zero)
_fraction_or_zero = _kept_cast(NUMBER)


def fraction(node: Node, path: Path, journal: Journal) -> Node | None:
    """A number in single precision; zero is left out."""
    shaped = _fraction_or_zero(node, path, journal)
    if not isinstance(shaped, Scalar) or not shaped.value or isinstance(shaped.value, str):
        return None
    return Scalar(single(float(shaped.value)), shaped.position, shaped.segments)


switch = _kept_cast(TRUTH)
flag = _unless_zero(switch)


def opt_out(node: Node, path: Path, journal: Journal) -> Node | None:
    """A truth value that is true unless it says otherwise: true is left out."""
    shaped = switch(node, path, journal)
    return None if isinstance(shaped, Scalar) and shaped.value is True else shaped


def _measured(wanted: str, read: Callable[[str], int], write: Callable[[int], str]) -> Shape:
    def shape(node: Node, path: Path, journal: Journal) -> Node | None:
        if not isinstance(node, Scalar) or isinstance(node.value, bool):
            return _wanted(wanted, node, path, journal)
        if node.value is None:
            return None
        try:
            amount = read(text_of(node).text)
        except ValueError:
            found = ", found another text" if node.segments else f", found {quoted(node.text)}"
            journal.error("unit", f"{wanted} is wanted here{found}", path, node.position)
            return node
        written = write(amount)
        if written == node.value:
            return node
        return Scalar(written, node.position, (mixed(node.segments, written),) if node.segments else ())

    return shape


def _non_zero_text(shape: Shape, zero: str) -> Shape:
    def omitting(node: Node, path: Path, journal: Journal) -> Node | None:
        shaped = shape(node, path, journal)
        return None if isinstance(shaped, Scalar) and shaped.value == zero else shaped

    return omitting


byte_size = _non_zero_text(_measured("a size such as 512m", size, str), "0")
time_or_zero = _measured("a duration such as 1m30s", duration, duration_text)
time = _non_zero_text(time_or_zero, "0s")


def file_mode(node: Node, path: Path, journal: Journal) -> Node | None:
    """The permissions of a file, as octal digits behind a zero."""
    if not isinstance(node, Scalar) or isinstance(node.value, bool | float):
        return _wanted("octal permissions such as 0440", node, path, journal)
    if node.value is None:
        return None
    try:
        mode = int(node.value, 8) if isinstance(node.value, str) else node.value
    except ValueError:
        return _wanted("octal permissions such as 0440", node, path, journal)
    return Scalar(f"0{mode:o}", node.position, node.segments)


def device_count(node: Node, path: Path, journal: Journal) -> Node | None:
    """How many devices; all of them are -1."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.lower() == "all":
        return Scalar(-1, node.position, node.segments)
    return whole(node, path, journal)


# Lists and mappings.


def anything(node: Node, _: Path, __: Journal) -> Node | None:
    """An extension: kept as it is."""
    return node


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind; an empty one is left out, and a single value is a list of one."""

    item: Shape

    def __call__(self, node: Node, path: Path, journal: Journal) -> Node | None:
        if _nothing(node):
            return None
        items = node.items if isinstance(node, Sequence) else (node,)
        shaped = (self.item(entry, (*path, at), journal) for at, entry in enumerate(items))
        kept = tuple(entry for entry in shaped if entry is not None)
        return Sequence(kept, node.position) if kept else None


def _kept_text(node: Node, path: Path, journal: Journal) -> Node | None:
    if not isinstance(node, Scalar):
        return _wanted("a text", node, path, journal)
    return text_of(Scalar("", node.position) if node.value is None else node)


texts = ListOf(_kept_text)


def _pairs(keep_null: bool) -> Shape:
    def shape(node: Node, path: Path, journal: Journal) -> Node | None:
        mapping = pairs_to_mapping(node)
        if mapping is None:
            return None if _nothing(node) else _wanted("a mapping or a list of KEY=value", node, path, journal)
        entries: dict[str, Node] = {}
        for key, value in mapping.entries.items():
            if not isinstance(value, Scalar):
                _wanted("a text", value, (*path, key), journal)
            elif value.value is None:
                entries[key] = value if keep_null else Scalar("", value.position)
            else:
                entries[key] = text_of(value)
            if isinstance(node, Sequence) and key[-1:].isspace():
                journal.error("name", f"the name {key!r} ends with a space", path, mapping.keys[key])
        return Mapping(entries, mapping.position, mapping.keys) if entries else None

    return shape


pairs = _pairs(keep_null=False)
variables = _pairs(keep_null=True)


def many_options(node: Node, path: Path, journal: Journal) -> Node | None:
    """Options of which each may be given several times: a mapping to lists of texts."""
    if not isinstance(node, Mapping):
        return None if _nothing(node) else _wanted("a mapping", node, path, journal)
    entries: dict[str, Node] = {}
    for key, value in node.entries.items():
        shaped = texts(value, (*path, key), journal)
        if shaped is not None:
            entries[key] = shaped
    return Mapping(entries, node.position, node.keys) if entries else None


def hosts(node: Node, path: Path, journal: Journal) -> Node | None:
    """`name=address` texts, sorted; addresses without brackets."""
    found: list[Scalar] = []
    if isinstance(node, Mapping):
        for key, value in node.entries.items():
            for address in value.items if isinstance(value, Sequence) else (value,):
                if isinstance(address, Scalar):
                    found.append(_host(Scalar(key, node.keys.get(key, address.position)), address))
                    _check_host(key, path, address, journal)
    elif isinstance(node, Sequence):
        for at, item in enumerate(node.items):
            if not isinstance(item, Scalar):
                continue
            separator = "=" if "=" in item.text else ":"
            name, addresses = partition(item, separator)
            if addresses is None:
                journal.error("extra-host", "`NAME=ADDRESS` is wanted here", (*path, at), item.position)
                continue
            _check_host(name.text, (*path, at), item, journal)
            found += [_host(name, address) for address in split(addresses, ",")]
    found.sort(key=lambda host: host.text)
    return Sequence(tuple(found), node.position) if found else None


def _host(name: Scalar, address: Scalar) -> Scalar:
    inner = address.text
    if len(inner) > 2 and inner[0] == "[" and inner[-1] == "]":
        address = Scalar(inner[1:-1], address.position)
    return join((name, "=", text_of(address)), address.position)


def _check_host(name: str, path: Path, node: Scalar, journal: Journal) -> None:
    if not name or ":" in name or "=" in name:
        journal.error("extra-host", "the name of a host is missing or holds a `:`", path, node.position)


def ssh(node: Node, path: Path, journal: Journal) -> Node | None:
    """Keys and agents that a build may use: `default`, `ID=PATH`."""
    mapping = pairs_to_mapping(node)
    if mapping is None:
        return None if _nothing(node) else _wanted("a mapping or a list", node, path, journal)
    items: list[Node] = []
    for name, socket in mapping.entries.items():
        position = mapping.keys.get(name, socket.position)
        empty = not isinstance(socket, Scalar) or socket.text == ""
        items.append(
            Scalar(name, position) if empty or not isinstance(socket, Scalar) else join((f"{name}=", socket), position)
        )
    return Sequence(tuple(items), mapping.position) if items else None


# Commands.


def command(node: Node, path: Path, journal: Journal) -> Node | None:
    """A command as a list of words; null where none is written, which is not the same as an empty one."""
    if isinstance(node, Sequence):
        return Sequence(
            tuple(entry for at, item in enumerate(node.items) if (entry := _kept_text(item, (*path, at), journal))),
            node.position,
            node.unsplit,
        )
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node if _nothing(node) else _wanted("a text or a list of texts", node, path, journal)
    try:
        words = commands.split(node)
    except ValueError as error:
        journal.error("command", str(error), path, node.position)
        return node
    if words.dropped:
        journal.warn(
            "command-cut",
            f"Compose ends the command at the first unquoted `{words.dropped[0]}`, without a word: what stands behind "
            'it is not run; write `sh -c "…"` to run it all',
            path,
            node.position,
        )
    return Sequence(words.words, node.position, unsplit=node)


def test(node: Node, path: Path, journal: Journal) -> Node | None:
    """The command of a health check, with the word before it that says how it is run."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return Sequence((Scalar("CMD-SHELL", node.position), node), node.position, unsplit=node)
    return texts(node, path, journal)


@dataclass(frozen=True, slots=True)
class Struct:
    """A mapping with fixed keys. `always` are keys that are written even where nothing is known of them.

    `null_is_empty`: nothing is a structure without values (`volumes: {data: }`). `short` is what stands in the
    structure's place where it is no mapping. Unknown keys that the schema let through are extensions (`x-…`) and kept;
    others mean nothing to Compose and go.
    """

    fields: AbstractMapping[str, Shape]
    always: tuple[str, ...] = ()
    null_is_empty: bool = False
    short: Shape | None = None

    def __call__(self, node: Node, path: Path, journal: Journal) -> Node | None:
        if not isinstance(node, Mapping):
            if _nothing(node):
                if not self.null_is_empty:
                    return None
                node = Mapping({}, node.position)
            elif self.short is not None:
                return self.short(node, path, journal)
            else:
                return _wanted("a mapping", node, path, journal)
        entries: dict[str, Node] = {}
        keys: dict[str, Position] = {}
        for key, value in node.entries.items():
            shape = self.fields.get(key)
            if shape is None:
                shaped: Node | None = value if key.startswith("x-") else None
            else:
                shaped = shape(value, (*path, key), journal)
            if shaped is not None:
                entries[key] = shaped
                keys[key] = node.keys.get(key, value.position)
        for key in self.always:
            if key not in entries:
                entries[key] = _ABSENT[key](node.position)
                keys[key] = node.position
        return Mapping(entries, node.position, keys)


def _null(position: Position) -> Node:
    return Scalar(None, position)


def _empty(position: Position) -> Node:
    return Mapping({}, position)


# What a key that is always written is where nothing is known of it.
_ABSENT: dict[str, Callable[[Position], Node]] = {
    "command": _null, "entrypoint": _null, "ipam": _empty, "placement": _empty, "resources": _empty,
    "exec": lambda position: Mapping({"command": _null(position)}, position, {"command": position}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping from names of the user's choice. `keep_null`: a name alone says something (`networks: {a: }`)."""

    value: Shape
    keep_null: bool = False
    keep_empty: bool = False

    def __call__(self, node: Node, path: Path, journal: Journal) -> Node | None:
        if not isinstance(node, Mapping):
            return None if _nothing(node) else _wanted("a mapping", node, path, journal)
        entries: dict[str, Node] = {}
        for key, value in node.entries.items():
            shaped = value if self.keep_null and _nothing(value) else self.value(value, (*path, key), journal)
            if shaped is not None:
                entries[key] = shaped
        if not entries and not self.keep_empty:
            return None
        return Mapping(entries, node.position, {k: p for k, p in node.keys.items() if k in entries})
