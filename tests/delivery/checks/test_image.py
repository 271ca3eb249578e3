"""Images of registries exist, and are for the platform of the task."""

from __future__ import annotations

import pytest

from compose2aws.delivery.checks.image import check_images
from compose2aws.planning.ledger import Finding
from tests.delivery.checks.conftest import Shop
from tests.delivery.checks.image_registry import ImageRegistry

COMPOSE = """
services:
  web:
    image: ghcr.io/acme/web:1.2
    ports: ["80:80"]
"""


def found(shop: Shop, registry: ImageRegistry, compose: str = COMPOSE, *, deployed: bool = False) -> list[Finding]:
    hosts = dict.fromkeys(("ghcr.io", "docker.io", "public.ecr.aws", "quay.io"), registry.address)
    return check_images(shop.situation(compose, registries=hosts, deployed=deployed))


@pytest.mark.parametrize("architectures", [["amd64", "arm64"], "amd64"])
def test_an_image_that_is_there_is_not_told(shop: Shop, architectures: list[str] | str) -> None:
    with ImageRegistry({"acme/web:1.2": architectures}) as registry:
        assert found(shop, registry) == []
        assert any(
            path.startswith("/token?service=here&scope=repository%3Aacme%2Fweb%3Apull") for path in registry.paths
        )


def test_an_image_that_is_missing_is_an_error_at_its_place(shop: Shop) -> None:
    with ImageRegistry({"acme/web:1.1": ["amd64"]}) as registry:
        [finding] = found(shop, registry)
    assert (finding.code, finding.severity) == ("image-missing", "error")
    assert finding.message == "ghcr.io has no image ghcr.io/acme/web:1.2"
    assert str(finding.position) == "compose.yaml:4:5"


@pytest.mark.parametrize("architectures", [["arm64"], "arm64"])
def test_an_image_for_another_platform_is_an_error(shop: Shop, architectures: list[str] | str) -> None:
    with ImageRegistry({"acme/web:1.2": architectures}) as registry:
        [finding] = found(shop, registry)
        assert finding.code == "image-platform"
        assert "it is for linux/arm64" in finding.message
        arm = COMPOSE.rstrip() + "\n    x-aws: {architecture: arm64}\n"
        assert found(shop, registry, arm) == []


@pytest.mark.parametrize("status", [401, 403])
def test_an_image_that_needs_a_login_is_an_error(shop: Shop, status: int) -> None:
    with ImageRegistry({}, status) as registry:
        [finding] = found(shop, registry)
    assert (finding.code, finding.severity) == ("image-denied", "error")
    assert "x-aws.registry-credentials" in finding.remedy


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_registry_that_does_not_answer_now_is_a_warning(shop: Shop, status: int) -> None:
    with ImageRegistry({}, status) as registry:
        [finding] = found(shop, registry)
    assert (finding.code, finding.severity) == ("unchecked", "warning")
    assert f"HTTP {status}" in finding.message


def test_a_registry_that_is_out_of_reach_is_a_warning(shop: Shop) -> None:
    with ImageRegistry({}) as registry:
        pass
    [finding] = found(shop, registry)
    assert (finding.code, finding.severity) == ("unchecked", "warning")


def test_official_images_are_asked_for_where_they_are_pulled_from(shop: Shop) -> None:
    images: dict[str, list[str] | str] = {"docker/library/nginx:1.27": ["amd64"], "library/odd:1": ["amd64"]}
    with ImageRegistry(images) as registry:
        assert found(shop, registry, "services: {a: {image: 'nginx:1.27'}, b: {image: 'odd:1'}}\n") == []


def test_what_is_deployed_or_needs_credentials_is_not_asked_for(shop: Shop) -> None:
    credentials = "arn:aws:secretsmanager:us-east-1:123456789012:secret:registry-AbCdEf"
    with ImageRegistry({}) as registry:
        assert found(shop, registry, deployed=True) == []
        private = COMPOSE.rstrip() + f"\n    x-aws: {{registry-credentials: '{credentials}'}}\n"
        assert found(shop, registry, private) == []
        assert registry.paths == []


def test_a_token_is_asked_for_at_no_strange_place(shop: Shop) -> None:
    with ImageRegistry({"acme/web:1.2": ["amd64"]}) as registry, ImageRegistry({}) as other:
        registry.answer = lambda path, authorization: (  # type: ignore[method-assign]
            401,
            {"WWW-Authenticate": f'Bearer realm="{other.address}/token"'},
            {},
        )
        [finding] = found(shop, registry)
        assert finding.severity == "warning"
        assert other.paths == []
