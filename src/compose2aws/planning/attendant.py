"""Containers that stand beside a service's own, or run before it: which image they have.

A task that is isolated from the internet pulls from a repository of ours alone, so that such an image is held there.
"""

from __future__ import annotations

from compose2aws.compose.project import Project
from compose2aws.planning.image import image_beside
from compose2aws.planning.model import Image, RegistryImage
from compose2aws.planning.source import ServiceSource


def attendant_image(service: ServiceSource, what: str, reference: str, isolated: bool, project: Project) -> Image:
    """The image `reference` for a container of a service's task; `what` tells it from its neighbours."""
    return image_beside(service, what, reference, (), project) if isolated else RegistryImage(reference)
