"""Files of the project that belong into volumes, which a first container of the task copies there.

A folder that containers write to begins with what the project has in it: it is filled where it is still empty, so that
later releases overwrite nothing. A single file that is mounted inside a volume is copied on every start, as Docker
would mount it. Folders of more than 50 MiB or 1,000 files do not go into an image; a finding says so.
"""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass, replace

from compose2aws.compose.project import Project
from compose2aws.planning.identity import first_container, logical_id
from compose2aws.planning.image import helper_image, layered, platforms, target_name
from compose2aws.planning.model import (
    BuiltImage,
    Container,
    ContainerDependency,
    Logging,
    VolumeMount,
    named,
)
from compose2aws.planning.mount import Fill, Mounts
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.text import Text

_SEEDS = "/seeds"
_FOLDERS = "/folders"


@dataclass(frozen=True, slots=True)
class Filling:
    """The container that fills the folders of one service before it starts, and its image; None where there is
    nothing to fill."""

    container: Container | None = None
    image: BuiltImage | None = None
    depends_on: tuple[ContainerDependency, ...] = ()


def plan_filling(service: ServiceSource, mounts: Mounts, project: Project, retention: int) -> Filling:
    """`mounts.fills` are the folders, each with the volume that it fills."""
    if not mounts.fills:
        return Filling()
    seeds = tuple(replace(fill.file, target=f"{_SEEDS}/{number}") for number, fill in enumerate(mounts.fills))
    name = f"{service.name}/files"
    target = layered(target_name(name), f"docker-image://{helper_image()}", seeds, platforms(service), project)
    image = BuiltImage(name, logical_id(name, "Image"), target, (), service.path)
    steps = [_step(number, fill) for number, fill in enumerate(mounts.fills)]
    container_name = first_container("files", service.name)
    container = Container(
        name=container_name,
        image=image,
        logging=Logging(named("AWS::Logs::LogGroup", service.name, "LogGroup"), retention, container_name),
        essential=False,
        entrypoint=(Text.of("sh"), Text.of("-ec")),
        command=(Text.of("\n".join(steps)),),
        mounts=tuple(VolumeMount(fill.volume, f"{_FOLDERS}/{number}") for number, fill in enumerate(mounts.fills)),
    )
    return Filling(container, image, (ContainerDependency(container.name, "SUCCESS"),))


def _step(number: int, fill: Fill) -> str:
    seed, folder = f"{_SEEDS}/{number}", f"{_FOLDERS}/{number}"
    if fill.inside is None:
        return f'if [ -z "$(ls -A {folder})" ]; then cp -a {seed}/. {folder}/; fi'
    place = shlex.quote(posixpath.join(folder, fill.inside))
    if fill.file.folder:
        return f"mkdir -p {place} && cp -a {seed}/. {place}/"
    return f"mkdir -p {shlex.quote(posixpath.dirname(posixpath.join(folder, fill.inside)))} && cp -a {seed} {place}"
