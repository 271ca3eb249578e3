"""What the API shows of stacks, their resources and templates; nothing hidden is shown."""

from __future__ import annotations

from typing import Any

from compose2aws.rehearsal.parameters import MASK, is_masked
from compose2aws.rehearsal.refusals import Refusal
from compose2aws.rehearsal.stack import Resource, Stack
from compose2aws.rehearsal.template import check_capabilities


def described(stack: Stack) -> dict[str, Any]:
    """Return a stack as DescribeStacks shows it, hidden values masked."""
    declared = stack.template.get("Parameters") or {}
    description: dict[str, Any] = {
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": stack.template.get("Description"),
        "ChangeSetId": stack.change_set,
        "CreationTime": stack.created_at,
        "LastUpdatedTime": stack.updated_at,
        "DeletionTime": stack.deleted_at,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.disable_rollback,
        "EnableTerminationProtection": stack.protected,
        "TimeoutInMinutes": stack.timeout,
        "NotificationARNs": stack.notification_arns,
        "Capabilities": stack.capabilities,
        "RoleARN": stack.role_arn,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": MASK if is_masked(declared.get(key, {})) else value}
            for key, value in stack.parameters.items()
        ],
        "Outputs": [
            {
                "OutputKey": output.key,
                "OutputValue": output.value,
                "Description": output.description,
                "ExportName": output.export,
            }
            for output in stack.outputs
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
    }
    return {key: value for key, value in description.items() if value is not None}


def described_resource(stack: Stack, resource: Resource) -> dict[str, Any]:
    """Return one of its resources."""
    return {
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "Timestamp": resource.changed_at,
        "LastUpdatedTimestamp": resource.changed_at,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason,
    }


def described_parameter(key: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return what a template says of a parameter, a hidden default masked."""
    declared: dict[str, Any] = {
        "ParameterKey": key,
        "ParameterType": item.get("Type", "String"),
        "NoEcho": is_masked(item),
        "Description": item.get("Description"),
    }
    if "Default" in item:
        declared["DefaultValue"] = MASK if is_masked(item) else str(item["Default"])
    if "AllowedValues" in item:
        declared["ParameterConstraints"] = {"AllowedValues": [str(value) for value in item["AllowedValues"]]}
    return {name: value for name, value in declared.items() if value is not None}


def needed_capabilities(template: dict[str, Any]) -> list[str]:
    """Return what a caller must grant for a template."""
    try:
        check_capabilities(template, [])
    except Refusal as refusal:
        return [refusal.message.partition("[")[2].rstrip("]")]
    return []
