"""Comparing with the templates of an earlier time: a file, or the folder that `synth -o` wrote. Asks nothing of AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compose2aws.cloudformation import Stack, Templates
from compose2aws.delivery.difference.comparison import compare
from compose2aws.delivery.difference.folder import folders
from compose2aws.delivery.difference.model import StackDifference
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.template_text import read_template

_MANIFEST = "manifest.json"
_ENDINGS = (".template.yaml", ".template.yml", ".template.json", ".yaml", ".yml", ".json", ".template")


def compare_with_files(path: Path, templates: Templates) -> tuple[StackDifference, ...]:
    """What changed since the templates at `path` were made, by the templates alone.

    Parameters are taken to be the same as now: files hold no values. A file is compared with its own stack only. Raises
    `DeliveryError` where there is no template of this project.
    """
    earlier = _folder(path, templates) if path.is_dir() else _file(path, templates)
    wanted = {stack.name: stack for stack in templates.stacks}
    names = dict.fromkeys((*wanted, *earlier)) if path.is_dir() else dict.fromkeys(earlier)
    return tuple(_compared(name, earlier.get(name), wanted.get(name), templates) for name in names)


def _compared(
    name: str, before: Mapping[str, Any] | None, stack: Stack | None, templates: Templates
) -> StackDifference:
    values = {one.name: one.value for one in stack.parameters if one.value is not None} if stack else {}
    return compare(
        before,
        stack.template if stack else None,
        name=name,
        status=None,
        before_parameters=values,
        after_parameters=values,
        other_folders=folders(one.template for one in templates.stacks),
    )


def _folder(folder: Path, templates: Templates) -> dict[str, Mapping[str, Any]]:
    place = folder / _MANIFEST
    if not place.is_file():
        raise DeliveryError(
            f"{folder}: there is no {_MANIFEST} in it; give the folder that `compose2aws synth -o` wrote, or a template"
        )
    try:
        manifest = json.loads(_text(place))
        listed = [(str(stack["name"]), str(stack["template"])) for stack in manifest["stacks"]]
        project = manifest["project"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DeliveryError(f"{place}: this is not a manifest that compose2aws wrote") from error
    _check_project(folder, project, templates)
    found: dict[str, Mapping[str, Any]] = {}
    for name, file in listed:
        if Path(file).name != file:
            raise DeliveryError(f"{place}: {file!r} is not the name of a file beside it")
        found[name] = read_template(_text(folder / file), str(folder / file))
    return found


def _file(file: Path, templates: Templates) -> dict[str, Mapping[str, Any]]:
    template = read_template(_text(file), str(file))
    metadata = template.get("Metadata")
    own = metadata.get("compose2aws") if isinstance(metadata, Mapping) else None
    if isinstance(own, Mapping) and own.get("project") is not None:
        _check_project(file, own["project"], templates)
        for stack in templates.stacks:
            if stack.key == own.get("stack"):
                return {stack.name: template}
    name = next((file.name.removesuffix(end) for end in _ENDINGS if file.name.endswith(end)), file.name)
    if any(stack.name == name for stack in templates.stacks) or isinstance(own, Mapping):
        return {name: template}
    names = ", ".join(stack.name for stack in templates.stacks)
    raise DeliveryError(
        f"{file}: it does not say which stack it is of; call it NAME.template.yaml, where NAME is one of {names}"
    )


def _check_project(path: Path, project: Any, templates: Templates) -> None:
    if project != templates.project:
        raise DeliveryError(
            f"{path} was made of the project {project}, and this is {templates.project}: give -p {project}, "
            "or the templates of this project"
        )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise DeliveryError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DeliveryError(f"{file}: this is not UTF-8 text") from error
