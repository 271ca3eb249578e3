"""`graph`, run as a process."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from .conftest import Command
from .test_synth import SHOP

needs_graphviz = pytest.mark.skipif(importlib.util.find_spec("pygraphviz") is None, reason="pygraphviz is missing")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(SHOP)
    (tmp_path / "Dockerfile").write_text("FROM node:20-alpine\nEXPOSE 3000\n")
    return tmp_path


def test_mermaid_goes_to_standard_output(command: Command) -> None:
    drawn = command("graph")
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stdout.startswith("flowchart LR\n")
    assert drawn.stderr == ""


@needs_graphviz
@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.svg", "<?xml"),
        ("a.html", "<!DOCTYPE html>"),
        ("a.HTM", "<!DOCTYPE html>"),
        ("a.mmd", "flowchart"),
        ("a", "flow"),
    ],
)
def test_the_files_name_decides_the_format(command: Command, shop: Path, name: str, start: str) -> None:
    drawn = command("graph", "-o", name)
    assert (drawn.returncode, drawn.stdout, drawn.stderr) == (0, "", "")
    assert (shop / name).read_text().startswith(start)


@needs_graphviz
def test_a_given_format_wins_over_the_files_name(command: Command, shop: Path) -> None:
    assert command("graph", "--format", "svg", "-o", "picture.txt").returncode == 0
    assert ET.fromstring((shop / "picture.txt").read_text()).tag.endswith("svg")  # noqa: S314 - our own text


def test_a_name_that_tells_no_format_is_wrong_usage(command: Command, shop: Path) -> None:
    drawn = command("graph", "-o", "picture.png")
    assert drawn.returncode == 2
    assert "picture.png: no format is known by .png; give --format, or one of .mmd" in drawn.stderr
    assert not (shop / "picture.png").exists()


def test_a_file_that_cannot_be_written_is_told(command: Command) -> None:
    drawn = command("graph", "-o", "nowhere/a.mmd")
    assert drawn.returncode == 1
    assert drawn.stderr == "compose2aws: cannot write nowhere/a.mmd: No such file or directory\n"


def test_without_the_library_mermaid_works_and_the_others_say_what_to_install(command: Command, shop: Path) -> None:
    (shop / "without").mkdir()
    (shop / "without" / "pygraphviz.py").write_text("raise ImportError('not here')\n")
    lacking = {"PYTHONPATH": str(shop / "without")}
    assert command("graph", environment=lacking).returncode == 0
    for name in ("a.svg", "a.html"):
        drawn = command("graph", "-o", name, environment=lacking)
        assert drawn.returncode == 2
        assert "pip install 'compose2aws[picture]'" in " ".join(drawn.stderr.split())
        assert not (shop / name).exists()


@needs_graphviz
def test_a_project_from_standard_input_has_both_tiers(command: Command, shop: Path) -> None:
    drawn = command("-f", "-", "graph", "--format", "html", stdin=SHOP)
    assert drawn.returncode == 0, drawn.stderr
    assert "0 to 2 ACU" in drawn.stdout
    assert "0.5 to 16 ACU" in drawn.stdout


@needs_graphviz
@pytest.mark.parametrize("format_", ["mermaid", "svg", "html"])
def test_no_secret_is_drawn(command: Command, format_: str) -> None:
    drawn = command("graph", "--format", format_)
    assert drawn.returncode == 0
    assert "s3cr3t-canary" not in drawn.stdout + drawn.stderr


def test_a_cold_start_loads_nothing_heavy(command: Command, shop: Path) -> None:
    heavy = ("boto3", "botocore", "moto", "cfnlint", "rich", "troposphere", "pygraphviz")
    script = (
        "import json, sys\nfrom compose2aws.cli.program import run\ncode = run(['graph', '-o', 'a.mmd'])\n"
        f"print(json.dumps([code, [name for name in {heavy} if name in sys.modules]]))\n"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=shop, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == [0, []]
