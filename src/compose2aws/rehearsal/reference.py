"""Each reference of the compose file from one service to another, tried on what was deployed: does the name lead
somewhere, do the security groups let it through, is the login the right one.

Names and groups are judged from the templates in the account, addresses and secrets read from the services themselves.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from compose2aws.compose.project import Project
from compose2aws.delivery.account import Account
from compose2aws.delivery.deployed import read_project
from compose2aws.delivery.managed_service import ManagedService, managed_services
from compose2aws.delivery.workload import DeployedWorkload, workloads
from compose2aws.inspection.compose_calls import calls, is_told_password
from compose2aws.inspection.made_logins import made_logins
from compose2aws.inspection.network import Call, path_problems
from compose2aws.inspection.system import System
from compose2aws.planning.model import Plan


@dataclass(frozen=True, slots=True)
class Reference:
    """A service of the compose file that names another. `address` is where it leads on AWS (`host:port`); `login` tells
    whether the client is given the password that the server has, or the login of a user that an init script makes
    there; None where there is none to have. `problems` are sentences."""

    client: str
    server: str
    address: str
    login: bool | None
    problems: tuple[str, ...] = ()


def references(account: Account, project: Project, plan: Plan) -> tuple[Reference, ...]:
    """All references, by client and server. Raises botocore's exceptions."""
    deployed = read_project(account, plan.project)
    system = System.of([dict(stack.template) for stack in deployed.stacks])
    managed = {one.service: one for one in managed_services(deployed)}
    running = {one.service: one for one in workloads(deployed)}
    named: dict[tuple[str, str], int | None] = {}
    for connection in plan.connections:
        named[connection.client, connection.server] = connection.port
    ports = {(call.consumer, call.provider): call.port for call in calls(project)}
    for pair, port in ports.items():
        named.setdefault(pair, port)
    prepared = {one.service for one in workloads(deployed) if one.kind == "job"}
    made = {server: made_logins(project, server) for server in managed if server in prepared}
    found = [
        _tried(account, system, managed.get(server), running.get(client), made, Call(client, server, port))
        for (client, server), port in sorted(named.items())
        if server in managed or server in running
    ]
    served = {one.server for one in found if one.login}
    # who makes these users is not for the files to say: `explain` asks for them
    others = {
        (str(finding.path[1]), server)
        for finding in plan.findings
        if finding.code == "database-user-unknown" and finding.path
        for server in managed
        if f" logs in to {server} as " in finding.message
    }
    return tuple(
        one
        if one.login is not False or (one.client, one.server) in others or _needs_no_login(project, one, served)
        else replace(one, problems=(*one.problems, "nothing that the client is given holds the server's password"))
        for one in found
    )


def _needs_no_login(project: Project, reference: Reference, served: Collection[str]) -> bool:
    """Whether a client asks for the address alone (it waits for the server, or hands the address on): the compose file
    gives it no password either, and others have it."""
    return reference.server in served and not is_told_password(project, reference.client, reference.server)


def _tried(
    account: Account,
    system: System,
    managed: ManagedService | None,
    client: DeployedWorkload | None,
    made: Mapping[str, Collection[tuple[str, str]]],
    call: Call,
) -> Reference:
    problems = list(path_problems(system, [call]))
    if managed is None:
        port = f":{call.port}" if call.port else ""
        return Reference(call.consumer, call.provider, f"{call.provider}{port}", None, tuple(problems))
    if managed.host is None:
        problems.append(f"{managed.kind} tells no address")
    logins = made.get(call.provider, ())
    login = _has_login(account, managed, client, logins) if managed.secret and client else None
    return Reference(call.consumer, call.provider, f"{managed.host}:{managed.port}", login, tuple(problems))


def _has_login(
    account: Account, managed: ManagedService, client: DeployedWorkload, made: Collection[tuple[str, str]]
) -> bool:
    password = _secret_text(account, str(managed.secret))
    told = json.loads(password).get("password", password) if password.startswith("{") else password
    given = tuple(_given(account, client))
    return any(told in text for text in given) or any(
        any(user in text for text in given) and any(word in text for text in given) for user, word in made
    )


def _given(account: Account, client: DeployedWorkload) -> Iterable[str]:
    """Every text that the containers of a task are given, secrets read."""
    task = account.client("ecs").describe_task_definition(taskDefinition=client.definition)["taskDefinition"]
    for container in task["containerDefinitions"]:
        for variable in container.get("environment", []):
            yield str(variable["value"])
        for secret in container.get("secrets", []):
            yield _secret_text(account, ":".join(secret["valueFrom"].split(":")[:7]))


def _secret_text(account: Account, arn: str) -> str:
    value: Mapping[str, Any] = account.client("secretsmanager").get_secret_value(SecretId=arn)
    return str(value["SecretString"])
