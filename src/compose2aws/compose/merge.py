"""One compose file over another: the rules of merging.

Compose Specification, "Merge". Mappings are merged key by key, lists are put one behind the other, anything else is
replaced; what departs from that stands in the table of this module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from compose2aws.compose.journal import Journal, kind_of
from compose2aws.compose.node import Mapping, Node, Path, Position, Scalar, Sequence
from compose2aws.compose.patterns import Patterns, patterns
from compose2aws.compose.provenance import join, partition
from compose2aws.compose.units import number_text

Merger: TypeAlias = "Callable[[Node, Node, _Place], Node]"


class _Place:
    """Where two values meet: the path, the patterns that go deeper, and the journal."""

    __slots__ = ("journal", "path", "table")

    def __init__(self, path: Path, table: Patterns[Merger] | None, journal: Journal) -> None:
        self.path = path
        self.table = table
        self.journal = journal

    def below(self, key: str) -> _Place:
        return _Place((*self.path, key), self.table.below(key) if self.table else None, self.journal)


def merge(base: Node, over: Node, journal: Journal, path: Path = ()) -> Node:
    """The value of `over` on that of `base`, both at `path` (a service that is extended: `("services", "api")`).

    Notes an error where two kinds of value meet that cannot be merged.
    """
    table: Patterns[Merger] | None = MERGERS
    for step in path:
        table = table.below(str(step)) if table else None
    return _merge(base, over, _Place(path, table, journal))


def _merge(base: Node, over: Node, place: _Place) -> Node:
    rule = place.table.rule if place.table is not None else None
    if rule is _replace:
        return over
    if _is_nothing(base):
        return over
    if rule is not None and not _is_nothing(over):
        return rule(base, over, place)
    return _merge_plain(base, over, place)


def _merge_plain(base: Node, over: Node, place: _Place) -> Node:
    if _is_nothing(over):
        return base
    if isinstance(base, Mapping):
        return _merge_mappings(base, over, place) if isinstance(over, Mapping) else _refuse(base, over, place)
    if isinstance(base, Sequence):
        if not isinstance(over, Sequence):
            return _refuse(base, over, place)
        return Sequence(base.items + over.items, base.position)
    return over


def _merge_mappings(base: Mapping, over: Mapping, place: _Place) -> Mapping:
    entries = dict(base.entries)
    keys = dict(base.keys)
    for key, value in over.entries.items():
        old = entries.get(key)
        entries[key] = value if old is None else _merge(old, value, place.below(key))
        if old is None or entries[key] is value:
            keys[key] = over.keys.get(key, value.position)
    return Mapping(entries, base.position, keys)


def _refuse(base: Node, over: Node, place: _Place) -> Node:
    place.journal.error(
        "merge",
        f"{kind_of(over)} cannot be merged over {kind_of(base)} (at {base.position})",
        place.path,
        over.position,
    )
    return base


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


# What each rule of the table does.


def _replace(_: Node, over: Node, __: _Place) -> Node:
    return over


def _pairs(base: Node, over: Node, place: _Place) -> Node:
    """`KEY=value` lists and mappings, in any mix, become one mapping."""
    first, second = pairs_to_mapping(base), pairs_to_mapping(over)
    if first is None or second is None:
        return _lists(base, over, place)
    return Mapping({**first.entries, **second.entries}, first.position, {**first.keys, **second.keys})


def _lists(base: Node, over: Node, _: _Place) -> Node:
    return Sequence((*_listed(base), *_listed(over)), base.position)


def _hosts(base: Node, over: Node, _: _Place) -> Node:
    first = _listed(base)
    known = {item.text for item in first if isinstance(item, Scalar)}
    added = tuple(item for item in _listed(over) if not (isinstance(item, Scalar) and item.text in known))
    return Sequence((*first, *added), base.position)


def _named(default: Callable[[Position], Node]) -> Merger:
    """Lists of names are mappings from them to a default."""

    def merger(base: Node, over: Node, place: _Place) -> Node:
        first, second = names_to_mapping(base, default), names_to_mapping(over, default)
        if not isinstance(first, Mapping) or not isinstance(second, Mapping):
            return _merge_plain(first, second, place)
        return _merge_mappings(first, second, place)

    return merger


def _build(base: Node, over: Node, place: _Place) -> Node:
    return _merge_plain(context_of(base), context_of(over), place)


def _logging(base: Node, over: Node, place: _Place) -> Node:
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return _merge_plain(base, over, place)
    old, new = base.get("driver"), over.get("driver")
    same = isinstance(old, Scalar) and isinstance(new, Scalar) and old.value == new.value
    # The options of one driver mean nothing to another.
    return _merge_mappings(base, over, place) if old is None or new is None or same else over


def _subnets(base: Node, over: Node, place: _Place) -> Node:
    """Address pools are merged where they are of one subnet."""
    if not isinstance(base, Sequence) or not isinstance(over, Sequence):
        return _merge_plain(base, over, place)
    pools: list[Node] = []
    if len(base) * len(over) > _MOST_POOL_PAIRS:
        place.journal.fail("too-large", "there are too many address pools to merge", place.path, over.position)
    for old in base.items:
        for new in over.items:
            if not isinstance(old, Mapping) or not isinstance(new, Mapping):
                return Sequence(base.items + over.items, base.position)
            at = next((i for i, pool in enumerate(pools) if _subnet(pool) == _subnet(new)), None)
            if _subnet(old) != _subnet(new) and at is None:
                pools.append(new)
                continue
            merged = _merge_mappings(old, new, place)
            at = next((i for i, pool in enumerate(pools) if _subnet(pool) == _subnet(merged)), None)
            if at is None:
                pools.append(merged)
            else:
                pools[at] = merged
    return Sequence(tuple(pools), base.position)


_MOST_POOL_PAIRS = 2_500


def _subnet(node: Node) -> object:
    subnet = node.get("subnet") if isinstance(node, Mapping) else None
    return subnet.value if isinstance(subnet, Scalar) else None


def nothing(position: Position) -> Node:
    """A null, as a name in a list stands for."""
    return Scalar(None, position)


def started(position: Position) -> Node:
    """What a name in `depends_on` stands for."""
    return Mapping(
        {"condition": Scalar("service_started", position), "required": Scalar(True, position)},
        position,
        {"condition": position, "required": position},
    )


MERGERS: Patterns[Merger] = patterns(
    {
        # Flags of one program: a second set stands for itself.
        "models.*.runtime_flags": _replace,
        "networks.*.ipam.config": _subnets,
        "networks.*.labels": _pairs,
        "volumes.*.labels": _pairs,
        "services.*.annotations": _pairs,
        "services.*.build": _build,
        "services.*.build.additional_contexts": _pairs,
        "services.*.build.args": _pairs,
        "services.*.build.extra_hosts": _hosts,
        "services.*.build.labels": _pairs,
        "services.*.command": _replace,
        "services.*.depends_on": _named(started),
        "services.*.deploy.labels": _pairs,
        "services.*.dns": _lists,
        "services.*.dns_opt": _lists,
        "services.*.dns_search": _lists,
        "services.*.entrypoint": _replace,
        "services.*.env_file": _lists,
        "services.*.environment": _pairs,
        "services.*.extra_hosts": _hosts,
        "services.*.healthcheck.test": _replace,
        "services.*.label_file": _lists,
        "services.*.labels": _pairs,
        "services.*.logging": _logging,
        "services.*.models": _named(nothing),
        "services.*.networks": _named(nothing),
        "services.*.sysctls": _pairs,
        "services.*.tmpfs": _lists,
        "services.*.ulimits.*": _replace,
    }
)


# Forms that several rules, and the canonical forms, share.


def text_of(value: Scalar) -> Scalar:
    """A scalar as the text that an environment holds: numbers and truth values are written out."""
    if isinstance(value.value, float):
        return Scalar(number_text(value.value), value.position, value.segments)
    return value if isinstance(value.value, str) else Scalar(value.text, value.position, value.segments)


def pairs_to_mapping(node: Node) -> Mapping | None:
    """`KEY=value` entries as a mapping, a bare `KEY` with null; the last of a key wins, at the place of the first.
    None where an entry is no text."""
    if isinstance(node, Mapping):
        return node
    if not isinstance(node, Sequence):
        return None
    entries: dict[str, Node] = {}
    keys: dict[str, Position] = {}
    for item in node.items:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            return None
        key, value = partition(item, "=")
        entries[key.text] = Scalar(None, item.position) if value is None else value
        keys[key.text] = item.position
    return Mapping(entries, node.position, keys)


def names_to_mapping(node: Node, default: Callable[[Position], Node]) -> Node:
    """A list of names as a mapping from each to a default; anything else as it is."""
    if not isinstance(node, Sequence) or not all(
        isinstance(i, Scalar) and isinstance(i.value, str) for i in node.items
    ):
        return node
    entries = {item.text: default(item.position) for item in node.items if isinstance(item, Scalar)}
    return Mapping(entries, node.position, {i.text: i.position for i in node.items if isinstance(i, Scalar)})


def context_of(node: Node) -> Node:
    """A `build:` that is a path, as a mapping."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return Mapping({"context": node}, node.position, {"context": node.position})
    return node


def _listed(node: Node) -> tuple[Node, ...]:
    """A text, a list or a mapping of `key=value` as entries of a list."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Mapping):
        found: list[Scalar] = []
        for key, value in node.entries.items():
            position = node.keys.get(key, value.position)
            if isinstance(value, Sequence):
                found += [join((f"{key}=", i), i.position) for i in value.items if isinstance(i, Scalar)]
            elif isinstance(value, Scalar):
                found.append(
                    Scalar(key, position) if value.value is None else join((f"{key}=", text_of(value)), position)
                )
        return tuple(sorted(found, key=lambda item: item.text))
    return () if _is_nothing(node) else (node,)
