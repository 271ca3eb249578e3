"""Findings and refusals for `explain`: by what they mean for the reader, each with its places and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from compose2aws.planning.ledger import Decision, Finding, Severity, people_path
from compose2aws.report.findings import COLOURS, SEVERITIES, by_kind
from compose2aws.report.layout import listed, markdown, visible, wrapped

_HEADINGS: dict[Severity, str] = {
    "error": "Errors: this will not work as it is",
    "warning": "Warnings: this will be different",
    "note": "Notes: good to know",
}


# Of one kind of finding so many messages are told in full, and of the others where they hold.
_TOLD: dict[Severity, int] = {"error": 1000, "warning": 6, "note": 2}


@dataclass(frozen=True, slots=True)
class Said:
    """A message, and where it holds: `docker-compose.yml:12 services.api, services.web`."""

    message: str
    places: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What one kind of finding says, with one remedy for all. `more` are the paths of those not told in full."""

    said: tuple[Said, ...]
    more: tuple[str, ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class Section:
    """Advice under one heading. `severity` gives its colour, `number` counts the findings."""

    heading: str
    severity: Severity
    number: int
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
    made = [_section("Refused: `synth` writes nothing before these are solved", "error", first)]
    for severity in SEVERITIES:
        mine = [f for f in every if f.severity == severity and (f.path, f.code) not in refused]
        made.append(_section(_HEADINGS[severity], severity, mine))
    return tuple(section for section in made if section.advice)


def _section(heading: str, severity: Severity, findings: Sequence[Finding]) -> Section:
    advice = []
    for group in by_kind(findings):
        same: dict[str, list[Finding]] = {}
        for finding in group:
            same.setdefault(finding.message, []).append(finding)
        told = [Said(message, _places(where)) for message, where in same.items()]
        full = _TOLD[severity] if len(told) > _TOLD[severity] + 1 else len(told)
        rest = [finding for where in list(same.values())[full:] for finding in where]
        advice.append(Advice(tuple(told[:full]), tuple(map(_path, rest)), group[0].remedy))
    return Section(heading, severity, len(findings), tuple(advice))


def _places(findings: Iterable[Finding]) -> str:
    """The paths, each behind its line where that is another than that of the path before it."""
    words = []
    before = ""
    for finding in findings:
        line = f"{finding.position.file}:{finding.position.line}" if finding.position else ""
        path = people_path(finding.path) if finding.path else ""
        words.append(f"{line if line != before else ''} {path}".strip())
        before = line
    return listed(word for word in words if word)


def _path(finding: Finding) -> str:
    return people_path(finding.path) if finding.path else _places([finding]) or finding.message


def section_lines(section: Section, width: int) -> list[str]:
    """A section for a terminal."""
    lines = [click.style(f"{section.heading} ({section.number})", fg=COLOURS[section.severity], bold=True)]
    for advice in section.advice:
        lines.append("")
        for said in advice.said:
            if said.places:
                lines += [click.style(part, dim=True) for part in wrapped(said.places, width, "  ", "    ")]
            lines += wrapped(said.message, width, "    ")
        if advice.more:
            lines += wrapped(_more(advice), width, "    ")
        if advice.remedy:
            lines += wrapped(advice.remedy, width, "    -> ")
    return lines


def section_markdown(section: Section) -> list[str]:
    """A section for a README."""
    lines = [f"### {section.heading}", ""]
    for advice in section.advice:
        for said in advice.said:
            lines.append(f"- `{visible(said.places)}`: " if said.places else "- ")
            lines[-1] += markdown(said.message)
        if advice.more:
            lines.append(f"  {markdown(_more(advice))}")
        if advice.remedy:
            lines.append(f"  What to do: {markdown(advice.remedy)}")
    return lines


def _more(advice: Advice) -> str:
    return f"and {len(advice.more)} more like it: {listed(advice.more)}"
