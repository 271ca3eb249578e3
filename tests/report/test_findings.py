"""Findings and refusals on stderr."""

from __future__ import annotations

import click

from compose2aws.compose.node import Position
from compose2aws.planning.ledger import Decision, Finding
from compose2aws.planning.model import Plan
from compose2aws.report.findings import finding_lines
from compose2aws.report.refusals import refusal_lines, refusals


def lines(*findings: Finding) -> list[str]:
    return [click.unstyle(line) for line in finding_lines(findings, "shop")]


def test_a_finding_is_told_with_file_line_column_and_path() -> None:
    finding = Finding(
        "c", "warning", "it is so", "do this", ("services", "my.app", "ports", 0), Position("a.yml", 3, 7)
    )
    assert lines(finding) == [
        "1 warning:",
        'a.yml:3:7: services["my.app"].ports[0]: it is so',
        "    -> do this",
    ]


def test_a_finding_without_a_place_names_the_project() -> None:
    assert lines(Finding("c", "error", "it is so")) == ["1 error:", "shop: it is so"]


def test_findings_of_one_kind_share_their_remedy_and_notes_share_a_line() -> None:
    def of(severity: str, number: int) -> Finding:
        path, position = ("services", f"s{number}"), Position("a.yml", number, 1)
        return Finding("c", "note" if severity == "note" else "warning", f"{number} is so", "do this", path, position)

    told = lines(*(of("warning", n) for n in range(1, 31)), *(of("note", n) for n in range(1, 31)))
    assert told[0] == "30 warnings:"
    assert told[31:33] == ["    -> do this", "30 notes:"]
    assert told[33:] == ["a.yml:1:1: services.s1: 1 is so (and 29 more of this kind)"]


def test_what_an_anchor_repeats_takes_one_line() -> None:
    position = Position("a.yml", 6, 3)
    told = lines(
        *(
            Finding("c", "warning", f"`dns` of {name} is left out", "do this", ("services", name, "dns"), position)
            for name in ("a", "b", "c")
        )
    )
    assert told == [
        "3 warnings:",
        "a.yml:6:3: services.a.dns: `dns` of a is left out (likewise services.b.dns, services.c.dns)",
        "    -> do this",
    ]


REFUSED = Decision(("services", "a"), Position("a.yml", 2, 3), "refused", (), "no", "cannot be")
DROPPED = Decision(("services", "b"), Position("a.yml", 4, 3), "dropped", (), "out", "is left out")
KEPT = Decision(("services", "c"), Position("a.yml", 6, 3), "adapted", (), "fit", "is changed")
BAD = Finding("bad", "error", "will not work", "mend it", ("services", "c"), Position("a.yml", 6, 3))


def test_a_refusal_always_has_a_place() -> None:
    told = refusal_lines(refusals([REFUSED, DROPPED, KEPT], [BAD], strict=False), ["a.yml"])
    assert told == ["a.yml:2:3: services.a: cannot be"]
    assert refusal_lines([Finding("limit", "error", "too much")], ["a.yml"]) == ["a.yml:1:1: too much"]


def test_strict_refuses_also_what_is_left_out_and_error_findings() -> None:
    told = refusal_lines(refusals([REFUSED, DROPPED, KEPT], [BAD], strict=True), ["a.yml"])
    assert told == [
        "a.yml:2:3: services.a: cannot be",
        "a.yml:4:3: services.b: is left out",
        "a.yml:6:3: services.c: will not work",
        "    -> mend it",
    ]


def test_a_plan_without_findings_says_nothing(plan: Plan) -> None:
    assert finding_lines((), plan.project) == []
