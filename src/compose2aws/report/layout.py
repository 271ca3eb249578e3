"""Words on a page: wrapping, columns, sizes, lists. Knows nothing of plans."""

from __future__ import annotations

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


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """The text in lines of at most `width` characters, the first one behind `first`, the others behind `rest`.

    A word that is longer than a line (a name, a URL) is broken behind a mark in it where it has one in time.
    """
    indent = " " * len(first) if rest is None else rest
    lines: list[str] = []
    line, start = first, len(first)
    for word in visible(text).split():
        if len(line) > start and len(line) + 1 + len(word) > width:
            lines.append(line)
            line, start = indent, len(indent)
        line += f" {word}" if len(line) > start else word
        while len(line) > width:
            end = _break(line, start, width)
            lines.append(line[:end])
            line, start = indent + line[end:], len(indent)
    return [*lines, line.rstrip()] if len(line) > start or not lines else lines


def _break(line: str, start: int, width: int) -> int:
    """Where a line that is one long word ends: behind its last mark that leaves no short stump, else at the edge."""
    earliest = start + (width - start) // 3
    return next((end for end in range(width, earliest, -1) if line[end - 1] in _MARKS), width)


def columns(header: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> list[str]:
    """Rows of cells side by side, each cell wrapped; the last column takes what the others leave.

    The others are as wide as their widest cell, but never wider than a quarter of the page.
    """
    cells = [tuple(header), *(tuple(map(visible, row)) for row in rows)]
    widest = width // 4
    sizes = [min(widest, max(len(row[i]) for row in cells)) for i in range(len(header) - 1)]
    sizes.append(width - sum(sizes) - _GAP * len(sizes))
    lines = [click.style(line, bold=True) for line in _side_by_side(cells[0], sizes)]
    lines.append((" " * _GAP).join("-" * size for size in sizes))
    for row in cells[1:]:
        lines += [*_side_by_side(row, sizes), ""]
    return lines[:-1] if len(cells) > 1 else lines


def _side_by_side(row: Sequence[str], sizes: Sequence[int]) -> list[str]:
    wraps = [wrapped(cell, size) for cell, size in zip(row, sizes, strict=True)]
    height = max(map(len, wraps))
    return [
        (" " * _GAP)
        .join((w[i] if i < len(w) else "").ljust(size) for w, size in zip(wraps, sizes, strict=True))
        .rstrip()
        for i in range(height)
    ]


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
        for mark in ("\\", "*", "_", "[", "]", "<", ">", "#"):
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
