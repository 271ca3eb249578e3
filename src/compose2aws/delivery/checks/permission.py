"""What the credentials may do, as far as IAM simulates it.

A simulation knows neither resource policies nor all conditions, and CloudFormation's handlers name more actions than a
template needs; so what is missing is a warning. Only what a policy denies outright is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from botocore.exceptions import ClientError

from compose2aws.catalog.catalog import read_table
from compose2aws.delivery.checks.situation import Situation
from compose2aws.delivery.refusal import code_of
from compose2aws.planning.ledger import Finding

OWN_ACTIONS = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetStackPolicy",
    "cloudformation:GetTemplate",
    "cloudformation:ListImports",
    "cloudformation:ListStackResources",
    "cloudformation:SetStackPolicy",
    "cloudformation:UpdateTerminationProtection",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "logs:GetLogEvents",
)
"""What a deployment itself calls, whatever is in the templates."""

IMAGE_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetAuthorizationToken",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
_A_CALL = 100
_SHOWN = 12
_ASSUMED = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")
_SIMULATED = re.compile(r"arn:[\w-]+:iam::\d+:(user|role)/")


def check_permissions(situation: Situation) -> list[Finding]:
    """Simulates the actions of a deployment for whoever calls. Raises botocore's exceptions."""
    arn = situation.account.identity.arn
    if arn.endswith(":root"):
        return []
    principal = _principal(situation, arn)
    if principal is None:
        message = f"the rights of {arn} could not be checked: IAM simulates those of users and roles alone"
        return [Finding("unchecked", "warning", message)]
    denied: list[str] = []
    missing: list[str] = []
    for action, outright, allowed in _simulated(situation, principal, sorted(actions(situation))):
        if not allowed:
            (denied if outright else missing).append(action)
    found = []
    if denied:
        message = f"a policy denies {principal} what a deployment does: {_listed(denied)}"
        found.append(Finding("denied-action", "error", message, "deploy with other credentials, or change the policy"))
    if missing:
        message = (
            f"{principal} may not be allowed what a deployment does, as far as IAM simulates it: {_listed(missing)}"
        )
        remedy = "allow it, unless a policy allows it for the resources of this project alone"
        found.append(Finding("missing-action", "warning", message, remedy))
    return found


def actions(situation: Situation) -> set[str]:
    """The actions that the deployment needs: its own, and those by which CloudFormation makes and changes what the
    templates have."""
    types = read_table("resource-actions")["types"]
    wanted = set(OWN_ACTIONS)
    if situation.templates.images:
        wanted.update(IMAGE_ACTIONS)
    for resource in situation.resources():
        row = types.get(resource.type, {})
        wanted.update(row.get("update" if situation.exists(resource) else "create", ()))
    return wanted


def _principal(situation: Situation, arn: str) -> str | None:
    """The user, or the role behind a session; its path is not in the session's ARN."""
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


def _simulated(situation: Situation, principal: str, names: Iterable[str]) -> Iterator[tuple[str, bool, bool]]:
    """Each action, whether it is denied outright, and whether it is allowed."""
    client = situation.client("iam")
    region = [
        {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [situation.account.region]}
        for key in ("aws:RequestedRegion",)
    ]
    rest = iter(names)
    while batch := list(islice(rest, _A_CALL)):
        pages = client.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=principal, ActionNames=batch, ContextEntries=region
        )
        for page in pages:
            for result in page["EvaluationResults"]:
                # A denial that hangs on what is not known here (MFA, the address) may not hold.
                outright = result["EvalDecision"] == "explicitDeny" and not result.get("MissingContextValues")
                yield result["EvalActionName"], outright, result["EvalDecision"] == "allowed"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
