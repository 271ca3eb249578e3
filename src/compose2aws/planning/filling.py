"""Folders of the project that containers write to: their EFS folder begins with what the project has in it.

A first container of the task copies the files where the folder is still empty, so that later releases overwrite
nothing. Folders of more than 50 MiB or 1,000 files do not go into an image; a finding says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from compose2aws.compose.project import Project
from compose2aws.planning.identity import logical_id
from compose2aws.planning.image import BakedFile, helper_image, layered, platforms, target_name
from compose2aws.planning.model import (
    BuiltImage,
    Container,
    ContainerDependency,
    Logging,
    VolumeMount,
    named,
)
from compose2aws.planning.mount import Mounts
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
    seeds = tuple(BakedFile(f"{_SEEDS}/{number}", fill.source, folder=True) for number, fill in enumerate(mounts.fills))
    name = f"{service.name}/files"
    target = layered(target_name(name), f"docker-image://{helper_image()}", seeds, platforms(service), project)
    image = BuiltImage(name, logical_id(name, "Image"), target, (), service.path)
    steps = [
        f'if [ -z "$(ls -A {_FOLDERS}/{n})" ]; then cp -a {_SEEDS}/{n}/. {_FOLDERS}/{n}/; fi' for n in range(len(seeds))
    ]
    container = Container(
        name=f"{service.name}-files",
        image=image,
        logging=Logging(named("AWS::Logs::LogGroup", service.name, "LogGroup"), retention, f"{service.name}-files"),
        essential=False,
        entrypoint=(Text.of("sh"), Text.of("-ec")),
        command=(Text.of("\n".join(steps)),),
        mounts=tuple(VolumeMount(fill.volume, f"{_FOLDERS}/{number}") for number, fill in enumerate(mounts.fills)),
    )
    return Filling(container, image, (ContainerDependency(container.name, "SUCCESS"),))
