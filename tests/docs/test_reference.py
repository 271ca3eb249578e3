"""The reference says what the program does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from compose2aws.catalog import load_catalog
from compose2aws.cli import program
from compose2aws.cloudformation import emit
from compose2aws.cloudformation.manifest import manifest
from compose2aws.compose import LoadOptions, load
from compose2aws.planning.planner import plan
from tests.docs.pages import DOCS, ROOT
from tests.docs.reference import PAGES
from tests.golden_cases import cases, read_plan

REFERENCE = DOCS / "reference"
GUESTBOOK = ROOT / "examples" / "guestbook"
SECTION = re.compile(r"^## (\w+)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_pages_that_are_made_are_up_to_date(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_command_says_what_it_does() -> None:
    text = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    for name, command in program.program.commands.items():
        assert f"\n## {name}\n" in text
        assert command.help and command.short_help


def keys(value: Any, path: str = "") -> set[str]:
    """The paths of all keys: `stacks[].name`. What a template holds has keys of CloudFormation's."""
    if path.endswith((".before", ".after")):
        return set()
    if isinstance(value, dict):
        found = {f"{path}.{key}".lstrip(".") for key in value}
        return found.union(*(keys(inner, f"{path}.{key}".lstrip(".")) for key, inner in value.items()))
    if isinstance(value, list):
        return {f"{path}[]"}.union(*(keys(inner, f"{path}[]") for inner in value)) - ({path} if value else set())
    return set()


def leaves(found: set[str]) -> set[str]:
    """Without `stacks` where `stacks[]` says the same."""
    return {path for path in found if f"{path}[]" not in found}


def told(text: str) -> set[str]:
    """The first cells of a page's tables of keys."""
    return set(re.findall(r"^\| `([a-z_.\[\]]+)` \| ", text, re.MULTILINE))


def test_every_key_of_the_manifest_is_told() -> None:
    page = (REFERENCE / "manifest.md").read_text(encoding="utf-8")
    options = LoadOptions(working_directory=str(GUESTBOOK), required_variables="hole")
    made = manifest(emit(plan(load(options), load_catalog())))
    assert leaves(keys(made)) == told(page.partition("Sources of parameters")[0])


def test_every_source_of_a_parameter_is_told() -> None:
    page = (REFERENCE / "manifest.md").read_text(encoding="utf-8").partition("Sources of parameters")[2]
    documented = set(re.findall(r"^\| `([a-z-]+):", page, re.MULTILINE))
    found = set()
    for case in cases():
        made = read_plan(case)
        if any(decision.outcome == "refused" for decision in made.decisions):
            continue
        for stack in emit(made).stacks:
            found |= {parameter.source.partition(":")[0] for parameter in stack.parameters}
    assert found == documented


def sections() -> dict[str, str]:
    text = (REFERENCE / "json.md").read_text(encoding="utf-8")
    return {match[1]: match[2] for match in SECTION.finditer(text)}


def test_every_key_of_explain_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GUESTBOOK)
    monkeypatch.setenv("ADMIN_TOKEN", "x")
    assert program.run(["explain", "--format", "json"]) == 0
    assert leaves(keys(json.loads(capsys.readouterr().out))) == told(sections()["explain"])


def test_every_key_of_diff_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(GUESTBOOK)
    monkeypatch.setenv("ADMIN_TOKEN", "x")
    program.run(["synth", "-o", str(tmp_path / "out")])
    capsys.readouterr()
    assert program.run(["--tier", "production", "diff", "--against", str(tmp_path / "out"), "--format", "json"]) == 0
    assert leaves(keys(json.loads(capsys.readouterr().out))) == told(sections()["diff"])


@pytest.mark.parametrize("name", ["status", "outputs"])
def test_every_key_that_the_page_shows_of_an_answer_is_told(name: str) -> None:
    shown = re.search(r"```console\n\$ [^\n]*\n(.*?)```", sections()[name], re.DOTALL)
    assert shown is not None
    words = set(re.findall(r"`(\w+)(?:\[\])?`", sections()[name].replace(shown[0], "")))
    assert {path.replace("[]", "").rpartition(".")[2] for path in keys(json.loads(shown[1]))} - {""} <= words


def test_every_variable_that_the_program_reads_is_told() -> None:
    page = (REFERENCE / "environment.md").read_text(encoding="utf-8")
    read = set()
    for file in sorted((ROOT / "src").rglob("*.py")):
        if "rehearsal" not in file.parts:
            text = file.read_text(encoding="utf-8")
            read |= set(re.findall(r'"((?:COMPOSE|COMPOSE2AWS)_[A-Z_]+|DOCKER_CONFIG|NO_COLOR|CI|TERM)"', text))
            read |= set(re.findall(r'environ\.get\(\s*"(\w+)"', text))
    assert {name for name in read if f"`{name}`" not in page} == set()
