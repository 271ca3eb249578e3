"""The ledger: effects are folded into decisions, and every leaf has one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.compose import Mapping, Position
from compose2aws.compose.node import Path as NodePath
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.ledger import Ledger, Outcome, people_path, pointer
from tests.planning.projects import read

API = ("services", "api")
SERVICE = ResourceId("AWS::ECS::Service", "ApiService")
TASK = ResourceId("AWS::ECS::TaskDefinition", "ApiTaskDefinition")
OUTCOMES: tuple[Outcome, ...] = ("inert", "translated", "adapted", "dropped", "refused")


@pytest.fixture
def root(tmp_path: Path) -> Mapping:
    project = read(
        tmp_path,
        """
        services:
          web:
            image: nginx
            ports: ["80:80", "443:443"]
          api:
            image: acme/api
            environment: {LEVEL: info, MODE: fast}
        """,
    )
    return project.root


@given(st.lists(st.sampled_from(OUTCOMES), min_size=1))
def test_a_decision_has_the_worst_outcome_of_its_effects(outcomes: list[Outcome]) -> None:
    ledger = Ledger(Mapping({}, Position("", 0, 0)))
    for number, outcome in enumerate(outcomes):
        ledger.record(API, outcome, reason=str(number))
    worst = max(outcomes, key=OUTCOMES.index)
    assert ledger.outcome(API) == worst
    assert [decision.outcome for decision in ledger.decisions] == [worst]


def test_a_decision_is_the_union_of_what_its_effects_became_in_their_order(root: Mapping) -> None:
    ledger = Ledger(root)
    ledger.record(API, "translated", SERVICE, reason="a service")
    ledger.record(API, "adapted", (TASK, SERVICE), reason="a task", code="sized")
    ledger.record(API, "adapted", (TASK, SERVICE), reason="a task", code="sized")
    (decision,) = ledger.decisions
    assert decision.becomes == (SERVICE, TASK)
    assert (decision.reason, decision.code) == ("a service a task", "sized")


def test_the_code_is_that_of_the_worst_effect(root: Mapping) -> None:
    ledger = Ledger(root)
    ledger.record(API, "adapted", code="changed")
    ledger.record(API, "dropped", code="gone")
    assert ledger.decisions[0].code == "gone"


def test_decisions_stand_in_the_order_of_the_file_whatever_the_order_of_recording(root: Mapping) -> None:
    paths: list[NodePath] = [
        ("services", "api", "environment", "MODE"),
        ("services", "api"),
        ("services", "web", "ports", 1),
        ("services", "web", "ports", 0),
        ("services", "web"),
        ("networks", "default"),
    ]
    forwards, backwards = Ledger(root), Ledger(root)
    for path in paths:
        forwards.record(path, "translated")
    for path in reversed(paths):
        backwards.record(path, "translated")
    assert forwards.decisions == backwards.decisions
    assert [decision.path for decision in forwards.decisions] == [
        ("services", "web"),
        ("services", "web", "ports", 0),
        ("services", "web", "ports", 1),
        ("services", "api"),
        ("services", "api", "environment", "MODE"),
        ("networks", "default"),
    ]


def test_decisions_and_findings_point_at_the_line(root: Mapping) -> None:
    ledger = Ledger(root)
    ledger.drop(("services", "api", "environment", "MODE"), "gone", "it is gone", "live without it")
    (decision,), (finding,) = ledger.decisions, ledger.findings
    assert decision.position is not None
    assert decision.position == finding.position
    assert (decision.position.file, decision.position.line) == ("compose.yaml", 8)
    assert (finding.severity, finding.remedy) == ("warning", "live without it")


def test_findings_come_errors_first_then_in_the_order_of_the_file(root: Mapping) -> None:
    ledger = Ledger(root)
    ledger.find("c", "note", "third", path=("services", "web"))
    ledger.find("b", "warning", "second", path=("services", "api"))
    ledger.find("b", "warning", "first", path=("services", "web"))
    ledger.refuse(API, "a", "most of all")
    ledger.find("b", "warning", "first", path=("services", "web"))
    assert [f.message for f in ledger.findings] == ["most of all", "first", "second", "third"]
    assert [d.path for d in ledger.refusals] == [API]


def test_what_nobody_decided_is_told_and_a_decision_covers_what_is_below_it(root: Mapping) -> None:
    ledger = Ledger(root)
    before = set(ledger.uncovered())
    assert ("services", "api", "environment", "MODE") in before
    ledger.record(("services", "api", "environment"), "translated")
    after = set(ledger.uncovered())
    assert before - after == {("services", "api", "environment", "LEVEL"), ("services", "api", "environment", "MODE")}
    for section in ("services", "networks"):
        ledger.record((section,), "inert")
    assert list(ledger.uncovered()) == [path for path in after if path[0] not in ("services", "networks")]


STEPS = (
    st.integers(0, 99) | st.text(max_size=8) | st.sampled_from(["a/b", "~0", "~1", "a.b", 'say "x"', "[0]", "\\", ""])
)


@given(st.lists(STEPS, max_size=5).map(tuple))
def test_a_pointer_leads_back_to_its_path(path: NodePath) -> None:
    text = pointer(path)
    steps = [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]
    assert steps == [str(step) for step in path]


@given(st.lists(STEPS, min_size=1, max_size=5).map(tuple))
def test_a_path_for_people_leads_back_to_its_path(path: NodePath) -> None:
    assert _read_back(people_path(path)) == list(path)


def test_a_path_for_people_reads_as_they_write_it() -> None:
    assert people_path(("services", "api", "ports", 0)) == "services.api.ports[0]"
    assert people_path(("services", "my.app", "image")) == 'services["my.app"].image'


def _read_back(text: str) -> list[str | int]:
    decoder = json.JSONDecoder(strict=False)
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        if text.startswith('["', at):
            step, at = decoder.raw_decode(text, at + 1)
            steps.append(step)
            at += 1
        elif text[at] == "[":
            end = text.index("]", at)
            steps.append(int(text[at + 1 : end]))
            at = end + 1
        else:
            at += text[at] == "."
            end = at
            while end < len(text) and text[end] not in ".[":
                end += 1
            steps.append(text[at:end])
            at = end
    return steps
