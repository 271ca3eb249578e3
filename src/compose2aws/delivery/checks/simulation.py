"""IAM's simulation of what the credentials may do: of each action for all resources, or for some."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.catalog.catalog import read_table
from compose2aws.delivery.checks.situation import Situation
from compose2aws.delivery.refusal import code_of

_A_CALL = 100
_ASSUMED = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")
_SIMULATED = re.compile(r"arn:[\w-]+:iam::\d+:(user|role)/")
_REPOSITORY = "AWS::ECR::Repository"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an action: `allowed`, or `denied` outright by a policy, whatever else is so."""

    action: str
    allowed: bool
    denied: bool


def principal_of(situation: Situation, arn: str) -> str | None:
    """Whom IAM simulates for an ARN: the user, or the role behind a session, whose path is not in the session's ARN.
    None for other callers. Raises botocore's exceptions."""
    if _SIMULATED.match(arn):
        return arn
    match = _ASSUMED.match(arn)
    if match is None:
        return None
    try:
        return str(situation.client("iam").get_role(RoleName=match["role"])["Role"]["Arn"])
    except ClientError as error:
        if code_of(error) not in ("AccessDenied", "AccessDeniedException"):
            raise
        return f"arn:{match['partition']}:iam::{match['account']}:role/{match['role']}"


def simulated(situation: Situation, principal: str, actions: Iterable[str]) -> Iterator[Decision]:
    """What becomes of each action. Raises botocore's exceptions."""
    rest = iter(actions)
    while batch := list(islice(rest, _A_CALL)):
        for result in _results(situation, PolicySourceArn=principal, ActionNames=batch):
            allowed = result["EvalDecision"] == "allowed"
            yield Decision(result["EvalActionName"], allowed, _is_denied(result, "EvalDecision"))


def is_denied_for_the_project(situation: Situation, principal: str, action: str) -> bool:
    """Whether an action that is denied for all resources is so for the project's own, as far as these have names: a
    policy may deny it for all others (`NotResource`). Where that cannot be simulated, the first answer holds."""
    resources = sorted(_resources(situation, action))
    if not resources:
        return True
    try:
        results = list(_results(situation, PolicySourceArn=principal, ActionNames=[action], ResourceArns=resources))
    except ClientError:
        return True
    return all(
        _is_denied(one, "EvalDecision")
        and all(_is_denied(part, "EvalResourceDecision") for part in one.get("ResourceSpecificResults", ()))
        for one in results
    )


def _results(situation: Situation, **asked: Any) -> Iterator[dict[str, Any]]:
    region = {
        "ContextKeyName": "aws:RequestedRegion",
        "ContextKeyType": "string",
        "ContextKeyValues": [situation.account.region],
    }
    pages = situation.client("iam").get_paginator("simulate_principal_policy")
    for page in pages.paginate(**asked, ContextEntries=[region]):
        yield from page["EvaluationResults"]


def _is_denied(result: dict[str, Any], decision: str) -> bool:
    """A denial that hangs on what is not known here (MFA, the address) may not hold."""
    return result[decision] == "explicitDeny" and not result.get("MissingContextValues")


def _resources(situation: Situation, action: str) -> set[str]:
    """ARNs as the project's resources have them, for an action that knows resources with names of ours."""
    table = read_table("delivery-permissions")
    rows = [row["resources"] for part in table["commands"].values() for row in part if action in row["actions"]]
    service, _, name = action.partition(":")
    row = table["services"].get(service, {})
    if not rows and "resources" in row and not any(fnmatchcase(name, one) for one in row.get("any", ())):
        rows = [row["resources"]]
    return {arn for part in rows for one in part if one != "*" for arn in _arns(situation, one)}


def _arns(situation: Situation, resource: str) -> Iterator[str]:
    stacks = [stack.name for stack in situation.templates.stacks]
    if resource == "STACKS":
        yield from (arn for name in stacks for arn in _arns(situation, f"cloudformation:REGION:ACCOUNT:stack/{name}/*"))
        return
    base, app = f"{stacks[0]}-", stacks[-1]
    if resource.startswith(("rds:", "s3:")):  # whose names are in lower case
        base, app = base.lower(), app.lower()
    named = situation.resources(_REPOSITORY)
    repository = next((name for one in named if (name := situation.property(one, "RepositoryName"))), stacks[0])
    values = {"REPOSITORIES": repository, "BASE": base, "APP": app, "*": "x"}
    values |= {"REGION": situation.account.region, "ACCOUNT": situation.account.identity.account}
    pattern = "|".join(re.escape(name) for name in values)
    yield f"arn:{situation.account.partition}:" + re.sub(pattern, lambda match: values[match[0]], resource)
