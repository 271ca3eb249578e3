"""Keyword strings: `Host=db;Port=5432;Username=u;Password=p` (ADO.NET), `host=db user=u password=p` (libpq),
`mysql:host=db;dbname=app` (PDO), `redis:6379,password=p` (StackExchange.Redis), and the same in JSON or YAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from compose2aws.planning.values.written import UNSET

Span = tuple[int, int]
Keyword: TypeAlias = Literal["host", "port", "user", "password", "database"]

# libpq: PostgreSQL documentation, "Parameter Key Words"; ADO.NET: Npgsql, "Connection String Parameters",
# MySqlConnector, "Connection Options".
_KEYWORDS: dict[str, Keyword] = {
    **dict.fromkeys(("host", "hostname", "hostaddr", "server", "data source", "datasource", "addr", "address"), "host"),
    "port": "port",
    **dict.fromkeys(("user", "username", "user id", "userid", "user name", "uid", "login"), "user"),
    **dict.fromkeys(("password", "pwd", "pass", "passwd"), "password"),
    **dict.fromkeys(("database", "dbname", "db", "initial catalog", "database name", "databasename"), "database"),
}
_PAIR = re.compile(
    r"(?<![\w.$/@-])(?P<name>" + "|".join(sorted(map(re.escape, _KEYWORDS), key=len, reverse=True)) + r")"
    r"(?P<sign>[\"']?[ \t]*(?:=|:[ \t])[ \t]*)"
    r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s;,\"'&})\]]*)",
    re.IGNORECASE,
)
_HOST_PORT = re.compile(rf"(?P<host>[\w.{UNSET}-]+)(?:[:,](?P<port>\d+|{UNSET}))?\Z")


@dataclass(frozen=True, slots=True)
class Pair:
    """One `keyword = value` of a text; `value` is the span without quotes. `flat`: joined with `=`, as in one
    connection string, and not a line of a longer configuration."""

    keyword: Keyword
    value: Span
    flat: bool


def pairs(text: str) -> Iterator[Pair]:
    """All keyword pairs of a text, from left to right."""
    if "=" not in text and ":" not in text:
        return
    for match in _PAIR.finditer(text):
        start, stop = match.span("value")
        if stop - start >= 2 and text[start] in "\"'":
            start, stop = start + 1, stop - 1
        yield Pair(_KEYWORDS[match["name"].lower()], (start, stop), "=" in match["sign"])


def host_and_port(text: str, span: Span) -> tuple[Span, Span | None] | None:
    """A host value's name and its port where it carries one (`Server=db,1433`, `host=db:5432`, `tcp:db`)."""
    start, stop = span
    value = text[start:stop]
    if value.lower().startswith(("tcp:", "np:")):
        skipped = value.index(":") + 1
        start, value = start + skipped, value[skipped:]
    match = _HOST_PORT.match(value)
    if match is None:
        return None
    port = (start + match.start("port"), start + match.end("port")) if match["port"] is not None else None
    return (start + match.start("host"), start + match.end("host")), port
