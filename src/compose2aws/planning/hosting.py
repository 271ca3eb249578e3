"""What Fargate cannot run goes to hosts of our own: which services need one, why, and the fleets that they run on.

Source: Amazon ECS Developer Guide, "Task definition differences for Fargate"; Amazon EC2 User Guide, instance types.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.image import is_arm
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import HostFleet, Task, singleton
from compose2aws.planning.source import ServiceSource

# Fargate adds this capability and no other (Amazon ECS API Reference, "KernelCapabilities").
FARGATE_CAPABILITIES = frozenset(("SYS_PTRACE",))
# Docker documentation, "Runtime privilege and Linux capabilities": those that are on by default.
DEFAULT_CAPABILITIES = frozenset(
    {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"}
    | {"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
)
# Folders that are the host's own: what is in them is the point of the mount.
_HOST_FOLDERS = re.compile(
    r"/($|(proc|sys|dev|run|boot|lib|usr|bin|sbin|cgroup|var/(run|log|lib/(docker|containerd|kubelet)))(/|$))"
)

FleetName = Literal["x86", "arm", "gpu"]


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that only a host can give."""

    path: Path
    what: str


# vCPU, GiB and GPUs; the smallest that fits the largest task is taken.
_INSTANCES: dict[FleetName, tuple[tuple[str, int, int, int], ...]] = {
    "x86": (
        ("m7i.large", 2, 8, 0),
        ("m7i.xlarge", 4, 16, 0),
        ("m7i.2xlarge", 8, 32, 0),
        ("m7i.4xlarge", 16, 64, 0),
        ("m7i.8xlarge", 32, 128, 0),
        ("m7i.16xlarge", 64, 256, 0),
    ),
    "arm": (
        ("m7g.large", 2, 8, 0),
        ("m7g.xlarge", 4, 16, 0),
        ("m7g.2xlarge", 8, 32, 0),
        ("m7g.4xlarge", 16, 64, 0),
        ("m7g.8xlarge", 32, 128, 0),
        ("m7g.16xlarge", 64, 256, 0),
    ),
    "gpu": (
        ("g4dn.xlarge", 4, 16, 1),
        ("g4dn.2xlarge", 8, 32, 1),
        ("g4dn.4xlarge", 16, 64, 1),
        ("g4dn.12xlarge", 48, 192, 4),
        ("g4dn.metal", 96, 384, 8),
    ),
}
_IMAGES: dict[FleetName, str] = {
    "x86": "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
    "arm": "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id",
    "gpu": "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id",
}
# What the agent and the system need of an instance's memory, in MiB.
_RESERVED_MEMORY = 1024
# During a deployment every task may stand twice, each on an instance of its own.
_INSTANCES_A_TASK = 2
_DISK = 100


def wishes(service: ServiceSource, project: Project) -> tuple[Wish, ...]:
    """What of a service needs a host."""
    found: list[Wish] = []
    if service.flag("privileged"):
        found.append(Wish(service.at("privileged"), "is privileged"))
    for key, value, what in (
        ("network_mode", "host", "uses the host's network"),
        ("pid", "host", "sees the host's processes"),
        ("ipc", "host", "shares the host's memory segments"),
    ):
        if service.text(key) == value:
            found.append(Wish(service.at(key), what))
    found += [
        Wish(service.at("devices", i), "wants a device of the host") for i in range(len(service.items("devices")))
    ]
    if service.items("gpus"):
        found.append(Wish(service.at("gpus"), "wants GPUs"))
    reserved = ("deploy", "resources", "reservations", "devices")
    if service.items(*reserved):
        found.append(Wish(service.at(*reserved), "wants devices of the host"))
    if service.flag("use_api_socket"):
        found.append(Wish(service.at("use_api_socket"), "wants the Docker socket"))
    for index, text in enumerate(service.texts("cap_add")):
        if capability(text) not in FARGATE_CAPABILITIES | DEFAULT_CAPABILITIES:
            found.append(Wish(service.at("cap_add", index), f"wants the capability {capability(text)}"))
    for index in range(len(service.items("volumes"))):
        source = service.text("volumes", index, "source") or ""
        if service.text("volumes", index, "type") == "bind" and is_host_path(source, project):
            what = "the Docker socket" if is_docker_socket(source) else f"{source} of its host"
            found.append(Wish(service.at("volumes", index), f"wants {what}"))
    return tuple(found)


def capability(text: str) -> str:
    """`cap_net_admin` → `NET_ADMIN`."""
    return text.upper().removeprefix("CAP_")


def is_docker_socket(source: str) -> bool:
    return source.endswith(("docker.sock", "podman.sock"))


def is_host_path(source: str, project: Project) -> bool:
    """Whether a mount's source is about the host itself, and no folder that an app keeps its data in."""
    if is_docker_socket(source):
        return True
    inside = source == project.folder or source.startswith(project.folder.rstrip("/") + "/")
    return not inside and bool(_HOST_FOLDERS.match(source))


def uses_docker_socket(service: ServiceSource) -> bool:
    """Whether a service starts containers beside itself."""
    sources = (service.text("volumes", index, "source") or "" for index in range(len(service.items("volumes"))))
    return service.flag("use_api_socket") or any(map(is_docker_socket, sources))


def is_shared_with_siblings(service: ServiceSource, index: int, project: Project) -> bool:
    """Whether a mount is of a folder that the containers which the service starts through the Docker socket mount too:
    they name it by its path on the host, so that it has the same path there and inside."""
    source = service.text("volumes", index, "source") or ""
    inside = f"{source}/".startswith(project.folder.rstrip("/") + "/")
    same = posixpath.normpath(source) == posixpath.normpath(service.text("volumes", index, "target") or "")
    folder = project.fact(source).kind in ("folder", "missing")
    return same and folder and source.startswith("/") and not inside and uses_docker_socket(service)


def fleet_name(service: ServiceSource) -> FleetName:
    """The kind of host that a service needs."""
    if wants_gpus(service):
        return "gpu"
    return "arm" if is_arm(service) else "x86"


def wants_gpus(service: ServiceSource) -> int:
    """How many GPUs a service asks for; `all` is one, as nobody knows how many a host has."""
    wanted = 0
    for place in (("gpus",), ("deploy", "resources", "reservations", "devices")):
        for index in range(len(service.items(*place))):
            kinds = service.texts(*place, index, "capabilities")
            if place == ("gpus",) or "gpu" in kinds or service.text(*place, index, "driver") == "nvidia":
                count = service.whole(*place, index, "count")
                wanted += count if count and count > 0 else 1
    return wanted


def hosted_services(running: Mapping[str, Kind], project: Project, ledger: Ledger) -> dict[str, tuple[Wish, ...]]:
    """The services whose task runs on a host, by the task's owner, with what each container of it wishes for."""
    found: dict[str, list[Wish]] = {}
    for kind in running.values():
        wanted = wishes(kind.source, project)
        if wanted:
            found.setdefault(kind.source.owner, []).extend(wanted)
    for owner, asked in found.items():
        reasons = tuple(dict.fromkeys(wish.what for wish in asked))
        ledger.find(
            "on-a-host",
            "warning",
            f"{owner} {', '.join(reasons)}: it runs on an EC2 instance of the project instead of Fargate",
            "without that it would run on Fargate, with no machine to look after",
            asked[0].path,
        )
        if any(kind.source.owner == owner and kind.source.text("network_mode") == "host" for kind in running.values()):
            ledger.find(
                "host-network",
                "warning",
                f"{owner} is in its instance's network: other services do not reach it by its name, and `localhost` "
                "is not where their ports are",
                "give it a network of the project, and let it call the others by their names",
                ("services", owner, "network_mode"),
            )
        proxies = [
            kind.source.name for kind in running.values() if kind.source.owner == owner and _finds_by_socket(kind)
        ]
        if proxies:
            ledger.find(
                "proxy-by-socket",
                "error",
                f"{' and '.join(proxies)} learns from the Docker socket what to forward to, and finds nothing of the "
                "project on AWS: the socket is that of one instance",
                "leave it out, by a profile that is not active, and give `ports` to the services that it forwards to, "
                "or `x-aws: {public: true}`: the load balancer takes its place, with certificates by `x-aws.domain`",
                asked[0].path,
            )
        if any("Docker socket" in reason for reason in reasons) and not proxies:
            ledger.find(
                "docker-socket",
                "warning",
                f"the Docker socket that {owner} sees is its instance's: it can start containers there, and it sees "
                "those of the instance alone, not the project's other services; who controls it controls the instance",
                "let the app start ECS tasks instead of containers where it can",
                asked[0].path,
            )
    return {owner: tuple(asked) for owner, asked in found.items()}


def _finds_by_socket(kind: Kind) -> bool:
    return kind.mapping is not None and kind.mapping.finds_services_by_socket and uses_docker_socket(kind.source)


def plan_fleets(tasks: Iterable[tuple[ServiceSource, Task, int]], ledger: Ledger) -> tuple[HostFleet, ...]:
    """The fleets for the tasks that need a host, each with how many of it run; one that fits no instance is refused."""
    largest: dict[FleetName, tuple[int, int, int]] = {}
    wanted: dict[FleetName, int] = {}
    for service, task, count in tasks:
        name = fleet_name(service)
        gpus = sum(container.gpus for container in task.containers)
        before = largest.get(name, (0, 0, 0))
        largest[name] = (max(before[0], task.cpu), max(before[1], task.memory), max(before[2], gpus))
        wanted[name] = wanted.get(name, 0) + count
        if _instance(name, task.cpu, task.memory, gpus) is None:
            ledger.refuse(service.path, "too-large", f"{service.name} asks for more than the largest host has",
                          "ask for less in `deploy.resources` or `x-aws`")  # fmt: skip
    return tuple(
        HostFleet(
            name=name,
            architecture="ARM64" if name == "arm" else "X86_64",
            gpu=name == "gpu",
            instance_type=_instance(name, *largest[name]) or _INSTANCES[name][-1][0],
            image_parameter=_IMAGES[name],
            maximum=wanted[name] * _INSTANCES_A_TASK,
            disk=_DISK,
            security_group=singleton("AWS::EC2::SecurityGroup", "HostSecurityGroup"),
        )
        for name in sorted(largest)
    )


def _instance(name: FleetName, cpu: int, memory: int, gpus: int) -> str | None:
    for instance, cpus, gibibytes, has_gpus in _INSTANCES[name]:
        if cpus * 1024 >= cpu and gibibytes * 1024 - _RESERVED_MEMORY >= memory and has_gpus >= gpus:
            return instance
    return None
