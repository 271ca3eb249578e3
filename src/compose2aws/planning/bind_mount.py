"""Folders and files of the project, or of its host, in a container: baked into the image, kept on EFS, or not mounted.

Sources: Compose Specification, "volumes"; Amazon ECS Developer Guide, "Storage options for Amazon ECS tasks".
"""

from __future__ import annotations

import posixpath
import re

from compose2aws.compose.node import Path
from compose2aws.compose.project import FileFact, Project
from compose2aws.planning.dockerfile import is_under, read_dockerfile
from compose2aws.planning.hosting import is_docker_socket, is_host_path, is_shared_with_siblings
from compose2aws.planning.identity import digest
from compose2aws.planning.layered_image import BakedFile
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import TaskVolume, VolumeMount
from compose2aws.planning.mount_point import Collected, Fill, folder_key, mount_point
from compose2aws.planning.mounted_file import keep_secret, secrets_apart, tell_of_seeds
from compose2aws.planning.private_file import secret_by_name
from compose2aws.planning.project_path import project_path
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.source_folder import holds_source, is_inside, left_out, looks_like_source

# A baked folder is copied into every image of the service.
_BAKED_FILES = 1_000
_BAKED_BYTES = 50 * 1024 * 1024

# Names that mean themselves among the patterns of COPY --exclude.
_PATTERN = re.compile(r"[\w./@+-]+")
_NAMED = 3

SOCKET = "/var/run/docker.sock"
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

_TIME_FILES = frozenset(("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"))


def plan_bind(
    service: ServiceSource,
    index: int,
    source: str,
    target: str,
    read_only: bool,
    project: Project,
    ledger: Ledger,
    to: Collected,
) -> None:
    """Decide a mount of a file or folder: `source` is absolute, and `target` where the container finds it."""
    path = service.at("volumes", index)
    fact = project.fact(source)
    relative = posixpath.relpath(source, project.folder)
    shown = source if relative.startswith("../../") else relative
    definition = service.definition
    if source in _TIME_FILES or target in _TIME_FILES:
        ledger.drop(path, "time-zone-file", f"{target} is not mounted: tasks run in UTC", "set the variable TZ")
    elif is_host_path(source, project):
        name = f"host-{digest(source)}"
        place = SOCKET if is_docker_socket(source) else source
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
    elif (fact.kind in ("file", "folder") or secret_by_name(source)) and _is_private(relative):
        reason = f"{shown} is outside of the project, in a place for what is private: it is not taken to AWS"
        ledger.drop(path, "private-file", reason, "give the app what it needs as a secret")
    elif fact.kind in ("file", "missing") and keep_secret(
        service, path, source, target, read_only, project, ledger, to
    ):
        pass
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
    elif fact.kind == "folder" and holds_source(source, project):
        _bake_source(service, path, source, target, read_only, project, ledger, to)
    elif (
        fact.kind == "folder"
        and fact.size <= _BAKED_BYTES
        and len(fact.entries) < _BAKED_FILES
        and (read_only or _only_configuration(fact))
    ):
        apart = secrets_apart(service, path, source, target, read_only, project, ledger, to)
        to.baked.append(BakedFile(target, source, folder=True, path=path, without=apart))
        but = f", but for {', '.join(apart)}, which Secrets Manager keeps:" if apart else ""
        ledger.record(path, "adapted", definition, code="files-baked", reason=f"copied into the image at {target}{but}")
    elif fact.kind in ("socket", "other"):
        reason = f"{shown} is neither a file nor a folder, so it cannot be taken to AWS"
        ledger.refuse(path, "special-file", reason, "take the mount away with `!override` in compose.aws.yaml")
    elif fact.kind == "missing" and _names_a_file(source, target):
        reason = f"{shown} does not exist, and its name is a file's: nothing is mounted at {target}"
        ledger.record(path, "dropped", code="missing-file", reason=reason)
        ledger.find("missing-file", "error", reason, "add the file, or take the mount away", path)
    else:
        _plan_folder(service, index, fact, source, target, read_only, project, ledger, to)


def _bake_source(
    service: ServiceSource,
    path: Path,
    source: str,
    target: str,
    read_only: bool,
    project: Project,
    ledger: Ledger,
    to: Collected,
) -> None:
    """Source code becomes part of the image, as it is at each deployment. Not what its .dockerignore names, nor the
    variables of services, nor what other mounts of the container lie over."""
    patterns, secret = left_out(source, project)
    over = [
        posixpath.relpath(place, target)
        for index in range(len(service.items("volumes")))
        if (place := (service.text("volumes", index, "target") or "").rstrip("/")) != target.rstrip("/")
        and is_inside(place, target)
    ]
    without = dict.fromkeys((*patterns, *sorted(p for p in (*over, *secret) if _PATTERN.fullmatch(p))))
    to.baked.append(BakedFile(target, source, folder=True, path=path, without=tuple(without), code=True))
    shown = project_path(source, project)
    reason = f"source code: part of the image at {target}, as it is at each deployment"
    ledger.record(path, "adapted", service.definition, code="files-baked", reason=reason)
    left = [*secret[:_NAMED], ".env", "what .dockerignore names"]
    message = (
        f"{shown} is source code, and part of the image of {service.name} on AWS, new with each release; without "
        f"{', '.join(left[:-1])} and {left[-1]}"
    )
    if read_only:
        ledger.find("source-in-image", "note", message, "", path)
    else:
        message += f". What {service.name} writes to {target} is gone with its task"
        remedy = "give what it writes a named volume of its own; a file of secrets, a mount of its own"
        ledger.find("source-in-image", "warning", message, remedy, path)


def _plan_folder(
    service: ServiceSource,
    index: int,
    fact: FileFact,
    source: str,
    target: str,
    read_only: bool,
    project: Project,
    ledger: Ledger,
    to: Collected,
) -> None:
    path = service.at("volumes", index)
    relative = _identity(source, project)
    shown = source if relative.startswith("../../") else relative
    point = folder_key(relative, path)
    reason = "a folder that the container writes to: kept on EFS, encrypted"
    mount_point(service, point, target, read_only, ledger, to, index, "folder-on-efs", reason)
    if fact.kind == "folder" and fact.entries and fact.size <= _BAKED_BYTES and len(fact.entries) < _BAKED_FILES:
        to.fills.append(Fill(BakedFile(target, source, folder=True, path=path), point.id.logical_id))
        code = looks_like_source(source, project)
        message = (
            f"{shown} is an EFS folder on AWS; it begins with the {len(fact.entries)} files that are in it here, and "
            f"no later release changes what is in it{', though it looks like source code' if code else ''}"
        )
        remedy = (
            "where the container only reads it, mount it `:ro`: then it is part of the image, new with each release"
        )
        ledger.find("folder-copied-once", "warning" if code else "note", message, remedy, path)
        tell_of_seeds(service, path, source, project, ledger)
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


def is_dependencies(service: ServiceSource, target: str, project: Project) -> bool:
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
