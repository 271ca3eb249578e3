"""The canonical project as `docker compose config` prints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from compose2aws.compose.kinds import ListOf, MapOf, Shape, Struct, text
from compose2aws.compose.node import Mapping, Node, Scalar, Sequence, find
from compose2aws.compose.project import Project
from compose2aws.compose.shapes import PROJECT

_SECTIONS = ("services", "networks", "volumes", "secrets", "configs", "models")


def canonical(
    project: Project, form: Literal["json", "yaml"] = "json", *, extensions: bool = True, pruned: bool = False
) -> dict[str, Any]:
    """The project as plain dicts, lists and scalars, its keys in the order of the reference's output.

    The JSON form holds `command: null`, `entrypoint: null`, `ipam: {}` and the like; the YAML form leaves them out.
    Without `extensions`, those below the top (`services.api.x-…`) are left out, as in the reference's JSON; `pruned`
    leaves out the networks, volumes, configs, secrets and models that no service uses, as the reference does. A `$`
    stays one. Secrets are in it: it is for `config` alone.
    """
    root = project.root
    printed = _Printer(form, extensions).mapping(_pruned(root) if pruned else root, PROJECT, top=True)
    ordered = {"name": project.name, **{section: printed[section] for section in _SECTIONS if section in printed}}
    ordered.setdefault("services", {})
    return ordered | {key: value for key, value in printed.items() if key not in ordered}


@dataclass(frozen=True, slots=True)
class _Printer:
    form: str
    extensions: bool

    def value(self, node: Node, shape: Shape | None) -> Any:
        if isinstance(node, Scalar):
            return node.value
        if isinstance(node, Sequence):
            item = shape.item if isinstance(shape, ListOf) else None
            return [self.value(entry, item) for entry in node.items]
        return self.mapping(node, shape)

    def mapping(self, node: Mapping, shape: Shape | None, top: bool = False) -> dict[str, Any]:
        if not isinstance(shape, Struct):
            value = shape.value if isinstance(shape, MapOf) else None
            return {key: self.value(node.entries[key], value) for key in sorted(node)}
        keys = [key for key in shape.fields if key in node]
        if self.extensions or top:
            keys += sorted(key for key in node if key not in shape.fields)
        omitted = shape.always if self.form == "yaml" else ()
        return {
            key: self.value(node.entries[key], shape.fields.get(key))
            for key in keys
            if not (key in omitted and _says_nothing(node.entries[key]))
            and not (shape.fields.get(key) is text and _text(node.entries[key]) == "")
        }


def _says_nothing(node: Node) -> bool:
    if isinstance(node, Mapping):
        return all(_says_nothing(value) for value in node.entries.values())
    return isinstance(node, Scalar) and node.value is None


def _pruned(root: Mapping) -> Mapping:
    """The project without the resources that no service uses."""
    used = used_resources(root)
    entries = dict(root.entries)
    for section, names in used.items():
        resources = entries.pop(section, None)
        if isinstance(resources, Mapping):
            kept = {name: resource for name, resource in resources.entries.items() if name in names}
            if kept:
                entries[section] = Mapping(kept, resources.position, resources.keys)
    return Mapping(entries, root.position, root.keys)


def used_resources(root: Mapping) -> dict[str, set[str]]:
    """The names of the networks, volumes, configs, secrets and models that some service uses."""
    used: dict[str, set[str]] = {section: set() for section in ("networks", "volumes", "configs", "secrets", "models")}
    services = root.get("services")
    for service in services.entries.values() if isinstance(services, Mapping) else ():
        for section in ("networks", "models"):
            named = find(service, (section,))
            used[section].update(named if isinstance(named, Mapping) else ())
        for section, path in (
            ("volumes", ("volumes",)),
            ("configs", ("configs",)),
            ("secrets", ("secrets",)),
            ("secrets", ("build", "secrets")),
        ):
            entries = find(service, path)
            for entry in entries.items if isinstance(entries, Sequence) else ():
                kind, source = find(entry, ("type",)), find(entry, ("source",))
                if isinstance(source, Scalar) and (section != "volumes" or _text(kind) == "volume"):
                    used[section].add(source.text)
    return used


def _text(node: Node | None) -> str:
    """The text of a scalar; an empty one of anything else."""
    return node.text if isinstance(node, Scalar) else ""
