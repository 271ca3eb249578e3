"""References inside a template: finding them, and putting imports in the place of those that leave it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from compose2aws.cloudformation.graph import GraphError

# Attributes that are lists; an export holds a text, so they leave a template as one and are split again.
LISTS = frozenset({"AmqpEndpoints"})

_PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")


class Reference(NamedTuple):
    """What a template's expression names: a resource or a parameter, and the attribute (None for `Ref`)."""

    name: str
    attribute: str | None


def references(value: Any) -> Iterator[Reference]:
    """Every reference below a value, pseudo parameters left out."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if (found := _reference(value)) is not None:
            if not found.name.startswith("AWS::"):
                yield found
        elif "Fn::Sub" in value:
            text, variables = _substitution(value["Fn::Sub"])
            yield from references(list(variables.values()))
            for placeholder in _PLACEHOLDER.findall(text):
                if placeholder not in variables and not placeholder.startswith("AWS::"):
                    yield _dotted(placeholder)
        else:
            yield from references(list(value.values()))


def conditions(body: Any) -> Iterator[str]:
    """The conditions that a resource hangs on or uses in `Fn::If`."""
    if isinstance(body, dict) and isinstance(body.get("Condition"), str) and "Type" in body:
        yield body["Condition"]
    yield from _used_conditions(body)


def _used_conditions(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _used_conditions(item)
    elif isinstance(value, dict):
        if isinstance(value.get("Fn::If"), list):
            yield value["Fn::If"][0]
        for item in value.values():
            yield from _used_conditions(item)


def replaced(value: Any, replacement: Callable[[Reference], Any | None]) -> Any:
    """A copy of a value in which references give way to what `replacement` gives for them (None leaves them)."""
    if isinstance(value, list):
        return [replaced(item, replacement) for item in value]
    if not isinstance(value, dict):
        return value
    if (found := _reference(value)) is not None:
        instead = None if found.name.startswith("AWS::") else replacement(found)
        return value if instead is None else instead
    if "Fn::Sub" in value:
        return _replaced_substitution(value["Fn::Sub"], replacement)
    return {key: replaced(item, replacement) for key, item in value.items()}


def _replaced_substitution(argument: Any, replacement: Callable[[Reference], Any | None]) -> Any:
    text, variables = _substitution(argument)
    variables = {name: replaced(item, replacement) for name, item in variables.items()}

    def name_of(match: re.Match[str]) -> str:
        placeholder = match[1]
        if placeholder in variables or placeholder.startswith("AWS::"):
            return match[0]
        instead = replacement(_dotted(placeholder))
        if instead is None:
            return match[0]
        name = placeholder.replace(".", "")
        variables[name] = instead
        return f"${{{name}}}"

    text = _PLACEHOLDER.sub(name_of, text)
    return {"Fn::Sub": [text, variables] if variables else text}


def _reference(value: dict[str, Any]) -> Reference | None:
    if len(value) != 1:
        return None
    if isinstance(value.get("Ref"), str):
        return Reference(value["Ref"], None)
    argument = value.get("Fn::GetAtt")
    if isinstance(argument, str):
        return _dotted(argument)
    if isinstance(argument, list):
        return Reference(argument[0], argument[1])
    return None


def _dotted(text: str) -> Reference:
    name, _, attribute = text.partition(".")
    return Reference(name, attribute or None)


def _substitution(argument: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(argument, str):
        return argument, {}
    if isinstance(argument, list) and len(argument) == 2:
        return argument[0], dict(argument[1])
    raise GraphError(f"Fn::Sub takes a text, or a text and variables, not {argument!r}")
