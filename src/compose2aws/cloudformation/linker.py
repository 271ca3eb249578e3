"""From the graph to templates: resources are placed, references that leave a template become exports and imports.

Every template declares the parameters and conditions that it uses, and no other. What is deleted when, and
CloudFormation's limits, are applied here to the whole graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from compose2aws.cloudformation.graph import Body, Graph, GraphError
from compose2aws.cloudformation.lifecycle import place, policies
from compose2aws.cloudformation.limit import RESOURCES, LimitError, check_roles, check_task_definitions, overflow
from compose2aws.cloudformation.reference import LISTS, Reference, conditions, references, replaced
from compose2aws.cloudformation.shard import Shards
from compose2aws.cloudformation.stack import Stack, stack_prefix
from compose2aws.planning.model import Parameter, Plan

BASE = "base"
APP = "app"
_DESCRIPTIONS = {
    BASE: "{project}: network, registries, databases, file systems and keys",
    APP: "{project}: names, balancers, tasks and services",
}


def link(graph: Graph, plan: Plan) -> tuple[Stack, ...]:
    """The stacks, in the order in which they are deployed.

    Raises `LimitError` where a template passes CloudFormation's limits and cannot be split further, and `GraphError`
    where the graph does not hold together.
    """
    if clash := sorted(graph.nodes.keys() & graph.parameters.keys()):
        raise GraphError(f"a resource and a parameter are both called {clash[0]}")
    bodies = {name: node.body for name, node in graph.nodes.items()}
    check_task_definitions(bodies)
    check_roles(bodies)
    shards = Shards.of(plan, frozenset(node.owner for node in graph.nodes.values() if node.owner))
    _split_by_count(graph, shards)
    while True:
        stacks = _link(graph, plan, shards)
        over = [(stack, reason) for stack in stacks if (reason := overflow(stack.template))]
        if not over:
            return stacks
        for stack, reason in over:
            if not shards.split(stack.key):
                why = "what lasts must never move" if stack.key == BASE else "nothing more of it can be moved"
                raise LimitError(
                    f"the stack {stack.name} has {reason}. It cannot be split, as {why}: make two projects of the "
                    "compose file"
                )


def _split_by_count(graph: Graph, shards: Shards) -> None:
    """Split as linking would for too many resources, without linking each time: that takes seconds in large apps."""
    owners = [node.owner for name, node in graph.nodes.items() if place(name, node) == APP]
    while True:
        counts = Counter(shards.key(owner) for owner in owners)
        split = [shards.split(key) for key, count in sorted(counts.items()) if count > RESOURCES]
        if not any(split):
            return


def _link(graph: Graph, plan: Plan, shards: Shards) -> tuple[Stack, ...]:
    places = {name: BASE if place(name, node) == BASE else shards.key(node.owner) for name, node in graph.nodes.items()}
    keys = [BASE, APP, *sorted(set(places.values()) - {BASE, APP}, key=lambda key: int(key.removeprefix("app-")))]
    prefix = stack_prefix(plan.project)
    names = {key: f"{prefix}-{key}" for key in keys}
    bodies: dict[str, dict[str, Body]] = {key: {} for key in keys}
    outputs: dict[str, dict[str, Body]] = {key: {} for key in keys}
    for name in sorted(graph.nodes):
        key = places[name]
        body = _settled(name, graph.nodes[name].body, places)
        bodies[key][name] = replaced(body, _importer(key, places, names, outputs))
    for name in sorted(graph.outputs):
        outputs[APP][name] = replaced(graph.outputs[name], _importer(APP, places, names, outputs))
    stacks = []
    for key in keys:
        template, parameters = _template(graph, plan, key, bodies[key], outputs[key])
        before = [names[other] for other in (BASE, APP) if key not in (BASE, other)]
        stacks.append(Stack(names[key], key, template, tuple(before), parameters))
    return tuple(stacks)


def _settled(name: str, made: Body, places: dict[str, str]) -> Body:
    """A resource with its policies, and with those dependencies that CloudFormation needs to be told: inside the
    stack (the order of the stacks covers others), and not said by a reference."""
    body = {key: value for key, value in made.items() if key not in ("DependsOn", "Properties")}
    wanted = made.get("DependsOn", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if unknown := sorted(set(wanted) - places.keys()):
        raise GraphError(f"{name} depends on {unknown[0]}, which nothing makes")
    if places[name] == BASE and any(places[other] != BASE for other in wanted):
        raise GraphError(f"{name} of the base depends on something of the app")
    said = {reference.name for reference in references(made["Properties"])}
    if kept := sorted({other for other in wanted if places[other] == places[name]} - said):
        body["DependsOn"] = kept
    body |= policies(name, made)
    if made["Properties"]:
        body["Properties"] = made["Properties"]
    return body


def _importer(
    key: str, places: dict[str, str], names: dict[str, str], outputs: dict[str, dict[str, Body]]
) -> Callable[[Reference], Body | None]:
    """Says what stands for a reference in the stack `key`; notes the exports that it needs in `outputs`."""

    def importer(reference: Reference) -> Body | None:
        other = places.get(reference.name)
        if other is None or other == key:
            return None
        if key == BASE or other not in (BASE, APP):
            raise GraphError(f"the stack {key} refers to {reference.name} of the later stack {other}")
        attribute = reference.attribute
        export = f"{names[other]}-{reference.name}" + (f"-{attribute.replace('.', '-')}" if attribute else "")
        output = reference.name + (attribute or "").replace(".", "")
        value: Body = {"Fn::GetAtt": [reference.name, attribute]} if attribute else {"Ref": reference.name}
        if attribute in LISTS:
            value = {"Fn::Join": [",", value]}
        entry = {"Value": value, "Export": {"Name": export}}
        if outputs[other].setdefault(output, entry) != entry:
            raise GraphError(f"two outputs of the stack {other} are called {output}")
        imported = {"Fn::ImportValue": export}
        return {"Fn::Split": [",", imported]} if attribute in LISTS else imported

    return importer


def _template(
    graph: Graph, plan: Plan, key: str, resources: dict[str, Body], outputs: dict[str, Body]
) -> tuple[dict[str, Any], tuple[Parameter, ...]]:
    used = set(conditions([*resources.values(), *outputs.values()])) | {
        name for body in resources.values() for name in conditions(body)
    }
    declared = {name: graph.conditions[name] for name in sorted(used)}
    parameters = _parameters(graph, resources, [declared, *resources.values(), *outputs.values()])
    template: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": _DESCRIPTIONS[BASE if key == BASE else APP].format(project=plan.project),
        "Metadata": {"compose2aws": {"project": plan.project, "stack": key, "tier": plan.tier}},
    }
    if parameters:
        template["Parameters"] = {parameter.name: parameter_body(parameter) for parameter in parameters}
    if declared:
        template["Conditions"] = declared
    template["Resources"] = resources
    if outputs:
        template["Outputs"] = dict(sorted(outputs.items()))
    return template, parameters


def _parameters(graph: Graph, resources: dict[str, Body], bodies: Iterable[Body]) -> tuple[Parameter, ...]:
    named = {reference.name for body in bodies for reference in references(body)} - resources.keys()
    if unknown := sorted(named - graph.parameters.keys()):
        who = [name for name, body in resources.items() if any(r.name == unknown[0] for r in references(body))]
        raise GraphError(f"{', '.join(who)} refers to {unknown[0]}, which is neither a resource nor a parameter")
    return tuple(graph.parameters[name] for name in sorted(named))


def parameter_body(parameter: Parameter) -> Body:
    """A parameter as a template declares it. Its value is never part of that."""
    body: Body = {"Type": "String", "Description": parameter.description[:4000]}
    if parameter.source.startswith("hosted-zone:"):
        body["Type"] = "AWS::Route53::HostedZone::Id"
    if parameter.source.startswith("image:"):
        body["AllowedPattern"] = "sha256:[0-9a-f]{64}"
        body["ConstraintDescription"] = "the digest of an image: sha256: and 64 hexadecimal digits"
    if parameter.default is not None:
        body["Default"] = parameter.default
    if parameter.allowed_values:
        body["AllowedValues"] = list(parameter.allowed_values)
    if parameter.secret:
        body["NoEcho"] = True
        if parameter.required:
            body["MinLength"] = 1  # a secret cannot be empty
    return body
