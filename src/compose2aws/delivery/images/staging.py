"""Mounted files that the project keeps from its own builds: copied to where no .dockerignore hides them.

BuildKit reads the .dockerignore of every local context, also of those that have a name (buildx, "Named contexts";
buildkit, frontend/dockerui/namedcontext.go). A bind mount knows no such file, so a mounted file would be missing.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from compose2aws.delivery.images.content import laid_over
from compose2aws.delivery.images.request import ImageRequest
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.planning.model import BuiltImage

_IGNORE_FILE = ".dockerignore"
_CODE = "code"
"""What contexts are called that leave out, as a build does, what their .dockerignore names."""


def staged(request: ImageRequest, images: Iterable[BuiltImage], folder: Path) -> tuple[dict[str, Any], list[Path]]:
    """The bake file with the contexts of hidden files replaced by copies in `folder`, and those copies' folders.

    Nothing is copied where no .dockerignore stands in the way. Raises `DeliveryError` where a file cannot be read.
    """
    bake = copy.deepcopy(request.templates.bake)
    made: list[Path] = []
    for target in request.targets(images):
        sources = laid_over(target) or {}
        for name, place in target.contexts:
            origin = request.folder / place
            if name not in sources or name.startswith(_CODE) or not (origin / _IGNORE_FILE).is_file():
                continue
            copied = folder / f"files{len(made)}"
            try:
                _copy(origin, sources[name], copied)
            except (OSError, shutil.Error) as error:
                raise DeliveryError(f"{origin / sources[name]}, which a service mounts, cannot be read") from error
            bake["target"][target.name]["contexts"][name] = str(copied)
            made.append(copied)
    return bake, made


def _copy(origin: Path, source: str, to: Path) -> None:
    if source == ".":
        shutil.copytree(origin, to, symlinks=True, ignore=lambda folder, _: _hiding(folder, origin))
        return
    place = to / source
    place.parent.mkdir(parents=True)
    if (origin / source).is_dir():
        shutil.copytree(origin / source, place, symlinks=True)
    else:
        shutil.copy2(origin / source, place)


def _hiding(folder: str, origin: Path) -> set[str]:
    return {_IGNORE_FILE} if Path(folder) == origin else set()
