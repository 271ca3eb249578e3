"""`rehearse`: what it tells, and that it fails where the system would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bare_environment import bare_environment
from tests.cli.test_deploy import SHOP

EXAMPLES = Path(__file__).parents[2] / "examples"


def rehearse(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compose2aws", *options, "rehearse"],
        cwd=folder,
        env=bare_environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_a_project_is_deployed_tried_changed_and_destroyed_without_an_account(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(SHOP)
    done = rehearse(tmp_path, "--tier", "development")
    assert done.returncode == 0, done.stderr
    titles = [line.removeprefix("✓ ") for line in done.stdout.splitlines() if line.startswith("✓")]
    assert titles == ["Deployed", "Looked at", "Connected", "Compared", "Changed", "Destroyed"]
    assert "api → db     name, port, security groups, login: fine" in done.stdout
    assert "api → cache  name, port, security groups: fine" in done.stdout
    assert "canary" not in done.stdout + done.stderr


def test_a_way_that_is_closed_fails_the_rehearsal(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "compose2aws", "--tier", "development", "synth", "--format", "json", "-o", "out"],
        input="",
        cwd=_written(tmp_path, SHOP),
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.returncode == 0
    base = json.loads((tmp_path / "out" / "shop-base.template.json").read_text())
    rule = next(name for name in base["Resources"] if name.startswith("DbSecurityGroup") and name.endswith("Ingress"))
    closed = {"stack": "base", "op": "replace", "path": f"/Resources/{rule}/Properties/FromPort", "value": 1}
    shut = {**closed, "path": f"/Resources/{rule}/Properties/ToPort"}
    _written(tmp_path, SHOP + f"\nx-aws: {json.dumps({'patches': [closed, shut]})}\n")
    done = rehearse(tmp_path, "--tier", "development")
    assert done.returncode == 1
    assert "does not admit it on" in done.stderr
    assert "The rehearsal failed" in done.stderr


@pytest.mark.soak
@pytest.mark.parametrize("tier", ["development", "production"])
@pytest.mark.parametrize(
    "files",
    [
        ("nexiom/docker-compose.yml", "nexiom/compose.aws.yaml"),
        ("edgechat/docker-compose.yml", "edgechat/compose.aws.yaml"),
        ("sports-analytics/docker-compose.yml", "sports-analytics/compose.aws.yaml"),
        ("fastapi-db/docker-compose.yml", "fastapi-db/compose.aws.yaml"),
        ("lambda-lite/infra/docker-compose.yml",),
    ],
)
def test_the_examples_can_be_rehearsed(files: tuple[str, ...], tier: str) -> None:
    options = [option for file in files for option in ("-f", str(EXAMPLES / file))]
    done = rehearse(EXAMPLES, *options, "--tier", tier)
    assert done.returncode == 0, done.stderr


def _written(folder: Path, text: str) -> Path:
    (folder / "compose.yaml").write_text(text)
    return folder
