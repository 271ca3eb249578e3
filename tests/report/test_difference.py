"""A difference on the page: what stands first, what is cut, what is left out."""

from __future__ import annotations

import re
from dataclasses import replace

import click

from compose2aws.delivery.difference import Change, PropertyChange, StackDifference
from compose2aws.report.difference import difference_text
from compose2aws.report.difference_markdown import LONGEST, difference_markdown
from compose2aws.report.difference_words import parts, summary

DATABASE = Change("Db", "AWS::RDS::DBCluster", "modify", "always", True, "services.db", retained="snapshot")
SERVICE = Change("ApiService", "AWS::ECS::Service", "modify", "never", False, "services.api.ports[0]", effect="tasks")
TOPIC = Change("Topic", "AWS::SNS::Topic", "add", "never", False)


def stack(*changes: Change, name: str = "shop-app", status: str | None = "UPDATE_COMPLETE") -> StackDifference:
    return StackDifference(name, status, changes)


def first_words(*changes: Change) -> str:
    """The first line of a comment that is no marker."""
    return difference_markdown([stack(*changes)], "shop").splitlines()[1]


def test_nothing_is_one_sentence_in_every_format() -> None:
    assert difference_text([stack()]) == "Nothing would change."
    assert difference_markdown([stack()], "shop") == "<!-- compose2aws diff shop -->\nNothing would change.\n"


def test_a_comment_says_the_worst_first() -> None:
    assert first_words(TOPIC, SERVICE, DATABASE) == "**Data would be lost:** `services.db`."
    assert first_words(TOPIC, SERVICE, replace(DATABASE, replacement="conditional")).startswith("**Data may be lost,**")
    upgrade = replace(DATABASE, replacement="never", effect="interruption")
    assert first_words(TOPIC, SERVICE, upgrade) == "**An interruption:** `services.db`."
    assert first_words(TOPIC, SERVICE) == "New tasks, no interruption: `services.api`."
    assert first_words(TOPIC) == "Something is added; nothing that runs is touched."


def test_the_summary_counts_resources() -> None:
    gone = replace(DATABASE, action="remove")
    assert summary([stack(TOPIC, SERVICE), stack(DATABASE, gone)]) == "1 to add, 2 to change, 1 to remove; 2 lose data."
    assert summary([stack(TOPIC)]) == "1 to add, 0 to change, 0 to remove."


def test_parts_are_grouped_by_the_compose_file_services_first_the_shared_last() -> None:
    titles = [
        replace(TOPIC, source=source)
        for source in (None, "networks.inner", "volumes.data", 'services["a.b"].ports[0]', "services.api.ports[1]")
    ]
    found = [part.title for part in parts([stack(*titles)])]
    assert found == ["services.api", 'services["a.b"]', "volumes.data", "networks.inner", "shared"]


def test_the_file_system_stands_for_all_volumes() -> None:
    files = replace(DATABASE, type="AWS::EFS::FileSystem", source=None)
    assert [part.title for part in parts([stack(files)])] == ["volumes"]


def test_marks_tell_without_colour_what_happens() -> None:
    text = difference_text([stack(TOPIC, SERVICE, DATABASE, replace(TOPIC, action="remove", logical_id="Old"))])
    assert "! services.db: REPLACED, its data would be lost (a snapshot is kept)" in text
    assert "~ services.api: new tasks, no interruption" in text
    assert re.search(r"^ +\+ Topic ", text, re.MULTILINE)
    assert re.search(r"^ +- Old ", text, re.MULTILINE)
    assert "\x1b" not in text


def test_colour_adds_nothing_but_colour() -> None:
    differences = [stack(TOPIC, SERVICE, DATABASE)]
    coloured = difference_text(differences, colour=True)
    assert coloured != difference_text(differences)
    assert click.unstyle(coloured) == difference_text(differences)


def test_a_terminal_is_not_given_what_it_would_act_on() -> None:
    evil = replace(SERVICE, properties=(PropertyChange("Name", "\x1b[2J", "line\nline"),))
    text = difference_text([stack(evil)])
    assert "\x1b" not in text
    assert "line line" in text


def test_long_values_are_cut_and_digests_abbreviated() -> None:
    digest = f"repo@sha256:{'ab' * 32}"
    long = replace(SERVICE, properties=(PropertyChange("A", "x" * 5_000, digest),))
    text = difference_text([stack(long)])
    assert "repo@sha256:abababababab…" in text
    assert len(text) < 600


def test_a_live_value_is_called_so() -> None:
    drifted = replace(SERVICE, properties=(PropertyChange("DesiredCount", "9", "2", "tasks", live=True),))
    assert "DesiredCount: 9 (live) → 2" in difference_text([stack(drifted)])


def test_stacks_have_no_status_where_files_are_compared() -> None:
    text = difference_text([stack(SERVICE, status=None)], against="old")
    assert text.startswith("Compared with old:")
    assert "not there yet" not in text
    assert "shop-app (not there yet)" in difference_text([stack(SERVICE, status=None)])


def test_markdown_keeps_what_values_hold_from_being_markup() -> None:
    evil = replace(SERVICE, properties=(PropertyChange("A", "a|b`c", "<script>*x*"),))
    text = difference_markdown([stack(evil)], "shop")
    assert "``a\\|b`c``" in text
    assert "`<script>*x*`" in text
    row = next(line for line in text.splitlines() if "`A`" in line)
    assert row.replace("\\|", "").count("|") == 6


def test_a_comment_that_is_too_long_for_github_is_cut_and_says_so() -> None:
    long = replace(SERVICE, properties=(PropertyChange("A", "x" * 150, "y" * 150),))
    changes = [replace(long, logical_id=f"S{number}", source=f"services.s{number}") for number in range(2_000)]
    text = difference_markdown([stack(*changes, DATABASE)], "shop")
    assert len(text) <= LONGEST
    assert "**Data would be lost:** `services.db`." in text.splitlines()[1]
    assert re.search(r"Left out, as a comment has 65,536 characters: \d+ parts? of the table and the details of", text)
    few = difference_markdown([stack(*changes[:200])], "shop")
    assert LONGEST - 2_000 < len(few) <= LONGEST
    assert re.search(r"characters: the details of \d+ parts", few)
    assert few.count("<details>") == few.count("</details>")


def test_many_of_a_kind_that_come_are_one_line() -> None:
    text = difference_text([stack(*(replace(TOPIC, logical_id=f"Topic{n}") for n in range(5)))])
    assert "+ 5 AWS::SNS::Topic: Topic0, Topic1, Topic2, Topic3, Topic4" in text


def test_what_holds_data_is_named_alone_even_among_many() -> None:
    gone = [replace(DATABASE, logical_id=f"Db{n}", action="remove", retained=None) for n in range(5)]
    text = difference_text([stack(*gone)])
    assert text.count("removed WITH ITS DATA") == 6
