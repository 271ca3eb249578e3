"""How large a box is drawn, and where its parts stand in it. Units are CSS pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from compose2aws.report.layout import wrapped
from compose2aws.report.picture.letters import fitted, text_width
from compose2aws.report.picture.model import Box, Group, Pin

HEADING, TITLE, TEXT, SMALL = 17.0, 13.0, 11.0, 10.5
"""Sizes of letters: of the whole, of titles, of what stands below them, of ports and routes."""

LINE = 15.0
PADDING = 10.0
SIGN = 18.0
"""The side of the sign that stands beside the title."""

ROW = 20.0
"""The height of a port or route, at least."""

MEMBER_HEIGHT, MEMBER_GAP = 36.0, 6.0
GROUP_TITLE = 24.0
NOTE_GAP = 12.0
_NARROWEST, _WIDEST = 120.0, 270.0
_WIDEST_PIN = 230.0
_FACT_WIDTH = 30  # characters of a line in a box


@dataclass(frozen=True, slots=True)
class Row:
    """A port or route: what is written, and the height of its middle above the box's upper edge, downwards."""

    name: str
    text: str
    middle: float


@dataclass(frozen=True, slots=True)
class Cell:
    """A member: its text, and its upper left corner in the box."""

    service: str
    text: str
    size: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Shape:
    """A box as it is drawn. The strips at its left and right hold its entries and exits; the body is between them."""

    width: float
    height: float
    entries: tuple[Row, ...]
    exits: tuple[Row, ...]
    entry_width: float
    exit_width: float
    title: str
    lines: tuple[str, ...]
    cells: tuple[Cell, ...]
    cell_width: float


def shape(box: Box) -> Shape:
    """The shape of a box: as large as its texts, within limits; longer ones are cut."""
    entry_width, exit_width = _strip(box.entries), _strip(box.exits)
    room = _WIDEST - 2 * PADDING
    title = fitted(box.title, TITLE, (room - SIGN - 6), bold=True)
    told = [line for fact in box.facts for line in wrapped(fact, _FACT_WIDTH)]
    lines = tuple(fitted(text, TEXT, room) for text in (box.role, *told))
    widths = [SIGN + 6 + text_width(title, TITLE, bold=True)]
    widths += [text_width(text, TEXT) for text in lines]
    top = PADDING + SIGN + 2 + LINE * len(lines)
    columns, cell_width = _grid(box)
    if box.members:
        widths.append(columns * (cell_width + MEMBER_GAP) - MEMBER_GAP)
    body = max(_NARROWEST, max(widths) + 2 * PADDING)
    x = entry_width + PADDING
    cells = tuple(
        Cell(
            member.service,
            fitted(member.service, TEXT, (cell_width - 12), bold=True),
            fitted(member.size, SMALL, (cell_width - 12)),
            x + (number % columns) * (cell_width + MEMBER_GAP),
            top + 6 + (number // columns) * (MEMBER_HEIGHT + MEMBER_GAP),
        )
        for number, member in enumerate(box.members)
    )
    bottom = cells[-1].y + MEMBER_HEIGHT if cells else top
    height = ceil(max(bottom + PADDING - 2, ROW * len(box.entries), ROW * len(box.exits)))
    width = ceil(entry_width + body + exit_width)
    return Shape(
        width,
        height,
        _rows(box.entries, height),
        _rows(box.exits, height),
        entry_width,
        exit_width,
        title,
        lines,
        cells,
        cell_width,
    )


def _grid(box: Box) -> tuple[int, float]:
    """Columns of members, and how wide one is: a field somewhat higher than it is wide."""
    if not box.members:
        return 1, 0
    widths = [max(text_width(m.service, TEXT, bold=True), text_width(m.size, SMALL)) + 12 for m in box.members]
    return max(1, ceil(sqrt(len(box.members) / 4))), min(max(widths), _WIDEST - 2 * PADDING)


def _strip(pins: Sequence[Pin]) -> float:
    if not pins:
        return 0
    return ceil(min(max(text_width(pin.label, SMALL) for pin in pins), _WIDEST_PIN) + 12)


def _rows(pins: Sequence[Pin], height: float) -> tuple[Row, ...]:
    step = height / len(pins) if pins else 0
    return tuple(
        Row(pin.name, fitted(pin.label, SMALL, _WIDEST_PIN), (number + 0.5) * step) for number, pin in enumerate(pins)
    )


def heading_width(group: Group) -> float:
    """How wide the heading of a group is: its title, and its note behind it."""
    note = NOTE_GAP + text_width(group.note, TEXT) if group.note else 0
    return text_width(group.title, TITLE, bold=True) + note + 16
