"""The picture as SVG: a file of its own, or a part of the page, where services are links to their decisions."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from math import hypot
from xml.etree import ElementTree as ET

from compose2aws.report.layout import visible
from compose2aws.report.picture.arrangement import Arrangement, Curve, Frame, arrange
from compose2aws.report.picture.letters import text_width
from compose2aws.report.picture.model import Box, Group, LineKind, Picture, service_anchor
from compose2aws.report.picture.shape import HEADING, LINE, MEMBER_HEIGHT, NOTE_GAP, PADDING, SIGN, TEXT, Shape
from compose2aws.report.picture.sign import SIGNS

STYLE = files("compose2aws.report.picture").joinpath("picture.css").read_text(encoding="utf-8")

_EDGE = 16.0  # of paper around everything
_HEADING = 30.0
_LEGEND = 34.0
_CORNER = 6.0
_LEGENDS: dict[LineKind, str] = {
    "public": "from the internet",
    "connection": "connects to this port",
    "files": "mounts a volume",
    "start": "starts at these times",
    "order": "only starts after",
}


def as_svg(picture: Picture) -> str:
    """A file of its own. Raises `MissingLibraryError`."""
    text = ET.tostring(draw(picture, linked=False), encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def draw(picture: Picture, linked: bool) -> ET.Element:
    """The `svg` element. `linked`: boxes with decisions are links to `#decisions-ANCHOR`."""
    places = arrange(picture)
    kinds = [kind for kind in _LEGENDS if any(line.kind == kind for line in picture.lines)]
    heading = text_width(picture.title, HEADING, bold=True) + NOTE_GAP + text_width(picture.description, TEXT)
    least = max(_legend_end(kinds), heading)
    width = max(places.width, least) + 2 * _EDGE
    height = places.height + _HEADING + _LEGEND + 2 * _EDGE
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "picture",
            "viewBox": f"0 0 {_number(width)} {_number(height)}",
            "width": _number(width),
            "height": _number(height),
            "role": "group" if linked else "img",
            "aria-label": visible(f"{picture.title}: {picture.description}"),
        },
    )
    ET.SubElement(root, "style").text = STYLE
    ET.SubElement(root, "rect", {"class": "paper", "width": "100%", "height": "100%"})
    _heading(root, "heading", picture.title, picture.description, _EDGE, _EDGE + 14)
    sheet = ET.SubElement(
        root, "g", {"transform": f"translate({_number(_EDGE)} {_number(_EDGE + _HEADING + places.above)})"}
    )
    for group in picture.groups:
        _draw_group(sheet, group, places)
    for curve in places.curves:
        _draw_line(sheet, curve)
    for group in picture.groups:
        _draw_headings(sheet, group, places)
    for box in picture.boxes:
        _draw_box(sheet, box, places.shapes[box.id], places.boxes[box.id], linked)
    _draw_legend(root, kinds, _EDGE, height - _EDGE - 4)
    return root


def _draw_group(sheet: ET.Element, group: Group, places: Arrangement) -> None:
    frame = places.groups[group.id]
    drawn = ET.SubElement(sheet, "g", {"class": f"group {group.kind}"})
    ET.SubElement(drawn, "rect", {**_corner(frame.x, frame.y, frame.width, frame.height), "rx": "8"})
    for inner in group.groups:
        _draw_group(sheet, inner, places)


def _draw_headings(sheet: ET.Element, group: Group, places: Arrangement) -> None:
    """The headings of groups stand over the lines, which may pass there."""
    frame = places.groups[group.id]
    drawn = ET.SubElement(sheet, "g", {"class": f"group {group.kind}"})
    _heading(drawn, "title", group.title, group.note, frame.x + 12, frame.y + 19)
    for inner in group.groups:
        _draw_headings(sheet, inner, places)


def _draw_line(sheet: ET.Element, curve: Curve) -> None:
    line = curve.line
    drawn = ET.SubElement(
        sheet, "g", {"class": f"line to-{line.kind}", "data-source": line.source, "data-target": line.target}
    )
    first, *rest = curve.points
    ET.SubElement(drawn, "path", {"d": f"M{_point(first)}C" + " ".join(map(_point, rest))})
    (x, y), (to_x, to_y) = curve.points[-1], curve.tip
    length = hypot(to_x - x, to_y - y)
    if length:
        across_x, across_y = (to_y - y) / length * 3.2, -(to_x - x) / length * 3.2
        corners = ((to_x, to_y), (x + across_x, y + across_y), (x - across_x, y - across_y))
        ET.SubElement(drawn, "polygon", {"points": " ".join(map(_point, corners))})


def _draw_box(sheet: ET.Element, box: Box, form: Shape, frame: Frame, linked: bool) -> None:
    drawn = ET.SubElement(
        sheet,
        "g",
        {"class": f"thing {box.symbol}", "data-box": box.id, "transform": f"translate({_point((frame.x, frame.y))})"},
    )
    if linked and box.anchor:
        drawn = _link(drawn, box.anchor)
    told = " ".join((box.title, box.role, *box.facts))
    if visible(told) != " ".join((form.title, *form.lines)):  # something was cut
        ET.SubElement(drawn, "title").text = visible(told)
    ET.SubElement(drawn, "rect", {**_corner(0, 0, form.width, form.height), "class": "box", "rx": _number(_CORNER)})
    if form.entries:
        _draw_strip(drawn, form.entry_width, form.height, left=0.0)
    if form.exits:
        _draw_strip(drawn, form.exit_width, form.height, left=form.width - form.exit_width)
    for row in form.entries:
        _text(drawn, "pin", row.text, 6, row.middle + 3.8)
    for row in form.exits:
        _text(drawn, "pin", row.text, form.width - form.exit_width + 6, row.middle + 3.8)
    for x, width, rows in (
        (0.0, form.entry_width, form.entries),
        (form.width - form.exit_width, form.exit_width, form.exits),
    ):
        for above, below in pairwise(rows):
            y = (above.middle + below.middle) / 2
            ET.SubElement(drawn, "path", {"class": "rule", "d": f"M{_point((x, y))}h{_number(width)}"})
    x, y = form.entry_width + PADDING, PADDING
    ET.SubElement(
        drawn, "path", {"class": "sign", "d": SIGNS[box.symbol], "transform": f"translate({_point((x, y - 1))})"}
    )
    _text(drawn, "title", form.title, x + SIGN + 6, y + 13)
    for number, line in enumerate(form.lines):
        _text(drawn, "text", line, x, y + SIGN + LINE * (number + 1) - 2)
    for member, cell in zip(box.members, form.cells, strict=True):
        inside = ET.SubElement(drawn, "g", {"transform": f"translate({_point((cell.x, cell.y))})"})
        if linked:
            inside = _link(inside, service_anchor(cell.service))
        if (cell.text, cell.size) != (member.service, member.size):
            ET.SubElement(inside, "title").text = visible(f"{member.service} {member.size}")
        ET.SubElement(inside, "rect", {**_corner(0, 0, form.cell_width, MEMBER_HEIGHT), "class": "cell", "rx": "4"})
        _text(inside, "member", cell.text, 6, 15)
        _text(inside, "size", cell.size, 6, 28)


def _draw_strip(parent: ET.Element, width: float, height: float, left: float) -> None:
    """The ground of a strip, rounded where the box is, and the rule between it and the body."""
    r, w, h = _number(_CORNER - 0.7), _number(width - _CORNER), _number(height - 2 * _CORNER)
    if left == 0:
        edge, way = f"M{_number(_CORNER)} 0.7", f"a{r} {r} 0 0 0 -{r} {r}v{h}a{r} {r} 0 0 0 {r} {r}h{w}V0.7z"
        rule = f"M{_number(width)} 0.7V{_number(height - 0.7)}"
    else:
        edge, way = f"M{_number(left)} 0.7", f"h{w}a{r} {r} 0 0 1 {r} {r}v{h}a{r} {r} 0 0 1 -{r} {r}h-{w}z"
        rule = f"M{_number(left)} 0.7V{_number(height - 0.7)}"
    ET.SubElement(parent, "path", {"class": "strip", "d": edge + way})
    ET.SubElement(parent, "path", {"class": "rule", "d": rule})


def _link(parent: ET.Element, anchor: str) -> ET.Element:
    """A link whose name is the text in it."""
    return ET.SubElement(parent, "a", {"href": f"#decisions-{anchor}", "data-anchor": anchor})


def _draw_legend(root: ET.Element, kinds: list[LineKind], x: float, y: float) -> None:
    for kind, start in _legend_starts(kinds):
        drawn = ET.SubElement(root, "g", {"class": f"line to-{kind}"})
        left = x + start
        ET.SubElement(drawn, "path", {"d": f"M{_point((left, y - 4))}h26"})
        ET.SubElement(
            drawn,
            "polygon",
            {"points": f"{_point((left + 32, y - 4))} {_point((left + 25, y - 7.2))} {_point((left + 25, y - 0.8))}"},
        )
        _text(drawn, "note", _LEGENDS[kind], left + 38, y)


def _legend_starts(kinds: list[LineKind]) -> Iterator[tuple[LineKind, float]]:
    at = 0.0
    for kind in kinds:
        yield kind, at
        at += 38 + text_width(_LEGENDS[kind], TEXT) + 22


def _legend_end(kinds: list[LineKind]) -> float:
    return max((start + 60 + text_width(_LEGENDS[kind], TEXT) for kind, start in _legend_starts(kinds)), default=0)


def _text(parent: ET.Element, kind: str, text: str, x: float, y: float) -> ET.Element:
    element = ET.SubElement(parent, "text", {"class": kind, "x": _number(x), "y": _number(y)})
    element.text = visible(text)
    element.tail = " "  # between words, for those who hear them
    return element


def _heading(parent: ET.Element, kind: str, title: str, note: str, x: float, y: float) -> None:
    """A title, and a note behind it."""
    element = ET.SubElement(parent, "text", {"x": _number(x), "y": _number(y)})
    ET.SubElement(element, "tspan", {"class": kind}).text = visible(title)
    if note:
        ET.SubElement(element, "tspan", {"class": "note", "dx": _number(NOTE_GAP)}).text = visible(note)


def _corner(x: float, y: float, width: float, height: float) -> dict[str, str]:
    return {"x": _number(x), "y": _number(y), "width": _number(width), "height": _number(height)}


def _point(point: tuple[float, float]) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    """With one decimal at most: enough for a screen, and the same everywhere."""
    text = f"{value:.1f}"
    return "0" if text in ("-0.0", "0.0") else text.removesuffix(".0")
