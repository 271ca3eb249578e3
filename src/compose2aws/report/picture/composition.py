"""From a plan to its picture: the boxes, where each stands, and the lines that are known.

Lines come from what the planner found: listeners and rules of the balancers, addresses in values and mounted files,
volumes, schedules. `depends_on` draws one only between two that nothing else joins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from compose2aws.compose.node import Mapping, find
from compose2aws.compose.project import Project
from compose2aws.planning.identity import ResourceId, container_name
from compose2aws.planning.model import (
    Balancer,
    FileSystem,
    Job,
    Listener,
    Managed,
    MemcachedCluster,
    MessageBroker,
    OwnNetwork,
    Plan,
    ReplicationGroup,
    SearchDomain,
    Service,
    SubnetKind,
    Workload,
)
from compose2aws.report.layout import counted, listed
from compose2aws.report.managed import described, title
from compose2aws.report.picture.alike import together
from compose2aws.report.picture.model import (
    Box,
    Group,
    GroupKind,
    Line,
    LineKind,
    Picture,
    Pin,
    Symbol,
    service_anchor,
)
from compose2aws.report.picture.sizes import task_size
from compose2aws.report.route import Route, routes

INTERNET, SCHEDULER, FILES = "internet", "scheduler", "files"
MOST_VOLUMES = 4
"""So many volumes are drawn with an entry each; more of them as one file system."""

_NFS = "2049"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box stands: its subnets, the compose networks that it is in, and the fleet that runs it."""

    subnets: SubnetKind
    networks: tuple[str, ...] = ()
    fleet: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    box: Box
    place: Place | None  # None: outside of the network


def picture(plan: Plan, project: Project) -> Picture:
    """What a person would draw of the plan. The project is asked for its `depends_on` alone."""
    found = list(routes(plan))
    boxes = dict(_boxes(plan, project, found))
    order = list(dict.fromkeys(_start_order(plan, project)))
    jobs = {box_id(job.name) for job in _jobs(plan)}
    lines = _with_order(list(dict.fromkeys(_lines(plan, found))), order, jobs)
    boxes = {id_: Placed(_with_waiting(p.box, order, boxes, jobs), p.place) for id_, p in boxes.items()}
    boxes = {id_: Placed(_with_entries(placed.box, lines), placed.place) for id_, placed in boxes.items()}
    merged, lines = together(
        {id_: placed.box for id_, placed in boxes.items()}, {i: p.place for i, p in boxes.items()}, lines
    )
    placed = {box.id: Placed(box, boxes[first].place) for first, box in merged.items()}
    outside = tuple(p.box for p in placed.values() if p.place is None)
    inside = [(p.box, p.place) for p in placed.values() if p.place is not None]
    return Picture(f"{plan.project} on AWS", _description(plan), outside, (_network(plan, inside),), tuple(lines))


def box_id(name: str) -> str:
    """The box of a compose service."""
    return f"service-{name}"


def _boxes(plan: Plan, project: Project, found: list[Route]) -> Iterator[tuple[str, Placed]]:
    if plan.balancers:
        yield INTERNET, Placed(Box(INTERNET, "internet", "Internet", "browsers, clients"), None)
    schedules = list(dict.fromkeys(job.schedule for job in _jobs(plan) if job.schedule))
    if schedules:
        exits = tuple(Pin(text, text) for text in schedules)
        yield SCHEDULER, Placed(Box(SCHEDULER, "schedule", "Schedules", "EventBridge Scheduler", exits=exits), None)
    for balancer in plan.balancers:
        box = _balancer(balancer, [route for route in found if route.balancer is balancer])
        yield box.id, Placed(box, Place("public"))
    names = _network_names(plan)
    fleets = {fleet.provider: fleet.name for fleet in plan.fleets}
    for workload in plan.workloads:
        networks = tuple(names[id_] for id_ in workload.security_groups if id_ in names)
        shares = workload.capacity if isinstance(workload, Service) else (workload.capacity,)
        fleet = next((fleets[s.provider] for s in shares if isinstance(s.provider, ResourceId)), "")
        yield box_id(workload.name), Placed(_workload(workload, project), Place(workload.subnets, networks, fleet))
    for item in plan.managed:
        yield box_id(item.service), Placed(_managed(item), Place("private"))
    if plan.file_system:
        yield FILES, Placed(_files(plan.file_system, project), Place("private"))


def _balancer(balancer: Balancer, found: list[Route]) -> Box:
    application = balancer.kind == "application"
    exits = tuple(dict.fromkeys(Pin(_exit(route), _exit(route)) for route in found))
    return Box(
        _balancer_id(balancer),
        "balancer",
        "Load balancer",
        "Application Load Balancer" if application else "Network Load Balancer",
        (),
        tuple(Pin(_listens(listener), _listens(listener)) for listener in balancer.listeners),
        exits,
    )


def _balancer_id(balancer: Balancer) -> str:
    return f"{balancer.kind}-balancer"


def _listens(listener: Listener) -> str:
    if listener.default == "redirect":
        return f"{listener.port} to HTTPS"
    return f"{listener.port} {listener.protocol.replace('_', '+')}"


def _exit(route: Route) -> str:
    """The address that leads here: `api.example.com/path`, `:3001`."""
    usual = route.hosts and route.listener.port in (80, 443)
    path = route.paths[0].removesuffix("/*") if route.paths else ""
    udp = "/udp" if route.listener.protocol == "UDP" else ""
    return f"{route.hosts[0] if route.hosts else ''}{'' if usual else f':{route.listener.port}'}{path}{udp}"


def _workload(workload: Workload, project: Project) -> Box:
    beside = [
        container.name
        for container in workload.task.containers
        if container.name != container_name(workload.task.service) and _is_service(project, container.name)
    ]
    facts = [task_size(workload), *([f"with {listed(beside, 3)}"] if beside else [])]
    anchor = service_anchor(workload.name) if _is_service(project, workload.name) else None
    if isinstance(workload, Service):
        return Box(
            box_id(workload.name), "service", workload.name, _runs_on(workload), tuple(facts), (), (), (), anchor
        )
    role = "ECS task on a schedule" if workload.schedule else "ECS task, run to its end"
    if not workload.schedule:
        facts.append("once for the database" if workload.once_for else "at each new revision")
    return Box(box_id(workload.name), "job", workload.name, role, tuple(facts), (), (), (), anchor)


def _runs_on(service: Service) -> str:
    providers = {share.provider for share in service.capacity}
    if service.task.compatibility == "EC2":
        return "ECS service on EC2"
    return "ECS service on Fargate Spot" if "FARGATE_SPOT" in providers else "ECS service on Fargate"


def _managed(item: Managed) -> Box:
    symbol: Symbol = "database"
    if isinstance(item, ReplicationGroup | MemcachedCluster):
        symbol = "cache"
    elif isinstance(item, MessageBroker):
        symbol = "broker"
    elif isinstance(item, SearchDomain):
        symbol = "search"
    ports = (item.port, item.management_port) if isinstance(item, MessageBroker) else (item.port,)
    return Box(
        box_id(item.service),
        symbol,
        item.service,
        title(item),
        (described(item),),
        tuple(Pin(str(port), str(port)) for port in ports),
        anchor=service_anchor(item.service),
    )


def _files(system: FileSystem, project: Project) -> Box:
    """The file system, with an entry for each volume where these are few."""
    volumes = [point.volume for point in system.access_points]
    facts = ["backed up daily"] if system.backups else []
    if len(volumes) > MOST_VOLUMES:
        facts.append(f"volumes {listed(volumes, 12)}")
        entries = [Pin(_NFS, _NFS)]
    else:
        entries = [Pin(volume, volume) for volume in volumes]
    anchor = "section-volumes" if "volumes" in project.root.entries else None
    return Box(FILES, "files", "EFS", "file system", tuple(facts), tuple(entries), anchor=anchor)


def _lines(plan: Plan, found: list[Route]) -> Iterator[Line]:
    for balancer in plan.balancers:
        for listener in balancer.listeners:
            yield Line(INTERNET, _balancer_id(balancer), "public", None, _listens(listener))
    for route in found:
        yield Line(
            _balancer_id(route.balancer), box_id(route.service), "public", _exit(route), str(route.container_port)
        )
    for job in _jobs(plan):
        if job.schedule:
            yield Line(SCHEDULER, box_id(job.name), "start", job.schedule)
    owners = _owners(plan)
    for connection in plan.connections:
        client, server = owners.get(connection.client), owners.get(connection.server)
        if client and server and client != server:
            port = None if connection.port is None else str(connection.port)
            yield Line(client, server, "connection", None, port)
    ports = {item.service: str(item.port) for item in plan.managed}
    for workload in plan.workloads:
        for service in _addressed(workload):
            if service in ports:
                yield Line(box_id(workload.name), box_id(service), "connection", None, ports[service])
    points = plan.file_system.access_points if plan.file_system else ()
    volumes = {point.id: point.volume if len(points) <= MOST_VOLUMES else _NFS for point in points}
    for workload in plan.workloads:
        for volume in workload.task.volumes:
            if volume.access_point in volumes:
                yield Line(box_id(workload.name), FILES, "files", None, volumes[volume.access_point])


def _addressed(workload: Workload) -> Iterator[str]:
    """The managed services whose address a task is given, also where the compose file does not name them."""
    for container in workload.task.containers:
        texts = [variable.text for variable in container.environment]
        for text in (*texts, *(container.entrypoint or ()), *(container.command or ())):
            yield from (hole.of for hole in text.holes if hole.fact in ("host", "reader-host"))


def _with_order(lines: list[Line], order: list[tuple[str, str]], jobs: set[str]) -> list[Line]:
    """The lines, and one for each pair in `order` that nothing else joins and no longer way says. Jobs have none: many
    wait for one, and its box tells who."""
    joined = {frozenset((line.source, line.target)) for line in lines}
    after: dict[str, list[str]] = {}
    for source, target in order:
        after.setdefault(source, []).append(target)
    kind: LineKind = "order"
    wanted = [(a, b) for a, b in order if b not in jobs and frozenset((a, b)) not in joined]
    return [*lines, *(Line(a, b, kind) for a, b in wanted if not _longer_way(a, b, after))]


def _with_waiting(box: Box, order: list[tuple[str, str]], boxes: dict[str, Placed], jobs: set[str]) -> Box:
    """A job's box with the names of those that wait for it."""
    waiting = [boxes[source].box.title for source, target in order if target == box.id] if box.id in jobs else []
    return replace(box, facts=(*box.facts, f"before {listed(waiting, 3)}")) if waiting else box


def _longer_way(source: str, target: str, after: dict[str, list[str]]) -> bool:
    """Whether another that `source` waits for waits for `target` itself."""
    open_ = [other for other in after[source] if other != target]
    seen = {source, *open_}
    while open_:
        for other in after.get(open_.pop(), ()):
            if other == target:
                return True
            if other not in seen:
                seen.add(other)
                open_.append(other)
    return False


def _start_order(plan: Plan, project: Project) -> Iterator[tuple[str, str]]:
    owners = _owners(plan)
    services = project.root.get("services")
    for name in services if isinstance(services, Mapping) else ():
        before = find(project.root, ("services", name, "depends_on"))
        for other in before if isinstance(before, Mapping) else ():
            client, server = owners.get(str(name)), owners.get(str(other))
            if client and server and client != server:
                yield client, server


def _owners(plan: Plan) -> dict[str, str]:
    """The box of each compose service, by its own name or its container's in the task of another."""
    owners = {container.name: box_id(w.name) for w in plan.workloads for container in w.task.containers}
    owners |= {item.service: box_id(item.service) for item in plan.managed}
    return owners | {workload.task.service: box_id(workload.name) for workload in plan.workloads}


def _with_entries(box: Box, lines: Iterable[Line]) -> Box:
    """The box with an entry for each port that lines go to."""
    known = {pin.name: pin for pin in box.entries}
    for line in lines:
        if line.target == box.id and line.entry is not None:
            known.setdefault(line.entry, Pin(line.entry, line.entry))
    entries = tuple(known.values())
    if all(pin.name.isdigit() for pin in entries):
        entries = tuple(sorted(entries, key=lambda pin: int(pin.name)))
    return replace(box, entries=entries)


_SUBNETS: dict[SubnetKind, str] = {
    "public": "Public subnets",
    "private": "Private subnets",
    "isolated": "Isolated subnets",
}


def _network(plan: Plan, boxes: list[tuple[Box, Place]]) -> Group:
    network = plan.network
    own = isinstance(network, OwnNetwork)
    heading = f"VPC {network.cidr}" if isinstance(network, OwnNetwork) else f"Your VPC {network.vpc}"
    notes = ["two availability zones"] if own else []
    if plan.names:
        notes.append(f"names in {plan.namespace}")
    gateways = network.nat_gateways if isinstance(network, OwnNetwork) else 0
    subnet_notes: dict[SubnetKind, str] = {
        "public": counted(gateways, "NAT gateway") if gateways else "",
        "isolated": "no way out",
    }
    sets = list(dict.fromkeys(place.networks for _, place in boxes if place.networks))
    groups = []
    for kind, heading_of in _SUBNETS.items():
        mine = [(box, place) for box, place in boxes if place.subnets == kind]
        if not mine:
            continue
        note = subnet_notes.get(kind, "")
        if len(sets) == 1 and any(place.networks for _, place in mine):
            note = ", ".join(part for part in (note, f"network {listed(sets[0])}") if part)
        kind_: GroupKind = kind
        inner = _inner(plan, mine, len(sets) > 1, kind)
        groups.append(Group(kind, kind_, heading_of, note, *inner))
    return Group("vpc", "vpc", heading, ", ".join(notes), (), tuple(groups))


def _inner(
    plan: Plan, boxes: list[tuple[Box, Place]], by_network: bool, prefix: str
) -> tuple[tuple[Box, ...], tuple[Group, ...]]:
    """The boxes that stand in a group itself, and the groups in it: by compose networks, and in these by fleet."""
    own: list[Box] = []
    parts: dict[tuple[str, ...], list[tuple[Box, Place]]] = {}
    fleets: dict[str, list[Box]] = {}
    for box, place in boxes:
        if by_network and place.networks:
            parts.setdefault(place.networks, []).append((box, place))
        elif place.fleet:
            fleets.setdefault(place.fleet, []).append(box)
        else:
            own.append(box)
    groups = []
    for networks, members in parts.items():
        id_ = f"{prefix} network {' '.join(networks)}"
        noun = "network" if len(networks) == 1 else "networks"
        groups.append(Group(id_, "network", f"{noun} {listed(networks)}", "", *_inner(plan, members, False, id_)))
    kinds = {fleet.name: fleet for fleet in plan.fleets}
    for name, members_ in fleets.items():
        fleet = kinds[name]
        note = f"up to {fleet.maximum} {fleet.instance_type}, {fleet.disk} GB"
        groups.append(Group(f"{prefix} fleet {name}", "fleet", "EC2 instances", note, tuple(members_)))
    return tuple(own), tuple(groups)


def _network_names(plan: Plan) -> dict[ResourceId, str]:
    """The compose network of each security group that stands for one."""
    return {
        group.id: str(group.source[1])
        for group in plan.security_groups
        if group.source and group.source[0] == "networks" and len(group.source) > 1
    }


def _jobs(plan: Plan) -> list[Job]:
    return [workload for workload in plan.workloads if isinstance(workload, Job)]


def _is_service(project: Project, name: str) -> bool:
    return find(project.root, ("services", name)) is not None


def _description(plan: Plan) -> str:
    services = sum(isinstance(workload, Service) for workload in plan.workloads)
    parts = [counted(services, "service")]
    if jobs := len(_jobs(plan)):
        parts.append(counted(jobs, "job"))
    if plan.managed:
        parts.append(counted(len(plan.managed), "managed service"))
    return f"{plan.tier}: {listed(parts)}"
