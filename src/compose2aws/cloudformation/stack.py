"""What emitting gives: stacks with their templates, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from compose2aws.planning.identity import digest
from compose2aws.planning.model import BuiltImage, Parameter

Format: TypeAlias = Literal["yaml", "json"]

_PROJECT_LENGTH = 100  # a stack's name has 128 characters, and a word follows the project's


@dataclass(frozen=True, slots=True)
class Stack:
    """A template and the stack that is made of it. `key` is `base`, `app` or `app-N`; `depends_on` are the names of the
    stacks that stand before it; `parameters` are those that its template declares, by name."""

    name: str
    key: str
    template: dict[str, Any]
    depends_on: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    def file(self, format: Format) -> str:  # noqa: A002 - the option's own name
        """The name of the template's file."""
        return f"{self.name}.template.{format}"


@dataclass(frozen=True, slots=True)
class Templates:
    """All that a plan becomes: the stacks in the order in which they are deployed, and the images' bake file."""

    project: str
    stacks: tuple[Stack, ...]
    bake: dict[str, Any]
    images: tuple[BuiltImage, ...]

    @property
    def secret_values(self) -> frozenset[str]:
        """The values that must not be shown, wherever they stand."""
        return frozenset(p.value for stack in self.stacks for p in stack.parameters if p.secret and p.value)


def source_of(body: Mapping[str, Any]) -> str | None:
    """The compose path that a resource of a template stands for (`services.db`), from its metadata; None for what is
    not ours."""
    own = (body.get("Metadata") or {}).get("compose2aws")
    found = own.get("source") if isinstance(own, Mapping) else None
    return found if isinstance(found, str) else None


def stack_prefix(project: str) -> str:
    """What the names of a project's stacks begin with: letters, digits and hyphens, a letter first. A name that was
    changed for it carries a hash of itself."""
    legal = re.sub(r"[^A-Za-z0-9-]", "-", project)
    if not legal[:1].isalpha():
        legal = f"p{legal}"
    if legal == project and len(legal) <= _PROJECT_LENGTH:
        return project
    return f"{legal[:_PROJECT_LENGTH].rstrip('-')}-{digest(project)}"
