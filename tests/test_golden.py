"""Golden cases: behaviour as files, and what must hold for each of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from compose2aws.catalog import KeyRow, load_catalog
from compose2aws.compose import canonical
from compose2aws.compose.node import Path as KeyPath
from tests.compose.reference import binary, needs_binary
from tests.golden_cases import cases, produce, read_plan, read_project

CASES = cases()
# What the specification has and the reference binary does not know yet.
NEWER = {"start-and-stop": "'pre_start' not allowed"}
ROWS = load_catalog().keys
# The name of a project is decided by what is called after it.
DECIDED_ROWS = [row for row in ROWS if row.pattern != ("name",)]


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_case_becomes_what_its_files_say(folder: Path) -> None:
    for name, content in produce(folder).items():
        file = folder / name
        if name == "images.bake.json" and not file.exists():
            assert '"target": {}' in content, f"{name} is missing: run `make golden`"
            continue
        assert file.exists(), f"{name} is missing: run `make golden` and read the difference"
        assert content == file.read_text(encoding="utf-8"), f"{name} changed: run `make golden` and read the difference"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_no_template_is_left_over(folder: Path) -> None:
    made = produce(folder)
    assert {file.name for file in folder.glob("*.template.yaml")} == {name for name in made if ".template." in name}


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_nothing_stays_undecided(folder: Path) -> None:
    """Every leaf has a decision and none is the fallback for what we forgot."""
    made = read_plan(folder)
    assert [d.path for d in made.decisions if d.code == "not-translated"] == []


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_every_resource_of_the_ledger_is_in_a_template(folder: Path) -> None:
    made = read_plan(folder)
    if any(decision.outcome == "refused" for decision in made.decisions):
        pytest.skip("refused: there is no template")
    templates = [yaml.safe_load(text) for name, text in produce(folder).items() if ".template." in name]
    resources = {(r["Type"], name) for template in templates for name, r in template["Resources"].items()}
    told = {(id_.type, id_.logical_id) for decision in made.decisions for id_ in decision.becomes}
    assert told <= resources


@needs_binary
@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_docker_reads_the_case(folder: Path) -> None:
    """A case is a file that people could run: what Docker refuses would prove nothing."""
    command = [str(binary()), "-p", "case", "-f", "compose.yaml", "config", "--quiet"]
    environment = {"PATH": os.environ["PATH"], "HOME": "/", "STRIPE_API_KEY": "required"}
    ran = subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    if NEWER.get(folder.name, "?") in ran.stderr:
        pytest.skip("a key that is newer than the reference binary")
    assert ran.returncode == 0, ran.stderr


def key(row: KeyRow) -> str:
    return ".".join(row.pattern)


def said(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of every value that says something."""
    if value is None or value in ({}, []):
        return
    yield path
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, further in below:
        yield from said(further, (*path, step))


@cache
def rows_written() -> dict[str, set[str]]:
    """The cases in whose canonical project each key of the table stands."""
    catalog = load_catalog()
    found: dict[str, set[str]] = {}
    for folder in CASES:
        for path in said(canonical(read_project(folder))):
            if row := catalog.row(path):
                found.setdefault(key(row), set()).add(folder.name)
    return found


@cache
def rows_decided() -> dict[tuple[str, str], set[str]]:
    """The cases in which each key of the table has each outcome, and becomes each type of resource."""
    catalog = load_catalog()
    found: dict[tuple[str, str], set[str]] = {}
    for folder in CASES:
        for decision in read_plan(folder).decisions:
            if row := catalog.row(decision.path):
                for what in (decision.outcome, *(id_.type for id_ in decision.becomes)):
                    found.setdefault((key(row), what), set()).add(folder.name)
    return found


@pytest.mark.parametrize("row", ROWS, ids=key)
def test_every_key_of_the_table_stands_in_a_case(row: KeyRow) -> None:
    assert rows_written().get(key(row)), f"no case has {key(row)}: write one into tests/golden"


@pytest.mark.parametrize("row", DECIDED_ROWS, ids=key)
def test_all_that_the_table_promises_of_a_key_is_in_a_case(row: KeyRow) -> None:
    missing = [what for what in (*row.outcomes, *row.types) if not rows_decided().get((key(row), what))]
    assert missing == [], f"in no case {key(row)} is {', '.join(missing)}"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_no_case_has_an_outcome_or_a_resource_that_the_table_does_not_know(folder: Path) -> None:
    catalog, project = load_catalog(), read_project(folder)
    written = set(said(canonical(project)))
    for decision in read_plan(folder).decisions:
        row = catalog.row(decision.path)
        if row is not None and decision.path in written:
            assert decision.outcome in row.outcomes, decision
            assert {id_.type for id_ in decision.becomes} <= set(row.types), decision
