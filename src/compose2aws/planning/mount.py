"""Mounts of a container: volumes and folders on EFS, files baked into the image, and what Fargate cannot mount.

Sources: Compose Specification, "volumes"; Amazon ECS Developer Guide, "Storage options for Amazon ECS tasks".
"""

from __future__ import annotations

from compose2aws.compose.node import Mapping, Scalar, find
from compose2aws.compose.project import Project
from compose2aws.planning.bind_mount import SOCKET, is_dependencies, plan_bind
from compose2aws.planning.config_file import plan_config
from compose2aws.planning.dockerfile import is_under, read_dockerfile
from compose2aws.planning.identity import digest
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import TaskVolume, Tmpfs, VolumeMount
from compose2aws.planning.mount_point import Collected, Fill, Mounts, mount_point, volume_key
from compose2aws.planning.mounted_file import keep_secret
from compose2aws.planning.source import ServiceSource

_TMPFS_MIB = 256


def plan_mounts(service: ServiceSource, project: Project, ledger: Ledger) -> Mounts:
    """Decide every entry of `volumes`, `tmpfs`, `shm_size` and `configs` of a service."""
    collected = Collected({}, [], [], [], {}, [], [], [])
    for index, node in enumerate(service.items("volumes")):
        if isinstance(node, Mapping):
            _plan_mount(service, index, project, ledger, collected)
    if service.flag("use_api_socket"):
        name = f"host-{digest(SOCKET)}"
        collected.volumes[name] = TaskVolume(name, host_path=SOCKET)
        collected.mounts.append(VolumeMount(name, SOCKET))
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
        tuple(collected.secrets),
        collected.writes,
    )


def _lay_into_volumes(to: Collected, ledger: Ledger) -> None:
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


def _plan_mount(service: ServiceSource, index: int, project: Project, ledger: Ledger, to: Collected) -> None:
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
    elif kind == "volume" and is_dependencies(service, target, project):
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
        mount_point(service, point, target, read_only, ledger, to, index, reason=reason)
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
        plan_bind(service, index, source or "", target, read_only, project, ledger, to)
    else:
        ledger.refuse(path, "mount-type", f"mounts of type {kind} have no counterpart on Fargate", "use a named volume")


def _in_memory(volume: str, project: Project) -> str | None:
    """The mount options of a volume that the local driver keeps in memory (docker volume create, "Driver-specific
    options"); None of any other."""
    kind, options = (find(project.root, ("volumes", volume, "driver_opts", key)) for key in ("type", "o"))
    if not isinstance(kind, Scalar) or kind.text != "tmpfs":
        return None
    return options.text if isinstance(options, Scalar) else ""


def _plan_memory(service: ServiceSource, index: int, target: str, options: str, ledger: Ledger, to: Collected) -> None:
    size = next((o.removeprefix("size=") for o in options.split(",") if o.startswith("size=")), None)
    kept = tuple(o for o in options.split(",") if o and not o.startswith("size="))
    to.tmpfs.append(Tmpfs(target, _size(size) or _TMPFS_MIB, kept))
    reason = "in memory, as its options say; each container has its own"
    ledger.record(service.at("volumes", index), "translated", service.definition, reason=reason)
    ledger.record(("volumes", service.text("volumes", index, "source") or ""), "translated", service.definition)


def _plan_tmpfs(service: ServiceSource, ledger: Ledger, to: Collected) -> None:
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


def _plan_configs(service: ServiceSource, project: Project, ledger: Ledger, to: Collected) -> None:
    for index in range(len(service.items("configs"))):
        file = plan_config(service, index, project, ledger)
        if file is None:
            continue
        path = service.at("configs", index)
        secret = file.source is not None and keep_secret(
            service, path, file.source, file.target, True, project, ledger, to, file.mode
        )
        if not secret:
            to.baked.append(file)
            reason = f"copied into the image at {file.target}"
            ledger.record(path, "adapted", service.definition, code="files-baked", reason=reason)
