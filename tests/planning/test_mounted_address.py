"""Addresses in mounted files: which ports they make known, and what they make wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planning.projects import planned, service

COMPOSE = """
services:
  proxy: {image: nginx, volumes: ['./proxy.conf:/etc/nginx/conf.d/default.conf:ro']}
  api: {image: acme/api, networks: {default: {aliases: [backend]}}}
  other: {image: acme/other, networks: [apart]}
networks: {apart: }
"""


def offered(folder: Path, text: str) -> tuple[set[str], set[str]]:
    """What the api offers by Service Connect, and what the proxy uses and waits for, of a configuration."""
    made = planned(folder, COMPOSE, {"proxy.conf": text})
    api, proxy = service(made, "api"), service(made, "proxy")
    waits = {id_.logical_id for id_ in proxy.depends_on}
    used = set(proxy.connect.client_of) if proxy.connect else set()
    assert ("ApiService" in waits) == bool(used)
    return {f"{alias.alias}:{alias.port}" for alias in api.connect.offers} if api.connect else set(), used


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("upstream app { server api:8000; }", {"api:8000"}),
        ("proxy_pass http://api;", {"api:80"}),
        ("reverse_proxy backend:3000", {"api:3000"}),
        ("# proxy_pass http://api:8000;", set()),
        ("proxy_pass http://api.example.com:8000;", set()),
        ("my-api:8000", set()),
        ("server other:8000;", set()),
    ],
    ids=["a host and a port", "a URL", "an alias", "a comment", "a name of others", "a longer name", "another network"],
)
def test_a_port_that_a_mounted_file_names_is_known(tmp_path: Path, text: str, expected: set[str]) -> None:
    offers, used = offered(tmp_path, text)
    assert (offers, used) == (expected, expected)
