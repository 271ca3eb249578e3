"""Secrets that a container reads as files: compose `secrets:`, and mounted files that hold one. Each is a no-echo
parameter and a secret of its own; a first container of the task writes the files (`secret_writer.py`).

Source: Compose Specification, "secrets"; the files stand at /run/secrets/NAME unless the service says where.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compose2aws.compose import node as tree
from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.identity import ResourceId, logical_id, secret_variable, variable_id
from compose2aws.planning.kind import Kind
from compose2aws.planning.layered_image import BakedFile
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import (
    Container,
    ContainerDependency,
    EnvironmentVariable,
    Parameter,
    StoredSecret,
    TaskVolume,
    VolumeMount,
)
from compose2aws.planning.mount_point import Mounts, SecretMount
from compose2aws.planning.project_path import project_path
from compose2aws.planning.secret_writer import SecretFile, write_files
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values.parameter_book import LONGEST_VALUE, master_login


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """What the secret files of one service add to its task. `writer` runs first and ends; `links` are laid into the
    service's image."""

    writer: Container | None = None
    volumes: tuple[TaskVolume, ...] = ()
    mounts: tuple[VolumeMount, ...] = ()
    depends_on: tuple[ContainerDependency, ...] = ()
    links: tuple[BakedFile, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    secrets: tuple[StoredSecret, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One file that a service wants. `name` is the compose secret's or, of a mounted file, its place in the project;
    `shared` is the part of the compose file that is filled for all who use it."""

    path: Path
    name: str
    target: str
    shared: Path = ()
    mode: str = "0444"
    owner: str | None = None
    writable: bool = False


def shared_passwords(kinds: Mapping[str, Kind], endpoints: Mapping[str, Endpoint]) -> dict[str, str]:
    """The compose secrets that hold the password of a database that moved (`POSTGRES_PASSWORD_FILE:
    /run/secrets/db_password`), with its service: on AWS the generated password stands in the file."""
    found: dict[str, str] = {}
    for name, endpoint in endpoints.items():
        if endpoint.passwordless:
            continue
        source, login = kinds[name].source, endpoint.mapping.login
        targets = {
            posixpath.basename(source.text("secrets", i, "target") or ""): source.text("secrets", i, "source") or ""
            for i in range(len(source.items("secrets")))
        }
        for variable in (*login.password_variables, *login.administrator_password_variables):
            file = source.text("environment", f"{variable}_FILE")
            if file and targets.get(posixpath.basename(file)):
                found[targets[posixpath.basename(file)]] = name
    return found


def plan_secret_files(
    service: ServiceSource,
    mounts: Mounts,
    project: Project,
    passwords: Mapping[str, str],
    isolated: bool,
    retention: int,
    ledger: Ledger,
) -> SecretFiles:
    """Decide every entry of `secrets` of a service, and write the files that `mounts` found to be secret. `passwords`
    are the secrets that hold a managed service's; a service that is isolated from the internet has the writer's image
    in a repository of ours."""
    parameters: dict[str, Parameter] = {}
    secrets: dict[str, StoredSecret] = {}
    files: list[SecretFile] = []

    def add(wanted: _Wanted, parameter: Parameter) -> None:
        stored = StoredSecret(
            ResourceId("AWS::SecretsManager::Secret", f"{parameter.name}Stored"),
            Text.of(Hole("secret-parameter", parameter.name)),
            parameter.description,
            source=wanted.shared or wanted.path[:3],  # not the place in the list: others come and go
        )
        parameters[parameter.name] = parameter
        secrets[stored.id.logical_id] = stored
        write(wanted, EnvironmentVariable("", stored.text, stored.id), f"the parameter {parameter.name}")

    def write(wanted: _Wanted, content: EnvironmentVariable, told: str) -> None:
        files.append(SecretFile(wanted.target, content, wanted.mode, wanted.owner, wanted.path, wanted.writable))
        if wanted.shared and content.secret:
            ledger.record(wanted.shared, "adapted", content.secret, reason=f"filled from {told}")

    for wanted, secret in _listed(service, project):
        database = passwords.get(wanted.name)
        if database:
            login, text = master_login(project.root, database), Text.of(Hole("password", database))
            write(wanted, EnvironmentVariable("", text, login, "password"), f"the password of {database}")
            continue
        parameter = _declared(wanted.name, secret, project)
        if _fits(wanted, secret, parameter, project, ledger):
            add(wanted, parameter)
    for mount in mounts.secrets:
        name = project_path(mount.source, project)
        wanted = _Wanted(mount.path, name, mount.target, _config(service, mount), mount.mode, writable=mount.writable)
        add(wanted, _mounted(name, mount, project))
    if not files:
        return SecretFiles()
    written = write_files(service, tuple(files), mounts, isolated, retention, project, ledger)
    return SecretFiles(
        written.writer,
        written.volumes,
        written.mounts,
        (ContainerDependency(written.writer.name, "SUCCESS"),),
        written.links,
        tuple(parameters.values()),
        tuple(secrets.values()),
    )


def _listed(service: ServiceSource, project: Project) -> Iterator[tuple[_Wanted, tree.Mapping]]:
    """The entries of `secrets` of a service, each with what the project declares of it."""
    declared = project.root.get("secrets")
    for index in range(len(service.items("secrets"))):
        name = service.text("secrets", index, "source") or ""
        secret = declared.get(name) if isinstance(declared, tree.Mapping) else None
        if not isinstance(secret, tree.Mapping):
            continue
        target = service.text("secrets", index, "target") or name
        user = service.text("secrets", index, "uid")
        yield (
            _Wanted(
                service.at("secrets", index),
                name,
                posixpath.normpath(target if target.startswith("/") else f"/run/secrets/{target}"),
                ("secrets", name),
                (service.text("secrets", index, "mode") or "0444")[-4:],
                f"{user}:{service.text('secrets', index, 'gid') or user}" if user else None,
            ),
            secret,
        )


def _config(service: ServiceSource, mount: SecretMount) -> Path:
    """The declaration of a config whose file is a secret."""
    if mount.path[2:3] != ("configs",):
        return ()
    return ("configs", service.text(*mount.path[2:], "source") or "")


def _declared(name: str, secret: tree.Mapping, project: Project) -> Parameter:
    """The parameter of a compose secret, with the value that it has now."""
    variable, file = secret.entries.get("environment"), secret.entries.get("file")
    if isinstance(variable, tree.Scalar):
        return Parameter(
            variable_id(variable.text),
            f"variable:{variable.text}",
            f"The secret {name}",
            secret=True,
            value=project.environment.get(variable.text),
        )
    if isinstance(file, tree.Scalar):
        place = project_path(file.text, project)
        described = f"The secret {name}: what {place} holds"
        return Parameter(
            logical_id(name, "SecretFile"),
            f"file:{name}",
            described,
            secret=True,
            value=_value(name, file.text, project),
        )
    described = f"The secret {name}, which is declared outside of the compose file"
    return Parameter(
        logical_id(name, "SecretFile"), f"external:{name}", described, secret=True, value=_value(name, "", project)
    )


def _mounted(name: str, mount: SecretMount, project: Project) -> Parameter:
    return Parameter(
        logical_id(name, "SecretFile"),
        f"file:{name}",
        f"What {name} holds, which is mounted as a file",
        secret=True,
        value=_value(name, mount.source, project),
    )


def _value(name: str, file: str, project: Project) -> str | None:
    """What a secret holds now: the variable that stands in for its file where that is set, else the file. A file is
    taken to its last byte, as Docker does."""
    return project.environment.get(secret_variable(name)) or project.fact(file).text


def _fits(wanted: _Wanted, secret: tree.Mapping, parameter: Parameter, project: Project, ledger: Ledger) -> bool:
    """Whether what a secret holds now can be the value of a parameter; where nobody knows, it can."""
    file = secret.entries.get("file")
    fact = project.fact(file.text) if isinstance(file, tree.Scalar) else None
    elsewhere = "let the app read it from Secrets Manager or S3 itself"
    if parameter.value:
        size = len(parameter.value.encode())
    elif fact is None or fact.kind == "missing":
        return True
    elif fact.kind == "file" and (fact.size > LONGEST_VALUE or fact.size == 0):
        size = fact.size
    else:
        what = "no file" if fact.kind != "file" else "no text, or cannot be read"
        reason = f"the secret {wanted.name} is {what}; it reaches AWS as a stack parameter, which holds text"
        ledger.refuse(wanted.path, "secret-not-text", reason, f"give it as text (base64, say), or {elsewhere}")
        return False
    if 0 < size <= LONGEST_VALUE:
        return True
    ledger.refuse(
        wanted.path,
        "secret-too-long" if size else "secret-empty",
        f"the secret {wanted.name} has {size} bytes; it reaches AWS as a stack parameter, which holds from 1 to "
        f"{LONGEST_VALUE}",
        elsewhere if size else "leave it out, or fill it",
    )
    return False
