"""Moves compose services to managed ones: the items of the plan, and the endpoints that their clients see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from compose2aws.catalog import Catalog, ImageMapping
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.managed.carry import carried_settings
from compose2aws.planning.managed.login import Credentials, read_credentials
from compose2aws.planning.managed.version import choose_version
from compose2aws.planning.model import (
    AuroraCluster,
    DatabaseInstance,
    DocumentCluster,
    EngineVersion,
    Managed,
    Parameter,
    ReplicationGroup,
    named,
)
from compose2aws.planning.settings import Settings
from compose2aws.planning.source import ServiceSource


@dataclass(frozen=True, slots=True)
class Moved:
    """The managed services by compose name, what their clients see, and the parameters that they need."""

    items: dict[str, Managed]
    endpoints: dict[str, Endpoint]
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """What every family needs to make its item."""

    service: ServiceSource
    mapping: ImageMapping
    settings: Settings
    credentials: Credentials
    version: EngineVersion
    family: str
    parameters: tuple[tuple[str, str], ...]
    port: int


def move(
    kinds: Mapping[str, Kind], hosts: Mapping[str, frozenset[str]], settings: Settings, catalog: Catalog, ledger: Ledger
) -> Moved:
    """Every service whose kind is `managed`. `hosts` are the names under which each service is reached."""
    items: dict[str, Managed] = {}
    endpoints: dict[str, Endpoint] = {}
    parameters: list[Parameter] = []
    for name, kind in kinds.items():
        mapping = kind.mapping
        if kind.what != "managed" or mapping is None:
            continue
        version, family, parameter = choose_version(kind.source, kind.image, mapping, catalog, ledger)
        credentials = read_credentials(kind.source, mapping, ledger)
        tls = mapping.tls_on if settings.tls_required else mapping.tls_off
        chosen = {**dict(mapping.parameters), **carried_settings(kind.source, mapping, ledger), **dict(tls)}
        if settings.production:
            chosen |= dict(mapping.production_parameters)
        draft = _Draft(
            kind.source,
            mapping,
            settings,
            credentials,
            version,
            family,
            tuple(sorted(chosen.items())),
            mapping.port or 0,
        )
        item = _FAMILIES[mapping.becomes](draft)
        items[name] = item
        endpoints[name] = _endpoint(draft, hosts[name])
        parameters.append(parameter)
        _decide(draft, item, ledger)
    return Moved(items, endpoints, tuple(parameters))


def _aurora(draft: _Draft) -> AuroraCluster:
    production = draft.settings.production
    postgres = draft.mapping.becomes == "aurora-postgresql"
    return AuroraCluster(
        service=draft.service.name,
        engine="aurora-postgresql" if postgres else "aurora-mysql",
        version=draft.version,
        family=draft.family,
        parameters=draft.parameters,
        port=draft.port,
        database=draft.credentials.aws_database,
        user=draft.credentials.aws_user or "compose",
        minimum_capacity=0.5 if production else 0,
        maximum_capacity=16 if production else 2,
        auto_pause=None if production else 300,
        reader=production,
        backup_retention=14 if production else 1,
        insights_retention=465 if production else None,
        security_group=_group(draft),
        snapshot=draft.settings.restore.get(draft.service.name),
        source=draft.service.path,
    )


def _mariadb(draft: _Draft) -> DatabaseInstance:
    production = draft.settings.production
    return DatabaseInstance(
        service=draft.service.name,
        engine="mariadb",
        version=draft.version,
        family=draft.family,
        parameters=draft.parameters,
        port=draft.port,
        database=draft.credentials.aws_database,
        user=draft.credentials.aws_user or "compose",
        instance_class="db.m7g.large" if production else "db.t4g.micro",
        storage=100 if production else 20,
        maximum_storage=1000 if production else 100,
        multi_az=production,
        backup_retention=14 if production else 1,
        insights_retention=465 if production else None,
        security_group=_group(draft),
        source=draft.service.path,
    )


def _document(draft: _Draft) -> DocumentCluster:
    production = draft.settings.production
    return DocumentCluster(
        service=draft.service.name,
        version=draft.version,
        family=draft.family,
        parameters=draft.parameters,
        port=draft.port,
        user=draft.credentials.aws_user or "compose",
        instance_class="db.r6g.large" if production else "db.t4g.medium",
        instances=2 if production else 1,
        backup_retention=14 if production else 1,
        security_group=_group(draft),
        source=draft.service.path,
    )


def _cache(draft: _Draft) -> ReplicationGroup:
    production = draft.settings.production
    return ReplicationGroup(
        service=draft.service.name,
        engine="valkey",
        version=draft.version,
        family=draft.family,
        parameters=draft.parameters,
        port=draft.port,
        node_type="cache.t4g.small" if production else "cache.t4g.micro",
        nodes=2 if production else 1,
        transit_encryption="required" if draft.settings.tls_required else "preferred",
        snapshot_retention=7 if production else 0,
        security_group=_group(draft),
        source=draft.service.path,
    )


_FAMILIES: dict[str, Callable[[_Draft], Managed]] = {
    "aurora-postgresql": _aurora,
    "aurora-mysql": _aurora,
    "rds-mariadb": _mariadb,
    "documentdb": _document,
    "elasticache-valkey": _cache,
}


def _group(draft: _Draft) -> ResourceId:
    return named("AWS::EC2::SecurityGroup", draft.service.name, "SecurityGroup")


def _endpoint(draft: _Draft, hosts: frozenset[str]) -> Endpoint:
    document = draft.mapping.becomes == "documentdb"
    # Amazon DocumentDB Developer Guide, "Connecting programmatically": no retryable writes; users live in `admin`.
    query = (("replicaSet", "rs0"), ("retryWrites", "false"), ("authSource", "admin")) if document else ()
    return Endpoint(
        service=draft.service.name,
        mapping=draft.mapping,
        hosts=hosts,
        port=draft.port,
        aws_port=draft.port,
        logins=draft.credentials.logins,
        aws_user=draft.credentials.aws_user,
        database=draft.credentials.database,
        aws_database=draft.credentials.aws_database,
        query=query,
        tls=draft.settings.tls_required,
        passwordless=draft.mapping.becomes == "elasticache-valkey",
    )


def _decide(draft: _Draft, item: Managed, ledger: Ledger) -> None:
    service = draft.service
    ledger.record(
        service.path,
        "adapted",
        (*item.resources, item.security_group),
        code=f"managed-{draft.mapping.becomes}",
        reason=f"{draft.mapping.title} runs as {draft.mapping.becomes} {draft.version.default}, not as a container",
    )
    for index in range(len(service.items("volumes"))):
        _decide_mount(draft, index, ledger)
    for index in range(len(service.items("ports"))):
        ledger.find(
            "managed-port-not-published",
            "note",
            f"{service.name} is reached inside the network only; its published port is not on the internet",
            "reach it from your desk through a container of the app, or `compose2aws tunnel`",
            service.at("ports", index),
        )
    if draft.credentials.logins and draft.mapping.becomes == "elasticache-valkey":
        ledger.find(
            "cache-without-password",
            "note",
            f"the cache {service.name} asks for no password on AWS: only the members of its networks reach it; the "
            "password is taken out of the connections that were rewritten",
            "a password that the app has elsewhere (in an image, in a mounted file) must be taken out there",
            service.path,
        )


def _decide_mount(draft: _Draft, index: int, ledger: Ledger) -> None:
    service = draft.service
    target = (service.text("volumes", index, "target") or "").rstrip("/")
    path = service.at("volumes", index)
    if _is_under(target, draft.mapping.data):
        ledger.find(
            "volume-absorbed",
            "note",
            f"the data of {service.name} lives in {draft.mapping.becomes} with its backups; no volume is made, and "
            "what is in it locally is not copied",
            "",
            path,
        )
    elif _is_under(target, draft.mapping.init):
        pass  # the init job decides it
    elif target not in ("/etc/localtime", "/etc/timezone"):
        ledger.drop(
            path,
            "managed-file-not-used",
            f"a managed {draft.mapping.title} takes no files: what {target} sets does not apply",
            "carry what matters over as options of `command`, or keep the container with `x-aws: {managed: false}`",
        )


def _is_under(target: str, folders: tuple[str, ...]) -> bool:
    return any(target == folder or target.startswith(folder + "/") for folder in folders)
