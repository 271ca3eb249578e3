"""Why `synth` writes nothing: each refusal with its place in a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from compose2aws.compose.node import Path, Position
from compose2aws.planning.ledger import Decision, Finding
from compose2aws.report.findings import line, remedy_line


def refusals(decisions: Iterable[Decision], findings: Iterable[Finding], strict: bool) -> tuple[Finding, ...]:
    """What cannot be done; with `strict` also what would be left out, and every error finding."""
    found = {(f.path, f.code): f for f in findings}
    outcomes = {"refused", "dropped"} if strict else {"refused"}
    refused: dict[tuple[Path | None, str], Finding] = {}
    for decision in decisions:
        if decision.outcome in outcomes:
            same = found.get((decision.path, decision.code))
            message = decision.reason or "cannot be done on AWS"
            refused[decision.path, decision.code] = Finding(
                decision.code, "error", message, same.remedy if same else "", decision.path, decision.position
            )
    if strict:
        refused |= {key: f for key, f in found.items() if f.severity == "error" and key not in refused}
    return tuple(refused.values())


def refusal_lines(refused: Iterable[Finding], files: Sequence[str]) -> list[str]:
    """Each as `file:line:column: path: reason`, what to do about it below. One without a place stands at the beginning
    of the first file."""
    start = Position(files[0] if files else "<stdin>", 1, 1)
    lines = []
    for refusal in refused:
        lines.append(line(refusal.position or start, refusal.path, refusal.message, ""))
        lines += remedy_line(refusal.remedy)
    return lines
