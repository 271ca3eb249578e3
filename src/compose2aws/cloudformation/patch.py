"""`x-aws.patches`: what a project's author changes in the finished templates (RFC 6902, JSON Patch)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from compose2aws.cloudformation.stack import Stack


class PatchError(Exception):
    """A patch that cannot be applied: the author's mistake. `number` counts the project's patches from 0."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"x-aws.patches[{number}]: {reason}")
        self.number = number
        self.reason = reason


def patched(stacks: tuple[Stack, ...], patches: Iterable[Mapping[str, Any]]) -> tuple[Stack, ...]:
    """The stacks with the patches applied in their order. A patch's `stack` is a key: `base`, `app`, `app-2`.

    Raises `PatchError` where a patch names what is not there, or asks for what RFC 6902 does not know.
    """
    templates = {stack.key: stack.template for stack in stacks}
    for number, patch in enumerate(patches):
        key = str(patch.get("stack"))
        if key not in templates:
            raise PatchError(number, f"there is no stack {key}; there are {', '.join(templates)}")
        templates[key] = _applied(templates[key], patch, number)
    return tuple(replace(stack, template=templates[stack.key]) for stack in stacks)


def _applied(template: dict[str, Any], patch: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A new template; the library changes nothing of the old one."""
    import jsonpatch  # noqa: PLC0415 - only projects with patches pay for it
    import jsonpointer  # noqa: PLC0415

    path = patch.get("path")
    if not isinstance(path, str) or not path.startswith("/"):
        wanted = "it begins with a slash, as in /Resources/ApiService/Properties"
        raise PatchError(number, f"{path!r} is no path: {wanted}")
    if patch.get("op") == "move" and path.startswith(f"{patch.get('from')}/"):
        raise PatchError(number, "a value cannot move into itself")
    operation = {key: value for key, value in patch.items() if key != "stack"}
    try:
        made: dict[str, Any] = jsonpatch.apply_patch(template, [operation])
    except jsonpatch.JsonPatchTestFailed as problem:
        raise PatchError(number, f"{path} is not what the test says") from problem
    except jsonpatch.InvalidJsonPatch as problem:
        raise PatchError(number, f"{problem}") from problem
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as problem:
        place = patch.get("from", path) if patch.get("op") in ("move", "copy") else path
        raise PatchError(number, f"nothing is at {place}") from problem
    except TypeError as problem:
        raise PatchError(number, f"nothing can be changed at {path}") from problem
    return made
