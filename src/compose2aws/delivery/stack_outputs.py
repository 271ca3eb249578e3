"""What the stacks of a project put out, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compose2aws.delivery.account import Account
from compose2aws.delivery.deployed import DeployedProject
from compose2aws.delivery.stack import describe


@dataclass(frozen=True, slots=True)
class StackOutput:
    """An output. `export` is the name under which other stacks import it: None for those made for people."""

    name: str
    value: str
    stack: str
    description: str
    export: str | None

    @property
    def is_url(self) -> bool:
        """Whether it is an address that a service is reached at."""
        return "://" in self.value


def read_outputs(project: DeployedProject) -> tuple[StackOutput, ...]:
    """All outputs of all stacks: addresses first, then those for people, then exports; by name among them."""
    outputs = [output for stack in project.stacks for output in _of(project.account, stack.id)]
    return tuple(sorted(outputs, key=lambda one: (one.export is not None, not one.is_url, one.name)))


def _of(account: Account, stack: str) -> Iterator[StackOutput]:
    described = describe(account, stack) or {}
    for output in described.get("Outputs", []):
        yield StackOutput(
            output["OutputKey"],
            output["OutputValue"],
            described["StackName"],
            output.get("Description", ""),
            output.get("ExportName"),
        )
