"""Containers that stand beside a service's own, or run before it: which image they have.

A task that is isolated from the internet pulls from a repository of ours alone, so that such an image is held there.
"""

from __future__ import annotations

from compose2aws.compose.project import Project
from compose2aws.planning.identity import logical_id
from compose2aws.planning.image import layered, platforms, target_name
from compose2aws.planning.model import BuiltImage, Image, RegistryImage
from compose2aws.planning.source import ServiceSource


def attendant_image(service: ServiceSource, what: str, reference: str, isolated: bool, project: Project) -> Image:
    """The image `reference` for a container of a service's task; `what` tells it from its neighbours."""
    if not isolated:
        return RegistryImage(reference)
    name = f"{service.name}/{what}"
    target = layered(target_name(name), f"docker-image://{reference}", (), platforms(service), project)
    return BuiltImage(name, logical_id(name, "Image"), target, (), service.path)
