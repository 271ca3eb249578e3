"""ECS services while CloudFormation makes or updates them: how many tasks run, and why tasks stop.

Read while it happens: a roll-back deletes the service, and with it what it could tell.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.cloudformation import source_of
from compose2aws.delivery.account import Account
from compose2aws.delivery.progress import ResourceEvent, RollOut, StoppedTask

_SERVICE = "AWS::ECS::Service"
_EVERY = 2.0
"""Seconds between two looks."""
_AT_ONCE = 10  # DescribeServices takes ten services a call
_TASKS = 5
"""So many stopped tasks of a service are told of."""
_LINES = 20
_OURS = ("Scaling activity initiated", "Task stopped by a user", "deployment")


class RollOuts:
    """The services of one stack that are on their way."""

    def __init__(self, account: Account, resources: Mapping[str, Any]) -> None:
        self._account = account
        self._resources = resources
        self._arns: dict[str, str] = {}
        self._told: dict[str, RollOut] = {}
        self._stopped: dict[str, tuple[str, StoppedTask]] = {}
        self._next = 0.0

    @property
    def stopped(self) -> tuple[tuple[str, StoppedTask], ...]:
        """All tasks that stopped by themselves so far, with the Compose service's name."""
        return tuple(self._stopped.values())

    def now(self, events: Iterable[ResourceEvent]) -> list[RollOut]:
        """The roll-outs that got further since the last look. `events` tell which services are on their way.

        What cannot be read is left out: it is news, and no reason to fail.
        """
        ended = False
        for event in events:
            if event.type != _SERVICE or not event.physical_id:
                continue
            if event.status.endswith("_IN_PROGRESS") and not event.status.startswith("DELETE"):
                self._arns[event.logical_id] = event.physical_id
            elif event.logical_id in self._arns:
                ended = True
        if not self._arns or (time.monotonic() < self._next and not ended):
            return []
        self._next = time.monotonic() + _EVERY
        try:
            return self._look()
        except (ClientError, BotoCoreError):
            return []

    def _look(self) -> list[RollOut]:
        news = []
        for state in self._states():
            if self._told.get(state.logical_id) != state:
                self._told[state.logical_id] = state
                news.append(state)
        return news

    def _states(self) -> Iterable[RollOut]:
        by_cluster: dict[str, list[tuple[str, str]]] = {}
        for logical_id, arn in self._arns.items():
            by_cluster.setdefault(cluster_of(arn), []).append((logical_id, arn))
        client = self._account.client("ecs")
        for cluster, members in by_cluster.items():
            for start in range(0, len(members), _AT_ONCE):
                part = members[start : start + _AT_ONCE]
                names = {arn: logical_id for logical_id, arn in part}
                for service in client.describe_services(cluster=cluster, services=list(names))["services"]:
                    if service["serviceArn"] in names:
                        yield self._state(names[service["serviceArn"]], cluster, service)

    def _state(self, logical_id: str, cluster: str, service: Mapping[str, Any]) -> RollOut:
        deployments = service.get("deployments", [])
        newest: Mapping[str, Any] = next((one for one in deployments if one.get("status") == "PRIMARY"), {})
        name = self._compose_name(logical_id)
        stopped = self._stopped_tasks(cluster, service, newest) if newest.get("failedTasks", 0) else ()
        for task in stopped:
            self._stopped.setdefault(task.task, (name, task))
        return RollOut(
            service=name,
            logical_id=logical_id,
            desired=newest.get("desiredCount", service.get("desiredCount", 0)),
            running=newest.get("runningCount", service.get("runningCount", 0)),
            failed=newest.get("failedTasks", 0),
            state=newest.get("rolloutState", "IN_PROGRESS"),
            stopped=stopped,
        )

    def _stopped_tasks(
        self, cluster: str, service: Mapping[str, Any], deployment: Mapping[str, Any]
    ) -> tuple[StoppedTask, ...]:
        client = self._account.client("ecs")
        arns = client.list_tasks(
            cluster=cluster, serviceName=service["serviceName"], desiredStatus="STOPPED", maxResults=_TASKS
        )["taskArns"]
        if not arns:
            return ()
        tasks = client.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        return tuple(
            self._known(task["taskArn"]) or self._stopped_task(task)
            for task in tasks
            if task.get("taskDefinitionArn") == deployment.get("taskDefinition", task.get("taskDefinitionArn"))
            and not any(words in task.get("stoppedReason", "") for words in _OURS)
        )

    def _known(self, arn: str) -> StoppedTask | None:
        found = self._stopped.get(arn.rpartition("/")[2])
        return found[1] if found else None

    def _stopped_task(self, task: Mapping[str, Any]) -> StoppedTask:
        return stopped_task(self._account, task)

    def _compose_name(self, logical_id: str) -> str:
        return (source_of(self._resources.get(logical_id) or {}) or logical_id).removeprefix("services.")


def stopped_task(account: Account, task: Mapping[str, Any]) -> StoppedTask:
    """What a stopped task, as DescribeTasks shows it, tells: why, exit codes, and the last lines of the first container
    that failed. Raises botocore's exceptions where the task cannot be described; a log that cannot be read is empty."""
    containers = task.get("containers", [])
    codes = tuple((one["name"], one.get("exitCode"), one.get("reason", "")) for one in containers)
    failed = next((name for name, code, _ in codes if code), codes[0][0] if codes else "")
    number = task["taskArn"].rpartition("/")[2]
    group, lines = _last_lines(account, task["taskDefinitionArn"], failed, number)
    return StoppedTask(number, task.get("stoppedReason", "no reason is given"), codes, lines, group)


def _last_lines(account: Account, definition: str, container: str, task: str) -> tuple[str | None, tuple[str, ...]]:
    try:
        described = account.client("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
        options: Mapping[str, Any] = next(
            (
                one["logConfiguration"].get("options", {})
                for one in described["containerDefinitions"]
                if one["name"] == container and one.get("logConfiguration", {}).get("logDriver") == "awslogs"
            ),
            {},
        )
        group = options.get("awslogs-group")
        if not group:
            return None, ()
        stream = f"{options.get('awslogs-stream-prefix', 'ecs')}/{container}/{task}"
        events = account.client("logs").get_log_events(
            logGroupName=group, logStreamName=stream, limit=_LINES, startFromHead=False
        )["events"]
    except (ClientError, BotoCoreError):
        return None, ()
    return group, tuple(str(event["message"]).rstrip() for event in events)


def cluster_of(service_arn: str) -> str:
    """`arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME` → CLUSTER; an ARN of the old form is in `default`."""
    parts = service_arn.rpartition(":")[2].split("/")
    return parts[1] if len(parts) == 3 else "default"
