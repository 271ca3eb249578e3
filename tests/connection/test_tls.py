"""Where plain text is refused, what containers are given gets in, and what the file said does not.

The servers have certificates that nobody vouches for, as Amazon's is to an image without its authority.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import psycopg
import pymysql
import pytest
import redis

from compose2aws.planning.text import Hole, Text
from tests.connection.drivers import awaited
from tests.connection.servers import LOOPBACK, MariaDB, PostgreSQL, Redis
from tests.planning.projects import container, planned

PASSWORD = "drawn-by-secrets-manager"
PROJECT = """
services:
  app:
    image: acme/app
    environment:
      URL: postgresql://app:pw@db/app?sslmode=disable
      ASYNC: postgresql+asyncpg://app:pw@db:5432/app
      WORDS: host=db user=app password=pw dbname=app
      PYMYSQL: mysql+pymysql://app:pw@my:3306/app
      CACHE: redis://:pw@cache:6379/0
  db: {image: 'postgres:16', environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: pw, POSTGRES_DB: app}}
  my: {image: 'mysql:8', environment: {MYSQL_USER: app, MYSQL_PASSWORD: pw, MYSQL_DATABASE: app}}
  cache: {image: 'redis:7', command: redis-server --requirepass pw}
x-aws: {tls: required}
"""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], Path]]:
    """What the app is told, with the real servers' places, and the certificate of the cache."""
    with ExitStack() as stack:
        database, other, cache = PostgreSQL(tls=True), MariaDB(tls=True), Redis(PASSWORD)
        for server in (database, other, cache):
            stack.callback(server.stop)
        stack.enter_context(database.provide("app", PASSWORD, {"app"}))
        stack.enter_context(other.provide("app", PASSWORD, {"app"}))
        ports = {"db": database.port, "my": other.port, "cache": cache.port}
        made = planned(tmp_path_factory.mktemp("tls"), PROJECT)
        assert cache.certificate is not None
        yield {v.name: filled(v.text, ports) for v in container(made, "app").environment}, cache.certificate.file


def filled(text: Text, ports: Mapping[str, int]) -> str:
    """A text with the facts of the servers; a port that it writes itself becomes the server's."""
    facts = {"host": LOOPBACK, "user": "app", "password": PASSWORD}
    parts = [facts[part.fact] if isinstance(part, Hole) else part for part in text.parts]
    service = next(part.of for part in text.parts if isinstance(part, Hole) and part.fact == "host")
    made, port = "".join(parts), ports[service]
    if " " in made:
        return f"{made} port={port}"
    for usual in (5432, 3306, 6379):
        made = made.replace(f"{LOOPBACK}:{usual}", LOOPBACK)
    return made.replace(LOOPBACK, f"{LOOPBACK}:{port}")


def test_libpq_gets_in_by_url_and_by_words(given: tuple[dict[str, str], Path]) -> None:
    for name in ("URL", "WORDS"):
        with psycopg.connect(given[0][name]) as connection:
            assert connection.pgconn.ssl_in_use
            assert connection.info.dbname == "app"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(given[0]["URL"].replace("require", "disable"))


def test_asyncpg_gets_in_with_the_options_that_sqlalchemy_hands_on(given: tuple[dict[str, str], Path]) -> None:
    url = urlsplit(given[0]["ASYNC"])
    options = dict(parse_qsl(url.query))

    async def is_encrypted() -> bool:
        way = {"host": url.hostname, "port": url.port, "user": url.username, "password": url.password}
        connection = await asyncpg.connect(database=url.path[1:], **way, **options)
        try:
            return bool(await connection.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()"))
        finally:
            await connection.close()

    assert awaited(is_encrypted())
    options["ssl"] = "disable"
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        awaited(is_encrypted())


def test_pymysql_gets_in_with_the_options_that_sqlalchemy_makes_of_it(given: tuple[dict[str, str], Path]) -> None:
    url = urlsplit(given[0]["PYMYSQL"])
    assert url.query == "ssl_check_hostname=false"
    way = {"host": url.hostname, "port": url.port, "user": url.username, "password": url.password}
    with pymysql.connect(database=url.path[1:], ssl={"check_hostname": False}, **way) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1]
    with pytest.raises(pymysql.err.OperationalError):
        pymysql.connect(database=url.path[1:], ssl_disabled=True, **way)


def test_a_cache_with_a_password_lets_its_clients_in(given: tuple[dict[str, str], Path]) -> None:
    told, authority = given
    url = told["CACHE"].replace(LOOPBACK, "localhost")
    with redis.Redis.from_url(url, ssl_ca_certs=str(authority)) as client:
        assert client.ping()
    for wrong in (url.replace("rediss", "redis"), url.replace(PASSWORD, "a-password-that-nobody-gave")):
        certificate = {"ssl_ca_certs": str(authority)} if wrong.startswith("rediss") else {}
        with redis.Redis.from_url(wrong, **certificate) as client, pytest.raises(redis.RedisError):
            client.ping()
