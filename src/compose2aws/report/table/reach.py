"""Who reaches whom: published ports, networks and names."""

from __future__ import annotations

from collections.abc import Iterator

from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.ledger import Decision
from compose2aws.planning.model import OwnNetwork, Plan
from compose2aws.report.layout import counted, listed
from compose2aws.report.route import Route, route_address, routes
from compose2aws.report.table.author import items, members, port, services
from compose2aws.report.table.row import Row

_BALANCERS = {"application": "Application Load Balancer", "network": "Network Load Balancer"}
_SENTENCES = 3
_PORTS = 6
_NAMES = 8
_MEMBERS = 6


def public_port_rows(plan: Plan, project: Project, *, brief: bool) -> Iterator[Row]:
    """A row for each published port; `brief`: for each balancer that has many."""
    by_balancer: dict[str, list[Route]] = {}
    for route in routes(plan):
        by_balancer.setdefault(_BALANCERS[route.balancer.kind], []).append(route)
    for balancer, leading in by_balancer.items():
        if brief and len(leading) > _SENTENCES:
            names = dict.fromkeys(f"`{route.service}`" for route in leading)
            ways = "; ".join(f"{route_address(plan, r)} to {r.service}:{r.container_port}" for r in leading)
            yield Row(f"`ports:` of {listed(names)}", balancer, f"listens and forwards inside the VPC: {ways}")
            continue
        for route in leading:
            yield Row(
                f'`ports: "{port(project, route.source)}"`' if route.source else f"`{route.service}` container",
                balancer,
                f"listens on {route_address(plan, route)}, forwards to the container's "
                f"{route.container_port} ({route.service}) inside the VPC",
            )


def private_port_rows(plan: Plan, project: Project, decided: dict[Path, Decision], *, brief: bool) -> Iterator[Row]:
    """Ports that the compose file publishes and that stay inside, those with one reason together."""
    routed = {route.source for route in routes(plan)}
    private: dict[str, list[Path]] = {}
    for path in items(project, "ports"):
        decision = decided.get(path)
        if path not in routed and decision and decision.outcome not in ("translated", "refused"):
            private.setdefault(decision.reason, []).append(path)
    if brief and len(private) > _SENTENCES:
        paths = [path for same in private.values() for path in same]
        names = dict.fromkeys(f"`{path[1]}`" for path in paths)
        yield Row(f"`ports:` of {listed(names)}", "not public", "reached from inside the VPC only")
        return
    for reason, paths in private.items():
        quoted = listed((f'"{port(project, path)}"' for path in paths), _PORTS)
        yield Row(f"`ports: {quoted}`", "not public", reason or "reached from inside only")


def network_rows(plan: Plan, project: Project) -> Iterator[Row]:
    names = [g.source[1] for g in plan.security_groups if g.source and g.source[0] == "networks" and len(g.source) > 1]
    joined = members(project)
    groups = "; ".join(f"{name}: {_members(joined[str(name)], project)}" for name in names if str(name) in joined)
    if isinstance(plan.network, OwnNetwork):
        gateways = plan.network.nat_gateways
        out = f", {counted(gateways, 'NAT gateway')}" if gateways else ""
        how = f"a private network ({plan.network.cidr}) in two zones{out}"
    else:
        how = f"your own VPC {plan.network.vpc}"
    if groups:
        how += f"; members of a network reach each other and nobody else does. {groups}"
    yield Row(f"`networks:` {listed(map(str, names))}".strip(), "VPC, security groups", how)


def _members(names: list[str], project: Project) -> str:
    """The members of a network, in few words where they are all."""
    every = len(names) > 2 and len(names) == len(services(project))
    return f"all {len(names)} services" if every else listed(names, _MEMBERS)


def name_rows(plan: Plan) -> Iterator[Row]:
    if plan.names:
        also = ", and by Service Connect" if plan.connect else ""
        names = list(dict.fromkeys(name.name for name in plan.names))
        yield Row(
            "names of services",
            f"Cloud Map, {plan.namespace}",
            f"the same bare names work inside the VPC{also}: {listed((f'`{name}`' for name in names), _NAMES)}",
        )
