"""The logins that a database's init scripts make, as the compose file has them: read here on their own, so that the
checker does not believe the planner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compose2aws.compose.node import Mapping, Scalar, Sequence, find
from compose2aws.compose.project import Project

_FOLDER = "/docker-entrypoint-initdb.d"
_QUOTED = r"[\\'\"`]*([^\s'\"`;@\\]+)"
_SQL = re.compile(
    rf"\b(?:USER|ROLE|TO)\s+(?:IF\s+NOT\s+EXISTS\s+)?{_QUOTED}[^;]*?\b(?:PASSWORD|BY|AS)\s+[\\'\"]+([^'\"\\]+)",
    re.IGNORECASE,
)
_MONGO = re.compile(r"\buser[\"']?\s*:\s*[\"']([^\"']+)[\"'][^}]*?\bpwd[\"']?\s*:\s*[\"']([^\"']+)[\"']")
_VARIABLE = re.compile(r"\$\{?(\w+)(?::?-([^}]*))?\}?")


def made_logins(project: Project, server: str) -> frozenset[tuple[str, str]]:
    """Users and passwords. What a script takes from a variable is what the compose file gives the server of that
    name."""
    found = set[tuple[str, str]]()
    for text in _scripts(project, server):
        for expression in (_SQL, _MONGO):
            for name, password in expression.findall(text):
                found.add((_filled(project, server, name), _filled(project, server, password)))
    return frozenset(found)


def _scripts(project: Project, server: str) -> Iterator[str]:
    for key in ("volumes", "configs"):
        mounts = find(project.root, ("services", server, key))
        for mount in mounts.items if isinstance(mounts, Sequence) else ():
            source, target = (_text(mount, name) for name in ("source", "target"))
            if not target.startswith(_FOLDER):
                continue
            config = find(project.root, ("configs", source)) if key == "configs" else None
            place = _text(config, "file") if isinstance(config, Mapping) else source
            fact = project.fact(place)
            inside = (project.fact(f"{place.rstrip('/')}/{entry}") for entry in fact.entries)
            yield _text(config, "content") if isinstance(config, Mapping) else ""
            yield from (one.text for one in (fact, *inside) if one.text)


def _filled(project: Project, server: str, text: str) -> str:
    def value(match: re.Match[str]) -> str:
        given = find(project.root, ("services", server, "environment", match[1]))
        return given.text if isinstance(given, Scalar) else match[2] or ""

    return _VARIABLE.sub(value, text)


def _text(node: object, name: str) -> str:
    value = node.entries.get(name) if isinstance(node, Mapping) else None
    return value.text if isinstance(value, Scalar) else ""
