"""Lines of logs: merged, followed, and each told once whatever AWS answers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from compose2aws.delivery.task_log import Follower, LogLine, LogSource, LogSources, last_lines, read_lines

NOW = datetime.now(UTC).replace(microsecond=0)
SOURCES = LogSources((LogSource("g", (("api/api/", "api"), ("seed/seed/", "api/seed"))),), ())


class Logs:
    """CloudWatch Logs with one group: what it holds, and how its next calls fail."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.failures: list[Exception] = []
        self.asked: list[dict[str, Any]] = []
        self.read = 0

    def write(self, text: str, ago: float, stream: str = "api/api/1") -> None:
        at = int((NOW - timedelta(seconds=ago)).timestamp() * 1000)
        number = str(len(self.events))
        self.events.append({"eventId": number, "timestamp": at, "message": text, "logStreamName": stream})

    def client(self, _: str) -> Logs:
        return self

    def get_paginator(self, _: str) -> Logs:
        return self

    def paginate(self, **given: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(given)
        if self.failures:
            raise self.failures.pop(0)
        within = [
            event
            for event in sorted(self.events, key=lambda event: event["timestamp"])
            if given["startTime"] <= event["timestamp"] <= given.get("endTime", 1e15)
            and event["logStreamName"].startswith(given.get("logStreamNamePrefix", ""))
        ]
        self.read += len(within)
        for start in range(0, len(within), 2):
            yield {"events": within[start : start + 2]}
        yield {"events": []}


def texts(lines: Iterator[LogLine], number: int) -> list[str]:
    return [line.text for line in itertools.islice(lines, number)]


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "FilterLogEvents")


@pytest.fixture(autouse=True)
def _now() -> None:
    """Ages are counted from the test's own begin: a long run may have imported this module long ago."""
    global NOW  # noqa: PLW0603 - all of the module reads it
    NOW = datetime.now(UTC)


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    logs = Logs()

    def pass_(seconds: float) -> None:
        logs.write(f"after {seconds:g} s", -1)

    monkeypatch.setattr("time.sleep", pass_)
    return logs


def test_following_waits_through_throttling_and_a_lost_network(logs: Logs) -> None:
    logs.write("before", 5)
    logs.failures = [
        error("ThrottlingException"),
        EndpointConnectionError(endpoint_url="https://logs"),
        error("ServiceUnavailable"),
    ]
    told = texts(Follower(logs, SOURCES, NOW - timedelta(minutes=1)).lines(), 4)  # type: ignore[arg-type]
    assert told == ["before", *["after 5 s"] * 3]


def test_following_ends_where_aws_refuses(logs: Logs) -> None:
    logs.failures = [error("AccessDeniedException")]
    with pytest.raises(ClientError):
        next(Follower(logs, SOURCES, NOW).lines())  # type: ignore[arg-type]


def test_a_line_that_arrives_late_is_told_once(logs: Logs) -> None:
    follower = Follower(logs, SOURCES, NOW - timedelta(minutes=10))  # type: ignore[arg-type]
    logs.write("one", 100)
    assert [line.text for line in follower.new()] == ["one"]
    logs.write("three", 60)
    assert [line.text for line in follower.new()] == ["three"]
    logs.write("two", 80)
    assert [line.text for line in follower.new()] == ["two"]
    assert follower.new() == []
    logs.write("too late", 300)
    assert follower.new() == []


def test_what_was_shown_before_following_is_not_told_again(logs: Logs) -> None:
    logs.write("shown", 1)
    follower = Follower(logs, SOURCES, NOW - timedelta(minutes=1))  # type: ignore[arg-type]
    assert texts(follower.skip(read_lines(logs, SOURCES, NOW - timedelta(minutes=1))), 9) == ["shown"]  # type: ignore[arg-type]
    logs.write("new", 1)
    assert [line.text for line in follower.new()] == ["new"]


def test_the_last_lines_are_looked_for_no_further_back_than_needed(logs: Logs) -> None:
    for number in range(3):
        logs.write(f"recent {number}", 60 - number)
        logs.write(f"seeded {number}", 120 - number, "seed/seed/1")
    logs.write("last week", 6 * 86_400)
    assert texts(last_lines(logs, SOURCES, 2, None), 9) == ["seeded 1", "seeded 2", "recent 1", "recent 2"]  # type: ignore[arg-type]
    assert len(logs.asked) == 1
    assert texts(last_lines(logs, SOURCES, 4, None), 9)[0] == "last week"  # type: ignore[arg-type]
    assert "last week" not in texts(last_lines(logs, SOURCES, 4, NOW - timedelta(days=1)), 9)  # type: ignore[arg-type]


def test_the_last_lines_of_a_quiet_container_are_found_beside_one_that_says_much(logs: Logs) -> None:
    logs.write("seeded long ago", 5 * 86_400, "seed/seed/1")
    logs.write("seeded", 7200, "seed/seed/1")
    for number in range(1000):
        logs.write(f"said {number}", number * 60)
    assert texts(last_lines(logs, SOURCES, 2, None), 9) == ["seeded long ago", "seeded", "said 1", "said 0"]  # type: ignore[arg-type]
    assert logs.read < 20, "what the other said is not read again and again"


def test_a_container_that_never_said_anything_ends_the_search_at_a_month(logs: Logs) -> None:
    logs.write("only", 60)
    assert texts(last_lines(logs, SOURCES, 1, None), 9) == ["only"]  # type: ignore[arg-type]
    assert {one.get("logStreamNamePrefix") for one in logs.asked[1:]} == {"seed/seed/"}
    month_ago = int((datetime.now(UTC) - timedelta(days=30)).timestamp() * 1000)
    assert min(one["startTime"] for one in logs.asked) == pytest.approx(month_ago, abs=60_000)


def test_streams_of_others_and_a_group_that_went_are_passed_over(logs: Logs) -> None:
    logs.write("proxy", 5, "ecs-service-connect-1/ecs-service-connect-1/1")
    logs.write("own", 4)
    since = NOW - timedelta(minutes=1)
    assert texts(read_lines(logs, SOURCES, since), 9) == ["own"]  # type: ignore[arg-type]
    logs.failures = [error("ResourceNotFoundException")]
    assert texts(read_lines(logs, SOURCES, since), 9) == []  # type: ignore[arg-type]
