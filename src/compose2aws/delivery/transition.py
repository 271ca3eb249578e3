"""Templates on the way: what stands between the deployed template and the wanted one, where AWS takes no direct way.

Pure functions from templates to templates. CloudFormation refuses to change or drop an export in use, and changes no
resource's type; Cloud Map refuses two names that are the same. (AWS CloudFormation User Guide, "Get exported
outputs from a deployed CloudFormation stack"; AWS Cloud Map, "CreateService".)
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

from compose2aws.cloudformation import source_of
from compose2aws.cloudformation.reference import conditions, references

Template: TypeAlias = Mapping[str, Any]

_FROZEN = "ImportsWrittenOut"

_OF_AN_ENGINE = frozenset({"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"})
"""Types of which AWS cannot turn one engine into another in place."""

_CLAIMS = {
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn", "Port"),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("ListenerArn", "Priority"),
    "AWS::Route53::RecordSet": ("Name", "Type"),
    "AWS::ServiceDiscovery::Service": ("Name",),
}
"""The properties by which a resource keeps others out. (Elastic Load Balancing, CreateListener and CreateRule:
duplicate listener, priority in use; Route 53, ChangeResourceRecordSets; Cloud Map, CreateService.)"""


def united(new: Template, old: Template) -> dict[str, Any] | None:
    """The new template with all that it lacks of the old one, so that nothing goes yet; None where it lacks nothing.

    Only parameters and conditions that something uses are taken along.
    """
    gone = [name for name in old["Resources"] if name not in new["Resources"]]
    exported = {name for _, name in exports(new)}
    outputs = {
        key: body
        for key, body in (old.get("Outputs") or {}).items()
        if key not in (new.get("Outputs") or {}) and (_export(body) is None or _export(body) not in exported)
    }
    if not gone and not outputs:
        return None
    both = copy.deepcopy(dict(new))
    both["Resources"] |= {name: copy.deepcopy(old["Resources"][name]) for name in gone}
    if outputs:
        both.setdefault("Outputs", {}).update(copy.deepcopy(outputs))
    taken = [*(old["Resources"][name] for name in gone), *outputs.values()]
    _take_declarations(both, old, taken)
    return both


def without(template: Template, logical_ids: Collection[str], imports: Collection[str] = ()) -> dict[str, Any]:
    """A template without some resources, and without all that cannot be there without them: outputs, dependencies,
    resources that need them; a service that registers under a name stays, and registers no more. `imports` are the
    names of exports that are to go likewise."""
    left = copy.deepcopy(dict(template))
    going = set(logical_ids)
    while True:
        for name in going:
            left["Resources"].pop(name, None)
        for resource in left["Resources"].values():
            _forget_registries(resource, going, imports)
        more = {name for name, body in left["Resources"].items() if _needs(body.get("Properties"), going, imports)}
        if not more:
            break
        going |= more
    for resource in left["Resources"].values():
        waits = resource.get("DependsOn")
        if waits is not None:
            kept = [name for name in ([waits] if isinstance(waits, str) else waits) if name not in going]
            resource.pop("DependsOn")
            if kept:
                resource["DependsOn"] = kept
    outputs = {k: v for k, v in (left.get("Outputs") or {}).items() if not _needs(v, going, imports)}
    left.pop("Outputs", None)
    if outputs:
        left["Outputs"] = outputs
    return left


def frozen(template: Template, values: Mapping[str, str]) -> dict[str, Any] | None:
    """A template in which the imports of these exports are written out as the values that they have; None where it
    imports none of them. An output that names them makes CloudFormation take it for a change."""
    used = sorted(set(imported(template)) & set(values))
    if not used:
        return None

    def written(value: Any) -> Any:
        if isinstance(value, Mapping):
            if len(value) == 1 and value.get("Fn::ImportValue") in values:
                return values[value["Fn::ImportValue"]]
            return {key: written(item) for key, item in value.items()}
        return [written(item) for item in value] if isinstance(value, list) else value

    left: dict[str, Any] = written(template)
    left.setdefault("Outputs", {})[_FROZEN] = {"Value": ",".join(used)}
    return left


def grafted(new: Template, old: Template, logical_ids: Collection[str]) -> dict[str, Any]:
    """The new template with these resources as they are in the old one, and without those of them that it lacks."""
    both = without(new, [name for name in logical_ids if name not in old["Resources"]])
    taken = {name: copy.deepcopy(old["Resources"][name]) for name in logical_ids if name in old["Resources"]}
    both["Resources"] |= taken
    _take_declarations(both, old, taken.values())
    return both


def retyped(new: Template, old: Template) -> set[str]:
    """The logical ids that stand for another kind of thing than before: another type, a database of another engine."""
    before = old["Resources"]
    return {name for name, body in new["Resources"].items() if name in before and _kind(before[name]) != _kind(body)}


def _kind(body: Mapping[str, Any]) -> tuple[str, Any]:
    engine = (body.get("Properties") or {}).get("Engine") if body["Type"] in _OF_AN_ENGINE else None
    return body["Type"], engine


def in_the_way(new: Mapping[str, Template], old: Mapping[str, Template]) -> dict[str, set[str]]:
    """What must go before the new templates can be made, by stack: it holds what something else claims that is made
    before it would go (a Cloud Map name, a rule's priority, a listener's port, a public record)."""
    wanted = {
        claim: (stack, id_)
        for stack, template in new.items()
        for id_, body in template["Resources"].items()
        if (claim := _claim(body)) is not None
    }
    found: dict[str, set[str]] = {}
    for stack, template in old.items():
        for id_, body in template["Resources"].items():
            claim = _claim(body)
            if claim is None or claim not in wanted:
                continue
            if wanted[claim] != (stack, id_) or _made_anew(body, new[stack]["Resources"][id_]):
                found.setdefault(stack, set()).add(id_)
    return found


def registrants(template: Template, logical_ids: Collection[str]) -> set[str]:
    """The ECS services that register under these Cloud Map names."""
    return {
        name
        for name, body in template["Resources"].items()
        if body["Type"] == "AWS::ECS::Service"
        and _needs(body["Properties"].get("ServiceRegistries"), set(logical_ids), ())
    }


def imported(value: Any) -> Iterator[str]:
    """The names of all exports that a template imports."""
    if isinstance(value, Mapping):
        name = value.get("Fn::ImportValue")
        if isinstance(name, str):
            yield name
        for item in value.values():
            yield from imported(item)
    elif isinstance(value, list):
        for item in value:
            yield from imported(item)


def exports(template: Template) -> Iterator[tuple[str, str]]:
    """(output, export's name) of all exports of a template."""
    for key, body in (template.get("Outputs") or {}).items():
        name = _export(body)
        if name is not None:
            yield key, name


def exports_of(template: Template, logical_ids: Collection[str]) -> set[str]:
    """The names under which something of these resources is exported."""
    outputs = template.get("Outputs") or {}
    return {name for key, name in exports(template) if _needs(outputs[key].get("Value"), set(logical_ids), ())}


def of_source(template: Template, logical_ids: Collection[str]) -> set[str]:
    """These resources, and all that stand for the same part of the compose file (`services.db`)."""
    sources = {source_of(template["Resources"][name]) for name in logical_ids if name in template["Resources"]} - {None}
    return {name for name, body in template["Resources"].items() if source_of(body) in sources} | set(logical_ids)


def _needs(value: Any, going: Collection[str], imports: Collection[str]) -> bool:
    return any(found.name in going for found in references(value)) or any(name in imports for name in imported(value))


def _forget_registries(resource: dict[str, Any], going: Collection[str], imports: Collection[str]) -> None:
    properties = resource.get("Properties") or {}
    registries = properties.get("ServiceRegistries")
    if resource["Type"] != "AWS::ECS::Service" or not registries:
        return
    # An empty list, since a service that is told nothing stays registered. (AWS::ECS::Service, `ServiceRegistries`)
    properties["ServiceRegistries"] = [one for one in registries if not _needs(one, going, imports)]


def _take_declarations(into: dict[str, Any], old: Template, bodies: Collection[Any]) -> None:
    """The parameters and conditions of the old template that the bodies use."""
    wanted = {name for body in bodies for name in conditions(body)}
    old_conditions, old_parameters = old.get("Conditions") or {}, old.get("Parameters") or {}
    while more := {name for one in wanted for name in _named_conditions(old_conditions.get(one))} - wanted:
        wanted |= more
    declared = {name: old_conditions[name] for name in sorted(wanted) if name in old_conditions}
    if declared:
        into["Conditions"] = {**declared, **(into.get("Conditions") or {})}
    named = {found.name for body in (*bodies, *declared.values()) for found in references(body)}
    parameters = {name: old_parameters[name] for name in sorted(named) if name in old_parameters}
    if parameters:
        into["Parameters"] = {**parameters, **(into.get("Parameters") or {})}


def _named_conditions(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if len(value) == 1 and isinstance(value.get("Condition"), str):
            yield value["Condition"]
        for item in value.values():
            yield from _named_conditions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named_conditions(item)


def _export(body: Mapping[str, Any]) -> str | None:
    name = (body.get("Export") or {}).get("Name")
    return name if isinstance(name, str) else None


def _claim(body: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What a resource has alone: nothing else may have it at the same time."""
    properties = body.get("Properties") or {}
    kind = body["Type"]
    keys = _CLAIMS.get(kind)
    if keys is None or any(key not in properties for key in keys):
        return None
    return (kind, *(json.dumps(properties[key], sort_keys=True) for key in keys))


def _made_anew(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a Cloud Map name gets records of another type: that makes it anew, under the same name."""
    return old["Type"] == "AWS::ServiceDiscovery::Service" and _record_types(old) != _record_types(new)


def _record_types(body: Mapping[str, Any]) -> list[str]:
    records = ((body.get("Properties") or {}).get("DnsConfig") or {}).get("DnsRecords") or []
    return sorted(str(record.get("Type")) for record in records)
