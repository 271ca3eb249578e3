"""Tasks of ECS that stopped: why, with which exit codes, and what they wrote last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.progress import StoppedTask

_AT_ONCE = 100  # DescribeTasks takes a hundred tasks a call
_KEPT = 5
"""So many stopped tasks of a service are told of."""
_LINES = 20
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ORDERED = ("Scaling activity initiated", "Task stopped by")
"""What the reason begins with where ECS took a task away for a release or a smaller count, or a person stopped it. A
task whose health check failed is stopped by ECS too (ServiceSchedulerInitiated), and is one that failed. (Amazon ECS
Developer Guide, "Stopped tasks error messages")"""


def stopped_task(account: Account, task: Mapping[str, Any]) -> StoppedTask:
    """What a stopped task, as DescribeTasks shows it, tells: why, exit codes, and the last lines of the first container
    that failed. Raises botocore's exceptions where the task cannot be described; a log that cannot be read is empty."""
    containers = task.get("containers", [])
    codes = tuple((one["name"], one.get("exitCode"), one.get("reason", "")) for one in containers)
    failed = next((name for name, code, _ in codes if code), codes[0][0] if codes else "")
    number = task["taskArn"].rpartition("/")[2]
    group, lines = _last_lines(account, task["taskDefinitionArn"], failed, number)
    return StoppedTask(number, task.get("stoppedReason") or "no reason is given", codes, lines, group)


class StoppedTasks:
    """The tasks of one service that stopped by themselves since a moment. Each is described and its log read once,
    whatever the number of looks."""

    def __init__(self, account: Account, since: datetime) -> None:
        self._account = account
        self._since = since
        self._done: set[str] = set()
        self.number = 0
        """How many there were so far."""
        self.newest: tuple[StoppedTask, ...] = ()
        """The last five of them, in the order in which they stopped."""

    def look(self, cluster: str, service: str, definition: str | None) -> None:
        """Looks for tasks of that task definition (None: of any) that stopped since the last look. Raises botocore's
        exceptions, and then knows what it knew before."""
        client = self._account.client("ecs")
        arns = [
            arn
            for page in client.get_paginator("list_tasks").paginate(
                cluster=cluster, serviceName=service, desiredStatus="STOPPED"
            )
            for arn in page["taskArns"]
            if arn not in self._done
        ]
        ended = [task for task in self._described(cluster, arns) if task.get("lastStatus") == "STOPPED"]
        # Listed in no order. Those that are still being stopped have no exit code yet: the next look has it.
        failed = sorted(
            (task for task in ended if self._failed(task, definition)),
            key=lambda task: task.get("stoppedAt", _LONG_AGO),
        )
        told = tuple(stopped_task(self._account, task) for task in failed[-_KEPT:])
        self._done |= {task["taskArn"] for task in ended}
        self.number += len(failed)
        self.newest = (*self.newest, *told)[-_KEPT:]

    def _described(self, cluster: str, arns: list[str]) -> Iterator[Mapping[str, Any]]:
        client = self._account.client("ecs")
        for start in range(0, len(arns), _AT_ONCE):
            yield from client.describe_tasks(cluster=cluster, tasks=arns[start : start + _AT_ONCE])["tasks"]

    def _failed(self, task: Mapping[str, Any], definition: str | None) -> bool:
        return (
            definition in (None, task.get("taskDefinitionArn"))
            and task.get("stoppedAt", self._since) >= self._since
            and not task.get("stoppedReason", "").startswith(_ORDERED)
        )


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
