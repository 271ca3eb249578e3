"""An account with the repositories of a project, and a `docker` that pushes to it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from compose2aws.catalog import Catalog, load_catalog
from compose2aws.cloudformation import emit
from compose2aws.compose import LoadOptions, load
from compose2aws.delivery.account import Account, open_account
from compose2aws.delivery.images import ImageRequest, build_environment
from compose2aws.planning.planner import plan
from compose2aws.rehearsal import RehearsalServer

STAND_IN = Path(__file__).parent / "docker_stand_in.py"


@dataclass
class Told:
    """A progress that keeps what it is told. A step that failed ends with `failed`."""

    steps: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def step(self, title: str, stack: str | None = None, resources: int = 0) -> None:
        self.steps.append(title)

    def resource(self, event: object) -> None:
        raise AssertionError("no resource is touched")

    def roll_out(self, state: object) -> None:
        raise AssertionError("no service is touched")

    def output(self, line: str) -> None:
        self.lines.append(line)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def done(self, *, failed: bool = False) -> None:
        if failed:
            self.steps.append("failed")


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RehearsalServer]:
    with RehearsalServer() as running:
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def account(server: RehearsalServer) -> Account:
    return open_account()


@dataclass
class Shop:
    """A project on disk, and the account that it is deployed to."""

    folder: Path
    account: Account
    catalog: Catalog
    record: Path
    binaries: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, text: str, mode: int | None = None) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if mode is not None:
            file.chmod(mode)

    def request(self, **options: Any) -> ImageRequest:
        environment = {"PATH": f"{self.binaries}{os.pathsep}{os.environ['PATH']}", **self.environment}
        project = load(
            LoadOptions(
                files=("compose.yaml",),
                project_name="shop",
                profiles=("*",),
                working_directory=str(self.folder),
                environment=environment,
            )
        )
        made = plan(project, self.catalog)
        assert [decision for decision in made.decisions if decision.outcome == "refused"] == []
        templates = emit(made)
        client = self.account.client("ecr")
        there = {found["repositoryName"] for found in client.describe_repositories()["repositories"]}
        repositories = {image.repository.logical_id: f"shop-{image.service}" for image in templates.images}
        for name in repositories.values():
            if name not in there:
                client.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
        request = ImageRequest(
            templates=templates,
            folder=self.folder,
            account=self.account,
            repositories=repositories,
            registry="123456789012.dkr.ecr.us-east-1.amazonaws.com",
            environment={
                **build_environment(templates, project),
                "HOME": str(self.home),
                "STAND_IN_RECORD": str(self.record),
            },
        )
        return replace(request, **options)

    def behaving(self, behaviour: str) -> ImageRequest:
        request = self.request()
        return replace(request, environment={**request.environment, "STAND_IN": behaviour})

    @property
    def builds(self) -> list[dict[str, Any]]:
        """The calls of `docker buildx bake`, in order."""
        return [json.loads(line) for line in self.record.read_text().splitlines()] if self.record.exists() else []

    def built(self, call: Callable[[], object]) -> list[str]:
        """The targets that are built while something is done."""
        before = len(self.builds)
        call()
        return [target for build in self.builds[before:] for target in build["targets"]]


@pytest.fixture
def shop(tmp_path: Path, account: Account, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    binaries = tmp_path / "bin"
    binaries.mkdir()
    docker = binaries / "docker"
    docker.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    docker.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    folder = tmp_path / "shop"
    made = Shop(folder, account, catalog, tmp_path / "record", binaries, home)
    made.write(
        "compose.yaml",
        """
services:
  api:
    build:
      context: api
      args:
        LEVEL: info
        NPM_TOKEN: ${NPM_TOKEN:-}
    ports: ["8080:8080"]
  web:
    build: web
    ports: ["80:80"]
""",
    )
    made.environment["NPM_TOKEN"] = "npm_r4nd0mS3cretV4lue"
    for service in ("api", "web"):
        made.write(f"{service}/Dockerfile", "FROM node:22\nCOPY . .\nCMD node main.js\n")
        made.write(f"{service}/main.js", f"console.log('{service}')\n")
        made.write(f"{service}/.dockerignore", "*.log\nnode_modules\n")
    return made
