"""What CloudFormation publishes about each resource type: its properties, attributes, and what cannot change in place.

The schemas come with cfn-lint, which `moto[server]` brings along; only their files are read, cfn-lint is not imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Schema:
    """One resource type, as far as an account must know it."""

    type: str
    properties: frozenset[str]
    required: frozenset[str]
    create_only: frozenset[str]
    conditional_create_only: frozenset[str]
    attributes: frozenset[str]


def extraneous(resource_type: str, properties: Any) -> list[tuple[str, str]]:
    """Return the keys that a type does not have, however deep: where they stand (`#/A/B`), and each one's name."""
    document = _document(resource_type)
    return list(_extraneous(document, document, properties, "#")) if document else []


def _extraneous(document: dict[str, Any], node: Any, value: Any, place: str) -> Iterator[tuple[str, str]]:
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        target: Any = document
        for name in str(node["$ref"]).removeprefix("#/").split("/"):
            target = target.get(name, {})
        yield from _extraneous(document, target, value, place)
        return
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _extraneous(document, node.get("items"), item, f"{place}/{number}")
    elif isinstance(value, dict) and "properties" in node:
        for name, item in value.items():
            if name in node["properties"]:
                yield from _extraneous(document, node["properties"][name], item, f"{place}/{name}")
            elif node.get("additionalProperties") is False and not node.get("patternProperties"):
                yield place, name


def unordered_lists(resource_type: str) -> frozenset[str]:
    """Return where the lists stand whose order means nothing to a type (`A.*.B`): those that the schema says so of."""
    document = _document(resource_type) or {}
    return frozenset(_unordered(document, {"properties": document.get("properties", {})}, (), ()))


def _unordered(document: dict[str, Any], node: Any, path: tuple[str, ...], seen: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    pointer = node.get("$ref")
    if pointer is not None:
        if pointer in seen:
            return
        target: Any = document
        for name in str(pointer).removeprefix("#/").split("/"):
            target = target.get(name, {})
        yield from _unordered(document, target, path, (*seen, pointer))
        return
    if "items" in node:
        if node.get("insertionOrder") is False:
            yield ".".join(path)
        yield from _unordered(document, node["items"], (*path, "*"), seen)
    for name, below in node.get("properties", {}).items():
        yield from _unordered(document, below, (*path, name), seen)


@lru_cache(maxsize=1)
def _folder() -> Path:
    spec = find_spec("cfnlint")
    if spec is None or spec.origin is None:
        raise RuntimeError("the rehearsal reads CloudFormation's schemas from cfn-lint: install compose2aws[rehearsal]")
    return Path(spec.origin).parent / "data" / "schemas"


@lru_cache(maxsize=1)
def _index() -> dict[str, str]:
    index: dict[str, str] = json.loads((_folder() / "providers" / "us-east-1.json").read_text("utf-8"))
    return index


def _names(document: dict[str, Any], key: str) -> frozenset[str]:
    # "/properties/Endpoint/Address" is written Endpoint.Address in a template
    return frozenset(pointer.removeprefix("/properties/").replace("/", ".") for pointer in document.get(key, []))


@cache
def _document(resource_type: str) -> dict[str, Any] | None:
    digest = _index().get(resource_type)
    if digest is None:
        return None
    document: dict[str, Any] = json.loads((_folder() / "resources" / f"{digest}.json").read_text("utf-8"))
    return document


def published(resource_type: str) -> dict[str, Any] | None:
    """Return the schema of a type as it is published; None for one that AWS does not have."""
    return _document(resource_type)


@cache
def schema_of(resource_type: str) -> Schema | None:
    """Return what is published about a type; None for one that AWS does not have."""
    document = _document(resource_type)
    if document is None:
        return None
    return Schema(
        type=resource_type,
        properties=frozenset(document.get("properties", {})),
        required=frozenset(document.get("required", [])),
        create_only=_names(document, "createOnlyProperties"),
        conditional_create_only=_names(document, "conditionalCreateOnlyProperties"),
        attributes=_names(document, "readOnlyProperties"),
    )
