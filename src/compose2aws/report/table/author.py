"""The project in the words of its author: names, ports and folders as they stand in the compose file. No value of an
environment is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from compose2aws.compose.node import Mapping, Path, Sequence, find, plain
from compose2aws.compose.project import Project


def services(project: Project) -> tuple[str, ...]:
    """The names of all services that are active."""
    found = project.root.get("services")
    return tuple(found) if isinstance(found, Mapping) else ()


def is_service(project: Project, name: str) -> bool:
    return find(project.root, ("services", name)) is not None


def items(project: Project, key: str) -> Iterator[Path]:
    """The path of each item of a list that every service may have."""
    for service in services(project):
        node = find(project.root, ("services", service, key))
        if isinstance(node, Sequence):
            for index in range(len(node)):
                yield ("services", service, key, index)


def port(project: Project, path: Path) -> str:
    """A port as in the short form of Compose: `127.0.0.1:3001:3000/udp`."""
    node = find(project.root, path)
    entry = plain(node) if isinstance(node, Mapping) else None
    if not isinstance(entry, dict):
        return ".".join(map(str, path))
    parts = [str(entry[key]) for key in ("host_ip", "published", "target") if entry.get(key) not in (None, "")]
    return ":".join(parts) + ("/udp" if entry.get("protocol") == "udp" else "")


def members(project: Project) -> dict[str, list[str]]:
    """The services of each network."""
    found: dict[str, list[str]] = {}
    for service in services(project):
        joined = find(project.root, ("services", service, "networks"))
        for network in joined if isinstance(joined, Mapping) else ():
            found.setdefault(str(network), []).append(service)
    return found


def mounted(project: Project, service: str) -> set[object]:
    """The sources of a service's volumes."""
    node = find(project.root, ("services", service, "volumes"))
    entries = plain(node) if isinstance(node, Sequence) else []
    return {e.get("source") for e in entries if isinstance(e, dict)} if isinstance(entries, list) else set()


def relative(source: str, folder: str) -> str:
    """A bind mount's source as its author wrote it, where it lies in the project's folder."""
    path = PurePath(source)
    if not path.is_relative_to(folder):
        return source
    return "." if path == PurePath(folder) else f"./{path.relative_to(folder).as_posix()}"
