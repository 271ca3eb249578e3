"""A registry of images, asked without a login (OCI Distribution Specification; Docker, "Token authentication")."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from compose2aws.catalog.image import ImageReference

Answer: TypeAlias = Literal["found", "missing", "denied", "unknown"]

_SECONDS = 10
_LARGEST = 4 * 1024 * 1024
_HUB = "registry-1.docker.io"
_ACCEPTED = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a registry says of an image. `architectures` are those of Linux that it has, empty where it does not say;
    `why` tells what kept the registry from an answer."""

    answer: Answer
    architectures: frozenset[str] = frozenset()
    why: str = ""


def read_manifest(image: ImageReference, registries: Mapping[str, str]) -> Manifest:
    """Ask the image's registry for it. `registries` are addresses in place of the real ones, by host."""
    host = _HUB if image.is_docker_hub else image.registry
    base = registries.get(image.registry) or f"https://{host}"
    repository = f"library/{image.repository}" if image.is_official else image.repository
    asked = _Registry(base, repository)
    try:
        manifest = asked.read(f"manifests/{image.digest or image.tag or 'latest'}")
        return Manifest("found", _architectures(asked, manifest))
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 404:
                return Manifest("missing")
            if error.code in (401, 403):
                return Manifest("denied")
            return Manifest("unknown", why=f"HTTP {error.code}" + (": too many pulls" if error.code == 429 else ""))
    except (OSError, ValueError) as error:
        return Manifest("unknown", why=str(getattr(error, "reason", None) or error))


def _architectures(asked: _Registry, manifest: Mapping[str, Any]) -> frozenset[str]:
    if "manifests" in manifest:
        platforms = [entry.get("platform") or {} for entry in manifest["manifests"]]
    elif digest := (manifest.get("config") or {}).get("digest"):
        platforms = [asked.read(f"blobs/{digest}")]
    else:
        platforms = []
    return frozenset(
        str(one["architecture"]) for one in platforms if one.get("os") == "linux" and "architecture" in one
    )


class _Registry:
    """A repository of a registry, with the token that lets anybody pull."""

    def __init__(self, base: str, repository: str) -> None:
        self._base = base.rstrip("/")
        self._repository = repository
        self._token: str | None = None

    def read(self, path: str) -> dict[str, Any]:
        """A JSON document of the repository. Raises `OSError` and `ValueError`."""
        address = f"{self._base}/v2/{self._repository}/{path}"
        try:
            return self._get(address)
        except urllib.error.HTTPError as error:
            challenge = error.headers.get("WWW-Authenticate", "")
            if error.code != 401 or self._token is not None or not challenge.lower().startswith("bearer "):
                raise
            error.close()
        self._token = self._new_token(challenge)
        return self._get(address)

    def _new_token(self, challenge: str) -> str:
        given = dict(_PARAMETER.findall(challenge))
        realm = given.get("realm", "")
        if not realm.startswith("https://") and not realm.startswith(f"{self._base}/"):
            raise ValueError(f"the registry sends elsewhere for a token: {realm}")
        query = {"service": given.get("service", ""), "scope": f"repository:{self._repository}:pull"}
        answer = self._get(f"{realm}?{urllib.parse.urlencode({k: v for k, v in query.items() if v})}")
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str):
            raise ValueError("the registry gives no token")
        return token

    def _get(self, address: str) -> dict[str, Any]:
        request = urllib.request.Request(address, headers={"Accept": ", ".join(_ACCEPTED)})  # noqa: S310 - see `read_manifest`
        if self._token is not None:
            # Not sent on to where a registry redirects: that is another host, with another way of signing.
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            text = answer.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise ValueError("the registry's answer is too long")
        read = json.loads(text)
        if not isinstance(read, dict):
            raise ValueError("the registry's answer is no JSON object")
        return read
