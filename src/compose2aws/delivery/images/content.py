"""What an image is made of, as one tag: the same inputs give the same tag, so that nothing is built twice.

Not noticed: a changed build secret, or build argument that looks like one (no hash of a secret is ever made or stored),
and a new image behind an unchanged tag that a Dockerfile begins FROM. `pull: true` or `no_cache: true` in the compose
file builds the image on every deploy.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compose2aws.delivery.images.context import file_hash, folder_hash
from compose2aws.delivery.images.ignore import IgnoreRules, ignore_rules
from compose2aws.delivery.images.request import ImageRequest
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.planning.model import BakeTarget, BuiltImage
from compose2aws.planning.values.secrecy import secret_name, secret_spans

_VERSION = 1
"""Raised when the same inputs begin to mean another image."""

REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git@|github\.com/", re.IGNORECASE)
"""buildx, "Build context": what is no local folder. Nothing tells what is there but the build itself."""

_IGNORE_FILE = ".dockerignore"
_COPY = re.compile(r"COPY (?:--(?:chmod|exclude)=\S+ )*--from=(?P<context>(?:files|code)\d+) (?P<rest>.+)")
_HERE_DOCUMENT = re.compile(r'COPY (?:--chmod=\S+ )?<<"(?P<mark>EOF_\w+)" .+')
_LAYERED = re.compile(
    r"# syntax=docker/dockerfile:1\n(?:FROM --platform=\$BUILDPLATFORM \S+ AS links\nRUN [^\n]+\n)?FROM base\n"
)
_NO_INPUT = ("name", "cache_from", "cache_to", "ssh", "secrets", "contexts", "context", "arguments", "dockerfile")


def content_tags(request: ImageRequest) -> dict[str, str | None]:
    """The tag of each image, by parameter: `content-` and 40 hexadecimal digits. None for one that must always be
    built: its context is remote, or the project asks for a fresh build. Raises `DeliveryError`."""
    hashing = _Hashing(request)
    return {image.parameter: hashing.tag(image) for image in request.templates.images}


class _Hashing:
    """Hashes the contexts of a request, each once."""

    def __init__(self, request: ImageRequest) -> None:
        self._request = request
        self._folder = request.folder
        self._environment = request.build_environment
        self._variables: Mapping[str, Any] = request.templates.bake.get("variable", {})
        self._contexts: dict[tuple[str, str], str] = {}

    def tag(self, image: BuiltImage) -> str | None:
        targets = self._request.targets([image])
        if any(target.no_cache or target.pull or target.uncached_stages or _remote(target) for target in targets):
            return None
        described = {
            "version": _VERSION,
            "epoch": self._variables.get("SOURCE_DATE_EPOCH"),
            "targets": {target.name: self._described(target) for target in targets},
            "pushed": image.target.name,
        }
        text = json.dumps(described, sort_keys=True, ensure_ascii=True)
        return f"content-{hashlib.sha256(text.encode()).hexdigest()[:40]}"

    def _described(self, target: BakeTarget) -> dict[str, Any]:
        plain = {key: value for key, value in dataclasses.asdict(target).items() if key not in _NO_INPUT and value}
        layered = laid_over(target)
        plain["arguments"] = {name: self._argument(name, value) for name, value in target.arguments}
        plain["secrets"] = [_identifier(secret) for secret in target.secrets]
        plain["ssh"] = [_identifier(agent) for agent in target.ssh]
        plain["contexts"] = {name: self._context(place, (layered or {}).get(name)) for name, place in target.contexts}
        if layered is None:
            folder = self._folder / target.context
            dockerfile = None if target.dockerfile_inline else _dockerfile(folder, target.dockerfile)
            plain["context"] = self._hash(folder, _ignore_file(folder, dockerfile))
            plain["dockerfile"] = file_hash(dockerfile) if dockerfile else None
        return plain

    def _argument(self, name: str, value: str | None) -> str | None:
        if value is not None:
            return value  # a secret one is the name of a variable here
        given = self._environment.get(name)
        if given and (secret_name(name) or secret_spans(given, random=True)):
            return "(secret)"
        return given

    def _context(self, place: str, only: str | None) -> str:
        if place.startswith(("target:", "docker-image://")):
            return place
        folder = self._folder / place
        if only not in (None, "."):
            return file_hash(folder / str(only))
        return self._hash(folder, _ignore_file(folder, None))

    def _hash(self, folder: Path, ignore_file: Path | None) -> str:
        key = (str(folder), str(ignore_file))
        if key not in self._contexts:
            self._contexts[key] = folder_hash(folder, _rules(ignore_file))
        return self._contexts[key]


def _remote(target: BakeTarget) -> bool:
    places = [target.context, *(place for _, place in target.contexts)]
    return any(REMOTE.match(place) and not place.startswith("docker-image://") for place in places)


def laid_over(target: BakeTarget) -> dict[str, str] | None:
    """What a target that only lays files over another image takes from each of its contexts, by the context's name
    (`.`: all of it); None for any other target.

    Such a target (`planning/layered_image.py`) has its Dockerfile inline, and uses no file of its main context, which
    is the whole project.
    """
    text = target.dockerfile_inline or ""
    head = _LAYERED.match(text)
    if head is None or "base" not in dict(target.contexts):
        return None
    copied: dict[str, str] = {}
    rest = iter(text[head.end() :].splitlines())
    for line in rest:
        if match := _HERE_DOCUMENT.fullmatch(line):
            if match["mark"] not in rest:  # reads on to the line that ends it
                return None
        elif match := _COPY.fullmatch(line):
            try:
                source = json.loads(match["rest"])[0] if match["rest"].startswith("[") else match["rest"].split()[0]
            except ValueError:
                return None
            copied[match["context"]] = source if not re.search(r"[*?\[$\\]", source) else "."
        elif not line.startswith(("STOPSIGNAL ", "COPY --from=links ")):
            return None
    return copied


def _dockerfile(context: Path, name: str | None) -> Path:
    """The Dockerfile; without a name BuildKit also takes one that is called `dockerfile`."""
    place = context / (name or "Dockerfile")
    lower = context / "dockerfile"
    if name in (None, "Dockerfile") and not place.is_file() and lower.is_file():
        return lower
    if not place.is_file():
        raise DeliveryError(f"{place}, the Dockerfile of an image, is not there")
    return place


def _ignore_file(context: Path, dockerfile: Path | None) -> Path | None:
    """The file of patterns: the Dockerfile's own (`Dockerfile.dockerignore`) before the context's."""
    own = dockerfile.with_name(dockerfile.name + _IGNORE_FILE) if dockerfile else None
    return next((file for file in (own, context / _IGNORE_FILE) if file is not None and file.is_file()), None)


def _rules(file: Path | None) -> IgnoreRules | None:
    if file is None:
        return None
    try:
        return ignore_rules(file.read_text("utf-8", "surrogateescape"), str(file))
    except OSError as error:
        raise DeliveryError(f"{file} cannot be read: {error.strerror}") from error


def _identifier(secret: str) -> str:
    """`id=token,src=…` → `token`: where the value lies on this machine does not count."""
    found = re.search(r"(?:^|,)id=([^,]*)", secret)
    return found[1] if found else secret.partition("=")[0]
