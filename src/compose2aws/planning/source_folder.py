"""Folders of source code that a container mounts: they change with each release, as an image does, and are no data.

A folder is one where a build of the project takes its files from it, or where it holds a list of packages or a
Dockerfile and a container that mounts it is told what to run there. A folder that only looks like one may be data: the
container may have installed itself there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from compose2aws.compose import node as tree
from compose2aws.compose.project import Project
from compose2aws.planning.private_file import private_name

_MARKERS = frozenset(
    (
        "Cargo.toml",
        "Dockerfile",
        "Gemfile",
        "Pipfile",
        "build.gradle",
        "build.gradle.kts",
        "composer.json",
        "deno.json",
        "go.mod",
        "manage.py",
        "mix.exs",
        "package.json",
        "pom.xml",
        "pyproject.toml",
        "requirements.txt",
        "setup.py",
    )
)

_LEFT_OUT = ("**/.git", "**/.env", "**/.env.*", "**/compose.y*ml", "**/docker-compose*.y*ml")
"""Beside what a .dockerignore names: histories, and what services are told in variables."""


def holds_source(source: str, project: Project) -> bool:
    """Whether a mounted folder is source code, by what builds from it or runs it."""
    if any(is_inside(context, source) for context in _contexts(project)):
        return True
    return looks_like_source(source, project) and any(
        _is_told_what_to_run(service) for service in _mounting(source, project)
    )


def looks_like_source(source: str, project: Project) -> bool:
    """Whether the folder holds what only source code has at its top."""
    return not _MARKERS.isdisjoint(project.fact(source).entries)


def left_out(source: str, project: Project) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patterns of what is no part of an image, and which files of secrets are among it."""
    declared = project.root.get("secrets")
    files = [
        file.text
        for secret in (declared.entries.values() if isinstance(declared, tree.Mapping) else ())
        if isinstance(secret, tree.Mapping) and isinstance(file := secret.entries.get("file"), tree.Scalar)
    ]
    secret = {posixpath.relpath(file, source) for file in files if is_inside(file, source)}
    secret.update(entry for entry in project.fact(source).entries if private_name(entry))
    return _LEFT_OUT, tuple(sorted(entry for entry in secret if not posixpath.basename(entry).startswith(".env")))


def is_inside(path: str, folder: str) -> bool:
    """Whether a path is a folder, or inside of it."""
    return f"{path.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")


def _contexts(project: Project) -> Iterator[str]:
    for service in _services(project):
        context = tree.find(service, ("build", "context"))
        if isinstance(context, tree.Scalar) and posixpath.isabs(context.text):
            yield context.text


def _mounting(source: str, project: Project) -> Iterator[tree.Mapping]:
    """The services that mount a folder."""
    for service in _services(project):
        volumes = service.entries.get("volumes")
        for mount in volumes.items if isinstance(volumes, tree.Sequence) else ():
            found = tree.find(mount, ("source",))
            if isinstance(found, tree.Scalar) and found.text == source:
                yield service


def _is_told_what_to_run(service: tree.Mapping) -> bool:
    found = (service.entries.get(key) for key in ("command", "entrypoint", "working_dir"))
    return any(node is not None and not (isinstance(node, tree.Scalar) and node.value is None) for node in found)


def _services(project: Project) -> Iterator[tree.Mapping]:
    services = project.root.get("services")
    for service in services.entries.values() if isinstance(services, tree.Mapping) else ():
        if isinstance(service, tree.Mapping):
            yield service
