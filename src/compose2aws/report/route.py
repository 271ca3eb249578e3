"""The ways from the internet to the services' ports, and the addresses that people type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compose2aws.compose.node import Path
from compose2aws.planning.model import Balancer, Listener, Plan, PublicUrl, Service


@dataclass(frozen=True, slots=True)
class Route:
    """A port of a balancer that leads to a service's port."""

    balancer: Balancer
    listener: Listener
    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    service: str
    container_port: int
    source: Path


def routes(plan: Plan) -> Iterator[Route]:
    """Every port of every balancer that leads to a service, by listener and rule."""
    attached = {
        target.target_group: (workload.name, target.port)
        for workload in plan.workloads
        if isinstance(workload, Service)
        for target in workload.targets
    }
    for balancer in plan.balancers:
        sources = {group.id: group.source for group in balancer.target_groups}
        for listener in balancer.listeners:
            ways = [(r.hosts, r.paths, r.target_group) for r in balancer.rules if r.listener == listener.id]
            if not isinstance(listener.default, str):
                ways.append(((), (), listener.default))
            for hosts, paths, group in ways:
                if group in attached:
                    yield Route(balancer, listener, hosts, paths, *attached[group], sources.get(group, ()))


def route_address(plan: Plan, route: Route) -> str:
    """The URL that people type, and the port where the URL does not show it."""
    url = next((u for u in plan.urls if _is_of(u, route)), None)
    if url is None:
        host = route.hosts[0] if route.hosts else None
        path = route.paths[0].removesuffix("/*") if route.paths else ""
        url = PublicUrl(route.service, route.listener.protocol.lower(), host, route.listener.port, path)
    usual = url.port == {"http": 80, "https": 443}.get(url.scheme)
    return f"{url_text(url)} ({url.port})" if usual else url_text(url)


def _is_of(url: PublicUrl, route: Route) -> bool:
    host = url.host in route.hosts if route.hosts else url.host is None or not route.hosts
    return url.service == route.service and url.port == route.listener.port and host


def url_text(url: PublicUrl) -> str:
    """A URL as people type it; `(balancer)` stands for a balancer's own name, which is known after the deploy."""
    usual = url.port == {"http": 80, "https": 443}.get(url.scheme)
    return f"{url.scheme}://{url.host or '(balancer)'}{'' if usual else f':{url.port}'}{url.path}"
