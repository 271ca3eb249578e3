"""Images, how they are built, and the file system that stands for volumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model.base import OfService, named, singleton


@dataclass(frozen=True, slots=True)
class RegistryImage:
    """An image of a public registry, or of a private one with the ARN of the secret that holds the login."""

    reference: str
    credentials: str | None = None


@dataclass(frozen=True, slots=True)
class BakeTarget:
    """A target of the bake file: `docker buildx bake` builds it from the project's folder.

    `contexts` names further contexts: a folder relative to the project, `target:NAME` or `docker-image://REFERENCE`.
    `arguments` whose value is None come from the environment of the build; `variables` are the environment variables
    that the arguments interpolate (`${NAME}`), each with its default (secrets are only named, never written).
    `ulimits` are written `nofile=1024:2048`; `entitlements` are what the builder must be started with.
    """

    name: str
    context: str
    dockerfile: str | None = None
    dockerfile_inline: str | None = None
    stage: str | None = None
    arguments: tuple[tuple[str, str | None], ...] = ()
    contexts: tuple[tuple[str, str], ...] = ()
    platforms: tuple[str, ...] = ("linux/amd64",)
    secrets: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    no_cache: bool = False
    pull: bool = False
    network: str | None = None
    shared_memory: str | None = None
    hosts: tuple[tuple[str, str], ...] = ()
    ulimits: tuple[str, ...] = ()
    entitlements: tuple[str, ...] = ()
    uncached_stages: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BuiltImage(OfService):
    """An image that the bake file builds and a repository of ours holds; the app takes it by digest as `parameter`.

    `target` is the target that is pushed; `intermediate` are those that it is built on and that are not pushed.
    """

    service: str
    parameter: str
    target: BakeTarget
    intermediate: tuple[BakeTarget, ...] = ()
    source: Path = ()
    was: str | None = None

    @property
    def repository(self) -> ResourceId:
        return named("AWS::ECR::Repository", self.identity, "Repository")


Image: TypeAlias = RegistryImage | BuiltImage


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """A folder of the project's file system that stands for a volume. `path` is absolute inside the file system."""

    volume: str
    path: str
    source: Path = ()

    @property
    def id(self) -> ResourceId:
        return named("AWS::EFS::AccessPoint", self.volume, "AccessPoint")


@dataclass(frozen=True, slots=True)
class FileSystem:
    """The project's EFS file system: there where a container has a volume."""

    access_points: tuple[AccessPoint, ...]
    security_group: ResourceId
    backups: bool

    @property
    def id(self) -> ResourceId:
        return singleton("AWS::EFS::FileSystem", "ElasticFileSystem")
