"""Updating stacks, and undoing updates that fail, in the order and with the statuses of CloudFormation."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from compose2aws.rehearsal import operations, resources, stack_policy
from compose2aws.rehearsal.operations import Wanted
from compose2aws.rehearsal.refusals import OperationFailed, Refusal
from compose2aws.rehearsal.stack import Output, Resource, Stack, store
from compose2aws.rehearsal.template import creation_order
from compose2aws.rehearsal.values import Values

CLEAN_UP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"


@dataclass
class _Step:
    """What an update did to one resource, so that it can be undone."""

    before: Resource | None
    """A copy of the resource as it was; None: it was made."""
    after: Resource
    replaced: bool = False
    untouched: bool = False
    """Whether it was refused before anything happened."""


def update(stack: Stack, wanted: Wanted, *, disable_rollback: bool = False, policy: str | None = None) -> None:
    """Bring a stack to another template; on failure bring it back. `policy` stands in for the stack's own."""
    failed_before = stack.status in ("CREATE_FAILED", "UPDATE_FAILED")
    imports: set[str] = set()
    steps: list[_Step] = []
    stack.updated_at = datetime.now(UTC)
    stack.set_status("UPDATE_IN_PROGRESS", "User Initiated")
    old_order = [resource.logical_id for resource in operations.deletion_order(stack)]
    try:
        values = operations.values_for(stack, wanted, imports)
        statements = stack_policy.read_policy(policy or stack.policy)
        for resource in stack.resources.values():
            item = wanted.template["Resources"].get(resource.logical_id)
            if item is None or not values.exists(item):
                stack_policy.check(statements, "Update:Delete", resource.logical_id, resource.type)
        existing = _change_all(stack, wanted, values, steps, statements, failed_before=failed_before)
        outputs = operations.outputs(stack, wanted, values)
        _check_exports_in_use(stack, outputs)
    except (OperationFailed, Refusal) as problem:
        failed = [step.after.logical_id for step in steps if step.after.status.endswith("_FAILED")]
        reason = operations.failed_to("update", failed) if failed else operations.message(problem)
        if disable_rollback:
            if stack.last_good is None:
                stack.last_good = Wanted(stack.template_body, stack.template, stack.parameters, stack.tags)
            stack.unfinished += steps
            stack.imports |= imports
            operations.take(stack, wanted)
            stack.set_status("UPDATE_FAILED", reason)
        else:
            _undo(stack, steps, reason)
        return
    stack.outputs, stack.imports = outputs, imports
    stack.unfinished, stack.last_good = [], None
    operations.take(stack, wanted)
    _clean_up(stack, steps, [logical_id for logical_id in old_order if logical_id not in existing])
    stack.set_status("UPDATE_COMPLETE")


def _change_all(
    stack: Stack,
    wanted: Wanted,
    values: Values,
    steps: list[_Step],
    statements: list[dict[str, Any]] | None,
    *,
    failed_before: bool,
) -> set[str]:
    """Make and change what the template wants; return the logical ids that exist by it."""
    existing = set()
    for logical_id in creation_order(wanted.template):
        item = wanted.template["Resources"][logical_id]
        if not values.exists(item):
            continue
        existing.add(logical_id)
        if stack.cancelled:
            stack.cancelled = False
            raise OperationFailed("User Initiated")
        current = stack.resources.get(logical_id)
        if current is None or not current.physical_id or current.status in ("DELETE_COMPLETE", "CREATE_FAILED"):
            operations.pause()
            _make(stack, values, logical_id, item, steps)
            continue
        declared = values.of(item.get("Properties") or {})
        if item["Type"] != current.type:
            raise OperationFailed(
                f"Update of resource type is not permitted. The new template modifies resource type of {logical_id}"
            )
        if declared == current.declared and current.status != "UPDATE_FAILED":
            current.template = item
            continue
        operations.pause()
        reasons = resources.replacing(current, declared)
        if reasons and failed_before:
            raise OperationFailed(
                f"Replacement type updates not supported on stack with disable-rollback: {logical_id}"
            )
        action = "Update:Replace" if reasons else "Update:Modify"
        try:
            stack_policy.check(statements, action, logical_id, current.type)
        except OperationFailed as problem:
            stack.set_resource(current, "UPDATE_FAILED", str(problem))
            steps.append(_Step(copy.deepcopy(current), current, untouched=True))
            raise
        step = _Step(copy.deepcopy(current), current, replaced=bool(reasons))
        steps.append(step)
        if reasons:
            step.after = Resource(logical_id, item["Type"], item, declared, {})
            stack.set_resource(
                current,
                "UPDATE_IN_PROGRESS",
                "Requested update requires the creation of a new physical resource; hence creating one.",
            )
            resources.create(stack, step.after)
        else:
            resources.change(stack, current, item, declared)
            step.replaced = bool(step.before and step.before.physical_id != current.physical_id)
    return existing


def _make(stack: Stack, values: Values, logical_id: str, item: dict[str, Any], steps: list[_Step]) -> None:
    try:
        operations.create_one(stack, values, logical_id, item)
    finally:
        steps.append(_Step(None, stack.resources[logical_id]))


def _check_exports_in_use(stack: Stack, outputs: list[Output]) -> None:
    new = {output.export: output.value for output in outputs if output.export}
    for name, value in stack.exports.items():
        importers = store(stack.region).importers(name)
        if importers and name not in new:
            raise OperationFailed(f"Export {name} cannot be deleted as it is in use by {_and_others(importers)}")
        if importers and new[name] != value:
            raise OperationFailed(f"Export {name} cannot be updated as it is in use by {_and_others(importers)}")


def _and_others(importers: list[str]) -> str:
    return " and ".join(importers)


def _clean_up(stack: Stack, steps: list[_Step], gone: list[str]) -> None:
    old = [
        (step.before, "UpdateReplacePolicy") for step in reversed(steps) if step.replaced and step.before is not None
    ]
    removed = [(stack.resources[logical_id], "DeletionPolicy") for logical_id in gone]
    if not old and not removed:
        return
    stack.set_status(CLEAN_UP)
    for resource, key in [*old, *removed]:
        # A custom resource that answered with another id has already let go of the old one only here.
        if resource.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
            operations.delete_one(stack, resource, resource.policy(key))
    for logical_id in gone:
        del stack.resources[logical_id]


def _undo(stack: Stack, steps: list[_Step], reason: str) -> None:
    stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
    failed: list[str] = []
    left: list[_Step] = []
    made = []
    for step in reversed(steps):
        logical_id = step.after.logical_id
        if step.before is None or step.replaced:
            made.append(step.after)
            if step.before is not None:
                stack.resources[logical_id] = step.before
                stack.set_resource(step.before, "UPDATE_COMPLETE")
            else:
                stack.resources.pop(logical_id, None)
            continue
        if step.untouched:
            stack.set_resource(step.after, "UPDATE_COMPLETE")
            continue
        try:
            resources.change(stack, step.after, step.before.template, step.before.declared)
        except OperationFailed:
            failed.append(logical_id)
            left.append(step)
    if failed:
        stack.unfinished = [*[step for step in steps if step.before is None or step.replaced], *left]
        stack.set_status("UPDATE_ROLLBACK_FAILED", operations.failed_to("update", failed))
        return
    stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    for resource in made:
        operations.delete_one(stack, resource, "Retain" if resource.policy("DeletionPolicy") == "Retain" else "Delete")
    stack.set_status("UPDATE_ROLLBACK_COMPLETE")


def roll_back(stack: Stack) -> None:
    """Roll a stack back that failed and was left so."""
    if stack.status == "CREATE_FAILED" or not _was_ever_whole(stack):
        operations.creation_failed(stack, "", "ROLLBACK")
        return
    if stack.last_good is not None:
        operations.take(stack, stack.last_good)
    steps, stack.unfinished, stack.last_good = stack.unfinished, [], None
    _undo(stack, steps, "User Initiated")


def _was_ever_whole(stack: Stack) -> bool:
    """Whether there is a stable state to go back to: without one all that was made goes. (API reference,
    RollbackStack)"""
    return any(
        event["PhysicalResourceId"] == stack.id and event["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        for event in stack.events
    )


def continue_rollback(stack: Stack, skipped: set[str]) -> None:
    """Try again to undo what could not be undone, leaving out what the caller gives up."""
    steps, stack.unfinished = stack.unfinished, []
    for step in steps:
        if step.after.logical_id in skipped:
            stack.set_resource(step.after, "UPDATE_COMPLETE")
    _undo(stack, [step for step in steps if step.after.logical_id not in skipped], "User Initiated")
