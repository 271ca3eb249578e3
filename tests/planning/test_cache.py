"""Redis and its kin, which become an ElastiCache replication group: when it asks for a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.model import Plan, ReplicationGroup
from tests.planning.projects import codes, container, finding, planned

TLS = "x-aws: {tls: required}\n"
PASSWORD = "sesame-sesame-99"


def cached(folder: Path, cache: str, clients: str = "", tail: str = TLS, **options: str) -> tuple[Plan, bool]:
    """The plan of a cache with these lines and these clients, and whether it asks for a password."""
    text = f"services:\n  cache:\n    image: redis:7\n    {cache}\n{clients}{tail}"
    made = planned(folder, text, tier=options.get("tier"))
    (item,) = made.managed
    assert isinstance(item, ReplicationGroup)
    assert PASSWORD not in repr(made.decisions) + repr(made.findings) + repr(made.workloads)
    return made, item.generated_password


def client(name: str, environment: str) -> str:
    return f"  {name}:\n    image: acme/app\n    environment: {environment}\n"


@pytest.mark.parametrize(
    "lines",
    [
        f"command: redis-server --requirepass {PASSWORD}",
        f"command: [redis-server, --requirepass, {PASSWORD}]",
        f"entrypoint: [redis-server, --requirepass, {PASSWORD}]",
        f"command: sh -c 'exec redis-server --requirepass \"{PASSWORD}\"'",
        "command: redis-server --requirepass ${CACHE_PASSWORD}",
        "command: sh -c 'redis-server --requirepass ${CACHE_PASSWORD} --appendonly yes'",
        f"environment: {{REDIS_PASSWORD: {PASSWORD}}}",
        "environment: {REDIS_PASSWORD_FILE: /run/secrets/cache}",
        f"environment: {{PW: {PASSWORD}}}\n    command: sh -c 'redis-server --requirepass $$PW'",
    ],
)
def test_a_cache_with_a_password_has_one_on_aws_where_plain_text_is_refused(tmp_path: Path, lines: str) -> None:
    made, generated = cached(tmp_path, lines)
    assert generated
    assert "cache-with-password" in codes(made)
    made, generated = cached(tmp_path, lines, tail="")
    assert not generated
    assert "x-aws: {tls: required}" in finding(made, "cache-without-password").remedy


@pytest.mark.parametrize(
    "lines", ["", "command: redis-server --requirepass ${CACHE_PASSWORD:-}", "environment: {A: b}"]
)
def test_a_cache_without_a_password_has_none(tmp_path: Path, lines: str) -> None:
    made, generated = cached(tmp_path, lines)
    assert not generated
    assert not {"cache-with-password", "cache-without-password"} & codes(made)


def test_clients_show_the_generated_password_over_tls(tmp_path: Path) -> None:
    clients = client("url", f'{{A: "redis://:{PASSWORD}@cache:6379/0", B: "redis://cache"}}')
    clients += client("split", f"{{REDIS_HOST: cache, REDIS_PASSWORD: {PASSWORD}}}")
    made, _ = cached(tmp_path, f"command: redis-server --requirepass {PASSWORD}", clients)
    texts = {v.name: str(v.text) for name in ("url", "split") for v in container(made, name).environment}
    assert texts["A"] == "rediss://:{password of cache}@{host of cache}:6379/0"
    assert texts["B"] == "rediss://:{password of cache}@{host of cache}"
    assert texts["REDIS_PASSWORD"] == "{password of cache}"
    assert "cache-password-not-given" not in codes(made)


def test_a_client_that_shows_no_password_is_told_and_takes_it_from_nobody(tmp_path: Path) -> None:
    lines = f"command: redis-server --requirepass {PASSWORD}"
    clients = client("url", f'{{A: "redis://:{PASSWORD}@cache"}}')
    made, before = cached(tmp_path, lines, clients)
    made, after = cached(tmp_path, lines, clients + client("late", "{REDIS_HOST: cache}"))
    assert before
    assert after
    told = finding(made, "cache-password-not-given")
    assert (told.severity, told.path) == ("error", ("services", "late", "environment", "REDIS_HOST"))


def test_the_tier_has_no_say_in_the_password(tmp_path: Path) -> None:
    for tail in ("", TLS):
        lines = f"command: redis-server --requirepass {PASSWORD}"
        small, large = (cached(tmp_path, lines, tail=tail, tier=t)[1] for t in ("development", "production"))
        assert small == large
