"""Compose `secrets:` of a service: files that a first container of the task writes from Secrets Manager.

Source: Compose Specification, "secrets"; the files stand at /run/secrets/NAME unless the service says where.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from compose2aws.compose import node as tree
from compose2aws.compose.project import Project
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.identity import ResourceId, first_container, logical_id, variable_id
from compose2aws.planning.image import helper_image, image_beside
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger, pointer
from compose2aws.planning.model import (
    Container,
    ContainerDependency,
    EnvironmentVariable,
    Logging,
    Parameter,
    RegistryImage,
    StoredSecret,
    TaskVolume,
    VolumeMount,
    named,
)
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values.parameter_book import LONGEST_VALUE, master_login


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """What the secrets of one service add to its task. `writer` runs first and ends."""

    writer: Container | None = None
    volumes: tuple[TaskVolume, ...] = ()
    mounts: tuple[VolumeMount, ...] = ()
    depends_on: tuple[ContainerDependency, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    secrets: tuple[StoredSecret, ...] = ()


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
    project: Project,
    passwords: Mapping[str, str],
    isolated: bool,
    retention: int,
    ledger: Ledger,
) -> SecretFiles:
    """Decide every entry of `secrets` of a service. `passwords` are the secrets that hold a managed service's; a
    service that is isolated from the internet has the writer's image in a repository of ours."""
    declared = project.root.get("secrets")
    parameters: dict[str, Parameter] = {}
    secrets: dict[str, StoredSecret] = {}
    variables: list[EnvironmentVariable] = []
    folders: dict[str, TaskVolume] = {}
    script: list[str] = []
    for index in range(len(service.items("secrets"))):
        name = service.text("secrets", index, "source") or ""
        secret = declared.get(name) if isinstance(declared, tree.Mapping) else None
        if not isinstance(secret, tree.Mapping):
            continue
        variable = f"SECRET_{index}"
        database = passwords.get(name)
        if database:
            login = master_login(project.root, database)
            variables.append(EnvironmentVariable(variable, Text.of(Hole("password", database)), login, "password"))
            _write_file(service, index, name, variable, folders, script, ledger, login, f"the password of {database}")
            continue
        parameter = _parameter(name, secret)
        size = _size(secret, project)
        if size is not None and not 0 < size <= LONGEST_VALUE:
            ledger.refuse(
                service.at("secrets", index),
                "secret-too-long" if size else "secret-empty",
                f"the secret {name} has {size} bytes; it reaches AWS as a stack parameter, which holds from 1 to "
                f"{LONGEST_VALUE}",
                "let the app read it from Secrets Manager or S3 itself" if size else "leave it out, or fill it",
            )
            continue
        stored = StoredSecret(
            ResourceId("AWS::SecretsManager::Secret", f"{parameter.name}Stored"),
            Text.of(Hole("secret-parameter", parameter.name)),
            f"The secret {name} of the compose file",
            source=("secrets", name),
        )
        parameters[parameter.name] = parameter
        secrets[stored.id.logical_id] = stored
        variables.append(EnvironmentVariable(variable, stored.text, stored.id))
        _write_file(
            service, index, name, variable, folders, script, ledger, stored.id, f"the parameter {parameter.name}"
        )
    if not script:
        return SecretFiles()
    mounts = tuple(VolumeMount(volume.name, folder) for folder, volume in folders.items())
    container_name = first_container("secrets", service.name)
    writer = Container(
        name=container_name,
        image=image_beside(service, "secrets", helper_image(), (), project)
        if isolated
        else RegistryImage(helper_image()),
        logging=Logging(named("AWS::Logs::LogGroup", service.identity, "LogGroup"), retention, container_name),
        essential=False,
        entrypoint=(Text.of("sh"), Text.of("-ec")),
        command=(Text.of(" && ".join(script)),),
        environment=tuple(variables),
        mounts=mounts,
    )
    return SecretFiles(
        writer,
        tuple(folders.values()),
        tuple(VolumeMount(m.volume, m.container_path, read_only=True) for m in mounts),
        (ContainerDependency(writer.name, "SUCCESS"),),
        tuple(parameters.values()),
        tuple(secrets.values()),
    )


def _write_file(
    service: ServiceSource,
    index: int,
    name: str,
    variable: str,
    folders: dict[str, TaskVolume],
    script: list[str],
    ledger: Ledger,
    secret: ResourceId,
    told: str,
) -> None:
    """Add what writes one secret's file, and decide it."""
    target = service.text("secrets", index, "target") or name
    if not target.startswith("/"):
        target = f"/run/secrets/{target}"
    folder = posixpath.dirname(target)
    folders[folder] = TaskVolume(logical_id(folder, "Stored"))
    if folder != "/run/secrets":
        reason = f"{folder} of {service.name} holds its secrets alone: what the image has there is hidden"
        ledger.find(
            "secret-hides-folder",
            "warning",
            reason,
            "let the app read it from /run/secrets",
            service.at("secrets", index),
        )
    mode = service.text("secrets", index, "mode") or "0444"
    script.append(f'printf %s "${variable}" > {_quote(target)} && chmod {mode[-4:]} {_quote(target)}')
    owner = service.text("secrets", index, "uid")
    if owner:
        script.append(f"chown {owner}:{service.text('secrets', index, 'gid') or owner} {_quote(target)}")
    reason = f"written to {target} before the container starts"
    ledger.record(service.at("secrets", index), "adapted", (secret, service.definition), reason=reason)
    ledger.record(("secrets", name), "adapted", secret, reason=f"filled from {told}")


def _size(secret: tree.Mapping, project: Project) -> int | None:
    """How many bytes a secret has now; None where nobody knows."""
    file, variable = secret.entries.get("file"), secret.entries.get("environment")
    if isinstance(file, tree.Scalar) and project.fact(file.text).kind == "file":
        return project.fact(file.text).size
    value = project.environment.get(variable.text) if isinstance(variable, tree.Scalar) else None
    return len(value.encode()) if value else None


def _parameter(name: str, secret: tree.Mapping) -> Parameter:
    variable = secret.entries.get("environment")
    file = secret.entries.get("file")
    if isinstance(variable, tree.Scalar):
        return Parameter(variable_id(variable.text), f"variable:{variable.text}", f"The secret {name}", secret=True)
    source = pointer(("secrets", name, "file")) if isinstance(file, tree.Scalar) else pointer(("secrets", name))
    kind = "file" if isinstance(file, tree.Scalar) else "external"
    return Parameter(logical_id(name, "SecretFile"), f"{kind}:{source}", f"The secret {name}", secret=True)


def _quote(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"
