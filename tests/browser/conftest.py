"""A real Chromium, where the machine has one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compose2aws.planning.model import Plan, Tier
from compose2aws.planning.planner import plan
from tests.browser.large import large_system
from tests.planning.projects import catalog, read

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


SMALL = """
services:
  web: {image: web, ports: ["80:80"], environment: {API: "http://api:3000"}}
  api:
    image: api
    expose: ["3000"]
    environment: {DATABASE_URL: "postgresql://u:p@postgres/shop", REDIS_URL: "redis://redis:6379"}
    volumes: [uploads:/uploads, /var/run/docker.sock:/var/run/docker.sock]
    depends_on: {migrate: {condition: service_completed_successfully}}
  migrate: {image: api, command: migrate}
  report: {image: api, x-aws: {schedule: "cron(0 3 * * ? *)"}}
  search: {image: "opensearchproject/opensearch:2"}
  postgres: {image: "postgres:16", environment: {POSTGRES_PASSWORD: p, POSTGRES_USER: u}}
  redis: {image: "redis:7"}
  rabbit: {image: "rabbitmq:3"}
  vault: {image: vault, networks: [locked]}
networks: {locked: {internal: true}}
volumes: {uploads: }
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a process."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(f"{CHROMIUM} is not installed")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield launched
        launched.close()


def written(folder: Path, compose: str) -> Path:
    """The report of a compose file, as a file on disk."""
    pytest.importorskip("pygraphviz", reason="pygraphviz is not installed")
    from compose2aws.report.picture.page import as_html  # noqa: PLC0415 - its library may be missing

    project = read(folder, compose)
    made: dict[Tier, Plan] = {
        "production": plan(project, catalog(), "production"),
        "development": plan(project, catalog(), "development"),
    }
    file = folder / "report.html"
    file.write_text(as_html(made["production"], project, made), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a system of 57 services."""
    return written(tmp_path_factory.mktemp("report"), large_system())


@pytest.fixture(scope="session")
def small_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a system with one box of each kind."""
    return written(tmp_path_factory.mktemp("small"), SMALL)
