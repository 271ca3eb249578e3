"""manifest.json: what was written, and what deploying it takes."""

from __future__ import annotations

from typing import Any

from compose2aws.cloudformation.stack import Format, Stack, Templates
from compose2aws.planning.model import Parameter

NAME = "manifest.json"
BAKE = "images.bake.json"
_VERSION = 1


def manifest(templates: Templates, format: Format = "yaml") -> dict[str, Any]:  # noqa: A002 - the option's own name
    """The manifest: `version`, `project`, the `files` beside it, `stacks` in deploy order, `images`."""
    files = [stack.file(format) for stack in templates.stacks]
    if templates.bake:
        files.append(BAKE)
    return {
        "version": _VERSION,
        "project": templates.project,
        "files": sorted([*files, NAME]),
        "stacks": [_stack(stack, format) for stack in templates.stacks],
        "images": [
            {
                "service": image.service,
                "target": image.target.name,
                "parameter": image.parameter,
                "repository": image.repository.logical_id,
            }
            for image in sorted(templates.images, key=lambda image: image.service)
        ],
    }


def _stack(stack: Stack, format: Format) -> dict[str, Any]:  # noqa: A002
    return {
        "name": stack.name,
        "template": stack.file(format),
        "depends_on": list(stack.depends_on),
        "parameters": [_parameter(parameter) for parameter in stack.parameters],
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "secret": parameter.secret,
        "required": parameter.required,
        "source": parameter.source,
        "description": parameter.description,
    }
