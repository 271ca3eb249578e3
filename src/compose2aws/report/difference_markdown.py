"""What would change, as the comment of a pull request: the worst first, a table, the details folded away."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from compose2aws.delivery.difference.model import Change, StackDifference
from compose2aws.report.difference_words import (
    Part,
    both_texts,
    fate,
    mark_of,
    output_lines,
    parts,
    summary,
)
from compose2aws.report.layout import counted, listed, markdown, visible

LONGEST = 65_536
"""GitHub's longest comment, in characters."""

_RESERVE = 400  # for the words on what was cut
_SAID = 5


def marker(project: str) -> str:
    """The comment of HTML by which a pipeline finds its own comment again."""
    return f"<!-- compose2aws diff {project} -->"


def difference_markdown(
    differences: Sequence[StackDifference], project: str, *, against: str | None = None, longest: int = LONGEST
) -> str:
    """The difference for a comment of at most `longest` characters; what does not fit is counted at its end."""
    found = parts(differences)
    head = [marker(project), worst(differences, found), ""]
    if all(one.is_empty for one in differences):
        return "\n".join(head).rstrip() + "\n"
    compared = f"compared with {against}" if against else _stacks(differences)
    head += [f"### {markdown(project)} on AWS: {summary(differences).rstrip('.')}", "", f"{markdown(compared)}", ""]
    head += ["| | part | what happens |", "|---|---|---|"]
    room = longest - _RESERVE - sum(len(line) + 1 for line in head)
    rows, room = _fitting([_row(part) for part in found], room)
    body = ["", *(markdown(line) for line in output_lines(differences))]
    room -= sum(len(line) + 1 for line in body)
    details, room = _fitting([_details(part) for part in found], room)
    cut = []
    if len(rows) < len(found):
        cut.append(f"{counted(len(found) - len(rows), 'part')} of the table")
    if len(details) < len(found):
        cut.append(f"the details of {counted(len(found) - len(details), 'part')}")
    end = [f"_Left out, as a comment has {LONGEST:,} characters: {' and '.join(cut)}. `compose2aws diff` shows all._"]
    return "\n".join([*head, *rows, *body, "", *details, *(end if cut else [])]).rstrip() + "\n"


def worst(differences: Sequence[StackDifference], found: Sequence[Part]) -> str:
    """The one sentence for whoever reads only one."""
    if all(one.is_empty for one in differences):
        return "Nothing would change."
    losing = [part.title for part in found if part.loses_data]
    if losing:
        return f"**Data would be lost:** {_named(losing)}."
    doubtful = [part.title for part in found if any(change.may_lose_data for _, change in part.changes)]
    if doubtful:
        return f"**Data may be lost,** where AWS replaces what it may change in place: {_named(doubtful)}."
    for effect, words in (("interruption", "**An interruption:**"), ("tasks", "New tasks, no interruption:")):
        touched = [
            part.title for part in found if any(c.effect == effect and c.action != "add" for _, c in part.changes)
        ]
        if touched:
            return f"{words} {_named(touched)}."
    if all(change.action == "add" for part in found for _, change in part.changes):
        return "Something is added; nothing that runs is touched."
    return "Something changes; nobody notices an interruption."


def _named(titles: Sequence[str]) -> str:
    return listed((_code(title) for title in titles), _SAID)


def _stacks(differences: Sequence[StackDifference]) -> str:
    return ", ".join(f"`{one.name}` {one.status or 'is not there yet'}" for one in differences if not one.is_empty)


def _row(part: Part) -> str:
    return f"| `{part.mark}` | {_code(part.title)} | {markdown(part.headline)} |\n"


def _details(part: Part) -> str:
    title = html.escape(visible(f"{part.mark} {part.title}"))
    lines = [f"<details><summary>{title}: {counted(len(part.changes), 'resource')}</summary>", ""]
    lines += ["| | resource | property | before | after |", "|---|---|---|---|---|"]
    for stack, change in part.changes:
        lines += _resource(stack, change)
    return "\n".join([*lines, "", "</details>", "", ""])


def _resource(stack: str, change: Change) -> list[str]:
    told = fate(change)
    name = f"{_code(change.logical_id)}<br>{change.type} in {markdown(stack)}{f': {markdown(told)}' if told else ''}"
    name += "".join(f"<br>_{markdown(note)}_" for note in change.notes)
    rows = [f"| `{mark_of(change)}` | {name} |"]
    cells = [" | | |"]
    if change.properties:
        cells = [
            f" {_code(one.path)} | {_code(before)} | {_code(after)} |"
            for one in change.properties
            for before, after in [both_texts(one)]
        ]
        rows += ["| | |"] * (len(cells) - 1)
    return [row + cell for row, cell in zip(rows, cells, strict=True)]


def _code(text: str) -> str:
    """A text as code, in a cell of a table too."""
    flat = visible(text)
    if not flat:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", flat)), default=0) + 1)
    padding = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{padding}{flat}{padding}{fence}".replace("|", "\\|")


def _fitting(blocks: Sequence[str], room: int) -> tuple[list[str], int]:
    """As many blocks from the start as there is room for, without the line breaks at their ends; the room that is
    left."""
    kept: list[str] = []
    for block in blocks:
        if len(block) > room:
            break
        room -= len(block)
        kept.append(block[:-1])
    return kept, room
