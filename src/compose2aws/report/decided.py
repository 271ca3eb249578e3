"""Every decision, for `explain --all`: by service and section, each with its line, what it became and why."""

from __future__ import annotations

from collections.abc import Iterable

import click

from compose2aws.compose.node import Path
from compose2aws.planning.ledger import Decision, people_path
from compose2aws.report.layout import listed, markdown, markdown_table, wrapped

_HEADER = ("where", "what", "outcome", "becomes", "why")


def decision_lines(decisions: Iterable[Decision], width: int) -> list[str]:
    """For a terminal: a paragraph for each service and each other section."""
    lines: list[str] = []
    for heading, mine in _grouped(decisions).items():
        lines += ["", *(click.style(part, bold=True) for part in wrapped(heading, width))]
        for decision in mine:
            told = " ".join(filter(None, (_line(decision), f"{below(decision.path)}: {decision.outcome}")))
            lines += wrapped(told, width, "- ", "  ")
            if decision.becomes:
                lines += wrapped(listed(map(str, decision.becomes)), width, "    ")
            if decision.reason:
                lines += wrapped(decision.reason, width, "    ")
    return lines[1:]


def decision_markdown(decisions: Iterable[Decision]) -> list[str]:
    """For a README: a table for each service and each other section."""
    lines: list[str] = []
    for heading, mine in _grouped(decisions).items():
        lines += ["", f"#### {markdown(heading)}", "", *markdown_table(_HEADER, map(_cells, mine))]
    return lines[1:]


def _cells(decision: Decision) -> tuple[str, ...]:
    becomes = listed(f"`{id_}`" for id_ in decision.becomes)
    return _line(decision), below(decision.path), decision.outcome, becomes, decision.reason


def _line(decision: Decision) -> str:
    return f"{decision.position.file}:{decision.position.line}" if decision.position else ""


def _grouped(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """By service (`services.api`), and by section for all else."""
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        path = decision.path
        heading = path[:2] if path[:1] == ("services",) else path[:1]
        groups.setdefault(people_path(heading) or "the project", []).append(decision)
    return groups


def below(path: Path) -> str:
    """A path inside of its section: `ports[0]` below `services.api`; the service itself by its whole path."""
    inner = path[2:] if path[:1] == ("services",) else path[1:]
    return people_path(inner or path)
