"""Image references: `registry/repository:tag@digest`, read as Docker reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

# distribution/reference, "Grammar": a domain, components of a path, a tag, a digest.
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d+)?/)?{_PART}(?:/{_PART})*"
    r"(?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ImageReference:
    """A reference with Docker's defaults applied to its registry (`docker.io`) and not to its tag.

    `repository` is without `library/`: `postgres`, `bitnami/postgresql`, `org/team/app`.
    """

    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def is_docker_hub(self) -> bool:
        return self.registry == "docker.io"

    @property
    def is_official(self) -> bool:
        """Whether Docker Hub's own library holds it (`postgres`, not `bitnami/postgresql`)."""
        return self.is_docker_hub and "/" not in self.repository

    @property
    def suffix(self) -> str:
        """`:tag@digest`, as written."""
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse_image(reference: str) -> ImageReference:
    """Read a reference (distribution/reference, "Grammar"). The first part is a registry where it has a dot or a colon,
    or is `localhost`."""
    rest, _, digest = reference.partition("@")
    head, slash, tail = rest.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        registry, rest = head, tail
    else:
        registry = "docker.io"
    if registry in ("index.docker.io", "registry-1.docker.io"):
        registry = "docker.io"
    last = rest.rpartition("/")[2]
    tag = last.partition(":")[2] or None
    repository = rest[: len(rest) - len(tag) - 1] if tag else rest.rstrip(":")
    if registry == "docker.io":
        repository = repository.removeprefix("library/")
    return ImageReference(registry, repository, tag, digest or None)


def is_image(reference: str) -> bool:
    """Whether Docker would read it as an image at all."""
    return _REFERENCE.fullmatch(reference) is not None
