"""Advice on a page: for a terminal, and for a README."""

from __future__ import annotations

import click

from compose2aws.report.advice import Advice, Section
from compose2aws.report.findings import COLOURS
from compose2aws.report.layout import display_width, markdown, markdown_table, visible, wrapped

_MARKDOWN_HEADER = ("where", "what", "what to do")


def section_lines(section: Section, width: int) -> list[str]:
    """A section for a terminal: each message, the places where it holds, what to do."""
    lines = [_heading(section)]
    for advice in section.advice:
        for said in advice.said:
            lines += wrapped(said.message, width, "- ")
            if said.places:
                lines += [click.style(part, dim=True) for part in wrapped(said.places, width, "  at ", "     ")]
        if advice.remedy:
            lines += wrapped(advice.remedy, width, "  -> ")
    return lines


def short_section_lines(section: Section, width: int) -> list[str]:
    """A section of which a terminal shows a line for each kind."""
    lines = [_heading(section)]
    for advice in section.advice:
        times = f"{advice.number} x " if advice.number > 1 else ""
        lines.append(_cut(f"- {times}{visible(advice.said[0].message)}", width))
    return lines


def _cut(line: str, width: int) -> str:
    if display_width(line) <= width:
        return line
    while display_width(line) > width - 3:
        line = line[:-1]
    return line.rstrip() + "..."


def _heading(section: Section) -> str:
    return click.style(section.title, fg=COLOURS[section.severity], bold=True)


def section_markdown(section: Section) -> list[str]:
    """A section for a README."""
    rows = [row for advice in section.advice for row in _markdown_rows(advice)]
    return [f"### {markdown(section.title)}", "", *markdown_table(_MARKDOWN_HEADER, rows)]


def _markdown_rows(advice: Advice) -> list[tuple[str, str, str]]:
    return [(said.places, said.message, advice.remedy if not n else "") for n, said in enumerate(advice.said)]


def short_section_markdown(section: Section) -> list[str]:
    """A section of which a README shows a row for each kind."""
    rows = [(str(advice.number), advice.said[0].message) for advice in section.advice]
    return [f"### {markdown(section.title)}", "", *markdown_table(("times", "for example"), rows)]
