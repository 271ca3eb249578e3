"""`synth`, run as a process on small compose files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .conftest import Command

SHOP = """\
name: shop
services:
  api:
    build: .
    ports: ["3001:3000"]
    environment:
      DATABASE_URL: postgresql://shop:s3cr3t-canary@postgres:5432/shop
    depends_on: [postgres]
    networks: [inner]
  postgres:
    image: postgres:16-alpine
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: s3cr3t-canary
    volumes: ["data:/var/lib/postgresql/data"]
    networks: [inner]
networks: {inner: {}}
volumes: {data: {}}
x-aws: {domain: example.com}
"""
WORKER = """\
name: shop
services:
  worker:
    image: nginx:1.27
"""
IMPOSSIBLE = """\
name: shop
services:
  web:
    image: microsoft/windows
    platform: windows/amd64
"""
FINDING = re.compile(r"[^\s:]+:\d+:\d+: [^:]+: .+")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(SHOP)
    (tmp_path / "Dockerfile").write_text("FROM node:20-alpine\nEXPOSE 3000\n")
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_templates_manifest_and_bake_file_are_written_and_told(command: Command, shop: Path) -> None:
    told = command("synth")
    assert told.returncode == 0, told.stderr
    made = files(shop / "aws.out")
    assert set(made) == {
        "shop-base.template.yaml",
        "shop-app.template.yaml",
        "manifest.json",
        "images.bake.json",
    }
    manifest = json.loads(made["manifest.json"])
    assert (manifest["version"], manifest["project"], sorted(manifest["files"])) == (1, "shop", sorted(made))
    lines = told.stdout.splitlines()
    assert lines[0] == "shop on AWS (production), in aws.out:"
    assert re.fullmatch(r"  shop-base\.template\.yaml +\d+ resources", lines[1])
    assert "https://api.example.com" in told.stdout
    steps = [line.split()[1] for line in told.stdout.split("Next:\n")[1].splitlines()]
    assert steps == ["explain", "rehearse", "deploy"]


def test_no_secret_reaches_a_file_or_the_terminal(command: Command, shop: Path) -> None:
    told = command("synth")
    assert "s3cr3t-canary" not in told.stdout + told.stderr
    assert not [name for name, content in files(shop / "aws.out").items() if b"s3cr3t-canary" in content]


def test_two_runs_from_different_folders_write_the_same_bytes(command: Command, shop: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder, output in ((shop, "a"), (elsewhere, "b")):
        told = command("-f", str(shop / "compose.yaml"), "synth", "-o", str(tmp_path / output), folder=folder)
        assert told.returncode == 0, told.stderr
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_what_another_format_or_project_left_is_removed_and_the_users_files_stay(command: Command, shop: Path) -> None:
    command("synth", "-o", "out")
    (shop / "out" / "notes.txt").write_text("mine")
    told = command("synth", "-o", "out", "--format", "json")
    assert told.returncode == 0
    assert "removed, no longer made: " in told.stdout
    assert set(files(shop / "out")) == {
        "shop-base.template.json",
        "shop-app.template.json",
        "manifest.json",
        "images.bake.json",
        "notes.txt",
    }
    assert json.loads((shop / "out" / "shop-app.template.json").read_text())["Resources"]


def test_findings_go_to_stderr_with_file_line_and_column(command: Command, shop: Path) -> None:
    told = command("synth")
    found = [line for line in told.stderr.splitlines() if FINDING.fullmatch(line)]
    assert found, told.stderr
    assert not FINDING.search(told.stdout)


def test_a_project_on_standard_input_is_read(command: Command, tmp_path: Path) -> None:
    told = command("synth", "-f", "-", stdin=WORKER)
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "aws.out" / "manifest.json").exists()


def test_the_first_line_says_that_nothing_is_public(command: Command, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WORKER)
    first = command("synth").stdout.splitlines()[0]
    assert first.startswith("Nothing is public")
    assert "x-aws.public" in first


def test_a_refusal_is_told_with_its_place_and_nothing_is_written(command: Command, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(IMPOSSIBLE)
    told = command("synth")
    assert (told.returncode, told.stdout) == (1, "")
    assert re.match(r"compose\.yaml:\d+:\d+: services\.web[.\w]*: \S", told.stderr)
    assert not (tmp_path / "aws.out").exists()


def test_a_refusal_leaves_an_earlier_output_as_it_was(command: Command, shop: Path) -> None:
    command("synth")
    before = files(shop / "aws.out")
    (shop / "compose.yaml").write_text(IMPOSSIBLE)
    assert command("synth").returncode == 1
    assert files(shop / "aws.out") == before


def test_strict_refuses_what_would_be_left_out(command: Command, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WORKER + "    dns: [1.1.1.1]\n")
    assert command("synth", "-o", "loose").returncode == 0
    told = command("synth", "--strict", "-o", "strict")
    assert told.returncode == 1
    assert "services.worker.dns" in told.stderr
    assert not (tmp_path / "strict").exists()


def test_an_output_that_cannot_be_written_is_told_in_a_sentence(command: Command, shop: Path) -> None:
    (shop / "taken").write_text("mine")
    told = command("synth", "-o", "taken")
    assert (told.returncode, told.stdout) == (1, "")
    assert "cannot write to taken" in told.stderr


def test_lint_finds_nothing_to_complain_about(command: Command, shop: Path) -> None:
    told = command("synth", "--lint")
    assert told.returncode == 0, told.stderr
    assert "cfn-lint: nothing to complain about" in told.stderr


def test_a_mapping_that_cannot_be_used_is_told(command: Command, shop: Path) -> None:
    (shop / "mine").mkdir()
    (shop / "mine" / "mine.yaml").write_text("name: [")
    told = command("synth", "--mappings", "mine")
    assert told.returncode == 1
    assert told.stderr.startswith("mine/mine.yaml: ")


def test_the_tier_of_the_command_line_is_told(command: Command, shop: Path) -> None:
    assert command("synth", "--tier", "development").stdout.startswith("shop on AWS (development)")


@pytest.mark.parametrize(
    "text", ["", "services:", "[]", "services: {a: {imge: b}}", "a: &a [*a]", "\0", "services: {a: {image: 7}}", "- -"]
)
def test_no_input_gives_a_traceback(command: Command, text: str) -> None:
    told = command("synth", "-f", "-", stdin=text)
    assert told.returncode == 1
    assert "bug" not in told.stderr
    assert re.search(r"<stdin>:\d+:\d+: ", told.stderr), told.stderr


def test_a_cold_run_imports_no_heavy_library(command: Command, shop: Path) -> None:
    told = command("synth", environment={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.rsplit("|", 1)[-1].strip() for line in told.stderr.splitlines() if line.startswith("import time:")}
    assert "compose2aws.planning" in imported
    assert imported.isdisjoint({"boto3", "botocore", "moto", "cfnlint", "rich"})
