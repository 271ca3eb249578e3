"""How much an image needs that no file says it of, as `mappings/sizes.yaml` has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from compose2aws.catalog.catalog import image_fits, read_table
from compose2aws.catalog.image import ImageReference


@dataclass(frozen=True, slots=True)
class UsualSize:
    """CPU units and MiB of memory; `says` is who says so."""

    images: tuple[str, ...]
    cpu: int
    memory: int
    says: str


def usual_size(image: ImageReference) -> UsualSize | None:
    """The first row of the table that names the image; None where none does."""
    return next((row for row in size_table() if any(image_fits(pattern, image) for pattern in row.images)), None)


@lru_cache
def size_table() -> tuple[UsualSize, ...]:
    """The rows of the table, in its order."""
    rows = read_table("sizes")["sizes"]
    return tuple(UsualSize(tuple(row["images"]), row["cpu"], row["memory"], row["says"]) for row in rows)
