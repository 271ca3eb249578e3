"""Who admits whom: the security groups, who is in each, and from whom and on which ports they are spoken to."""

from __future__ import annotations

from collections.abc import Iterator

from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import IngressRule, Plan
from compose2aws.report.layout import listed

ADMISSION_HEADER = ("security group", "members", "admits")


def admission_rows(plan: Plan) -> list[tuple[str, str, str]]:
    """A row for each security group."""
    names = {group.id: group.description for group in plan.security_groups}
    members: dict[ResourceId, list[str]] = {}
    for id_, name in _members(plan):
        members.setdefault(id_, []).append(name)
    rows = []
    for group in plan.security_groups:
        rules = [rule for rule in plan.ingress if rule.group == group.id]
        peers: dict[str, list[str]] = {}
        for rule in rules:
            peer = rule.peer if isinstance(rule.peer, str) else names.get(rule.peer, rule.peer.logical_id)
            who = "each other" if rule.peer == group.id else "everybody" if peer == "0.0.0.0/0" else peer
            peers.setdefault(who, []).append(_ports(rule))
        admits = "; ".join(f"{who}: {listed(dict.fromkeys(ports))}" for who, ports in peers.items())
        rows.append((group.description, listed(members.get(group.id, [])) or "nobody", admits or "nobody"))
    return rows


def _members(plan: Plan) -> Iterator[tuple[ResourceId, str]]:
    for workload in plan.workloads:
        for id_ in workload.security_groups:
            yield id_, workload.name
    for item in plan.managed:
        yield item.security_group, item.service
    for balancer in plan.balancers:
        yield balancer.security_group, f"{balancer.kind} balancer"
    if plan.file_system:
        yield plan.file_system.security_group, "EFS"
    for fleet in plan.fleets:
        yield fleet.security_group, f"EC2 instances ({fleet.name})"


def _ports(rule: IngressRule) -> str:
    if rule.protocol == "-1":
        return "all ports"
    ports = str(rule.first) if rule.first == rule.last else f"{rule.first} to {rule.last}"
    return f"{ports}/udp" if rule.protocol == "udp" else ports
