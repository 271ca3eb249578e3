"""`explain` on every golden case, on the examples and on a marketplace of 34 services: what holds of every page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from compose2aws.catalog import load_catalog
from compose2aws.compose import LoadOptions, Project, load
from compose2aws.planning.model import Plan
from compose2aws.planning.planner import plan as make_plan
from compose2aws.report import explanation
from compose2aws.report.layout import display_width
from compose2aws.report.likeness import unnamed
from tests.golden_cases import cases

from .test_explanation import golden

EXAMPLES = Path(__file__).parents[2] / "examples"
MARKETPLACE = Path(__file__).parent / "marketplace"
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml")
FOLDERS = {
    **{case.name: case for case in cases()},
    **{f.parent.relative_to(EXAMPLES).as_posix(): f.parent for n in COMPOSE_FILES for f in EXAMPLES.rglob(n)},
    "marketplace": MARKETPLACE,
}
TWO_SCREENS = 180


@dataclass(frozen=True)
class Explained:
    plan: Plan
    project: Project

    def text(self, *, full: bool = False) -> str:
        return click.unstyle(explanation.text(self.plan, self.project, self.plan.findings, 80, full=full))

    def markdown(self, *, full: bool = False) -> str:
        return explanation.as_markdown(self.plan, self.project, self.plan.findings, full=full)


@cache
def explained(name: str) -> Explained:
    folder = FOLDERS[name]
    files = tuple(n for n in (*COMPOSE_FILES, "compose.aws.yaml") if (folder / n).is_file())
    project = load(LoadOptions(files=files, working_directory=str(folder), required_variables="hole"))
    return Explained(make_plan(project, load_catalog()), project)


def without_spaces(text: str) -> str:
    """For texts that are wrapped, also inside of long words."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("name", FOLDERS)
def test_no_line_is_wider_than_eighty_columns(name: str) -> None:
    for full in (False, True):
        wide = [line for line in explained(name).text(full=full).splitlines() if display_width(line) > 80]
        assert not wide


@pytest.mark.parametrize("name", FOLDERS)
def test_every_error_and_warning_and_all_that_is_dropped_is_told_with_its_line(name: str) -> None:
    page = explained(name)
    text = without_spaces(page.text())
    own = {unnamed(f.message, f.path): f for f in reversed(page.plan.findings)}
    for finding in page.plan.findings:
        if finding.severity == "note":
            continue
        said = own[unnamed(finding.message, finding.path)].message
        assert without_spaces(finding.message) in text or without_spaces(said) in text
        if finding.position:
            assert f"{finding.position.file}:{finding.position.line}" in text
        if finding.path and finding.path[0] == "services":
            assert without_spaces(str(finding.path[1])) in text
    for decision in page.plan.decisions:
        if decision.outcome in ("dropped", "refused") and decision.position:
            told = f"{decision.position.file}:{decision.position.line}" in text
            assert told or (decision.reason and without_spaces(decision.reason) in text)


@pytest.mark.parametrize("name", FOLDERS)
def test_every_finding_and_every_decision_is_told_when_all_is_asked_for(name: str) -> None:
    page = explained(name)
    text = without_spaces(page.text(full=True))
    own = {unnamed(f.message, f.path): f for f in reversed(page.plan.findings)}
    for finding in page.plan.findings:
        said = own[unnamed(finding.message, finding.path)].message
        assert without_spaces(finding.message) in text or without_spaces(said) in text
    for decision in page.plan.decisions:
        for id_ in decision.becomes:
            assert str(id_) in text
        assert without_spaces(decision.reason) in text


@pytest.mark.parametrize("name", FOLDERS)
def test_no_secret_is_told(name: str) -> None:
    page = explained(name)
    # a password that is also a name (`postgres:postgres@`) stands on the page as that name
    names = {"postgres"} | {name for item in page.plan.managed for name in (item.service, item.identity)}
    secrets = {p.value for p in page.plan.parameters if p.secret and p.value and len(p.value) > 5}
    told = page.text(full=True) + page.markdown(full=True)
    assert not [secret for secret in secrets - names if secret in told]


def tables(tokens: list[Token]) -> list[list[int]]:
    """The number of cells of each row of each table."""
    found: list[list[int]] = []
    for token in tokens:
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append(0)
        elif token.type in ("td_open", "th_open"):
            found[-1][-1] += 1
    return found


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("full", [False, True])
def test_the_markdown_is_read_as_headings_tables_and_one_snippet(name: str, full: bool) -> None:
    source = explained(name).markdown(full=full)
    tokens = MarkdownIt("commonmark").enable("table").parse(source)
    kinds = {token.type for token in tokens} | {c.type for t in tokens for c in t.children or ()}
    assert kinds.isdisjoint({"html_block", "html_inline", "link_open", "image", "em_open", "hr"})
    assert sum(token.type == "fence" for token in tokens) == source.count("```yaml")
    assert len(tables(tokens)) == len(re.findall(r"^\|---", source, re.MULTILINE))
    assert all(len(set(rows)) == 1 and len(rows) > 1 for rows in tables(tokens))
    assert sum(token.type == "heading_open" for token in tokens) == len(re.findall(r"^#+ ", source, re.MULTILINE))


@pytest.mark.parametrize("name", ["nexiom", "sports-analytics", "marketplace"])
def test_the_page_of_a_project_reads_as_agreed(name: str) -> None:
    golden(f"{name}.txt", explained(name).text())


def test_the_readme_of_a_large_project_reads_as_agreed() -> None:
    golden("marketplace.md", explained("marketplace").markdown())


def test_a_project_of_thirty_services_takes_two_screens() -> None:
    page = explained("marketplace")
    assert len(page.plan.workloads) + len(page.plan.managed) > 30
    assert len(page.text().splitlines()) <= TWO_SCREENS
