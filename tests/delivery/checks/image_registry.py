"""A registry of images on loopback, which gives anybody a token to pull with."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.local_server import LocalServer

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class ImageRegistry(LocalServer):
    """`images` are architectures by `REPOSITORY:TAG`: a list of them is an index, one alone a manifest. `status` is
    what every request for a manifest is answered with instead."""

    def __init__(self, images: dict[str, list[str] | str], status: int | None = None) -> None:
        self.images, self.status = images, status
        self.paths: list[str] = []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.paths.append(self.path)
                status, headers, body = registry.answer(self.path, self.headers.get("Authorization"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        super().__init__(Handler)

    def answer(self, path: str, authorization: str | None) -> tuple[int, dict[str, str], dict[str, Any]]:
        if path.startswith("/token?"):
            return 200, {}, {"token": "anybody"}
        if self.status is not None:
            return self.status, {}, {}
        if authorization != "Bearer anybody":
            challenge = f'Bearer realm="{self.address}/token",service="here",scope="repository:x:pull"'
            return 401, {"WWW-Authenticate": challenge}, {}
        match = re.fullmatch(r"/v2/(?P<repository>.+)/(?P<kind>manifests|blobs)/(?P<name>.+)", path)
        if match is None:
            return 404, {}, {}
        if match["kind"] == "blobs":
            return 200, {}, {"os": "linux", "architecture": match["name"].removeprefix("sha256:")}
        found = self.images.get(f"{match['repository']}:{match['name']}")
        if found is None:
            return 404, {}, {"errors": [{"code": "MANIFEST_UNKNOWN"}]}
        if isinstance(found, str):
            return 200, {"Content-Type": MANIFEST}, {"config": {"digest": f"sha256:{found}"}}
        manifests = [{"platform": {"os": "linux", "architecture": one}} for one in found]
        attestation = {"platform": {"os": "unknown", "architecture": "unknown"}}
        return 200, {"Content-Type": INDEX}, {"manifests": [*manifests, attestation]}
