"""Tasks: the containers of a service and of its sidecars side by side, their size, and what helps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from compose2aws.planning.attendant import attendant_image
from compose2aws.planning.container import Asked, asked, plan_container, udp_ports
from compose2aws.planning.identity import container_name
from compose2aws.planning.image import is_arm
from compose2aws.planning.kind import Kind
from compose2aws.planning.layered_image import helper_image
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.log_driver import ROUTER_MEMORY, log_router, with_log_router
from compose2aws.planning.model import (
    Container,
    PortMapping,
    Task,
    TaskVolume,
    named,
)
from compose2aws.planning.parts import Parts
from compose2aws.planning.search_domain import with_search_domain
from compose2aws.planning.settings import mebibytes
from compose2aws.planning.size import fargate_size
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.start_order import inside_task
from compose2aws.planning.udp_health import with_answer

# Amazon ECS Developer Guide, "Service Connect": memory of the proxy beside the containers, in MiB.
_PROXY_MEMORY = 64
# Amazon ECS API Reference, "RegisterTaskDefinition", cpu: the least on EC2.
_LEAST_CPU = 128
# Amazon ECS Developer Guide, "Fargate task ephemeral storage", in MiB: what a task has, and the most that it can have.
_USUAL_STORAGE, _MOST_STORAGE = 20 * 1024, 200 * 1024


def plan_task(
    kind: Kind, members: list[Kind], kinds: Mapping[str, Kind], parts: Parts, retention: int, ledger: Ledger
) -> Task | None:
    """The task of a service with the containers of its `members`, itself and its sidecars; None where it is refused."""
    service = kind.source
    containers: list[Container] = []
    wanted: list[Asked] = []
    volumes: dict[str, TaskVolume] = {}
    definition = service.definition
    checked = {m.source.name for m in members if "healthcheck" in m.source.node}
    for member in members:
        name = member.source.name
        wanted.append(asked(member, parts.project, ledger))
        files, filling = parts.secret_files[name], parts.fillings[name]
        container = plan_container(
            member,
            parts.images[name],
            parts.values[name],
            parts.mounts[name],
            _mappings(name, member, parts),
            tuple(wish for wish in parts.hosted.get(service.name, ()) if wish.path[1] == name),
            service.name in parts.hosted,
            retention,
            parts.log_drivers,
            ledger,
        )
        inside = inside_task(member, service.name, kinds, checked, definition, ledger)
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
