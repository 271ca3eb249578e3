"""Addresses and logins that are split over several variables: what a variable's name says of its part.

`WORDPRESS_DB_HOST` is the host of the stem `WORDPRESS_DB`, `WORDPRESS_DB_PASSWORD` its password; `PGUSER` the user of
`PG`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


Part: TypeAlias = Literal["host", "port", "user", "password", "database", "url"]

_PARTS: dict[str, Part] = {
    **dict.fromkeys(
        _words(
            "HOST HOSTNAME HOSTS HOSTNAMES SERVER SERVERS ADDR ADDRS ADDRESS ADDRESSES ENDPOINT ENDPOINTS SEEDS NODES"
            " NODE LOCATION BROKERS BROKER IP FQDN MASTER PEERS UPSTREAM"
        ),
        "host",
    ),
    "PORT": "port",
    **dict.fromkeys(_words("USER USERNAME USR LOGIN UID"), "user"),
    **dict.fromkeys(_words("PASSWORD PASS PASSWD PWD PSWD PW PASSPHRASE"), "password"),
    **dict.fromkeys(_words("DATABASE DB DBNAME NAME SCHEMA DBASE VHOST"), "database"),
    **dict.fromkeys(_words("URL URI DSN URLS URIS CONN CONNECTION JDBC"), "url"),
}
_TWO: dict[tuple[str, str], Part] = {
    ("USER", "NAME"): "user",
    ("HOST", "NAME"): "host",
    ("DB", "NAME"): "database",
    ("DATABASE", "NAME"): "database",
    ("CONNECTION", "STRING"): "url",
    ("CONNECTION", "URL"): "url",
    ("CONNECTION", "URI"): "url",
}
_KEEPS_STEM = frozenset({("DB", "NAME"), ("DATABASE", "NAME")})
"""Of these only the last word is taken from the stem: `DB_NAME` belongs with `DB_HOST`."""

_GLUED = re.compile(
    r"(?P<stem>PG|PSQL|POSTGRES|POSTGRESQL|MYSQL|MARIADB|SQL|DB|DATABASE|REDIS|VALKEY|MONGO|MONGODB|AMQP|RABBITMQ|MEMCACHED|CACHE|MAIL|SMTP)"
    r"(?P<part>HOSTNAME|HOSTADDR|HOST|PORT|USERNAME|USER|PASSWORD|PASSWD|PASS|DATABASE|DBNAME|NAME|URL|URI|SERVER|ADDR)\Z"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

# Words between a stem and its part that name which of the engine's users is meant.
QUALIFIERS = _words(
    "ROOT ADMIN ADMINISTRATOR USER LOGIN AUTH MASTER APP DEFAULT SUPERUSER SU CONNECTION SERVER PRIMARY"
)
# Words that only say again that it is a database.
FILLERS = _words("URL URI CONNECTION CONN DATABASE DB SERVER PRIMARY MASTER DEFAULT JDBC HOST STRING")


@dataclass(frozen=True, slots=True)
class SplitName:
    """A variable's name: the words before its part, and the part (None where the name tells of none)."""

    words: tuple[str, ...]
    stem: tuple[str, ...]
    part: Part | None


@lru_cache(maxsize=65536)
def split_name(name: str) -> SplitName:
    """What a name says: `AP_POSTGRES_HOST` → `(AP, POSTGRES)`, host; `PAPERLESS_DBHOST` → `(PAPERLESS, DB)`, host."""
    words: list[str] = []
    for piece in re.split(r"[^A-Za-z0-9]+", name):
        found = _WORD.findall(piece) if not piece.isupper() else [piece]
        words += [word.upper() for word in found]
    glued = _GLUED.match(words[-1]) if words else None
    if glued:
        words[-1:] = [glued["stem"], glued["part"].replace("HOSTADDR", "HOST")]
    # `MB_DB_DBNAME` says it twice
    whole = tuple(word for at, word in enumerate(words) if at == 0 or word != words[at - 1])
    if not whole:
        return SplitName((), (), None)
    pair = whole[-2:]
    if len(pair) == 2 and pair in _TWO:
        kept = 1 if pair in _KEEPS_STEM else 2
        return SplitName(whole, whole[: len(whole) - kept], _TWO[pair])
    part = _PARTS.get(whole[-1])
    return SplitName(whole, whole[:-1] if part else whole, part)


def belongs(stem: tuple[str, ...], anchor: tuple[str, ...]) -> int:
    """How surely variables of `stem` go with an address of the stem `anchor`: 3 the same stem, 2 the same but for words
    that say which user (`DB_ROOT`) or say again that it is a database (`KC_DB_URL`), 0 not."""
    if stem == anchor:
        return 3
    shorter, longer, words = (anchor, stem, QUALIFIERS) if len(anchor) < len(stem) else (stem, anchor, FILLERS)
    if longer[: len(shorter)] == shorter and all(word in words for word in longer[len(shorter) :]):
        return 2 if shorter else 0
    return 0
