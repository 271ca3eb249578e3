"""An account for each test, and short words for what tests do with stacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from compose2aws.rehearsal import RehearsalAccount, RehearsalServer

Template = dict[str, Any]


@dataclass
class Stacks:
    """The stacks of one account, by the calls that a deployment makes."""

    account: RehearsalAccount

    def client(self, name: str) -> Any:
        """Return a client of a service."""
        return self.account.client(name)

    def create(self, name: str, template: Template, **options: Any) -> dict[str, Any]:
        """Create a stack and return its description."""
        options.setdefault("Capabilities", ["CAPABILITY_NAMED_IAM"])
        self.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template), **options)
        return self.described(name)

    def update(self, name: str, template: Template, **options: Any) -> dict[str, Any]:
        """Update a stack and return its description."""
        options.setdefault("Capabilities", ["CAPABILITY_NAMED_IAM"])
        self.client("cloudformation").update_stack(StackName=name, TemplateBody=json.dumps(template), **options)
        return self.described(name)

    def delete(self, name: str, **options: Any) -> dict[str, Any]:
        """Delete a stack and return its last description."""
        identifier = self.described(name)["StackId"]
        self.client("cloudformation").delete_stack(StackName=name, **options)
        return self.described(identifier)

    def described(self, name: str) -> dict[str, Any]:
        """Describe a stack."""
        description: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return description

    def outputs(self, name: str) -> dict[str, str]:
        """Return a stack's outputs."""
        return {item["OutputKey"]: item["OutputValue"] for item in self.described(name).get("Outputs", [])}

    def events(self, name: str) -> list[tuple[str, str, str]]:
        """Return what happened, the oldest first: logical id, status, reason."""
        events = self.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
        return [
            (event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason", ""))
            for event in reversed(events)
        ]

    def reason(self, name: str, logical_id: str) -> str:
        """Return why a resource failed."""
        reasons = [
            reason for one, status, reason in self.events(name) if one == logical_id and status.endswith("_FAILED")
        ]
        assert reasons, f"{logical_id} did not fail"
        return reasons[-1]

    def physical(self, name: str, logical_id: str) -> str:
        """Return the physical id of a resource."""
        answer = self.client("cloudformation").describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
        physical_id: str = answer["StackResourceDetail"]["PhysicalResourceId"]
        return physical_id


@pytest.fixture
def server() -> Iterator[RehearsalServer]:
    """A fresh account behind HTTP."""
    pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
    pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")
    from compose2aws.rehearsal import RehearsalServer  # noqa: PLC0415 - not before moto is known to be there

    with RehearsalServer() as running:
        yield running


@pytest.fixture
def account() -> Iterator[RehearsalAccount]:
    """A fresh account in this process."""
    pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
    pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")
    from compose2aws.rehearsal import RehearsalAccount  # noqa: PLC0415 - not before moto is known to be there

    with RehearsalAccount() as running:
        yield running


@pytest.fixture
def stacks(account: RehearsalAccount) -> Stacks:
    """The stacks of a fresh account."""
    return Stacks(account)
