"""What would change, on a terminal: parts of the compose file, below them resources and properties. Readable without
colour: `+` comes, `~` changes, `-` goes, `!` loses data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from compose2aws.delivery.difference.model import Change, PropertyChange, StackDifference
from compose2aws.report.difference_words import (
    Mark,
    Part,
    both_texts,
    counts,
    fate,
    mark_of,
    output_lines,
    parts,
    summary,
)
from compose2aws.report.layout import wrapped

_COLOURS: dict[Mark, str] = {"+": "green", "~": "yellow", "-": "red", "!": "bright_red"}
_WIDTH = 80
_FEW = 3


def difference_text(
    differences: Sequence[StackDifference],
    *,
    colour: bool = False,
    width: int = _WIDTH,
    against: str | None = None,
    brief: bool = False,
) -> str:
    """The difference as text, lines of at most `width` characters. `against` names what it was compared with where that
    is no account: then stacks have no status. `brief` leaves out the resources of what is all new."""
    lines: list[str] = []
    if against is None:
        lines += [line for one in differences if not one.is_empty for line in wrapped(_stack(one), width, "", "  ")]
    else:
        lines += wrapped(f"Compared with {against}:", width)
    if lines:
        lines.append("")
    for part in parts(differences):
        if brief and part.mark == "+":
            lines += _part_lines(replace(part, changes=()), width)
        else:
            lines += [*_part_lines(part, width), ""]
    if lines and lines[-1]:
        lines.append("")
    outputs = output_lines(differences)
    lines += [line for text in outputs for line in wrapped(text, width, "", "  ")]
    if outputs:
        lines.append("")
    if all(one.is_empty for one in differences):
        lines = []
    lines.append(click.style(summary(differences), bold=True))
    text = "\n".join(lines)
    return text if colour else click.unstyle(text)


def _stack(one: StackDifference) -> str:
    count = counts([one])
    what = [
        f"{number} to {word}"
        for number, word in ((count.add, "add"), (count.change, "change"), (count.remove, "remove"))
        if number
    ]
    return f"{one.name} ({one.status or 'not there yet'}): {', '.join(what) or 'outputs only'}"


def _part_lines(part: Part, width: int) -> list[str]:
    first, *rest = wrapped(f"{part.title}: {part.headline}", width, f"{part.mark} ", "  ")
    lines = [click.style(first, fg=_COLOURS[part.mark], bold=True), *rest]
    collapsed = _many_alike(part)
    for (action, kind), names in collapsed.items():
        mark: Mark = "+" if action == "add" else "-"
        lines += _marked(mark, f"{len(names)} {kind}: {', '.join(names)}", width)
    for stack, change in part.changes:
        if (change.action, change.type) not in collapsed or change.stateful:
            lines += _change_lines(stack, change, width)
    return lines


def _many_alike(part: Part) -> dict[tuple[str, str], list[str]]:
    """By action and type, the ids of what is only named: more than a few that all come or all go."""
    found: dict[tuple[str, str], list[str]] = {}
    for _, change in part.changes:
        if change.action != "modify" and not change.stateful:
            found.setdefault((change.action, change.type), []).append(change.logical_id)
    return {key: names for key, names in found.items() if len(names) > _FEW}


def _change_lines(stack: str, change: Change, width: int) -> list[str]:
    told = fate(change)
    lines = _marked(
        mark_of(change), f"{change.logical_id} ({change.type}) in {stack}{f': {told}' if told else ''}", width
    )
    for one in change.properties:
        lines += wrapped(_property(one), width, "      ", "        ")
    for note in change.notes:
        lines += wrapped(f"({note})", width, "      ", "       ")
    return lines


def _marked(mark: Mark, text: str, width: int) -> list[str]:
    first, *rest = wrapped(text, width, f"    {mark} ", "      ")
    return [click.style(first, fg=_COLOURS[mark]), *rest]


def _property(one: PropertyChange) -> str:
    before, after = both_texts(one)
    if one.before is None and one.after is None:
        return one.path
    if one.before is None:
        return f"+ {one.path}: {after}"
    return f"- {one.path} (was {before})" if one.after is None else f"{one.path}: {before} → {after}"
