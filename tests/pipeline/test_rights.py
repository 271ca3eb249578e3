"""The roles: they allow what the commands call, nothing that no template needs, and fit into IAM's limits."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from compose2aws.catalog.catalog import read_table
from compose2aws.pipeline.permissions import deployment_statements, difference_statements, policies
from compose2aws.pipeline.role_template import role_template
from tests.golden_cases import cases
from tests.pipeline.conftest import SECRETS, generate
from tests.pipeline.golden import pipeline_of
from tests.pipeline.test_steps import EVENT
from tests.pipeline.workflow import KEY, Ran, Runner, github_job

_SERVICES = {
    "service-quotas": "servicequotas",
    "elbv2": "elasticloadbalancing",
    "docdb": "rds",
    "cloudcontrol": "cloudformation",
}
# Asked for nothing, or only to warn: the role does without.
_FREE = {"sts:GetCallerIdentity", "iam:GetRole", "iam:SimulatePrincipalPolicy"}


@contextmanager
def recorded() -> Iterator[set[str]]:
    """The IAM actions of the calls that the commands make themselves, with their own key."""
    from moto.core.responses import BaseResponse  # noqa: PLC0415 - tests without moto are collected too

    found: set[str] = set()
    plain = BaseResponse.call_action

    def call_action(response: Any) -> Any:
        if KEY in str(response.headers.get("Authorization", "")):
            found.add(f"{_SERVICES.get(response.service_name, response.service_name)}:{response._get_action()}")
        return plain(response)

    with mock.patch.object(BaseResponse, "call_action", call_action):
        yield found


def allowed(template: dict[str, Any], role: str) -> set[str]:
    """What a role may call itself: what is not bound to CloudFormation."""
    return {
        action
        for statement in statements(template, role)
        if "aws:CalledViaFirst" not in json.dumps(statement.get("Condition", {}))
        for action in statement["Action"]
    }


def statements(template: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [
        statement
        for name, body in template["Resources"].items()
        if body["Type"] == "AWS::IAM::ManagedPolicy" and {"Ref": role} in body["Properties"]["Roles"] and name
        for statement in body["Properties"]["PolicyDocument"]["Statement"]
    ]


def test_the_roles_allow_what_the_commands_call(runner: Runner) -> None:
    def job(name: str) -> Ran:
        ran = github_job(runner, name, secrets=SECRETS, event=EVENT)
        assert ran.code == 0, ran.text
        return ran

    generate(runner, "github")
    template = yaml.safe_load((runner.project / "shop-deploy-role.template.yaml").read_text())
    with recorded() as compared:
        job("difference")
    with recorded() as deployed:
        job("deploy")
    with recorded() as again:
        job("difference")
    assert {"cloudformation:DescribeStacks", "cloudformation:GetTemplate"} <= again
    assert {"cloudformation:ExecuteChangeSet", "ecr:PutImage", "servicequotas:GetServiceQuota"} <= deployed
    assert compared | again <= allowed(template, "DifferenceRole") | _FREE
    assert deployed <= allowed(template, "DeployRole") | _FREE


@pytest.mark.parametrize("folder", cases(), ids=lambda folder: folder.name)
def test_policies_fit_and_are_narrow(folder: Path) -> None:
    pipeline = pipeline_of(folder, "compose.yaml")
    if pipeline is None:
        pytest.skip("the case is refused and has no templates")
    compare, deploy = difference_statements(pipeline), deployment_statements(pipeline)
    for whole in (compare, deploy):
        documents = policies(whole)
        assert len(documents) <= 10  # managed policies of a role
        for document in documents:
            text = json.dumps(document, separators=(",", ":")).replace("${AWS::Region}", "ap-southeast-7")
            assert len(text) <= 6_144
        kept = [action for document in documents for one in document["Statement"] for action in one["Action"]]
        assert sorted(set(kept)) == sorted({action for one in whole for action in one["Action"]})
    assert not [action for one in compare for action in one["Action"] if not _reads(action)]
    for statement in deploy:
        assert not [action for action in statement["Action"] if "*" in action]
        if not all(_reads(action) for action in statement["Action"]) and statement["Resource"] == "*":
            assert statement["Condition"]["StringEquals"]["aws:CalledViaFirst"] == "cloudformation.amazonaws.com"


def _reads(action: str) -> bool:
    return action.partition(":")[2].startswith(("Describe", "Get", "List")) and "SecretValue" not in action


@pytest.mark.parametrize("folder", cases(), ids=lambda folder: folder.name)
def test_each_action_that_handlers_name_is_allowed_or_known_to_be_unused(folder: Path) -> None:
    pipeline = pipeline_of(folder, "compose.yaml")
    if pipeline is None:
        pytest.skip("the case is refused and has no templates")
    table, types = read_table("delivery-permissions"), read_table("resource-actions")["types"]
    known = {action for one in deployment_statements(pipeline) for action in one["Action"]}
    known |= {*table["unused"], *table["unknown"]}
    # A boundary is never taken away; a policy is attached only where the templates do so.
    known |= {"iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"}
    if not pipeline.resources.policies:
        known |= {"iam:AttachRolePolicy", "iam:DetachRolePolicy"}
    for kind in pipeline.resources.types:
        for verb in ("create", "update", "read", "delete"):
            missing = {a for a in types[kind].get(verb, ()) if a not in known and a.partition(":")[0] not in known}
            assert missing <= {"iam:PassRole", "iam:CreateServiceLinkedRole"}, (kind, verb)


def test_every_action_is_one_that_iam_knows_and_is_narrowed_only_where_iam_can() -> None:
    from cfnlint.data import AdditionalSpecs  # noqa: PLC0415 - it takes long
    from cfnlint.helpers import load_resource  # noqa: PLC0415

    known: dict[str, dict[str, Any]] = {
        service: row["Actions"] for service, row in load_resource(AdditionalSpecs, "Policies.json").items()
    }
    table = read_table("delivery-permissions")
    commands = [row for rows in table["commands"].values() for row in rows]
    made = {action for actions in table["types"].values() for action in actions}
    for row in read_table("resource-actions")["types"].values():
        made |= {action for verb in ("create", "update", "read", "delete") for action in row.get(verb, ())}
    made -= {action for action in made if action in table["unused"] or action.partition(":")[0] in table["unused"]}
    used = made.union(*(row["actions"] for row in commands))
    unknown = {a for a in used if a.partition(":")[2].lower() not in known.get(a.partition(":")[0], {})}
    assert unknown == set(table["unknown"]) & used

    def has_resources(action: str) -> bool:
        service, _, name = action.partition(":")
        return bool(known[service][name.lower()].get("Resources"))

    narrowed = {action for row in commands if row["resources"] != ["*"] for action in row["actions"]}
    for service, row in table["services"].items():
        names = {a for a in made - unknown if a.startswith(f"{service}:")}
        free = {a for a in names for glob in row.get("any", []) if fnmatch.fnmatchcase(a.partition(":")[2], glob)}
        for glob in row.get("any", []):
            assert fnmatch.filter((a.partition(":")[2] for a in names), glob), (service, glob)
        if "resources" in row:
            narrowed |= names - free
    assert [action for action in sorted(narrowed) if not has_resources(action)] == []


def test_a_boundary_that_all_roles_have_is_required_of_each_that_is_made(tmp_path: Path) -> None:
    """It is patched into the templates, or set by whatever else makes them."""
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    patch = "{stack: app, op: add, path: /Resources/%s/Properties/PermissionsBoundary, value: '" + boundary + "'}"
    text = "name: shop\nservices: {api: {image: busybox}}\nx-aws: {tier: development%s}\n"
    (tmp_path / "compose.yaml").write_text(text % "")
    plain = pipeline_of(tmp_path, "compose.yaml")
    assert plain is not None
    patches = ", ".join(patch % name for name in _roles(tmp_path))
    (tmp_path / "compose.yaml").write_text(text % f", patches: [{patches}]")
    bounded = pipeline_of(tmp_path, "compose.yaml")
    assert bounded is not None
    [making] = [one for one in deployment_statements(bounded) if "iam:CreateRole" in one["Action"]]
    assert making["Condition"]["StringEquals"]["iam:PermissionsBoundary"] == boundary
    assert "iam:PutRolePolicy" in making["Action"]
    [making] = [one for one in deployment_statements(plain) if "iam:CreateRole" in one["Action"]]
    assert "iam:PermissionsBoundary" not in making["Condition"]["StringEquals"]
    for one in (plain, bounded):
        assert not [s for s in deployment_statements(one) if "iam:DeleteRolePermissionsBoundary" in s["Action"]]


def _roles(folder: Path) -> list[str]:
    from tests.pipeline.golden import templates_of  # noqa: PLC0415

    return [
        n
        for t in templates_of(folder, "compose.yaml")
        for n, b in t["Resources"].items()
        if b["Type"] == "AWS::IAM::Role"
    ]


def test_only_the_repository_s_branch_and_environment_take_the_role_that_deploys(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("name: shop\nservices: {api: {image: busybox}}\n")
    pipeline = pipeline_of(tmp_path, "compose.yaml")
    assert pipeline is not None
    resources = yaml.safe_load(role_template(pipeline))["Resources"]
    [deploy] = resources["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    issuer = "token.actions.githubusercontent.com"
    assert deploy["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": [
                {"Fn::Sub": "repo:${Repository}:ref:refs/heads/${Branch}"},
                {"Fn::Sub": "repo:${Repository}:environment:${Environment}"},
            ],
        }
    }
    resources = yaml.safe_load(role_template(pipeline, "gitlab.example.com"))["Resources"]
    [deploy] = resources["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert deploy["Condition"]["StringEquals"]["gitlab.example.com:sub"] == [
        {"Fn::Sub": "project_path:${Repository}:ref_type:branch:ref:${Branch}"}
    ]
