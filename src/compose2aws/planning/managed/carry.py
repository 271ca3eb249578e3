"""Settings of a database that stand in the compose file, or in a file that it mounts, and go into its parameter
group."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from compose2aws.catalog import ImageMapping, SettingRules
from compose2aws.compose.node import Path, Scalar, find
from compose2aws.compose.project import Project
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.managed.setting_file import holds_settings, settings_in
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.values.secrecy import looks_random


@dataclass(frozen=True, slots=True)
class SettingFile:
    """A mounted file of settings, by its place in the compose file. `section` is its entry in the file's own section
    of configs. `taken` are the names that go into the parameter group, `left` those that nothing on AWS stands for."""

    path: Path
    section: Path | None
    target: str
    taken: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """The parameters that the service's own settings become, and the files that were read for them."""

    settings: dict[str, str]
    files: tuple[SettingFile, ...]


def carry_settings(service: ServiceSource, mapping: ImageMapping, project: Project, ledger: Ledger) -> Carried:
    """The settings of mounted files, and those of `command`, which win over them as they do in the container."""
    rules = mapping.settings
    if rules is None:
        return Carried({}, ())
    settings: dict[str, str] = {}
    files: list[SettingFile] = []
    for path, section, target, text in _mounted(service, rules, project):
        if not _is_read(service, mapping, rules, target):
            continue
        taken, left, password = _sorted_out(text, mapping, rules)
        settings |= taken
        files.append(SettingFile(path, section, target, tuple(taken), left))
        _tell(service, mapping, files[-1], password, ledger)
    return Carried(settings | _of_command(service, mapping, rules, ledger), tuple(files))


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _mounted(
    service: ServiceSource, rules: SettingRules, project: Project
) -> Iterator[tuple[Path, Path | None, str, str]]:
    """Every mounted file of settings whose text is known: its place, its entry among the configs, its target."""
    for index in range(len(service.items("volumes"))):
        target = service.text("volumes", index, "target") or ""
        source = service.text("volumes", index, "source")
        if source and service.text("volumes", index, "type") == "bind" and holds_settings(rules.style, target):
            text = project.fact(source).text
            if text is not None:
                yield service.at("volumes", index), None, target, text
    for index in range(len(service.items("configs"))):
        name = service.text("configs", index, "source") or ""
        target = service.text("configs", index, "target") or f"/{name}"
        content = find(project.root, ("configs", name, "content"))
        file = find(project.root, ("configs", name, "file"))
        text = content.text if isinstance(content, Scalar) else None
        if isinstance(file, Scalar):
            text = project.fact(file.text).text
        if text is not None and holds_settings(rules.style, target):
            yield service.at("configs", index), ("configs", name), target, text


def _is_read(service: ServiceSource, mapping: ImageMapping, rules: SettingRules, target: str) -> bool:
    """MySQL looks into its folders by itself, PostgreSQL into its data; else a file must be named by the command."""
    if rules.style == "mysql" or "bitnami" in target:
        return True
    if rules.style == "postgres" and any(target.startswith(folder) for folder in mapping.data):
        return True
    return any(target in word for word in (*service.texts("command"), *service.texts("entrypoint")))


def _sorted_out(text: str, mapping: ImageMapping, rules: SettingRules) -> tuple[dict[str, str], tuple[str, ...], bool]:
    """The settings of a file that go over, the names of those that do not, and whether a password is among them."""
    taken: dict[str, str] = {}
    left: dict[str, None] = {}
    password = False
    for name, value in settings_in(rules.style, text):
        if f"--{name}" in mapping.login.password_arguments:
            password = password or bool(value)
            continue
        counted = in_unit(value, rules.units.get(name)) if name in rules.allowed and value else None
        if counted is not None:
            taken[name] = counted
            left.pop(name, None)
        elif name not in rules.absorbed and not looks_random(name):
            left[name] = None
    return taken, tuple(left), password


def _tell(service: ServiceSource, mapping: ImageMapping, file: SettingFile, password: bool, ledger: Ledger) -> None:
    if file.left:
        several = "s" if len(file.left) > 1 else ""
        ledger.find(
            "setting-not-carried",
            "warning",
            f"{file.target} of {service.name} sets {', '.join(file.left)}; the setting{several} cannot be carried over "
            f"to {mapping.product}, and AWS's own appl{'y' if several else 'ies'}",
            "see whether the app needs it; `x-aws: {managed: false}` keeps the container",
            file.path,
        )
    if password:
        ledger.find(
            "password-in-file",
            "warning",
            f"{file.target} of {service.name} sets a password; on AWS there is none, and it is written nowhere: only "
            "the members of its networks reach it, and the connections that were rewritten carry no password",
            "a password that the app has elsewhere (in an image, in a mounted file) must be taken out there",
            file.path,
        )


# ── units ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_SIZES = {"": 1, "b": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2, "g": 1024**3, "gb": 1024**3}
_SIZES |= {"t": 1024**4, "tb": 1024**4}
_TIMES = {"us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0}
_SIZE_UNITS = {"B": 1, "kB": 1024, "8kB": 8192, "MB": 1024**2}
_TIME_UNITS = {"ms": 1.0, "s": 1000.0}
_SWITCH = {"on": "1", "true": "1", "yes": "1", "1": "1", "off": "0", "false": "0", "no": "0", "0": "0"}
_QUANTITY = re.compile(r"(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)\Z")


def in_unit(value: str, unit: str | None) -> str | None:
    """A value as a parameter group takes it: a whole number of its unit without the unit's name, 0 or 1 for a switch
    (Amazon RDS User Guide, "Specifying DB parameters"). None where it is none of that."""
    if unit is None:
        return value
    if unit == "bool":
        return _SWITCH.get(value.lower())
    found = _QUANTITY.match(value)
    if found is None:
        return None
    number, name = float(found[1]), found[2]
    if not name or number < 0:
        return found[1]
    if unit in _TIME_UNITS:
        factor = _TIMES.get(name)
        return None if factor is None else str(round(number * factor / _TIME_UNITS[unit]))
    size = _SIZES.get(name.lower())
    return None if size is None else str(round(number * size / _SIZE_UNITS[unit]))


# ── command ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_command(service: ServiceSource, mapping: ImageMapping, rules: SettingRules, ledger: Ledger) -> dict[str, str]:
    """The parameters that `command` sets (`-c shared_buffers=256MB`, `--max_connections=200`, `--maxmemory-policy x`).

    What the managed service has no counterpart for is a finding.
    """
    words = program_words(service, rules.style)
    if rules.style == "options":
        return _of_options(words, service, mapping, rules, ledger)
    pairs = _assigned(words) if rules.style == "postgres" else _dashed(words, rules.style == "mysql")
    carried: dict[str, str] = {}
    for name, value in pairs:
        counted = in_unit(value, rules.units.get(name)) if name in rules.allowed and value is not None else None
        if counted is not None:
            carried[name] = counted
        elif f"--{name}" not in mapping.login.password_arguments and name not in rules.absorbed:
            _tell_of_argument(name, service, mapping, ledger)
    return carried


_SHELLS = ("sh", "ash", "bash", "dash", "zsh")
_PROGRAMS: dict[str, tuple[str, ...]] = {
    "postgres": ("postgres",),
    "mysql": ("mysqld", "mariadbd", "mysqld_safe", "mariadbd-safe"),
    "redis": ("redis-server", "valkey-server", "keydb-server", "dragonfly"),
    "options": ("memcached",),
}
_ENDS = frozenset((";", "&&", "||", "|", "&"))


def program_words(service: ServiceSource, style: str) -> tuple[str, ...]:
    """The words that the server is started with: the command's, or, where a shell runs a script, those behind the
    server's name in it."""
    words = (*service.texts("entrypoint"), *service.texts("command"))
    if not words or words[0].rpartition("/")[2] not in _SHELLS:
        return service.texts("command")
    found: tuple[str, ...] = ()
    for script in words[1:]:
        lexer = shlex.shlex(script.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        with contextlib.suppress(ValueError):
            pieces = tuple(lexer)
            starts = [at for at, word in enumerate(pieces) if word.rpartition("/")[2] in _PROGRAMS[style]]
            for start in starts[-1:]:
                stop = next((at for at in range(start, len(pieces)) if pieces[at] in _ENDS), len(pieces))
                found = pieces[start:stop]
    return found


def _tell_of_argument(name: str, service: ServiceSource, mapping: ImageMapping, ledger: Ledger) -> None:
    ledger.find(
        "setting-not-carried",
        "warning",
        f"the setting {name} of {service.name} has no counterpart in {mapping.product}; AWS's own applies",
        "see whether the app needs it; `x-aws: {managed: false}` keeps the container",
        service.at("command"),
    )


def _of_options(
    words: tuple[str, ...], service: ServiceSource, mapping: ImageMapping, rules: SettingRules, ledger: Ledger
) -> dict[str, str]:
    """`memcached -m 64 -I 4m --max-item-size=4m`: options with names of their own in the parameter group."""
    carried: dict[str, str] = {}
    for index, word in enumerate(words):
        if not word.startswith("-"):
            continue
        option, _, value = word.partition("=") if word.startswith("--") else (word[:2], "", word[2:])
        if word in rules.absorbed or option in rules.absorbed:
            continue
        follower = words[index + 1] if index + 1 < len(words) else ""
        name = rules.options.get(option, option)
        counted = in_unit(value or follower, rules.units.get(name)) if name in rules.allowed else None
        if counted:
            carried[name] = counted
        else:
            _tell_of_argument(option, service, mapping, ledger)
    return carried


def _assigned(words: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    """`postgres -c name=value -cname=value --name=value` (PostgreSQL documentation, "postgres")."""
    index = 0
    while index < len(words):
        word = words[index]
        assignment = None
        if word == "-c" and index + 1 < len(words):
            index += 1
            assignment = words[index]
        elif word.startswith("-c"):
            assignment = word[2:]
        elif word.startswith("--") and "=" in word:
            assignment = word[2:].replace("-", "_")
        if assignment and "=" in assignment:
            name, _, value = assignment.partition("=")
            yield name.strip(), value.strip().strip("'\"")
        index += 1


def _dashed(words: tuple[str, ...], underscores: bool) -> Iterator[tuple[str, str | None]]:
    """`--name=value` and `--name value`; MySQL takes `-` and `_` alike."""
    for index, word in enumerate(words):
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        follower = words[index + 1] if index + 1 < len(words) else "--"
        found = value if equals else (None if follower.startswith("--") else follower)
        yield (name.replace("-", "_") if underscores else name), found
