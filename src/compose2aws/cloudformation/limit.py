"""CloudFormation's limits on one template (CloudFormation, "Understand CloudFormation quotas")."""

from __future__ import annotations

import json
from typing import Any

from compose2aws.cloudformation.writing import text_of

RESOURCES = 500
PARAMETERS = 200
OUTPUTS = 200
DYNAMIC_REFERENCES = 60
BYTES = 1_000_000  # of a template that is uploaded to S3 first
_CERTAINLY_SMALL = BYTES // 4  # as JSON: YAML in blocks is never four times as long


class LimitError(Exception):
    """A template that CloudFormation would not take, and that cannot be split further."""


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
