"""Tasks, services and jobs: puts together what the other planners decided of each compose service that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from compose2aws.compose.project import Project
from compose2aws.planning.attendant import attendant_image
from compose2aws.planning.container import Asked, asked, plan_container, stop_timeout, udp_ports
from compose2aws.planning.discovery import Discovery
from compose2aws.planning.filling import Filling
from compose2aws.planning.host import registry_id
from compose2aws.planning.hosting import Wish, fleet_name
from compose2aws.planning.identity import ResourceId, container_name
from compose2aws.planning.image import helper_image, is_arm
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger, Outcome
from compose2aws.planning.log_driver import ROUTER_MEMORY, LogDrivers, log_router, with_log_router
from compose2aws.planning.model import (
    Autoscaling,
    CapacityShare,
    Container,
    ContainerDependency,
    Image,
    Job,
    PortMapping,
    Service,
    SubnetKind,
    Task,
    TaskVolume,
    Workload,
    named,
)
from compose2aws.planning.mount import Mounts
from compose2aws.planning.ports import Ports
from compose2aws.planning.schedule import zone_problem
from compose2aws.planning.search_domain import with_search_domain
from compose2aws.planning.secret_file import SecretFiles
from compose2aws.planning.settings import Settings, mebibytes
from compose2aws.planning.size import fargate_size
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.udp_health import with_answer
from compose2aws.planning.values import ContainerValues

# Amazon ECS Developer Guide, "Service Connect": memory of the proxy beside the containers, in MiB.
_PROXY_MEMORY = 64
_LEAST_GRACE = 120
# Amazon ECS API Reference, "RegisterTaskDefinition", cpu: the least on EC2.
_LEAST_CPU = 128
# Amazon ECS Developer Guide, "Fargate task ephemeral storage", in MiB: what a task has, and the most that it can have.
_USUAL_STORAGE, _MOST_STORAGE = 20 * 1024, 200 * 1024
# A service is about a dozen resources, of which a stack has 500: an app of more services than this may be split.
_ONE_STACK = 40
# The longest that a custom resource can be waited for by a function that re-invokes itself.
JOB_TIMEOUT = 3600


@dataclass(frozen=True, slots=True)
class Parts:
    """What was decided of each service that runs, by name."""

    images: Mapping[str, Image]
    values: Mapping[str, ContainerValues]
    mounts: Mapping[str, Mounts]
    secret_files: Mapping[str, SecretFiles]
    fillings: Mapping[str, Filling]
    search_domain: str | None
    groups: Mapping[str, tuple[ResourceId, ...]]
    subnets: Mapping[str, SubnetKind]
    known_ports: Mapping[str, tuple[int, ...]]
    ports: Ports
    discovery: Discovery
    hosted: Mapping[str, tuple[Wish, ...]]
    waits_for_databases: Mapping[str, tuple[ResourceId, ...]]
    log_drivers: LogDrivers
    project: Project


def plan_workloads(kinds: Mapping[str, Kind], parts: Parts, settings: Settings, ledger: Ledger) -> tuple[Workload, ...]:
    """One workload for each service and job, with its sidecars in its task."""
    retention = settings.retention
    sidecars = _sidecars(kinds, ledger)
    _tell_split(kinds, ledger)
    made: list[Workload] = []
    for name, kind in kinds.items():
        if kind.what not in ("service", "job") or name not in parts.images:
            continue
        members = [kind, *(s for s in sidecars.get(name, ()) if s.source.name in parts.images)]
        task = _task(kind, members, kinds, parts, retention, ledger)
        if task is None:
            continue
        if kind.what == "job":
            made.append(_job(kind, task, kinds, parts, settings, ledger))
        else:
            made.append(_service(kind, task, kinds, parts, settings, ledger))
    return tuple(made)


def _sidecars(kinds: Mapping[str, Kind], ledger: Ledger) -> dict[str, list[Kind]]:
    found: dict[str, list[Kind]] = {}
    for name, kind in kinds.items():
        if kind.what != "sidecar":
            continue
        path = kind.source.at("network_mode")
        owner = kind.source.owner
        if owner not in kinds or kinds[owner].what not in ("service", "job"):
            ledger.refuse(
                path,
                "sidecar-of-nothing",
                f"{name} shares the network of {owner}, which does not run as a task",
                "give it a network of its own",
            )
            continue
        ledger.record(path, "translated", kind.source.definition, reason=f"a container of {owner}'s task")
        for steps in (("deploy", "replicas"), ("scale",), ("deploy", "update_config")):
            if kind.source.get(*steps) is not None:
                reason = f"as {owner}'s, whose tasks it stands in"
                ledger.record(kind.source.at(*steps), "adapted", kind.source.definition, reason=reason)
        found.setdefault(owner, []).append(kind)
    return found


def _task(
    kind: Kind, members: list[Kind], kinds: Mapping[str, Kind], parts: Parts, retention: int, ledger: Ledger
) -> Task | None:
    service = kind.source
    containers: list[Container] = []
    wanted: list[Asked] = []
    volumes: dict[str, TaskVolume] = {}
    definition = service.definition
    checked = {m.source.name for m in members if "healthcheck" in m.source.node}
    for member in members:
        name = member.source.name
        wanted.append(asked(member, ledger))
        files, filling = parts.secret_files[name], parts.fillings[name]
        container = plan_container(
            member,
            parts.images[name],
            parts.values[name],
            parts.mounts[name],
            _mappings(name, member, parts),
            tuple(wish for wish in parts.hosted.get(service.name, ()) if wish.path[1] == name),
            retention,
            parts.log_drivers,
            ledger,
        )
        inside = _inside_task(member, service.name, kinds, checked, definition, ledger)
        container = replace(
            container,
            mounts=(*container.mounts, *files.mounts),
            depends_on=(*filling.depends_on, *files.depends_on, *inside),
            essential=member is kind or member.source.text("restart") not in (None, "no"),
        )
        containers += [*filling.containers, *((files.writer,) if files.writer else ())]
        containers.append(container)
        volumes.update({v.name: v for v in (*parts.mounts[name].volumes, *files.volumes)})
    isolated = parts.subnets[service.name] == "isolated"
    routed = any(c.log_driver and c.log_driver.name == "awsfirelens" for c in containers)
    if routed:
        containers = list(with_log_router(tuple(containers), log_router(service, isolated, parts.project, retention)))
    if service.name in parts.ports.answering:
        helper = attendant_image(service, "health", helper_image(), isolated, parts.project)
        main = container_name(service.name)
        containers = list(with_answer(service.identity, main, tuple(containers), helper, retention))
    host_network = service.text("network_mode") == "host"
    if parts.search_domain and not host_network:
        helper = attendant_image(service, "names", helper_image(), isolated, parts.project)
        before = with_search_domain(service.identity, tuple(containers), helper, parts.search_domain, retention)
        containers = list(before)
    cpu = sum(a.cpu for a in wanted)
    memory = sum(a.memory for a in wanted)
    if service.name in parts.discovery.parts and any(a.stated for a in wanted):
        memory += _PROXY_MEMORY
    if routed and any(a.stated for a in wanted):
        memory += ROUTER_MEMORY
    hosted = service.name in parts.hosted
    size = (max(cpu, _LEAST_CPU), memory) if hosted else fargate_size(cpu, memory)
    if size is None:
        ledger.refuse(
            service.path,
            "too-large",
            f"{service.name} asks for {cpu / 1024:g} vCPU and {memory} MiB; Fargate's largest task has 32 vCPU "
            "and 244 GB",
            "ask for less in `deploy.resources` or `x-aws`",
        )
        return None
    if service.settings.policies:
        ledger.record(
            service.at("x-aws", "policies"), "translated", named("AWS::IAM::Role", service.identity, "TaskRole")
        )
    return Task(
        service=service.name,
        cpu=size[0],
        memory=size[1],
        containers=tuple(containers),
        architecture="ARM64" if is_arm(service) else "X86_64",
        volumes=tuple(volumes.values()),
        ephemeral_storage=_storage([member.source for member in members], hosted, ledger),
        exec=not any(container.read_only for container in containers),
        policies=tuple(policy for policy in service.settings.policies if isinstance(policy, str)),
        statements=tuple(policy for policy in service.settings.policies if isinstance(policy, dict)),
        compatibility="EC2" if hosted else "FARGATE",
        network_mode="host" if host_network else "awsvpc",
        host_pid=any(member.source.text("pid") == "host" for member in members),
        host_ipc=any(member.source.text("ipc") == "host" for member in members),
        was=service.settings.was,
    )


def _storage(services: list[ServiceSource], hosted: bool, ledger: Ledger) -> int | None:
    """The disk of a task in MiB where its containers ask for more than Fargate gives anyway; None where they do not."""
    wanted = 0
    for service in services:
        written = service.text("storage_opt", "size")
        if written is None:
            continue
        path, size = service.at("storage_opt", "size"), mebibytes(written) or 0
        wanted += size
        if hosted:
            ledger.record(path, "adapted", service.definition, reason="it has its instance's disk")
        elif size > _MOST_STORAGE:
            reason = f"{service.name} has {_MOST_STORAGE // 1024} GiB of storage, the most that Fargate gives"
            ledger.drop(path, "storage-opt", reason, "keep data in a volume, which grows as it is filled")
        elif size > _USUAL_STORAGE:
            ledger.record(path, "adapted", service.definition, reason="part of the task's storage")
        else:
            ledger.record(path, "inert", reason="a task has 20 GiB anyway")
    return min(wanted, _MOST_STORAGE) if wanted > _USUAL_STORAGE and not hosted else None


def _mappings(name: str, kind: Kind, parts: Parts) -> tuple[PortMapping, ...]:
    part = parts.discovery.parts.get(name)
    offered = {alias.port: alias.port_name for alias in part.offers} if part else {}
    http = kind.source.settings.protocol == "http"
    ports = [
        PortMapping(number, "tcp", offered.get(number), "http" if http and number in offered else None)
        for number in parts.known_ports[name]
    ]
    return (*ports, *(PortMapping(number, "udp") for number in udp_ports(kind.source)))


def _service(
    kind: Kind, task: Task, kinds: Mapping[str, Kind], parts: Parts, settings: Settings, ledger: Ledger
) -> Service:
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
        capacity=_capacity(service, settings, writes, task.compatibility == "EC2", id_, ledger),
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
        depends_on=_depends(kind, kinds, parts, id_, ledger),
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


def _capacity(
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


def _job(kind: Kind, task: Task, kinds: Mapping[str, Kind], parts: Parts, settings: Settings, ledger: Ledger) -> Job:
    service = kind.source
    schedule = service.settings.schedule
    job = Job(
        name=service.name,
        task=task,
        subnets=parts.subnets[service.name],
        security_groups=parts.groups[service.name],
        timeout=JOB_TIMEOUT,
        schedule=schedule,
        time_zone=_time_zone(service, ledger) if schedule else "UTC",
        source=service.path,
    )
    depends = _depends(kind, kinds, parts, job.id, ledger)
    if schedule:
        ledger.record(service.at("x-aws", "schedule"), "translated", job.id, reason=f"in {job.time_zone}")
        depends = ()
    for steps in (("deploy", "replicas"), ("scale",)):
        if service.get(*steps) is not None:
            ledger.record(service.at(*steps), "adapted", job.id, reason="a job runs once")
    if service.get("deploy", "update_config") is not None:
        ledger.record(service.at("deploy", "update_config"), "inert", reason="a job is not replaced while it runs")
    reason = f"runs at {schedule}, {job.time_zone}" if schedule else "runs once for each revision, to its end"
    ledger.record(
        service.path,
        "adapted",
        (job.id, task.definition, task.task_role, task.execution_role),
        code="job",
        reason=reason,
    )
    for steps in (("restart",), ("deploy", "restart_policy")):
        if service.get(*steps) is not None:
            reason = "a job runs once; one that fails is not repeated"
            ledger.record(service.at(*steps), "adapted", job.id, reason=reason)
    if service.get("deploy", "rollback_config") is not None:
        reason = "a job that fails makes the deployment roll back"
        ledger.record(service.at("deploy", "rollback_config"), "adapted", job.id, reason=reason)
    (share,) = _capacity(service, settings, True, task.compatibility == "EC2", job.id, ledger)
    return replace(job, depends_on=depends, capacity=share)


def _time_zone(service: ServiceSource, ledger: Ledger) -> str:
    """The zone that a schedule's times are in: the setting's own, else the container's `TZ`, else UTC."""
    if service.settings.time_zone:
        return service.settings.time_zone
    zone = service.text("environment", "TZ")
    if not zone:
        return "UTC"
    if zone_problem(zone) is None:
        return zone
    ledger.find(
        "schedule-zone",
        "warning",
        f"the schedule of {service.name} is in UTC: its `TZ` is none of the IANA's names",
        "write `schedule: {expression: …, timezone: Europe/Berlin}`",
        service.at("x-aws", "schedule"),
    )
    return "UTC"


def _depends(
    kind: Kind, kinds: Mapping[str, Kind], parts: Parts, id_: ResourceId, ledger: Ledger
) -> tuple[ResourceId, ...]:
    """What must stand before: depends_on and, with Service Connect, who is used; and the service's own listener
    rules."""
    service = kind.source
    waits: dict[ResourceId, None] = {}
    for name in service.dependencies:
        other = kinds.get(name)
        if other is None:
            reason = f"{name} is not there: none of its profiles is active"
            ledger.record(service.at("depends_on", name), "dropped", code="depends-on-nothing", reason=reason)
            continue
        owner = kinds.get(kinds[name].source.owner) if name in kinds else None
        if owner is None or owner.source.name == service.name:
            continue  # inside the task
        if _decide_dependency(service, name, other, owner, _is_one_stack(kinds), id_, ledger):
            waits[_resource_of(owner)] = None
    for name in parts.discovery.waits_for.get(service.name, ()):
        if name in kinds and kinds[name].what == "service":
            waits[_resource_of(kinds[name])] = None
    waits |= dict.fromkeys(parts.ports.waits_for.get(service.name, ()))
    waits |= dict.fromkeys(parts.waits_for_databases.get(service.name, ()))
    return tuple(sorted(waits))


def _is_one_stack(kinds: Mapping[str, Kind]) -> bool:
    """Whether all workloads surely stand in one stack, so that each can wait for any other."""
    return sum(kind.what in ("service", "job") for kind in kinds.values()) <= _ONE_STACK


def _tell_split(kinds: Mapping[str, Kind], ledger: Ledger) -> None:
    waiting = [n for n, k in kinds.items() if k.what == "service" and any(o in kinds for o in k.source.dependencies)]
    if waiting and not _is_one_stack(kinds):
        ledger.find(
            "order-across-stacks",
            "note",
            f"an app of {sum(kind.runs for kind in kinds.values())} containers may be split into several stacks, one "
            "made after the other: `depends_on` orders what stands in one; a job and what waits for it always do",
            "let services try again until what they need answers",
        )


def _decide_dependency(
    service: ServiceSource, name: str, other: Kind, owner: Kind, in_one_stack: bool, id_: ResourceId, ledger: Ledger
) -> bool:
    """Record what a depends_on on another task becomes; whether the other's resource is to stand before."""
    path = service.at("depends_on", name)
    if other.what == "left-out":
        ledger.record(path, "dropped", code="depends-on-nothing", reason=f"{name} is left out")
        return False
    if other.what == "managed":
        ledger.record(path, "translated", id_, reason=f"{name} is managed and stands before the app is made")
        return False
    if owner.what == "job":
        ledger.record(path, "translated", id_, reason=f"made when {name} has ended well")
        return owner.source.settings.schedule is None
    where = "" if in_one_stack else ", where both stand in one stack"
    ledger.record(path, "translated", id_, reason=f"made when {name} is steady{where}")
    return True


def _inside_task(
    kind: Kind, owner: str, kinds: Mapping[str, Kind], checked: set[str], id_: ResourceId, ledger: Ledger
) -> tuple[ContainerDependency, ...]:
    """The order of containers inside one task: a depends_on whose both ends stand in it. What a sidecar depends on
    elsewhere does not hold up its task."""
    found: list[ContainerDependency] = []
    service = kind.source
    for name, condition in service.dependencies.items():
        path = service.at("depends_on", name)
        if name not in kinds:
            continue
        if kinds[name].source.owner == owner:
            found.append(ContainerDependency(container_name(name), _condition(condition, name in checked)))
            ledger.record(path, "translated", id_, reason="the order of the containers of one task")
        elif service.name != owner:
            outcome: Outcome = "dropped" if kinds[name].what == "left-out" else "adapted"
            ledger.record(path, outcome, id_, reason=f"it starts with {owner}'s task and does not wait for {name}")
    return tuple(found)


def _condition(condition: str, checked: bool) -> Literal["START", "HEALTHY", "SUCCESS"]:
    if condition == "service_completed_successfully":
        return "SUCCESS"
    return "HEALTHY" if condition == "service_healthy" and checked else "START"


def _resource_of(kind: Kind) -> ResourceId:
    identity = kind.source.identity
    if kind.what == "job":
        return named("AWS::CloudFormation::CustomResource", identity, "Job")
    return named("AWS::ECS::Service", identity, "Service")


def grace_periods(kinds: Mapping[str, Kind]) -> dict[str, int]:
    """Each service's stop grace period in seconds; Docker's is ten."""
    return {name: stop_timeout(kind.source) or 10 for name, kind in kinds.items()}
