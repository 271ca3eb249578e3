"""Tables keyed by path pattern: the one way this room writes down its special cases.

A pattern is a dotted path of keys in which `*` stands for any key or list index: `services.*.ports`. A table is kept as
a tree, so that a walk over a project enters only the branches that some pattern can match.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from compose2aws.compose.node import Mapping, Node, Path, Sequence

Rule = TypeVar("Rule")


@dataclass(slots=True)
class Patterns(Generic[Rule]):
    """A place in the tree of patterns: the rule that holds here, and what can come below."""

    rule: Rule | None = None
    named: dict[str, Patterns[Rule]] = field(default_factory=dict)
    any: Patterns[Rule] | None = None

    def below(self, key: str) -> Patterns[Rule] | None:
        """The patterns that hold below a key; a pattern that names it wins over `*`."""
        return self.named.get(key, self.any)

    def at(self, path: Path) -> Rule | None:
        """The rule for a path."""
        place: Patterns[Rule] | None = self
        for step in path:
            if place is None:
                return None
            place = place.below(str(step))
        return place.rule if place else None


def patterns(table: AbstractMapping[str, Rule]) -> Patterns[Rule]:
    """The tree of a table that is written as `{"services.*.ports": rule}`."""
    root: Patterns[Rule] = Patterns()
    for pattern, rule in table.items():
        place = root
        for step in pattern.split("."):
            if step == "*":
                place.any = place.any or Patterns()
                place = place.any
            else:
                place = place.named.setdefault(step, Patterns())
        place.rule = rule
    return root


def rewrite(
    node: Node,
    place: Patterns[Rule],
    apply: Callable[[Rule, Node, Path], Node | None],
    path: Path = (),
) -> Node | None:
    """The tree with every matched value replaced by what `apply` makes of it, from the top down; None takes it out.

    What a rule returns is walked further where patterns go deeper. Unmatched branches are shared with the old tree.
    """
    if place.rule is not None:
        changed = apply(place.rule, node, path)
        if changed is None:
            return None
        node = changed
    if isinstance(node, Mapping) and (place.named or place.any):
        return _rewrite_mapping(node, place, apply, path)
    if isinstance(node, Sequence) and place.any:
        below = place.any
        items = [rewrite(item, below, apply, (*path, index)) for index, item in enumerate(node.items)]
        if all(new is old for new, old in zip(items, node.items, strict=True)):
            return node
        return Sequence(tuple(item for item in items if item is not None), node.position, node.unsplit)
    return node


def _rewrite_mapping(
    node: Mapping, place: Patterns[Rule], apply: Callable[[Rule, Node, Path], Node | None], path: Path
) -> Mapping:
    changed: dict[str, Node | None] = {}
    keys = node.entries if place.any else [key for key in place.named if key in node.entries]
    for key in keys:
        below = place.below(key)
        if below is not None:
            old = node.entries[key]
            new = rewrite(old, below, apply, (*path, key))
            if new is not old:
                changed[key] = new
    if not changed:
        return node
    entries = {
        key: new
        for key, old in node.entries.items()
        if (new := changed.get(key, old) if key in changed else old) is not None
    }
    return Mapping(entries, node.position, {k: p for k, p in node.keys.items() if k in entries})
