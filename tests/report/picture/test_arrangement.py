"""Where things are drawn: nothing over anything else, the same on every run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from compose2aws.report.picture.arrangement import Arrangement, Frame, arrange, points_along
from compose2aws.report.picture.model import Group
from compose2aws.report.picture.svg import as_svg
from tests.example_pictures import EXAMPLES, ROOT, drawn, place
from tests.report.picture.systems import every_picture, pictured

pytest.importorskip("pygraphviz")


def overlap(a: Frame, b: Frame) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def holds(outer: Frame, inner: Frame) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def crosses(places: Arrangement, box: str, points: tuple[tuple[float, float], ...]) -> bool:
    """Whether a curve passes through a box, more than two pixels inside of it."""
    frame = places.boxes[box]
    return any(
        frame.x + 2 < x < frame.x + frame.width - 2 and frame.y + 2 < y < frame.y + frame.height - 2
        for x, y in points_along(points)
    )


def test_nothing_is_drawn_over_anything_else() -> None:
    for name, made in every_picture().items():
        places = arrange(made)
        ids = list(places.boxes)
        over = [(a, b) for n, a in enumerate(ids) for b in ids[n + 1 :] if overlap(places.boxes[a], places.boxes[b])]
        assert not over, name
        assert [curve.line for curve in places.curves] == list(made.lines), name
        for curve in places.curves:
            others = [box for box in ids if box not in (curve.line.source, curve.line.target)]
            assert not [box for box in others if crosses(places, box, curve.points)], (name, curve.line)


def test_groups_hold_what_is_in_them_and_nothing_else() -> None:
    def check(group: Group, places: Arrangement) -> None:
        members = {box.id for box in group.every_box()}
        frame = places.groups[group.id]
        for id_, box in places.boxes.items():
            assert holds(frame, box) if id_ in members else not overlap(frame, box), (group.title, id_)
        for inner in group.groups:
            assert holds(frame, places.groups[inner.id])
            check(inner, places)

    for made in every_picture().values():
        for group in made.groups:
            check(group, arrange(made))


def test_a_tangle_of_hundreds_of_lines_is_drawn_in_the_time_of_a_test(tmp_path: Path) -> None:
    def named(n: int) -> str:
        others = (n * 7 % 120, n * 11 % 120, (n * 13 + 5) % 120)
        return ", ".join(f"U{at}: 'http://s{other}:80'" for at, other in enumerate(others))

    services = "".join(f"  s{n}: {{image: a, expose: ['80'], environment: {{{named(n)}}}}}\n" for n in range(120))
    made = pictured(tmp_path, f"services:\n{services}")
    assert len(made.lines) > 250
    assert len(arrange(made).boxes) == 120


def test_lines_end_at_the_middle_of_their_ports() -> None:
    made = drawn("nexiom")
    places = arrange(made)
    for curve in places.curves:
        if curve.line.entry:
            frame, shape = places.boxes[curve.line.target], places.shapes[curve.line.target]
            (row,) = (row for row in shape.entries if row.name == curve.line.entry)
            assert curve.tip == pytest.approx((frame.x, frame.y + row.middle), abs=1.5)


def test_svg_is_well_formed_and_shows_every_box() -> None:
    for name, made in every_picture().items():
        root = ET.fromstring(as_svg(made))  # noqa: S314 - our own text
        shown = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
        assert {box.title for box in made.boxes if len(box.title) < 20} <= shown, name


@pytest.mark.parametrize("format_", ["svg", "html", "mermaid"])
def test_the_same_input_gives_the_same_bytes(format_: str) -> None:
    def run(seed: str) -> bytes:
        folder = ROOT / "tests" / "golden" / "volumes-and-files"
        return subprocess.run(
            [sys.executable, "-m", "compose2aws", "graph", "--format", format_],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=folder,
            capture_output=True,
            check=True,
        ).stdout

    assert run("1") == run("2") != b""


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_pictures_of_the_examples_are_up_to_date(example: str) -> None:
    assert place(example).read_text(encoding="utf-8") == as_svg(drawn(example)), "run `make pictures`"
