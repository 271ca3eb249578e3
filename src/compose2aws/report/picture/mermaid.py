"""The picture in Mermaid's language, which GitHub and GitLab draw in a README."""

from __future__ import annotations

from collections.abc import Iterator

from compose2aws.report.layout import listed, visible
from compose2aws.report.picture.model import Box, Group, Line, LineKind, Picture, Symbol

_SHAPES: dict[Symbol, tuple[str, str]] = {
    "internet": ("([", "])"),
    "balancer": ("{{", "}}"),
    "service": ("[", "]"),
    "job": ("[[", "]]"),
    "schedule": ("([", "])"),
    "database": ("[(", ")]"),
    "cache": ("[(", ")]"),
    "broker": ("[(", ")]"),
    "search": ("[(", ")]"),
    "files": ("[(", ")]"),
}
# The reader's theme gives the grounds and the letters, in dark and in light; only edges are coloured.
_COLOURS: dict[Symbol, str] = {
    "internet": "#6b7c8d",
    "balancer": "#8a63d2",
    "service": "#d9660a",
    "job": "#a8821a",
    "schedule": "#c2478f",
    "database": "#3b7dd8",
    "cache": "#d2493c",
    "broker": "#c2478f",
    "search": "#0b8a96",
    "files": "#3f9445",
}
_ARROWS: dict[LineKind, str] = {
    "public": "==>",
    "connection": "-->",
    "files": "-->",
    "start": "-->",
    "order": "-.->",
}


def as_mermaid(picture: Picture) -> str:
    """A flowchart. Names are numbers; all text stands in quotes with its marks as entities."""
    numbers = {box.id: f"n{number}" for number, box in enumerate(picture.boxes)}
    lines = ["flowchart LR", f"  accTitle: {_plain(picture.title)}", f"  accDescr: {_plain(picture.description)}"]
    lines += [_box(box, numbers, "  ") for box in picture.outside]
    groups = (f"g{number}" for number in range(10**9))
    for group in picture.groups:
        lines += _group(group, numbers, groups, "  ")
    lines += [f"  {_line(line, numbers)}" for line in picture.lines]
    for symbol, colour in _COLOURS.items():
        drawn = [numbers[box.id] for box in picture.boxes if box.symbol == symbol]
        if drawn:
            lines += [f"  classDef {symbol} stroke:{colour},stroke-width:2px", f"  class {','.join(drawn)} {symbol}"]
    return "\n".join(lines) + "\n"


def _group(group: Group, numbers: dict[str, str], names: Iterator[str], indent: str) -> Iterator[str]:
    heading = f"{group.title}: {group.note}" if group.note else group.title
    yield f'{indent}subgraph {next(names)}["{_escaped(heading)}"]'
    yield from (_box(box, numbers, indent + "  ") for box in group.boxes)
    for inner in group.groups:
        yield from _group(inner, numbers, names, indent + "  ")
    yield f"{indent}end"


def _box(box: Box, numbers: dict[str, str], indent: str) -> str:
    begin, end = _SHAPES[box.symbol]
    members = [listed(member.service for member in box.members)] if box.members else []
    label = "<br>".join(map(_escaped, (box.title, box.role, *box.facts, *members)))
    return f'{indent}{numbers[box.id]}{begin}"{label}"{end}'


def _line(line: Line, numbers: dict[str, str]) -> str:
    label = " to ".join(part for part in (line.exit, line.entry) if part)
    said = f'|"{_escaped(label)}"|' if label else ""
    return f"{numbers[line.source]} {_ARROWS[line.kind]}{said} {numbers[line.target]}"


def _escaped(text: str) -> str:
    """Text inside of quotes: what Mermaid or HTML could take for a mark is an entity with its number."""
    return "".join(c if c.isalnum() or c in " .,:/-_()+=@" or ord(c) > 127 else f"#{ord(c)};" for c in visible(text))


def _plain(text: str) -> str:
    """Text up to the end of a line, where Mermaid knows no entities."""
    return "".join(c if c.isalnum() or c in " .,:-_()" else " " for c in visible(text))
