"""Creating, updating, rolling back and deleting stacks, in the order and with the statuses of CloudFormation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from compose2aws.rehearsal import resources
from compose2aws.rehearsal.calls import ACCOUNT
from compose2aws.rehearsal.parameters import resolved_values
from compose2aws.rehearsal.refusals import OperationFailed, Refusal
from compose2aws.rehearsal.stack import Output, Resource, Stack, store
from compose2aws.rehearsal.template import creation_order
from compose2aws.rehearsal.values import Values


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


def pause() -> None:
    """Take the time that a resource takes."""
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


def outputs(stack: Stack, wanted: Wanted, values: Values) -> list[Output]:
    """Return what a stack puts out, or fail where an export's name is another stack's."""
    found = []
    for key, item in (wanted.template.get("Outputs") or {}).items():
        if not values.exists(item):
            continue
        export = values.of(item["Export"]["Name"]) if "Export" in item else None
        value = values.of(item["Value"])
        text = value if isinstance(value, str) else str(value)
        found.append(Output(key, text, item.get("Description"), export))
        if export:
            _check_export(stack, export)
    return found


def _check_export(stack: Stack, name: str) -> None:
    other = store(stack.region).exported(name)
    if other is not None and other[0].id != stack.id:
        raise OperationFailed(
            f"Export with name {name} is already exported by stack {other[0].name}. Rollback requested by user."
        )


def take(stack: Stack, wanted: Wanted) -> None:
    """Let a stack be what was wanted of it."""
    stack.template_body, stack.template = wanted.body, wanted.template
    stack.parameters, stack.tags = wanted.parameters, wanted.tags


def create(stack: Stack, wanted: Wanted, on_failure: str) -> None:
    """Make every resource of a new stack; on failure roll back, delete, or leave it as it is."""
    take(stack, wanted)
    imports: set[str] = set()
    stack.imports = imports  # what it imports is in use from the moment it is read
    try:
        values = values_for(stack, wanted, imports)
        for logical_id in creation_order(wanted.template):
            item = wanted.template["Resources"][logical_id]
            if values.exists(item):
                pause()
                create_one(stack, values, logical_id, item)
        stack.outputs = outputs(stack, wanted, values)
    except (OperationFailed, Refusal) as problem:
        creation_failed(stack, _reason(problem, stack, "CREATE_FAILED"), on_failure)
        return
    stack.set_status("CREATE_COMPLETE")


def create_one(stack: Stack, values: Values, logical_id: str, item: dict[str, Any]) -> None:
    """Make one resource of a template."""
    blank = Resource(logical_id, item["Type"], item, {}, {})
    try:
        blank.declared = values.of(item.get("Properties") or {})
    except (OperationFailed, Refusal) as problem:
        stack.resources[logical_id] = blank
        stack.set_resource(blank, "CREATE_FAILED", message(problem))
        raise
    resources.create(stack, blank)


def message(problem: OperationFailed | Refusal) -> str:
    """Return the words of what went wrong."""
    return problem.message if isinstance(problem, Refusal) else str(problem)


def _reason(problem: OperationFailed | Refusal, stack: Stack, status: str) -> str:
    failed = [resource.logical_id for resource in stack.resources.values() if resource.status == status]
    if failed:
        return failed_to(status.partition("_")[0].lower(), failed)
    return message(problem)


def failed_to(action: str, logical_ids: list[str]) -> str:
    """Return CloudFormation's sentence for resources that failed."""
    return f"The following resource(s) failed to {action}: [{', '.join(logical_ids)}]. "


def creation_failed(stack: Stack, reason: str, on_failure: str) -> None:
    """Do what was wished for the case that a creation fails."""
    if on_failure == "DO_NOTHING":
        stack.set_status("CREATE_FAILED", reason)
        return
    if on_failure == "DELETE":
        stack.set_status("DELETE_IN_PROGRESS", reason)
    else:
        stack.set_status("ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")
    left = _remove_created(stack)
    stack.imports = set()
    if left:
        status = "DELETE_FAILED" if on_failure == "DELETE" else "ROLLBACK_FAILED"
        stack.set_status(status, failed_to("delete", left))
    elif on_failure == "DELETE":
        stack.deleted_at = datetime.now(UTC)
        stack.set_status("DELETE_COMPLETE")
    else:
        stack.set_status("ROLLBACK_COMPLETE")


def _remove_created(stack: Stack) -> list[str]:
    left = []
    for resource in deletion_order(stack):
        if resource.status.startswith("DELETE_"):
            continue
        policy = resource.policy("DeletionPolicy")
        # What was made by the operation that failed holds no data yet; only Retain is taken literally.
        if delete_one(stack, resource, "Retain" if policy == "Retain" and resource.physical_id else "Delete"):
            left.append(resource.logical_id)
    return left


def deletion_order(stack: Stack) -> list[Resource]:
    """Return its resources so that each stands before all that it needs."""
    order = {logical_id: place for place, logical_id in enumerate(creation_order(stack.template))}
    return sorted(stack.resources.values(), key=lambda resource: -order.get(resource.logical_id, -1))


def delete_one(stack: Stack, resource: Resource, policy: str) -> bool:
    """Delete a resource; return whether it failed."""
    pause()
    try:
        resources.remove(stack, resource, policy)
    except OperationFailed:
        return True
    return False


def delete(stack: Stack, retained: set[str], *, force: bool = False) -> None:
    """Remove every resource of a stack, in the opposite order of their making."""
    stack.set_status("DELETE_IN_PROGRESS", "User Initiated")
    left = []
    for resource in deletion_order(stack):
        if resource.status in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
            continue
        policy = "Retain" if resource.logical_id in retained else resource.policy("DeletionPolicy")
        if delete_one(stack, resource, policy):
            left.append(resource.logical_id)
    if left and not force:
        stack.set_status("DELETE_FAILED", failed_to("delete", left))
        return
    stack.outputs, stack.imports, stack.deleted_at = [], set(), datetime.now(UTC)
    stack.set_status("DELETE_COMPLETE")
