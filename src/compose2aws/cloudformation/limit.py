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
