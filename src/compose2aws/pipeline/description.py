"""From a plan and its templates to what a pipeline is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from compose2aws.catalog.catalog import read_table
from compose2aws.compose.node import Mapping as MappingNode
from compose2aws.compose.node import Node, Scalar
from compose2aws.compose.node import Sequence as SequenceNode
from compose2aws.pipeline.model import Images, Resources, Variable
from compose2aws.planning.model import Parameter, Plan
from compose2aws.planning.values.secrecy import connection_name, secret_name

_FROM_ENVIRONMENT = "variable:"

# What the runner, its shell or AWS's SDKs live by: a value of the project's must not take its place.
_RUNNERS_OWN = re.compile(
    r"(AWS_(REGION|DEFAULT_REGION|PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|ENDPOINT_URL.*|CA_BUNDLE)|PATH|HOME|PWD|"
    r"OLDPWD|SHELL|USER|TMPDIR|IFS|ENV|BASH_.*|LD_.*|PYTHON.*|PIP_.*|DOCKER_.*|BUILDX_.*|COMPOSE_.*|COMPOSE2AWS_.*|CI|"
    r"GITHUB_(ENV|PATH|OUTPUT|STEP_SUMMARY|WORKSPACE|REPOSITORY|ACTIONS?|SHA|REF)|RUNNER_.*|CI_.*|CODEBUILD_.*)"
)


def variables_of(plan: Plan, root: Node) -> tuple[Variable, ...]:
    """The variables that a deployment takes from the environment, by name: the parameters of the stacks, and what the
    compose files interpolate besides. Those that the runner itself lives by are left to it."""
    found: dict[str, Parameter | None] = dict.fromkeys(_interpolated(root))
    for parameter in plan.parameters:
        if parameter.source.startswith(_FROM_ENVIRONMENT):
            found[parameter.source.removeprefix(_FROM_ENVIRONMENT)] = parameter
    taken: set[str] = set()
    variables = []
    for name in sorted(found):
        if _RUNNERS_OWN.fullmatch(name):
            continue
        given = found[name]
        # What is no parameter now, having a default, may become one once it is set: then its name alone tells.
        secret = given.secret if given is not None else secret_name(name) or connection_name(name)
        variables.append(Variable(name, _stored(name, taken), secret, given is not None and given.required))
    return tuple(variables)


def images_of(plan: Plan) -> Images:
    """What is built."""
    return Images(tuple(sorted({name for image in plan.images for name in image.target.platforms})))


def resources_of(templates: Iterable[Mapping[str, Any]]) -> Resources:
    """What the templates make, as far as rights hang on it."""
    bodies = [body for template in templates for body in template["Resources"].values()]
    roles = [body.get("Properties", {}) for body in bodies if body["Type"] == "AWS::IAM::Role"]
    types = frozenset(body["Type"] for body in bodies)
    policies: dict[str, object] = {}
    for role in roles:
        for policy in role.get("ManagedPolicyArns", []):
            policies[repr(policy)] = policy
    boundaries = {repr(role.get("PermissionsBoundary")): role.get("PermissionsBoundary") for role in roles}
    linked = {
        row["service"] for row in read_table("service-linked-roles")["roles"] if not types.isdisjoint(row["types"])
    }
    names = (body["Properties"]["RepositoryName"] for body in bodies if body["Type"] == "AWS::ECR::Repository")
    return Resources(
        types,
        tuple(sorted({name for role in roles for name in _services(role["AssumeRolePolicyDocument"])})),
        tuple(policies[key] for key in sorted(policies)),
        next(iter(boundaries.values())) if len(boundaries) == 1 else None,
        tuple(sorted(linked)),
        next((name.partition("/")[0] for name in names), ""),
    )


def _services(document: Mapping[str, Any]) -> Iterator[str]:
    for statement in document["Statement"]:
        given = statement.get("Principal", {}).get("Service", [])
        yield from ([given] if isinstance(given, str) else given)


def _interpolated(node: Node) -> Iterator[str]:
    if isinstance(node, Scalar):
        for segment in node.segments:
            yield from segment.variables
        return
    children: Sequence[Node] = ()
    if isinstance(node, MappingNode):
        children = tuple(node.entries.values())
    elif isinstance(node, SequenceNode):
        children = (*node.items, *((node.unsplit,) if node.unsplit is not None else ()))
    for child in children:
        yield from _interpolated(child)


def _stored(name: str, taken: set[str]) -> str:
    """GitHub's names are upper case, and none begins with GITHUB_ or a digit."""
    stored = name.upper()
    if stored.startswith("GITHUB_"):
        stored = f"APP_{stored}"
    number = 2
    while stored in taken:
        stored = f"{name.upper()}_{number}"
        number += 1
    taken.add(stored)
    return stored
