"""Lists whose entries are one by their key: of two ports, mounts or variables that are the same, the later one holds.

Compose Specification, Merge, "Unique resources".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from compose2aws.compose import volumes
from compose2aws.compose.node import Mapping, Node, Path, Scalar, Sequence
from compose2aws.compose.patterns import Patterns, patterns, rewrite

Indexer: TypeAlias = Callable[[Node], str | None]
"""What a list's entry is known by; None where it cannot be told, and the schema will say why."""


def _key(node: Node) -> str | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    return node.value.partition("=")[0]


def _text(node: Node) -> str | None:
    return node.text if isinstance(node, Scalar) else None


def _member(name: str) -> Indexer:
    def index(node: Node) -> str | None:
        if isinstance(node, Mapping):
            member = node.get(name)
            return member.text if isinstance(member, Scalar) else None
        return _text(node)

    return index


def _mount_target(node: Node) -> str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        try:
            node = volumes.parse(node)
        except ValueError:
            return None
    return _member("target")(node) if isinstance(node, Mapping) else None


def _device(node: Node) -> str | None:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        parts = node.value.split(":")
        return parts[1] if len(parts) > 1 else parts[0]
    return _member("target")(node) if isinstance(node, Mapping) else None


def _granted(folder: str) -> Indexer:
    """A config or secret that is granted to a service is one by the file that it becomes."""

    def index(node: Node) -> str | None:
        if isinstance(node, Mapping):
            target, source = node.get("target"), node.get("source")
            if isinstance(target, Scalar):
                return target.text
            return f"{folder}/{source.text}" if isinstance(source, Scalar) else None
        return f"{folder}/{node.text}" if isinstance(node, Scalar) else None

    return index


def _port(node: Node) -> str | None:
    if not isinstance(node, Mapping):
        return _text(node)

    def part(name: str, default: str) -> str:
        value = node.get(name)
        return value.text if isinstance(value, Scalar) else default

    return f"{part('host_ip', '0.0.0.0')}:{part('published', '')}:{part('target', '')}/{part('protocol', 'tcp')}"  # noqa: S104 - a key, no address that is bound


INDEXERS: Patterns[Indexer] = patterns(
    {
        "networks.*.labels": _key,
        "networks.*.ipam.options": _key,
        "services.*.annotations": _key,
        "services.*.build.additional_contexts": _key,
        "services.*.build.args": _key,
        "services.*.build.labels": _key,
        "services.*.build.platform": _key,
        "services.*.build.tags": _key,
        "services.*.cap_add": _key,
        "services.*.cap_drop": _key,
        "services.*.configs": _granted(""),
        "services.*.deploy.labels": _key,
        "services.*.devices": _device,
        "services.*.dns": _key,
        "services.*.dns_opt": _key,
        "services.*.dns_search": _key,
        "services.*.env_file": _member("path"),
        "services.*.environment": _key,
        "services.*.expose": _text,
        "services.*.labels": _key,
        "services.*.links": _key,
        "services.*.networks.*.aliases": _key,
        "services.*.networks.*.link_local_ips": _key,
        "services.*.ports": _port,
        "services.*.profiles": _key,
        "services.*.secrets": _granted("/run/secrets"),
        "services.*.sysctls": _key,
        "services.*.tmpfs": _key,
        "services.*.volumes": _mount_target,
    }
)


def unique(node: Node) -> Node:
    """The tree with lists whose entries are one by their key: the last of a key wins, at the place of the first."""
    return rewrite(node, INDEXERS, _one_by_key) or node


def _one_by_key(indexer: Indexer, node: Node, _: Path) -> Node:
    if not isinstance(node, Sequence) or len(node.items) < 2:
        return node
    found: dict[str | int, Node] = {}
    for at, item in enumerate(node.items):
        key = indexer(item)
        found[at if key is None else key] = item
    return node if len(found) == len(node.items) else Sequence(tuple(found.values()), node.position, node.unsplit)
