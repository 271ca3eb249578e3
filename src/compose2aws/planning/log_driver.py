"""Where a container's output goes: to CloudWatch Logs, or to where the compose file's log driver sends it.

Fargate has the drivers awslogs, splunk and awsfirelens. What Docker's fluentd driver sends goes through FireLens: a
container of Fluent Bit beside the service's own forwards it. The other drivers have no counterpart: a finding says so.
Sources: Amazon ECS API Reference, "LogConfiguration"; Amazon ECS Developer Guide, "Send Amazon ECS logs to an AWS
service or AWS Partner" (FireLens); Docker's pages on its log drivers; Fluent Bit manual, "Forward" output.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from compose2aws.compose.node import Path, Scalar
from compose2aws.compose.project import Project
from compose2aws.planning.attendant import attendant_image
from compose2aws.planning.host import hosts
from compose2aws.planning.identity import ResourceId, first_container, variable_id
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger, people_path, pointer
from compose2aws.planning.model import (
    Container,
    ContainerDependency,
    LogDriver,
    Logging,
    Parameter,
    StoredSecret,
    named,
)
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values.secrecy import secret_name, secret_spans

# Amazon ECS Developer Guide, "AWS for Fluent Bit image repositories": `stable` is the tag that Amazon tells to use.
_ROUTER_IMAGE = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"
# MiB; the task definitions of Amazon's FireLens examples reserve 50.
ROUTER_MEMORY = 64
# Drivers that keep the output on the machine, where nobody else reads it.
_LOCAL_DRIVERS = frozenset((None, "", "json-file", "local", "journald", "none"))
# Options of awslogs that say how lines become events; the rest says where they go, which is ours to say.
_AWSLOGS_OPTIONS = frozenset(("awslogs-datetime-format", "awslogs-multiline-pattern"))
_FLUENTD_PORT = 24224
# This machine, as Docker's daemon sees it: what a service publishes.
_THIS_MACHINE = frozenset(
    ("", "localhost", "127.0.0.1", "0.0.0.0", "[::1]", "host.docker.internal", "172.17.0.1")  # noqa: S104 - compared
)
_ADDRESS = re.compile(r"(?:(?P<scheme>tcp|tls)://)?(?P<host>\[[^\]]*\]|[\w.-]*)(?::(?P<port>\d{1,5}))?/?")
# Docker tries again without end; this is some minutes, as the time between two tries grows.
_RETRIES = "10"
_FLUENTD_MEANINGLESS = {
    "fluentd-async": "the container is never held up by its log router",
    "fluentd-async-connect": "the container is never held up by its log router",
    "fluentd-async-reconnect-interval": "the log router says itself when it tries again",
    "fluentd-buffer-limit": "the log router has a buffer of its own",
    "fluentd-retry-wait": "the log router says itself when it tries again",
    "fluentd-sub-second-precision": "the log router always sends it",
    "fluentd-write-timeout": "the container is never held up by its log router",
    "mode": "the container is never held up by its log router",
    "max-buffer-size": "the log router has a buffer of its own",
}
_SPLUNK_OPTIONS = frozenset(
    {"env", "env-regex", "labels", "labels-regex", "splunk-caname", "splunk-format", "splunk-gzip", "splunk-gzip-level"}
    | {"splunk-index", "splunk-index-acknowledgment", "splunk-insecureskipverify", "splunk-source"}
    | {"splunk-sourcetype", "splunk-url", "splunk-verify-connection", "tag"}
)


@dataclass(slots=True)
class LogDrivers:
    """`by_service` are the drivers other than awslogs, `awslogs` options of that one; `ports` the published ports (a
    service and its container's port) that are there for drivers alone."""

    by_service: dict[str, LogDriver] = field(default_factory=dict)
    awslogs: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    ports: set[tuple[str, int]] = field(default_factory=set)
    parameters: list[Parameter] = field(default_factory=list)
    secrets: list[StoredSecret] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Collector:
    """Where a fluentd driver's output goes; `service` where it is one of the project's."""

    host: str
    port: int
    tls: bool
    service: str | None


def plan_log_drivers(kinds: Mapping[str, Kind], namespace: str, ledger: Ledger) -> LogDrivers:
    """Decide `logging` of every service that runs. `namespace` is where the services' names are."""
    made = LogDrivers()
    names = {name: service for service, found in hosts(kinds).items() for name in found}
    for kind in kinds.values():
        service = kind.source
        if not kind.runs or "logging" not in service.node:
            continue
        driver = service.text("logging", "driver")
        if driver == "fluentd" and not _is_waited_for(kind, kinds):
            _plan_fluentd(service, kinds, names, namespace, ledger, made)
        elif driver == "splunk" and not _is_waited_for(kind, kinds):
            _plan_splunk(service, ledger, made)
        else:
            _plan_awslogs(service, driver, kind, kinds, ledger, made)
    return made


def log_router(service: ServiceSource, isolated: bool, project: Project, retention: int) -> Container:
    """The container that forwards the output of a task's others. Where the task is `isolated` from the internet, its
    image comes from a repository of ours."""
    name = first_container("logs", service.name)
    image = attendant_image(service, "logs", _ROUTER_IMAGE, isolated, project)
    group = named("AWS::Logs::LogGroup", service.identity, "LogGroup")
    return Container(name=name, image=image, logging=Logging(group, retention, name), routes_logs=True)


def with_log_router(containers: tuple[Container, ...], router: Container) -> tuple[Container, ...]:
    """The containers of a task, with the router before those whose output it forwards."""
    dependency = ContainerDependency(router.name, "START")
    routed = tuple(
        replace(c, depends_on=(*c.depends_on, dependency)) if c.log_driver and c.log_driver.name == "awsfirelens" else c
        for c in containers
    )
    return (router, *routed)


def _is_waited_for(kind: Kind, kinds: Mapping[str, Kind]) -> bool:
    """Whether it is of a job that a deployment waits for, and that says in CloudWatch Logs why it failed."""
    owner = kinds[kind.source.owner]
    return owner.what == "job" and owner.source.settings.schedule is None


def _plan_awslogs(
    service: ServiceSource,
    driver: str | None,
    kind: Kind,
    kinds: Mapping[str, Kind],
    ledger: Ledger,
    made: LogDrivers,
) -> None:
    path = service.at("logging")
    group = named("AWS::Logs::LogGroup", service.identity, "LogGroup")
    if driver in _LOCAL_DRIVERS or driver == "awslogs":
        ledger.record(path, "adapted", group, reason="output goes to a log group of CloudWatch Logs")
    elif driver in ("fluentd", "splunk") and _is_waited_for(kind, kinds):
        reason = (
            f"{service.name} runs once for each deployment, which finds in CloudWatch Logs why it failed: its output "
            f"goes there, not to {driver}"
        )
        _leave_driver(service, reason, ledger)
        return
    else:
        reason = (
            f"the output of {service.name} goes to CloudWatch Logs, not to {driver}: ECS has no such driver on Fargate"
        )
        _leave_driver(service, reason, ledger)
        return
    carried: list[tuple[str, str]] = []
    for key, node in service.entries("logging", "options").items():
        at = service.at("logging", "options", key)
        if driver == "awslogs" and key in _AWSLOGS_OPTIONS and isinstance(node, Scalar) and not _is_secret(node):
            carried.append((key, node.text))
            ledger.record(at, "translated", service.definition)
        elif driver == "awslogs":
            ledger.record(at, "adapted", group, reason="output goes to a log group of the project's own")
        else:
            ledger.record(at, "inert", reason="CloudWatch Logs keeps what is written, for as long as the tier says")
    if carried:
        made.awslogs[service.name] = tuple(carried)


def _leave_driver(service: ServiceSource, reason: str, ledger: Ledger) -> None:
    """The output goes to CloudWatch Logs instead."""
    path = service.at("logging")
    group = named("AWS::Logs::LogGroup", service.identity, "LogGroup")
    ledger.record(path, "dropped", group, code="log-driver", reason=reason)
    ledger.find("log-driver", "warning", reason, "a subscription filter of the log group sends it on", path)


def _plan_fluentd(
    service: ServiceSource,
    kinds: Mapping[str, Kind],
    names: Mapping[str, str],
    namespace: str,
    ledger: Ledger,
    made: LogDrivers,
) -> None:
    found = _collector(service, kinds, names, namespace)
    if isinstance(found, str):
        reason = f"the output of {service.name} goes to CloudWatch Logs, not to fluentd: {found}"
        _leave_driver(service, reason, ledger)
        return
    options = {"Name": "forward", "Host": found.host, "Port": str(found.port), "Retry_Limit": _RETRIES}
    if found.tls:
        options |= {"tls": "On", "tls.verify": "On"}
    definition = service.definition
    for key, node in service.entries("logging", "options").items():
        path = service.at("logging", "options", key)
        text = node.text if isinstance(node, Scalar) else ""
        if key == "fluentd-address":
            ledger.record(path, "adapted", definition, reason=f"forwarded to {found.host}, port {found.port}")
        elif not _is_carried(node, path, ledger):
            continue
        elif key == "tag":
            options["Tag"] = _tag(service, text)
            reason = "" if options["Tag"] == text else f"{options['Tag']}: a task's containers have no such names"
            ledger.record(path, "adapted" if reason else "translated", definition, reason=reason)
        elif key == "fluentd-max-retries" and text.isdigit():
            options["Retry_Limit"] = text
            ledger.record(path, "translated", definition)
        elif key == "fluentd-request-ack":
            options["Require_ack_response"] = text
            ledger.record(path, "translated", definition)
        elif key in _FLUENTD_MEANINGLESS:
            ledger.record(path, "inert", reason=_FLUENTD_MEANINGLESS[key])
        else:
            reason = f"`{key}` of {service.name}'s log driver has no counterpart in FireLens"
            ledger.drop(path, "log-option", reason)
    made.by_service[service.name] = LogDriver("awsfirelens", tuple(options.items()))
    reason = "a container of Fluent Bit beside it (FireLens) forwards its output"
    ledger.record(service.at("logging"), "adapted", definition, reason=reason)
    if found.service is None:
        return
    made.ports.add((found.service, found.port))
    theirs = kinds[kinds[found.service].source.owner].source.networks
    mine = kinds[service.owner].source.networks
    if not set(mine) & set(theirs):
        ledger.find(
            "log-driver-unreachable",
            "error",
            f"{service.name} logs to {found.service} and shares no network with it: Docker's daemon reaches it from "
            "outside of all networks, a container of the task does not",
            "let both be in one network of the file",
            service.at("logging"),
        )


def _collector(
    service: ServiceSource, kinds: Mapping[str, Kind], names: Mapping[str, str], namespace: str
) -> _Collector | str:
    """Where a fluentd driver's output goes; a text says why it cannot."""
    written = service.text("logging", "options", "fluentd-address") or f"localhost:{_FLUENTD_PORT}"
    match = _ADDRESS.fullmatch(written)
    if match is None or _is_secret(service.get("logging", "options", "fluentd-address")):
        return "its address is none that another machine reaches"
    host, port = match["host"], int(match["port"] or _FLUENTD_PORT)
    tls = match["scheme"] == "tls"
    if host not in _THIS_MACHINE:
        if host not in names:
            return _Collector(host, port, tls, None)
        name = names[host]
    else:
        publishing = _published(kinds, port)
        if publishing is None:
            return f"no service of the project publishes port {port}"
        name, port = publishing
    kind = kinds[name]
    owner = kinds[kind.source.owner]
    if owner.what != "service" or owner.source.text("network_mode") == "host":
        return f"{name} does not run as a service that has a name in the network"
    if owner.source.name == service.owner:
        return f"{name} is in its own task"
    return _Collector(f"{owner.source.name.lower()}.{namespace}", port, tls, name)


def _published(kinds: Mapping[str, Kind], number: int) -> tuple[str, int] | None:
    """The service that publishes a TCP port of the host, and its container's port."""
    for name, kind in kinds.items():
        for index in range(len(kind.source.items("ports")) if kind.runs else 0):
            tcp = (kind.source.text("ports", index, "protocol") or "tcp") == "tcp"
            if tcp and kind.source.text("ports", index, "published") == str(number):
                return name, kind.source.whole("ports", index, "target") or number
    return None


def _tag(service: ServiceSource, written: str) -> str:
    """A tag with Docker's placeholders filled in: what tells containers apart here is the service's name."""
    name = service.text("container_name") or service.name
    image = service.text("image") or service.name
    return re.sub(r"\{\{\s*\.(\w+)\s*\}\}", lambda m: image if m[1] == "ImageName" else name, written)


def _plan_splunk(service: ServiceSource, ledger: Ledger, made: LogDrivers) -> None:
    token = service.get("logging", "options", "splunk-token")
    if not isinstance(token, Scalar) or service.text("logging", "options", "splunk-url") in (None, ""):
        reason = (
            f"the output of {service.name} goes to CloudWatch Logs, not to Splunk: the driver needs `splunk-url` and "
            "`splunk-token`"
        )
        _leave_driver(service, reason, ledger)
        return
    definition = service.definition
    options: list[tuple[str, str]] = []
    for key, node in service.entries("logging", "options").items():
        path = service.at("logging", "options", key)
        if key == "splunk-token":
            continue
        if not _is_carried(node, path, ledger):
            continue
        if key in _SPLUNK_OPTIONS and isinstance(node, Scalar):
            options.append((key, node.text))
            ledger.record(path, "translated", definition)
        else:
            ledger.drop(path, "log-option", f"`{key}` of {service.name}'s log driver is not taken to AWS")
    path = service.at("logging", "options", "splunk-token")
    parameter = _secret_parameter(service, "splunk-token", token, path)
    stored = StoredSecret(
        ResourceId("AWS::SecretsManager::Secret", f"{parameter.name}Stored"),
        Text.of(Hole("secret-parameter", parameter.name)),
        parameter.description,
        source=path,
    )
    made.parameters.append(parameter)
    made.secrets.append(stored)
    ledger.record(path, "adapted", (stored.id, definition), reason=f"a secret, filled from {parameter.name}")
    ledger.record(service.at("logging"), "translated", definition, reason="the driver splunk, with its token a secret")
    made.by_service[service.name] = LogDriver("splunk", tuple(options), (("splunk-token", stored.id),))


def _secret_parameter(service: ServiceSource, key: str, node: Scalar, path: Path) -> Parameter:
    """As the parameters of environment variables are called: one of a variable by its name, another by its place."""
    only = node.parts[0] if len(node.parts) == 1 else None
    if only is not None and only.origin != "literal":
        variable = only.variables[-1] if only.text else only.variables[0]
        return Parameter(
            variable_id(variable),
            f"variable:{variable}",
            f"The variable {variable} of the compose file.",
            secret=True,
            value=only.text or None,
        )
    return Parameter(
        variable_id(f"{service.identity}/{key}"),
        f"compose:{pointer(path)}",
        f"A secret that stands in the compose file at {people_path(path)}.",
        secret=True,
        value=node.text,
    )


def _is_carried(node: object, path: Path, ledger: Ledger) -> bool:
    """Whether an option may stand in a task definition; one that holds a secret is dropped."""
    if isinstance(node, Scalar) and not _is_secret(node):
        return True
    ledger.drop(path, "log-option-secret", f"{people_path(path)} holds a secret, and everybody reads log options")
    return False


def _is_secret(node: object) -> bool:
    if not isinstance(node, Scalar):
        return False
    variables = (variable for part in node.parts for variable in part.variables)
    return bool(secret_spans(node.text)) or any(secret_name(variable) for variable in variables)
