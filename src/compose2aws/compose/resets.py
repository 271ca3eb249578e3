"""`!reset` and `!override`: values of earlier files that go before a later one is merged.

Compose Specification, Merge, "Reset value" and "Replace value".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from compose2aws.compose.node import Mapping, Node, Path


@dataclass(slots=True)
class Resets:
    """The values that a file resets, as a tree of keys: a value goes where its key is in `gone`.

    A path through a list names nothing: a list's entries have no names.
    """

    gone: set[str] = field(default_factory=set)
    deeper: dict[str, Resets] = field(default_factory=dict)

    @staticmethod
    def of(paths: Iterable[Path]) -> Resets:
        """The tree of a document's paths."""
        root = Resets()
        for path in paths:
            steps = [step for step in path if isinstance(step, str)]
            if not steps or len(steps) < len(path):
                continue
            place = root
            for step in steps[:-1]:
                place = place.deeper.setdefault(step, Resets())
            place.gone.add(steps[-1])
        return root

    def below(self, *keys: str) -> Resets:
        """What is reset inside a value."""
        place = self
        for key in keys:
            place = place.deeper.get(key) or Resets()
        return place

    def apply(self, node: Node) -> Node:
        """The tree without the values that are reset."""
        if not isinstance(node, Mapping) or not (self.gone or self.deeper):
            return node
        entries: dict[str, Node] = {}
        for key, value in node.entries.items():
            if key not in self.gone:
                deeper = self.deeper.get(key)
                entries[key] = deeper.apply(value) if deeper else value
        return Mapping(entries, node.position, {k: p for k, p in node.keys.items() if k in entries})
