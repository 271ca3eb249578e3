"""Init scripts: `/docker-entrypoint-initdb.d` of a database that moved, run once against the managed one.

Docker runs them when the data folder is empty; here a job runs them in the database's own image before anything that
needs the database starts. It looks first whether they have run, so one that was restored from a snapshot is left alone.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from compose2aws.catalog import Catalog, ImageMapping
from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.config_file import config_target, plan_config
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.image import image_beside, platforms, pullable
from compose2aws.planning.init_script import is_init_target, tell_of_refused_statements
from compose2aws.planning.kind import Kind
from compose2aws.planning.layered_image import BakedFile
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import (
    BuiltImage,
    Container,
    EnvironmentVariable,
    Job,
    Logging,
    Managed,
    Parameter,
    StoredSecret,
    SubnetKind,
    Task,
    named,
)
from compose2aws.planning.model.managed import snapshot_of
from compose2aws.planning.network import network_group
from compose2aws.planning.settings import Settings
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values import plan_values

_CONTAINER = "init"
_CPU, _MEMORY = 256, 512
_TIMEOUT = 3600
# Runs the script that is its first argument, in bash where the image has it, as the images' own entrypoints do.
_RUN = 'exec "$(command -v bash || command -v sh)" -c "$0"'


@dataclass(frozen=True, slots=True)
class Initialisation:
    """The jobs by database, and what their environment needs."""

    jobs: dict[str, Job]
    images: tuple[BuiltImage, ...]
    parameters: tuple[Parameter, ...]
    secrets: tuple[StoredSecret, ...]


def plan_initialisation(
    project: Project,
    kinds: Mapping[str, Kind],
    managed: Mapping[str, Managed],
    endpoints: Mapping[str, Endpoint],
    subnets: SubnetKind,
    settings: Settings,
    catalog: Catalog,
    ledger: Ledger,
) -> Initialisation:
    """A job for every database that moved and has init scripts."""
    scripts = {name: _scripts(kinds[name].source, endpoints[name].mapping, project, ledger) for name in managed}
    preparing = tuple(name for name, files in scripts.items() if files)
    # The image's further variables are for the scripts; the ledger tells of the service as a whole.
    values = plan_values(project, Ledger(project.root), preparing, endpoints)
    jobs: dict[str, Job] = {}
    images: list[BuiltImage] = []
    for name in preparing:
        kind, endpoint = kinds[name], endpoints[name]
        login = set(login_variables(endpoint.mapping))
        further = tuple(v for v in values.by_service[name].environment if v.name not in login)
        image = _image(kind, scripts[name], project, catalog)
        job = _job(kind, endpoint, managed[name], image, further, subnets, settings)
        jobs[name] = job
        images.append(image)
        if snapshot_of(managed[name]) is None:
            tell_of_refused_statements(kind.source, endpoint.mapping, managed[name].version.major, project, ledger)
        for file in scripts[name]:
            made = (job.id, job.task.definition, image.repository)
            reason = "runs once on the empty database, before anything that needs it starts"
            if snapshot_of(managed[name]):
                reason = "runs only if the copy of the snapshot has neither its mark nor tables"
            ledger.record(file.path, "adapted", made, code="init-script", reason=reason)
            if file.path[2] == "configs":
                config = kind.source.text(*file.path[2:], "source") or ""
                ledger.record(("configs", config), "adapted", image.repository, reason="part of the image")
    return Initialisation(jobs, tuple(images), values.parameters, values.secrets)


def login_variables(mapping: ImageMapping) -> tuple[str, ...]:
    """The variables that tell the image its login, also those that name a file."""
    login = mapping.login
    names = (
        *login.user_variables,
        *login.password_variables,
        *login.database_variables,
        *login.administrator_password_variables,
        *(name for name, _ in (mapping.initialisation.variables if mapping.initialisation else ())),
    )
    return (*names, *(f"{name}_FILE" for name in names))


def _scripts(service: ServiceSource, mapping: ImageMapping, project: Project, ledger: Ledger) -> tuple[BakedFile, ...]:
    found: list[BakedFile] = []
    for index in range(len(service.items("volumes"))):
        target = service.text("volumes", index, "target") or ""
        source = service.text("volumes", index, "source") or ""
        if not is_init_target(target, mapping) or service.text("volumes", index, "type") != "bind":
            continue
        path = service.at("volumes", index)
        fact = project.fact(source)
        if fact.kind in ("file", "folder") and mapping.initialisation:
            found.append(BakedFile(target, source, folder=fact.kind == "folder", path=path))
        else:
            _without_script(service, path, posixpath.relpath(source, project.folder), ledger)
    for index in range(len(service.items("configs"))):
        if is_init_target(config_target(service, index), mapping) and mapping.initialisation:
            script = plan_config(service, index, project, ledger)
            found += [script] if script else []
    return tuple(found)


def _without_script(service: ServiceSource, path: Path, name: str, ledger: Ledger) -> None:
    reason = f"{name} is not there, so no init script of {service.name} runs: the database starts empty"
    ledger.record(path, "dropped", code="missing-init-script", reason=reason)
    ledger.find("missing-init-script", "error", reason, "add the file, or take the mount away", path)


def _image(kind: Kind, scripts: tuple[BakedFile, ...], project: Project, catalog: Catalog) -> BuiltImage:
    written = kind.source.text("image") or ""
    base = pullable(written, kind.image, catalog) if kind.image else written
    return image_beside(kind.source, "init", base, scripts, project)


def _job(
    kind: Kind,
    endpoint: Endpoint,
    item: Managed,
    image: BuiltImage,
    further: tuple[EnvironmentVariable, ...],
    subnets: SubnetKind,
    settings: Settings,
) -> Job:
    service = kind.source
    name, was = f"{service.name}/init", f"{service.identity}/init"
    rules = endpoint.mapping.initialisation
    script = rules.script if rules else ""
    container = Container(
        name=_CONTAINER,
        image=image,
        logging=Logging(named("AWS::Logs::LogGroup", was, "LogGroup"), settings.retention, "init"),
        entrypoint=(Text.of("sh"), Text.of("-c"), Text.of(_RUN)),
        command=(Text.of(script),),
        environment=(*further, *_variables(endpoint, service.identity)),
    )
    return Job(
        name=name,
        task=Task(
            name, _CPU, _MEMORY, (container,), "ARM64" if "arm64" in platforms(service)[0] else "X86_64", was=was
        ),
        subnets=subnets,
        security_groups=tuple(network_group(network) for network in service.networks),
        timeout=_TIMEOUT,
        once_for=item.resources[0],
        source=service.path,
    )


def _variables(endpoint: Endpoint, identity: str) -> tuple[EnvironmentVariable, ...]:
    rules = endpoint.mapping.initialisation
    made: list[EnvironmentVariable] = []
    login = named("AWS::SecretsManager::Secret", identity, "MasterLogin")
    for variable, fact in rules.variables if rules else ():
        if fact == "database" and endpoint.aws_database is None:
            continue
        text = Text.of(Hole(fact, endpoint.service))
        if fact == "password":
            made.append(EnvironmentVariable(variable, text, login, "password"))
        else:
            made.append(EnvironmentVariable(variable, text))
    return tuple(made)


def waits_for_database(
    name: str, uses: frozenset[str], kinds: Mapping[str, Kind], known: frozenset[str], jobs: Mapping[str, Job]
) -> tuple[ResourceId, ...]:
    """The init jobs that a service starts after: of the databases that it uses, and of those on its networks that
    nobody is known to use. `known` are the databases that somebody uses."""
    mine = set(kinds[name].source.networks)
    return tuple(
        job.id
        for database, job in jobs.items()
        if database in uses or (database not in known and mine & set(kinds[database].source.networks))
    )
