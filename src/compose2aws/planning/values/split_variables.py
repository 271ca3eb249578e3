"""Addresses and logins that are split over several variables: what a variable's name says of its part.

`WORDPRESS_DB_HOST` is the host of the stem `WORDPRESS_DB`, `WORDPRESS_DB_PASSWORD` its password; `PGUSER` the user of
`PG`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from compose2aws.catalog.catalog import read_table


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


Part: TypeAlias = Literal["host", "port", "user", "password", "database", "url"]


@dataclass(frozen=True, slots=True)
class _Names:
    """`mappings/variables.yaml`."""

    parts: dict[str, Part]
    driver_names: frozenset[str]
    driver_names_or_hosts: frozenset[str]
    drivers: frozenset[str]
    no_connections: re.Pattern[str]


@lru_cache(maxsize=1)
def _names() -> _Names:
    table = read_table("variables")
    return _Names(
        parts={word: part for part, lines in table["parts"].items() for line in lines for word in line.split()},
        driver_names=_words(" ".join(table["driver-names"])),
        driver_names_or_hosts=_words(" ".join(table["driver-names-or-hosts"])),
        drivers=_words(" ".join(table["drivers"])),
        no_connections=re.compile("|".join(map(fnmatch.translate, table["no-connections"]))),
    )


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
    part = _names().parts.get(whole[-1])
    return SplitName(whole, whole[:-1] if part else whole, part)


_WORDS_ALONE = re.compile(r"[A-Za-z0-9_][\w.-]*(?:[,; ]+[A-Za-z0-9_][\w.-]*)*\Z")


def part_of(name: str, value: str, beside: Collection[str] = ()) -> Part | None:
    """The part that a variable's value is, by its name and by what stands there. A word alone may be the name of a
    driver (`DB_CONNECTION: mysql`), which is no part of an address: `beside` are the names of the variables that
    stand with it, and tell where the word alone does not."""
    said = split_name(name)
    if said.part not in ("host", "url") or not _WORDS_ALONE.match(value):
        return said.part
    names, last = _names(), said.words[-1]
    if last in names.driver_names:
        return None
    drivers = names.drivers.intersection(re.split("[,; ]+", value.lower()))
    if last not in names.driver_names_or_hosts or not drivers:
        return said.part
    if any(driver.upper().startswith(word) for driver in drivers for word in said.stem):
        return said.part
    others = [split_name(other) for other in beside if other != name]
    # `BROKER_PORT` beside `BROKER`: what else should the port be of
    has_port = any(other.part == "port" and other.stem == said.words for other in others)
    has_host = any(other.part in ("host", "url") and other.stem == said.words for other in others)
    return said.part if has_port and not has_host else None


@lru_cache(maxsize=65536)
def lists_names(name: str) -> bool:
    """Whether a variable lists hosts that are let in, or passed by (`ALLOWED_HOSTS`, `NO_PROXY`): nobody connects to
    what it names."""
    return _names().no_connections.match("_".join(split_name(name).words)) is not None


def belongs(stem: tuple[str, ...], anchor: tuple[str, ...]) -> int:
    """How surely variables of `stem` go with an address of the stem `anchor`: 3 the same stem, 2 the same but for words
    that say which user (`DB_ROOT`) or say again that it is a database (`KC_DB_URL`), 0 not."""
    if stem == anchor:
        return 3
    shorter, longer, words = (anchor, stem, QUALIFIERS) if len(anchor) < len(stem) else (stem, anchor, FILLERS)
    if longer[: len(shorter)] == shorter and all(word in words for word in longer[len(shorter) :]):
        return 2 if shorter else 0
    return 0
