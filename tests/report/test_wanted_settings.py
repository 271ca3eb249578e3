"""The snippet of `x-aws` is one that compose2aws takes, and that solves what it stands for."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from compose2aws.catalog import load_catalog
from compose2aws.compose import LoadOptions, Project, load
from compose2aws.compose.node import Mapping
from compose2aws.planning.ledger import Finding
from compose2aws.planning.model import Plan, Service
from compose2aws.planning.planner import plan as make_plan
from compose2aws.report.wanted_settings import OWN_FILE, snippet, where_written
from tests.golden_cases import cases

from .conftest import tree

ALARMS = Finding("no-alarms", "note", "nobody is told", "`x-aws: {alarms: ops@example.com}` sends them there")
DOMAIN = Finding("no-domain", "warning", "there is no domain", "write `x-aws: {domain: example.com}` at the top")
UNSEEN = Finding(
    "unseen", "error", "nobody was found", "or keep the container with `x-aws: {managed: false}`", ("services", "redis")
)


def written(plan: Plan, project: Project, *findings: Finding) -> object:
    return yaml.safe_load("\n".join(snippet(plan, project, findings)))


def test_only_what_was_found_is_written(plan: Plan, project: Project) -> None:
    assert written(plan, project) == {"x-aws": {"tier": "production"}}
    assert written(plan, project, ALARMS, DOMAIN, UNSEEN) == {
        "x-aws": {"domain": "example.com", "alarms": "ops@example.com", "tier": "production"},
        "services": {"redis": {"x-aws": {"managed": False}}},
    }


def test_a_choice_that_is_only_a_warning_is_not_written(plan: Plan, project: Project) -> None:
    assert written(plan, project, replace(UNSEEN, severity="warning")) == {"x-aws": {"tier": "production"}}


def test_an_error_on_a_client_means_the_managed_service_that_it_names(plan: Plan, project: Project) -> None:
    error = replace(UNSEEN, path=("services", "web", "configs", 0), message="a file holds a password for postgres")
    assert written(plan, project, error)["services"] == {"postgres": {"x-aws": {"managed": False}}}  # type: ignore[index]
    both = replace(error, message="a file holds passwords for postgres and redis")
    assert "services" not in written(plan, project, both)  # type: ignore[operator]


def test_where_nothing_is_public_the_only_service_that_listens_is_named(plan: Plan, project: Project) -> None:
    local = Finding("local-port", "note", "published here alone", "", ("services", "web", "ports", 0))
    closed = replace(plan, urls=())
    assert written(closed, project, local)["services"] == {"web": {"x-aws": {"public": True}}}  # type: ignore[index]
    assert "services" not in written(plan, project, local)  # type: ignore[operator]
    other = replace(local, path=("services", "api", "ports", 1))
    assert "services" not in written(closed, project, local, other)  # type: ignore[operator]


def test_where_nothing_is_public_a_service_that_is_exposed_goes_before_one_that_listens(
    plan: Plan, project: Project
) -> None:
    exposed = tree({"services": {"api": {}, "web": {"expose": ["80"]}}})
    assert isinstance(exposed, Mapping)
    shown = written(replace(plan, urls=()), replace(project, root=exposed))
    assert shown["services"] == {"web": {"x-aws": {"public": True}}}  # type: ignore[index]


def test_a_name_that_yaml_would_read_as_something_else_is_quoted(plan: Plan, project: Project) -> None:
    names = ("1.5", "a: b", "#c", "on", "null", "é")
    workloads = tuple(w for w in plan.workloads if isinstance(w, Service))
    managed = tuple(replace(plan.managed[0], service=name) for name in names)
    odd = replace(plan, workloads=workloads, managed=managed)
    errors = [replace(UNSEEN, path=("services", name)) for name in names]
    assert set(written(odd, project, *errors)["services"]) == set(names)  # type: ignore[index]


@pytest.mark.parametrize("width", [60, 80])
def test_a_reason_that_is_too_long_for_the_page_stands_above_its_line(plan: Plan, project: Project, width: int) -> None:
    lines = snippet(plan, project, (ALARMS, DOMAIN, UNSEEN), width)
    assert max(map(len, lines)) <= width
    assert yaml.safe_load("\n".join(lines)) == written(plan, project, ALARMS, DOMAIN, UNSEEN)


def test_the_file_is_the_one_that_is_read_too(plan: Plan) -> None:
    assert where_written(plan) == "in compose.aws.yaml beside docker-compose.yml, which is read too"
    assert where_written(replace(plan, files=("docker-compose.yml", OWN_FILE))) == "in compose.aws.yaml"
    assert where_written(replace(plan, files=("<stdin>",))) == "in the compose file"


def _planned(folder: Path) -> tuple[Plan, Project]:
    files = tuple(name for name in ("compose.yaml", OWN_FILE) if (folder / name).exists())
    project = load(LoadOptions(files=files, working_directory=str(folder), required_variables="hole"))
    return make_plan(project, load_catalog()), project


@pytest.mark.parametrize("case", ["unseen-clients", "networks", "tls-required", "documents-and-lists", "postgres-url"])
def test_with_the_snippet_written_nothing_is_left_of_what_it_stands_for(case: str, tmp_path: Path) -> None:
    folder = tmp_path / case
    shutil.copytree(next(c for c in cases() if c.name == case), folder)
    before, project = _planned(folder)
    wanted = snippet(before, project, before.findings)
    assert wanted
    (folder / OWN_FILE).write_text("\n".join(wanted), encoding="utf-8")
    after, _ = _planned(folder)
    solved = yaml.safe_load("\n".join(wanted))
    codes = {finding.code for finding in after.findings}
    if "domain" in solved.get("x-aws", {}):
        assert "no-domain" not in codes
    if "alarms" in solved.get("x-aws", {}):
        assert "no-alarms" not in codes
    kept = set(solved.get("services", {}))
    assert kept.isdisjoint(item.service for item in after.managed)
    errors = [f for f in after.findings if f.severity == "error" and "managed: false" in f.remedy]
    assert not [f for f in errors if any(name in f.message for name in kept)]
