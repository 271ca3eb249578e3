"""`explain` as a whole: golden text, its order, what it never leaves out, and what a refused project looks like."""

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
from compose2aws.report.layout import display_width

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str, text: str) -> None:
    """Compares with the stored text; where there is none yet, stores it for a reader to look at."""
    file = GOLDEN / name
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
        pytest.fail(f"{file} was missing and is written now: read it")
    assert text + "\n" == file.read_text(encoding="utf-8")


def plain(
    plan: Plan,
    project: Project,
    findings: tuple[Finding, ...] | list[Finding] = (),
    width: int = 80,
    full: bool = False,
) -> str:
    return click.unstyle(explanation.text(plan, project, findings, width, full=full))


def test_the_page_reads_as_agreed(plan: Plan, project: Project) -> None:
    golden("explain.txt", plain(plan, project, plan.findings))


def test_the_whole_page_reads_as_agreed(plan: Plan, project: Project) -> None:
    golden("explain-all.txt", plain(plan, project, plan.findings, full=True))


def test_the_markdown_reads_as_agreed(plan: Plan, project: Project) -> None:
    golden("explain.md", explanation.as_markdown(plan, project, plan.findings))


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("width", [60, 80, 110])
def test_no_line_is_wider_than_the_page(plan: Plan, project: Project, width: int, full: bool) -> None:
    long = Finding("long", "error", "x" * 200 + " and words " * 40, "y/" * 100, ("services", "a" * 90))
    wide = Finding("wide", "note", "日本語" * 60, "", ("services", "日本" * 30))
    text = plain(plan, project, (*plan.findings, long, wide), width, full)
    assert max(map(display_width, text.splitlines())) <= width


def test_what_one_gets_comes_first_and_what_will_not_work_before_the_table(plan: Plan, project: Project) -> None:
    broken = Finding("bad", "error", "It will not work.", "Mend it.", ("services", "api"))
    text = plain(plan, project, (broken, *plan.findings))
    order = ["Reached at", "Managed  ", "Runs  ", "Data  ", "To give", "To look at", "It will not work.", "-> Mend it."]
    order += ["local (Docker)", "Public services", "Managed by AWS", "Jobs", "Files", "Images to build", "Secrets and"]
    order += ["Left out", "Notes", "What to write in x-aws", "7 decisions"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_the_first_line_says_that_nothing_is_public_and_how_to_change_it(plan: Plan, project: Project) -> None:
    closed = replace(plan, urls=())
    for text in (plain(closed, project), explanation.as_markdown(closed, project, ())):
        beginning = " ".join(text.split("\n\n")[0 if text.startswith("Nothing") else 1].split())
        assert beginning.startswith("Nothing is public")
        assert "`x-aws.public`" in beginning
    assert "Nothing is public" not in plain(plan, project)


def test_a_refusal_comes_first_and_once(plan: Plan, project: Project) -> None:
    path = ("services", "api", "ports", 0)
    refused = Decision(path, None, "refused", (), "no-such-port", "It cannot be done.")
    finding = Finding("no-such-port", "error", "It cannot be done.", "Leave it out.", path)
    text = plain(replace(plan, decisions=(refused,)), project, (finding,))
    assert text.splitlines()[0] == "shop on AWS (production), once what is refused is solved"
    assert text.count("It cannot be done.") == 1
    assert text.index("Refused") < text.index("It cannot be done.") < text.index("-> Leave it out.")
    assert "Errors" not in text


def test_a_refusal_that_no_finding_tells_is_told(plan: Plan, project: Project) -> None:
    refused = Decision(("services", "api"), None, "refused", (), "impossible", "It cannot be done.")
    assert "It cannot be done." in plain(replace(plan, decisions=(refused,)), project)


def test_what_is_left_out_is_told_though_it_is_a_note_or_no_finding_at_all(plan: Plan, project: Project) -> None:
    position = Position("a.yml", 7, 1)
    silent = Decision(("services", "api", "a"), position, "dropped", (), "", "nobody told it")
    bare = Decision(("services", "api", "b"), Position("a.yml", 8, 1), "dropped", (), "", "")
    noted = Decision(("services", "api", "c"), position, "dropped", (), "c", "it was noted")
    note = Finding("c", "note", "it was noted", "", noted.path, position)
    many = [Finding(f"n{n}", "note", f"A note of kind {n}.", "Do this.", ("services",)) for n in range(40)]
    text = plain(replace(plan, decisions=(silent, bare, noted)), project, [note, *many])
    left_out = text[text.index("Left out") : text.index("Notes: good to know (40)")]
    for words in ("nobody told it", "a.yml:7 services.api.a", "is left out", "a.yml:8 services.api.b", "it was noted"):
        assert words in left_out
    assert text.count("it was noted") == 1


def test_few_notes_are_told_in_full_and_many_with_a_line_for_each_kind(plan: Plan, project: Project) -> None:
    def notes(kinds: int) -> list[Finding]:
        position = Position("a.yml", 7, 1)
        return [
            Finding(f"c{n}", "note", f"Kind {n} is so.", "Mend it.", ("services", f"s{k}"), position)
            for n in range(kinds)
            for k in range(3)
        ]

    few = plain(plan, project, notes(3))
    assert few.count("-> Mend it.") == 3
    assert few.count("a.yml:7 services.s0") == 3
    many = plain(plan, project, notes(30))
    assert "Mend it." not in many
    assert [line for line in many.splitlines() if "is so." in line] == [f"- 3 x Kind {n} is so." for n in range(30)]
    assert "`compose2aws explain --all` tells each of them in full" in many
    assert plain(plan, project, notes(30), full=True).count("-> Mend it.") == 30


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_errors_and_warnings_are_never_cut(plan: Plan, project: Project, severity: Severity) -> None:
    many = [Finding(f"c{n}", severity, f"{n} is so, and this is why.", f"Mend {n}.") for n in range(60)]
    text = plain(plan, project, many)
    assert text.count("is so, and this is why.") == 60
    assert text.count("-> Mend") == 60


def test_one_message_for_many_places_is_told_once(plan: Plan, project: Project) -> None:
    many = [
        Finding("c", "warning", "It is so.", "", ("services", f"s{n}", "image"), Position("a.yml", 7 + n, 1))
        for n in range(3)
    ]
    told = plain(plan, project, many)
    assert (
        "- It is so.\n"
        "  at a.yml:7 services.s0.image, a.yml:8 services.s1.image, a.yml:9\n"
        "     services.s2.image\n" in told
    )


def test_what_a_terminal_would_act_on_is_shown_instead(plan: Plan, project: Project) -> None:
    finding = Finding("x", "warning", "it says \x1b[2J\x07 and\nmore", "", ("services", "a\x1b]0;b"))
    text = plain(plan, project, (finding,))
    assert "\x1b" not in text
    assert "it says \\x1b[2J\\x07 and more" in text


def test_every_decision_is_told_when_all_is_asked_for(plan: Plan, project: Project) -> None:
    flat = " ".join(plain(plan, project, plan.findings, full=True).split())
    for words in (
        "services.api - docker-compose.yml:",
        "ports[0]: translated AWS::ElasticLoadBalancingV2::ListenerRule/ApiListenerRule",
        "ports[1]: adapted published on 127.0.0.1 only, so it stays inside",
        "services.adminer: dropped",
        "postgres_data: adapted AWS::RDS::DBCluster/PostgresCluster",
    ):
        assert words in flat
    assert "ListenerRule/" not in plain(plan, project, plan.findings)
    table = explanation.as_markdown(plan, project, plan.findings, full=True)
    assert "| ports\\[1\\] | adapted |  | published on 127.0.0.1 only, so it stays inside |" in table
