"""Compose `secrets:` of a service: files that a first container of the task writes from Secrets Manager.

Source: Compose Specification, "secrets"; the files stand at /run/secrets/NAME unless the service says where.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from compose2aws.compose.node import Mapping, Scalar
from compose2aws.compose.project import Project
from compose2aws.planning.identity import ResourceId, logical_id, variable_id
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

_WRITER_IMAGE = "public.ecr.aws/docker/library/busybox:1.37"


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """What the secrets of one service add to its task. `writer` runs first and ends."""

    writer: Container | None = None
    volumes: tuple[TaskVolume, ...] = ()
    mounts: tuple[VolumeMount, ...] = ()
    depends_on: tuple[ContainerDependency, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    secrets: tuple[StoredSecret, ...] = ()


def plan_secret_files(service: ServiceSource, project: Project, retention: int, ledger: Ledger) -> SecretFiles:
    """Decide every entry of `secrets` of a service."""
    declared = project.root.get("secrets")
    definition = service.definition
    parameters: dict[str, Parameter] = {}
    secrets: dict[str, StoredSecret] = {}
    variables: list[EnvironmentVariable] = []
    folders: dict[str, TaskVolume] = {}
    script: list[str] = []
    for index in range(len(service.items("secrets"))):
        name = service.text("secrets", index, "source") or ""
        secret = declared.get(name) if isinstance(declared, Mapping) else None
        if not isinstance(secret, Mapping):
            continue
        parameter = _parameter(name, secret)
        stored = StoredSecret(
            ResourceId("AWS::SecretsManager::Secret", f"{parameter.name}Stored"),
            Text.of(Hole("secret-parameter", parameter.name)),
            f"The secret {name} of the compose file",
            source=("secrets", name),
        )
        parameters[parameter.name] = parameter
        secrets[stored.id.logical_id] = stored
        target = service.text("secrets", index, "target") or name
        if not target.startswith("/"):
            target = f"/run/secrets/{target}"
        folder = posixpath.dirname(target)
        volume = logical_id(folder, "Stored")
        folders[folder] = TaskVolume(volume)
        variable = f"SECRET_{index}"
        variables.append(EnvironmentVariable(variable, stored.text, stored.id))
        mode = service.text("secrets", index, "mode") or "0444"
        script.append(f'printf %s "${variable}" > {_quote(target)} && chmod {mode[-4:]} {_quote(target)}')
        owner = service.text("secrets", index, "uid")
        if owner:
            script.append(f"chown {owner}:{service.text('secrets', index, 'gid') or owner} {_quote(target)}")
        made = (stored.id, definition)
        ledger.record(
            service.at("secrets", index), "adapted", made, reason=f"written to {target} before the container starts"
        )
        ledger.record(("secrets", name), "adapted", stored.id, reason=f"asked for as the parameter {parameter.name}")
    if not script:
        return SecretFiles()
    mounts = tuple(VolumeMount(volume.name, folder) for folder, volume in folders.items())
    writer = Container(
        name=f"{service.name}-secrets",
        image=RegistryImage(_WRITER_IMAGE),
        logging=Logging(named("AWS::Logs::LogGroup", service.name, "LogGroup"), retention, f"{service.name}-secrets"),
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


def _parameter(name: str, secret: Mapping) -> Parameter:
    variable = secret.entries.get("environment")
    file = secret.entries.get("file")
    if isinstance(variable, Scalar):
        return Parameter(variable_id(variable.text), f"variable:{variable.text}", f"The secret {name}", secret=True)
    source = pointer(("secrets", name, "file")) if isinstance(file, Scalar) else pointer(("secrets", name))
    kind = "file" if isinstance(file, Scalar) else "external"
    return Parameter(logical_id(name, "SecretFile"), f"{kind}:{source}", f"The secret {name}", secret=True)


def _quote(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"
