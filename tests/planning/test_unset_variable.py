"""A variable that is not set is told of where it leaves an empty text, and of nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.catalog import load_catalog
from compose2aws.compose import LoadOptions, load
from compose2aws.planning.ledger import people_path
from compose2aws.planning.planner import plan


def told(folder: Path, text: str) -> list[str]:
    (folder / "compose.yaml").write_text(text, encoding="utf-8")
    project = load(LoadOptions(files=("compose.yaml",), working_directory=str(folder)))
    found = plan(project, load_catalog()).findings
    return [people_path(f.path) if f.path else "" for f in found if f.code == "unset-variable"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("services: {a: {image: nginx, environment: {B: '${V}'}}}", []),
        ("services: {a: {image: 'nginx:1${V}', environment: {B: '${V}'}}}", ["services.a.image"]),
        ("services: {a: {environment: {B: '${V}'}, image: 'nginx:1${V}'}}", ["services.a.image"]),
        ("x-e: &e {B: '${V}'}\nservices: {a: {image: nginx, environment: *e}}", []),
        ("x-i: &i 'nginx:1${V}'\nservices: {a: {image: *i}}", ["services.a.image"]),
        ("x-i: '${V}'\nservices: {a: {image: nginx}}", []),
    ],
)
def test_it_is_told_of_where_the_text_is_empty(text: str, places: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, text) == places
