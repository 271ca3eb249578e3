"""A difference as data: what a stack would lose, gain and change. Nothing in it is a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Action: TypeAlias = Literal["add", "modify", "remove"]
Replacement: TypeAlias = Literal["never", "conditional", "always"]


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """A changed value inside a resource. `path` is dotted (`ContainerDefinitions[0].Image`); None is "not there"."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to a resource. `source` is the compose path that it stands for (`services.api.ports[0]`).

    `retained` tells of a stateful resource that goes or is replaced whether the old one stays in the account
    (`DeletionPolicy: Retain`), or a `snapshot` of it.
    """

    logical_id: str
    type: str
    action: Action
    replacement: Replacement
    stateful: bool
    source: str | None = None
    properties: tuple[PropertyChange, ...] = ()
    retained: Literal["retain", "snapshot"] | None = None

    @property
    def loses_data(self) -> bool:
        """Whether the data that it holds now is not what the system works with afterwards."""
        return self.stateful and (self.action == "remove" or (self.action == "modify" and self.replacement == "always"))


@dataclass(frozen=True, slots=True)
class StackDifference:
    """All changes of one stack, in a stable order. `status` is CloudFormation's, None where there is no such stack."""

    name: str
    status: str | None
    changes: tuple[Change, ...]
