"""Names in full, and the container that tells a task where to search, where the network's DHCP options are not ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compose2aws.cloudformation import emit, render
from compose2aws.planning.model import BuiltImage, Plan
from tests.planning.projects import container, decision, outcome, planned, task

HEAD = """
x-aws: {{tier: {tier}, search-domain: sidecar, {more}}}
services:
  api: {{image: acme/api, expose: ['8000']}}
  search: {{image: timescale/timescaledb, container_name: timescale, environment: {{POSTGRES_PASSWORD: abc}}}}
  database: {{image: 'postgres:17', environment: {{POSTGRES_PASSWORD: hunter2}}}}
  web:
    image: acme/web
"""


def project(folder: Path, body: str, tier: str = "development", more: str = "") -> Plan:
    """The plan of a service `web` with the lines `body`, beside two containers and a database that moves."""
    return planned(folder, HEAD.format(tier=tier, more=more) + f"    {body}\n")


def value(made: Plan, name: str = "URL") -> str:
    return str(next(v.text for v in container(made, "web").environment if v.name == name))


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("URL: http://api:8000/v1", "http://api.test.internal:8000/v1"),
        ("URL: 'http://api:8000,http://search:9200'", "http://api.test.internal:8000,http://search.test.internal:9200"),
        ("API_HOST: api", "api.test.internal"),
        ("ALLOWED_HOSTS: api", "api.test.internal"),
        ("QUEUE_CONNECTION: search", "search"),
        ("UPSTREAM: 'api:8000'", "api.test.internal:8000"),
        ("SEARCH_HOST: timescale", "timescale.test.internal"),
        ("NAME: api", "api"),
        ("URL: http://web:80", "http://web:80"),
        ("URL: http://api.example.com", "http://api.example.com"),
        ("URL: http://database:5432", "http://{host of database}:5432"),
    ],
)
def test_names_in_host_position_are_written_in_full(tmp_path: Path, written: str, full: str) -> None:
    made = project(tmp_path, f"environment: {{{written}}}")
    name = written.partition(":")[0]
    assert value(made, name) == full
    told = decision(made, f"services.web.environment.{name}")
    assert (told.code == "full-name") is (".internal" in full)


def test_with_our_own_dhcp_options_names_stay_bare(tmp_path: Path) -> None:
    text = HEAD.format(tier="development", more="").replace("sidecar", "dhcp")
    made = planned(tmp_path, f"{text}    environment: {{URL: 'http://api:8000'}}\n")
    assert value(made) == "http://api:8000"
    assert len(task(made, "web").containers) == 1


def test_a_name_inside_a_secret_is_written_in_full(tmp_path: Path) -> None:
    made = project(tmp_path, "environment: {URL: 'postgres://me:hunter22@timescale:5432/app'}")
    text = value(made)
    assert text.endswith("@timescale.test.internal:5432/app")
    (variable,) = (v for v in container(made, "web").environment if v.name == "URL")
    (secret,) = (s for s in made.secrets if s.id == variable.secret)
    assert str(secret.text) == text
    written = b"".join(render(emit(made)).values()).decode()
    assert "@timescale.test.internal:5432/app" in written
    assert "hunter22" not in written + str(made.decisions)


def test_words_of_a_command_are_written_in_full(tmp_path: Path) -> None:
    made = project(tmp_path, "command: ['serve', '--host', 'api', '--to', 'http://api:8000', 'api']")
    assert [str(word) for word in container(made, "web").command or ()] == [
        "serve",
        "--host",
        "api.test.internal",
        "--to",
        "http://api.test.internal:8000",
        "api",
    ]
    assert outcome(made, "services.web.command") == "adapted"


def test_what_service_connect_gives_the_task_stays_bare(tmp_path: Path) -> None:
    made = project(tmp_path, "environment: {URL: 'http://api:8000', OTHER_HOST: api}", tier="production")
    assert value(made) == "http://api:8000"
    # no port is known there, so it may be one that no alias has
    assert value(made, "OTHER_HOST") == "api.test.internal"


def test_the_first_container_searches_the_namespace_and_what_the_network_searches(tmp_path: Path) -> None:
    made = project(tmp_path, "command: [serve]")
    first, web = task(made, "web").containers
    assert [(d.container, d.condition) for d in web.depends_on] == [(first.name, "SUCCESS")]
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("search corp.example\nnameserver 10.0.0.2\n")
    (script,) = first.command or ()
    text = str(script).replace("/etc/resolv.conf", str(resolv))
    subprocess.run(["/bin/sh", "-ec", text], check=True)
    assert resolv.read_text().splitlines()[-1] == "search test.internal corp.example"


def test_a_task_without_a_way_out_has_the_first_container_in_a_repository_of_its_own(tmp_path: Path) -> None:
    made = project(tmp_path, "networks: [inside]\nnetworks: {inside: {internal: true}}")
    first = task(made, "web").containers[0]
    assert isinstance(first.image, BuiltImage)
    assert first.image in made.images


def test_a_task_in_its_hosts_network_is_not_told_where_to_search(tmp_path: Path) -> None:
    made = project(tmp_path, "network_mode: host\n    environment: {URL: 'http://api:8000'}")
    assert [c.name for c in task(made, "web").containers] == ["web"]
    assert value(made) == "http://api.test.internal:8000"
