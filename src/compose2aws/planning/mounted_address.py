"""Addresses of services in the files that a container mounts: a proxy's configuration names what it stands before.

Such a text is not rewritten: the names work as they are. But what it names is a port that a service is called on, and
an order in which services start, as if a variable had said so.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from compose2aws.compose import node as tree
from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.values.host_names import HostNames

_HOST_AND_PORT = re.compile(r"(?<![\w.$@-])(?P<host>[A-Za-z][\w.-]*):(?P<port>\d{2,5})(?![\w.])")
_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[A-Za-z][\w.-]*)(?=[/\s;\"',)]|\Z)")
_PORTS = {"http": 80, "https": 443}


def mounted_addresses(service: ServiceSource, project: Project, names: HostNames) -> tuple[tuple[str, int], ...]:
    """The services, each with a port, that the files mounted by a service name."""
    found: dict[tuple[str, int], None] = {}
    for mounted in mounted_texts(service, project):
        for host, port in _addresses(mounted.text):
            called = names.service(service.name, host) if host in names.all else None
            if called and names.near(service.name, called):
                found[called, port] = None
    return tuple(found)


def _addresses(text: str) -> Iterator[tuple[str, int]]:
    for line in text.splitlines():
        if line.lstrip().startswith(("#", "//", ";")):
            continue
        for match in _HOST_AND_PORT.finditer(line):
            if 0 < int(match["port"]) < 65536:
                yield match["host"], int(match["port"])
        for match in _URL.finditer(line):
            yield match["host"], _PORTS[match["scheme"]]


@dataclass(frozen=True, slots=True)
class MountedText:
    """The text of a file that a container mounts: its entry in the compose file, and the file's name as people know
    it."""

    path: Path
    file: str
    text: str = field(repr=False)


def mounted_texts(service: ServiceSource, project: Project) -> Iterator[MountedText]:
    """The texts of the files that a service mounts, as far as they are known."""
    for index in range(len(service.items("volumes"))):
        source = service.text("volumes", index, "source")
        if source and service.text("volumes", index, "type") == "bind":
            yield from _known(service.at("volumes", index), source, project)
    for index in range(len(service.items("configs"))):
        name = service.text("configs", index, "source") or ""
        content = tree.find(project.root, ("configs", name, "content"))
        if isinstance(content, tree.Scalar):
            yield MountedText(service.at("configs", index), f"the config {name}", content.text)
        file = tree.find(project.root, ("configs", name, "file"))
        if isinstance(file, tree.Scalar):
            yield from _known(service.at("configs", index), file.text, project)


def _known(path: Path, source: str, project: Project) -> Iterator[MountedText]:
    text = project.fact(source).text
    if text:
        yield MountedText(path, posixpath.relpath(source, project.folder), text)
