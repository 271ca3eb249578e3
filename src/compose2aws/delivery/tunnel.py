"""A port of this machine that leads to a database, cache or service of the project, through a session with a task."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compose2aws.delivery.deployed import DeployedProject
from compose2aws.delivery.managed_service import ManagedService, managed_services, security_groups
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.running_task import RunningTask, find_running_task
from compose2aws.delivery.session_plugin import find_plugin, run_plugin
from compose2aws.delivery.workload import DeployedWorkload, find_workload, workloads

_TO_HOST = "AWS-StartPortForwardingSessionToRemoteHost"
_TO_TASK = "AWS-StartPortForwardingSession"
_HOST_GROUP = "HostSecurityGroup"


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A way that can be opened. `managed` None: it leads to a port of the task itself."""

    project: DeployedProject
    service: str
    task: RunningTask
    local: int
    port: int
    managed: ManagedService | None
    plugin: str


def plan_tunnel(project: DeployedProject, service: str, port: str | None) -> Tunnel:
    """The way to a service. `port` is `LOCAL`, or `LOCAL:REMOTE`; a number that the service listens on is both. Without
    a local port it is the service's own where that is free, else any.

    Raises `DeliveryError` where the service has no such port, or no task that may reach it takes a session; and
    botocore's exceptions.
    """
    plugin = find_plugin()
    managed = next((one for one in managed_services(project) if one.service == service), None)
    if managed is None:
        workload, container = find_workload(project, service)
        ports = container.ports or workload.main.ports
        local, remote = _ports(service, port, ports)
        task = find_running_task(project, workload, container)
        return Tunnel(project, service, task, local, remote, None, plugin)
    if managed.host is None or managed.port is None:
        raise DeliveryError(f"{service} has no address yet: it is {managed.status}" + _because(managed))
    local, remote = _ports(service, port, (int(managed.port),))
    return Tunnel(project, service, _go_between(project, managed, remote), local, remote, managed, plugin)


def open_tunnel(tunnel: Tunnel) -> int:
    """Opens it and waits until it is closed, by Ctrl-C or by the other end; the plugin's exit code.

    Raises `DeliveryError` where the plugin cannot be run, and botocore's exceptions.
    """
    parameters = {"portNumber": [str(tunnel.port)], "localPortNumber": [str(tunnel.local)]}
    if tunnel.managed:
        parameters["host"] = [str(tunnel.managed.host)]
    request = {
        "Target": tunnel.task.target,
        "DocumentName": _TO_HOST if tunnel.managed else _TO_TASK,
        "Parameters": parameters,
    }
    answer = tunnel.project.account.client("ssm").start_session(**request)
    session = {name: answer[name] for name in ("SessionId", "StreamUrl", "TokenValue")}
    return run_plugin(tunnel.project.account, tunnel.plugin, session, request)


def password_command(tunnel: Tunnel) -> str | None:
    """The command that prints the secret which holds the password. None where there is no password of ours."""
    if tunnel.managed is None or tunnel.managed.secret is None:
        return None
    profile = tunnel.project.account.session.profile_name
    return (
        f"aws secretsmanager get-secret-value --secret-id {tunnel.managed.secret} --query SecretString --output text"
        f" --region {tunnel.project.account.region}" + (f" --profile {profile}" if profile != "default" else "")
    )


def _because(managed: ManagedService) -> str:
    return f" ({managed.problem})" if managed.problem else ""


def _ports(service: str, asked: str | None, listens: tuple[int, ...]) -> tuple[int, int]:
    """The local and the remote port."""
    if asked is None:
        if not listens:
            raise DeliveryError(f"{service} names no port that it listens on: say it, as LOCAL:PORT")
        return _free(listens[0]), listens[0]
    words = asked.split(":")
    if len(words) > 2 or not all(word.isascii() and word.isdigit() and 0 < int(word) < 65536 for word in words):
        raise DeliveryError(f"{asked!r} is no port: a number, or LOCAL:PORT, of 1 to 65535")
    local, remote = int(words[0]), int(words[-1])
    if len(words) == 1 and listens and remote not in listens:
        remote = listens[0]
    if not _is_free(local):
        raise DeliveryError(f"the port {local} of this machine is taken: name another, as in {_free(0)}:{remote}")
    return local, remote


def _free(wished: int) -> int:
    if wished and _is_free(wished):
        return wished
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _go_between(project: DeployedProject, managed: ManagedService, port: int) -> RunningTask:
    """A running task that the managed service's security groups let in, and that takes a session."""
    admitted, everybody = _admitted(project, managed, port)
    candidates = [
        one
        for one in workloads(project)
        if one.kind == "service" and (everybody or admitted & set(_groups(project, one)))
    ]
    if not candidates:
        raise DeliveryError(f"no service of {project.name} may reach {managed.service} on port {port}")
    problems = []
    for workload in candidates:
        for container in sorted(workload.containers, key=lambda one: one is not workload.main):
            if not container.essential:
                continue
            try:
                return find_running_task(project, workload, container)
            except DeliveryError as error:
                problems.append(str(error))
    raise DeliveryError(f"no task that may reach {managed.service} takes a session: {'; '.join(problems)}")


def _admitted(project: DeployedProject, managed: ManagedService, port: int) -> tuple[set[str], bool]:
    """The security groups that the managed service lets in on a port, and whether it lets in the whole network."""
    groups = security_groups(project, managed)
    if not groups:
        return set(), True
    described = project.account.client("ec2").describe_security_groups(GroupIds=list(groups))["SecurityGroups"]
    admitted: set[str] = set()
    everybody = False
    for rule in _rules(described, port):
        admitted |= {str(pair["GroupId"]) for pair in rule.get("UserIdGroupPairs", [])}
        everybody = everybody or bool(rule.get("IpRanges"))
    return admitted, everybody


def _rules(groups: list[dict[str, Any]], port: int) -> Iterator[Mapping[str, Any]]:
    for group in groups:
        for rule in group.get("IpPermissions", []):
            if rule["IpProtocol"] == "-1" or (
                rule["IpProtocol"] == "tcp" and rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65535)
            ):
                yield rule


def _groups(project: DeployedProject, workload: DeployedWorkload) -> tuple[str, ...]:
    """The security groups of a workload's tasks; of one in its host's network those of the hosts."""
    if workload.network:
        return tuple(workload.network.get("securityGroups") or ())
    host = project.resources.get(_HOST_GROUP)
    return (host.physical_id,) if host else ()
