"""What `docker buildx bake` asks leave for, since somebody else may have written its file: `--allow`.

Source: buildx, bake/entitlements.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from compose2aws.delivery.images.content import REMOTE
from compose2aws.delivery.images.request import ImageRequest
from compose2aws.planning.model import BakeTarget, BuiltImage

_LOCAL_CACHE = re.compile(r"(?:^|,)type=local(?:,|$)")


def allowed(request: ImageRequest, images: Iterable[BuiltImage]) -> list[str]:
    """The options that a build of these images needs; none where it stays within the project's folder, so that a
    buildx older than the option builds it too."""
    home = request.folder.resolve()
    reading: set[Path] = set()
    writing: set[Path] = set()
    granted: set[str] = set()
    for target in request.targets(images):
        reading |= {home / place for place in _places(target)}
        writing |= {home / place for cache in target.cache_to if (place := _local_cache(cache, "dest"))}
        for agent in target.ssh:
            _, _, paths = agent.partition("=")
            reading |= {home / path for path in paths.split(",") if path}
            if not paths:
                granted.add("ssh")
        granted.update(target.entitlements)
        if target.network == "host":
            granted.add("network.host")
    granted |= {f"fs.read={path}" for path in _outside(reading, home)}
    granted |= {f"fs.write={path.resolve()}" for path in writing}
    return [f"--allow={what}" for what in sorted(granted)]


def field_of(text: str, name: str) -> str:
    """A field of a list of them: `src` of `id=token,src=../token` is `../token`; empty where there is none."""
    found = re.search(rf"(?:^|,){name}=([^,]*)", text)
    return found[1] if found else ""


def _places(target: BakeTarget) -> list[str]:
    """All paths of this machine that a target reads."""
    contexts = [target.context, *(place for _, place in target.contexts)]
    places = [place for place in contexts if not REMOTE.match(place) and not place.startswith("target:")]
    if target.dockerfile and not REMOTE.match(target.context):
        places.append(str((Path(target.context) / target.dockerfile).parent))
    places += [field_of(secret, "src") for secret in target.secrets]
    places += [_local_cache(cache, "src") for cache in target.cache_from]
    return [place for place in places if place]


def _local_cache(cache: str, name: str) -> str:
    return field_of(cache, name) if _LOCAL_CACHE.search(cache) else ""


def _outside(paths: Iterable[Path], home: Path) -> set[Path]:
    return {path.resolve() for path in paths if not path.resolve().is_relative_to(home)}
