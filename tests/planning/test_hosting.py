"""What runs on an instance instead of Fargate, and what its user must know of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planning.projects import planned

_SOCKET = "volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']"


@pytest.mark.parametrize("image", ["traefik:v3.1", "nginxproxy/nginx-proxy:1.6", "lucaslorentz/caddy-docker-proxy:2.9"])
def test_a_proxy_that_finds_services_by_the_socket_is_an_error_with_a_way_out(tmp_path: Path, image: str) -> None:
    text = f"""
        services:
          edge: {{image: '{image}', ports: ['80:80'], {_SOCKET}}}
          web: {{image: 'ghcr.io/acme/web:1', expose: ['8000']}}
        """
    found = {finding.code: finding for finding in planned(tmp_path, text).findings}
    assert found["proxy-by-socket"].severity == "error"
    assert "the load balancer takes its place" in found["proxy-by-socket"].remedy
    assert "docker-socket" not in found


def test_a_proxy_without_the_socket_is_a_service_like_any_other(tmp_path: Path) -> None:
    text = "services: {edge: {image: 'traefik:v3.1', ports: ['80:80'], command: --providers.file.directory=/rules}}"
    assert "proxy-by-socket" not in {finding.code for finding in planned(tmp_path, text).findings}


def test_another_service_with_the_socket_is_warned_of_what_it_sees(tmp_path: Path) -> None:
    text = f"services: {{runner: {{image: 'ghcr.io/acme/runner:1', {_SOCKET}}}}}"
    found = {finding.code: finding for finding in planned(tmp_path, text).findings}
    assert found["docker-socket"].severity == "warning"
    assert "proxy-by-socket" not in found
