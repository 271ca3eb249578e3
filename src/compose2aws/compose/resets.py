"""`!reset` and `!override`: values of earlier files that go before a later one is merged.

Compose Specification, Merge, "Reset value" and "Replace value".
"""

from __future__ import annotations

from collections.abc import Iterable

from compose2aws.compose.node import Mapping, Node, Path


def reset(root: Node, paths: Iterable[Path]) -> Node:
    """The tree without the values at the paths. Paths through a list name nothing: a list's entries have no names."""
    for path in paths:
        root = _without(root, path)
    return root


def reset_service(service: Node, name: str, paths: Iterable[Path]) -> Node:
    """A service that `name` is about to extend, without what the extending file resets of it."""
    for path in paths:
        if len(path) > 2 and path[:2] == ("services", name):
            service = _without(service, path[2:])
    return service


def _without(node: Node, path: Path) -> Node:
    if not path or not isinstance(node, Mapping):
        return node
    key = str(path[0])
    if key not in node.entries or isinstance(path[0], int):
        return node
    if len(path) > 1:
        changed = _without(node.entries[key], path[1:])
        return (
            node if changed is node.entries[key] else Mapping({**node.entries, key: changed}, node.position, node.keys)
        )
    entries = {k: v for k, v in node.entries.items() if k != key}
    return Mapping(entries, node.position, {k: p for k, p in node.keys.items() if k != key})
