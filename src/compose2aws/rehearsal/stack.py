"""What an account remembers of its stacks: their resources, events, outputs, and who imports what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from compose2aws.rehearsal.calls import ACCOUNT


@dataclass
class Resource:
    """One resource of a stack, as it was last made."""

    logical_id: str
    type: str
    template: dict[str, Any]
    declared: dict[str, Any]
    """Its properties with every function replaced, dynamic references still written as such."""
    properties: dict[str, Any]
    """Its properties as the service got them."""
    physical_id: str = ""
    status: str = ""
    reason: str | None = None
    changed_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def policy(self, key: str) -> str:
        """Return its `DeletionPolicy` or `UpdateReplacePolicy`."""
        standalone = self.type == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in self.declared
        if key == "DeletionPolicy" and (self.type == "AWS::RDS::DBCluster" or standalone):
            return str(self.template.get(key, "Snapshot"))  # the only types whose data is kept unasked
        return str(self.template.get(key, "Delete"))


@dataclass
class Output:
    """One output of a stack."""

    key: str
    value: str
    description: str | None
    export: str | None


@dataclass
class Stack:
    """A stack, alive or deleted."""

    name: str
    region: str
    template_body: str = ""
    template: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    notification_arns: list[str] = field(default_factory=list)
    role_arn: str | None = None
    policy: str | None = None
    protected: bool = False
    disable_rollback: bool = False
    timeout: int | None = None
    status: str = "REVIEW_IN_PROGRESS"
    reason: str | None = None
    resources: dict[str, Resource] = field(default_factory=dict)
    """In the order in which they were made."""
    outputs: list[Output] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    events: list[dict[str, Any]] = field(default_factory=list)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    change_set: str | None = None
    unfinished: list[Any] = field(default_factory=list)
    """What a failed update did to resources and did not undo."""
    last_good: Any = None
    """What the stack was before the update that failed and was left so."""
    cancelled: bool = False
    """Whether the update that runs is to be given up."""
    id: str = ""

    def __post_init__(self) -> None:
        """Give it an id."""
        self.id = self.id or f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/{self.name}/{uuid4()}"

    @property
    def exports(self) -> dict[str, str]:
        """What it exports: values by name."""
        return {output.export: output.value for output in self.outputs if output.export}

    def set_status(self, status: str, reason: str | None = None) -> None:
        """Enter a status and say so in the events."""
        self.status, self.reason = status, reason
        self._add_event(self.name, self.id, "AWS::CloudFormation::Stack", status, reason)

    def set_resource(self, resource: Resource, status: str, reason: str | None = None) -> None:
        """Let a resource enter a status and say so in the events."""
        resource.status, resource.reason, resource.changed_at = status, reason, datetime.now(UTC)
        self._add_event(resource.logical_id, resource.physical_id, resource.type, status, reason)

    def _add_event(self, logical_id: str, physical_id: str, kind: str, status: str, reason: str | None) -> None:
        event: dict[str, Any] = {
            "StackId": self.id,
            "EventId": f"{logical_id}-{status}-{uuid4()}",
            "StackName": self.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "Timestamp": datetime.now(UTC),
            "ResourceStatus": status,
        }
        if reason:
            event["ResourceStatusReason"] = reason
        self.events.append(event)


class StackStore:
    """The stacks of one region."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.stacks: dict[str, Stack] = {}
        """Stacks by id, also the deleted ones: those are found by id only."""
        self.change_sets: dict[str, Any] = {}

    def living(self) -> Iterator[Stack]:
        """Yield the stacks that are not deleted."""
        return (stack for stack in list(self.stacks.values()) if stack.status != "DELETE_COMPLETE")

    def find(self, name_or_id: str) -> Stack | None:
        """Return a stack by its name, if it lives, or by its id."""
        if name_or_id in self.stacks:
            return self.stacks[name_or_id]
        return next((stack for stack in self.living() if stack.name == name_or_id), None)

    def exported(self, name: str) -> tuple[Stack, str] | None:
        """Return the stack that exports a name, and the value."""
        for stack in self.living():
            if name in stack.exports:
                return stack, stack.exports[name]
        return None

    def importers(self, name: str) -> list[str]:
        """Return the names of the stacks that import a name."""
        return sorted(stack.name for stack in self.living() if name in stack.imports)


_stores: dict[str, StackStore] = {}


def store(region: str) -> StackStore:
    """Return the stacks of a region."""
    return _stores.setdefault(region, StackStore(region))


def forget() -> None:
    """Forget every stack."""
    _stores.clear()
