"""One graph of resources, which the emitters fill and the linker cuts into templates.

An emitter adds a resource without caring which template it lands in. A logical id stands for one resource only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from troposphere import AWSObject

from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.ledger import people_path
from compose2aws.planning.model import Parameter

Body: TypeAlias = dict[str, Any]
"""A resource, condition, parameter or output as it stands in a template."""

Skip: TypeAlias = tuple[str, str]
"""A check of checkov that a resource does not pass on purpose, and why."""


class GraphError(Exception):
    """The graph does not hold together: a mistake of this package, never of its user."""


@dataclass(frozen=True, slots=True)
class Node:
    """A resource. `owner` is the workload or name that it stands and falls with; None is shared by the project."""

    body: Body
    owner: str | None = None

    @property
    def type(self) -> str:
        return str(self.body["Type"])


@dataclass(slots=True)
class Graph:
    """Everything that a project becomes. `parameters` are what may be used; a template declares those that it uses."""

    nodes: dict[str, Node] = field(default_factory=dict)
    conditions: dict[str, Body] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    outputs: dict[str, Body] = field(default_factory=dict)
    aliases: dict[ResourceId, tuple[str, ...]] = field(default_factory=dict)

    def add(
        self,
        resource: AWSObject,
        source: Path | None = None,
        *,
        owner: str | None = None,
        skips: Iterable[Skip] = (),
    ) -> None:
        """Add a resource that the compose path `source` became."""
        name = str(resource.title)
        made: Body = resource.to_dict()
        metadata: Body = made.pop("Metadata", {})
        if source:
            metadata["compose2aws"] = {"source": people_path(source)}
        if skipped := [{"id": check, "comment": comment} for check, comment in skips]:
            metadata["checkov"] = {"skip": skipped}
        body: Body = {"Type": made.pop("Type")}
        if metadata:
            body["Metadata"] = metadata
        body |= {key: value for key, value in made.items() if key != "Properties"}
        body["Properties"] = made.get("Properties", {})
        if name in self.nodes:
            raise GraphError(f"two resources have the logical id {name}: {self.nodes[name].type} and {body['Type']}")
        self.nodes[name] = Node(body, owner)

    def declare(self, parameter: Parameter) -> str:
        """Make a parameter known unless the plan has one of its name already; returns the name."""
        self.parameters.setdefault(parameter.name, parameter)
        return parameter.name

    def given(self, parameter: str) -> str:
        """The name of the condition that a parameter is not empty."""
        name = f"{parameter}IsGiven"
        self.conditions[name] = {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}
        return name
