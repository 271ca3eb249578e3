"""One resource of a stack: making, changing and removing it, with its policies and its events."""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

from typing import Any

from compose2aws.rehearsal import (  # noqa: F401 - each registers its types
    balancers,
    brokers,
    caches,
    containers,
    databases,
    functions,
    identity,
    names,
    network,
    observation,
    scaling,
    secrets,
    security_groups,
    storage,
)
from compose2aws.rehearsal.dynamic_reference import resolve_references
from compose2aws.rehearsal.functions import CustomResource
from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.resource_type import Context, ResourceType, known_type, register
from compose2aws.rehearsal.schema import extraneous, schema_of
from compose2aws.rehearsal.stack import Resource, Stack
from compose2aws.rehearsal.stock import stock_type
from compose2aws.rehearsal.template import is_custom


class Nothing(ResourceType):
    """A type that stands for nothing in the account: it holds others back, or only names them."""

    def __init__(self, resource_type: str) -> None:
        self.type = resource_type

    def create(self, properties: dict[str, Any], context: Context) -> str:
        """Give it an id."""
        return context.generated_name()

    def update(self, physical_id: str, old: dict[str, Any], new: dict[str, Any], context: Context) -> str:
        """Leave it."""
        return physical_id

    def delete(self, physical_id: str, properties: dict[str, Any], context: Context) -> None:
        """Leave it."""

    def describe(self, physical_id: str, properties: dict[str, Any], context: Context) -> Any:
        """Return something: it is there as long as its stack says so."""
        return {"Id": physical_id}


register(Nothing("AWS::CloudFormation::WaitConditionHandle"))


def type_of(resource_type: str) -> ResourceType:
    """Return how a type is made, or fail with a reason that names it."""
    found = known_type(resource_type)
    if found is None and is_custom(resource_type):
        found = CustomResource(resource_type)
    found = found or stock_type(resource_type)
    if found is None:
        raise ResourceFailed(f"The rehearsal account has no way to make a resource of type {resource_type}")
    return found


def context_of(stack: Stack, logical_id: str) -> Context:
    """Return where and for whom a resource of a stack is made."""
    return Context(
        region=stack.region, stack_name=stack.name, stack_id=stack.id, logical_id=logical_id, tags=dict(stack.tags)
    )


def service_properties(stack: Stack, resource_type: str, declared: dict[str, Any]) -> dict[str, Any]:
    """Return the properties as the service gets them: dynamic references resolved, except in custom resources."""
    if is_custom(resource_type):
        return declared
    resolved: dict[str, Any] = resolve_references(declared, stack.region)
    return resolved


def check_properties(resource: Resource) -> None:
    """Fail a resource whose properties its type does not have, or lacks one that it wants."""
    schema = schema_of(resource.type)
    if schema is None or is_custom(resource.type):
        return
    for place, name in extraneous(resource.type, resource.declared):
        raise ResourceFailed(
            f"Properties validation failed for resource {resource.logical_id} with message: "
            f"{place}: extraneous key [{name}] is not permitted"
        )
    missing = sorted(schema.required - set(resource.declared))
    if missing:
        raise ResourceFailed(
            f"Properties validation failed for resource {resource.logical_id} with message: "
            f"#: required key [{', '.join(missing)}] not found"
        )
    snapshot = "Snapshot" in (resource.template.get("DeletionPolicy"), resource.template.get("UpdateReplacePolicy"))
    if resource.type == "AWS::RDS::DBInstance" and snapshot and "DBClusterIdentifier" in resource.declared:
        # The handler refuses what the cluster's own snapshot already does.
        raise ResourceFailed(
            "DeletionPolicy Snapshot is not supported for a DBInstance that is a member of a "
            "DBCluster (Service: RDS, Code: InvalidRequest)"
        )


def _failed(stack: Stack, resource: Resource, status: str, problem: Exception) -> ResourceFailed:
    # Whatever goes wrong in a service must end in a status: a stack that stays IN_PROGRESS hangs its client.
    known = isinstance(problem, ResourceFailed)
    reason = str(problem) if known else f"Internal Failure: {type(problem).__name__}: {problem}"
    stack.set_resource(resource, status, reason)
    return ResourceFailed(reason)


def create(stack: Stack, resource: Resource) -> None:
    """Make a resource and enter it into its stack."""
    stack.resources[resource.logical_id] = resource
    stack.set_resource(resource, "CREATE_IN_PROGRESS")
    try:
        how = type_of(resource.type)
        check_properties(resource)
        resource.properties = service_properties(stack, resource.type, resource.declared)
        context = context_of(stack, resource.logical_id)
        resource.physical_id = how.create(resource.properties, context)
        stack.set_resource(resource, "CREATE_IN_PROGRESS", "Resource creation Initiated")
        how.stabilise(resource.physical_id, resource.properties, context)
    except Exception as problem:
        raise _failed(stack, resource, "CREATE_FAILED", problem) from problem
    stack.set_resource(resource, "CREATE_COMPLETE")


def change(stack: Stack, resource: Resource, template: dict[str, Any], declared: dict[str, Any]) -> None:
    """Change a resource in place."""
    stack.set_resource(resource, "UPDATE_IN_PROGRESS")
    try:
        how = type_of(resource.type)
        renewed = Resource(resource.logical_id, resource.type, template, declared, {})
        check_properties(renewed)
        properties = service_properties(stack, resource.type, declared)
        context = context_of(stack, resource.logical_id)
        resource.physical_id = how.update(resource.physical_id, resource.properties, properties, context)
        resource.template, resource.declared, resource.properties = template, declared, properties
        how.stabilise(resource.physical_id, properties, context)
    except Exception as problem:
        raise _failed(stack, resource, "UPDATE_FAILED", problem) from problem
    stack.set_resource(resource, "UPDATE_COMPLETE")


def remove(stack: Stack, resource: Resource, policy: str) -> None:
    """Remove a resource as its policy says: gone, gone with a snapshot kept, or left in the account."""
    if policy in ("Retain", "RetainExceptOnCreate"):
        stack.set_resource(resource, "DELETE_SKIPPED")
        return
    stack.set_resource(resource, "DELETE_IN_PROGRESS")
    try:
        if resource.physical_id:
            how = type_of(resource.type)
            context = context_of(stack, resource.logical_id)
            if policy == "Snapshot":
                how.snapshot(resource.physical_id, resource.properties, context)
            how.delete(resource.physical_id, resource.properties, context)
    except Exception as problem:
        raise _failed(stack, resource, "DELETE_FAILED", problem) from problem
    stack.set_resource(resource, "DELETE_COMPLETE")


def attribute(stack: Stack, resource: Resource, name: str) -> Any:
    """Return what `Fn::GetAtt` gives."""
    how = type_of(resource.type)
    found = how.find_attribute(name, resource.physical_id, resource.properties, context_of(stack, resource.logical_id))
    if found is None and name in resource.properties and not is_custom(resource.type):
        found = resource.properties[name]
    if found is None:
        raise ResourceFailed(f"Attribute '{name}' does not exist on {resource.logical_id} ({resource.type})")
    return found


def exists(stack: Stack, resource: Resource) -> bool:
    """Whether the service knows the resource."""
    how = type_of(resource.type)
    try:
        found = how.describe(resource.physical_id, resource.properties, context_of(stack, resource.logical_id))
    except ResourceFailed:
        return False
    return found is not None


def replacing(resource: Resource, declared: dict[str, Any]) -> set[str]:
    """Return the properties whose change makes a new resource instead of changing this one."""
    return type_of(resource.type).replaced_by(resource.declared, declared)
