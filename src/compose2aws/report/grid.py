"""Rows of short cells for a terminal: as wide as they need, and never wider than the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from compose2aws.report.layout import visible, wrapped

_GAP = "  "
_NARROWEST = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and its colour."""

    text: str
    colour: str | None = None


def grid(header: Sequence[str], rows: Sequence[Sequence[Cell | str]], width: int) -> list[str]:
    """The rows below their header, in lines of at most `width` characters. Where they are too wide, the widest columns
    give way and their cells are wrapped."""
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    texts = [list(header), *([visible(cell.text) for cell in row] for row in cells)]
    sizes = [max(len(row[place]) for row in texts) for place in range(len(header))]
    room = width - len(_GAP) * (len(header) - 1)
    while sum(sizes) > room and max(sizes) > _NARROWEST:
        widest = sizes.index(max(sizes))
        others = [size for place, size in enumerate(sizes) if place != widest]
        sizes[widest] = max(_NARROWEST, min(room - sum(others), sizes[widest] - 1), max(others, default=0) - 1)
    lines = [click.style(_line(header, sizes), bold=True)]
    for row in cells:
        lines += _row(row, sizes)
    return lines


def _row(row: Sequence[Cell], sizes: Sequence[int]) -> list[str]:
    parts = [wrapped(cell.text, size) for cell, size in zip(row, sizes, strict=True)]
    lines = []
    for number in range(max(map(len, parts))):
        texts = [part[number] if number < len(part) else "" for part in parts]
        painted = [
            click.style(text, fg=cell.colour) + " " * (size - len(text)) if cell.colour and text else text.ljust(size)
            for text, cell, size in zip(texts, row, sizes, strict=True)
        ]
        lines.append(_GAP.join(painted).rstrip())
    return lines


def _line(texts: Sequence[str], sizes: Sequence[int]) -> str:
    return _GAP.join(text.ljust(size) for text, size in zip(texts, sizes, strict=True)).rstrip()
