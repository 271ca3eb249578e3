"""What containers wrote: the log groups of a project's services and jobs, merged by time."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.deployed import DeployedProject
from compose2aws.delivery.refusal import DeliveryError, code_of
from compose2aws.delivery.watch import passes
from compose2aws.delivery.workload import services_of, unknown, workloads

_PAUSE = 2.0
"""Seconds between two looks, and as many more for each group: FilterLogEvents has few calls a second."""
_PAUSE_A_GROUP = 0.1
_AFTER_A_FAILURE = 5.0
_PATIENCE = 10 * 60
_LATE = timedelta(seconds=30)
"""How much later than its own time a line may arrive and be told all the same."""
_WINDOWS = tuple(timedelta(minutes=minutes) for minutes in (10, 60, 6 * 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60))
"""How far back the last lines are looked for, step by step: FilterLogEvents begins with the oldest."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line, or several that were written as one event. `label` is the container's (`api`, `api/secrets`), `id` the
    event's own."""

    id: str
    at: datetime
    label: str
    task: str
    text: str


@dataclass(frozen=True, slots=True)
class LogSource:
    """A log group and the containers that write into it: what their streams begin with, and their labels."""

    group: str
    streams: tuple[tuple[str, str], ...]

    def label(self, stream: str) -> str | None:
        """Whose stream it is; None for one that is nobody's whom we show."""
        return next((label for begin, label in self.streams if stream.startswith(begin)), None)


@dataclass(frozen=True, slots=True)
class LogSources:
    """Where the wanted lines are. `elsewhere` are the containers whose lines are not in CloudWatch Logs, each with the
    driver that took them."""

    sources: tuple[LogSource, ...]
    elsewhere: tuple[tuple[str, str], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all containers that are told of, in order."""
        return tuple(sorted({label for source in self.sources for _, label in source.streams}))


def log_sources(project: DeployedProject, services: Iterable[str] = ()) -> LogSources:
    """The log groups of these services with the containers that prepare them, or of all services and jobs.

    Raises `DeliveryError` for a name that nothing which runs has.
    """
    containers = [(one.service, container) for one in workloads(project) for container in one.containers]
    wanted = set(services)
    for name in sorted(wanted):
        if any(name in (container.service, container.label) for _, container in containers):
            continue
        if name in services_of(project):
            raise DeliveryError(f"{name} runs in no container: AWS manages it, and keeps its logs (`status` names it)")
        raise unknown(name, (container.label for _, container in containers), project)
    streams: dict[str, dict[str, str]] = {}
    elsewhere = []
    for _, container in containers:
        if wanted and not wanted & {container.service, container.label}:
            continue
        if container.logs is None:
            elsewhere.append((container.label, container.driver))
        else:
            streams.setdefault(container.logs.group, {})[container.logs.stream] = container.label
    sources = tuple(LogSource(group, tuple(sorted(those.items()))) for group, those in sorted(streams.items()))
    return LogSources(sources, tuple(elsewhere))


def read_lines(account: Account, sources: LogSources, since: datetime) -> Iterator[LogLine]:
    """The lines from `since` on, the oldest first. Raises botocore's exceptions."""
    groups = [_events(account, source, since) for source in sources.sources]
    return heapq.merge(*groups, key=lambda line: line.at)


def last_lines(account: Account, sources: LogSources, number: int, since: datetime | None) -> Iterator[LogLine]:
    """The last `number` lines of each container, the oldest first; none older than `since`, or than a month."""
    now = datetime.now(UTC)
    windows = [now - since] if since else _WINDOWS
    found = [lines for source in sources.sources for lines in _last_of_each(account, source, number, now, windows)]
    return heapq.merge(*found, key=lambda line: line.at)


def _last_of_each(
    account: Account, source: LogSource, number: int, now: datetime, windows: Iterable[timedelta]
) -> Iterable[list[LogLine]]:
    """The last lines of each container of a group. A container that has enough of them is not asked for further back:
    one that says little may stand beside one that says much."""
    found: dict[str, list[LogLine]] = {label: [] for _, label in source.streams}
    end = None
    for window in windows:
        missing = {label: number - len(lines) for label, lines in found.items() if len(lines) < number}
        if not missing:
            break
        older: dict[str, deque[LogLine]] = {label: deque(maxlen=size) for label, size in missing.items()}
        prefixes: list[str | None] = [begin for begin, label in source.streams if label in missing]
        if len(prefixes) > 1 and len(prefixes) == len(source.streams):
            prefixes = [None]  # all of them in one call
        for prefix in prefixes:
            for line in _events(account, source, now - window, end, prefix):
                if line.label in older:
                    older[line.label].append(line)
        for label, lines in older.items():
            found[label] = [*lines, *found[label]]
        end = now - window
    return found.values()


class Follower:
    """Looks for new lines again and again, and tells each once."""

    def __init__(self, account: Account, sources: LogSources, since: datetime) -> None:
        self._account = account
        self._sources = sources
        self._from = since
        self._seen: dict[str, datetime] = {}

    def skip(self, lines: Iterable[LogLine]) -> Iterator[LogLine]:
        """Passes lines on that are read otherwise, and does not tell them again."""
        for line in lines:
            self._seen[line.id] = line.at
            yield line

    def new(self) -> list[LogLine]:
        """The lines that came since the last look, the oldest first. Raises botocore's exceptions."""
        fresh: list[LogLine] = []
        newest = self._from
        for source in self._sources.sources:
            for line in _events(self._account, source, self._from):
                newest = max(newest, line.at)
                if line.id not in self._seen:
                    self._seen[line.id] = line.at
                    fresh.append(line)
        if newest - _LATE > self._from:
            self._from = newest - _LATE
            self._seen = {id_: at for id_, at in self._seen.items() if at >= self._from}
        return sorted(fresh, key=lambda line: line.at)

    def lines(self) -> Iterator[LogLine]:
        """New lines for ever. Throttling and a network that is gone for some minutes are waited for."""
        lost: float | None = None
        while True:
            try:
                fresh = self.new()
                lost = None
            except (ClientError, BotoCoreError) as error:
                lost = lost or time.monotonic()
                if not passes(error) or time.monotonic() - lost > _PATIENCE:
                    raise
                time.sleep(_AFTER_A_FAILURE)
                continue
            yield from fresh
            time.sleep(_PAUSE + _PAUSE_A_GROUP * len(self._sources.sources))


def _events(
    account: Account, source: LogSource, since: datetime, until: datetime | None = None, prefix: str | None = None
) -> Iterator[LogLine]:
    """The events of a group, in order of time; `until` is not among them. `prefix` is what the streams begin with."""
    arguments: dict[str, Any] = {"logGroupName": source.group, "startTime": _milliseconds(since), "interleaved": True}
    if until is not None:
        arguments["endTime"] = _milliseconds(until) - 1
    if prefix is not None:
        arguments["logStreamNamePrefix"] = prefix
    try:
        for page in account.client("logs").get_paginator("filter_log_events").paginate(**arguments):
            for event in page["events"]:
                stream = str(event["logStreamName"])
                label = source.label(stream)
                if label is None:
                    continue
                at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield LogLine(event["eventId"], at, label, stream.rpartition("/")[2], str(event["message"]))
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":  # the group went with its service
            raise


def _milliseconds(at: datetime) -> int:
    return max(0, int(at.timestamp() * 1000))
