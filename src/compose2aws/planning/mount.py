"""Mounts of a container: volumes and folders on EFS, files baked into the image, and what Fargate cannot mount.

Sources: Compose Specification, "volumes"; Amazon ECS Developer Guide, "Storage options for Amazon ECS tasks".
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from compose2aws.compose.node import Mapping, Scalar, find
from compose2aws.compose.project import FileFact, Project
from compose2aws.planning.config_file import plan_config
from compose2aws.planning.dockerfile import is_under, read_dockerfile
from compose2aws.planning.hosting import is_docker_socket, is_host_path, is_shared_with_siblings
from compose2aws.planning.identity import digest
from compose2aws.planning.image import BakedFile
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import AccessPoint, TaskVolume, Tmpfs, VolumeMount
from compose2aws.planning.source import ServiceSource

# A baked folder is copied into every image of the service.
_BAKED_FILES = 1_000
_BAKED_BYTES = 50 * 1024 * 1024
_TMPFS_MIB = 256
_SOCKET = "/var/run/docker.sock"
# How many folders above the project's a file may stand to be part of an image.
_FARTHEST = 2
# Where package managers and builds put what can be made again.
_DEPENDENCY_FOLDERS = frozenset(
    (
        "node_modules",
        "vendor",
        ".venv",
        "venv",
        "target",
        "dist",
        "build",
        ".next",
        ".nuxt",
        "bower_components",
        "__pycache__",
    )
)
# Amazon EFS API Reference, "RootDirectory": at most four folders deep, of which `/folders` is one.
_DEPTH = 4

_TIME_FILES = frozenset(("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"))


@dataclass(frozen=True, slots=True)
class Mounts:
    """What the mounts of one service become. `access_points` are the folders of the file system that it needs; `writes`
    says that it can write to one of them."""

    volumes: tuple[TaskVolume, ...] = ()
    mounts: tuple[VolumeMount, ...] = ()
    baked: tuple[BakedFile, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    fills: tuple[Fill, ...] = ()
    image_fills: tuple[VolumeMount, ...] = ()
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """A file or folder that is copied into one of the task's volumes: at `inside` of it, on every start; or, where that
    is None, a folder that the volume begins with."""

    file: BakedFile
    volume: str
    inside: str | None = None


@dataclass(slots=True)
class _Collected:
    volumes: dict[str, TaskVolume]
    mounts: list[VolumeMount]
    baked: list[BakedFile]
    tmpfs: list[Tmpfs]
    points: dict[str, AccessPoint]
    fills: list[Fill]
    image_fills: list[VolumeMount]
    writes: bool = False


def plan_mounts(service: ServiceSource, project: Project, ledger: Ledger) -> Mounts:
    """Decide every entry of `volumes`, `tmpfs`, `shm_size` and `configs` of a service."""
    collected = _Collected({}, [], [], [], {}, [], [])
    for index, node in enumerate(service.items("volumes")):
        if isinstance(node, Mapping):
            _plan_mount(service, index, project, ledger, collected)
    if service.flag("use_api_socket"):
        name = f"host-{digest(_SOCKET)}"
        collected.volumes[name] = TaskVolume(name, host_path=_SOCKET)
        collected.mounts.append(VolumeMount(name, _SOCKET))
    _plan_tmpfs(service, ledger, collected)
    _plan_configs(service, project, ledger, collected)
    _lay_into_volumes(collected, ledger)
    return Mounts(
        tuple(collected.volumes.values()),
        tuple(collected.mounts),
        tuple(collected.baked),
        tuple(collected.tmpfs),
        tuple(collected.points.values()),
        tuple(collected.fills),
        tuple(collected.image_fills),
        collected.writes,
    )


def _lay_into_volumes(to: _Collected, ledger: Ledger) -> None:
    """Files whose place is inside a volume: in the image the volume would hide them."""
    for file in list(to.baked):
        over = [
            m
            for m in to.mounts
            if m.volume in to.points and f"{file.target}/".startswith(f"{m.container_path.rstrip('/')}/")
        ]
        if not over:
            continue
        mount = max(over, key=lambda m: len(m.container_path))
        to.baked.remove(file)
        to.fills.append(Fill(file, mount.volume, file.target.removeprefix(mount.container_path).strip("/")))
        reason = (
            f"The volume at {mount.container_path} would hide it there, so a first container lays it into the volume."
        )
        ledger.record(file.path, "adapted", code="files-baked", reason=reason)


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


def _plan_mount(service: ServiceSource, index: int, project: Project, ledger: Ledger, to: _Collected) -> None:
    kind = service.text("volumes", index, "type") or "volume"
    source = service.text("volumes", index, "source")
    target = service.text("volumes", index, "target") or ""
    path = service.at("volumes", index)
    read_only = service.flag("volumes", index, "read_only")
    definition = service.definition
    if not target.startswith("/"):
        ledger.refuse(path, "invalid-mount", f"the mount's target {target!r} is not an absolute path in a container")
    elif kind == "volume" and source is None:
        ledger.record(
            path,
            "inert",
            definition,
            code="anonymous-volume",
            reason="an anonymous volume: the image's own content stays, and is gone with the task",
        )
    elif kind == "volume" and (options := _in_memory(source or "", project)) is not None:
        _plan_memory(service, index, target, options, ledger, to)
    elif kind == "volume" and _is_dependencies(service, target, project):
        reason = f"a volume over what the image's build put at {target}: the image has it"
        ledger.record(path, "adapted", definition, code="dependency-volume", reason=reason)
    elif kind == "volume":
        point = volume_key(source or "")
        dockerfile = read_dockerfile(service, project)
        if dockerfile and dockerfile.has_shell and is_under(target, dockerfile.written_to):
            to.image_fills.append(VolumeMount(point.id.logical_id, target))
            reason = "kept on EFS, encrypted; it begins with what the image has there"
        else:
            reason = "kept on EFS, encrypted; it begins empty"
        _mount_point(service, point, target, read_only, ledger, to, index, reason=reason)
    elif kind == "tmpfs":
        size = service.whole("volumes", index, "tmpfs", "size")
        to.tmpfs.append(Tmpfs(target, -(-size // 1024**2) if size else _TMPFS_MIB))
        ledger.record(
            path,
            "translated" if size else "adapted",
            definition,
            reason="" if size else f"in memory, {_TMPFS_MIB} MiB: Fargate wants a size",
        )
    elif kind == "bind":
        _plan_bind(service, index, source or "", target, read_only, project, ledger, to)
    else:
        ledger.refuse(path, "mount-type", f"mounts of type {kind} have no counterpart on Fargate", "use a named volume")


def _in_memory(volume: str, project: Project) -> str | None:
    """The mount options of a volume that the local driver keeps in memory (docker volume create, "Driver-specific
    options"); None of any other."""
    kind, options = (find(project.root, ("volumes", volume, "driver_opts", key)) for key in ("type", "o"))
    if not isinstance(kind, Scalar) or kind.text != "tmpfs":
        return None
    return options.text if isinstance(options, Scalar) else ""


def _plan_memory(service: ServiceSource, index: int, target: str, options: str, ledger: Ledger, to: _Collected) -> None:
    size = next((o.removeprefix("size=") for o in options.split(",") if o.startswith("size=")), None)
    kept = tuple(o for o in options.split(",") if o and not o.startswith("size="))
    to.tmpfs.append(Tmpfs(target, _size(size) or _TMPFS_MIB, kept))
    reason = "in memory, as its options say; each container has its own"
    ledger.record(service.at("volumes", index), "translated", service.definition, reason=reason)
    ledger.record(("volumes", service.text("volumes", index, "source") or ""), "translated", service.definition)


def _mount_point(
    service: ServiceSource,
    point: AccessPoint,
    target: str,
    read_only: bool,
    ledger: Ledger,
    to: _Collected,
    index: int,
    code: str = "",
    reason: str = "",
) -> None:
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


def _plan_bind(
    service: ServiceSource,
    index: int,
    source: str,
    target: str,
    read_only: bool,
    project: Project,
    ledger: Ledger,
    to: _Collected,
) -> None:
    path = service.at("volumes", index)
    fact = project.fact(source)
    relative = posixpath.relpath(source, project.folder)
    shown = source if relative.startswith("../../") else relative
    definition = service.definition
    if source in _TIME_FILES or target in _TIME_FILES:
        ledger.drop(path, "time-zone-file", f"{target} is not mounted: tasks run in UTC", "set the variable TZ")
    elif is_host_path(source, project):
        name = f"host-{digest(source)}"
        place = _SOCKET if is_docker_socket(source) else source
        to.volumes[name] = TaskVolume(name, host_path=place)
        to.mounts.append(VolumeMount(name, target, read_only))
        ledger.record(path, "adapted", definition, code="host-path", reason=f"{place} of the instance that it runs on")
    elif is_shared_with_siblings(service, index, project):
        name = f"host-{digest(source)}"
        to.volumes[name] = TaskVolume(name, host_path=source)
        to.mounts.append(VolumeMount(name, target, read_only))
        ledger.record(path, "adapted", definition, code="host-path", reason=f"{source} of the instance it runs on")
        ledger.find(
            "shared-host-folder",
            "warning",
            f"{source} of {service.name} is a folder of its instance, where the containers that it starts through the "
            "Docker socket find it too: it begins empty, and is gone with the instance",
            "keep what must last in a volume of its own",
            path,
        )
    elif _is_code(service, source, target, project):
        ledger.record(
            path,
            "dropped",
            code="live-reload-mount",
            reason=f"a mount of the code over the code: the image has it at {target}",
        )
        ledger.find(
            "live-reload-mount", "note", f"{relative} is not mounted over {target}: the image has the code", "", path
        )
    elif fact.kind in ("file", "folder") and _is_private(relative):
        reason = f"{shown} is outside of the project, in a place for what is private: it is not taken to AWS"
        ledger.drop(path, "private-file", reason, "give the app what it needs as a secret")
    elif fact.kind == "file":
        to.baked.append(BakedFile(target, source, path=path))
        ledger.record(
            path,
            "adapted",
            definition,
            code="files-baked",
            reason=f"copied into the image at {target}: ECS mounts no single file",
        )
        if not read_only and _looks_like_data(source):
            ledger.find(
                "baked-file-written",
                "warning",
                f"{shown} is part of the image on AWS: what {service.name} writes to it is gone with the task",
                "keep data in a named volume",
                path,
            )
    elif (
        fact.kind == "folder"
        and fact.size <= _BAKED_BYTES
        and len(fact.entries) < _BAKED_FILES
        and (read_only or _only_configuration(fact))
    ):
        to.baked.append(BakedFile(target, source, folder=True, path=path))
        ledger.record(
            path,
            "adapted",
            definition,
            code="files-baked",
            reason=f"copied into the image at {target}",
        )
    elif fact.kind in ("socket", "other"):
        reason = f"{shown} is neither a file nor a folder, so it cannot be taken to AWS"
        ledger.refuse(path, "special-file", reason, "take the mount away with `!override` in compose.aws.yaml")
    elif fact.kind == "missing" and _names_a_file(source, target):
        reason = f"{shown} does not exist, and its name is a file's: nothing is mounted at {target}"
        ledger.record(path, "dropped", code="missing-file", reason=reason)
        ledger.find("missing-file", "error", reason, "add the file, or take the mount away", path)
    else:
        _plan_folder(service, index, fact, source, _identity(source, project), target, read_only, ledger, to)


def _plan_folder(
    service: ServiceSource,
    index: int,
    fact: FileFact,
    source: str,
    relative: str,
    target: str,
    read_only: bool,
    ledger: Ledger,
    to: _Collected,
) -> None:
    path = service.at("volumes", index)
    shown = source if relative.startswith("../../") else relative
    point = folder_key(relative, path)
    reason = "a folder that the container writes to: kept on EFS, encrypted"
    _mount_point(service, point, target, read_only, ledger, to, index, "folder-on-efs", reason)
    if fact.kind == "folder" and fact.entries and fact.size <= _BAKED_BYTES and len(fact.entries) < _BAKED_FILES:
        to.fills.append(Fill(BakedFile(target, source, folder=True, path=path), point.id.logical_id))
        message = f"{shown} is an EFS folder on AWS; it begins with the {len(fact.entries)} files that are in it here"
        ledger.find("folder-copied-once", "note", message, "", path)
    elif fact.kind == "folder" and fact.entries:
        ledger.find(
            "folder-not-copied",
            "warning",
            f"{shown} is an EFS folder on AWS; it holds too much to be part of an image, so it begins empty there",
            "copy its files once, with a task that mounts it or with AWS DataSync",
            path,
        )
    else:
        ledger.find("folder-starts-empty", "note", f"{shown} is an empty EFS folder on AWS at first", "", path)


def _identity(source: str, project: Project) -> str:
    """What a folder is called wherever the project lies: its path from the project's folder. One that shares no parent
    with the project was written as an absolute path, and is called so."""
    together = posixpath.commonpath([source, project.folder]) != "/"
    return posixpath.relpath(source, project.folder) if together else source


def _is_private(relative: str) -> bool:
    """Whether a path leads out of the project to somewhere that is not beside it (`../shared` is), or to a hidden
    folder there (`~/.ssh`): its content belongs to this machine, not to an image."""
    parts = relative.split("/")
    up = parts.count("..")
    return up > _FARTHEST or (up > 0 and any(part.startswith(".") for part in parts[up:]))


def _only_configuration(fact: FileFact) -> bool:
    """A folder of configuration files that an app has no reason to write to."""
    endings = (
        ".conf",
        ".cnf",
        ".cfg",
        ".ini",
        ".toml",
        ".yaml",
        ".yml",
        ".json",
        ".properties",
        ".xml",
        ".template",
        ".html",
        ".css",
        ".js",
        ".lua",
        ".tmpl",
        ".sql",
        ".sh",
        ".crt",
        ".pem",
        ".env",
    )
    return bool(fact.entries) and all(name.endswith(endings) for name in fact.entries)


def _looks_like_data(source: str) -> bool:
    return source.endswith((".db", ".sqlite", ".sqlite3", ".log", "acme.json", ".jsonl"))


def _names_a_file(source: str, target: str) -> bool:
    name = posixpath.basename(source.rstrip("/"))
    ending = re.search(r"[^.]\.[A-Za-z][A-Za-z0-9]{0,9}$", name)
    folder = re.search(r"\.(d|data|config|local|cache|git|io|com|net|org)$", name)
    same = posixpath.basename(target) == name or "." in posixpath.basename(target)
    return bool(ending) and not folder and not source.endswith("/") and same


def _is_dependencies(service: ServiceSource, target: str, project: Project) -> bool:
    """Whether a volume keeps a folder of installed packages out of reach of a live-reload mount: without that mount it
    would lay an old copy over the image's."""
    if posixpath.basename(target.rstrip("/")) not in _DEPENDENCY_FOLDERS or "build" not in service.node:
        return False
    for index in range(len(service.items("volumes"))):
        over = (service.text("volumes", index, "target") or "").rstrip("/")
        source = service.text("volumes", index, "source") or ""
        if service.text("volumes", index, "type") == "bind" and target.startswith(over + "/"):
            return _is_code(service, source, over, project)
    return False


def _is_code(service: ServiceSource, source: str, target: str, project: Project) -> bool:
    """Whether a mount lays the project's code over the code that the image's build copied there."""
    context = service.text("build", "context")
    if context is None or not (source == context or source.startswith(context.rstrip("/") + "/")):
        return False
    dockerfile = read_dockerfile(service, project)
    return dockerfile is None or is_under(target, dockerfile.copied_to)


def _plan_tmpfs(service: ServiceSource, ledger: Ledger, to: _Collected) -> None:
    definition = service.definition
    for index, text in enumerate(service.texts("tmpfs")):
        place, _, options = text.partition(":")
        size = next((o.removeprefix("size=") for o in options.split(",") if o.startswith("size=")), None)
        kept = tuple(o for o in options.split(",") if o and not o.startswith("size="))
        to.tmpfs.append(Tmpfs(place, _size(size) or _TMPFS_MIB, kept))
        reason = "" if size else f"{_TMPFS_MIB} MiB: Fargate wants a size"
        ledger.record(service.at("tmpfs", index), "translated" if size else "adapted", definition, reason=reason)
    shared = service.whole("shm_size")
    if shared:
        to.tmpfs.append(Tmpfs("/dev/shm", -(-shared // 1024**2)))  # noqa: S108 - the container's
        ledger.record(service.at("shm_size"), "adapted", definition, reason="a tmpfs at /dev/shm")


def _size(text: str | None) -> int | None:
    from compose2aws.planning.settings import mebibytes  # noqa: PLC0415

    return mebibytes(text) if text else None


def _plan_configs(service: ServiceSource, project: Project, ledger: Ledger, to: _Collected) -> None:
    for index in range(len(service.items("configs"))):
        file = plan_config(service, index, project, ledger)
        if file is not None:
            to.baked.append(file)
            reason = f"copied into the image at {file.target}"
            path = service.at("configs", index)
            ledger.record(path, "adapted", service.definition, code="files-baked", reason=reason)
