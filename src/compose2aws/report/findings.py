"""Findings in compiler style, one on a line: what `synth` writes to stderr."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from compose2aws.compose.node import Path, Position
from compose2aws.compose.project import Diagnostic
from compose2aws.planning.ledger import Finding, Severity, people_path
from compose2aws.report.layout import counted, listed, visible
from compose2aws.report.likeness import unnamed

COLOURS: dict[Severity, str] = {"error": "red", "warning": "yellow", "note": "blue"}
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


def line(position: Position | None, path: Path | None, message: str, project: str) -> str:
    """`file:line:column: path: message`; `PROJECT: message` for what has no place in a file."""
    place = f"{visible(str(position))}: " if position else f"{project}: "
    where = f"{visible(people_path(path))}: " if path else ""
    return f"{place}{where}{visible(message)}"


def diagnostic_line(diagnostic: Diagnostic, project: str) -> str:
    """A diagnostic of the loader in the same style."""
    return line(diagnostic.position, diagnostic.path, diagnostic.message, project)


def finding_lines(findings: Iterable[Finding], project: str) -> list[str]:
    """All findings under a heading for each severity. Findings of one kind stand together, with one remedy; of notes
    of one kind the first stands for all."""
    lines: list[str] = []
    every = tuple(findings)
    for severity in SEVERITIES:
        mine = tuple(f for f in every if f.severity == severity)
        if not mine:
            continue
        heading = counted(len(mine), severity)
        lines.append(click.style(f"{heading}:", fg=COLOURS[severity], bold=True))
        for group in by_kind(mine):
            if severity == "note":
                lines.append(line(group[0].position, group[0].path, group[0].message + _more(group), project))
                continue
            lines += [_together(same, project) for same in _by_place(group)]
            lines += remedy_line(group[0].remedy)
    return lines


def remedy_line(remedy: str) -> list[str]:
    """What to do about it, below what it is; nothing where nothing is to be done."""
    return [f"    -> {visible(remedy)}"] if remedy else []


def _by_place(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Together what stands on one line of a file and says the same, each of another service: what an anchor repeats."""
    groups: dict[tuple[Position | None, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.position, unnamed(finding.message, finding.path)), []).append(finding)
    return list(groups.values())


def _together(same: Sequence[Finding], project: str) -> str:
    first, *others = same
    likewise = listed(people_path(finding.path) for finding in others if finding.path)
    message = first.message + (f" (likewise {likewise})" if likewise else "")
    return line(first.position, first.path, message, project)


def _more(group: Sequence[Finding]) -> str:
    return f" (and {counted(len(group) - 1, 'more of this kind', 'more of this kind')})" if len(group) > 1 else ""


def by_kind(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Together what has one code and one remedy, each kind where its first one stands."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.remedy), []).append(finding)
    return list(groups.values())
