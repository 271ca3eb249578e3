"""CloudFormation's limits on one template (CloudFormation, "Understand CloudFormation quotas")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from compose2aws.cloudformation.writing import text_of

RESOURCES = 500
PARAMETERS = 200
OUTPUTS = 200
DYNAMIC_REFERENCES = 60
BYTES = 1_000_000  # of a template that is uploaded to S3 first
TASK_DEFINITION_BYTES = 65_536  # Amazon ECS, "Service quotas"
ROLE_CHARACTERS = 10_240  # of a role's inline policies together, without white space (IAM, "IAM and AWS STS quotas")
_PART_CHARACTERS = 25  # of a part of a text that CloudFormation fills in: a region, an account, an id
_REFERENCE_CHARACTERS = 110  # what a reference becomes: the ARN of a secret or a role
_CERTAINLY_SMALL = BYTES // 4  # as JSON: YAML in blocks is never four times as long


class LimitError(Exception):
    """A template that CloudFormation would not take and that cannot be split, or a resource too large for AWS."""


def check_task_definitions(bodies: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise `LimitError` for a task definition that ECS would not take. `bodies` are resources by logical id."""
    for name, body in bodies.items():
        if body["Type"] == "AWS::ECS::TaskDefinition":
            size = len(json.dumps(body["Properties"]).encode())
            if size > TASK_DEFINITION_BYTES:
                raise LimitError(f"{name} has {size} bytes; ECS takes {TASK_DEFINITION_BYTES} in a task definition")


def check_roles(bodies: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise `LimitError` for a role whose policies are longer than IAM takes. How long a reference will be is
    estimated."""
    for name, body in bodies.items():
        if body["Type"] == "AWS::IAM::Role":
            size = sum(_characters(policy["PolicyDocument"]) for policy in body["Properties"].get("Policies", ()))
            if size > ROLE_CHARACTERS:
                raise LimitError(
                    f"the policies of {name} have some {size} characters; IAM takes {ROLE_CHARACTERS} in a role: put "
                    "secrets that belong together into one, or write own statements as a managed policy, by its ARN"
                )


def _characters(value: Any) -> int:
    """How long a policy is when CloudFormation has filled it in."""
    if isinstance(value, list):
        return 2 + sum(_characters(item) + 1 for item in value)
    if not isinstance(value, dict):
        return len(json.dumps(value).replace(" ", ""))
    if "Fn::If" in value:
        return _characters(value["Fn::If"][1])
    if "Fn::Join" in value:
        return sum(len(part) if isinstance(part, str) else _PART_CHARACTERS for part in value["Fn::Join"][1])
    if len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::Sub"):
        return _REFERENCE_CHARACTERS
    return 2 + sum(len(key) + 4 + _characters(item) for key, item in value.items())


def overflow(template: dict[str, Any]) -> str | None:
    """What a template has too much of, in words; None where it is within the limits."""
    compact = json.dumps(template)
    counts = (
        ("resources", len(template["Resources"]), RESOURCES),
        ("parameters", len(template.get("Parameters", {})), PARAMETERS),
        ("outputs", len(template.get("Outputs", {})), OUTPUTS),
        ("dynamic references", compact.count("{{resolve:"), DYNAMIC_REFERENCES),
    )
    for what, count, most in counts:
        if count > most:
            return f"{count} {what}; CloudFormation takes {most} in a template"
    if len(compact) > _CERTAINLY_SMALL and (size := len(text_of(template, "yaml"))) > BYTES:
        return f"{size} bytes; CloudFormation takes {BYTES} in a template"
    return None
