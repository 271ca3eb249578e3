"""Volumes that do not begin empty: a folder of the project begins with what the project has in it, and a volume over a
place that the image's build wrote to with what the image has there, as in Docker.

First containers of the task copy the files where the folder is still empty, so that later releases overwrite nothing.
Folders of more than 50 MiB or 1,000 files do not go into an image; a finding says so.
"""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass, replace

from compose2aws.compose.project import Project
from compose2aws.planning.identity import first_container
from compose2aws.planning.image import image_beside
from compose2aws.planning.layered_image import helper_image
from compose2aws.planning.model import (
    Container,
    ContainerDependency,
    Image,
    Logging,
    VolumeMount,
    named,
)
from compose2aws.planning.mount_point import Fill, Mounts
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.text import Text

_SEEDS = "/seeds"
_FOLDERS = "/folders"


@dataclass(frozen=True, slots=True)
class Filling:
    """The container that fills the folders of one service before it starts, and its image; None where there is
    nothing to fill."""

    containers: tuple[Container, ...] = ()

    @property
    def depends_on(self) -> tuple[ContainerDependency, ...]:
        """What the service's own container waits for."""
        return tuple(ContainerDependency(container.name, "SUCCESS") for container in self.containers)


def plan_filling(service: ServiceSource, mounts: Mounts, image: Image, project: Project, retention: int) -> Filling:
    """What fills the folders of the project that the service writes to (`mounts.fills`), and the volumes that Docker
    would begin with what the image has there (`mounts.image_fills`)."""
    made: list[Container] = []
    if mounts.image_fills:
        made.append(_from_image(service, mounts, image, retention))
    if mounts.fills:
        made.append(_from_project(service, mounts, project, retention))
    return Filling(tuple(made))


def _from_image(service: ServiceSource, mounts: Mounts, image: Image, retention: int) -> Container:
    """The service's own image, as root, copies from where the volumes will lie over it."""
    name = first_container("volumes", service.name)
    folders = [f"{_FOLDERS}/{number}" for number in range(len(mounts.image_fills))]
    steps = [
        f'if [ -z "$(ls -A {folder})" ] && [ -d {shlex.quote(mount.container_path)} ]; '
        f"then cp -a {shlex.quote(mount.container_path)}/. {folder}/; fi"
        for folder, mount in zip(folders, mounts.image_fills, strict=True)
    ]
    return Container(
        name=name,
        image=image,
        logging=Logging(named("AWS::Logs::LogGroup", service.identity, "LogGroup"), retention, name),
        essential=False,
        entrypoint=(Text.of("sh"), Text.of("-ec")),
        command=(Text.of("\n".join(steps)),),
        user="0",
        mounts=tuple(VolumeMount(m.volume, f) for m, f in zip(mounts.image_fills, folders, strict=True)),
    )


def _from_project(service: ServiceSource, mounts: Mounts, project: Project, retention: int) -> Container:
    seeds = tuple(replace(fill.file, target=f"{_SEEDS}/{number}") for number, fill in enumerate(mounts.fills))
    image = image_beside(service, "files", helper_image(), seeds, project)
    steps = [_step(number, fill) for number, fill in enumerate(mounts.fills)]
    container_name = first_container("files", service.name)
    return Container(
        name=container_name,
        image=image,
        logging=Logging(named("AWS::Logs::LogGroup", service.identity, "LogGroup"), retention, container_name),
        essential=False,
        entrypoint=(Text.of("sh"), Text.of("-ec")),
        command=(Text.of("\n".join(steps)),),
        mounts=tuple(VolumeMount(fill.volume, f"{_FOLDERS}/{number}") for number, fill in enumerate(mounts.fills)),
    )


def _step(number: int, fill: Fill) -> str:
    seed, folder = f"{_SEEDS}/{number}", f"{_FOLDERS}/{number}"
    if fill.inside is None:
        return f'if [ -z "$(ls -A {folder})" ]; then cp -a {seed}/. {folder}/; fi'
    place = shlex.quote(posixpath.join(folder, fill.inside))
    if fill.file.folder:
        return f"mkdir -p {place} && cp -a {seed}/. {place}/"
    return f"mkdir -p {shlex.quote(posixpath.dirname(posixpath.join(folder, fill.inside)))} && cp -a {seed} {place}"
