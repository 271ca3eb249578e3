"""RabbitMQ, which becomes Amazon MQ: TLS alone, a user that is not `guest`, one zone, no virtual hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.model import MessageBroker, Plan
from tests.planning.projects import codes, container, decision, finding, findings, planned


def with_client(folder: Path, environment: str, broker: str = "image: rabbitmq:4", tier: str | None = None) -> Plan:
    """The plan of an api with this environment beside a broker."""
    text = f"services:\n  api:\n    image: acme/api\n    environment: {{{environment}}}\n  mq:\n    {broker}\n"
    return planned(folder, text, tier=tier)


def is_(made: Plan, variable: str) -> str:
    """What a variable of the api is now, as the ledger tells it."""
    return decision(made, f"services.api.environment.{variable}").reason.partition(", is ")[2]


@pytest.mark.parametrize(
    ("written", "rewritten"),
    [
        ("amqp://guest:guest@mq:5672/", "amqps://{user of mq}:{password of mq}@{host of mq}:{port of mq}/"),
        ("amqp://guest:guest@mq:5672/%2F", "amqps://{user of mq}:{password of mq}@{host of mq}:{port of mq}/%2F"),
        ("amqp://mq", "amqps://{user of mq}:{password of mq}@{host of mq}:{port of mq}"),
        ("pyamqp://guest@mq//", "amqps://{user of mq}:{password of mq}@{host of mq}:{port of mq}//"),
        ("rabbitmq://guest:guest@mq/v", "rabbitmqs://{user of mq}:{password of mq}@{host of mq}:{port of mq}/v"),
        ("amqps://guest:guest@mq:5671", "amqps://{user of mq}:{password of mq}@{host of mq}:5671"),
        ("http://guest:guest@mq:15672/api", "https://{user of mq}:{password of mq}@{host of mq}:443/api"),
    ],
)
def test_urls_say_tls_and_its_port(tmp_path: Path, written: str, rewritten: str) -> None:
    made = with_client(tmp_path, f"URL: '{written}'")
    assert is_(made, "URL") == rewritten
    assert "connection-options" not in codes(made)


def test_variables_that_cannot_say_tls_are_told(tmp_path: Path) -> None:
    made = with_client(
        tmp_path, "RABBITMQ_HOST: mq, RABBITMQ_PORT: 5672, RABBITMQ_USER: guest, RABBITMQ_PASSWORD: guest"
    )
    assert is_(made, "RABBITMQ_PORT") == "{port of mq}"
    assert is_(made, "RABBITMQ_USER") == "{user of mq}"
    assert is_(made, "RABBITMQ_PASSWORD") == "{password of mq}"
    told = finding(made, "tls-not-told")
    assert (told.severity, told.path) == ("error", ("services", "api", "environment", "RABBITMQ_HOST"))
    made = with_client(tmp_path, "RABBITMQ_HOST: mq, RABBITMQ_SSL: 'false'")
    assert is_(made, "RABBITMQ_SSL") == "true"
    assert "tls-not-told" not in codes(made)
    made = with_client(tmp_path, "SPRING_RABBITMQ_HOST: mq")
    values = {variable.name: str(variable.text) for variable in container(made, "api").environment}
    assert values["SPRING_RABBITMQ_SSL_ENABLED"] == "true"


@pytest.mark.parametrize("tier", ["development", "production"])
def test_the_broker_is_the_same_but_for_its_size(tmp_path: Path, tier: str) -> None:
    (item,) = with_client(tmp_path, "", tier=tier).managed
    assert isinstance(item, MessageBroker)
    assert (item.port, item.management_port, item.user) == (5671, 443, "guest_app")
    assert item.instance_type == ("mq.m7g.large" if tier == "production" else "mq.m7g.medium")


@pytest.mark.parametrize(
    ("tag", "version"), [("3-management", "3.13"), ("3.8", "3.13"), ("4", "4.2"), ("latest", "4.2")]
)
def test_amazon_looks_after_minor_versions(tmp_path: Path, tag: str, version: str) -> None:
    made = with_client(tmp_path, "", f"image: rabbitmq:{tag}")
    assert made.managed[0].version.default == version
    assert "engine-version" not in codes(made)


def test_guest_is_nobody_on_aws(tmp_path: Path) -> None:
    assert "guest_app" in finding(with_client(tmp_path, "URL: amqp://mq"), "user-renamed").message
    made = with_client(tmp_path, "", "image: rabbitmq\n    environment: {RABBITMQ_DEFAULT_USER: my-app.x}")
    assert "user-renamed" not in codes(made)
    (item,) = made.managed
    assert isinstance(item, MessageBroker)
    assert item.user == "my-app.x"


def test_its_networks_reach_it_over_tls_and_its_api(tmp_path: Path) -> None:
    made = with_client(tmp_path, "URL: amqp://mq")
    group = made.managed[0].security_group
    assert sorted(rule.first for rule in made.ingress if rule.group == group) == [443, 5671]


def test_a_published_console_is_told_with_its_new_address(tmp_path: Path) -> None:
    made = with_client(tmp_path, "URL: amqp://mq", "image: rabbitmq\n    ports: ['5672:5672', '15672:15672']")
    assert finding(made, "broker-console").path == ("services", "mq", "ports", 1)
    assert len(findings(made, "managed-port-not-published")) == 2


@pytest.mark.parametrize(
    ("variable", "written", "rewritten"),
    [
        (
            "URL",
            "amqp://guest:guest@mq:5672/orders",
            "amqps://{user of mq}:{password of mq}@{host of mq}:{port of mq}/%2F",
        ),
        ("URL", "amqp://guest:guest@mq/other", "amqps://{user of mq}:{password of mq}@{host of mq}:{port of mq}/other"),
        ("RABBITMQ_VHOST", "orders", "{database of mq}"),
    ],
)
def test_the_brokers_own_virtual_host_is_amazons_only_one(
    tmp_path: Path, variable: str, written: str, rewritten: str
) -> None:
    broker = "image: rabbitmq\n    environment: {RABBITMQ_DEFAULT_VHOST: orders}"
    made = with_client(tmp_path, f"RABBITMQ_HOST: mq, {variable}: '{written}'", broker)
    assert is_(made, variable) == rewritten
    assert finding(made, "virtual-host-renamed").severity == "warning"


def test_the_root_is_a_virtual_host_that_stays(tmp_path: Path) -> None:
    made = with_client(tmp_path, "URL: amqp://mq", "image: rabbitmq\n    environment: {RABBITMQ_DEFAULT_VHOST: /}")
    assert "virtual-host-renamed" not in codes(made)


def test_queues_have_no_backups(tmp_path: Path) -> None:
    made = with_client(
        tmp_path, "URL: amqp://mq", "image: rabbitmq\n    volumes: ['queues:/var/lib/rabbitmq']\nvolumes: {queues: }"
    )
    assert "backups" not in finding(made, "volume-absorbed").message
