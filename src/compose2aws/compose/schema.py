"""The check against the schema of compose files, and its errors in words that a person can act on."""

from __future__ import annotations

import functools
import importlib.resources
import math
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence as AbstractSequence
from typing import Any

import jsonschema_rs
import yaml

from compose2aws.compose.journal import Journal, kind_of, quoted
from compose2aws.compose.node import Mapping, Node, Path, Scalar, find, locate
from compose2aws.compose.provenance import unset_variables

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "a text",
}


def validate(root: Node, journal: Journal) -> None:
    """Notes everything in the tree that a compose file may not hold."""
    for error in _validator().iter_errors(_checkable(root)):
        if journal.full:
            break
        _note(error, root, journal)


def _checkable(node: Node) -> object:
    """The tree as plain values; numbers that JSON has no words for (`.inf`) as another number."""
    if isinstance(node, Scalar):
        value = node.value
        return 0.0 if isinstance(value, float) and not math.isfinite(value) else value
    if isinstance(node, Mapping):
        return {key: _checkable(value) for key, value in node.entries.items()}
    return [_checkable(item) for item in node.items]


def accepts(model: object) -> bool:
    """Whether the schema accepts a model of plain dicts, lists and scalars."""
    return bool(_validator().is_valid(model))


@functools.cache
def _schema() -> dict[str, Any]:
    text = importlib.resources.files("compose2aws.compose").joinpath("compose.schema.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    return loaded


@functools.cache
def _validator() -> Any:
    return jsonschema_rs.validator_for(_schema())


def _note(error: Any, root: Node, journal: Journal) -> None:
    path: Path = tuple(error.instance_path)
    node = find(root, path) or root
    kind = error.kind
    if kind.name == "additionalProperties":
        known, title = _known(error.schema_path)
        for key in kind.unexpected:
            _unknown(str(key), known, title, path, root, journal)
        return
    message = _sentence(kind, node, journal)
    journal.error("schema", message, path, locate(root, path))


def _unknown(key: str, known: AbstractSequence[str], title: str, path: Path, root: Node, journal: Journal) -> None:
    position = locate(root, (*path, key))
    if not known:
        message = f"{quoted(key)} cannot be a name here: letters, digits, `.`, `_` and `-` are allowed"
    else:
        message = f"unknown key {quoted(key)} of a {title}{journal.meant(key, known)}"
    journal.error("unknown-key", message, (*path, key), position)


def _sentence(kind: Any, node: Node, journal: Journal) -> str:
    found = kind_of(node)
    names = unset_variables(node) if isinstance(node, Scalar) else ()
    if names:
        found = f"the variable {names[0]!r}, which is not set"
    match kind.name:
        case "type":
            wanted = sorted({_TYPES[name] for name in kind.types} - ({"nothing"} if len(kind.types) > 1 else set()))
            return f"{_either(wanted)} is wanted here, found {found}"
        case "enum":
            choices = [str(option) for option in kind.options]
            shown = f"found {found}" if not isinstance(node, Scalar) or node.segments else f"found {quoted(node.text)}"
            return f"{_either(choices)} is wanted here, {shown}{_meant_choice(node, choices, journal)}"
        case "required":
            return f"the key {kind.property!r} is missing"
        case "uniqueItems":
            return f"an entry stands twice in the list{_twice(node)}"
        case "minimum":
            return f"at least {kind.limit} is wanted here, found less"
        case "maximum":
            return f"at most {kind.limit} is wanted here, found more"
        case "pattern":
            return f"{found} of the form {kind.pattern} is wanted here, found another"
    return "the value is not allowed here"


def _either(words: AbstractSequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _meant_choice(node: Node, choices: AbstractSequence[str], journal: Journal) -> str:
    return journal.meant(node.text, choices) if isinstance(node, Scalar) and not node.segments else ""


def _twice(node: Node) -> str:
    seen: set[str] = set()
    for item in node if not isinstance(node, Scalar | Mapping) else ():
        if isinstance(item, Scalar) and not item.segments:
            if item.text in seen:
                return f": {quoted(item.text)}"
            seen.add(item.text)
    return ""


def _known(schema_path: AbstractSequence[str | int]) -> tuple[list[str], str]:
    """The keys that the schema knows at the place of an error, and what such a value is called."""
    place: Any = _schema()
    title = "compose file"
    for step in schema_path[:-1]:
        place = place[step]
        if isinstance(place, AbstractMapping) and "type" in place and not str(step).startswith("^"):
            title = str(place.get("title", step))
    properties = place.get("properties", {}) if isinstance(place, AbstractMapping) else {}
    return list(properties), title
