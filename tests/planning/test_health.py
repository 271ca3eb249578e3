"""Health checks within the ranges that ECS takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compose2aws.compose.node import Mapping, Position, Scalar, Sequence
from compose2aws.planning.health import plan_health_check
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import HealthCheck
from compose2aws.planning.settings import ServiceSettings
from compose2aws.planning.source import ServiceSource
from tests.planning.projects import container, decision, finding, outcome, planned, service

HERE = Position("compose.yaml", 1, 1)


def check(folder: Path, body: str) -> HealthCheck | None:
    made = planned(folder, f"services:\n  api:\n    image: a\n    healthcheck: {{{body}}}\n")
    return container(made, "api").health_check


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("test: 'true'", (30, 30, 3, 60)),
        ("test: 'true', interval: 10s, timeout: 5s, retries: 5, start_period: 2m", (10, 5, 5, 120)),
        ("test: 'true', interval: 1s, timeout: 1s, retries: 20", (5, 2, 10, 60)),
        ("test: 'true', interval: 1h, timeout: 10m, start_period: 1h", (300, 60, 3, 300)),
        ("test: 'true', interval: 1m30s, timeout: 2500ms", (90, 3, 3, 60)),
        ("test: 'true', start_period: 0s", (30, 30, 3, 60)),
    ],
)
def test_times_are_taken_within_the_ranges(tmp_path: Path, body: str, expected: tuple[int, int, int, int]) -> None:
    found = check(tmp_path, body)
    assert found is not None
    assert (found.interval, found.timeout, found.retries, found.start_period) == expected


@pytest.mark.parametrize(
    ("test", "command"),
    [
        ("curl -f http://localhost || exit 1", ("CMD-SHELL", "curl -f http://localhost || exit 1")),
        ("[CMD, pg_isready, -q]", ("CMD", "pg_isready", "-q")),
        ("[CMD-SHELL, 'exit 0']", ("CMD-SHELL", "exit 0")),
    ],
)
def test_the_test_is_the_files(tmp_path: Path, test: str, command: tuple[str, ...]) -> None:
    found = check(tmp_path, f"test: {test}")
    assert found is not None
    assert found.command == command


@pytest.mark.parametrize("body", ["disable: true", "test: [NONE]"])
def test_a_check_that_is_switched_off_is_none(tmp_path: Path, body: str) -> None:
    assert check(tmp_path, body) is None


def test_times_without_a_test_are_dropped_with_a_finding(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a, healthcheck: {interval: 10s}}\n")
    assert container(made, "api").health_check is None
    assert outcome(made, "services.api.healthcheck") == "dropped"
    assert finding(made, "image-health-check").severity == "warning"


def test_what_was_changed_is_said(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  api: {image: a, healthcheck: {test: 'true', interval: 2s, retries: 30, start_interval: 1s}}\n",
    )
    reason = decision(made, "services.api.healthcheck").reason
    for part in ("interval 2 s → 5 s", "retries 30 → 10", "start_period 0 s → 100 s", "no start_interval"):
        assert part in reason
    assert outcome(made, "services.api.healthcheck") == "adapted"
    exact = "services:\n  api: {image: a, healthcheck: {test: 'true', start_period: 90s}}\n"
    assert outcome(planned(tmp_path, exact), "services.api.healthcheck") == "translated"


def test_the_balancers_check_counts_after_two_minutes_or_when_the_slowest_container_may_be_healthy(
    tmp_path: Path,
) -> None:
    made = planned(
        tmp_path,
        """
services:
  quick: {image: a, ports: ["80:80"]}
  slow: {image: b, ports: ["81:80"], healthcheck: {test: 'true', start_period: 4m, interval: 20s, retries: 3}}
  inner: {image: c, healthcheck: {test: 'true', start_period: 4m}}
""",
    )
    assert service(made, "quick").health_grace == 120
    assert service(made, "slow").health_grace == 240 + 20 * 3
    # without a balancer there is nothing to be gracious to
    assert service(made, "inner").health_grace is None


DURATION = st.integers(0, 10**7).map(lambda ms: f"{ms}ms") | st.integers(0, 10**5).map(lambda m: f"{m}m{m % 60}s")


@given(DURATION, DURATION, DURATION, st.integers(0, 10**6))
@settings(max_examples=100)
def test_whatever_the_file_says_ecs_takes_it(interval: str, timeout: str, start: str, retries: int) -> None:
    values: dict[str, str | int] = {"interval": interval, "timeout": timeout, "start_period": start, "retries": retries}
    entries = {key: Scalar(value, HERE) for key, value in values.items()}
    test = Sequence((Scalar("CMD", HERE), Scalar("true", HERE)), HERE)
    node = Mapping({"healthcheck": Mapping({**entries, "test": test}, HERE)}, HERE)
    ledger = Ledger(Mapping({"services": Mapping({"api": node}, HERE)}, HERE))
    found = plan_health_check(ServiceSource("api", node, ServiceSettings(), "api", "api"), None, ledger)
    assert found is not None
    assert 5 <= found.interval <= 300
    assert 2 <= found.timeout <= 60
    assert 60 <= found.start_period <= 300
    assert 1 <= found.retries <= 10


@pytest.mark.parametrize(
    ("body", "code", "severity", "words"),
    [
        ("interval: 20m", "health-check-more-often", "note", "every 300 s instead of every 1200 s"),
        ("timeout: 2m", "health-check-stricter", "warning", "may take 120 s, and 60 s on ECS"),
        ("start_period: 10m", "health-check-stricter", "warning", "has 390 s to become healthy instead of 690 s"),
        (
            "interval: 10s, retries: 60",
            "health-check-stricter",
            "warning",
            "has 400 s to become healthy instead of 600",
        ),
    ],
)
def test_a_check_that_is_not_dockers_is_told(tmp_path: Path, body: str, code: str, severity: str, words: str) -> None:
    made = planned(tmp_path, f"services:\n  api: {{image: a, healthcheck: {{test: 'true', {body}}}}}\n")
    told = finding(made, code)
    assert told.severity == severity
    assert words in told.message


@pytest.mark.parametrize(
    "body", ["interval: 1s", "timeout: 1s", "interval: 10s, retries: 30", "interval: 5m, retries: 10"]
)
def test_a_check_that_gives_as_much_time_is_not_told(tmp_path: Path, body: str) -> None:
    made = planned(tmp_path, f"services:\n  api: {{image: a, healthcheck: {{test: 'true', {body}}}}}\n")
    assert not {"health-check-stricter", "health-check-more-often"} & {finding.code for finding in made.findings}


def test_retries_that_ecs_does_not_take_lengthen_the_start(tmp_path: Path) -> None:
    found = check(tmp_path, "test: 'true', interval: 10s, retries: 30")
    assert found is not None
    assert (found.retries, found.start_period) == (10, 200)
