"""Findings and refusals for `explain`: by what they mean for the reader, each with its places and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import click

from compose2aws.planning.ledger import Decision, Finding, Severity, people_path
from compose2aws.report.findings import COLOURS, SEVERITIES, by_kind
from compose2aws.report.layout import markdown, visible, wrapped

_HEADINGS: dict[Severity, str] = {
    "error": "Errors: this will not work as it is",
    "warning": "Warnings: this will be different",
    "note": "Notes: good to know",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What one kind of finding says: each message with the places where it holds, and one remedy for all."""

    said: tuple[tuple[str, tuple[str, ...]], ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class Section:
    """Advice under one heading. `severity` gives its colour."""

    heading: str
    severity: Severity
    advice: tuple[Advice, ...]


def sections(findings: Iterable[Finding], refusals: Iterable[Decision]) -> tuple[Section, ...]:
    """The findings by what they mean for the reader: refusals first, then errors, warnings and notes."""
    every = tuple(findings)
    refused = {(r.path, r.code): r for r in refusals}
    told = {(f.path, f.code) for f in every}
    untold = [
        Finding(r.code, "error", r.reason or "cannot be done on AWS", "", r.path, r.position)
        for key, r in refused.items()
        if key not in told
    ]
    first = [f for f in every if (f.path, f.code) in refused] + untold
    made = [Section("Refused: `synth` writes nothing before these are solved", "error", _advice(first))]
    for severity in SEVERITIES:
        mine = [f for f in every if f.severity == severity and (f.path, f.code) not in refused]
        made.append(Section(_HEADINGS[severity], severity, _advice(mine)))
    return tuple(section for section in made if section.advice)


def _advice(findings: Iterable[Finding]) -> tuple[Advice, ...]:
    made = []
    for group in by_kind(findings):
        said: dict[str, list[str]] = {}
        for finding in group:
            said.setdefault(finding.message, []).append(_place(finding))
        made.append(Advice(tuple((m, tuple(p for p in places if p)) for m, places in said.items()), group[0].remedy))
    return tuple(made)


def _place(finding: Finding) -> str:
    """`docker-compose.yml:12 services.api.ports[0]`"""
    position = f"{finding.position.file}:{finding.position.line}" if finding.position else ""
    return f"{position} {people_path(finding.path) if finding.path else ''}".strip()


def section_lines(section: Section, width: int) -> list[str]:
    """A section for a terminal."""
    number = sum(max(1, len(places)) for advice in section.advice for _, places in advice.said)
    lines = [click.style(f"{section.heading} ({number})", fg=COLOURS[section.severity], bold=True)]
    for advice in section.advice:
        lines.append("")
        for message, places in advice.said:
            for place in places:
                lines += [click.style(part, dim=True) for part in wrapped(place, width, "  ", "    ")]
            lines += wrapped(message, width, "    ")
        if advice.remedy:
            lines += wrapped(advice.remedy, width, "    -> ")
    return lines


def section_markdown(section: Section) -> list[str]:
    """A section for a README."""
    lines = [f"### {section.heading}", ""]
    for advice in section.advice:
        for message, places in advice.said:
            where = ", ".join(f"`{visible(place)}`" for place in places)
            lines.append(f"- {where}: {markdown(message)}" if where else f"- {markdown(message)}")
        if advice.remedy:
            lines.append(f"  What to do: {markdown(advice.remedy)}")
    return lines
