"""A small project in a rehearsal account, delivered by the generated CI files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")

from compose2aws.rehearsal import RehearsalServer
from tests.pipeline.workflow import Runner

SHOP = """\
name: shop
services:
  api:
    build: .
    environment:
      JWT_SECRET: ${JWT_SECRET:?}
      AWS_ACCESS_KEY_ID: ${AWS_ACCESS_KEY_ID:-}
      MODE: ${MODE:-calm}
      DATABASE_URL: postgresql://app:app@db:5432/app
  db:
    image: postgres:16
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: app, POSTGRES_DB: app}
x-aws: {tier: development}
"""
WITHOUT_DATABASE = """\
name: shop
services:
  api:
    build: .
    environment:
      JWT_SECRET: ${JWT_SECRET:?}
x-aws: {tier: development}
"""
SECRETS = {"JWT_SECRET": "jwt-canary-4711"}


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """A CI machine with the project checked out, and an account whose services were used before."""
    if shutil.which("jq") is None:
        pytest.skip("the steps need jq")
    project, folder = tmp_path / "checkout", tmp_path / "machine"
    project.mkdir()
    folder.mkdir()
    (project / "compose.yaml").write_text(SHOP)
    (project / "Dockerfile").write_text("FROM scratch\n")
    with RehearsalServer() as server:
        server.use_services()
        yield Runner(project, folder, server)


def generate(runner: Runner, system: str, *options: str) -> str:
    """Writes the files into the project; what the command said next."""
    ran = subprocess.run(
        [sys.executable, "-m", "compose2aws", "pipeline", system, *options],
        cwd=runner.project,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout
