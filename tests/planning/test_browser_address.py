"""Addresses of this machine in values that browsers see."""

from __future__ import annotations

from pathlib import Path

from tests.planning.projects import codes, container, planned

COMPOSE = """
services:
  web:
    build: {context: ./web, args: {VITE_API_URL: "http://localhost:3001/v1"}}
    ports: ["8080:80"]
    environment:
      VITE_API_URL: http://localhost:3001/v1
      VITE_WS_URL: ws://localhost:3001/live
      HEALTH_URL: http://localhost:3001/health
      UNKNOWN: http://localhost:9999/
      OTHER: http://localhost.example.com:3001/
  api:
    image: acme/api
    ports: ["3001:3000"]
    environment:
      CORS_ORIGINS: http://localhost:8080,http://127.0.0.1:8080
      INSIDE: http://localhost:3000/
      OWN: http://localhost:3001/
"""


def environment(tmp_path: Path, service: str, domain: bool) -> dict[str, str]:
    text = COMPOSE + ("x-aws: {domain: example.com}\n" if domain else "")
    return {v.name: str(v.text) for v in container(planned(tmp_path, text), service).environment}


def test_a_published_port_of_this_machine_becomes_its_public_address(tmp_path: Path) -> None:
    web, api = environment(tmp_path, "web", True), environment(tmp_path, "api", True)
    assert web["VITE_API_URL"] == "https://api.example.com/v1"
    assert web["VITE_WS_URL"] == "wss://api.example.com/live"
    assert api["CORS_ORIGINS"] == "https://web.example.com,https://web.example.com"


def test_what_is_no_address_for_browsers_is_left_alone(tmp_path: Path) -> None:
    web, api = environment(tmp_path, "web", True), environment(tmp_path, "api", True)
    assert web["HEALTH_URL"] == "http://localhost:3001/health"
    assert web["UNKNOWN"] == "http://localhost:9999/"
    assert web["OTHER"] == "http://localhost.example.com:3001/"
    assert api["INSIDE"] == "http://localhost:3000/"
    assert api["OWN"] == "http://localhost:3001/"


def test_without_a_domain_the_address_is_not_known_and_that_is_told(tmp_path: Path) -> None:
    made = planned(tmp_path, COMPOSE)
    assert environment(tmp_path, "web", False)["VITE_API_URL"] == "http://localhost:3001/v1"
    assert "public-address-unknown" in codes(made)


def test_a_build_argument_with_such_an_address_is_told(tmp_path: Path) -> None:
    (told,) = (f for f in planned(tmp_path, COMPOSE).findings if f.code == "local-address-in-image")
    assert told.path == ("services", "web", "build", "args", "VITE_API_URL")
