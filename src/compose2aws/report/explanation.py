"""`explain` for people: the project's table, then all that its author should know, for a terminal or a README."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from compose2aws.compose.project import Project
from compose2aws.planning.ledger import Decision, Finding, Outcome
from compose2aws.planning.model import Plan
from compose2aws.report.advice import section_lines, section_markdown, sections
from compose2aws.report.layout import columns, counted, listed, markdown, markdown_table, without_backticks, wrapped
from compose2aws.report.table import HEADER, rows

NOTHING_PUBLIC = (
    "Nothing is public: nobody can reach this project from the internet. "
    "`x-aws: {public: true}` in a service publishes its ports (`x-aws.public`)."
)
_OUTCOMES: tuple[Outcome, ...] = ("translated", "adapted", "inert", "dropped", "refused")


def text(plan: Plan, project: Project, findings: Sequence[Finding], width: int) -> str:
    """For a terminal of this width; colours are ANSI sequences, which `click.echo` strips where they are not wanted."""
    lines: list[str] = []
    if not plan.urls:
        lines += [*wrapped(NOTHING_PUBLIC, width), ""]
    lines += [click.style(_heading(plan), bold=True), ""]
    lines += columns(HEADER, ([without_backticks(c) for c in row.cells] for row in rows(plan, project)), width)
    for section in sections(findings, _refusals(plan)):
        lines += ["", *section_lines(section, width)]
    lines += ["", *wrapped(_summary(plan), width)]
    return "\n".join(lines)


def as_markdown(plan: Plan, project: Project, findings: Sequence[Finding]) -> str:
    """For a README."""
    lines = [f"## {markdown(_heading(plan))}", ""]
    if not plan.urls:
        lines += [markdown(NOTHING_PUBLIC), ""]
    lines += markdown_table(HEADER, (row.cells for row in rows(plan, project)))
    for section in sections(findings, _refusals(plan)):
        lines += ["", *section_markdown(section)]
    lines += ["", markdown(_summary(plan))]
    return "\n".join(lines)


def _heading(plan: Plan) -> str:
    return f"{plan.project} on AWS ({plan.tier})"


def _refusals(plan: Plan) -> list[Decision]:
    return [decision for decision in plan.decisions if decision.outcome == "refused"]


def _summary(plan: Plan) -> str:
    counts = Counter(decision.outcome for decision in plan.decisions)
    parts = listed(f"{counts[outcome]} {outcome}" for outcome in _OUTCOMES if counts[outcome])
    return (
        f"{counted(len(plan.decisions), 'decision')}: {parts or 'none'}. `explain --format json` tells each one, "
        "with its line and what it became."
    )
