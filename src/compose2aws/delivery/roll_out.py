"""ECS services while CloudFormation makes or updates them: how many tasks run, and why tasks stop.

Read while it happens: a roll-back deletes the service, and with it what it could tell.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from compose2aws.cloudformation import source_of
from compose2aws.delivery.account import Account
from compose2aws.delivery.progress import ResourceEvent, RollOut, StoppedTask
from compose2aws.delivery.stopped_task import StoppedTasks

_SERVICE = "AWS::ECS::Service"
_EVERY = 2.0
"""Seconds between two looks."""
_AT_ONCE = 10  # DescribeServices takes ten services a call
_TROUBLED_AT_ONCE = 10
"""Of so many services the stopped tasks are asked for in one look: each is a call."""
_A_LOOP = 3
"""So many tasks that stopped, and more than are wanted, before the service is up: it does not come up by itself."""
_UNREADABLE = (ClientError, BotoCoreError, ResponseParserError)


@dataclass(slots=True)
class _Service:
    arn: str
    name: str
    """the Compose service's"""
    tasks: StoppedTasks
    asked: int = 0
    """In which look its stopped tasks were asked for last."""
    looping: bool = False


class RollOuts:
    """The services of one stack that are on their way."""

    def __init__(self, account: Account, resources: Mapping[str, Any]) -> None:
        self._account = account
        self._resources = resources
        self._services: dict[str, _Service] = {}
        self._told: dict[str, RollOut] = {}
        self._loops: list[tuple[str, int]] = []
        self._looks = 0
        self._next = 0.0

    @property
    def stopped(self) -> tuple[tuple[str, StoppedTask], ...]:
        """The last tasks of each service that stopped by themselves so far, with the Compose service's name."""
        return tuple((service.name, task) for service in self._services.values() for task in service.tasks.newest)

    def loops(self) -> list[tuple[str, int]]:
        """The Compose services whose tasks stop again and again, with how many did so far; each is told once."""
        told, self._loops = self._loops, []
        return told

    def now(self, events: Iterable[ResourceEvent]) -> list[RollOut]:
        """The roll-outs that got further since the last look. `events` tell which services are on their way.

        What cannot be read is left out: it is news, and no reason to fail.
        """
        ended = False
        for event in events:
            if event.type != _SERVICE or not event.physical_id:
                continue
            known = self._services.get(event.logical_id)
            if event.status.endswith("_IN_PROGRESS") and not event.status.startswith("DELETE"):
                if known is None:
                    name = self._compose_name(event.logical_id)
                    tasks = StoppedTasks(self._account, event.at)
                    self._services[event.logical_id] = _Service(event.physical_id, name, tasks)
                else:
                    known.arn = event.physical_id
            elif known is not None:
                ended = True
        if not self._services or (time.monotonic() < self._next and not ended):
            return []
        self._next = time.monotonic() + _EVERY
        return self._look()

    def _look(self) -> list[RollOut]:
        self._looks += 1
        described = dict(self._described())
        troubled = [logical_id for logical_id, service in described.items() if not _is_well(service)]
        # Those whose tasks ECS itself counts as failed first, then whoever was not asked for longest.
        troubled.sort(key=lambda one: (not _newest(described[one]).get("failedTasks"), self._services[one].asked))
        for logical_id in troubled[:_TROUBLED_AT_ONCE]:
            self._ask_for_tasks(self._services[logical_id], described[logical_id])
        states = [self._state(logical_id, service) for logical_id, service in described.items()]
        news = [state for state in states if self._told.get(state.logical_id) != state]
        self._told |= {state.logical_id: state for state in news}
        return news

    def _described(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What ECS says of each service, by logical id. Those of which it says nothing now are left out."""
        by_cluster: dict[str, list[str]] = {}
        for logical_id, service in self._services.items():
            by_cluster.setdefault(cluster_of(service.arn), []).append(logical_id)
        client = self._account.client("ecs")
        for cluster, members in by_cluster.items():
            for start in range(0, len(members), _AT_ONCE):
                names = {self._services[one].arn: one for one in members[start : start + _AT_ONCE]}
                try:
                    found = client.describe_services(cluster=cluster, services=list(names))["services"]
                except _UNREADABLE:
                    continue
                yield from ((names[one["serviceArn"]], one) for one in found if one["serviceArn"] in names)

    def _ask_for_tasks(self, service: _Service, described: Mapping[str, Any]) -> None:
        service.asked = self._looks
        newest, before = _newest(described), service.tasks.number
        try:
            service.tasks.look(cluster_of(service.arn), described["serviceName"], newest.get("taskDefinition"))
        except _UNREADABLE:
            return
        # Each of them runs for a while before it stops, so how many run now says little.
        stopped, (desired, _) = service.tasks.number, _counts(described)
        if not service.looping and stopped > before and stopped >= max(_A_LOOP, desired + 1):
            service.looping = True
            self._loops.append((service.name, stopped))

    def _state(self, logical_id: str, described: Mapping[str, Any]) -> RollOut:
        service, newest = self._services[logical_id], _newest(described)
        desired, running = _counts(described)
        return RollOut(
            service=service.name,
            logical_id=logical_id,
            desired=desired,
            running=running,
            # ECS counts those that never ran, or failed a health check; not those that ran and then exited.
            failed=max(newest.get("failedTasks", 0), service.tasks.number),
            state=newest.get("rolloutState", "IN_PROGRESS"),
            stopped=service.tasks.newest,
        )

    def _compose_name(self, logical_id: str) -> str:
        return (source_of(self._resources.get(logical_id) or {}) or logical_id).removeprefix("services.")


def _newest(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """The newest of a service's deployments."""
    deployments: list[Mapping[str, Any]] = service.get("deployments", [])
    return next((one for one in deployments if one.get("status") == "PRIMARY"), {})


def _counts(service: Mapping[str, Any]) -> tuple[int, int]:
    """How many tasks of the newest deployment are wanted, and how many run."""
    newest = _newest(service)
    return (
        newest.get("desiredCount", service.get("desiredCount", 0)),
        newest.get("runningCount", service.get("runningCount", 0)),
    )


def _is_well(service: Mapping[str, Any]) -> bool:
    desired, running = _counts(service)
    return running >= desired and _newest(service).get("rolloutState") == "COMPLETED"


def cluster_of(service_arn: str) -> str:
    """`arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME` → CLUSTER; an ARN of the old form is in `default`."""
    parts = service_arn.rpartition(":")[2].split("/")
    return parts[1] if len(parts) == 3 else "default"
