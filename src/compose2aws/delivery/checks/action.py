"""The IAM actions of a deployment: what it calls itself, and what CloudFormation calls to make and change things.

Whatever is needed *surely* would stop the deployment where it is denied; the rest (what handlers name for properties
that no template of ours gives, what only some states of an account ask for) may never be called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compose2aws.catalog.catalog import read_table
from compose2aws.cloudformation import Stack
from compose2aws.cloudformation.writing import text_of
from compose2aws.delivery.artefact import INLINE_BYTES
from compose2aws.delivery.checks.doubt import FAILURES
from compose2aws.delivery.checks.engine import chosen
from compose2aws.delivery.checks.situation import Situation
from compose2aws.delivery.difference import Change, StackDifference, compare
from compose2aws.delivery.engine_version import ChosenVersion, engines
from compose2aws.delivery.parameter import Known, settle

_OTHER_DIGEST = f"sha256:{'f' * 64}"  # of an image that is built anew; only that it differs matters
_TAGS = "Tags"


@dataclass(frozen=True, slots=True)
class Need:
    """An action, and the resource that it is for (`Db (AWS::RDS::DBCluster)`), empty for the deployment's own."""

    action: str
    sure: bool
    resource: str = ""


def needs(situation: Situation) -> dict[str, Need]:
    """What a deployment calls, by action: where several things need it, the first that surely does."""
    versions = _versions(situation)
    found: dict[str, Need] = {}
    for need in (*_own(situation, versions), *_of_resources(situation, versions or {})):
        if need.action not in found or (need.sure and not found[need.action].sure):
            found[need.action] = need
    return found


def _versions(situation: Situation) -> dict[str, ChosenVersion] | None:
    """None where it cannot be known; then that check tells why."""
    try:
        return chosen(situation)
    except FAILURES:
        return None


def _own(situation: Situation, versions: Mapping[str, ChosenVersion] | None) -> Iterator[Need]:
    """What the command itself calls (`delivery-permissions.yaml`: `commands`, `calls`)."""
    table = read_table("delivery-permissions")
    calls = table["calls"]
    parts = ["difference", "deployment", *(["known-images", "images"] if situation.templates.images else [])]
    listed = {action for part in parts for row in table["commands"][part] for action in row["actions"]}
    surely, perhaps = _conditional(situation, calls, versions)
    bound = _bound(calls)
    unsure = {*calls["perhaps"], *(() if situation.base.name not in situation.stacks else calls["first"])}
    for action in sorted(listed - set(calls["dispensable"])):
        if action not in bound or action in surely:
            yield Need(action, action not in unsure)
        elif action in perhaps:
            yield Need(action, sure=False)


def _bound(calls: Mapping[str, Any]) -> set[str]:
    """The actions that are called on a condition alone."""
    upgrade = {action for actions in calls["upgrade"].values() for action in actions}
    return {*calls["images"], *calls["domain"], *calls["long-template"], *upgrade}


def _conditional(
    situation: Situation, calls: Mapping[str, Any], versions: Mapping[str, ChosenVersion] | None
) -> tuple[set[str], set[str]]:
    """Those of them whose condition holds, and those whose condition may hold."""
    surely: set[str] = set()
    perhaps: set[str] = set()
    if situation.templates.images:
        surely.update(calls["images"])
    if any(one.source.startswith("hosted-zone:") for stack in situation.templates.stacks for one in stack.parameters):
        surely.update(calls["domain"])
    longest, together = _lengths(situation)
    if longest > INLINE_BYTES:
        surely.update(calls["long-template"])
    elif together > INLINE_BYTES:  # a pass may bring a stack to the old and the new template at once
        perhaps.update(calls["long-template"])
    kinds = engines(situation.base.template)
    for parameter, (kind, _) in kinds.items():
        if versions is None:
            if situation.base.name in situation.stacks:
                perhaps.update(calls["upgrade"].get(kind, ()))
        elif parameter in versions and versions[parameter].major_upgrade:
            surely.update(calls["upgrade"].get(kind, ()))
    return surely, perhaps


def _lengths(situation: Situation) -> tuple[int, int]:
    """The bytes of the longest template, and of the longest pair of a wanted and a deployed one."""
    longest = together = 0
    for stack in situation.templates.stacks:
        size = len(text_of(stack.template, "yaml").encode())
        deployed = situation.stacks.get(stack.name)
        before = len(text_of(dict(deployed.template), "yaml").encode()) if deployed is not None else 0
        longest, together = max(longest, size), max(together, size + before)
    return longest, together


def _of_resources(situation: Situation, versions: Mapping[str, ChosenVersion]) -> Iterator[Need]:
    """What CloudFormation calls for the resources that are made or changed."""
    table = read_table("delivery-permissions")
    known = Known(versions={parameter: one.value for parameter, one in versions.items()})
    rebuilt = Known({image.parameter: _OTHER_DIGEST for image in situation.templates.images}, known.versions)
    for stack in situation.templates.stacks:
        deployed = situation.stacks.get(stack.name)
        whole = deployed is None or deployed.was_whole
        changes = _difference(situation, stack, known).changes
        for change in changes:
            yield from _of_change(stack, change, table, sure=whole)
        # Images that are built anew make new tasks, and whether they are built is not known yet.
        for change in _difference(situation, stack, rebuilt).changes if situation.templates.images else ():
            yield from _of_change(stack, change, table, sure=False)
        if not whole:  # nobody knows which of its resources were made
            for logical_id, body in stack.template["Resources"].items():
                made = Change(logical_id, body["Type"], "add", "never", stateful=False)
                yield from _of_change(stack, made, table, sure=False)


def _difference(situation: Situation, stack: Stack, known: Known) -> StackDifference:
    deployed = situation.stacks.get(stack.name)
    return compare(
        deployed.template if deployed is not None and deployed.template else None,
        stack.template,
        name=stack.name,
        status=deployed.status if deployed is not None else None,
        before_parameters=deployed.parameters if deployed is not None else {},
        after_parameters=settle(stack, deployed, known).values,
    )


def _of_change(stack: Stack, change: Change, table: Mapping[str, Any], *, sure: bool) -> Iterator[Need]:
    if change.action == "remove":
        return
    row = read_table("resource-actions")["types"].get(change.type, {})
    properties = stack.template["Resources"][change.logical_id].get("Properties") or {}
    resource = f"{change.logical_id} ({change.type})"
    if change.action == "add" or change.replacement == "always":
        listed = set(row.get("create", ()))
        certain = {one for one in row.get("makes", ()) if not set(table["unless"].get(one, ())) & properties.keys()}
        given: Collection[str] = [name for name, value in properties.items() if value]
    elif change.replacement == "conditional":
        listed, certain, given = {*row.get("create", ()), *row.get("update", ())}, set(), ()
    else:
        given = {path.partition(".")[0].partition("[")[0] for path in (one.path for one in change.properties)}
        listed = set(row.get("update", ()))
        certain = set(row.get("alters", ())) if any(not name.startswith(_TAGS) for name in given) else set()
    beside = set(table["types"].get(change.type, ()))
    by_property = table["properties"].get(change.type, {})
    certain |= {action for name in given for action in by_property.get(name, ()) if action in listed}
    unused = {*table["unused"], *table["unknown"]}
    for action in sorted(listed | beside):
        if action not in unused and action.partition(":")[0] not in unused:
            yield Need(action, sure and action in certain, resource)
