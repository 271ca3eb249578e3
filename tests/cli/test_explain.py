"""`explain`, run as a process on small compose files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command
from .test_synth import IMPOSSIBLE, SHOP


@pytest.fixture(autouse=True)
def shop(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(SHOP)
    (tmp_path / "Dockerfile").write_text("FROM node:20-alpine\nEXPOSE 3000\n")
    return tmp_path


def test_the_table_fits_eighty_columns_and_needs_no_colour(command: Command) -> None:
    told = command("explain")
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in told.stdout
    flat = " ".join(told.stdout.split())
    for words in ("compose.yaml", 'ports: "3001:3000"', "https://api.example.com", "postgres container", "Aurora"):
        assert words in flat


def test_the_way_on_is_told_at_the_end(command: Command) -> None:
    told = command("explain")
    end = told.stdout[told.stdout.index("What to write in x-aws") :]
    assert "  x-aws:\n" in end
    assert "alarms: ops@example.com" in end
    assert "`compose2aws explain --all`" in end


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_all_tells_every_decision(command: Command, format_: str) -> None:
    decisions = json.loads(command("explain", "--format", "json").stdout)["decisions"]
    usual = command("explain", "--format", format_).stdout
    full = command("explain", "--format", format_, "--all").stdout
    for id_ in {id_ for decision in decisions for id_ in decision["becomes"]}:
        assert id_ in full
        assert id_ not in usual


def test_json_is_the_same_with_all(command: Command) -> None:
    usual = command("explain", "--format", "json")
    assert command("explain", "--format", "json", "--all").stdout == usual.stdout


def test_markdown_holds_the_same_table(command: Command) -> None:
    told = command("explain", "--format", "markdown")
    assert told.returncode == 0
    assert "| local (Docker) | AWS | how it works |" in told.stdout
    row = '| `ports: "3001:3000"` | Application Load Balancer | listens on https://api.example.com (443)'
    assert row in told.stdout


def test_json_names_only_leaves_and_services_of_the_canonical_project(command: Command) -> None:
    told = json.loads(command("explain", "--format", "json").stdout)
    project = json.loads(command("config", "--format", "json").stdout)
    assert list(told) == ["project", "decisions", "findings"]
    assert told["project"] == "shop"
    for decision in told["decisions"]:
        value = project
        for step in decision["pointer"].split("/")[1:]:
            value = value[int(step)] if isinstance(value, list) else value[step.replace("~1", "/").replace("~0", "~")]
    assert any("AWS::ECS::Service/ApiService" in decision["becomes"] for decision in told["decisions"])


def test_a_refused_project_is_explained_all_the_same(command: Command, shop: Path) -> None:
    (shop / "compose.yaml").write_text(IMPOSSIBLE)
    told = command("explain")
    assert told.returncode == 0
    assert "Refused" in told.stdout
    told = command("explain", "--format", "json")
    assert told.returncode == 0
    assert "refused" in {decision["outcome"] for decision in json.loads(told.stdout)["decisions"]}


@pytest.mark.parametrize("format_", ["table", "markdown", "json"])
def test_no_secret_is_shown(command: Command, format_: str) -> None:
    told = command("explain", "--format", format_)
    assert told.returncode == 0
    assert "s3cr3t-canary" not in told.stdout + told.stderr
