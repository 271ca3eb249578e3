"""What the init scripts of a database that moved say: the users that they make, and the statements that AWS refuses.

Read by the mapping's expressions, not parsed: a script that makes its statements up as it goes is beyond this.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from compose2aws.catalog import ImageMapping
from compose2aws.compose.node import Path, Position, Scalar
from compose2aws.compose.project import Project
from compose2aws.planning.config_file import config_target
from compose2aws.planning.endpoint import Login
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.mounted_address import mounted_texts
from compose2aws.planning.source import ServiceSource

_FLAGS = re.IGNORECASE | re.MULTILINE
# Where a statement begins: on a line, after another one; in a shell's script also within quotes.
_BEGIN, _BEGIN_IN_SHELL = r"(?:^|;)\s*", r"(?:^|[;\"'])\s*"
# The marks of comments in SQL and in shells; a comment goes, its line stays.
_COMMENT = re.compile(r"^[ \t]*(?:--|#(?!!)).*$|/\*(?:[^*]|\*(?!/))*\*/", re.MULTILINE)
_VARIABLE = re.compile(r"\$(?:(?P<bare>\w+)|\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\})\Z")


@dataclass(frozen=True, slots=True)
class InitScript:
    """A script as text: its entry in the compose file, and the file's name as people know it."""

    path: Path
    file: str
    text: str = field(repr=False)


def init_scripts(service: ServiceSource, mapping: ImageMapping, project: Project) -> tuple[InitScript, ...]:
    """The scripts of a service whose text is known, in the order in which they run."""
    found = dict[str, InitScript]()
    targets = {
        path: target
        for path, target in (
            *((service.at("volumes", i), service.text("volumes", i, "target")) for i in _indices(service, "volumes")),
            *((service.at("configs", i), config_target(service, i)) for i in _indices(service, "configs")),
        )
        if target and is_init_target(target, mapping)
    }
    for mounted in mounted_texts(service, project):
        if mounted.path in targets:
            name = posixpath.basename(targets[mounted.path])
            found[name] = InitScript(mounted.path, mounted.file, _COMMENT.sub(_blank, mounted.text))
    for path in targets:
        source = service.text(*path[2:], "source") or ""
        for entry in project.fact(source).entries if path[2] == "volumes" else ():
            place = posixpath.join(source, entry)
            if "/" not in entry and (text := project.fact(place).text):
                shown = posixpath.relpath(place, project.folder)
                found[entry] = InitScript(path, shown, _COMMENT.sub(_blank, text))
    return tuple(found[name] for name in sorted(found))


def is_init_target(target: str, mapping: ImageMapping) -> bool:
    """Whether something that is mounted there is an init script."""
    place = target.rstrip("/")
    return any(place == folder or place.startswith(folder + "/") for folder in mapping.init)


def made_users(service: ServiceSource, mapping: ImageMapping, project: Project) -> tuple[Login, ...]:
    """The users that the init scripts make, each with its password where a text or a variable says it. A variable that
    holds the database's own password says another one on AWS."""
    found: dict[str, Scalar | None] = {}
    rules = mapping.initialisation
    generated = {name for name, fact in rules.variables if fact == "password"} if rules else set()
    for script in init_scripts(service, mapping, project) if rules else ():
        for expression in rules.users if rules else ():
            for match in re.finditer(expression, script.text, _FLAGS):
                name = _value(service, match["name"])
                password = match.groupdict().get("password")
                if name is not None and name.text:
                    given = None if password is None else _value(service, password, generated)
                    found[name.text] = given or found.get(name.text)
    return tuple(Login(name, password) for name, password in found.items())


def tell_of_refused_statements(
    service: ServiceSource, mapping: ImageMapping, major: str, project: Project, ledger: Ledger
) -> None:
    """An error finding for each statement that the managed service, of this major, does not take from its first user:
    the job would end there."""
    rules = mapping.initialisation
    scripts = init_scripts(service, mapping, project)
    everything = "\n".join(script.text for script in scripts)
    made = {
        match["name"]
        for expression in (rules.users if rules else ())
        for match in re.finditer(expression, everything, _FLAGS)
    }
    for row in rules.refused if rules else ():
        if row.before and _number(major) >= _number(row.before):
            continue
        for script in scripts:
            told = set[str]()
            begin = _BEGIN_IN_SHELL if script.file.endswith(".sh") else _BEGIN
            for match in re.finditer(f"{begin}(?P<statement>{row.statement})", script.text, _FLAGS):
                name = match.groupdict().get("name") or ""
                unless = row.unless.replace("{name}", re.escape(name))
                if name in told or (name and name not in made):
                    continue
                if unless and re.search(unless, everything, _FLAGS):
                    continue
                told.add(name)
                line = script.text.count("\n", 0, match.start("statement")) + 1
                ledger.find(
                    "init-script-refused",
                    "error",
                    f"line {line} of {script.file} ({_shown(match['statement'])}) would end the init job of "
                    f"{service.name}: {mapping.product} {row.says}",
                    row.instead.replace("{name}", name),
                    script.path,
                )


def _value(service: ServiceSource, text: str, generated: Collection[str] = ()) -> Scalar | None:
    """What stands in a statement: a text, or a variable that the service gives its scripts; None where it is none, or
    one that is `generated`."""
    variable = _VARIABLE.match(text)
    if variable is None:
        return None if "$" in text else Scalar(text, Position("", 0, 0))
    name = variable["bare"] or variable["braced"]
    node = service.get("environment", name)
    if name in generated:
        return None
    if isinstance(node, Scalar):
        return node
    return Scalar(variable["default"], Position("", 0, 0)) if variable["default"] else None


def _shown(statement: str) -> str:
    """A statement's first words on one line. What stands in quotes may be a password."""
    return " ".join(re.sub(r"'[^']*'?", "'…'", statement).split())


def _number(major: str) -> tuple[int, ...]:
    return tuple(int(part) for part in major.split(".") if part.isdigit())


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _indices(service: ServiceSource, section: str) -> Iterator[int]:
    yield from range(len(service.items(section)))
