"""Who calls whom, as a compose file says it: addresses in the texts of services, read here on their own so that the
checker does not believe the planner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compose2aws.compose.node import Mapping, Node, Path, Scalar, leaves
from compose2aws.compose.project import Project
from compose2aws.inspection.network import Call

_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^\s/@\"'?#]*@)?(?P<host>[A-Za-z0-9_.-]+)(?::(?P<port>\d{1,5}))?")
_HOST_PORT = re.compile(r"(?<![\w./@-])(?P<host>[A-Za-z][A-Za-z0-9_.-]*):(?P<port>\d{2,5})(?![\w.:])")
_SCHEMES = {"http": 80, "https": 443}
_TEXTS = ("environment", "command", "entrypoint")
_PASSWORD = re.compile(r"PASS(?:WORD|WD|PHRASE)?(?:_FILE)?\Z", re.IGNORECASE)
_REQUIRED = re.compile(r"--requirepass[ =]([^\s'\"]+)")
_ADDRESS = re.compile(r"(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS)\Z", re.IGNORECASE)


def calls(project: Project) -> list[Call]:
    """The calls between services that share a network (others do not reach each other under Docker either)."""
    services = project.root.entries.get("services")
    entries = services.entries if isinstance(services, Mapping) else {}
    networks = {name: _networks(node) for name, node in entries.items()}
    known = {alias: name for name, node in entries.items() for alias in _aliases(node)} | {n: n for n in entries}
    found: dict[Call, None] = {}
    for consumer, node in entries.items():
        for host, port in _addresses(node):
            provider = known.get(host)
            if provider not in (None, consumer) and networks[known[host]] & networks[consumer]:
                found[Call(consumer, host, port)] = None
    return list(found)


def neighbours(project: Project) -> list[tuple[str, str]]:
    """The pairs of services that share a network, each in both directions."""
    services = project.root.entries.get("services")
    networks = {name: _networks(n) for name, n in services.entries.items()} if isinstance(services, Mapping) else {}
    return [(one, other) for one in networks for other in networks if one != other and networks[one] & networks[other]]


def is_told_password(project: Project, client: str, server: str) -> bool:
    """Whether a client's variables and commands hold a password of the server, by its text or by the variable that it
    comes from, or whether both are granted the same secret."""
    services = project.root.entries.get("services")
    nodes = [services.entries.get(name) for name in (client, server)] if isinstance(services, Mapping) else []
    theirs, own = (_scalars(node) if isinstance(node, Mapping) else {} for node in nodes)
    words, variables, secrets = set[str](), set[str](), set[str]()
    for path, scalar in own.items():
        if path[0] == "secrets" and path[-1] == "source":
            secrets.add(scalar.text)
        elif _PASSWORD.search(str(path[-1])):
            words |= {scalar.text} - {""}
            variables |= {name for part in scalar.parts for name in part.variables}
        elif path[0] != "environment":  # `--requirepass` of a cache
            variables |= {name for part in scalar.parts for name in part.variables}
    line = " ".join(scalar.text for path, scalar in own.items() if path[0] in ("entrypoint", "command"))
    words |= set(_REQUIRED.findall(line))
    return any(
        scalar.text in secrets
        if path[0] == "secrets"
        else any(word in scalar.text for word in words)
        or any(name in variables for part in scalar.parts for name in part.variables)
        for path, scalar in theirs.items()
    )


def _scalars(service: Mapping) -> dict[Path, Scalar]:
    """What a service is told, by the path below it."""
    keys = [key for key in (*_TEXTS, "secrets") if key in service.entries]
    found = ((path, leaf) for key in keys for path, leaf in leaves(service.entries[key], (key,)))
    return {path: leaf for path, leaf in found if isinstance(leaf, Scalar)}


def _aliases(service: Node) -> Iterator[str]:
    """The names beside its own under which Docker resolves a service."""
    if not isinstance(service, Mapping):
        return
    name = service.entries.get("container_name")
    if isinstance(name, Scalar):
        yield name.text
    networks = service.entries.get("networks")
    for network in networks.entries.values() if isinstance(networks, Mapping) else ():
        aliases = network.entries.get("aliases") if isinstance(network, Mapping) else None
        if aliases is not None:
            yield from (leaf.text for _, leaf in leaves(aliases) if isinstance(leaf, Scalar))


def _networks(service: Node) -> frozenset[str]:
    networks = service.entries.get("networks") if isinstance(service, Mapping) else None
    return frozenset(networks.entries) if isinstance(networks, Mapping) else frozenset()


def _addresses(service: Node) -> Iterator[tuple[str, int | None]]:
    if not isinstance(service, Mapping):
        return
    for key in _TEXTS:
        node = service.entries.get(key)
        for path, leaf in leaves(node, ()) if node is not None else ():
            if not isinstance(leaf, Scalar):
                continue
            text = leaf.text
            for match in _URL.finditer(text):
                scheme = match[0].partition("://")[0]
                yield match["host"], int(match["port"]) if match["port"] else _SCHEMES.get(scheme)
            for match in _HOST_PORT.finditer(text):
                yield match["host"], int(match["port"])
            if key == "environment" and path and _ADDRESS.search(str(path[-1])):
                yield text, None
