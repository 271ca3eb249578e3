"""Secrets do not show in what a build prints."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Collection
from pathlib import Path

from compose2aws.delivery.images.entitlement import field_of
from compose2aws.delivery.images.request import ImageRequest
from compose2aws.planning.values.secrecy import secret_name, secret_spans, surely_public

_SHORTEST = 4  # a shorter one would hide half of every line, and protects nothing
_LARGEST_FILE = 64 * 1024


class Mask:
    """Takes secrets out of a line."""

    def __init__(self, secrets: Collection[str]) -> None:
        ordered = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
        self._expression = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, line: str) -> str:
        return self._expression.sub("****", line) if self._expression else line


def build_secrets(request: ImageRequest, auth: str) -> frozenset[str]:
    """The values that no line may show, and each line of one that has several: the registry's login, the secrets of the
    build, and what looks like a secret in its environment."""
    found = {auth, *request.secrets}
    with contextlib.suppress(ValueError):
        found.add(base64.b64decode(auth).decode("utf-8", "replace").partition(":")[2])
    environment = request.build_environment
    for name, value in environment.items():
        if secret_name(name) and not surely_public(name, value):
            found.add(value)
        found |= {value[start:end] for start, end in secret_spans(value)}
    for target in request.targets(request.templates.images):
        found |= {environment.get(name, "") for name, _ in target.variables}
        for secret in target.secrets:
            found.add(environment.get(field_of(secret, "env"), ""))
            if source := field_of(secret, "src"):
                found.add(_content(request.folder / source))
    return frozenset(line.strip() for value in found for line in (value, *value.splitlines()))


def _content(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace") if file.stat().st_size <= _LARGEST_FILE else ""
    except OSError:
        return ""
