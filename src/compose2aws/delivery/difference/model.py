"""A difference as data: what a stack would lose, gain and change. Nothing in it is a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Action: TypeAlias = Literal["add", "modify", "remove"]
Replacement: TypeAlias = Literal["never", "conditional", "always"]
Effect: TypeAlias = Literal["none", "tasks", "interruption"]
"""What users of the system notice: nothing, tasks that are started anew one after the other, an interruption."""


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """A changed value inside a resource. `path` is dotted (`ContainerDefinitions[api].Image`); None is "not there".

    `word` is what people call the property, where they have a word for it; `live` tells that `before` is what AWS
    found, and not what was deployed.
    """

    path: str
    before: Any
    after: Any
    word: str = ""
    live: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to a resource. `source` is the compose path that it stands for (`services.api.ports[0]`).

    `stateful` tells that it holds data that is lost to the system where it goes or is replaced. `retained` tells of
    such a resource whether the old one stays in the account (`DeletionPolicy: Retain`), or a `snapshot` of it.
    `effect` is what users notice; `notes` are sentences about what AWS does then.
    """

    logical_id: str
    type: str
    action: Action
    replacement: Replacement
    stateful: bool
    source: str | None = None
    properties: tuple[PropertyChange, ...] = ()
    retained: Literal["retain", "snapshot"] | None = None
    effect: Effect = "none"
    notes: tuple[str, ...] = ()

    @property
    def loses_data(self) -> bool:
        """Whether the data that it holds now is not what the system works with afterwards."""
        return self.stateful and (self.action == "remove" or (self.action == "modify" and self.replacement == "always"))

    @property
    def may_lose_data(self) -> bool:
        """Whether that hangs on what nobody knows before: the old and the new value, or what AWS makes of them."""
        return self.stateful and self.action == "modify" and self.replacement == "conditional"


@dataclass(frozen=True, slots=True)
class StackDifference:
    """All changes of one stack, in a stable order. `status` is CloudFormation's, None where there is no such stack.

    `outputs` are those that come, go or are put together in another way; no resource changes by them.
    """

    name: str
    status: str | None
    changes: tuple[Change, ...]
    outputs: tuple[PropertyChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether a deployment would do nothing to the stack."""
        return not self.changes and not self.outputs
