"""The cases of `compose2aws diff`: two compose files, and what is told of them, as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.diff_cases import cases, produce

CASES = cases()


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_case_is_told_as_its_files_say(folder: Path) -> None:
    for name, content in produce(folder).items():
        file = folder / name
        assert file.exists(), f"{name} is missing: run `make golden` and read the difference"
        assert content == file.read_text(encoding="utf-8"), f"{name} changed: run `make golden` and read the difference"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_no_line_of_a_text_is_wider_than_the_page(folder: Path) -> None:
    assert max(len(line) for line in produce(folder)["diff.txt"].splitlines()) <= 80


@pytest.mark.parametrize("folder", [f for f in CASES if list(f.glob("*.env"))], ids=lambda folder: folder.name)
def test_the_values_of_secrets_stand_in_no_output(folder: Path) -> None:
    given = " ".join(file.read_text() for file in folder.glob("*.env"))
    assert "canary" in given
    for name, content in produce(folder).items():
        assert "canary" not in content, name


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_json_has_the_documented_keys_and_no_others(folder: Path) -> None:
    data = json.loads(produce(folder)["diff.json"])
    assert data.keys() == {"stacks"}
    for stack in data["stacks"]:
        assert stack.keys() == {"name", "status", "changes"}
        for change in stack["changes"]:
            keys = {"logical_id", "type", "action", "replacement", "stateful", "source", "properties"}
            assert change.keys() == keys
            assert change["action"] in ("add", "modify", "remove")
            assert change["replacement"] in ("never", "conditional", "always")
            for one in change["properties"]:
                assert one.keys() == {"path", "before", "after"}
