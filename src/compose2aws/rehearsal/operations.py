"""Creating, updating, rolling back and deleting stacks, in the order and with the statuses of CloudFormation."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from compose2aws.rehearsal import resources, stack_policy
from compose2aws.rehearsal.calls import ACCOUNT
from compose2aws.rehearsal.parameters import resolved_values
from compose2aws.rehearsal.refusals import OperationFailed, Refusal
from compose2aws.rehearsal.stack import Output, Resource, Stack, store
from compose2aws.rehearsal.template import creation_order
from compose2aws.rehearsal.values import Values

CLEAN_UP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"


@dataclass
class Pace:
    """How operations run: within the call that starts them, or behind it with a pause at each resource."""

    background: bool = False
    pause: float = 0.0
    threads: list[threading.Thread] = field(default_factory=list)


pace = Pace()
# One operation at a time: the services' back ends are plain dictionaries.
_turn = threading.RLock()


def start(operation: Callable[[], None]) -> None:
    """Run an operation at once, or behind the call when the server was started so."""
    if not pace.background:
        with _turn:
            operation()
        return

    def behind() -> None:
        with _turn:
            operation()

    thread = threading.Thread(target=behind, daemon=True)
    pace.threads.append(thread)
    thread.start()


def _pause() -> None:
    if pace.pause:
        time.sleep(pace.pause)


@dataclass
class Wanted:
    """What a stack is to become."""

    body: str
    template: dict[str, Any]
    parameters: dict[str, str]
    tags: dict[str, str]


def values_for(stack: Stack, wanted: Wanted, imports: set[str]) -> Values:
    """Return the evaluation of a template against what the stack has now; notes what it imports."""
    region_store = store(stack.region)

    def made(logical_id: str) -> Resource:
        resource = stack.resources.get(logical_id)
        if resource is None or not resource.physical_id:
            raise OperationFailed(f"Unresolved resource dependencies [{logical_id}]: its condition does not hold")
        return resource

    def exported(name: str) -> str:
        found = region_store.exported(name)
        if found is None:
            raise OperationFailed(f"No export named {name} found.")
        imports.add(name)
        return found[1]

    return Values(
        wanted.template,
        parameters=resolved_values(wanted.template, wanted.parameters, stack.region),
        pseudo_parameters={
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": stack.region,
            "AWS::StackId": stack.id,
            "AWS::StackName": stack.name,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NotificationARNs": stack.notification_arns,
        },
        physical_id=lambda logical_id: made(logical_id).physical_id,
        attribute=lambda logical_id, name: resources.attribute(stack, made(logical_id), name),
        exported=exported,
        region=stack.region,
    )


def _outputs(stack: Stack, wanted: Wanted, values: Values) -> list[Output]:
    outputs = []
    for key, item in (wanted.template.get("Outputs") or {}).items():
        if not values.exists(item):
            continue
        export = values.of(item["Export"]["Name"]) if "Export" in item else None
        value = values.of(item["Value"])
        text = value if isinstance(value, str) else str(value)
        outputs.append(Output(key, text, item.get("Description"), export))
        if export:
            _check_export(stack, export)
    return outputs


def _check_export(stack: Stack, name: str) -> None:
    other = store(stack.region).exported(name)
    if other is not None and other[0].id != stack.id:
        raise OperationFailed(
            f"Export with name {name} is already exported by stack {other[0].name}. Rollback requested by user."
        )


def _take(stack: Stack, wanted: Wanted) -> None:
    stack.template_body, stack.template = wanted.body, wanted.template
    stack.parameters, stack.tags = wanted.parameters, wanted.tags


def create(stack: Stack, wanted: Wanted, on_failure: str) -> None:
    """Make every resource of a new stack; on failure roll back, delete, or leave it as it is."""
    _take(stack, wanted)
    imports: set[str] = set()
    try:
        values = values_for(stack, wanted, imports)
        for logical_id in creation_order(wanted.template):
            item = wanted.template["Resources"][logical_id]
            if values.exists(item):
                _pause()
                _create_one(stack, values, logical_id, item)
        stack.outputs = _outputs(stack, wanted, values)
    except (OperationFailed, Refusal) as problem:
        _creation_failed(stack, _reason(problem, stack, "CREATE_FAILED"), on_failure)
        return
    stack.imports = imports
    stack.set_status("CREATE_COMPLETE")


def _create_one(stack: Stack, values: Values, logical_id: str, item: dict[str, Any]) -> None:
    blank = Resource(logical_id, item["Type"], item, {}, {})
    try:
        blank.declared = values.of(item.get("Properties") or {})
    except (OperationFailed, Refusal) as problem:
        stack.resources[logical_id] = blank
        stack.set_resource(blank, "CREATE_FAILED", _message(problem))
        raise
    resources.create(stack, blank)


def _message(problem: OperationFailed | Refusal) -> str:
    return problem.message if isinstance(problem, Refusal) else str(problem)


def _reason(problem: OperationFailed | Refusal, stack: Stack, status: str) -> str:
    failed = [resource.logical_id for resource in stack.resources.values() if resource.status == status]
    if failed:
        return _failed_to(status.partition("_")[0].lower(), failed)
    return _message(problem)


def _failed_to(action: str, logical_ids: list[str]) -> str:
    return f"The following resource(s) failed to {action}: [{', '.join(logical_ids)}]. "


def _creation_failed(stack: Stack, reason: str, on_failure: str) -> None:
    if on_failure == "DO_NOTHING":
        stack.set_status("CREATE_FAILED", reason)
        return
    if on_failure == "DELETE":
        stack.set_status("DELETE_IN_PROGRESS", reason)
    else:
        stack.set_status("ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")
    left = _remove_created(stack)
    if left:
        status = "DELETE_FAILED" if on_failure == "DELETE" else "ROLLBACK_FAILED"
        stack.set_status(status, _failed_to("delete", left))
    elif on_failure == "DELETE":
        stack.deleted_at = datetime.now(UTC)
        stack.set_status("DELETE_COMPLETE")
    else:
        stack.set_status("ROLLBACK_COMPLETE")


def _remove_created(stack: Stack) -> list[str]:
    left = []
    for resource in _deletion_order(stack):
        if resource.status.startswith("DELETE_"):
            continue
        policy = resource.policy("DeletionPolicy")
        # What was made by the operation that failed holds no data yet; only Retain is taken literally.
        if _delete_one(stack, resource, "Retain" if policy == "Retain" and resource.physical_id else "Delete"):
            left.append(resource.logical_id)
    return left


def _deletion_order(stack: Stack) -> list[Resource]:
    """Return its resources so that each stands before all that it needs."""
    order = {logical_id: place for place, logical_id in enumerate(creation_order(stack.template))}
    return sorted(stack.resources.values(), key=lambda resource: -order.get(resource.logical_id, -1))


def _delete_one(stack: Stack, resource: Resource, policy: str) -> bool:
    """Delete a resource; return whether it failed."""
    _pause()
    try:
        resources.remove(stack, resource, policy)
    except OperationFailed:
        return True
    return False


def roll_back(stack: Stack) -> None:
    """Roll a stack back that failed and was left so."""
    if stack.status == "CREATE_FAILED":
        _creation_failed(stack, "", "ROLLBACK")
        return
    if stack.last_good is not None:
        _take(stack, stack.last_good)
    steps, stack.unfinished, stack.last_good = stack.unfinished, [], None
    _undo(stack, steps, "User Initiated")


def continue_rollback(stack: Stack, skipped: set[str]) -> None:
    """Try again to undo what could not be undone, leaving out what the caller gives up."""
    steps, stack.unfinished = stack.unfinished, []
    for step in steps:
        if step.after.logical_id in skipped:
            stack.set_resource(step.after, "UPDATE_COMPLETE")
    _undo(stack, [step for step in steps if step.after.logical_id not in skipped], "User Initiated")


def delete(stack: Stack, retained: set[str], *, force: bool = False) -> None:
    """Remove every resource of a stack, in the opposite order of their making."""
    stack.set_status("DELETE_IN_PROGRESS", "User Initiated")
    left = []
    for resource in _deletion_order(stack):
        if resource.status in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
            continue
        policy = "Retain" if resource.logical_id in retained else resource.policy("DeletionPolicy")
        if _delete_one(stack, resource, policy):
            left.append(resource.logical_id)
    if left and not force:
        stack.set_status("DELETE_FAILED", _failed_to("delete", left))
        return
    stack.outputs, stack.imports, stack.deleted_at = [], set(), datetime.now(UTC)
    stack.set_status("DELETE_COMPLETE")


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
    old_order = [resource.logical_id for resource in _deletion_order(stack)]
    try:
        values = values_for(stack, wanted, imports)
        statements = stack_policy.read_policy(policy or stack.policy)
        for resource in stack.resources.values():
            item = wanted.template["Resources"].get(resource.logical_id)
            if item is None or not values.exists(item):
                stack_policy.check(statements, "Update:Delete", resource.logical_id, resource.type)
        existing = _change_all(stack, wanted, values, steps, statements, failed_before=failed_before)
        outputs = _outputs(stack, wanted, values)
        _check_exports_in_use(stack, outputs)
    except (OperationFailed, Refusal) as problem:
        failed = [step.after.logical_id for step in steps if step.after.status.endswith("_FAILED")]
        reason = _failed_to("update", failed) if failed else _message(problem)
        if disable_rollback:
            if stack.last_good is None:
                stack.last_good = Wanted(stack.template_body, stack.template, stack.parameters, stack.tags)
            stack.unfinished += steps
            _take(stack, wanted)
            stack.set_status("UPDATE_FAILED", reason)
        else:
            _undo(stack, steps, reason)
        return
    stack.outputs, stack.imports = outputs, imports
    stack.unfinished, stack.last_good = [], None
    _take(stack, wanted)
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
            _pause()
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
        _pause()
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
        _create_one(stack, values, logical_id, item)
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
            _delete_one(stack, resource, resource.policy(key))
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
        stack.set_status("UPDATE_ROLLBACK_FAILED", _failed_to("update", failed))
        return
    stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    for resource in made:
        _delete_one(stack, resource, "Retain" if resource.policy("DeletionPolicy") == "Retain" else "Delete")
    stack.set_status("UPDATE_ROLLBACK_COMPLETE")
