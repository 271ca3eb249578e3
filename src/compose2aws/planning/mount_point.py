"""Where a container finds its files: what its mounts become, and the folders of the file system."""

from __future__ import annotations

import re
from dataclasses import dataclass

from compose2aws.compose.node import Path
from compose2aws.planning.identity import digest
from compose2aws.planning.layered_image import BakedFile
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import AccessPoint, TaskVolume, Tmpfs, VolumeMount
from compose2aws.planning.source import ServiceSource

# Amazon EFS API Reference, "RootDirectory": at most four folders deep, of which `/folders` is one.
_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Mounts:
    """What the mounts of one service become. `access_points` are the folders of the file system that it needs; `writes`
    says that it can write to one of them; `secrets` are the mounted files that a first container writes."""

    volumes: tuple[TaskVolume, ...] = ()
    mounts: tuple[VolumeMount, ...] = ()
    baked: tuple[BakedFile, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    fills: tuple[Fill, ...] = ()
    image_fills: tuple[VolumeMount, ...] = ()
    secrets: tuple[SecretMount, ...] = ()
    writes: bool = False


@dataclass(frozen=True, slots=True)
class SecretMount:
    """A file of the project that a container finds at `target`, and that is a secret: it is part of no image. `source`
    is absolute; `path` is its entry in the compose file."""

    target: str
    source: str
    path: Path
    mode: str = "0444"
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """A file or folder that is copied into one of the task's volumes: at `inside` of it, on every start; or, where that
    is None, a folder that the volume begins with."""

    file: BakedFile
    volume: str
    inside: str | None = None


@dataclass(slots=True)
class Collected:
    """The mounts of one service while they are decided."""

    volumes: dict[str, TaskVolume]
    mounts: list[VolumeMount]
    baked: list[BakedFile]
    tmpfs: list[Tmpfs]
    points: dict[str, AccessPoint]
    fills: list[Fill]
    image_fills: list[VolumeMount]
    secrets: list[SecretMount]
    writes: bool = False


def volume_key(name: str) -> AccessPoint:
    """The access point of a named volume."""
    return AccessPoint(name, f"/volumes/{_folder_name(name)}", ("volumes", name))


def folder_key(relative: str, source: tuple[str | int, ...]) -> AccessPoint:
    """The access point of a folder of the project that containers write to."""
    parts = [_folder_name(part) for part in relative.split("/")]
    # folders inside each other stay so on the file system, as far as its depth allows
    path = "/".join(parts) if len(parts) < _DEPTH else _folder_name(relative)
    return AccessPoint(f"./{relative}", f"/folders/{path}", source)


def _folder_name(name: str) -> str:
    """A name that EFS takes in a path (at most 100 characters in all: Amazon EFS User Guide, "Creating access
    points")."""
    cleaned = re.sub(r"[^A-Za-z0-9._-]", "-", name.replace("..", "up")).strip("-.") or "folder"
    return cleaned if cleaned == name and len(name) <= 60 else f"{cleaned[:50]}-{digest(name)}"


def mount_point(
    service: ServiceSource,
    point: AccessPoint,
    target: str,
    read_only: bool,
    ledger: Ledger,
    to: Collected,
    index: int,
    code: str = "",
    reason: str = "",
) -> None:
    """Mount a folder of the file system at `target`, and decide that entry of `volumes`."""
    name = point.id.logical_id
    to.points[name] = point
    to.volumes[name] = TaskVolume(name, access_point=point.id)
    subpath = service.text("volumes", index, "volume", "subpath")
    if subpath:
        ledger.refuse(
            service.at("volumes", index, "volume", "subpath"),
            "volume-subpath",
            "a part of a volume cannot be mounted alone yet",
            "mount the whole volume, or a volume of its own",
        )
    to.mounts.append(VolumeMount(name, target, read_only))
    to.writes = to.writes or not read_only
    definition = service.definition
    told = reason or "kept on EFS, encrypted"
    ledger.record(service.at("volumes", index), "adapted", (point.id, definition), code=code, reason=told)
