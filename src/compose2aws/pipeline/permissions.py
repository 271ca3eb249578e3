"""The rights of the roles that compare and deploy: no more than this project's templates need.

CloudFormation acts with the rights of whoever calls it, and says so to each service it calls (`aws:CalledViaFirst`). So
all that makes resources is allowed through CloudFormation alone; with the role's credentials themselves, nobody can
touch a database or a secret, but only change the project's own stacks.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping
from typing import Any

from compose2aws.catalog.catalog import read_table
from compose2aws.pipeline.model import Pipeline

LONGEST = 6_000
"""Characters of a managed policy; IAM takes 6,144 without blanks (IAM User Guide, "IAM and AWS STS quotas")."""

_LONGEST_PREFIX = 20  # CloudFormation cuts long stack names in the names that it makes up; so much of them is left
_CLOUDFORMATION = "cloudformation.amazonaws.com"
_REGION = {"Ref": "AWS::Region"}
_TAG = "aws:ResourceTag/compose2aws:project"

Statement = dict[str, Any]


def difference_statements(pipeline: Pipeline) -> list[Statement]:
    """What comparing needs: it reads templates and versions, no secret and no data."""
    images = _commands(pipeline, "known-images") if pipeline.images.are_built else []
    return [*_commands(pipeline, "difference"), *images]


def deployment_statements(pipeline: Pipeline) -> list[Statement]:
    """What a deployment needs."""
    statements = [*difference_statements(pipeline), *_commands(pipeline, "deployment")]
    if pipeline.images.are_built:
        statements += _commands(pipeline, "images")
    return [*statements, *_roles(pipeline), *_through_cloudformation(pipeline)]


def policies(statements: Iterable[Statement]) -> list[dict[str, Any]]:
    """The statements as policy documents that fit; one statement that does not is cut between its actions."""
    documents: list[list[Statement]] = [[]]
    room = LONGEST
    for statement in (part for whole in statements for part in _fitting(whole)):
        size = _size(statement)
        if size > room:
            documents.append([])
            room = LONGEST
        documents[-1].append(statement)
        room -= size
    return [{"Version": "2012-10-17", "Statement": part} for part in documents if part]


def _commands(pipeline: Pipeline, name: str) -> list[Statement]:
    table = read_table("delivery-permissions")["commands"][name]
    return [
        _allow(row["actions"], [_arn(one) for part in row["resources"] for one in _expanded(part, pipeline)])
        for row in table
    ]


def _roles(pipeline: Pipeline) -> list[Statement]:
    """Passing roles: those of the project's stacks, to the services that its templates give roles to; and the roles
    that services make for themselves."""
    resources = pipeline.resources
    statements = []
    if resources.passed_to:
        roles = [_arn(one) for one in _expanded("iam::ACCOUNT:role/BASE*", pipeline)]
        roles += [_arn(one) for one in _expanded("iam::ACCOUNT:role/APP*", pipeline)]
        passed = {"StringEquals": {"iam:PassedToService": list(resources.passed_to)}}
        statements.append(_allow(["iam:PassRole"], _unique(roles), passed))
    if resources.linked:
        linked = {"StringEquals": {"iam:AWSServiceName": list(resources.linked)}}
        arn = _arn("iam::ACCOUNT:role/aws-service-role/*")
        statements.append(_allow(["iam:CreateServiceLinkedRole"], [arn], linked))
    return statements


def _through_cloudformation(pipeline: Pipeline) -> list[Statement]:
    table = read_table("delivery-permissions")
    services: Mapping[str, Mapping[str, Any]] = table["services"]
    wanted: dict[str, set[str]] = {}
    for action in _actions(pipeline, table):
        service, _, name = action.partition(":")
        wanted.setdefault(service, set()).add(name)
    named: list[Statement] = []
    regional: list[str] = []
    everywhere: list[str] = []
    tagged: list[str] = []
    for service in sorted(wanted):
        row = services.get(service, {})
        patterns = row.get("any", [] if "resources" in row or "tagged" in row else ["*"])
        free = {name for name in wanted[service] if any(fnmatch.fnmatchcase(name, one) for one in patterns)}
        bound = sorted(f"{service}:{name}" for name in wanted[service] - free)
        (everywhere if row.get("everywhere") else regional).extend(f"{service}:{name}" for name in sorted(free))
        if not bound:
            continue
        if row.get("tagged"):
            tagged += bound
        elif service == "iam":
            named += _iam(bound, row, pipeline)
        else:
            named.append(
                _allow(bound, _resources(row, pipeline), _condition(regional=not row.get("everywhere", False)))
            )
    statements = named
    if tagged:
        condition = _condition(regional=True)
        condition["StringEquals"][_TAG] = pipeline.project
        statements.append(_allow(tagged, ["*"], condition))
    if everywhere:
        statements.append(_allow(everywhere, ["*"], _condition(regional=False)))
    if regional:
        statements.append(_allow(regional, ["*"], _condition(regional=True)))
    return statements


def _iam(actions: list[str], row: Mapping[str, Any], pipeline: Pipeline) -> list[Statement]:
    """Roles: a managed policy is attached only where the templates attach it; a boundary that they all have is required
    of each role."""
    resources = _resources(row, pipeline)
    attaching = [name for name in actions if name in ("iam:AttachRolePolicy", "iam:DetachRolePolicy")]
    granting = [name for name in actions if name in ("iam:CreateRole", "iam:PutRolePermissionsBoundary")]
    granting += [name for name in actions if name == "iam:PutRolePolicy"]
    boundary = pipeline.resources.boundary
    # Without the boundary nobody takes it away: `DeleteRolePermissionsBoundary` is never allowed.
    actions = [name for name in actions if name != "iam:DeleteRolePermissionsBoundary"]
    statements = []
    if attaching:
        condition = _condition(regional=False)
        if pipeline.resources.policies:
            condition["ArnEquals"] = {"iam:PolicyARN": list(pipeline.resources.policies)}
            if boundary is not None and "iam:AttachRolePolicy" in attaching:
                condition["StringEquals"]["iam:PermissionsBoundary"] = boundary
            statements.append(_allow(attaching, resources, condition))
        actions = [name for name in actions if name not in attaching]
    if boundary is not None:
        condition = _condition(regional=False)
        condition["StringEquals"]["iam:PermissionsBoundary"] = boundary
        statements.append(_allow(sorted(granting), resources, condition))
        actions = [name for name in actions if name not in granting]
    else:
        actions = [name for name in actions if name != "iam:PutRolePermissionsBoundary"]
    statements.append(_allow(actions, resources, _condition(regional=False)))
    return statements


def _actions(pipeline: Pipeline, table: Mapping[str, Any]) -> list[str]:
    """What CloudFormation calls to make, read, change and remove the types of the templates."""
    types = read_table("resource-actions")["types"]
    unused = frozenset((*table["unused"], *table["unknown"]))
    found: set[str] = set()
    for kind in pipeline.resources.types:
        row = types.get(kind, {})
        for verb in ("create", "update", "read", "delete"):
            found.update(row.get(verb, ()))
        found.update(table["types"].get(kind, ()))
    handled = {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    return sorted(a for a in found - handled if a not in unused and a.partition(":")[0] not in unused)


def _condition(*, regional: bool) -> dict[str, Any]:
    equal: dict[str, Any] = {"aws:CalledViaFirst": _CLOUDFORMATION}
    if regional:
        equal["aws:RequestedRegion"] = _REGION
    return {"StringEquals": equal}


def _resources(row: Mapping[str, Any], pipeline: Pipeline) -> list[Any]:
    return _unique([_arn(one) for part in row["resources"] for one in _expanded(part, pipeline)])


def _expanded(resource: str, pipeline: Pipeline) -> list[str]:
    """A resource of the table with the project's names; several where the project has several."""
    if resource == "STACKS":
        names = dict.fromkeys((*pipeline.stacks[:1], f"{pipeline.prefix}-app", f"{pipeline.prefix}-app-*"))
        return [f"cloudformation:REGION:ACCOUNT:stack/{name}/*" for name in names]
    prefix = pipeline.prefix
    if len(prefix) > _LONGEST_PREFIX:
        base = app = prefix[:_LONGEST_PREFIX]
    else:
        base, app = f"{prefix}-base-", f"{prefix}-app"
    if resource.startswith(("rds:", "s3:")):  # whose names are in lower case
        base, app = base.lower(), app.lower()
    repositories = f"{pipeline.resources.repositories}/*"
    return [resource.replace("REPOSITORIES", repositories).replace("BASE", base).replace("APP", app)]


def _arn(resource: str) -> Any:
    if resource == "*":
        return "*"
    named = resource.replace("REGION", "${AWS::Region}").replace("ACCOUNT", "${AWS::AccountId}")
    return {"Fn::Sub": "arn:${AWS::Partition}:" + named}


def _unique(resources: Iterable[Any]) -> list[Any]:
    return list({json.dumps(one): one for one in resources}.values())


def _allow(actions: list[str], resources: list[Any], condition: dict[str, Any] | None = None) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": sorted(set(actions)), "Resource": resources}
    if resources == ["*"]:
        statement["Resource"] = "*"
    if condition:
        statement["Condition"] = condition
    return statement


def _fitting(statement: Statement) -> list[Statement]:
    if _size(statement) <= LONGEST:
        return [statement]
    actions = statement["Action"]
    half = len(actions) // 2
    return [
        *_fitting({**statement, "Action": actions[:half]}),
        *_fitting({**statement, "Action": actions[half:]}),
    ]


def _size(statement: Statement) -> int:
    """Characters without blanks, with the functions in place: they are longer than what becomes of them."""
    return len(json.dumps(statement, separators=(",", ":"))) + 1
