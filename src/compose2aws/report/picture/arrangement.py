"""Where everything stands: Graphviz arranges the boxes in layers from left to right and leads the lines around them.

Graphviz sees no text: every box, strip and heading is given to it as a rectangle of a known size, so that the same
picture is arranged the same on every machine, whatever fonts it has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import dist
from statistics import fmean

from compose2aws.report.picture.model import Box, Group, Line, Picture, Pin, Symbol
from compose2aws.report.picture.shape import GROUP_TITLE, Row, Shape, heading_width, shape

_MARGIN = 12.0
# A line with more weight is straighter: the way of a request from the internet before an order of starting.
_WEIGHTS = {"public": 4, "connection": 2, "files": 2, "start": 2, "order": 1}


_MANY_LINES, _MOST_LINES = 90, 250
_STORING: tuple[Symbol, ...] = ("database", "cache", "broker", "search", "files")


class MissingLibraryError(Exception):
    """The library that arranges pictures is not installed. A sentence for the user."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Curve:
    """A line as it is drawn: the points of Bezier curves (the first, then three for each), and where its tip is."""

    line: Line
    points: tuple[tuple[float, float], ...]
    tip: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A picture's places, in a sheet whose upper edge is at -`above`. `shapes` are the boxes as they are drawn; groups
    stand before those in them."""

    width: float
    height: float
    above: float
    shapes: Mapping[str, Shape]
    boxes: Mapping[str, Frame]
    groups: Mapping[str, Frame]
    curves: tuple[Curve, ...]


def arrange(picture: Picture) -> Arrangement:
    """Places for all boxes, groups and lines. Raises `MissingLibraryError`.

    Each is arranged twice: the second time routes and volumes stand in the order of what they lead to, so that their
    lines do not cross. That is done with layers inside of each group, and with layers for all groups together. A
    picture of very many lines is arranged once.
    """
    try:
        import pygraphviz  # noqa: PLC0415 - heavy, and only pictures with places need it
    except ImportError as error:
        raise MissingLibraryError(
            "this format needs pygraphviz, which is not installed: pip install 'compose2aws[picture]'. "
            "--format mermaid needs nothing"
        ) from error

    if len(picture.lines) > _MOST_LINES:
        shapes = {box.id: shape(box) for box in picture.boxes}
        graph = pygraphviz.AGraph(string=_source(picture, shapes, True, False))
        return _read(json.loads(graph.draw(format="json0", prog="dot")), picture, shapes)

    def laid_out(shapes: Mapping[str, Shape], pinned: bool, together: bool) -> Arrangement:
        graph = pygraphviz.AGraph(string=_source(picture, shapes, pinned, together))
        return _read(json.loads(graph.draw(format="json0", prog="dot")), picture, shapes)

    def arranged(together: bool) -> Arrangement:
        first = laid_out({box.id: shape(box) for box in picture.boxes}, False, together)
        return laid_out({box.id: shape(_in_order(box, picture.lines, first)) for box in picture.boxes}, True, together)

    return min((arranged(together) for together in (False, True)), key=_length)


def _length(places: Arrangement) -> int:
    """How long all lines are together: of two arrangements the one with shorter lines is easier to read."""
    lengths = (dist(a, b) for curve in places.curves for a, b in pairwise(points_along(curve.points)))
    return round(sum(lengths))


def _in_order(box: Box, lines: Sequence[Line], places: Arrangement) -> Box:
    """The box with its exits, and the volumes among its entries, in the order of the boxes at the other end."""

    def order(pins: Sequence[Pin], ends: Iterable[tuple[str | None, str]]) -> tuple[Pin, ...]:
        heights: dict[str | None, list[float]] = {}
        for name, other in ends:
            heights.setdefault(name, []).append(places.boxes[other].middle)
        return tuple(sorted(pins, key=lambda pin: fmean(heights.get(pin.name, [0]))))

    exits = order(box.exits, ((line.exit, line.target) for line in lines if line.source == box.id))
    if box.symbol != "files":  # ports stand in the order of their numbers
        return replace(box, exits=exits)
    entries = order(box.entries, ((line.entry, line.source) for line in lines if line.target == box.id))
    return replace(box, exits=exits, entries=entries)


def _source(picture: Picture, shapes: Mapping[str, Shape], pinned: bool, together: bool) -> str:
    """The picture in Graphviz's language. Names are numbers: no text of the project stands in it. `pinned`: lines begin
    and end at their own exits and entries; `together`: all groups have the same layers."""
    numbers = {box.id: number for number, box in enumerate(picture.boxes)}
    ways = {group.id: {box.id for box in group.every_box()} for outer in picture.groups for group in _every(outer)}
    inside: dict[str | None, list[str]] = {}
    for number, line in enumerate(picture.lines):
        tail = _port(shapes[line.source].exits, line.exit if pinned else None, "o", "e")
        head = _port(shapes[line.target].entries, line.entry if pinned else None, "i", "w")
        edge = f"{numbers[line.source]}{tail} -> {numbers[line.target]}{head}"
        # a line is kept inside of the innermost group that both of its ends stand in
        common = [id_ for id_, members in ways.items() if line.source in members and line.target in members]
        inside.setdefault(common[-1] if common else None, []).append(
            f"{edge} [weight={_WEIGHTS[line.kind]} id={number}]"
        )
    inside.setdefault(None, []).extend(f"{numbers[a]} -> {numbers[b]} [style=invis]" for a, b in _aside(picture))
    gap = min(1.3, 0.7 + len(picture.lines) / 60)  # inches: many lines need room to part
    lines = [
        "digraph {",
        f"graph [rankdir=LR nodesep=0.3 ranksep={gap:.2f} newrank={str(together).lower()}]",
        f"graph [{_effort(len(picture.lines))}]",
        'node [shape=none margin=0 label=""]',
        "edge [arrowsize=0.75]",
        f"{{rank=same {' '.join(str(numbers[box.id]) for box in picture.outside)}}}",
    ]
    lines += [f"{numbers[box.id]} [label={_table(shapes[box.id])}]" for box in picture.boxes]
    for group in picture.groups:
        lines += _cluster(group, numbers, inside)
    return "\n".join([*lines, *inside.get(None, ()), "}"])


def _aside(picture: Picture) -> Iterator[tuple[str, str]]:
    """Pairs that keep what nobody is known to use beside its like, at the right of the services."""
    used = {line.target for line in picture.lines}
    storing = {box.id for box in picture.boxes if box.symbol in _STORING}
    users = [line.source for line in picture.lines if line.target in storing and line.source not in storing]
    users = users or [box.id for box in picture.boxes if box.symbol in ("service", "job")]
    for box in picture.boxes:
        if users and box.id in storing and box.id not in used:
            yield max(users, key=users.count), box.id


def _effort(lines: int) -> str:
    """How long Graphviz may try to straighten and part lines: its time grows with about the third power of their
    number. Where they are too many to be followed by eye anyway, they are straight and pass behind boxes."""
    if lines <= _MANY_LINES:
        return "remincross=true mclimit=4"
    if lines <= _MOST_LINES:
        return "mclimit=1 nslimit=1 nslimit1=1"
    return "mclimit=0.1 nslimit=0.1 nslimit1=0.1 searchsize=10 splines=line"


def _cluster(group: Group, numbers: Mapping[str, int], inside: Mapping[str | None, list[str]]) -> Iterator[str]:
    yield f'subgraph "cluster_{_hex(group.id)}" {{ margin={_MARGIN} labeljust=l id="{_hex(group.id)}"'
    yield f"label=<{_TABLE}<TR>{_cell(heading_width(group), GROUP_TITLE)}</TR></TABLE>>"
    yield from (str(numbers[box.id]) for box in group.boxes)
    for inner in group.groups:
        yield from _cluster(inner, numbers, inside)
    yield from inside.get(group.id, ())
    yield "}"


def _hex(text: str) -> str:
    return text.encode().hex()


_TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'


def _cell(width: float, height: float, port: str = "") -> str:
    name = f' PORT="{port}"' if port else ""
    return f'<TD{name} FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}"></TD>'


def _table(shape: Shape) -> str:
    """A box as a table: the entries, the body, the exits, each a cell of its size that lines can go to."""
    left = _strip(shape.entries, shape.entry_width, shape.height, "i")
    right = _strip(shape.exits, shape.exit_width, shape.height, "o")
    body = _cell(shape.width - shape.entry_width - shape.exit_width, shape.height)
    return f"<{_TABLE}<TR>{left}{body}{right}</TR></TABLE>>"


def _strip(rows: Sequence[Row], width: float, height: float, prefix: str) -> str:
    if not rows:
        return ""
    tops = [round(number * height / len(rows)) for number in range(len(rows) + 1)]
    cells = "".join(
        f"<TR>{_cell(width, below - above, f'{prefix}{number}')}</TR>"
        for number, (above, below) in enumerate(pairwise(tops))
    )
    return f'<TD FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}">{_TABLE}{cells}</TABLE></TD>'


def _port(rows: Sequence[Row], name: str | None, prefix: str, side: str) -> str:
    number = next((n for n, row in enumerate(rows) if row.name == name), None)
    return f":{side}" if number is None else f":{prefix}{number}:{side}"


def _read(found: dict[str, object], picture: Picture, shapes: Mapping[str, Shape]) -> Arrangement:
    """Graphviz's answer: points from the lower left corner, upwards; here from the upper left, downwards."""
    _, _, right, top = _numbers(found["bb"])
    ids = [box.id for box in picture.boxes]
    every = {_hex(group.id): group for outer in picture.groups for group in _every(outer)}
    boxes: dict[str, Frame] = {}
    groups: dict[str, Frame] = {}
    for item in _list(found.get("objects")):
        if "bb" in item:
            x0, y0, x1, y1 = _numbers(item["bb"])
            groups[every[str(item["id"])].id] = Frame(x0, top - y1, x1 - x0, y1 - y0)
        elif "pos" in item:
            id_ = ids[int(str(item["name"]))]
            (x, y), box = _numbers(item["pos"]), shapes[id_]
            boxes[id_] = Frame(x - box.width / 2, top - y - box.height / 2, box.width, box.height)
    curves: dict[int, Curve] = {}
    for item in _list(found.get("edges")):
        if "id" in item:
            number = int(str(item["id"]))
            tip, points = _points(str(item["pos"]), top)
            curves[number] = Curve(picture.lines[number], points, tip)
    ordered = tuple(curves[number] for number in sorted(curves))
    for outer in picture.groups:
        _grow(outer, groups, ordered)
    high = min((frame.y for frame in groups.values()), default=0)
    low = max((frame.y + frame.height for frame in groups.values()), default=top)
    return Arrangement(
        right,
        max(top, low) - min(0, high),
        -min(0, high),
        shapes,
        {id_: boxes[id_] for id_ in ids},
        {group.id: groups[group.id] for group in every.values() if group.id in groups},
        ordered,
    )


def _grow(group: Group, groups: dict[str, Frame], curves: Sequence[Curve]) -> tuple[float, float]:
    """Makes a group as high as the lines between its own boxes, which may swing out, and gives its new bounds."""
    frame = groups[group.id]
    members = {box.id for box in group.every_box()}
    high, low = frame.y, frame.y + frame.height
    for curve in curves:
        if curve.line.source in members and curve.line.target in members:
            ys = [y for _, y in points_along(curve.points)]
            high, low = min(high, min(ys) - _MARGIN), max(low, max(ys) + _MARGIN)
    for inner in group.groups:
        above, below = _grow(inner, groups, curves)
        high, low = min(high, above - _MARGIN - GROUP_TITLE), max(low, below + _MARGIN)
    groups[group.id] = Frame(frame.x, high, frame.width, low - high)
    return high, low


def points_along(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Points on Bezier curves, close enough to each other to bound them."""
    for start in range(0, len(points) - 3, 3):
        a, b, c, d = points[start : start + 4]
        for step in range(13):
            t = step / 12
            u = 1 - t
            wa, wb, wc, wd = u**3, 3 * u * u * t, 3 * u * t * t, t**3
            yield (
                wa * a[0] + wb * b[0] + wc * c[0] + wd * d[0],
                wa * a[1] + wb * b[1] + wc * c[1] + wd * d[1],
            )


def _every(group: Group) -> Iterator[Group]:
    yield group
    for inner in group.groups:
        yield from _every(inner)


def _list(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _numbers(text: object) -> tuple[float, ...]:
    return tuple(float(part) for part in str(text).split(","))


def _points(text: str, top: float) -> tuple[tuple[float, float], tuple[tuple[float, float], ...]]:
    """`e,TIP P0 P1 …` as the tip and the points."""
    points = [(float(x), top - float(y)) for x, y in (part.split(",")[-2:] for part in text.split())]
    return (points[0], tuple(points[1:])) if text.startswith("e,") else (points[-1], tuple(points))
