"""The canonical project as `docker compose config` prints it."""

from __future__ import annotations

from typing import Any, Literal

from compose2aws.compose.kinds import ListOf, MapOf, Shape, Struct
from compose2aws.compose.node import Mapping, Node, Scalar, Sequence
from compose2aws.compose.project import Project
from compose2aws.compose.shapes import PROJECT

_SECTIONS = ("name", "services", "networks", "volumes", "secrets", "configs", "models")


def canonical(project: Project, form: Literal["json", "yaml"] = "json") -> dict[str, Any]:
    """The project as plain dicts, lists and scalars, its keys in the order of the reference's output.

    The JSON form holds `command: null`, `entrypoint: null`, `ipam: {}` and the like; the YAML form leaves them out.
    Secrets are in it: it is for `config` alone.
    """
    printed = {"name": project.name, **_mapping(project.root, PROJECT, form)}
    ordered = {section: printed[section] for section in _SECTIONS if section in printed}
    ordered.setdefault("services", {})
    return ordered | {key: value for key, value in printed.items() if key not in ordered}


def _printed(node: Node, shape: Shape | None, form: str) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        item = shape.item if isinstance(shape, ListOf) else None
        return [_printed(entry, item, form) for entry in node.items]
    return _mapping(node, shape, form)


def _mapping(node: Mapping, shape: Shape | None, form: str) -> dict[str, Any]:
    if isinstance(shape, Struct):
        keys = [key for key in shape.fields if key in node]
        keys += sorted(key for key in node if key not in shape.fields)
        omitted = shape.always if form == "yaml" else ()
        return {
            key: _printed(node.entries[key], shape.fields.get(key), form)
            for key in keys
            if not (key in omitted and _says_nothing(node.entries[key]))
        }
    value = shape.value if isinstance(shape, MapOf) else None
    return {key: _printed(node.entries[key], value, form) for key in sorted(node)}


def _says_nothing(node: Node) -> bool:
    if isinstance(node, Mapping):
        return all(_says_nothing(value) for value in node.entries.values())
    return isinstance(node, Scalar) and node.value is None
