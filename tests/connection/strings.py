"""Connection strings as the apps' own drivers read them, by the rules of their makers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from tests.connection.account import Engine

_SCHEMES: Mapping[str, Engine] = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "pg": "postgres",
    "mysql": "mysql",
    "mysql2": "mysql",
    "mariadb": "mysql",
    "redis": "redis",
    "rediss": "redis",
    "valkey": "redis",
    "mongodb": "mongo",
}
# JDBC's, SQLAlchemy's and Celery's own parts of a scheme: `jdbc:mariadb`, `postgresql+asyncpg`, `db+postgresql`.
_SCHEME = re.compile(r"(?:jdbc:)?(?:db\+)?([a-z0-9]+)(?:\+\w+)?://", re.IGNORECASE)
_KEYWORDS = re.compile(r"(?:^|\s)host\s*=")
_LIBPQ = frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())


@dataclass(frozen=True)
class Told:
    """What a client was told. None is what it was not told and has a default of its own for."""

    host: str
    port: int | None = None
    user: str | None = None
    database: str | None = None
    password: str | None = field(default=None, repr=False)
    engine: Engine | None = None


def is_url(value: str) -> bool:
    """Whether it is a URL of a database."""
    scheme = _SCHEME.match(value)
    return scheme is not None and scheme[1].lower() in _SCHEMES


def is_keywords(value: str) -> bool:
    """Whether it is libpq's `host=... user=...`."""
    return "\n" not in value and _KEYWORDS.search(value) is not None


def read(value: str) -> Told:
    """A URL, libpq's keywords, `host:port` or a host.

    A URL's login stands before its host, or among its options, where JDBC (`user`, `password`) and NocoDB (`u`, `p`,
    `d`) have it.
    """
    if is_url(value):
        parts = urlsplit(value.removeprefix("jdbc:"))
        options = dict(parse_qsl(parts.query))
        assert parts.hostname is not None
        return Told(
            parts.hostname,
            parts.port,
            unquote(parts.username or "") or options.get("user") or options.get("u"),
            unquote(parts.path.removeprefix("/")) or options.get("d"),
            unquote(parts.password or "") or options.get("password") or options.get("p"),
            _SCHEMES[_scheme(value)],
        )
    if is_keywords(value):
        given = {name: str(text) for name, text in conninfo_to_dict(value).items()}
        port = int(given["port"]) if "port" in given else None
        return Told(given["host"], port, given.get("user"), given.get("dbname"), given.get("password"), "postgres")
    host, colon, number = value.partition(":")
    return Told(host, int(number) if colon else None)


def for_libpq(value: str) -> str | None:
    """A URL that libpq's parser takes: without SQLAlchemy's part of the scheme and without options that are another
    client's (Prisma's `schema`). None where the URL is no such at all."""
    if value.startswith("jdbc:") or not is_url(value) or _scheme(value) not in ("postgres", "postgresql"):
        return None
    parts = urlsplit(value)
    known = [(name, option) for name, option in parse_qsl(parts.query) if name in _LIBPQ]
    return urlunsplit(parts._replace(scheme=_scheme(value), query=urlencode(known)))


def _scheme(value: str) -> str:
    scheme = _SCHEME.match(value)
    return scheme[1].lower() if scheme else ""
