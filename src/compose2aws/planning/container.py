"""One container of a task: everything that the compose service says of it, but for its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compose2aws.compose import node as tree
from compose2aws.compose.project import Project
from compose2aws.planning.health import plan_health_check
from compose2aws.planning.hosting import DEFAULT_CAPABILITIES, FARGATE_CAPABILITIES, Wish, capability, wants_gpus
from compose2aws.planning.identity import container_name
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.log_driver import LogDrivers
from compose2aws.planning.model import Container, Image, Logging, PortMapping, Ulimit, named
from compose2aws.planning.mount_point import Mounts
from compose2aws.planning.settings import mebibytes
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.text import Text
from compose2aws.planning.usual_size import usual_cpu_and_memory
from compose2aws.planning.values import ContainerValues

# Amazon ECS API Reference, "ContainerDefinition", stopTimeout: at most 120 seconds on Fargate; on instances it names no
# longest time.
_LONGEST_STOP = 120
# Most of what an instance has for each of its GPUs: nobody else uses it.
_CPU_BESIDE_GPU, _MEMORY_BESIDE_GPU = 3072, 12288
# Docker, "Resource constraints", --cpu-period: microseconds.
_USUAL_CPU_PERIOD = 100_000
# Amazon ECS API Reference, "Device", by Docker's letters.
_DEVICE_PERMISSIONS = (("r", "read"), ("w", "write"), ("m", "mknod"))
# Linux, fs/file.c, sysctl_nr_open.
_MOST_FILES = 1_048_576
# Amazon ECS API Reference, "SystemControl".
_SYSTEM_CONTROLS = ("net.", "fs.mqueue.", "kernel.msg", "kernel.sem", "kernel.shm")
_ULIMITS = frozenset(
    (
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    )
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a container asks for: CPU units, and MiB of memory. `stated`: the file says how much memory; else it is what
    we give a task whose file says nothing."""

    cpu: int
    memory: int
    stated: bool


def plan_container(
    kind: Kind,
    image: Image,
    values: ContainerValues,
    mounts: Mounts,
    ports: tuple[PortMapping, ...],
    wished: tuple[Wish, ...],
    hosted: bool,
    retention: int,
    logs: LogDrivers,
    ledger: Ledger,
) -> Container:
    """The container of a service that runs. Decides the keys that concern the container alone."""
    service = kind.source
    _decide_wishes(service, wished, ledger)
    definition = service.definition
    for key in ("user", "working_dir", "tty", "stdin_open", "init", "read_only"):
        if key in service.node:
            ledger.record(service.at(key), "translated", definition)
    entrypoint, command = _invocation(service, values, ledger)
    return Container(
        name=container_name(service.name),
        image=image,
        logging=Logging(
            named("AWS::Logs::LogGroup", service.identity, "LogGroup"),
            retention,
            service.name,
            logs.awslogs.get(service.name, ()),
        ),
        log_driver=logs.by_service.get(service.name),
        entrypoint=entrypoint,
        command=command,
        environment=values.environment,
        ports=ports,
        health_check=plan_health_check(service, values.health_command, ledger),
        mounts=mounts.mounts,
        user=service.text("user"),
        working_directory=service.text("working_dir"),
        read_only=service.flag("read_only"),
        interactive=service.flag("stdin_open"),
        terminal=service.flag("tty"),
        init=service.flag("init"),
        privileged=service.flag("privileged"),
        gpus=wants_gpus(service),
        devices=_devices(service),
        stop_timeout=stop_timeout(service, hosted, ledger),
        ulimits=_ulimits(service, ledger),
        tmpfs=mounts.tmpfs,
        capabilities_added=_capabilities(service, "cap_add", ledger),
        capabilities_dropped=_capabilities(service, "cap_drop", ledger),
        system_controls=_system_controls(service, ledger),
        labels=values.labels,
    )


def _invocation(
    service: ServiceSource, values: ContainerValues, ledger: Ledger
) -> tuple[tuple[Text, ...] | None, tuple[Text, ...] | None]:
    """Entrypoint and command as ECS takes them: to it an empty list says nothing, where to Docker an empty entrypoint
    takes the image's away. The command's own first word stands in its place."""
    if values.entrypoint != () or not isinstance(service.get("entrypoint"), tree.Sequence):
        return values.entrypoint, values.command or None
    path = service.at("entrypoint")
    if not values.command:
        reason = f"ECS cannot take the entrypoint of {service.name}'s image away without a command in its place"
        ledger.drop(path, "empty-entrypoint", reason, "write the command that the container is to run")
        return None, None
    ledger.record(path, "translated", service.definition, reason="the command runs without the image's entrypoint")
    return values.command[:1], values.command[1:] or None


def asked(kind: Kind, project: Project, ledger: Ledger) -> Asked:
    """Limits, else reservations, else what such a container usually needs."""
    service, settings = kind.source, kind.source.settings
    definition = service.definition
    cpus = settings.cpu
    memory = settings.memory
    for key in ("cpu", "memory", "architecture"):
        if key in service.entries("x-aws"):
            ledger.record(service.at("x-aws", key), "translated", definition)
    places = (("deploy", "resources", "limits"), ("deploy", "resources", "reservations"))
    for place in places:
        if service.get(*place, "cpus") is not None:
            ledger.record(service.at(*place, "cpus"), "adapted", definition, reason="part of the task's size")
            cpus = cpus or service.number(*place, "cpus")
        if service.get(*place, "memory") is not None:
            ledger.record(service.at(*place, "memory"), "adapted", definition, reason="part of the task's size")
            memory = memory or mebibytes(service.text(*place, "memory") or "")
    for key in ("cpus", "cpu_count"):
        if key in service.node:
            ledger.record(service.at(key), "adapted", definition, reason="part of the task's size")
            cpus = cpus or service.number(key)
    share = max(service.number("cpu_quota") or 0, 0) / (service.number("cpu_period") or _USUAL_CPU_PERIOD)
    for key in ("cpu_quota", "cpu_period"):
        if key in service.node and share:
            ledger.record(service.at(key), "adapted", definition, reason=f"{share:g} vCPU, part of the task's size")
        elif key in service.node:
            ledger.record(service.at(key), "inert", reason="no quota is set")
    cpus = cpus or share
    for key in ("mem_limit", "mem_reservation"):
        if key in service.node:
            ledger.record(service.at(key), "adapted", definition, reason="part of the task's size")
            memory = memory or mebibytes(service.text(key) or "")
    usual_cpu, usual_memory = usual_cpu_and_memory(kind, project)
    if gpus := wants_gpus(service):
        usual_cpu, usual_memory = gpus * _CPU_BESIDE_GPU, gpus * _MEMORY_BESIDE_GPU
    return Asked(max(1, round((cpus or 0) * 1024)) if cpus else usual_cpu, memory or usual_memory, memory is not None)


def stop_timeout(service: ServiceSource, hosted: bool, ledger: Ledger | None = None) -> int | None:
    """`stop_grace_period` in seconds, at most two minutes on Fargate; None where the file does not say. `hosted`: it
    runs on an instance of the project."""
    asked_for = service.duration("stop_grace_period")
    if asked_for is None:
        return None
    taken = int(max(-(-asked_for // 1), 2))
    if not hosted:
        taken = min(taken, _LONGEST_STOP)
    if ledger:
        path, definition = service.at("stop_grace_period"), service.definition
        reason = f"{asked_for:g} s → {taken} s: Fargate waits from 2 to {_LONGEST_STOP} s" if taken != asked_for else ""
        ledger.record(path, "adapted" if reason else "translated", definition, reason=reason)
        if taken < asked_for:
            ledger.find(
                "stops-sooner",
                "warning",
                f"{service.name} has {taken} s to stop instead of {asked_for:g} s: that is the longest that Fargate "
                "waits, and what is not done by then is killed, at every deployment",
                "let it hand back what it works on when it gets SIGTERM (Sidekiq: `-t 110`), or run what takes longer "
                "as a job of its own (`x-aws: {schedule: …}`, `compose2aws run`)",
                path,
            )
    return taken


def _decide_wishes(service: ServiceSource, found: tuple[Wish, ...], ledger: Ledger) -> None:
    """What a host gives is translated."""
    for wish in found:
        if wish.path[2] not in ("cap_add", "volumes"):
            ledger.record(
                wish.path,
                "translated",
                service.definition,
                code="on-a-host",
                reason="its task runs on an instance of the project",
            )


def _capabilities(service: ServiceSource, key: str, ledger: Ledger) -> tuple[str, ...]:
    definition = service.definition
    taken: list[str] = []
    none_by_default = "ALL" in map(capability, service.texts("cap_drop"))
    for index, text in enumerate(service.texts(key)):
        name = capability(text)
        path = service.at(key, index)
        if key == "cap_drop" or name in FARGATE_CAPABILITIES:
            taken.append(name)
            ledger.record(path, "translated", definition)
        elif name in DEFAULT_CAPABILITIES and none_by_default:
            ledger.record(path, "translated", definition, reason="kept: the others are dropped one by one")
        elif name in DEFAULT_CAPABILITIES:
            ledger.record(path, "inert", definition, reason="a container has it by default")
        else:
            taken.append(name)
            ledger.record(
                path, "translated", definition, code="on-a-host", reason="its task runs on an instance of the project"
            )
    if key == "cap_drop" and "ALL" in taken and service.texts("cap_add"):
        kept = {capability(text) for text in service.texts("cap_add")}
        return tuple(sorted(DEFAULT_CAPABILITIES - kept)) if kept & DEFAULT_CAPABILITIES else tuple(taken)
    return tuple(taken)


def _devices(service: ServiceSource) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """The host's devices: (path on the host, path in the container, what it may do with it)."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for index in range(len(service.items("devices"))):
        source = service.text("devices", index, "source")
        if source:
            letters = service.text("devices", index, "permissions") or "rwm"
            allowed = tuple(word for letter, word in _DEVICE_PERMISSIONS if letter in letters)
            found.append((source, service.text("devices", index, "target") or source, allowed))
    return tuple(found)


def _ulimits(service: ServiceSource, ledger: Ledger) -> tuple[Ulimit, ...]:
    definition = service.definition
    found: list[Ulimit] = []
    for name, node in service.entries("ulimits").items():
        path = service.at("ulimits", name)
        if name not in _ULIMITS:
            ledger.drop(path, "ulimit", f"ECS has no ulimit {name}")
            continue
        if isinstance(node, tree.Mapping):
            soft, hard = service.whole("ulimits", name, "soft"), service.whole("ulimits", name, "hard")
        else:
            soft = hard = service.whole("ulimits", name)
        limits = [_ulimit(name, limit or 0) for limit in (soft, hard)]
        found.append(Ulimit(name, *limits))
        ledger.record(path, "translated", definition)
    return tuple(found)


def _ulimit(name: str, limit: int) -> int:
    """Docker's -1 is no limit, which ECS takes too; of files and processes Linux has a largest number."""
    return _MOST_FILES if limit < 0 and name in ("nofile", "nproc") else limit


def _system_controls(service: ServiceSource, ledger: Ledger) -> tuple[tuple[str, str], ...]:
    definition = service.definition
    found: list[tuple[str, str]] = []
    for name, node in service.entries("sysctls").items():
        path = service.at("sysctls", name)
        if name.startswith(_SYSTEM_CONTROLS) and isinstance(node, tree.Scalar):
            found.append((name, node.text))
            ledger.record(path, "translated", definition)
        else:
            ledger.drop(path, "sysctl", f"ECS does not let a task set {name}")
    return tuple(found)


def known_ports(
    service: ServiceSource, referenced: Mapping[str, frozenset[int]], dockerfile: str | None
) -> tuple[int, ...]:
    """Every TCP port that is declared (`ports`, `expose`, the Dockerfile's EXPOSE) or that a reference names."""
    found: dict[int, None] = {}
    for index in range(len(service.items("ports"))):
        number = service.whole("ports", index, "target")
        if number and (service.text("ports", index, "protocol") or "tcp") == "tcp":
            found[number] = None
    for text in service.texts("expose"):
        found |= dict.fromkeys(_range(text))
    for line in (dockerfile or "").splitlines():
        words = line.split()
        if words and words[0].upper() == "EXPOSE":
            for word in words[1:]:
                found |= dict.fromkeys(_range(word))
    found |= dict.fromkeys(sorted(referenced.get(service.name, frozenset())))
    return tuple(number for number in found if 0 < number < 65536)


def _range(text: str) -> tuple[int, ...]:
    number, _, protocol = text.partition("/")
    first, _, last = number.partition("-")
    if protocol not in ("", "tcp") or not first.isdigit() or (last and not last.isdigit()):
        return ()
    return tuple(range(int(first), min(int(last or first), int(first) + 50) + 1))


def udp_ports(service: ServiceSource) -> tuple[int, ...]:
    """The UDP ports that are published."""
    found: dict[int, None] = {}
    for index in range(len(service.items("ports"))):
        number = service.whole("ports", index, "target")
        if number and service.text("ports", index, "protocol") == "udp":
            found[number] = None
    return tuple(found)
