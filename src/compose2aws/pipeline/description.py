"""From a plan and its templates to what a pipeline is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from compose2aws.catalog.catalog import read_table
from compose2aws.compose.node import Mapping as MappingNode
from compose2aws.compose.node import Node, Scalar, find, leaves
from compose2aws.compose.node import Sequence as SequenceNode
from compose2aws.compose.project import Project
from compose2aws.pipeline.model import Images, Resources, Variable
from compose2aws.planning.identity import SECRET_VARIABLE, secret_variable
from compose2aws.planning.model import Plan
from compose2aws.planning.project_path import project_path
from compose2aws.planning.values.secrecy import connection_name, secret_name

# What the runner, its shell or AWS's SDKs live by: a value of the project's must not take its place.
_RUNNERS_OWN = re.compile(
    r"(AWS_(REGION|DEFAULT_REGION|PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|ENDPOINT_URL.*|CA_BUNDLE)|PATH|HOME|PWD|"
    r"OLDPWD|SHELL|USER|TMPDIR|IFS|ENV|BASH_.*|LD_.*|PYTHON.*|PIP_.*|DOCKER_.*|BUILDX_.*|COMPOSE_.*|COMPOSE2AWS_.*|CI|"
    r"GITHUB_(ENV|PATH|OUTPUT|STEP_SUMMARY|WORKSPACE|REPOSITORY|ACTIONS?|SHA|REF)|RUNNER_.*|CI_.*|CODEBUILD_.*)"
)


def variables_of(plan: Plan, project: Project) -> tuple[Variable, ...]:
    """The variables that a deployment takes from the environment, by name: the parameters of the stacks, those that
    stand in for files of secrets, the secrets of builds, and what the compose files interpolate besides. Those that the
    runner itself lives by are left to it."""
    # What is no parameter now, having a default, may become one once it is set: then its name alone tells.
    found = {
        name: Variable(name, "", secret_name(name) or connection_name(name), required=False)
        for name in _interpolated(project.root)
    }
    found |= {variable.name: variable for variable in _of_builds(project)}
    for parameter in plan.parameters:
        kind, _, what = parameter.source.partition(":")
        if kind == "variable":
            found[what] = Variable(what, "", parameter.secret, parameter.required)
        elif kind == "external" or (kind == "file" and _is_asked_for(what, project)):
            name = secret_variable(what)
            place = _place(what, project) if kind == "file" else None
            found[name] = Variable(name, "", secret=True, required=parameter.required, file=place)
    taken: set[str] = set()
    return tuple(
        replace(found[name], stored=_stored(name, taken))
        for name in sorted(found)
        if name.startswith(SECRET_VARIABLE) or not _RUNNERS_OWN.fullmatch(name)
    )


def _of_builds(project: Project) -> Iterator[Variable]:
    """What the secrets of builds are taken from."""
    services = project.root.get("services")
    for service in services.entries if isinstance(services, MappingNode) else ():
        listed = find(project.root, ("services", service, "build", "secrets"))
        for node in listed.items if isinstance(listed, SequenceNode) else ():
            source = find(node, ("source",))
            name = source.text if isinstance(source, Scalar) else ""
            variable = find(project.root, ("secrets", name, "environment"))
            if isinstance(variable, Scalar):
                yield Variable(variable.text, "", secret=True, required=False)
            elif find(project.root, ("secrets", name, "file")) is not None:
                yield Variable(secret_variable(name), "", secret=True, required=False, file=_place(name, project))


def _is_asked_for(name: str, project: Project) -> bool:
    """Whether a secret is wanted where its file is not at hand: a compose secret, or a file that is mounted itself. Of
    one in a mounted folder nothing is known in a checkout that does not have it."""
    if not name.startswith((".", "/")):
        return True
    sources = [node for _, node in leaves(project.root) if isinstance(node, Scalar) and node.text.startswith("/")]
    return name in {project_path(node.text, project) for node in sources}


def _place(name: str, project: Project) -> str:
    """The file of a secret, as people call it: a compose secret's, or one that is mounted and called by its place."""
    file = find(project.root, ("secrets", name, "file"))
    return project_path(file.text, project) if isinstance(file, Scalar) else name


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
