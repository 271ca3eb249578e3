"""What a Dockerfile tells of the image, and the volumes that begin with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.identity import first_container
from compose2aws.planning.model import BuiltImage
from tests.planning.projects import container, outcome, planned, task

COMPOSE = """
services:
  web:
    build: ./web
    volumes: ["assets:/app/static", "uploads:/srv/uploads"]
volumes:
  assets:
  uploads:
"""


def project(tmp_path: Path, dockerfile: str, compose: str = COMPOSE) -> Path:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Dockerfile").write_text(dockerfile)
    return tmp_path


def filled(tmp_path: Path, dockerfile: str) -> set[str]:
    """The places whose volumes begin with what the image has there."""
    made = planned(project(tmp_path, dockerfile), COMPOSE)
    found = [c for c in task(made, "web").containers if c.name == first_container("volumes", "web")]
    command = str((found[0].command or ("",))[0]) if found else ""
    return {place for place in ("/app/static", "/srv/uploads") if f"cp -a {place}/." in command}


@pytest.mark.parametrize(
    ("dockerfile", "places"),
    [
        ("FROM python:3.12\nWORKDIR /app\nCOPY . .\n", {"/app/static"}),
        ("FROM python:3.12\nCOPY web/ /app/static/\nCOPY x /srv/\n", {"/app/static", "/srv/uploads"}),
        ("FROM node AS build\nWORKDIR /app\nCOPY . .\nFROM nginx\nCOPY --from=build /app/dist /usr/share\n", set()),
        (
            "FROM golang AS build\nWORKDIR /app\nCOPY . .\nFROM gcr.io/distroless/static\nCOPY --from=build /app "
            "/app\n",
            set(),
        ),
        ("FROM scratch\nCOPY app /app/\n", set()),
        ("FROM debian AS base\nFROM base\nWORKDIR /app\n", {"/app/static"}),
    ],
)
def test_a_volume_begins_with_what_the_build_put_there(tmp_path: Path, dockerfile: str, places: set[str]) -> None:
    assert filled(tmp_path, dockerfile) == places


def test_the_services_own_image_fills_as_root_before_the_service_starts(tmp_path: Path) -> None:
    made = planned(project(tmp_path, "FROM python:3.12\nWORKDIR /app\nCOPY . .\nUSER app\n"), COMPOSE)
    name = first_container("volumes", "web")
    first, own = container(made, name), container(made, "web")
    assert isinstance(own.image, BuiltImage) and first.image == own.image
    assert (first.user, first.essential) == ("0", False)
    assert (name, "SUCCESS") in [(needed.container, needed.condition) for needed in own.depends_on]


def test_a_volume_that_keeps_packages_from_a_live_reload_mount_is_not_made(tmp_path: Path) -> None:
    text = """
services:
  web:
    build: ./web
    volumes: ["./web:/app", "modules:/app/node_modules", "data:/app/data"]
volumes:
  modules:
  data:
"""
    made = planned(project(tmp_path, "FROM node\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"), text)
    assert {mount.container_path for mount in container(made, "web").mounts} == {"/app/data"}
    assert outcome(made, "services.web.volumes[1]") == "adapted"
    assert outcome(made, "volumes.modules") == "inert"
