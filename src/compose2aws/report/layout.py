"""Words on a page: wrapping, columns, sizes, lists. Knows nothing of plans."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import click

_GAP = 2
_MARKS = "-_./:@,=&?"


def visible(text: str) -> str:
    """The text on one line, with what a terminal would act on (escape sequences, say) shown instead."""
    flat = " ".join(text.split())
    if flat.isprintable():
        return flat
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in flat)


def display_width(text: str) -> int:
    """How many columns of a terminal the text takes: two for a wide character (Chinese, say), none for an accent that
    stands above the one before it."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """The text in lines of at most `width` columns, the first one behind `first`, the others behind `rest`.

    A word that is longer than a line (a name, a URL) is broken behind a mark in it where it has one in time.
    """
    indent = " " * len(first) if rest is None else rest
    lines: list[str] = []
    line, start = first, len(first)
    for word in visible(text).split():
        if len(line) > start and display_width(line) + 1 + display_width(word) > width:
            lines.append(line)
            line, start = indent, len(indent)
        line += f" {word}" if len(line) > start else word
        while display_width(line) > width:
            end = _break(line, start, width)
            lines.append(line[:end])
            line, start = indent + line[end:], len(indent)
    return [*lines, line.rstrip()] if len(line) > start or not lines else lines


def _break(line: str, start: int, width: int) -> int:
    """Where a line that is one long word ends: behind its last mark that leaves no short stump, else at the edge."""
    edge = min(width, len(line))
    while edge > start + 1 and display_width(line[:edge]) > width:
        edge -= 1
    earliest = start + (edge - start) // 3
    return next((end for end in range(edge, earliest, -1) if line[end - 1] in _MARKS), edge)


def columns(header: Sequence[str], groups: Iterable[tuple[str, Iterable[Sequence[str]]]], width: int) -> list[str]:
    """Groups of rows, each below its heading, their cells side by side and wrapped; the last column takes what the
    others leave. What of a cell of another column is wrapped is indented, so that one sees where a row begins.

    The others are as wide as their widest cell, but never wider than nine fortieths of the page: 18 columns of 80.
    """
    shown = [(heading, [tuple(map(visible, row)) for row in rows]) for heading, rows in groups]
    cells = [tuple(header), *(row for _, rows in shown for row in rows)]
    widest = width * 9 // 40
    sizes = [min(widest, max(display_width(row[i]) for row in cells)) for i in range(len(header) - 1)]
    sizes.append(width - sum(sizes) - _GAP * len(sizes))
    lines = [click.style(line, bold=True) for line in _side_by_side(cells[0], sizes)]
    lines.append((" " * _GAP).join("-" * size for size in sizes))
    for number, (heading, rows) in enumerate(shown):
        lines += [""] if number else []
        lines += [click.style(line, bold=True) for line in wrapped(heading, width)]
        for row in rows:
            lines += _side_by_side(row, sizes)
    return lines


def _side_by_side(row: Sequence[str], sizes: Sequence[int]) -> list[str]:
    last = len(row) - 1
    wraps = [
        wrapped(cell, size, rest="" if place == last else "  ")
        for place, (cell, size) in enumerate(zip(row, sizes, strict=True))
    ]
    return [
        (" " * _GAP)
        .join(_padded(w[i] if i < len(w) else "", size) for w, size in zip(wraps, sizes, strict=True))
        .rstrip()
        for i in range(max(map(len, wraps)))
    ]


def _padded(text: str, size: int) -> str:
    return text + " " * (size - display_width(text))


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The rows as a table of GitHub's markdown. Text between backticks stays code."""
    lines = [_markdown_row(header), _markdown_row(["---"] * len(header)).replace(" ", "")]
    lines += [_markdown_row([markdown(cell) for cell in row]) for row in rows]
    return lines


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def markdown(text: str) -> str:
    """The text for a paragraph or a cell: only backticks keep their meaning."""
    parts = visible(text).split("`")
    closed = len(parts) % 2 == 1
    for index in range(0, len(parts), 2) if closed else range(len(parts)):
        for mark in ("\\", "*", "_", "[", "]", "<", ">", "#", "~", "&", "$"):
            parts[index] = parts[index].replace(mark, "\\" + mark)
    return ("`" if closed else "\\`").join(parts).replace("|", "\\|")


def without_backticks(text: str) -> str:
    """The text for a terminal, where they only take room."""
    return text.replace("`", "")


def listed(names: Iterable[str], most: int | None = None) -> str:
    """Names with commas; past `most` of them, how many more there are."""
    every = list(names)
    if most is None or len(every) <= most:
        return ", ".join(every)
    return f"{', '.join(every[:most])} and {len(every) - most} more"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 resource`, `2 resources`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def memory(mebibytes: int) -> str:
    """A size as AWS's consoles write it: `512 MB`, `2 GB`."""
    return f"{mebibytes // 1024} GB" if mebibytes % 1024 == 0 else f"{mebibytes} MB"


def cpu(units: int) -> str:
    """ECS's CPU units as vCPU: `0.25 vCPU`."""
    return f"{units / 1024:g} vCPU"
