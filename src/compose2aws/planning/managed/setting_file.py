"""Settings in configuration files: what `redis.conf`, `postgresql.conf` and `my.cnf` say, as names and values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

Style: TypeAlias = Literal["postgres", "mysql", "redis", "options"]

_ENDINGS: dict[Style, str] = {"postgres": ".conf", "mysql": ".cnf", "redis": ".conf"}
# Who may connect, not how the server works (PostgreSQL documentation, "Client Authentication").
_NO_SETTINGS = ("pg_hba.conf", "pg_ident.conf")

# PostgreSQL documentation, "Setting Parameters": the equal sign may be left out, a text stands in single quotes.
_POSTGRES = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(?:=|\s)\s*('(?:[^']|'')*'|[^\s#']+)")
# MySQL reference manual, "Using Option Files"; MariaDB's own groups beside them.
_SERVER_GROUP = re.compile(r"\[(mysqld|server|mariadb|mariadbd)(-[\d.]+)?\]\Z")


def holds_settings(style: Style, target: str) -> bool:
    """Whether a file of this name is one that the server takes its settings from."""
    ending = _ENDINGS.get(style)
    return ending is not None and target.endswith(ending) and not target.endswith(_NO_SETTINGS)


def settings_in(style: Style, text: str) -> Iterator[tuple[str, str]]:
    """Names and values in the order of the file; names as `command:` spells them."""
    if style == "postgres":
        yield from _postgres(text)
    elif style == "mysql":
        yield from _mysql(text)
    else:
        yield from _redis(text)


def _redis(text: str) -> Iterator[tuple[str, str]]:
    """`name value …` (redis.conf: a line that begins with `#` is a comment)."""
    for line in text.splitlines():
        name, value = [*line.split(None, 1), "", ""][:2]
        if name and not name.startswith("#"):
            yield name.lower(), _unquoted(value.strip())


def _postgres(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if found := _POSTGRES.match(line):
            yield found[1].lower(), _unquoted(found[2]).replace("''", "'")


def _mysql(text: str) -> Iterator[tuple[str, str]]:
    """What stands in the server's groups; clients' groups say nothing of the server."""
    server = False
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            server = _SERVER_GROUP.match(stripped.lower()) is not None
        elif server and stripped and stripped[0] not in "#;!":
            name, _, value = stripped.partition("=")
            without_comment = re.split(r"\s#", value, maxsplit=1)[0].strip()
            yield name.strip().lower().replace("-", "_").removeprefix("loose_"), _unquoted(without_comment)


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value
