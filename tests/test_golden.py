"""Golden cases: behaviour as files, and what must hold for each of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.golden_cases import cases, produce, read_plan

CASES = cases()


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
