"""Hosts in addresses that the project does not have."""

from __future__ import annotations

import pytest

from compose2aws.compose import LoadOptions, load
from tests.planning.valued import valued

SERVICES = """
services:
  app:
    image: acme/app
    environment:
      {variable}
    extra_hosts: ["legacy:10.0.0.9"]
    external_links: ["other_db_1:sales"]
  reddis: {{image: "redis:7", container_name: store}}
  db: {{image: "postgres:16", environment: {{POSTGRES_PASSWORD: sesame-99}}}}
  web: {{image: acme/web, hostname: front, networks: {{default: {{aliases: [site]}}}}}}
  search: {{image: acme/search, profiles: [full]}}
"""


def told(variable: str, **environment: str) -> list[str]:
    made = valued(SERVICES.format(variable=variable), environment)
    return [f"{finding.message} | {finding.remedy}" for finding in made.findings("host-unknown")]


@pytest.mark.parametrize(
    ("variable", "near"),
    [
        ("REDIS_URL: redis://redis:6379/0", "reddis"),
        ("REDIS_URL: redis://cache:6379/0", "reddis"),
        ("DATABASE_URL: postgresql+asyncpg://u:p@postgres/x", "db"),
        ("API: http://wep:8000", "web"),
        ("API: http://backend:8000", None),
        ("HOSTS: kafka://broker1:9092", None),
        ("REDIS_URL: ${REDIS_URL:-redis://cache:6379}", "reddis"),
    ],
)
def test_host_that_nothing_is_called_by_is_told(variable: str, near: str | None) -> None:
    (found,) = told(variable)
    assert found.startswith(variable.partition(":")[0])
    assert (f"did you mean {near}?" in found) is (near is not None)
    assert ("did you mean" in found) is (near is not None)


def test_finding_stands_at_the_value() -> None:
    made = valued(SERVICES.format(variable="REDIS_URL: redis://redis:6379/0"))
    (finding,) = made.findings("host-unknown")
    assert finding.severity == "warning"
    assert finding.path == ("services", "app", "environment", "REDIS_URL")
    assert finding.position is not None


@pytest.mark.parametrize(
    "variable",
    [
        "A: redis://reddis:6379",
        "A: redis://store:6379",
        "A: http://front:80",
        "A: http://site:80",
        "A: http://Web:80",
        "A: http://app:80",
        "A: http://legacy:80",
        "A: postgres://u:p@sales/x",
        "A: http://localhost:80",
        "A: http://host.docker.internal:80",
        "A: redis://redis.example.com:6379",
        "A: http://10.0.0.1:80",
        "A: http://0:80",
        "A: s3://bucket/key",
        "A: file://folder/x",
        "A: sqlite://data",
        "A: null://null",
        "A: doctrine://default",
        "A: ${A:-http://ollama:11434}",
        "A: http://${HOST}:80",
        "A: redis://${CACHE}-1:6379",
        "ALLOWED_ORIGINS: http://elsewhere:3000",
        "A: 'PLAINTEXT://db:9092,PLAINTEXT_HOST://localhost:29092'",
        "A: redis://user:pa/ss@db:6379",
    ],
)
def test_host_that_is_known_or_may_be_elsewhere_is_not_told(variable: str) -> None:
    assert told(variable) == []


def test_half_of_a_password_is_not_shown_as_a_host() -> None:
    for value in ("redis://sesame/99@cache:6379", "redis://user:sesame/99@cache:6379"):
        assert not any("sesame" in line for line in told(f"A: {value}"))


def test_service_of_a_profile_that_is_not_active_is_told_as_such() -> None:
    (found,) = told("A: http://search:7700")
    assert "a service that is left out" in found
    assert "--profile full" in found
    project = load(LoadOptions(files=("-",), stdin=SERVICES.format(variable="A: http://search:7700"), project_name="t"))
    assert [service.name for service in project.inactive] == ["search"]


def test_host_in_a_command_is_told() -> None:
    made = valued("services:\n  app: {image: a, command: [wait, 'redis://cache:6379']}\n")
    (finding,) = made.findings("host-unknown")
    assert "command of app names the host cache" in finding.message
