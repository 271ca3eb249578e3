"""`config`, run as a process on small compose files."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from .conftest import Command

COMPOSE = """\
services:
  web:
    image: nginx:${TAG:-1}
    command: echo $$HOME
    environment:
      PASSWORD: ${PASSWORD?say it}
      ZIP: "0o17"
    ports: ["8080:80"]
"""


def test_the_canonical_project_is_printed_as_yaml_and_as_json(command: Command, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    environment = {"PASSWORD": "pass$word", "TAG": "2"}
    as_yaml = command("config", "-p", "shop", environment=environment)
    as_json = command("-p", "shop", "config", "--format", "json", environment=environment)
    assert (as_yaml.returncode, as_yaml.stderr, as_json.returncode, as_json.stderr) == (0, "", 0, "")
    project = json.loads(as_json.stdout)
    web = project["services"]["web"]
    assert project["name"] == "shop"
    assert web["image"] == "nginx:2"
    assert web["command"] == ["echo", "$HOME"]
    assert web["ports"] == [{"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp"}]
    assert web["environment"] == {"PASSWORD": "pass$word", "ZIP": "0o17"}
    assert yaml.safe_load(as_yaml.stdout)["services"]["web"]["environment"]["PASSWORD"] == "pass$$word"


def test_what_is_printed_is_a_compose_file_that_says_the_same(command: Command, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    first = command("config", "-p", "shop", environment={"PASSWORD": "a$b", "TAG": "2"})
    second = command("-f", "-", "config", stdin=first.stdout)
    assert (second.returncode, second.stdout) == (0, first.stdout)


def test_files_before_and_after_the_command_are_merged_in_order(command: Command, tmp_path: Path) -> None:
    for name, image in (("a", "one"), ("b", "two"), ("c", "three")):
        (tmp_path / f"{name}.yml").write_text(f"services: {{{name}: {{image: {image}}}, same: {{image: {image}}}}}")
    told = command("-f", "a.yml", "-f", "c.yml", "config", "-f", "b.yml", "--format", "json")
    services = json.loads(told.stdout)["services"]
    assert {name: service["image"] for name, service in services.items()} == {
        "a": "one",
        "b": "two",
        "c": "three",
        "same": "two",
    }


def test_a_required_variable_that_is_missing_is_refused_with_its_place_and_message(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    told = command("config")
    assert told.returncode == 1
    assert told.stderr.startswith("compose.yaml:6:")
    assert "services.web.environment.PASSWORD: " in told.stderr
    # the rest is printed all the same
    assert "PASSWORD: ''" in told.stdout
    assert "say it" in told.stderr


def test_standard_input_is_read_once(command: Command) -> None:
    told = command("-f", "-", "config", stdin=COMPOSE)
    assert told.returncode == 1
    assert "PASSWORD: ''" in told.stdout


def test_a_warning_goes_to_stderr_and_the_result_to_stdout(command: Command, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b, environment: {X: $NOT_SET}}}")
    told = command("config")
    assert told.returncode == 0
    assert "NOT_SET" in told.stderr
    assert told.stdout.startswith("name: ")


def test_a_file_that_is_not_there_is_named(command: Command) -> None:
    told = command("-f", "nowhere.yml", "config")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("nowhere.yml:1:1: ")


def test_a_folder_without_a_compose_file_is_told(command: Command) -> None:
    told = command("config")
    assert told.returncode == 1
    assert told.stderr.startswith("compose2aws: there is no compose file")
