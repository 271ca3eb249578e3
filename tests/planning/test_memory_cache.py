"""memcached, which becomes an ElastiCache cluster of one node."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.model import MemcachedCluster, Plan
from tests.planning.projects import codes, decision, finding, planned


def cluster(folder: Path, body: str = "", tail: str = "", tier: str | None = None) -> tuple[Plan, MemcachedCluster]:
    made = planned(folder, f"services:\n  mem:\n    image: memcached:1.6-alpine\n    {body}\n{tail}", tier=tier)
    (item,) = made.managed
    assert isinstance(item, MemcachedCluster)
    return made, item


def test_it_is_one_node_whose_size_the_tier_says(tmp_path: Path) -> None:
    for tier, size in (("development", "cache.t4g.micro"), ("production", "cache.t4g.small")):
        made, item = cluster(tmp_path, tier=tier)
        assert (item.node_type, item.port, item.family, item.tls) == (size, 11211, "memcached1.6", False)
        assert item.version.default.startswith("1.6.")
        assert "engine-version" not in codes(made)


def test_options_of_the_command_go_into_the_parameter_group(tmp_path: Path) -> None:
    made, item = cluster(tmp_path, "command: memcached -m 64 -I 4m -c 1024")
    assert item.parameters == (("max_item_size", "4194304"),)
    assert "setting-not-carried" not in codes(made)
    _, item = cluster(tmp_path, "command: [--max-item-size=2m, -n48]")
    assert item.parameters == (("chunk_size", "48"), ("max_item_size", "2097152"))
    made, item = cluster(tmp_path, "command: -o modern")
    assert item.parameters == ()
    assert "-o" in finding(made, "setting-not-carried").message
    made, item = cluster(tmp_path, "command: [sh, -euc, 'exec memcached -m 64']")
    assert item.parameters == ()
    assert "setting-not-carried" not in codes(made)


def test_clients_get_its_address_and_no_password(tmp_path: Path) -> None:
    body = "environment: {MEMCACHED_USERNAME: u, MEMCACHED_PASSWORD: sesame-sesame}"
    variables = "{MEMCACHED_SERVERS: 'mem:11211', MEMCACHED_PASSWORD: sesame-sesame}"
    client = f"  api:\n    image: acme/api\n    environment: {variables}\n"
    made, _ = cluster(tmp_path, body, client)
    assert decision(made, "services.api.environment.MEMCACHED_SERVERS").reason.endswith("is {host of mem}:11211")
    assert finding(made, "cache-without-login").severity == "error"
    assert "sesame" not in repr(made)


def test_tls_is_on_where_it_is_required(tmp_path: Path) -> None:
    _, item = cluster(tmp_path, tail="x-aws: {tls: required}\n")
    assert item.tls


@pytest.mark.parametrize(
    "body",
    [
        "command: [sh, -euc, \"echo 'mech_list: plain' > $$SASL_CONF_PATH\\nexec memcached -S\"]",
        "command: memcached -m 64 -S",
        "command: memcached --enable-sasl",
        "environment: {MEMCACHED_USERNAME: u, MEMCACHED_PASSWORD: sesame-sesame}",
    ],
)
def test_a_login_is_an_error_with_the_way_out(tmp_path: Path, body: str) -> None:
    made, _ = cluster(tmp_path, body)
    told = finding(made, "cache-without-login")
    assert told.severity == "error"
    assert "managed: false" in told.remedy
    assert "setting-not-carried" not in codes(made)
    assert "cache-without-login" not in codes(cluster(tmp_path, "command: memcached -m 64")[0])


@pytest.mark.parametrize(
    "body",
    [
        "command: [sh, -e, -c, 'exec memcached -I 4m']",
        "entrypoint: [/bin/sh, -c]\n    command: ['ulimit -n 1024 && memcached -I 4m & wait']",
    ],
)
def test_options_are_found_in_a_shells_script_and_its_own_are_none(tmp_path: Path, body: str) -> None:
    made, item = cluster(tmp_path, body)
    assert item.parameters == (("max_item_size", "4194304"),)
    assert "setting-not-carried" not in codes(made)
    made, item = cluster(tmp_path, "entrypoint: sh\n    command: -e /start.sh")
    assert item.parameters == ()
    assert "setting-not-carried" not in codes(made)
