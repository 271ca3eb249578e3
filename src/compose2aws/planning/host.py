"""The names under which containers reach each other, and the private DNS names that they become."""

from __future__ import annotations

import re
from collections.abc import Mapping

from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId, logical_id
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import AliasName, Managed, RegisteredName, named
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values.secrecy import looks_random


def hosts(kinds: Mapping[str, Kind]) -> dict[str, frozenset[str]]:
    """Every service's names: its own, the first that it had, its aliases in networks, `hostname`, `container_name`, and
    links to it."""
    found = {name: {name, kind.source.identity, *_declared(kind.source)} for name, kind in kinds.items()}
    for kind in kinds.values():
        for link in kind.source.texts("links"):
            target, _, alias = link.partition(":")
            if alias and target in found:
                found[target].add(alias)
    return {name: frozenset(names) for name, names in found.items()}


def _declared(service: ServiceSource) -> dict[str, Path]:
    """Further names that the service declares for itself, each with its place."""
    names: dict[str, Path] = {}
    for key in ("container_name", "hostname"):
        text = service.text(key)
        if text:
            names[text] = service.at(key)
    for network in service.networks:
        for index, alias in enumerate(service.texts("networks", network, "aliases")):
            names.setdefault(alias, service.at("networks", network, "aliases", index))
    return names


def plan_names(
    kinds: Mapping[str, Kind], managed: Mapping[str, Managed], called: str, namespace: str, ledger: Ledger
) -> tuple[RegisteredName | AliasName, ...]:
    """The private DNS names: a service's own, registered by its tasks; everything else an alias (CNAME).

    A `container_name` is an alias where it occurs in `called`, the texts that could call it; nearly always it is there
    for `docker logs` alone.

    A service that was renamed keeps its first name, and the new one leads to it: Cloud Map refuses the new name's twin
    while the old one is there."""
    names: list[RegisteredName | AliasName] = []
    taken: set[str] = set()
    for name, kind in kinds.items():
        first = kind.source.identity
        if name in managed:
            names.append(_alias(kind, first, Text.of(Hole("host", name)), kind.source.path))
            ledger.record(kind.source.path, "adapted", names[-1].id)
        elif kind.what == "service" and kind.source.text("network_mode") != "host":
            names.append(RegisteredName(registry_id(first), _label(first), kind.source.path))
        taken.update((_label(first), _label(name)))
    links = _links(kinds)
    for name, kind in kinds.items():
        if name not in managed and (kind.what != "service" or kind.source.text("network_mode") == "host"):
            continue
        first = kind.source.identity
        target = Text.of(Hole("host", name)) if name in managed else Text.of(f"{_label(first)}.{namespace}")
        if first != name:
            names.append(_alias(kind, name, target, kind.source.path))
            ledger.record(
                kind.source.at("x-aws", "was"),
                "translated",
                names[-1].id,
                reason=f"what it became as {first} stays as it is; {name} and {first} both resolve to it",
            )
        for alias, path in sorted(_further_names(name, kinds, links).items()):
            if _label(alias) in taken or (path[-1] == "container_name" and not _is_called(alias, called)):
                continue
            taken.add(_label(alias))
            made = _alias(kind, alias, target, path)
            names.append(made)
            ledger.record(path, "adapted", made.id, reason=f"{alias} resolves to {name}")
    return tuple(names)


def _is_called(alias: str, called: str) -> bool:
    """Whether some text could mean this container by its name; a name that a machine drew is nobody's address, and
    may be a secret."""
    return alias in called and not any(looks_random(part) for part in re.split(r"[-_.]", alias))


def registry_id(identity: str) -> ResourceId:
    """The Cloud Map service that a service's tasks register in."""
    return named("AWS::ServiceDiscovery::Service", identity, "Registry")


def _further_names(name: str, kinds: Mapping[str, Kind], links: Mapping[str, Mapping[str, Path]]) -> dict[str, Path]:
    found = {**links.get(name, {}), **_declared(kinds[name].source)}
    return {alias: path for alias, path in found.items() if alias != name and _fits(alias)}


def _links(kinds: Mapping[str, Kind]) -> dict[str, dict[str, Path]]:
    """The names that links give, by the service that they lead to."""
    found: dict[str, dict[str, Path]] = {}
    for kind in kinds.values():
        for index, link in enumerate(kind.source.texts("links")):
            target, _, alias = link.partition(":")
            if alias:
                found.setdefault(target, {}).setdefault(alias, kind.source.at("links", index))
    return found


def _fits(name: str) -> bool:
    """Whether it can be a name in the zone (RFC 1035, "Size limits")."""
    return 0 < len(name) <= 63 and all(c.isascii() and (c.isalnum() or c in "-_.") for c in name)


def _label(name: str) -> str:
    """As DNS compares names."""
    return name.lower()


def _alias(kind: Kind, alias: str, target: Text, path: Path) -> AliasName:
    first = kind.source.identity
    key = alias if alias == first else f"{first}/{alias}"
    return AliasName(
        ResourceId("AWS::ServiceDiscovery::Service", logical_id(key, "Alias")),
        ResourceId("AWS::ServiceDiscovery::Instance", logical_id(key, "AliasInstance")),
        _label(alias),
        target,
        kind.source.name,
        path,
    )
