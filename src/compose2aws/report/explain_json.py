"""`explain --format json`: the ledger for scripts."""

from __future__ import annotations

from collections.abc import Iterable

from compose2aws.compose.node import Position
from compose2aws.planning.ledger import Decision, Finding, people_path, pointer


def explanation(project: str, decisions: Iterable[Decision], findings: Iterable[Finding]) -> dict[str, object]:
    """What every part of the project became, and what its author should know. Holds no secret."""
    return {
        "project": project,
        "decisions": [_decision(decision) for decision in decisions],
        "findings": [_finding(finding) for finding in findings],
    }


def _decision(decision: Decision) -> dict[str, object]:
    return {
        "path": people_path(decision.path),
        "pointer": pointer(decision.path),
        "location": _location(decision.position),
        "outcome": decision.outcome,
        "becomes": [str(id_) for id_ in decision.becomes],
        "code": decision.code,
        "reason": decision.reason,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "path": people_path(finding.path) if finding.path else None,
        "location": _location(finding.position),
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _location(position: Position | None) -> dict[str, object] | None:
    return {"file": position.file, "line": position.line, "column": position.column} if position else None
