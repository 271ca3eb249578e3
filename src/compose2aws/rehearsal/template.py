"""Reading a template's text, and refusing what CloudFormation refuses before it starts anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from compose2aws.delivery.template_text import SyntaxFault, parse
from compose2aws.rehearsal.refusals import Refusal
from compose2aws.rehearsal.schema import schema_of

INLINE_BYTES = 51_200
STORED_BYTES = 1_000_000
RESOURCES = 500
PARAMETERS = 200
OUTPUTS = 200
DYNAMIC_REFERENCES = 60

DYNAMIC_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]*)\}\}")
_PLACEHOLDER = re.compile(r"\$\{([^!][^}]*)\}")
_SNAPSHOT_TYPES = {
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
}
_IAM_TYPES = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
_PSEUDO_PARAMETERS = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}
POLICIES = {"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}


def read_template(body: str, *, inline: bool = True) -> dict[str, Any]:
    """Return the template in a text, or refuse it for its size or form."""
    size = len(body.encode("utf-8"))
    if inline and size > INLINE_BYTES:
        raise Refusal(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {INLINE_BYTES}"
        )
    if size > STORED_BYTES:
        raise Refusal(f"Template may not exceed {STORED_BYTES} bytes in size.")
    try:
        template = parse(body)
    except SyntaxFault as problem:
        raise Refusal(f"Template format error: {problem}") from problem
    if not isinstance(template, dict):
        raise Refusal("Template format error: unsupported structure.")
    _check_form(template)
    return template


def _check_form(template: dict[str, Any]) -> None:
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise Refusal("Template format error: At least one Resources member must be defined.")
    for section, limit in (("Resources", RESOURCES), ("Parameters", PARAMETERS), ("Outputs", OUTPUTS)):
        count = len(template.get(section) or {})
        if count > limit:
            raise Refusal(
                f"Template format error: Number of {section.lower()}, {count}, is greater than maximum allowed, {limit}"
            )
    if template.get("Transform"):
        raise Refusal("Requires capabilities : [CAPABILITY_AUTO_EXPAND]; the rehearsal runs no transforms")
    # Counted by their beginnings: the rest is often put together by a function.
    references = sum(text.count("{{resolve:") for text in _texts(template["Resources"]))
    if references > DYNAMIC_REFERENCES:
        raise Refusal(
            f"Template format error: Number of dynamic references, {references}, is greater than maximum allowed, "
            f"{DYNAMIC_REFERENCES}"
        )
    for logical_id, resource in resources.items():
        _check_resource(logical_id, resource, template)
    _check_references(template)
    creation_order(template)


def _check_resource(logical_id: str, resource: Any, template: dict[str, Any]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9]{1,255}", logical_id):
        raise Refusal(f"Template format error: Resource name {logical_id} is non alphanumeric.")
    if not isinstance(resource, dict) or "Type" not in resource:
        raise Refusal(f"Template format error: [/Resources/{logical_id}] Every Resources object must contain a Type.")
    kind = resource["Type"]
    if not is_custom(kind) and schema_of(kind) is None:
        raise Refusal(f"Template format error: Unrecognized resource types: [{kind}]")
    condition = resource.get("Condition")
    if condition is not None and condition not in (template.get("Conditions") or {}):
        raise Refusal(f"Template format error: Unresolved condition dependency {condition} in the Resources block")
    for key in ("DeletionPolicy", "UpdateReplacePolicy"):
        policy = resource.get(key, "Delete")
        if isinstance(policy, str) and policy not in POLICIES:
            raise Refusal(f"Template format error: Unrecognized {key} {policy} for resource {logical_id}")
        if key == "UpdateReplacePolicy" and policy == "RetainExceptOnCreate":
            raise Refusal(f"Template format error: Unrecognized {key} {policy} for resource {logical_id}")
        if policy == "Snapshot" and kind not in _SNAPSHOT_TYPES:
            raise Refusal(f"Template error: resource type {kind} does not support {key} Snapshot")


def _check_references(template: dict[str, Any]) -> None:
    parameters = template.get("Parameters") or {}
    resources = template["Resources"]
    for section in ("Resources", "Outputs"):
        for name, item in (template.get(section) or {}).items():
            if section == "Outputs" and not (isinstance(item, dict) and "Value" in item):
                raise Refusal(f"Template format error: Output {name} is malformed. Every Outputs member needs a Value.")
            unknown = sorted(
                {target for target, _ in references_in(item)} - set(resources) - set(parameters) - _PSEUDO_PARAMETERS
            )
            if unknown:
                raise Refusal(
                    f"Template format error: Unresolved resource dependencies [{', '.join(unknown)}] in the {section} "
                    "block of the template"
                )
            for target, attribute in references_in(item):
                if attribute is not None:
                    _check_attribute(target, attribute, resources)


def _check_attribute(logical_id: str, attribute: str, resources: dict[str, Any]) -> None:
    if logical_id not in resources:
        raise Refusal(f"Template error: instance of Fn::GetAtt references undefined resource {logical_id}")
    kind = resources[logical_id]["Type"]
    schema = schema_of(kind)
    if is_custom(kind) or schema is None:
        return
    if attribute not in schema.attributes and attribute not in schema.properties:
        raise Refusal(
            f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
        )


def is_custom(resource_type: str) -> bool:
    """Whether a type is one that a template's own function makes."""
    return resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def references_in(value: Any) -> Iterator[tuple[str, str | None]]:
    """Yield what a part of a template refers to: the name, and the attribute where one is asked for."""
    if isinstance(value, list):
        for item in value:
            yield from references_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield item, None
            elif key == "Fn::GetAtt":
                yield attribute_reference(item)
            elif key == "Fn::Sub":
                yield from _references_in_text(item)
            else:
                yield from references_in(item)


def attribute_reference(item: Any) -> tuple[str, str]:
    """Return the resource and attribute of a `Fn::GetAtt`, which is written as a list or as one text."""
    if isinstance(item, str):
        target, _, attribute = item.partition(".")
        return target, attribute
    if isinstance(item, list) and len(item) >= 2 and isinstance(item[0], str):
        return item[0], ".".join(str(part) for part in item[1:])
    raise Refusal(
        "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and "
        "the resource attribute"
    )


def _references_in_text(item: Any) -> Iterator[tuple[str, str | None]]:
    text, values = (item, {}) if isinstance(item, str) else (item[0], item[1])
    yield from references_in(values)
    for name in _PLACEHOLDER.findall(text):
        if name in values:
            continue
        if "." in name:
            yield attribute_reference(name)
        else:
            yield name, None


def creation_order(template: dict[str, Any]) -> list[str]:
    """Return the logical ids so that each stands after all that it needs; refuse a circle."""
    resources = template.get("Resources") or {}
    needs = {logical_id: _needs(resource, resources) for logical_id, resource in resources.items()}
    order: list[str] = []
    placed: set[str] = set()
    waiting = list(resources)
    while waiting:
        ready = [logical_id for logical_id in waiting if needs[logical_id] <= placed]
        if not ready:
            raise Refusal(f"Circular dependency between resources: [{', '.join(sorted(waiting))}]")
        order += ready
        placed.update(ready)
        waiting = [logical_id for logical_id in waiting if logical_id not in placed]
    return order


def _needs(resource: dict[str, Any], resources: dict[str, Any]) -> set[str]:
    explicit = resource.get("DependsOn", [])
    explicit = [explicit] if isinstance(explicit, str) else explicit
    for target in explicit:
        if target not in resources:
            raise Refusal(
                f"Template format error: Unresolved resource dependencies [{target}] in the Resources block of the "
                "template"
            )
    implied = {target for target, _ in references_in(resource.get("Properties", {}))}
    return (set(explicit) | implied) & set(resources)


def check_capabilities(template: dict[str, Any], granted: list[str]) -> None:
    """Refuse a template with IAM resources unless the caller says that it may have them."""
    for resource in template["Resources"].values():
        kind = resource["Type"]
        if kind not in _IAM_TYPES:
            continue
        name = _IAM_TYPES[kind]
        named = name is not None and name in (resource.get("Properties") or {})
        enough = {"CAPABILITY_NAMED_IAM"} if named else {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"}
        if not enough & set(granted):
            wanted = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
            raise Refusal(f"Requires capabilities : [{wanted}]", "InsufficientCapabilitiesException")
