"""Log drivers: what CloudWatch Logs takes, what is forwarded, and what is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.cloudformation import emit, render
from compose2aws.planning.model import LogDriver, Plan
from tests.planning.projects import codes, container, decision, finding, outcome, planned, task


def logged(folder: Path, logging: str, more: str = "", environment: dict[str, str] | None = None) -> Plan:
    """The plan of a service `api` with that `logging`, beside a collector that publishes 24224."""
    return planned(
        folder,
        f"""
        services:
          api:
            image: acme/api
            logging: {logging}
            {more}
          collector:
            image: fluent/fluentd:v1.17
            ports: ["24224:24224", "9880:9880"]
            x-aws: {{protocol: tcp}}
        """,
        environment=environment or {},
    )


def options(made: Plan, name: str = "api") -> dict[str, str]:
    driver = container(made, name).log_driver
    assert driver is not None
    return dict(driver.options)


@pytest.mark.parametrize("driver", ["json-file", "local", "journald", "none"])
def test_what_stays_on_the_machine_goes_to_a_log_group(tmp_path: Path, driver: str) -> None:
    made = logged(tmp_path, f"{{driver: {driver}, options: {{max-size: 10m}}}}")
    assert container(made, "api").log_driver is None
    assert outcome(made, "services.api.logging") == "adapted"
    assert outcome(made, "services.api.logging.options.max-size") == "inert"
    assert "log-driver" not in codes(made)


def test_how_lines_become_events_stays_with_awslogs(tmp_path: Path) -> None:
    made = logged(tmp_path, "{driver: awslogs, options: {awslogs-multiline-pattern: '^INFO', awslogs-group: mine}}")
    assert container(made, "api").logging.options == (("awslogs-multiline-pattern", "^INFO"),)
    assert "awslogs-multiline-pattern: ^INFO" in templates(made)
    assert outcome(made, "services.api.logging.options.awslogs-group") == "adapted"


@pytest.mark.parametrize("driver", ["gelf", "syslog", "gcplogs", "loki"])
def test_a_driver_that_fargate_lacks_is_told(tmp_path: Path, driver: str) -> None:
    made = logged(tmp_path, f"{{driver: {driver}}}")
    assert container(made, "api").log_driver is None
    assert outcome(made, "services.api.logging") == "dropped"
    assert driver in finding(made, "log-driver").message


@pytest.mark.parametrize("address", ["localhost:24224", "tcp://127.0.0.1", "collector:24224", "host.docker.internal"])
def test_fluentd_is_reached_by_its_name_in_the_network(tmp_path: Path, address: str) -> None:
    made = logged(tmp_path, f"{{driver: fluentd, options: {{fluentd-address: '{address}'}}}}")
    assert options(made) == {
        "Name": "forward",
        "Host": "collector.test.internal",
        "Port": "24224",
        "Retry_Limit": "10",
    }


def test_without_an_address_fluentd_is_on_this_machine(tmp_path: Path) -> None:
    assert options(logged(tmp_path, "{driver: fluentd}"))["Host"] == "collector.test.internal"


def test_a_router_stands_before_the_containers_whose_output_it_forwards(tmp_path: Path) -> None:
    made = logged(tmp_path, "{driver: fluentd}", "depends_on: [collector]")
    router, api = task(made, "api").containers
    assert router.routes_logs
    assert router.log_driver is None
    assert [(d.container, d.condition) for d in api.depends_on] == [(router.name, "START")]
    assert not any(c.routes_logs for c in task(made, "collector").containers)
    written = templates(made)
    assert "LogDriver: awsfirelens" in written
    assert "Type: fluentbit" in written


def test_a_port_that_is_there_for_log_drivers_is_not_published(tmp_path: Path) -> None:
    made = logged(tmp_path, "{driver: fluentd}")
    listeners = {listener.port for balancer in made.balancers for listener in balancer.listeners}
    assert listeners == {9880}
    assert decision(made, "services.collector.ports[0]").code == "log-port"
    assert {24224, 9880} == {listener.port for b in logged(tmp_path, "{}").balancers for listener in b.listeners}


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("tag: shop.api", {"Tag": "shop.api"}),
        ("tag: 'docker.{{.Name}}.{{ .ID }}'", {"Tag": "docker.api.api"}),
        ("tag: 'x.{{.ImageName}}'", {"Tag": "x.acme/api"}),
        ("fluentd-max-retries: 3", {"Retry_Limit": "3"}),
        ("fluentd-address: 'tls://logs.example.com:443'", {"Host": "logs.example.com", "Port": "443", "tls": "On"}),
        ("fluentd-address: 10.1.2.3", {"Host": "10.1.2.3", "Port": "24224"}),
    ],
)
def test_options_of_fluentd_are_those_of_the_router(tmp_path: Path, option: str, expected: dict[str, str]) -> None:
    made = options(logged(tmp_path, f"{{driver: fluentd, options: {{{option}}}}}"))
    assert expected.items() <= made.items()


@pytest.mark.parametrize(
    ("logging", "why"),
    [
        ("{driver: fluentd, options: {fluentd-address: 'localhost:9999'}}", "publishes port 9999"),
        ("{driver: fluentd, options: {fluentd-address: 'unix:///var/run/fluent.sock'}}", "no"),
        ("{driver: splunk, options: {splunk-url: 'https://splunk.example.com'}}", "splunk-token"),
    ],
)
def test_output_that_reaches_nobody_goes_to_the_log_group(tmp_path: Path, logging: str, why: str) -> None:
    made = logged(tmp_path, logging)
    assert container(made, "api").log_driver is None
    assert why in finding(made, "log-driver").message


def test_a_collector_in_another_network_is_told(tmp_path: Path) -> None:
    compose = """
        services:
          api: {image: acme/api, logging: {driver: fluentd}, networks: [front]}
          collector: {image: fluent/fluentd, ports: ['24224:24224'], networks: [back]}
        networks: {front: , back: }
        """
    assert finding(planned(tmp_path, compose), "log-driver-unreachable").severity == "error"
    together = planned(tmp_path, compose.replace("[back]", "[back, front]"))
    assert "log-driver-unreachable" not in codes(together)


SPLUNK = (
    "{driver: splunk, options: {splunk-url: 'https://splunk.example.com:8088', splunk-token: %s, splunk-capath: /x}}"
)


@pytest.mark.parametrize(
    ("token", "environment", "source"),
    [
        ("${SPLUNK_TOKEN}", {"SPLUNK_TOKEN": "b8f1-very-secret"}, "variable:SPLUNK_TOKEN"),
        ("${SPLUNK_TOKEN}", {}, "variable:SPLUNK_TOKEN"),
        ("b8f1-very-secret", {}, "compose:/services/api/logging/options/splunk-token"),
    ],
)
def test_the_token_of_splunk_is_a_secret(tmp_path: Path, token: str, environment: dict[str, str], source: str) -> None:
    made = logged(tmp_path, SPLUNK % f"'{token}'", environment=environment)
    driver = container(made, "api").log_driver
    assert driver is not None
    ((name, secret),) = driver.secret_options
    assert (driver.name, name) == ("splunk", "splunk-token")
    assert driver.options == (("splunk-url", "https://splunk.example.com:8088"),)
    (parameter,) = (p for p in made.parameters if p.source == source)
    assert parameter.secret
    assert secret in {stored.id for stored in made.secrets}
    assert finding(made, "log-option").path == ("services", "api", "logging", "options", "splunk-capath")
    written = templates(made) + str(made.decisions) + str(made.findings)
    assert "very-secret" not in written
    assert f"ValueFrom: !Ref {secret.logical_id}" in written or f"Ref: {secret.logical_id}" in written


def test_an_option_with_a_secret_in_it_is_not_written(tmp_path: Path) -> None:
    url = "https://me:hunter2hunter2@splunk.example.com"
    made = logged(tmp_path, f"{{driver: splunk, options: {{splunk-url: '{url}', splunk-token: abc}}}}")
    assert driver_of(made).options == ()
    assert "log-option-secret" in codes(made)
    assert "hunter2" not in templates(made) + str(made.findings)


def test_a_job_that_a_deployment_waits_for_keeps_its_output_where_failures_are_looked_up(tmp_path: Path) -> None:
    more = "restart: 'no'"
    assert "log-driver" in codes(logged(tmp_path, "{driver: fluentd}", more))
    scheduled = logged(tmp_path, "{driver: fluentd}", "x-aws: {schedule: 'rate(1 hour)'}")
    assert driver_of(scheduled).name == "awsfirelens"


def driver_of(made: Plan) -> LogDriver:
    driver = container(made, "api").log_driver
    assert driver is not None
    return driver


def templates(made: Plan) -> str:
    return "\n".join(text.decode() for text in render(emit(made)).values())
