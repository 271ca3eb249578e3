"""The local-vs-production table of a project: what its author has on the laptop, what it is on AWS, how that works.

The rows come from the plan's items. The project is looked at only to say things in the words of its author
(`ports: "3001:3000"`); no value of its environment is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from compose2aws.compose.node import Mapping, Path, Sequence, find, plain
from compose2aws.compose.project import Project
from compose2aws.planning.ledger import Decision
from compose2aws.planning.model import (
    Container,
    EnvironmentVariable,
    OwnNetwork,
    Plan,
    Service,
    Task,
    Workload,
)
from compose2aws.planning.text import Fact, Text
from compose2aws.report.layout import counted, cpu, listed, memory
from compose2aws.report.managed import backups, described, title
from compose2aws.report.route import route_address, routes

HEADER = ("local (Docker)", "AWS", "how it works")

_MANAGED_FACTS: frozenset[Fact] = frozenset({"host", "reader-host", "port", "user", "password", "database"})
_STORES = {True: "Secrets Manager", False: "task definition"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Text between backticks is code."""

    local: str
    aws: str
    how: str

    @property
    def cells(self) -> tuple[str, str, str]:
        return self.local, self.aws, self.how


def rows(plan: Plan, project: Project) -> tuple[Row, ...]:
    """The whole table, from what runs to what is left out."""
    decided = {decision.path: decision for decision in plan.decisions}
    return (
        *_tasks(plan, project),
        *_jobs(plan),
        *_images(plan, project),
        *_ports(plan, project, decided),
        *_network(plan, project),
        *_names(plan),
        *_managed(plan),
        *_volumes(plan, project, decided),
        *_bind_mounts(project, decided),
        *_connections(plan),
        *_secrets(plan),
        *_logs(plan),
        *_left_out(plan, project, decided),
    )


def _tasks(plan: Plan, project: Project) -> Iterator[Row]:
    services = [w for w in plan.workloads if isinstance(w, Service)]
    if not services:
        return
    file = PurePath(plan.files[0]).name if plan.files else "compose file"
    by_size: dict[str, list[str]] = {}
    for service in services:
        by_size.setdefault(_size(service.task), []).append(_copies(service))
    sizes = "; ".join(f"{size}: {listed(names)}" for size, names in by_size.items())
    yield Row(
        f"`{file}`" if file != "<stdin>" else "compose file",
        f"{counted(len(services), 'ECS task definition')}, {counted(len(services), 'service')}",
        f"run this image with this much CPU and memory. {sizes}",
    )
    for task in (w.task for w in plan.workloads):
        beside = [c.name for c in task.containers if c.name != task.service and _service(project, c.name)]
        if beside:
            yield Row(
                f"{listed(f'`{name}`' for name in beside)} container",
                f"in the task of {task.service}",
                "runs beside it and shares its network",
            )


def _size(task: Task) -> str:
    where = " on EC2 instances" if task.compatibility == "EC2" else ""
    return f"{cpu(task.cpu)}, {memory(task.memory)}{where}"


def _copies(service: Service) -> str:
    scaling = service.autoscaling
    if scaling:
        return f"{service.name} ({scaling.minimum} to {scaling.maximum} copies)"
    return service.name if service.desired == 1 else f"{service.name} ({counted(service.desired, 'copy', 'copies')})"


def _jobs(plan: Plan) -> Iterator[Row]:
    for job in plan.workloads:
        if isinstance(job, Service):
            continue
        if job.schedule:
            yield Row(f"`{job.name}` container", "EventBridge Scheduler", f"runs at {job.schedule}, {_size(job.task)}")
        else:
            yield Row(
                f"`{job.name}` container",
                "ECS task, run once",
                f"runs to its end at each new revision; what depends on it waits. {_size(job.task)}",
            )


def _images(plan: Plan, project: Project) -> Iterator[Row]:
    names = [image.service for image in plan.images]
    built = [name for name in names if find(project.root, ("services", name, "build"))]
    filled = [name for name in names if name not in built]
    for services, key, how in (
        (built, "build", "built by `docker buildx bake`, pushed, and run by digest"),
        (filled, "image", "the same image with the mounted files in it, built by `docker buildx bake`"),
    ):
        if services:
            aws = "ECR " + ("repository" if len(services) == 1 else "repositories")
            yield Row(f"`{key}:` of {listed(services)}", aws, how)


def _ports(plan: Plan, project: Project, decided: dict[Path, Decision]) -> Iterator[Row]:
    routed: set[Path] = set()
    for route in routes(plan):
        routed.add(route.source)
        kind = "Application" if route.balancer.kind == "application" else "Network"
        yield Row(
            f'`ports: "{_port(project, route.source)}"`' if route.source else f"`{route.service}` container",
            f"{kind} Load Balancer",
            f"listens on {route_address(plan, route)}, forwards to the container's "
            f"{route.container_port} ({route.service}) inside the VPC",
        )
    private: dict[str, list[str]] = {}
    for path in _items(project, "ports"):
        decision = decided.get(path)
        if path not in routed and decision and decision.outcome != "translated":
            private.setdefault(decision.reason, []).append(_port(project, path))
    for reason, ports in private.items():
        quoted = listed((f'"{port}"' for port in ports), 6)
        yield Row(f"`ports: {quoted}`", "not public", reason or "reached from inside only")


def _port(project: Project, path: Path) -> str:
    """A port as in the short form of Compose: `127.0.0.1:3001:3000/udp`."""
    node = find(project.root, path)
    entry = plain(node) if isinstance(node, Mapping) else None
    if not isinstance(entry, dict):
        return ".".join(map(str, path))
    parts = [str(entry[key]) for key in ("host_ip", "published", "target") if entry.get(key) not in (None, "")]
    return ":".join(parts) + ("/udp" if entry.get("protocol") == "udp" else "")


def _network(plan: Plan, project: Project) -> Iterator[Row]:
    names = [g.source[1] for g in plan.security_groups if g.source and g.source[0] == "networks" and len(g.source) > 1]
    members: dict[str, list[str]] = {}
    for service in _services(project):
        joined = find(project.root, ("services", service, "networks"))
        for network in joined if isinstance(joined, Mapping) else ():
            members.setdefault(network, []).append(service)
    groups = "; ".join(f"{name}: {_members(members[str(name)], project)}" for name in names if str(name) in members)
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
    return "all services" if len(names) > 2 and len(names) == len(_services(project)) else listed(names)


def _names(plan: Plan) -> Iterator[Row]:
    if plan.names:
        also = ", and by Service Connect" if plan.connect else ""
        names = list(dict.fromkeys(name.name for name in plan.names))
        yield Row(
            f"names: {listed((f'`{name}`' for name in names), 8)}",
            f"Cloud Map, {plan.namespace}",
            f"the same bare names work inside the VPC{also}",
        )


def _managed(plan: Plan) -> Iterator[Row]:
    for item in plan.managed:
        yield Row(f"`{item.service}` container", title(item), f"managed: {described(item)}; {backups(item)}")


def _volumes(plan: Plan, project: Project, decided: dict[Path, Decision]) -> Iterator[Row]:
    volumes = project.root.get("volumes")
    points = {p.volume for p in plan.file_system.access_points} if plan.file_system else set()
    stored: list[str] = []
    for name in volumes if isinstance(volumes, Mapping) else ():
        local = f"`volumes: {name}`"
        moved = [item for item in plan.managed if name in _mounted(project, item.service)]
        decision = decided.get(("volumes", name))
        if name in points:
            stored.append(name)
        elif moved:
            yield Row(
                local,
                f"storage of {title(moved[0])}",
                f"goes with {moved[0].service}; what the local volume holds is not copied",
            )
        elif decision:
            yield Row(local, _counterpart(decision), decision.reason)
    if stored:
        backed = ", backed up daily" if plan.file_system and plan.file_system.backups else ""
        folder = "a folder" if len(stored) == 1 else "a folder each"
        yield Row(
            f"`volumes: {listed(stored)}`", "EFS", f"{folder} of an encrypted file system{backed}; empty at first"
        )


def _bind_mounts(project: Project, decided: dict[Path, Decision]) -> Iterator[Row]:
    groups: dict[tuple[str, str], list[str]] = {}
    for path in _items(project, "volumes"):
        node = find(project.root, path)
        mount = plain(node) if isinstance(node, Mapping) else None
        decision = decided.get(path)
        if not isinstance(mount, dict) or mount.get("type") != "bind" or decision is None:
            continue
        source = _relative(str(mount.get("source", "")), project.folder)
        groups.setdefault((_counterpart(decision), decision.reason), []).append(f"`{source}`")
    for (aws, reason), sources in groups.items():
        yield Row(f"mounts: {listed(dict.fromkeys(sources), 6)}", aws, reason)


def _counterpart(decision: Decision) -> str:
    """What a volume or mount became, in a word or two."""
    types = {id_.type for id_ in decision.becomes}
    if decision.outcome in ("dropped", "refused"):
        return "left out" if decision.outcome == "dropped" else "cannot be done"
    if decision.code == "files-baked":
        return "in the image (ECR)"
    if "AWS::EFS::AccessPoint" in types:
        return "EFS"
    if decision.code == "host-path":
        return "EC2 instance"
    return _types(decision)


def _relative(source: str, folder: str) -> str:
    """A bind mount's source as its author wrote it, where it lies in the project's folder."""
    path = PurePath(source)
    if not path.is_relative_to(folder):
        return source
    return "." if path == PurePath(folder) else f"./{path.relative_to(folder).as_posix()}"


def _connections(plan: Plan) -> Iterator[Row]:
    """Variables that name a managed service: those that are one fact of it (its host, its password) together, those
    that are a whole address each with its text."""
    users: dict[tuple[str, Text, bool], list[str]] = {}
    for workload, variable in _variables(plan.workloads):
        if any(hole.fact in _MANAGED_FACTS for hole in variable.text.holes):
            users.setdefault((variable.name, variable.text, variable.secret is not None), []).append(workload.name)
    facts: dict[tuple[str, str], dict[str, tuple[str, bool]]] = {}
    addresses: dict[tuple[str, str, bool], list[str]] = {}
    for (name, text, secret), names in users.items():
        services = listed(dict.fromkeys(names), 4)
        if len(text.parts) == 1:
            hole = text.holes[0]
            facts.setdefault((services, hole.of), {})[name] = (hole.fact.replace("-", " "), secret)
        else:
            addresses.setdefault((services, str(text), secret), []).append(name)
    for (services, owner), filled in facts.items():
        stores = [_STORES[secret] for secret in (True, False) if secret in {s for _, s in filled.values()}]
        wanted = listed(dict.fromkeys(fact for fact, _ in filled.values()))
        noun = "variable" if len(filled) == 1 else "variables"
        yield Row(
            _of(filled, services), listed(stores), f"the same {noun}, with the {wanted} of {_title_of(plan, owner)}"
        )
    for (services, address, secret), same in addresses.items():
        noun = "variable" if len(same) == 1 else "variables"
        yield Row(_of(same, services), _STORES[secret], f"the same {noun}, with the new address: `{address}`")


def _of(variables: Iterable[str], services: str) -> str:
    return f"{listed(f'`{name}`' for name in variables)} of {services}"


def _title_of(plan: Plan, service: str) -> str:
    """What AWS calls what a service moved to; the service's own name where it did not."""
    return next((f"{title(item)} for {service}" for item in plan.managed if item.service == service), service)


def _variables(workloads: Iterable[Workload]) -> Iterator[tuple[Workload, EnvironmentVariable]]:
    for workload in workloads:
        containers: tuple[Container, ...] = workload.task.containers
        for container in containers:
            for variable in container.environment:
                yield workload, variable


def _secrets(plan: Plan) -> Iterator[Row]:
    """Parameters that the user's own files or environment fill."""
    asked = [_asked(p.source) for p in plan.parameters if p.secret and p.source.startswith("variable:")]
    written = [_asked(p.source) for p in plan.parameters if p.secret and p.source.startswith("compose:")]
    open_ = [_asked(p.source) for p in plan.parameters if not p.secret and p.source.startswith("variable:")]
    for names, aws, how in (
        (asked, "Secrets Manager", "taken from your environment or `.env` when you deploy; never in a template"),
        (written, "Secrets Manager", "taken from the compose file when you deploy; never in a template"),
        (open_, "stack parameter", "taken from your environment or `.env` when you deploy"),
    ):
        if names:
            yield Row(listed((f"`{name}`" for name in dict.fromkeys(names)), 8), aws, how)


def _asked(source: str) -> str:
    """The last word of `variable:NAME` or `compose:/services/api/environment/NAME`."""
    name = source.partition(":")[2].rsplit("/", 1)[-1]
    return name.replace("~1", "/").replace("~0", "~")


def _logs(plan: Plan) -> Iterator[Row]:
    if plan.workloads:
        yield Row("`docker compose logs`", "CloudWatch Logs", f"a log group each, kept {plan.log_retention} days")


def _left_out(plan: Plan, project: Project, decided: dict[Path, Decision]) -> Iterator[Row]:
    placed = {c.name for w in plan.workloads for c in w.task.containers} | {item.service for item in plan.managed}
    for name in _services(project):
        decision = decided.get(("services", name))
        if decision and decision.outcome in ("dropped", "refused") and name not in placed:
            aws = "left out" if decision.outcome == "dropped" else "cannot be done"
            yield Row(f"`{name}` container", aws, decision.reason)
    inactive: dict[tuple[str, ...], list[str]] = {}
    for service in project.inactive:
        inactive.setdefault(service.profiles, []).append(f"`{service.name}`")
    for profiles, names in inactive.items():
        ways = " or ".join(f"`--profile {profile}`" for profile in profiles)
        local = f"{listed(names)} {'container' if len(names) == 1 else 'containers'}"
        yield Row(local, "left out", f"the profile is not active; {ways} takes it in")


def _types(decision: Decision) -> str:
    """What something became, by the last words of its types: `DBCluster`."""
    return listed(dict.fromkeys(id_.type.rsplit("::", 1)[-1] for id_ in decision.becomes)) or "nothing"


def _services(project: Project) -> tuple[str, ...]:
    services = project.root.get("services")
    return tuple(services) if isinstance(services, Mapping) else ()


def _service(project: Project, name: str) -> bool:
    return find(project.root, ("services", name)) is not None


def _items(project: Project, key: str) -> Iterator[Path]:
    """The path of each item of a list that every service may have."""
    for service in _services(project):
        node = find(project.root, ("services", service, key))
        if isinstance(node, Sequence):
            for index in range(len(node)):
                yield ("services", service, key, index)


def _mounted(project: Project, service: str) -> set[object]:
    """The sources of a service's volumes."""
    node = find(project.root, ("services", service, "volumes"))
    entries = plain(node) if isinstance(node, Sequence) else []
    return {e.get("source") for e in entries if isinstance(e, dict)} if isinstance(entries, list) else set()
