"""Stack policies: which resources an update may modify, replace or delete. A stack's deletion does not ask them."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from compose2aws.rehearsal.refusals import OperationFailed, Refusal


def read_policy(text: str | None) -> list[dict[str, Any]] | None:
    """Return the statements of a policy; None where there is none and all is allowed."""
    if not text:
        return None
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError) as problem:
        raise Refusal(f"Error validating stack policy: {problem}") from problem
    if not isinstance(statements, list):
        raise Refusal("Error validating stack policy: Statement must be a list")
    for statement in statements:
        if statement.get("Effect") not in ("Allow", "Deny") or statement.get("Principal") != "*":
            raise Refusal("Error validating stack policy: Invalid stack policy")
    return statements


def check(statements: list[dict[str, Any]] | None, action: str, logical_id: str, resource_type: str) -> None:
    """Fail what the policy denies, or does not allow: with a policy, only what it allows is."""
    if statements is None:
        return
    allowed = False
    for number, statement in enumerate(statements, 1):
        if not _applies(statement, action, logical_id, resource_type):
            continue
        if statement["Effect"] == "Deny":
            raise OperationFailed(
                f"Action denied by stack policy: Statement [#{number}] does not allow [{action}] for resource "
                f"[LogicalResourceId/{logical_id}]"
            )
        allowed = True
    if not allowed:
        raise OperationFailed(
            f"Action denied by stack policy: no statement allows [{action}] for resource "
            f"[LogicalResourceId/{logical_id}]"
        )


def _applies(statement: dict[str, Any], action: str, logical_id: str, resource_type: str) -> bool:
    if not _matches(action, statement.get("Action", [])):
        return False
    name = f"LogicalResourceId/{logical_id}"
    if "Resource" in statement and not _matches(name, statement["Resource"]):
        return False
    if "NotResource" in statement and _matches(name, statement["NotResource"]):
        return False
    return all(
        _matches(resource_type, conditions.get("ResourceType", []))
        for conditions in (statement.get("Condition") or {}).values()
    )


def _matches(value: str, patterns: Any) -> bool:
    return any(fnmatchcase(value, one) for one in ([patterns] if isinstance(patterns, str) else patterns))
