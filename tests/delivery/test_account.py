"""The account that the environment, the options and the profile name."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.delivery.account import open_account
from compose2aws.delivery.refusal import DeliveryError


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of AWS's own tools with nothing in it, and an environment that says nothing."""
    file = tmp_path / "config"
    for name in ("AWS_PROFILE", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    return file


def retries(profile: str | None = None) -> tuple[str, int]:
    config = open_account(profile=profile).client("cloudformation").meta.config
    return config.retries["mode"], config.retries["total_max_attempts"]


def test_calls_are_tried_eight_times_where_nothing_else_is_said(config: Path) -> None:
    assert retries() == ("standard", 8)


def test_the_environment_says_how_often_calls_are_tried(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    assert retries() == ("adaptive", 3)


def test_a_profile_says_how_often_calls_are_tried(config: Path) -> None:
    config.write_text("[profile patient]\nretry_mode = adaptive\nmax_attempts = 20\n")
    assert retries("patient") == ("adaptive", 20)
    assert retries() == ("standard", 8)


def test_an_endpoint_that_is_no_address_is_told(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4566")
    account = open_account()
    with pytest.raises(DeliveryError, match=r"localhost:4566.* https://HOST:PORT.*AWS_ENDPOINT_URL"):
        account.client("ecs")
    with pytest.raises(DeliveryError, match="AWS_ENDPOINT_URL"):
        account.identity  # noqa: B018
