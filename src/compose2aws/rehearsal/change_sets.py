"""Change sets: what a template would do to a stack, kept until it is executed or forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from compose2aws.rehearsal import operations, resources
from compose2aws.rehearsal.calls import ACCOUNT
from compose2aws.rehearsal.operations import Wanted
from compose2aws.rehearsal.parameters import MASK, is_masked
from compose2aws.rehearsal.refusals import OperationFailed, Refusal
from compose2aws.rehearsal.resource_type import changed
from compose2aws.rehearsal.schema import schema_of
from compose2aws.rehearsal.stack import Resource, Stack
from compose2aws.rehearsal.template import creation_order, references_in

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


class _Unknown:
    """What is known only after the change set is executed."""

    def __str__(self) -> str:
        return "{{changeSet:KNOWN_AFTER_APPLY}}"


_UNKNOWN = _Unknown()


@dataclass
class ChangeSet:
    """One change set of one stack."""

    name: str
    kind: str
    stack: Stack
    wanted: Wanted
    on_failure: str
    description: str | None
    capabilities: list[str]
    status: str = "CREATE_COMPLETE"
    reason: str | None = None
    execution: str = "AVAILABLE"
    changes: list[dict[str, Any]] = field(default_factory=list)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = ""

    def __post_init__(self) -> None:
        """Give it an id and find out what it would change."""
        self.id = self.id or (f"arn:aws:cloudformation:{self.stack.region}:{ACCOUNT}:changeSet/{self.name}/{uuid4()}")
        self.changes = _changes(self.stack, self.wanted)
        if self.kind == "UPDATE" and not self.changes and not _differs(self.stack, self.wanted):
            self.status, self.execution, self.reason = "FAILED", "UNAVAILABLE", NO_CHANGES

    def described(self) -> dict[str, Any]:
        """Return it as DescribeChangeSet shows it."""
        declared = self.wanted.template.get("Parameters") or {}
        description: dict[str, Any] = {
            "ChangeSetName": self.name,
            "ChangeSetId": self.id,
            "StackId": self.stack.id,
            "StackName": self.stack.name,
            "ChangeSetType": self.kind,
            "CreationTime": self.created_at,
            "ExecutionStatus": self.execution,
            "Status": self.status,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": MASK if is_masked(declared[key]) else value}
                for key, value in self.wanted.parameters.items()
            ],
            "Tags": [{"Key": key, "Value": value} for key, value in self.wanted.tags.items()],
            "Capabilities": self.capabilities,
            "Changes": self.changes,
            "OnStackFailure": self.on_failure,
        }
        if self.description:
            description["Description"] = self.description
        if self.reason:
            description["StatusReason"] = self.reason
        return description


def _differs(stack: Stack, wanted: Wanted) -> bool:
    return stack.template.get("Outputs") != wanted.template.get("Outputs") or stack.tags != wanted.tags


def differs(stack: Stack, wanted: Wanted) -> bool:
    """Whether an update would do anything at all."""
    return (
        stack.template.get("Resources") != wanted.template.get("Resources")
        or stack.parameters != wanted.parameters
        or _differs(stack, wanted)
        or bool(_changes(stack, wanted))
    )


def _changes(stack: Stack, wanted: Wanted) -> list[dict[str, Any]]:
    values = operations.values_for(stack, wanted, set())
    parameters = {
        name
        for name in {*stack.parameters, *wanted.parameters}
        if stack.parameters.get(name) != wanted.parameters.get(name)
    }
    changes: list[dict[str, Any]] = []
    replacements: dict[str, str] = {}
    wanted_ids = set()
    for logical_id in creation_order(wanted.template):
        item = wanted.template["Resources"][logical_id]
        if not values.exists(item):
            continue
        wanted_ids.add(logical_id)
        current = stack.resources.get(logical_id)
        if current is None or not current.physical_id:
            changes.append(_change("Add", logical_id, item["Type"]))
            replacements[logical_id] = "True"
            continue
        causes = {
            name: _causes(value, parameters, replacements) for name, value in (item.get("Properties") or {}).items()
        }
        declared = _foreseen(values, item, causes, current)
        if changed(current.declared, declared):
            change = _modification(current, item, declared, causes)
            replacements[logical_id] = change["ResourceChange"]["Replacement"]
            changes.append(change)
    for logical_id, resource in stack.resources.items():
        if logical_id not in wanted_ids:
            change = _change("Remove", logical_id, resource.type)
            change["ResourceChange"]["PhysicalResourceId"] = resource.physical_id
            change["ResourceChange"]["PolicyAction"] = _policy_action(resource.policy("DeletionPolicy"))
            changes.append(change)
    return changes


@dataclass(frozen=True)
class _Cause:
    """What a property refers to that changes. `certain`: that the value will change is known before the execution."""

    source: str
    entity: str
    certain: bool


def _causes(value: Any, parameters: set[str], replacements: Mapping[str, str]) -> list[_Cause]:
    """Return what changes of all that a property refers to.

    `Ref` of a resource changes where that is, or may be, made anew. Of an attribute CloudFormation does not know
    whether it changes with its resource: what uses one is listed whenever the resource changes at all. (Seen in
    change sets that people published: `ResourceAttribute` is `Dynamic` of a role whose policies change, references to
    a table that is replaced are `Static`.)
    """
    found = []
    for target, attribute in references_in(value):
        replacement = replacements.get(target)
        if attribute is None and target in parameters:
            found.append(_Cause("ParameterReference", target, certain=True))
        elif replacement is not None and attribute is not None:
            found.append(_Cause("ResourceAttribute", f"{target}.{attribute}", certain=replacement == "True"))
        elif replacement in ("True", "Conditional"):
            found.append(_Cause("ResourceReference", target, certain=replacement == "True"))
    return list(dict.fromkeys(found))


def _foreseen(
    values: Any, item: dict[str, Any], causes: Mapping[str, list[_Cause]], current: Resource
) -> dict[str, Any]:
    """Return the properties as they will be, with those unknown that refer to a resource that changes."""
    foreseen: dict[str, Any] = {}
    for name, value in (item.get("Properties") or {}).items():
        if any(cause.source != "ParameterReference" for cause in causes[name]):
            foreseen[name] = str(_UNKNOWN)
        else:
            try:
                foreseen.update(values.of({name: value, "AWS": {"Ref": "AWS::NoValue"}}))
            except (OperationFailed, Refusal):
                foreseen[name] = current.declared.get(name)
    return foreseen


def _change(action: str, logical_id: str, kind: str) -> dict[str, Any]:
    return {
        "Type": "Resource",
        "ResourceChange": {
            "Action": action,
            "LogicalResourceId": logical_id,
            "ResourceType": kind,
            "Scope": [],
            "Details": [],
        },
    }


def _modification(
    current: Resource, item: dict[str, Any], declared: dict[str, Any], causes: Mapping[str, list[_Cause]]
) -> dict[str, Any]:
    change = _change("Modify", current.logical_id, current.type)
    schema = schema_of(current.type)
    conditional = schema.conditional_create_only if schema else frozenset()
    replaced = resources.replacing(current, declared)
    before = current.template.get("Properties") or {}
    after = item.get("Properties") or {}
    listed = []
    for name in sorted(changed(current.declared, declared)):
        recreation = "Always" if name in replaced else "Conditionally" if name in conditional else "Never"
        because = causes.get(name, [])
        if before.get(name) != after.get(name) or not because:
            listed.append(_detail(name, recreation, _Cause("DirectModification", "", certain=not because)))
        listed += [_detail(name, recreation, cause) for cause in because]
    replacement = _replacement(listed)
    details = change["ResourceChange"]
    details.update(
        PhysicalResourceId=current.physical_id, Replacement=replacement, Scope=["Properties"], Details=listed
    )
    if replacement == "True":
        details["PolicyAction"] = {"Delete": "ReplaceAndDelete", "Snapshot": "ReplaceAndSnapshot"}.get(
            current.policy("UpdateReplacePolicy"), "ReplaceAndRetain"
        )
    return change


def _detail(name: str, recreation: str, cause: _Cause) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation},
        "Evaluation": "Static" if cause.certain else "Dynamic",
        "ChangeSource": cause.source,
    }
    if cause.entity:
        detail["CausingEntity"] = cause.entity
    return detail


def _replacement(details: list[dict[str, Any]]) -> str:
    """Return what the details come to. (API reference, ResourceChange: `Always` is `True` where it is `Static` and
    `Conditional` where it is `Dynamic`.)"""
    found = {(detail["Target"]["RequiresRecreation"], detail["Evaluation"]) for detail in details}
    if ("Always", "Static") in found:
        return "True"
    return "Conditional" if any(recreation != "Never" for recreation, _ in found) else "False"


def _policy_action(policy: str) -> str:
    return {"Delete": "Delete", "Snapshot": "Snapshot"}.get(policy, "Retain")
