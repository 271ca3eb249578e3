"""Findings, refusals and what is left out, for `explain`: by what they mean for the reader, what says the same said
once with all its places, each with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from compose2aws.compose.node import Path
from compose2aws.planning.ledger import Decision, Finding, Severity, people_path
from compose2aws.report.findings import SEVERITIES
from compose2aws.report.layout import listed
from compose2aws.report.likeness import unnamed

Meaning: TypeAlias = Literal["refused", "error", "dropped", "warning", "note"]

HEADINGS: dict[Meaning, str] = {
    "refused": "Refused: `synth` writes nothing before these are solved",
    "error": "Errors: this will not work as it is",
    "dropped": "Left out: the app may notice",
    "warning": "Warnings: this will be different",
    "note": "Notes: good to know",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A message, and where it holds: `docker-compose.yml:12 services.api`."""

    message: str
    places: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What one kind of finding says, with one remedy for all. `more` are the paths of those not told."""

    said: tuple[Said, ...]
    more: tuple[str, ...]
    remedy: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class Section:
    """Advice under one heading. `severity` gives its colour, `number` counts the findings."""

    heading: str
    severity: Severity
    number: int
    advice: tuple[Advice, ...]
    meaning: Meaning = "note"

    @property
    def title(self) -> str:
        """The heading, with how many things are said and in how many places they were found."""
        kinds = len(self.advice)
        return f"{self.heading} ({kinds}{f', in {self.number} places' if self.number != kinds else ''})"


def sections(findings: Iterable[Finding], decisions: Iterable[Decision]) -> tuple[Section, ...]:
    """The findings by what they mean for the reader: refusals first, then errors, what is left out, warnings, notes.
    Of the decisions, those that refuse or drop are told here, also where no finding tells them."""
    every = tuple(findings)
    decided = tuple(decisions)
    refused = _told(every, [d for d in decided if d.outcome == "refused"], "cannot be done on AWS")
    others = [f for f in every if f not in refused]
    errors = [f for f in others if f.severity == "error"]
    told = _by_what_they_tell(errors)
    gone = [d for d in decided if d.outcome == "dropped" and not any(key in told for key in _keys(d))]
    dropped = _told([f for f in others if f.severity != "error"], gone, "is left out")
    rest = [f for f in others if f not in dropped]
    by_meaning: list[tuple[Meaning, Severity, list[Finding]]] = [
        ("refused", "error", list(refused)),
        ("error", "error", errors),
        ("dropped", "warning", list(dropped)),
        *((s, s, [f for f in rest if f.severity == s]) for s in SEVERITIES if s != "error"),
    ]
    return tuple(_section(*one) for one in by_meaning if one[2])


def _told(findings: Sequence[Finding], decisions: Sequence[Decision], otherwise: str) -> dict[Finding, None]:
    """The findings that tell these decisions, and for each decision that none tells one of its own reason."""
    told: dict[Finding, None] = {}
    found = _by_what_they_tell(findings)
    for decision in decisions:
        telling = [finding for key in _keys(decision) for finding in found.get(key, ())]
        reason = decision.reason or otherwise
        own = Finding(decision.code, "warning", reason, "", decision.path, decision.position)
        told |= dict.fromkeys(telling or [own])
    return {f: None for f in findings if f in told} | told


_Key: TypeAlias = tuple[str, Path | str | None]


def _by_what_they_tell(findings: Iterable[Finding]) -> dict[_Key, list[Finding]]:
    """The findings by the decisions that they tell: those of the same code on the same path, or in the same words."""
    found: dict[_Key, list[Finding]] = {}
    for finding in findings:
        for key in ((finding.code, finding.path), (finding.code, finding.message)):
            found.setdefault(key, []).append(finding)
    return found


def _keys(decision: Decision) -> tuple[_Key, _Key]:
    return (decision.code, decision.path), (decision.code, decision.reason)


def _section(meaning: Meaning, severity: Severity, findings: Sequence[Finding]) -> Section:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, unnamed(finding.remedy, finding.path)), []).append(finding)
    advice = tuple(_advice(group) for group in groups.values())
    return Section(HEADINGS[meaning], severity, len(findings), advice, meaning)


def _advice(group: Sequence[Finding]) -> Advice:
    same: dict[str, list[Finding]] = {}
    for finding in group:
        same.setdefault(unnamed(finding.message, finding.path), []).append(finding)
    first = group[0]
    one = all(finding.remedy == first.remedy for finding in group)
    remedy = first.remedy if one else unnamed(first.remedy, first.path)
    return Advice(tuple(_said(found) for found in same.values()), (), remedy, len(group))


def _said(findings: Sequence[Finding]) -> Said:
    """The message of the first, with the places of all that say the same of themselves."""
    first = findings[0]
    alike = [f for f in findings if f.message == first.message]
    others = [f for f in findings if f.message != first.message]
    places = _places(alike)
    if others:
        places += f"; likewise {_places(others)}"
    return Said(first.message, places)


def _places(findings: Iterable[Finding]) -> str:
    """`docker-compose.yml:12 services.api.ports[0], docker-compose.yml:20 services.web`. What an anchor gives to many
    services is told once: `docker-compose.yml:6 dns of api, web`."""
    by_line: dict[str, list[Path]] = {}
    for finding in findings:
        line = f"{finding.position.file}:{finding.position.line}" if finding.position else ""
        by_line.setdefault(line, []).extend([finding.path] if finding.path else [])
    return listed(told for line, paths in by_line.items() if (told := f"{line} {_paths(paths)}".strip()))


def _paths(paths: Sequence[Path]) -> str:
    below = {path[2:] for path in paths}
    if len(paths) > 1 and len(below) == 1 and below != {()} and all(path[0] == "services" for path in paths):
        return f"{people_path(below.pop())} of {listed(str(path[1]) for path in paths)}"
    return listed(people_path(path) for path in paths)
