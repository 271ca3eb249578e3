"""Services: how many tasks of one run, on which capacity, and how a new version takes the place of an old one."""

from __future__ import annotations

from collections.abc import Mapping

from compose2aws.planning.host import registry_id
from compose2aws.planning.hosting import fleet_name
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import (
    Autoscaling,
    CapacityShare,
    Service,
    Task,
    named,
)
from compose2aws.planning.parts import Parts
from compose2aws.planning.settings import Settings
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.start_order import needed_before

_LEAST_GRACE = 120


def plan_service(
    kind: Kind, task: Task, kinds: Mapping[str, Kind], parts: Parts, settings: Settings, ledger: Ledger
) -> Service:
    """The ECS service of a compose service whose task is `task`. Decides what says how it runs and is replaced."""
    service = kind.source
    name = service.name
    id_ = named("AWS::ECS::Service", service.identity, "Service")
    replicas = _replicas(service, id_, ledger)
    targets = parts.ports.attachments.get(name, ())
    writes = any(
        parts.mounts[n].writes for n, other in kinds.items() if n in parts.mounts and other.source.owner == name
    )
    start_first = service.text("deploy", "update_config", "order") == "start-first"
    low, high = (100, 200)
    if writes and not start_first:
        low, high = 0, 100
        ledger.find(
            "stops-before-start",
            "note",
            f"{name} writes to a volume, so a new version starts after the old one has stopped",
            "`deploy.update_config.order: start-first` lets both run side by side for a moment",
            service.path,
        )
    elif service.text("deploy", "update_config", "order") == "stop-first":
        low, high = 0, 100
    if "update_config" in service.entries("deploy"):
        reason = f"between {low} % and {high} % of the tasks run during a deployment; a failed one is rolled back"
        ledger.record(service.at("deploy", "update_config"), "adapted", id_, reason=reason)
        if service.text("deploy", "update_config", "failure_action") == "continue":
            path = service.at("deploy", "update_config", "failure_action")
            reason = f"a deployment of {service.name} that fails is rolled back; it does not continue"
            ledger.drop(path, "failure-action", reason)
    scaling = _autoscaling(service, targets[0].target_group if targets else None, ledger)
    ledger.record(service.path, "translated", (id_, task.definition, task.task_role, task.execution_role))
    return Service(
        name=name,
        task=task,
        desired=replicas,
        capacity=capacity(service, settings, writes, task.compatibility == "EC2", id_, ledger),
        subnets=parts.subnets[name],
        security_groups=parts.groups[name],
        minimum_healthy=low,
        maximum=high,
        zone_rebalancing=high > 100,
        registry=registry_id(service.identity) if task.network_mode == "awsvpc" else None,
        connect=parts.discovery.parts.get(name),
        targets=targets,
        health_grace=_health_grace(task) if targets else None,
        autoscaling=scaling,
        depends_on=needed_before(kind, kinds, parts, id_, ledger),
        source=service.path,
    )


def _health_grace(task: Task) -> int:
    """As long as the slowest container may take to be healthy, and two minutes at least."""
    checks = [container.health_check for container in task.containers if container.health_check]
    return max([_LEAST_GRACE, *(check.start_period + check.interval * check.retries for check in checks)])


def _replicas(service: ServiceSource, id_: ResourceId, ledger: Ledger) -> int:
    for steps in (("deploy", "replicas"), ("scale",)):
        count = service.whole(*steps)
        if count is not None:
            scaled = "; how many there are is then scaled" if service.settings.autoscale else ""
            ledger.record(service.at(*steps), "translated", id_, reason=f"{count} tasks{scaled}")
            return count
    return 1


def capacity(
    service: ServiceSource, settings: Settings, writes: bool, hosted: bool, id_: ResourceId, ledger: Ledger
) -> tuple[CapacityShare, ...]:
    """Spot in development unless the service writes a volume (its one task would be taken away in the middle)."""
    if hosted:
        return (CapacityShare(named("AWS::ECS::CapacityProvider", fleet_name(service), "CapacityProvider")),)
    wanted = service.settings.spot
    spot = (not settings.production if wanted is None else wanted) and not writes
    if wanted is not None:
        reason = "" if spot == wanted else "on demand: it would be taken away in the middle of its work"
        ledger.record(service.at("x-aws", "spot"), "adapted" if reason else "translated", id_, reason=reason)
    # Amazon ECS Developer Guide, "Fargate capacity providers": Fargate Spot runs X86_64 and ARM64 tasks
    return (CapacityShare("FARGATE_SPOT" if spot else "FARGATE"),)


def _autoscaling(service: ServiceSource, group: ResourceId | None, ledger: Ledger) -> Autoscaling | None:
    wanted = service.settings.autoscale
    if not wanted:
        return None
    path = service.at("x-aws", "autoscale")
    if wanted.get("requests") and group is None:
        ledger.refuse(
            path,
            "autoscale-requests",
            f"{service.name} is to scale by requests, but no balancer sends it any",
            "publish a port, or scale by `cpu`",
        )
    ledger.record(
        path, "translated", named("AWS::ApplicationAutoScaling::ScalableTarget", service.identity, "ScalableTarget")
    )
    by_something = wanted.get("cpu") or wanted.get("memory") or wanted.get("requests")
    return Autoscaling(
        minimum=wanted.get("min", 1),
        maximum=max(wanted["max"], wanted.get("min", 1)),
        cpu=wanted.get("cpu") if by_something else 60,
        memory=wanted.get("memory"),
        requests=wanted.get("requests") if group else None,
        target_group=group,
    )
