"""A service that was renamed: what it became on AWS stays, whatever kind of thing it is."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.cloudformation import emit
from compose2aws.compose.decoding import decode
from compose2aws.compose.journal import Journal
from compose2aws.compose.node import plain
from compose2aws.planning.model import AliasName, Plan, RegisteredName
from tests.golden_cases import cases, read_plan
from tests.planning.projects import balancer, becomes, container, outcome, planned, refused, service
from tests.planning.strategies import Compose, plan_of, prepare, projects
from tests.planning.test_settings import errors

NEW = "renamed-1"
# A revision of its own for every change, and nothing is in it.
_REVISIONS = "AWS::ECS::TaskDefinition"
# What lets the service be called by its new name too.
_NAMES = {"AWS::ServiceDiscovery::Service", "AWS::ServiceDiscovery::Instance", "AWS::Route53::RecordSet"}


def renamed(compose: dict[str, Any], old: str, *, values: bool) -> dict[str, Any]:
    """The file with a service renamed wherever it is meant by its name; in host position of values where `values`."""
    services = {NEW if name == old else name: dict(body) for name, body in compose["services"].items()}
    for body in services.values():
        for key in ("depends_on", "links", "volumes_from"):
            if isinstance(body.get(key), dict):
                body[key] = {NEW if name == old else name: value for name, value in body[key].items()}
            elif isinstance(body.get(key), list):
                body[key] = [re.sub(rf"\A{re.escape(old)}(?=:|\Z)", NEW, name) for name in body[key]]
        for key in ("network_mode", "pid", "ipc"):
            if body.get(key) == f"service:{old}":
                body[key] = f"service:{NEW}"
        contexts = body["build"].get("additional_contexts", {}) if isinstance(body.get("build"), dict) else {}
        if f"service:{old}" in contexts.values():
            contexts = {key: f"service:{NEW}" if of == f"service:{old}" else of for key, of in contexts.items()}
            body["build"] = {**body["build"], "additional_contexts": contexts}
        if values:
            for key in ("environment", "command", "healthcheck"):
                if key in body:
                    body[key] = _with_hosts(body[key], old)
    services[NEW]["x-aws"] = {**services[NEW].get("x-aws", {}), "was": old}
    top = dict(compose.get("x-aws", {}))
    if "restore" in top:
        top["restore"] = {NEW if name == old else name: snapshot for name, snapshot in top["restore"].items()}
    return {**compose, "services": services, **({"x-aws": top} if top else {})}


def _with_hosts(value: Any, old: str) -> Any:
    if isinstance(value, dict):
        return {key: NEW if _is_host(key, entry, old) else _with_hosts(entry, old) for key, entry in value.items()}
    if isinstance(value, list):
        return [_with_hosts(entry, old) for entry in value]
    return (
        re.sub(rf"(?:(?<=@)|(?<=://)){re.escape(old)}(?=(?::\d+)?(?:/|\Z))", NEW, value)
        if isinstance(value, str)
        else value
    )


def _is_host(key: str, value: Any, old: str) -> bool:
    return bool(value == old and key.endswith("HOST"))


def resources(plan: Plan) -> dict[str, dict[str, Any]]:
    return {id_: body for stack in emit(plan).stacks for id_, body in stack.template["Resources"].items()}


def create_only(body: dict[str, Any]) -> dict[str, Any]:
    """The properties that only the creation of a resource sets, as its type's schema says."""
    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", body["Type"]).schema
    except ResourceNotFoundError:  # a custom resource's
        return {}
    pointers = (*schema.get("createOnlyProperties", ()), *schema.get("conditionalCreateOnlyProperties", ()))
    return {pointer: _found(body["Properties"], pointer.split("/")[2:]) for pointer in pointers}


def _found(value: Any, steps: list[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def written(folder: Path) -> Any:
    """The compose file of a case, as it is written."""
    text = (folder / "compose.yaml").read_text()
    (document,) = decode(text, "compose.yaml", Journal())
    return plain(document.root)


def is_refused(plan: Plan) -> bool:
    return any(decision.outcome == "refused" for decision in plan.decisions)


case_plan = cache(read_plan)


RENAMINGS = [
    (folder, old)
    for folder in cases()
    for old in written(folder)["services"]
    # a tag for the merge would be gone from the file that is written here
    if "!reset" not in (folder / "compose.yaml").read_text() and not is_refused(case_plan(folder))
]


def assert_stands(before: Plan, after: Plan) -> None:
    """Nothing of the one is gone or made anew in the other, and nobody is asked for a parameter again."""
    assert parameters(after) == parameters(before)
    had, has = ({id_: body for id_, body in resources(p).items() if not is_built(body)} for p in (before, after))
    assert had.keys() - has.keys() == set()
    for id_, body in had.items():
        assert has[id_]["Type"] == body["Type"], id_
        if body["Type"] != _REVISIONS:
            assert create_only(has[id_]) == create_only(body), id_
    assert {has[id_]["Type"] for id_ in has.keys() - had.keys()} <= _NAMES


def is_built(body: dict[str, Any]) -> bool:
    """Whether it is a secret that is put together of others, anew where its text is another."""
    return body["Type"] == "AWS::SecretsManager::Secret" and "GenerateSecretString" not in body["Properties"]


def parameters(plan: Plan) -> set[str]:
    return {name for stack in emit(plan).stacks for name in stack.template.get("Parameters", {})}


@pytest.mark.parametrize(("folder", "old"), RENAMINGS, ids=lambda part: getattr(part, "name", part))
def test_nothing_that_stands_is_replaced(tmp_path: Path, folder: Path, old: str) -> None:
    compose = written(folder)
    if "was" in compose["services"][old].get("x-aws", {}):
        pytest.skip("renamed already: `was` stays")
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    (copy / "compose.yaml").write_text(yaml.safe_dump(renamed(compose, old, values=True), sort_keys=False))
    assert_stands(case_plan(folder), read_plan(copy))


@given(projects(), st.data())
def test_whatever_a_project_is_made_of_a_renaming_replaces_nothing(
    project_folder: Path, compose: Compose, data: st.DataObject
) -> None:
    old = data.draw(st.sampled_from(sorted(compose["services"])))
    before = plan_of(project_folder, compose)
    after = plan_of(project_folder, renamed(compose, old, values=data.draw(st.booleans())))
    if not is_refused(before):
        assert_stands(before, after)


@pytest.fixture(scope="module")
def project_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    prepare(made)
    return made


RENAMED = """\
    services:
      backend: {image: acme/api, ports: ["80:3000"], x-aws: {was: api}}
      web: {image: acme/web, environment: {API: "http://api:3000"}}
      database: {image: "postgres:16", x-aws: {was: db}}
    """


def test_a_renamed_service_is_called_by_both_names(tmp_path: Path) -> None:
    made = planned(tmp_path, RENAMED)
    registered = {name.name: name.id.logical_id for name in made.names if isinstance(name, RegisteredName)}
    aliases = {name.name: str(name.target) for name in made.names if isinstance(name, AliasName)}
    assert registered["api"] == "ApiRegistry"
    assert "backend" not in registered
    assert aliases["backend"] == "api.test.internal"
    assert aliases["database"] == aliases["db"] == "{host of database}"


def test_a_value_that_says_the_old_name_means_the_service(tmp_path: Path) -> None:
    made = planned(tmp_path, RENAMED)
    backend = service(made, "backend")
    assert backend.connect is not None
    assert [(offer.alias, offer.discovery_name) for offer in backend.connect.offers] == [("backend", "api-3000")]
    assert service(made, "web").depends_on == (backend.id,)


def test_people_read_the_new_name(tmp_path: Path) -> None:
    made = planned(tmp_path, RENAMED)
    assert container(made, "backend").logging.group.logical_id == "ApiLogGroup"
    assert "DbCluster" in becomes(made, "services.database")
    assert outcome(made, "services.backend.x-aws.was") == "translated"


def test_a_renamed_service_answers_at_both_addresses(tmp_path: Path) -> None:
    made = planned(tmp_path, RENAMED + "x-aws: {domain: example.com}\n")
    (rule,) = balancer(made).rules
    assert rule.hosts == ("backend.example.com", "api.example.com")
    assert {record.name for record in made.records} == set(rule.hosts)
    assert [url.host for url in made.urls] == ["backend.example.com"]


def test_an_address_that_is_written_out_is_the_only_one(tmp_path: Path) -> None:
    compose = """\
        services:
          backend: {image: acme/api, ports: ["80:3000"], x-aws: {was: api, host: shop.example.com}}
        x-aws: {domain: example.com}
        """
    (rule,) = balancer(planned(tmp_path, compose)).rules
    assert rule.hosts == ("shop.example.com",)


def test_the_old_address_is_no_other_services(tmp_path: Path) -> None:
    compose = """\
        services:
          backend: {image: acme/api, ports: ["80:3000"], x-aws: {was: api}}
          other: {image: acme/other, ports: ["81:3000"], x-aws: {host: api.example.com}}
        x-aws: {domain: example.com}
        """
    assert set(refused(planned(tmp_path, compose)).values()) == {"address-taken"}


@pytest.mark.parametrize(
    ("services", "message", "line"),
    [
        ("api: {image: a, x-aws: {was: api}}", "api is called so now", 2),
        ("api: {image: a, x-aws: {was: db}}\n  db: {image: b}", "there still is a service 'db'", 2),
        (
            "api: {image: a, x-aws: {was: db}}\n  db: {image: b, profiles: [other]}",
            "there still is a service 'db', although none of its profiles is active",
            2,
        ),
        ("a: {image: a, x-aws: {was: x}}\n  b: {image: b, x-aws: {was: x}}", "a was 'x' already", 3),
    ],
)
def test_two_services_never_have_one_name_between_them(tmp_path: Path, services: str, message: str, line: int) -> None:
    (error,) = errors(tmp_path, f"services:\n  {services}\n")
    assert error.code == "invalid-renaming"
    assert message in error.message
    assert error.position is not None
    assert error.position.line == line


def test_an_old_name_that_was_inherited_can_be_taken_away(tmp_path: Path) -> None:
    compose = "services:\n  a: {image: a, x-aws: {was: x}}\n  b:\n    extends: {service: a}\n"
    (error,) = errors(tmp_path, compose)
    assert "write `x-aws: {was: !reset null}` in the one that extends" in error.message
    made = planned(tmp_path, compose + "    x-aws: {was: !reset null}\n")
    assert {workload.id.logical_id for workload in made.workloads} == {"XService", "BService"}
