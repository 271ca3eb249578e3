"""Moves compose services to managed ones: the items of the plan, and the endpoints that their clients see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compose2aws.catalog import Catalog
from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.config_file import config_target
from compose2aws.planning.endpoint import Endpoint, Login
from compose2aws.planning.identity import variable_id
from compose2aws.planning.init_script import made_users
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.managed.broker import RABBITMQ
from compose2aws.planning.managed.cache import MEMCACHED, VALKEY
from compose2aws.planning.managed.carry import Carried, SettingFile, carry_settings
from compose2aws.planning.managed.database import AURORA, DOCUMENT, MARIADB
from compose2aws.planning.managed.draft import Draft, Family
from compose2aws.planning.managed.login import Credentials, read_credentials
from compose2aws.planning.managed.restoring import decide_restore
from compose2aws.planning.managed.search import OPENSEARCH
from compose2aws.planning.managed.version import choose_version
from compose2aws.planning.model import Managed, Parameter
from compose2aws.planning.settings import Settings

_FAMILIES: dict[str, Family] = {
    "aurora-postgresql": AURORA,
    "aurora-mysql": AURORA,
    "rds-mariadb": MARIADB,
    "documentdb": DOCUMENT,
    "elasticache-valkey": VALKEY,
    "elasticache-memcached": MEMCACHED,
    "amazonmq-rabbitmq": RABBITMQ,
    "opensearch-service": OPENSEARCH,
}


@dataclass(frozen=True, slots=True)
class Moved:
    """The managed services by compose name, what their clients see, and the parameters that they need."""

    items: dict[str, Managed]
    endpoints: dict[str, Endpoint]
    parameters: tuple[Parameter, ...]


def move(
    project: Project,
    kinds: Mapping[str, Kind],
    hosts: Mapping[str, frozenset[str]],
    settings: Settings,
    catalog: Catalog,
    ledger: Ledger,
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
        carried = carry_settings(kind.source, mapping, project, ledger)
        tls = mapping.tls_on if settings.tls_required else mapping.tls_off
        chosen = {**dict(mapping.parameters), **carried.settings, **dict(tls)}
        if settings.production:
            chosen |= dict(mapping.production_parameters)
        draft = Draft(
            kind.source,
            mapping,
            settings,
            credentials,
            version,
            family,
            tuple(sorted(chosen.items())),
            mapping.port or 0,
        )
        item = _FAMILIES[mapping.becomes].make(draft)
        items[name] = item
        endpoints[name] = _endpoint(draft, hosts[name], made_users(kind.source, mapping, project))
        parameters += [parameter, *_database_parameters(credentials)]
        _decide(draft, item, carried, ledger)
    decide_restore(settings, kinds, items, ledger)
    return Moved(items, endpoints, tuple(parameters))


def _database_parameters(credentials: Credentials) -> Iterator[Parameter]:
    """The parameter that names a database, the same that its clients have of the variable."""
    variable = credentials.database_variable
    if variable is not None:
        yield Parameter(
            name=variable_id(variable),
            source=f"variable:{variable}",
            description=f"The variable {variable} of the compose file.",
            default="",
        )


def _endpoint(draft: Draft, hosts: frozenset[str], made: tuple[Login, ...]) -> Endpoint:
    access = _FAMILIES[draft.mapping.becomes].access(draft)
    return Endpoint(
        service=draft.service.name,
        mapping=draft.mapping,
        hosts=hosts,
        port=draft.port,
        aws_port=access.port or draft.port,
        further_ports=access.further_ports,
        logins=draft.credentials.logins,
        made_users=made,
        aws_user=draft.credentials.aws_user,
        database=draft.credentials.database if access.database is None else access.database,
        aws_database=access.aws_database or draft.credentials.aws_database,
        query=access.query,
        tls=draft.settings.tls_required or access.tls,
        passwordless=access.passwordless,
    )


def _decide(draft: Draft, item: Managed, carried: Carried, ledger: Ledger) -> None:
    service = draft.service
    ledger.record(
        service.path,
        "adapted",
        (*item.resources, item.security_group),
        code=f"managed-{draft.mapping.becomes}",
        reason=f"{draft.mapping.title} runs as {draft.mapping.product} {draft.version.default}, not as a container",
    )
    if draft.settings.tls_required and draft.mapping.tls_on:
        ledger.find(
            "tls-required",
            "warning",
            f"{service.name} refuses plain text: what was rewritten asks for TLS without a check of the certificate; "
            "drivers that check it always (node-postgres, MongoDB's) must trust Amazon's authority, as few images do",
            "put Amazon's certificate bundle (global-bundle.pem) into the clients' images and name it in their options",
            service.path,
        )
    for file in carried.files:
        _decide_file(draft, item, file, ledger)
    read = {file.path for file in carried.files}
    for index in range(len(service.items("volumes"))):
        if service.at("volumes", index) not in read:
            _decide_mount(draft, index, ledger)
    for index in range(len(service.items("configs"))):
        target = config_target(service, index)
        if service.at("configs", index) not in read and not _is_under(target, draft.mapping.init):
            _drop_file(draft, service.at("configs", index), target, ledger)
            ledger.record(
                ("configs", service.text("configs", index, "source") or ""),
                "dropped",
                reason=f"for {service.name}, which is managed and takes no files",
            )
    for index in range(len(service.items("ports"))):
        ledger.find(
            "managed-port-not-published",
            "note",
            f"{service.name} is reached inside the network only; its published port is not on the internet",
            "reach it from your desk through a container of the app, or `compose2aws tunnel`",
            service.at("ports", index),
        )
    _FAMILIES[draft.mapping.becomes].tell(draft, ledger)


def _decide_file(draft: Draft, item: Managed, file: SettingFile, ledger: Ledger) -> None:
    """A mounted file of settings, which were carried over as far as that goes."""
    if file.taken or not file.left:
        taken = ", ".join(file.taken)
        reason = f"sets {taken}: part of the parameter group" if taken else "sets only what AWS decides by itself"
        groups = [id_ for id_ in item.resources if id_.type.endswith("ParameterGroup")]
        ledger.record(file.path, "adapted", groups, code="settings-carried", reason=reason)
    else:
        reason = f"nothing of {file.target} has a counterpart in {draft.mapping.product}"
        ledger.record(file.path, "dropped", code="managed-file-not-used", reason=reason)
    if file.section:
        ledger.record(file.section, "adapted", reason=f"settings of {draft.service.name}, which is managed")


def _decide_mount(draft: Draft, index: int, ledger: Ledger) -> None:
    service = draft.service
    target = (service.text("volumes", index, "target") or "").rstrip("/")
    path = service.at("volumes", index)
    if _is_under(target, draft.mapping.data):
        backups = " with its backups" if _FAMILIES[draft.mapping.becomes].backups else ""
        ledger.find(
            "volume-absorbed",
            "note",
            f"the data of {service.name} lives in {draft.mapping.product}{backups}; no volume is made, and what is in "
            "it locally is not copied",
            "",
            path,
        )
    elif _is_under(target, draft.mapping.init):
        pass  # the init job decides it
    elif target not in ("/etc/localtime", "/etc/timezone"):
        _drop_file(draft, path, target, ledger)


def _drop_file(draft: Draft, path: Path, target: str, ledger: Ledger) -> None:
    ledger.drop(
        path,
        "managed-file-not-used",
        f"a managed {draft.mapping.title} takes no files: what {target} sets does not apply",
        "carry what matters over as options of `command`, or keep the container with `x-aws: {managed: false}`",
    )


def _is_under(target: str, folders: tuple[str, ...]) -> bool:
    return any(target == folder or target.startswith(folder + "/") for folder in folders)
