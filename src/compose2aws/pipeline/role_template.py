"""The roles of a pipeline outside AWS, as a template of their own: who may take them, and what they may do."""

from __future__ import annotations

from typing import Any

from compose2aws.cloudformation.writing import text_of
from compose2aws.pipeline.model import Pipeline
from compose2aws.pipeline.permissions import deployment_statements, difference_statements, policies

AUDIENCE = "sts.amazonaws.com"
DEPLOY_SECONDS = 7200
"""How long the role's credentials last: CloudFormation works with them, and large databases take their time."""

_GITHUB = "token.actions.githubusercontent.com"


def role_template(pipeline: Pipeline, issuer: str | None = None) -> str:
    """The template. `issuer` is GitLab's host; None is GitHub."""
    host = issuer or _GITHUB
    resources: dict[str, Any] = {"Provider": _provider(host)}
    difference, deployment = _gitlab_subjects() if issuer else _github_subjects()
    resources |= role_with_policies(
        "DifferenceRole",
        f"Compares {pipeline.project} with what is deployed; reads templates, no data and no secret.",
        _trust(host, difference),
        difference_statements(pipeline),
    )
    resources |= role_with_policies(
        "DeployRole",
        f"Deploys {pipeline.project}: changes its stacks, and their resources through CloudFormation alone.",
        _trust(host, deployment),
        deployment_statements(pipeline),
        seconds=DEPLOY_SECONDS,
    )
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The roles by which CI compares and deploys {pipeline.project}. Made by compose2aws pipeline.",
        "Parameters": _parameters(pipeline, gitlab=bool(issuer)),
        "Conditions": {"MakesProvider": {"Fn::Equals": [{"Ref": "ProviderArn"}, ""]}},
        "Resources": resources,
        "Outputs": {
            "DifferenceRoleArn": {
                "Description": "The role of pull requests.",
                "Value": {"Fn::GetAtt": ["DifferenceRole", "Arn"]},
            },
            "DeployRoleArn": {
                "Description": "The role of deployments.",
                "Value": {"Fn::GetAtt": ["DeployRole", "Arn"]},
            },
        },
    }
    return text_of(template, "yaml")


def role_with_policies(
    name: str, description: str, trust: dict[str, Any], statements: list[dict[str, Any]], *, seconds: int = 3600
) -> dict[str, Any]:
    """A role and its managed policies: as many as the statements need."""
    documents = policies(statements)
    role: dict[str, Any] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": description[:1000],
            "AssumeRolePolicyDocument": trust,
            "MaxSessionDuration": seconds,
        },
    }
    made = {name: role}
    for number, document in enumerate(documents, 1):
        skips = _skips(document)
        made[f"{name}Policy{number}"] = {
            "Type": "AWS::IAM::ManagedPolicy",
            **({"Metadata": {"checkov": {"skip": skips}}} if skips else {}),
            "Properties": {
                "Description": f"Part {number} of {len(documents)} of what the role may do.",
                "PolicyDocument": document,
                "Roles": [{"Ref": name}],
            },
        }
    return made


def _skips(document: dict[str, Any]) -> list[dict[str, str]]:
    """What checkov cannot see: the condition that all of it goes through CloudFormation."""
    why = "Through CloudFormation alone (aws:CalledViaFirst), in the stacks of one project"
    wide = any(one["Resource"] == "*" for one in document["Statement"])
    actions = {action for one in document["Statement"] for action in one["Action"]}
    found = []
    if wide and any(not action.partition(":")[2].startswith(("Describe", "Get", "List")) for action in actions):
        found.append({"id": "CKV_AWS_111", "comment": why})
    if wide and actions & {"secretsmanager:GetSecretValue", "s3:GetObject", "ssm:GetParameters"}:
        found.append({"id": "CKV_AWS_108", "comment": why})
    return found


def _provider(host: str) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::OIDCProvider",
        "Condition": "MakesProvider",
        # An account has one a host: other projects use it too.
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"Url": f"https://{host}", "ClientIdList": [AUDIENCE]},
    }


def _trust(host: str, subjects: dict[str, list[Any]]) -> dict[str, Any]:
    conditions: dict[str, dict[str, Any]] = {"StringEquals": {f"{host}:aud": AUDIENCE}}
    for operator, values in subjects.items():
        conditions.setdefault(operator, {})[f"{host}:sub"] = values
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": {"Fn::If": ["MakesProvider", {"Ref": "Provider"}, {"Ref": "ProviderArn"}]}},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": conditions,
            }
        ],
    }


def _github_subjects() -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    branch = {"Fn::Sub": "repo:${Repository}:ref:refs/heads/${Branch}"}
    difference = [{"Fn::Sub": "repo:${Repository}:pull_request"}, branch]
    return {"StringEquals": difference}, {
        "StringEquals": [branch, {"Fn::Sub": "repo:${Repository}:environment:${Environment}"}]
    }


def _gitlab_subjects() -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """A merge request's pipeline has its own branch as subject, so any branch may compare."""
    any_branch = {"Fn::Sub": "project_path:${Repository}:ref_type:branch:ref:*"}
    branch = {"Fn::Sub": "project_path:${Repository}:ref_type:branch:ref:${Branch}"}
    return {"StringLike": [any_branch]}, {"StringEquals": [branch]}


def _parameters(pipeline: Pipeline, *, gitlab: bool) -> dict[str, Any]:
    repository: dict[str, Any] = {
        "Type": "String",
        "Description": (
            "GROUP/PROJECT, as in the address of the project."
            if gitlab
            else "OWNER/NAME; OWNER@ID/NAME@ID where the subject of the repository's tokens holds ids."
        ),
        "AllowedPattern": r"[\w.-]+(/[\w.-]+)+" if gitlab else r"[\w.-]+(@\d+)?/[\w.-]+(@\d+)?",
    }
    if pipeline.repository:
        repository["Default"] = pipeline.repository
    parameters: dict[str, Any] = {
        "Repository": repository,
        "Branch": {
            "Type": "String",
            "Default": pipeline.branch,
            "Description": "The branch that is deployed.",
            # no `*` and no `?`: it becomes a part of a pattern
            "AllowedPattern": r"[\w./@+-]+",
        },
    }
    if not gitlab:
        parameters["Environment"] = {
            "Type": "String",
            "Default": pipeline.environment,
            "Description": "The environment whose reviewers approve replacements.",
            "AllowedPattern": r"[\w./ -]+",
        }
    parameters["ProviderArn"] = {
        "Type": "String",
        "Default": "",
        "Description": "The account's OIDC provider for this host, where it has one; else one is made.",
        "AllowedPattern": r"|arn:[\w-]+:iam::\d{12}:oidc-provider/.+",
    }
    return parameters
