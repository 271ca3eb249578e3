"""What holds of the templates of every plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from cfnlint.api import ManualArgs, lint

from compose2aws.cloudformation import Templates, emit, render
from compose2aws.cloudformation.reference import references
from compose2aws.planning.model import Plan, Tier

from .plans import bare_plan, full_plan, service
from .wide_plans import guest_plan, wide_plan

TIERS: tuple[Tier, ...] = ("production", "development")
STATEFUL = {
    "AWS::DocDB::DBCluster",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::KMS::Key",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
}


def values(node: Any, key: str) -> Iterator[Any]:
    """Every value under a key, anywhere below a node."""
    if isinstance(node, dict):
        for name, item in node.items():
            if name == key:
                yield item
            yield from values(item, key)
    elif isinstance(node, list):
        for item in node:
            yield from values(item, key)


def resources(templates: Templates) -> dict[str, dict[str, Any]]:
    return {name: body for stack in templates.stacks for name, body in stack.template["Resources"].items()}


PLANS = {
    "full-production": full_plan("production"),
    "full-development": full_plan("development"),
    "wide-production": wide_plan("production"),
    "wide-development": wide_plan("development"),
    "guest": guest_plan(),
}


@pytest.fixture(scope="module", params=PLANS)
def plan(request: pytest.FixtureRequest) -> Plan:
    return PLANS[request.param]


def test_cfn_lint_finds_nothing(plan: Plan) -> None:
    for name, content in render(emit(plan)).items():
        if ".template." in name:
            found = lint(content.decode(), config=ManualArgs(regions=["us-east-1"]))
            assert [f"{name}: {match}" for match in found] == []


def test_every_reference_resolves_in_its_own_template(plan: Plan) -> None:
    for stack in emit(plan).stacks:
        known = stack.template["Resources"].keys() | stack.template.get("Parameters", {}).keys()
        assert {reference.name for reference in references(stack.template)} <= known
        used = {part[0] for part in values(stack.template["Resources"], "Fn::If")}
        assert used <= stack.template.get("Conditions", {}).keys()


def test_every_import_has_one_export_in_an_earlier_stack(plan: Plan) -> None:
    exported: dict[str, str] = {}
    for stack in emit(plan).stacks:
        for name in values(stack.template["Resources"], "Fn::ImportValue"):
            assert exported[name] in stack.depends_on
        for export in values(stack.template.get("Outputs", {}), "Export"):
            assert export["Name"] not in exported
            exported[export["Name"]] = stack.name


def test_every_parameter_and_condition_of_a_template_is_used_there(plan: Plan) -> None:
    for stack in emit(plan).stacks:
        named = {reference.name for reference in references(stack.template)}
        assert stack.template.get("Parameters", {}).keys() <= named
        assert [parameter.name for parameter in stack.parameters] == list(stack.template.get("Parameters", {}))
        uses = {part[0] for part in values(stack.template["Resources"], "Fn::If")}
        uses |= {body["Condition"] for body in stack.template["Resources"].values() if "Condition" in body}
        assert stack.template.get("Conditions", {}).keys() == uses


def test_what_is_stateful_says_what_becomes_of_it_and_stands_in_the_base(plan: Plan) -> None:
    base, app = emit(plan).stacks
    for name, body in base.template["Resources"].items():
        if body["Type"] in STATEFUL or name.endswith("MasterLogin"):
            assert {"DeletionPolicy", "UpdateReplacePolicy"} <= body.keys(), name
    assert not STATEFUL & {body["Type"] for body in app.template["Resources"].values()}


def test_a_member_of_a_cluster_takes_no_snapshot_of_its_own() -> None:
    made = resources(emit(full_plan()))
    assert made["PostgresWriter"]["DeletionPolicy"] == made["PostgresReader"]["DeletionPolicy"] == "Delete"
    assert made["PostgresCluster"]["DeletionPolicy"] == made["PostgresCluster"]["UpdateReplacePolicy"] == "Snapshot"


def test_another_workload_changes_no_other_resource(plan: Plan) -> None:
    before = resources(emit(plan))
    after = resources(emit(replace(plan, workloads=(service("zebra"), *plan.workloads))))
    assert before.items() <= after.items()
    assert {name for name in after.keys() - before.keys() if not name.startswith("Zebra")} == set()


def test_the_order_of_the_plan_does_not_change_a_byte(plan: Plan) -> None:
    other = replace(
        plan,
        workloads=plan.workloads[::-1],
        managed=plan.managed[::-1],
        images=plan.images[::-1],
        names=plan.names[::-1],
        ingress=plan.ingress[::-1],
        security_groups=plan.security_groups[::-1],
        secrets=plan.secrets[::-1],
        parameters=plan.parameters[::-1],
    )
    assert render(emit(plan)) == render(emit(plan)) == render(emit(other))


def test_yaml_and_json_say_the_same(plan: Plan) -> None:
    templates = emit(plan)
    in_yaml, in_json = render(templates, "yaml"), render(templates, "json")
    for stack in templates.stacks:
        assert yaml.safe_load(in_yaml[stack.file("yaml")]) == json.loads(in_json[stack.file("json")])


def test_the_value_of_a_secret_is_written_nowhere() -> None:
    plan = full_plan()
    assert any(parameter.value for parameter in plan.parameters)
    for content in render(emit(plan)).values():
        assert b"cnry" not in content


def test_tiers_differ_in_no_create_only_property_of_what_is_stateful() -> None:
    production, development = (resources(emit(full_plan(tier))) for tier in TIERS)
    create_only = (
        "Engine",
        "DatabaseName",
        "MasterUsername",
        "KmsKeyId",
        "StorageEncrypted",
        "Port",
        "DBSubnetGroupName",
        "CacheSubnetGroupName",
        "AtRestEncryptionEnabled",
        "CidrBlock",
    )
    for name in production.keys() & development.keys():
        for key in create_only:
            ours, theirs = (made[name].get("Properties", {}).get(key) for made in (production, development))
            assert ours == theirs, (name, key)


def test_a_plan_of_nothing_still_gives_two_templates() -> None:
    base, app = emit(bare_plan()).stacks
    assert (base.key, app.key) == ("base", "app")
    assert all(stack.template["Resources"] for stack in (base, app))
