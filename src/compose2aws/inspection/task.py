"""What ECS refuses in a task definition and no linter sees.

Sources: Amazon ECS API Reference, "ContainerDefinition", "HealthCheck", "KernelCapabilities", "TaskDefinition"; Amazon
ECS Developer Guide, "Task definition differences for Fargate", "Using the awslogs log driver"; "Service quotas".
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from compose2aws.cloudformation.reference import references
from compose2aws.inspection.permission import log_configurations
from compose2aws.inspection.system import TASK, Body, Resource, System, container_names, containers, items

_LARGEST = 65_536
_HEALTH = {"Interval": (5, 300), "Timeout": (2, 60), "Retries": (1, 10), "StartPeriod": (0, 300)}
_NOT_ON_FARGATE = ("Privileged", "DockerSecurityOptions", "DisableNetworking", "ResourceRequirements")
_NOT_UNDER_AWSVPC = ("Links", "DnsServers", "DnsSearchDomains", "ExtraHosts", "Hostname")
_NOT_LINUX_ON_FARGATE = ("Devices", "SharedMemorySize", "MaxSwap", "Swappiness")
_NOT_TASK_ON_FARGATE = ("PidMode", "IpcMode", "PlacementConstraints")
_FARGATE_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_AWSLOGS = {
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-datetime-format",
    "awslogs-multiline-pattern",
    "awslogs-create-group",
    "mode",
    "max-buffer-size",
}
_PORT_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}\Z")
_CONTAINER_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}\Z")
_SECRET_NAME = re.compile(r"(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY)\Z", re.IGNORECASE)
_PLAIN = re.compile(r"(?:true|false|yes|no|none|null|on|off|auto|\d{1,5}|/[\w./-]*|)\Z", re.IGNORECASE)


def fargate_memory(cpu: int) -> range:
    """The memory, in MiB, that Fargate takes with a number of CPU units ("Task CPU and memory")."""
    gib = 1024
    return {
        512: range(gib, 4 * gib + 1, gib),
        1024: range(2 * gib, 8 * gib + 1, gib),
        2048: range(4 * gib, 16 * gib + 1, gib),
        4096: range(8 * gib, 30 * gib + 1, gib),
        8192: range(16 * gib, 60 * gib + 1, 4 * gib),
        16384: range(32 * gib, 120 * gib + 1, 8 * gib),
    }.get(cpu, range(0))


def size_problems(system: System) -> Iterator[str]:
    """Sizes: of the definition itself, and the pairs of CPU and memory that Fargate has."""
    for task in system.all(TASK):
        size = len(json.dumps(task.properties).encode())
        if size > _LARGEST:
            yield f"{task.id} has {size} bytes, and ECS takes {_LARGEST}"
        if not _on_fargate(task):
            continue
        cpu, memory = int(task.properties["Cpu"]), int(task.properties["Memory"])
        others = {256: (512, 1024, 2048), 32768: (61440, 122880, 249856)}.get(cpu, ())
        if memory not in fargate_memory(cpu) and memory not in others:
            yield f"{task.id} asks for {cpu} CPU units with {memory} MiB, a pair that Fargate does not have"
        storage = task.properties.get("EphemeralStorage", {}).get("SizeInGiB", 21)
        if not 21 <= int(storage) <= 200:
            yield f"{task.id} asks for {storage} GiB of storage; Fargate gives 21 to 200"
        for container in containers(task):
            for key in ("Memory", "MemoryReservation"):
                if int(container.get(key, 0)) > memory:
                    yield f"{task.id}: {container['Name']} asks for more memory than its task has"


def fargate_problems(system: System) -> Iterator[str]:
    """What cannot be said of a task on Fargate, or of one with an interface of its own."""
    for task in system.all(TASK):
        if task.properties.get("NetworkMode") == "awsvpc":
            for container in containers(task):
                for key in _NOT_UNDER_AWSVPC:
                    if key in container:
                        yield f"{task.id}: {container['Name']} has {key}, which tasks in a VPC do not take"
        if not _on_fargate(task):
            continue
        if task.properties.get("NetworkMode") != "awsvpc":
            yield f"{task.id} is for Fargate and not in a VPC"
        for key in _NOT_TASK_ON_FARGATE:
            if key in task.properties:
                yield f"{task.id} has {key}, which Fargate does not take"
        if any("Host" in volume for volume in task.properties.get("Volumes", [])):
            yield f"{task.id} mounts a path of its host, which Fargate does not have"
        for container in containers(task):
            linux = container.get("LinuxParameters", {})
            for key in (
                *(k for k in _NOT_ON_FARGATE if k in container),
                *(k for k in _NOT_LINUX_ON_FARGATE if k in linux),
            ):
                yield f"{task.id}: {container['Name']} has {key}, which Fargate does not take"
            if set(linux.get("Capabilities", {}).get("Add", [])) - {"SYS_PTRACE"}:
                yield f"{task.id}: {container['Name']} adds capabilities, of which Fargate gives SYS_PTRACE alone"
            if int(container.get("StopTimeout", 0)) > 120:
                yield f"{task.id}: {container['Name']} wants more than 120 s to stop"


def container_problems(system: System) -> Iterator[str]:
    """Names, ports, mounts, health checks and order inside a task."""
    for task in system.all(TASK):
        names = container_names(task)
        if len(set(names)) != len(names) or not all(_CONTAINER_NAME.match(name) for name in names):
            yield f"{task.id}: the names of its containers are not good or not different: {', '.join(names)}"
        if not any(container.get("Essential", True) for container in containers(task)):
            yield f"{task.id} has no container that it is there for"
        mappings = [m for container in containers(task) for m in container.get("PortMappings", [])]
        ports = Counter((m["ContainerPort"], m.get("Protocol", "tcp")) for m in mappings)
        for (port, protocol), count in ports.items():
            if count > 1:
                yield f"{task.id}: {count} mappings of port {port}/{protocol}, which containers of a task share"
            if not 1 <= int(port) <= 65535:
                yield f"{task.id}: {port} is no port"
        port_names = [m["Name"] for m in mappings if "Name" in m]
        if len(set(port_names)) != len(port_names) or not all(_PORT_NAME.match(name) for name in port_names):
            yield f"{task.id}: the names of its ports are not good or not different: {', '.join(port_names)}"
        volumes = {volume["Name"] for volume in task.properties.get("Volumes", [])}
        for container in containers(task):
            yield from _one_container(task, container, volumes)


def _one_container(task: Resource, container: Body, volumes: set[str]) -> Iterator[str]:
    who = f"{task.id}: {container['Name']}"
    for mount in container.get("MountPoints", []):
        if mount["SourceVolume"] not in volumes:
            yield f"{who} mounts {mount['SourceVolume']}, which is no volume of its task"
    paths = Counter(mount["ContainerPath"] for mount in container.get("MountPoints", []))
    paths.update(mount["ContainerPath"] for mount in container.get("LinuxParameters", {}).get("Tmpfs", []))
    if twice := [path for path, count in paths.items() if count > 1]:
        yield f"{who} has two mounts at {twice[0]}"
    check = container.get("HealthCheck", {})
    for key, (least, most) in _HEALTH.items():
        if key in check and not least <= int(check[key]) <= most:
            yield f"{who} has a health check with {key} {check[key]}; ECS takes {least} to {most}"
    by_name = {other["Name"]: other for other in containers(task)}
    for needed in container.get("DependsOn", []):
        other, condition = by_name.get(needed["ContainerName"]), needed["Condition"]
        if other is None:
            yield f"{who} waits for {needed['ContainerName']}, which is not in its task"
        elif condition == "HEALTHY" and "HealthCheck" not in other:
            yield f"{who} waits for the health of {other['Name']}, which has no health check"
        elif condition in ("SUCCESS", "COMPLETE") and other.get("Essential", True):
            yield f"{who} waits for the end of {other['Name']}, which ends the task"


def log_problems(system: System) -> Iterator[str]:
    """Options of log drivers."""
    for task in system.all(TASK):
        routers = [c for c in containers(task) if "FirelensConfiguration" in c]
        for name, configuration in log_configurations(system, task):
            driver, options = configuration.get("LogDriver"), configuration.get("Options", {})
            if _on_fargate(task) and driver not in _FARGATE_DRIVERS:
                yield f"{task.id}: {name} logs with {driver}, which Fargate does not have"
            if driver == "awsfirelens" and not routers:
                yield f"{task.id}: {name} logs through a router that its task does not have"
            if driver != "awslogs":
                continue
            if unknown := sorted(options.keys() - _AWSLOGS):
                yield f"{task.id}: {name} has the log option {unknown[0]}, which awslogs does not know"
            if missing := sorted({"awslogs-group", "awslogs-region", "awslogs-stream-prefix"} - options.keys()):
                yield f"{task.id}: {name} lacks the log option {missing[0]}"
            if "max-buffer-size" in options and options.get("mode") != "non-blocking":
                yield f"{task.id}: {name} has a log buffer that only non-blocking logs use"


def secrecy_problems(system: System) -> Iterator[str]:
    """Whether a secret can be read in a task definition: by its parameter, by a reference to it, by a name."""
    silent = {name for name, body in system.parameters.items() if str(body.get("NoEcho", "")).lower() == "true"}
    for task in system.all(TASK):
        for reference in references(task.properties):
            if reference.name in silent:
                yield f"{task.id} shows the value of {reference.name}, which is not to be seen"
        if "{{resolve:secretsmanager" in json.dumps(task.properties):
            yield f"{task.id} shows the value of a secret"
        for container in containers(task):
            for _, entry in items(container.get("Environment")):
                if _SECRET_NAME.search(entry["Name"]) and _is_secret(entry.get("Value", "")):
                    yield f"{task.id}: {entry['Name']} of {container['Name']} is a secret in plain text"


def _is_secret(value: Any) -> bool:
    """Whether a value may be a secret: a text that is more than a switch, a number or a path."""
    return isinstance(value, str) and not _PLAIN.match(value)


def _on_fargate(task: Resource) -> bool:
    return "FARGATE" in task.properties.get("RequiresCompatibilities", [])
