"""`explain` for people, for a terminal or a README: what they get, what will not work, the table, what is different,
and what to write in `x-aws`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from compose2aws.compose.project import Project
from compose2aws.planning.ledger import Finding, Outcome
from compose2aws.planning.model import Plan
from compose2aws.report.advice import Section, sections
from compose2aws.report.advice_page import section_lines, section_markdown, short_section_lines, short_section_markdown
from compose2aws.report.decided import decision_lines, decision_markdown
from compose2aws.report.layout import columns, counted, listed, markdown, markdown_table, without_backticks, wrapped
from compose2aws.report.overview import NOTHING_PUBLIC, overview, overview_lines, overview_markdown
from compose2aws.report.table import HEADER, groups
from compose2aws.report.wanted_settings import snippet, where_written

_OUTCOMES: dict[Outcome, str] = {
    "translated": "translated",
    "adapted": "adapted (changed to fit)",
    "inert": "inert (no meaning on AWS)",
    "dropped": "dropped (left out)",
    "refused": "refused",
}
# Notes that take no more lines than a screen has are told in full, and of more a line for each kind.
_SCREEN = 24
_ALL = "`compose2aws explain --all` tells each of them in full, with its place."


def text(plan: Plan, project: Project, findings: Sequence[Finding], width: int, *, full: bool = False) -> str:
    """For a terminal of this width; colours are ANSI sequences, which `click.echo` strips where they are not wanted.
    `full` adds every note and every decision."""
    found = sections(findings, plan.decisions)
    lines: list[str] = []
    if not plan.urls:
        lines += [*wrapped(NOTHING_PUBLIC, width), ""]
    lines += [*_bold(wrapped(_heading(plan), width)), "", *overview_lines(overview(plan, found), width)]
    for section in _stopping(found):
        lines += ["", *section_lines(section, width)]
    rows = [
        (group.heading, [[without_backticks(cell) for cell in row.cells] for row in group.rows])
        for group in groups(plan, project, brief=not full)
    ]
    lines += ["", *columns(HEADER, rows, width)]
    for section in _other(found):
        told = section_lines(section, width)
        if not full and section.meaning == "note" and len(told) > _SCREEN:
            told = [*short_section_lines(section, width), *wrapped(_ALL, width)]
        lines += ["", *told]
    if wanted := snippet(plan, project, findings, width - 2):
        lines += ["", *_bold(wrapped(f"What to write in x-aws, {where_written(plan)}", width)), ""]
        lines += [f"  {line}" for line in wanted]
    if full:
        lines += ["", *_bold(["Every decision"]), "", *decision_lines(plan.decisions, width)]
    lines += ["", *wrapped(_summary(plan, full), width)]
    return "\n".join(lines)


def as_markdown(plan: Plan, project: Project, findings: Sequence[Finding], *, full: bool = False) -> str:
    """For a README: the same under headings, in tables."""
    found = sections(findings, plan.decisions)
    lines = [f"## {markdown(_heading(plan))}", ""]
    if not plan.urls:
        lines += [markdown(NOTHING_PUBLIC), ""]
    lines += overview_markdown(overview(plan, found))
    for section in _stopping(found):
        lines += ["", *section_markdown(section)]
    for group in groups(plan, project, brief=not full):
        lines += ["", f"### {group.heading}", "", *markdown_table(HEADER, (row.cells for row in group.rows))]
    for section in _other(found):
        short = not full and section.meaning == "note" and len(section_lines(section, 80)) > _SCREEN
        lines += ["", *(short_section_markdown(section) if short else section_markdown(section))]
        lines += ["", markdown(_ALL)] if short else []
    if wanted := snippet(plan, project, findings):
        lines += ["", "### What to write in `x-aws`", "", f"To be written {markdown(where_written(plan))}:", ""]
        lines += ["```yaml", *wanted, "```"]
    if full:
        lines += ["", "### Every decision", "", *decision_markdown(plan.decisions)]
    lines += ["", markdown(_summary(plan, full))]
    return "\n".join(lines)


def _bold(lines: Sequence[str]) -> Iterator[str]:
    return (click.style(line, bold=True) for line in lines)


def _stopping(found: Sequence[Section]) -> Iterator[Section]:
    """What keeps the project from working, which is told before all else."""
    return (section for section in found if section.severity == "error")


def _other(found: Sequence[Section]) -> Iterator[Section]:
    return (section for section in found if section.severity != "error")


def _heading(plan: Plan) -> str:
    refused = any(decision.outcome == "refused" for decision in plan.decisions)
    return f"{plan.project} on AWS ({plan.tier})" + (", once what is refused is solved" if refused else "")


def _summary(plan: Plan, full: bool) -> str:
    counts = Counter(decision.outcome for decision in plan.decisions)
    parts = listed(f"{counts[outcome]} {word}" for outcome, word in _OUTCOMES.items() if counts[outcome])
    told = f"{counted(len(plan.decisions), 'decision')}: {parts or 'none'}."
    return told if full else f"{told} `compose2aws explain --all` shows each, with its line and what it became."
