"""Logins of services that moved, in files that a container mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.ledger import Finding
from tests.planning.projects import codes, planned

COMPOSE = """
services:
  app: {image: acme/app, volumes: ['./app.conf:/etc/app.conf:ro']}
  db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: postgres}}
  cache: {image: 'redis:7'}
  queue: {image: 'rabbitmq:4'}
  search: {image: 'elasticsearch:8'}
"""


def told(folder: Path, text: str, compose: str = COMPOSE) -> list[Finding]:
    made = planned(folder, compose, {"app.conf": text})
    found = [f for f in made.findings if f.code in ("login-in-file", "address-in-file")]
    assert "tulips" not in repr(found)
    return found


@pytest.mark.parametrize(
    ("text", "line", "service"),
    [
        ("# settings\nurl = postgres://app:tulips-77@db:5432/app\n", 2, "db"),
        ("database:\n  host: db\n  user: app\n  password: tulips-77\n", 4, "db"),
        ("[database]\nhost = db\npassword = tulips-77\n", 3, "db"),
        ('{"db": {"host": "db",\n "password": "tulips-77"}}', 2, "db"),
        ("* = host=db port=5432 password=tulips-77", 1, "db"),
        ("redis: redis://:tulips-77@cache:6379/0", 1, "cache"),
        ("session:\n  secret: roses-roses-88\n  redis:\n    host: cache\n    password: tulips-77\n", 5, "cache"),
    ],
)
def test_a_password_beside_the_address_is_told_by_file_and_line(
    tmp_path: Path, text: str, line: int, service: str
) -> None:
    (found,) = told(tmp_path, text)
    assert (found.code, found.severity) == ("login-in-file", "error")
    assert found.message.startswith(f"line {line} of app.conf, which app reads, holds a password for {service} ")
    assert found.path == ("services", "app", "volumes", 0)


@pytest.mark.parametrize(
    "text",
    [
        "server db:5432;",
        "password = tulips-77\n" + "x = y\n" * 20 + "host = db",
        "# postgres://app:tulips-77@db/app",
        "url = postgres://app:tulips-77@db.example.com/app",
        "elastic = http://elastic:tulips-77@search:9200",
        "secret = tulips-77\nhost = db",
        "host = ${DB_HOST}\npassword = tulips-77",
    ],
    ids=["no password", "far away", "a comment", "another's host", "one that stays", "no password", "a variable"],
)
def test_nothing_is_told_of_what_works_or_is_another_s(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text) == []


def test_a_port_that_is_another_on_aws_is_told(tmp_path: Path) -> None:
    (found,) = told(tmp_path, "broker = amqp://queue:5672")
    assert (found.code, found.severity) == ("address-in-file", "error")
    assert "line 1 of app.conf" in found.message
    assert "over TLS on port 5671" in found.message


def test_a_config_of_the_compose_file_is_read_too(tmp_path: Path) -> None:
    compose = COMPOSE.replace("volumes: ['./app.conf:/etc/app.conf:ro']", "configs: [app]")
    (found,) = told(
        tmp_path, "url = postgres://app:tulips-77@db/app", f"{compose}configs: {{app: {{file: ./app.conf}}}}\n"
    )
    assert found.path == ("services", "app", "configs", 0)


@pytest.mark.parametrize(
    "environment", ["MONGO_OPLOG_URL: 'mongodb://mongo/x'", "URL: 'mongodb://mongo:27017/local?replicaSet=rs0'"]
)
def test_an_oplog_is_asked_for_in_vain(tmp_path: Path, environment: str) -> None:
    text = "services:\n  app: {{image: acme/app, environment: {{{0}}}}}\n  mongo: {{image: 'mongo:5'}}\n"
    made = planned(tmp_path, text.format(environment))
    (found,) = [f for f in made.findings if f.code == "not-offered"]
    assert found.severity == "error"
    assert "managed: false" in found.remedy
    assert "not-offered" not in codes(planned(tmp_path, text.format("URL: 'mongodb://mongo/app'")))
