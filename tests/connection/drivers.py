"""The drivers that apps use. Each function connects once and returns what the server says: as whom one is there, and
in which database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeAlias, TypeVar

import asyncpg
import psycopg
import pymysql
import redis
from pymongo import uri_parser
from pymysql.constants import ER

from tests.connection.finding import Connection
from tests.connection.servers import LOOPBACK
from tests.connection.strings import for_libpq, is_keywords, is_url

Result = TypeVar("Result")
Seen: TypeAlias = tuple[str | None, str | None]
Driver: TypeAlias = Callable[[], Seen]

_SECONDS = 5
_REDIS: dict[str, Any] = {"socket_timeout": _SECONDS, "decode_responses": True}


def drivers(connection: Connection, port: int) -> Iterator[tuple[str, Driver]]:
    """What can use the connection: by name, with the server on `port` in the managed service's place."""
    told, text = connection.told, connection.here(port)
    login = {"host": LOOPBACK, "port": port, "user": told.user, "password": told.password, "database": told.database}
    match connection.service.engine:
        case "postgres" if text is not None and (url := for_libpq(text)):
            yield "psycopg", lambda: _psycopg(url)
            yield "asyncpg", lambda: awaited(_asyncpg(dsn=url))
        case "postgres" if text is not None and is_keywords(text):
            yield "psycopg", lambda: _psycopg(f"{text} port={port}")
        case "postgres":
            yield "psycopg", lambda: _psycopg("", dbname=login["database"], **_without(login, "database"))
            yield "asyncpg", lambda: awaited(_asyncpg(**login))
        case "mysql":
            yield "PyMySQL", lambda: _pymysql(**login)
        case "redis" if text is not None and is_url(text):
            yield "redis-py", lambda: _redis(redis.Redis.from_url(text, **_REDIS))
        case "redis":
            number = int(told.database or 0)
            client = redis.Redis(LOOPBACK, port, number, told.password, username=told.user, **_REDIS)
            yield "redis-py", lambda: _redis(client)


def is_refusal(error: Exception) -> bool:
    """Whether a server says that the login is wrong, and nothing else."""
    match error:
        case psycopg.OperationalError():
            return "password authentication failed" in str(error)
        case pymysql.err.OperationalError():
            return bool(error.args[0] == ER.ACCESS_DENIED_ERROR)
        case _:
            return isinstance(error, asyncpg.InvalidPasswordError | redis.AuthenticationError)


def expected(connection: Connection) -> Seen:
    """Whom and what the server should name: the managed service's user, and the database that was asked for."""
    service, told = connection.service, connection.told
    if service.engine == "redis":
        return "default", told.database or "0"
    return service.user, told.database or (service.user if service.engine == "postgres" else None)


def mongo_uri(text: str) -> dict[str, Any]:
    """A MongoDB URI as its driver reads it."""
    return dict(uri_parser.parse_uri(text))


def _without(login: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in login.items() if key != name}


def _psycopg(conninfo: str, **further: Any) -> Seen:
    with psycopg.connect(conninfo, connect_timeout=_SECONDS, **further) as connection:
        row = connection.execute("select current_user, current_database()").fetchone()
    assert row is not None
    return row[0], row[1]


def awaited(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine gives, run in a thread of its own: Playwright leaves a loop running in that of the tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def _asyncpg(**how: Any) -> Seen:
    connection = await asyncpg.connect(timeout=_SECONDS, **how)
    try:
        row = await connection.fetchrow("select current_user, current_database()")
    finally:
        await connection.close()
    return row[0], row[1]


def _pymysql(**how: Any) -> Seen:
    with pymysql.connect(connect_timeout=_SECONDS, **how) as connection, connection.cursor() as cursor:
        cursor.execute("select current_user(), database()")
        user, database = cursor.fetchone()
    return user.rpartition("@")[0], database


def _redis(client: redis.Redis) -> Seen:
    with closing(client):
        client.set("a key", "a value")
        assert client.get("a key") == "a value"
        return str(client.acl_whoami()), str(client.client_info()["db"])
