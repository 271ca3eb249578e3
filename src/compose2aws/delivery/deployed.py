"""A project as it is deployed: its stacks, and each resource with what the template says of it.

Commands that look at what runs start here and need no compose file: the templates in the account name the compose
service behind every resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from compose2aws.cloudformation import source_of, stack_prefix
from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.stack import MASK, DeployedStack, read_stacks, stack_resources

_SERVICE = re.compile(r'services(?:\.([A-Za-z0-9_-]+)|\["((?:[^"\\]|\\.)*)"\])')


@dataclass(frozen=True, slots=True)
class DeployedResource:
    """A resource that exists. `properties` are the template's, with its expressions; `source` is the compose path that
    it stands for."""

    logical_id: str
    type: str
    physical_id: str
    status: str
    changed: datetime | None
    stack: str
    properties: Mapping[str, Any]
    source: str | None

    @property
    def service(self) -> str | None:
        """The compose service that it stands for."""
        return service_of(self.source)


@dataclass(frozen=True, slots=True)
class DeployedProject:
    """All stacks of a project, in deploy order, and their resources by logical id: no two stacks share one."""

    name: str
    account: Account
    stacks: tuple[DeployedStack, ...]
    resources: Mapping[str, DeployedResource]

    def of_type(self, *types: str) -> Iterator[DeployedResource]:
        """The resources of these types, in the order of their ids."""
        return (self.resources[name] for name in sorted(self.resources) if self.resources[name].type in types)

    def value(self, expression: Any, stack: str) -> Any:
        """What an expression of a template of ours is now, for those that are made of names alone: `Ref`, the group's
        id of a security group, imports, and what is joined of them. None where it cannot be told."""
        if isinstance(expression, list):
            values = [self.value(item, stack) for item in expression]
            return None if any(value is None for value in values) else values
        if not isinstance(expression, Mapping):
            return expression
        if len(expression) == 1:
            ((function, argument),) = expression.items()
            if function == "Ref":
                return self._referred(str(argument), stack)
            if function == "Fn::GetAtt":
                return self._attribute(argument)
            if function == "Fn::ImportValue" and isinstance(argument, str):
                return next((s.exports[argument] for s in self.stacks if argument in s.exports), None)
            if function == "Fn::Join":
                parts = self.value(argument[1], stack)
                return None if parts is None else str(argument[0]).join(map(str, parts))
            if function == "Fn::Split":
                text = self.value(argument[1], stack)
                return None if text is None else str(text).split(argument[0])
            if function.startswith(("Fn::", "Condition")):
                return None
        return {name: self.value(item, stack) for name, item in expression.items()}

    def _referred(self, name: str, stack: str) -> Any:
        if name in self.resources:
            return self.resources[name].physical_id
        if name == "AWS::Region":
            return self.account.region
        given = next((s.parameters.get(name) for s in self.stacks if s.name == stack), None)
        return None if given == MASK else given

    def _attribute(self, argument: Any) -> Any:
        name, attribute = argument.partition(".")[::2] if isinstance(argument, str) else (argument[0], argument[1])
        resource = self.resources.get(name)
        return resource.physical_id if resource and attribute == "GroupId" else None


def read_project(account: Account, name: str) -> DeployedProject:
    """The project of that name as it is deployed.

    Raises `DeliveryError` where nothing of it is, and botocore's exceptions.
    """
    prefix = stack_prefix(name)
    identity = account.identity
    found = read_stacks(account, name).values()
    stacks = tuple(stack for stack in found if stack.status != "REVIEW_IN_PROGRESS")
    if not stacks:
        raise DeliveryError(
            f"the project {name} is not deployed in {account.region} (account {identity.account}): there is no stack "
            f"{prefix}-base or {prefix}-app. Deploy it, or name another place with --region, --aws-profile or -p"
        )
    resources = {resource.logical_id: resource for stack in stacks for resource in _resources(account, stack)}
    return DeployedProject(name, account, stacks, resources)


def service_of(source: str | None) -> str | None:
    """The service that a compose path begins with: `services.api.ports[0]` gives `api`."""
    match = _SERVICE.match(source or "")
    if match is None:
        return None
    plain, quoted = match.groups()
    return plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted)


def _resources(account: Account, stack: DeployedStack) -> Iterator[DeployedResource]:
    bodies = stack.template.get("Resources") or {}
    for item in stack_resources(account, stack.id):
        body = bodies.get(item["LogicalResourceId"])
        if not body or item["ResourceStatus"] == "DELETE_COMPLETE":
            continue
        yield DeployedResource(
            logical_id=item["LogicalResourceId"],
            type=item["ResourceType"],
            physical_id=item["PhysicalResourceId"],
            status=item["ResourceStatus"],
            changed=item.get("LastUpdatedTimestamp"),
            stack=stack.name,
            properties=body.get("Properties") or {},
            source=source_of(body),
        )
