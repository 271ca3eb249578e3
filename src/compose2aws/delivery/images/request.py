"""What is asked for: the images of these templates, from this folder, in these repositories."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compose2aws.cloudformation import Templates
from compose2aws.delivery.account import Account
from compose2aws.planning.model import BakeTarget, BuiltImage


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """`folder` is the project's, absolute. `repositories` are the names of the ECR repositories by logical id, and
    `registry` the host that they are at (`123456789012.dkr.ecr.eu-west-1.amazonaws.com`).

    `environment` is what the build sees beside the process's own: the project's `.env`, and the values of the bake
    file's variables (`bake.build_environment`). `previous` are the digests that are deployed, by parameter. `build` is
    False for `--no-build`. `secrets` are further values that no line of output may show.
    """

    templates: Templates
    folder: Path
    account: Account
    repositories: Mapping[str, str]
    registry: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    previous: Mapping[str, str] = field(default_factory=dict)
    build: bool = True
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def repository(self, image: BuiltImage) -> str | None:
        """The name of the repository of an image; None where it does not exist yet."""
        return self.repositories.get(image.repository.logical_id)

    def reference(self, image: BuiltImage, tag: str) -> str:
        """What the image is pushed as."""
        return f"{self.registry}/{self.repository(image)}:{tag}"

    @property
    def build_environment(self) -> dict[str, str]:
        """All variables that a build runs with: the process's too, which hold Docker's own."""
        return {**os.environ, **self.environment}

    def targets(self, images: Iterable[BuiltImage]) -> list[BakeTarget]:
        """The bake targets of some images, and all that they are built on, each once."""
        known = {t.name: t for image in self.templates.images for t in (*image.intermediate, image.target)}
        found: dict[str, BakeTarget] = {}
        waiting = [image.target for image in images]
        while waiting:
            target = waiting.pop()
            if target.name not in found:
                found[target.name] = target
                names = [place.removeprefix("target:") for _, place in target.contexts if place.startswith("target:")]
                waiting += [known[name] for name in names if name in known]
        return list(found.values())
