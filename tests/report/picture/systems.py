"""Compose text in, a picture out; and pictures of all golden cases and examples to try rules on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from compose2aws.planning.planner import plan
from compose2aws.report.picture.composition import picture
from compose2aws.report.picture.model import Box, Group, Line, Picture
from tests.browser.large import large_system
from tests.example_pictures import EXAMPLES, drawn
from tests.golden_cases import cases, read_project
from tests.planning.projects import catalog, read


def pictured(folder: Path, compose: str, files: dict[str, str] | None = None, tier: str = "production") -> Picture:
    project = read(folder, compose, files)
    return picture(plan(project, catalog(), tier), project)


@cache
def every_picture() -> dict[str, Picture]:
    """Those of the golden cases in both tiers, of the examples, and of a system of 57 services."""
    pictures = {}
    for case in cases():
        project = read_project(case)
        for tier in ("production", "development"):
            pictures[f"{case.name} ({tier})"] = picture(plan(project, catalog(), tier), project)
    with TemporaryDirectory() as folder:
        pictures["large"] = pictured(Path(folder), large_system())
    return pictures | {name: drawn(name) for name in EXAMPLES}


def box(of: Picture, title: str) -> Box:
    (found,) = (box for box in of.boxes if box.title == title)
    return found


def joins(of: Picture) -> set[tuple[str, str, str]]:
    """The lines as kind, source and target, by titles."""
    titles = {box.id: box.title for box in of.boxes}
    return {(line.kind, titles[line.source], titles[line.target]) for line in of.lines}


def lines_to(of: Picture, title: str) -> list[Line]:
    return [line for line in of.lines if line.target == box(of, title).id]


def groups(of: Picture) -> Iterator[Group]:
    """All groups, the outer ones first."""
    open_ = list(of.groups)
    while open_:
        group = open_.pop(0)
        yield group
        open_ += group.groups


def group_of(of: Picture, title: str) -> Group:
    """The innermost group that a box stands in."""
    (found,) = (group for group in groups(of) if any(box.title == title for box in group.boxes))
    return found
