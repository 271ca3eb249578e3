"""`x-aws.was`: a service that was renamed keeps what it became on AWS under its first name.

Ids, and whatever AWS lets nobody change later, are made of that name (`ServiceSource.identity`); people read the new
one. So no two services may have one name between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compose2aws.compose.node import Path, Position, locate
from compose2aws.compose.project import Diagnostic, Project


def renaming_problems(project: Project, blocks: Mapping[str, Mapping[str, Any]]) -> Iterator[Diagnostic]:
    """What is wrong with the `was` of services; `blocks` are their `x-aws`, by name."""
    inactive = {service.name for service in project.inactive}
    first: dict[str, tuple[str, Position]] = {}
    for name, block in blocks.items():
        was = block.get("was")
        if not isinstance(was, str):
            continue
        path: Path = ("services", name, "x-aws", "was")
        position = locate(project.root, path)
        message = None
        if was == name:
            message = f"{name} is called so now: `was` takes the name that it had before"
        elif was in blocks or was in inactive:
            left_out = "" if was in blocks else ", although none of its profiles is active"
            message = f"there still is a service {was!r}{left_out}: what it became on AWS cannot be {name}'s too"
        elif was in first:
            other, there = first[was]
            message = f"{other} was {was!r} already: what it became on AWS can be one service's only"
            if position == there:
                message += "; where it comes by `extends`, write `x-aws: {was: !reset null}` in the one that extends"
        if message is not None:
            yield Diagnostic("invalid-renaming", message, path, position)
        first.setdefault(was, (name, position))
