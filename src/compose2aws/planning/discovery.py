"""Service Connect: which ports are offered under which alias, who uses them, and in which order services start.

A proxy learns only the endpoints that exist when its task starts, so consumers wait for providers. Services that use
each other in a circle cannot all wait: they keep plain DNS.
Source: Amazon ECS Developer Guide, "Service Connect concepts".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from compose2aws.planning.identity import limited
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import ConnectAlias, ServiceConnect


@dataclass(frozen=True, slots=True)
class Discovery:
    """`parts` are the services' parts in Service Connect; `waits_for` the services that each starts after."""

    parts: dict[str, ServiceConnect]
    waits_for: dict[str, tuple[str, ...]]


def port_name(service: str, port: int) -> str:
    """The name of a port in its task: lower-case letters, digits, `-`, `_`, at most 64."""
    return limited(re.sub(r"[^a-z0-9_-]", "-", f"{service.lower()}-{port}").strip("-_"), 64)


def plan_discovery(
    services: tuple[str, ...],
    ports: Mapping[str, tuple[int, ...]],
    uses: Mapping[str, frozenset[str]],
    depends: Mapping[str, frozenset[str]],
    connect: bool,
    ledger: Ledger,
    identities: Mapping[str, str] | None = None,
) -> Discovery:
    """`services` are those that run as ECS services; `ports` are each one's known TCP ports, `uses` whom its values
    name, `depends` its depends_on; `identities` are the first names of those that were renamed: what Service Connect
    knows them by stays."""
    edges = {name: (uses.get(name, frozenset()) | depends.get(name, frozenset())) - {name} for name in services}
    circles = _circles(edges)
    if not connect:
        # plain DNS follows a redeploy by itself: only depends_on orders
        return Discovery({}, {n: tuple(sorted(depends.get(n, frozenset()) & set(services) - {n})) for n in services})
    for circle in circles:
        ledger.find(
            "circular-use",
            "note",
            f"{', '.join(sorted(circle))} use each other in a circle, so none can start after the others; between them "
            "plain DNS is used instead of Service Connect",
            "",
            ("services", min(circle)),
        )
    circling = {name for circle in circles for name in circle}
    offers = {
        name: tuple(
            ConnectAlias(port_name(first, port), port_name(first, port), name.lower(), port)
            for first in ((identities or {}).get(name, name),)
            for port in ports.get(name, ())
        )
        for name in services
        if name not in circling
    }
    parts: dict[str, ServiceConnect] = {}
    waits: dict[str, tuple[str, ...]] = {}
    together = {name: circle for circle in circles for name in circle}
    for name in services:
        # inside a circle only depends_on orders (the loader refuses a circle of those)
        before = {
            other
            for other in edges[name]
            if other in edges and (other not in together.get(name, set()) or other in depends.get(name, frozenset()))
        }
        waits[name] = tuple(sorted(before))
        used = tuple(f"{alias.alias}:{alias.port}" for other in sorted(edges[name]) for alias in offers.get(other, ()))
        own = offers.get(name, ())
        if own or used:
            parts[name] = ServiceConnect(own, used)
    return Discovery(parts, waits)


def _circles(edges: Mapping[str, frozenset[str]]) -> list[set[str]]:
    """The groups of services that reach each other both ways (Tarjan's strongly connected components)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[set[str]] = []
    for root in edges:
        if root in order:
            continue
        work = [(root, iter(sorted(edges[root])))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            name, below = work[-1]
            for other in below:
                if other not in edges:
                    continue
                if other not in order:
                    order[other] = low[other] = len(order)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(sorted(edges[other]))))
                    break
                if other in on_stack:
                    low[name] = min(low[name], order[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == order[name]:
                    group: set[str] = set()
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        group.add(member)
                        if member == name:
                            break
                    if len(group) > 1:
                        found.append(group)
    return found
