"""`x-aws.patches`: what a project's author changes in the finished templates (RFC 6902, JSON Patch)."""

from __future__ import annotations

import copy
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
    templates: dict[str, Any] = {}
    known = {stack.key: stack.template for stack in stacks}
    for number, patch in enumerate(patches):
        key = str(patch.get("stack"))
        if key not in known:
            raise PatchError(number, f"there is no stack {key}; there are {', '.join(known)}")
        document = templates.setdefault(key, copy.deepcopy(known[key]))
        try:
            _apply(document, patch)
        except _NotThereError as problem:
            raise PatchError(number, str(problem)) from problem
    return tuple(replace(stack, template=templates.get(stack.key, stack.template)) for stack in stacks)


class _NotThereError(Exception):
    pass


def _apply(document: Any, patch: Mapping[str, Any]) -> None:
    operation, path = patch.get("op"), _steps(patch.get("path"))
    match operation:
        case "add":
            _add(document, path, _value(patch))
        case "remove":
            _remove(document, path)
        case "replace":
            _remove(document, path)
            _add(document, path, _value(patch))
        case "move":
            origin = _steps(patch.get("from"))
            if origin == path[: len(origin)] and origin != path:
                raise _NotThereError("a value cannot move into itself")
            _add(document, path, _remove(document, origin))
        case "copy":
            _add(document, path, copy.deepcopy(_find(document, _steps(patch.get("from")))))
        case "test":
            if _find(document, path) != _value(patch):
                raise _NotThereError(f"{patch['path']} is not what the test says")
        case _:
            raise _NotThereError(f"the operation {operation} is none of add, remove, replace, move, copy, test")


def _value(patch: Mapping[str, Any]) -> Any:
    if "value" not in patch:
        raise _NotThereError(f"the operation {patch['op']} needs a value")
    return patch["value"]


def _steps(pointer: Any) -> tuple[str, ...]:
    """A JSON pointer (RFC 6901) as steps; the whole template cannot be patched away."""
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise _NotThereError(f"{pointer!r} is no path: it begins with a slash, as in /Resources/ApiService/Properties")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))


def _find(document: Any, path: tuple[str, ...]) -> Any:
    for index, step in enumerate(path):
        where = "/" + "/".join(path[: index + 1])
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list):
            document = document[_index(step, len(document) - 1, where)]
        else:
            raise _NotThereError(f"nothing is at {where}")
    return document


def _add(document: Any, path: tuple[str, ...], value: Any) -> None:
    holder, last = _find(document, path[:-1]), path[-1]
    if isinstance(holder, dict):
        holder[last] = value
    elif isinstance(holder, list):
        holder.insert(len(holder) if last == "-" else _index(last, len(holder), "/" + "/".join(path)), value)
    else:
        raise _NotThereError(f"nothing can be added at /{'/'.join(path)}")


def _remove(document: Any, path: tuple[str, ...]) -> Any:
    removed = _find(document, path)
    holder, last = _find(document, path[:-1]), path[-1]
    if isinstance(holder, dict):
        del holder[last]
    else:
        del holder[int(last)]
    return removed


def _index(step: str, most: int, where: str) -> int:
    if step.isascii() and step.isdecimal() and int(step) <= most and (step == "0" or not step.startswith("0")):
        return int(step)
    raise _NotThereError(f"nothing is at {where}")
