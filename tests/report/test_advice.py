"""Findings are grouped by what they say: one message with all its places, and nothing lost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from compose2aws.compose.node import Position
from compose2aws.planning.ledger import Decision, Finding, Outcome, Severity
from compose2aws.report.advice import sections
from compose2aws.report.advice_page import section_lines

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
OUTCOMES: tuple[Outcome, ...] = ("translated", "dropped", "refused")


@given(st.lists(NAMES, min_size=1, max_size=40, unique=True), st.sampled_from(SEVERITIES))
def test_the_same_said_of_many_services_is_one_message_with_all_places(names: list[str], severity: Severity) -> None:
    findings = [
        Finding("c", severity, f"'{n}' WRITES", f"MEND '{n}'", ("services", n), Position("a.yml", 10 + k, 1))
        for k, n in enumerate(names)
    ]
    (section,) = sections(findings, ())
    (advice,) = section.advice
    (said,) = advice.said
    assert (section.number, advice.number) == (len(names), len(names))
    assert said.message == f"'{names[0]}' WRITES"
    assert re.findall(r"a\.yml:(\d+) services\.(\S+?)(?=[,;]|$)", said.places) == [
        (str(10 + k), n) for k, n in enumerate(names)
    ]
    assert advice.remedy == (f"MEND '{names[0]}'" if len(names) == 1 else "MEND 'SERVICE'")


@given(st.lists(NAMES, min_size=2, max_size=40, unique=True))
def test_what_an_anchor_gives_to_many_services_names_its_line_once(names: list[str]) -> None:
    position = Position("a.yml", 6, 3)
    findings = [Finding("c", "warning", "LEFT OUT", "", ("services", n, "dns"), position) for n in names]
    (section,) = sections(findings, ())
    assert section.advice[0].said[0].places == f"a.yml:6 dns of {', '.join(names)}"


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[list[Finding], list[Decision]]:
    findings: dict[Finding, None] = {}
    decisions = {}
    for number in range(draw(st.integers(0, 12))):
        path = ("services", draw(NAMES), draw(NAMES))
        position = Position("a.yml", draw(st.integers(1, 99)), 1)
        message = f"{draw(st.sampled_from([path[1], 'this']))} is {draw(st.sampled_from(['so', 'thus']))}"
        code = draw(st.sampled_from(["c", "d"]))
        if draw(st.booleans()):
            remedy = draw(st.sampled_from(["", "mend it", f"mend {path[1]}"]))
            finding = Finding(code, draw(st.sampled_from(SEVERITIES)), message, remedy, path, position)
            findings[finding] = None
        if draw(st.booleans()):
            decisions[path] = Decision(path, position, draw(st.sampled_from(OUTCOMES)), (), code, f"{message} {number}")
    return list(findings), list(decisions.values())


@given(ledgers())
def test_every_finding_and_all_that_is_dropped_or_refused_is_told_with_its_line(
    ledger: tuple[list[Finding], list[Decision]],
) -> None:
    findings, decisions = ledger
    told = sections(findings, decisions)
    text = " ".join(" ".join(part.split()) for section in told for part in section_lines(section, 10_000))
    for finding in findings:
        assert finding.path is not None
        assert f"a.yml:{finding.position.line}" in text if finding.position else True
        assert finding.path[1] in text  # type: ignore[operator]
        assert finding.message.split(" is ")[1] in text
    for decision in decisions:
        if decision.outcome != "translated" and decision.position:
            assert f"a.yml:{decision.position.line}" in text
            assert str(decision.path[1]) in text
    assert sum(section.number for section in told) >= len(findings)


def test_two_messages_that_differ_in_more_than_their_own_name_are_both_told() -> None:
    findings = [
        Finding("c", "warning", f"{name} asks for version {number}", "test it", ("services", name))
        for name, number in (("a1", 12), ("b2", 13))
    ]
    (section,) = sections(findings, ())
    assert [said.message for said in section.advice[0].said] == ["a1 asks for version 12", "b2 asks for version 13"]
    assert section.advice[0].remedy == "test it"


def test_a_name_inside_of_another_word_is_no_name() -> None:
    findings = [
        Finding("c", "warning", f"{name} says database and my-{name}-1", "", ("services", name))
        for name in ("data", "b")
    ]
    (section,) = sections(findings, ())
    assert len(section.advice[0].said) == 2


def test_sections_come_by_what_they_mean_for_the_reader() -> None:
    findings = [Finding(f"c-{s}", s, f"{s} it is", "", ("services", "a")) for s in reversed(SEVERITIES)]
    decisions = [
        Decision(("services", "b"), None, "dropped", (), "gone", "it is gone"),
        Decision(("services", "c"), None, "refused", (), "no", "it cannot be"),
    ]
    assert [section.meaning for section in sections(findings, decisions)] == [
        "refused",
        "error",
        "dropped",
        "warning",
        "note",
    ]
