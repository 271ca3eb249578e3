"""Golden cases of the managed families, created in a rehearsal: their resources are there, and the app's values lead to
them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("moto", reason="the rehearsal needs the extra `rehearsal`")

from compose2aws.rehearsal import RehearsalServer, missing_resources
from tests.deployment import Deployment, deploy, synthesise

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A golden case as it stands in the account: `alarms` has a database of each family, a broker and caches, `search`
    a domain with a login and one without, `tls-required` a cache with a password."""
    out = tmp_path_factory.mktemp(request.param) / "aws.out"
    synthesise([GOLDEN / request.param / "compose.yaml"], out, "--format", "json")
    with RehearsalServer() as server:
        yield deploy(out, server)


secured = pytest.mark.parametrize("made", ["tls-required"], indirect=True)
watched = pytest.mark.parametrize("made", ["alarms"], indirect=True)
searching = pytest.mark.parametrize("made", ["search"], indirect=True)


@pytest.mark.parametrize("made", ["alarms", "search", "tls-required"], indirect=True)
def test_every_resource_is_there(made: Deployment) -> None:
    for stack in made.templates:
        assert missing_resources(made.server, stack) == []


@watched
def test_a_broker_is_reached_over_tls_by_a_user_that_exists(made: Deployment) -> None:
    client = made.client("mq")
    broker = client.describe_broker(BrokerId=client.list_brokers()["BrokerSummaries"][0]["BrokerId"])
    url = urlsplit(made.environment("api")["AMQP_URL"])
    assert broker["BrokerInstances"][0]["Endpoints"] == [f"amqps://{url.hostname}:5671"]
    assert (url.scheme, url.port, url.username) == ("amqps", 5671, "guest_app")
    assert [user["Username"] for user in broker["Users"]] == [url.username]
    assert url.password is not None
    assert len(url.password) == 32
    assert broker["BrokerName"].startswith("alarms-queue-")


@watched
def test_memcached_is_reached_by_its_own_address(made: Deployment) -> None:
    clusters = made.client("elasticache").describe_cache_clusters()["CacheClusters"]
    (memory,) = [cluster for cluster in clusters if cluster["Engine"] == "memcached"]
    address = memory["ConfigurationEndpoint"]["Address"]
    assert made.environment("api")["MEMCACHED_SERVERS"] == f"{address}:11211"


@watched
def test_alarms_watch_what_was_made_and_mail_the_address(made: Deployment) -> None:
    alarms = made.client("cloudwatch").describe_alarms()["MetricAlarms"]
    topic = made.physical("AlarmTopic")
    assert all(alarm["AlarmActions"] == alarm["OKActions"] == [topic] for alarm in alarms)
    values = {d["Value"] for alarm in alarms for d in alarm["Dimensions"]}
    group = made.physical("CacheReplicationGroup")
    assert {f"{group}-001", f"{group}-002", made.physical("DbCluster"), made.physical("LegacyInstance")} <= values
    (subscription,) = made.client("sns").list_subscriptions()["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


@searching
def test_search_is_reached_over_https_with_a_password_that_it_takes(made: Deployment) -> None:
    environment = made.environment("api")
    url, plain = urlsplit(environment["OPENSEARCH_URL"]), urlsplit(environment["PLAIN_URL"])
    assert (url.scheme, url.port, url.username) == ("https", 443, "admin")
    password = url.password or ""
    assert any(c in "-._~" for c in password)
    assert {True} == {any(map(kind, password)) for kind in (str.isupper, str.islower, str.isdigit)}
    assert (plain.scheme, plain.port, plain.username, plain.path) == ("https", 443, None, "/logs")


@secured
def test_a_cache_that_refuses_plain_text_asks_for_the_password_that_its_clients_show(made: Deployment) -> None:
    (group,) = made.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    assert (group["AuthTokenEnabled"], group["TransitEncryptionEnabled"]) == (True, True)
    url = urlsplit(made.environment("app")["REDIS_URL"])
    assert (url.scheme, url.hostname) == ("rediss", group["NodeGroups"][0]["PrimaryEndpoint"]["Address"])
    assert url.password == made.environment("tools")["REDIS_PASSWORD"]
    assert len(url.password or "") >= 16
