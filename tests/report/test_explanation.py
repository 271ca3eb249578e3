"""`explain` as a whole: golden text, widths, markdown, and what a refused project looks like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import pytest

from compose2aws.compose.node import Position
from compose2aws.compose.project import Project
from compose2aws.planning.ledger import Decision, Finding, Severity
from compose2aws.planning.model import Plan
from compose2aws.report import explanation

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str, text: str) -> None:
    """Compares with the stored text; where there is none yet, stores it for a reader to look at."""
    file = GOLDEN / name
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
        pytest.fail(f"{file} was missing and is written now: read it")
    assert text + "\n" == file.read_text(encoding="utf-8")


def test_the_table_reads_as_agreed(plan: Plan, project: Project) -> None:
    golden("explain.txt", click.unstyle(explanation.text(plan, project, plan.findings, 80)))


def test_the_markdown_reads_as_agreed(plan: Plan, project: Project) -> None:
    golden("explain.md", explanation.as_markdown(plan, project, plan.findings))


@pytest.mark.parametrize("width", [60, 80, 110])
def test_no_line_is_wider_than_the_page(plan: Plan, project: Project, width: int) -> None:
    long = Finding("long", "error", "x" * 200 + " and words " * 40, "y/" * 100, ("services", "a" * 90))
    text = click.unstyle(explanation.text(plan, project, (*plan.findings, long), width))
    assert max(map(len, text.splitlines())) <= width


def test_the_first_line_says_that_nothing_is_public_and_how_to_change_it(plan: Plan, project: Project) -> None:
    closed = replace(plan, urls=())
    for text in (
        click.unstyle(explanation.text(closed, project, (), 80)),
        explanation.as_markdown(closed, project, ()),
    ):
        beginning = " ".join(text.split("\n\n")[0 if text.startswith("Nothing") else 1].split())
        assert beginning.startswith("Nothing is public")
        assert "`x-aws.public`" in beginning
    assert "Nothing is public" not in explanation.text(plan, project, (), 80)


def test_a_refusal_comes_first_and_once(plan: Plan, project: Project) -> None:
    path = ("services", "api", "ports", 0)
    refused = Decision(path, None, "refused", (), "no-such-port", "It cannot be done.")
    finding = Finding("no-such-port", "error", "It cannot be done.", "Leave it out.", path)
    text = click.unstyle(explanation.text(replace(plan, decisions=(refused,)), project, (finding,), 80))
    assert text.count("It cannot be done.") == 1
    assert text.index("Refused") < text.index("It cannot be done.") < text.index("-> Leave it out.")
    assert "Errors" not in text


def test_a_refusal_that_no_finding_tells_is_told(plan: Plan, project: Project) -> None:
    refused = Decision(("services", "api"), None, "refused", (), "impossible", "It cannot be done.")
    assert "It cannot be done." in explanation.text(replace(plan, decisions=(refused,)), project, (), 80)


def test_of_many_notes_of_one_kind_two_are_told_in_full_and_of_errors_all(plan: Plan, project: Project) -> None:
    def told(severity: Severity) -> str:
        many = [Finding("c", severity, f"{n} is so.", "Mend it.", ("services", f"s{n}")) for n in range(30)]
        return " ".join(click.unstyle(explanation.text(plan, project, many, 80)).split())

    assert told("error").count(" is so.") == 30
    notes = told("note")
    assert notes.count(" is so.") == 2
    assert "and 28 more like it: services.s2, services.s3," in notes
    assert notes.count("Mend it.") == 1


def test_one_message_for_many_places_is_told_once(plan: Plan, project: Project) -> None:
    position = Position("a.yml", 7, 1)
    many = [Finding("c", "warning", "It is so.", "", ("services", f"s{n}"), position) for n in range(3)]
    told = click.unstyle(explanation.text(plan, project, many, 80))
    assert "  a.yml:7 services.s0, services.s1, services.s2\n    It is so.\n" in told


def test_what_a_terminal_would_act_on_is_shown_instead(plan: Plan, project: Project) -> None:
    finding = Finding("x", "warning", "it says \x1b[2J\x07 and\nmore", "", ("services", "a\x1b]0;b"))
    text = click.unstyle(explanation.text(plan, project, (finding,), 80))
    assert "\x1b" not in text
    assert "it says \\x1b[2J\\x07 and more" in text


def test_nothing_in_markdown_breaks_out_of_its_cell(plan: Plan, project: Project) -> None:
    finding = Finding("x", "warning", "a | b <script> `code | <x>` *c*", "", None)
    text = explanation.as_markdown(plan, project, (finding,))
    assert "a \\| b \\<script\\> `code \\| <x>` \\*c\\*" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in table} == {4}
