"""Containers that run, write and end at once: what ECS shows while it starts their tasks again and again.

Nothing runs here, so whoever rehearses says which containers end so (`RehearsalAccount.on_container`). ECS does not
count such tasks as failed (aws/containers-roadmap#1206), its circuit breaker does nothing, and CloudFormation waits up
to its time limit; a number of tasks stands for that here.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.ecs.models import Container, Task, ecs_backends

from compose2aws.rehearsal.calls import ACCOUNT
from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.resource_type import Context

_TASKS = 4


@dataclass(frozen=True)
class Exit:
    """How a container ends each time that it was started, and what it writes before. `seconds` is from one start to the
    next; `waits` whether CloudFormation still waits for the service after so many tasks."""

    code: int
    lines: tuple[str, ...] = ()
    seconds: float = 0.0
    waits: Callable[[int], bool] = lambda tasks: tasks < _TASKS


ContainerHandler = Callable[[Mapping[str, Any]], Exit | None]
"""Is given a container of a task definition, as ECS describes it. None: it keeps running."""

handlers: dict[str, ContainerHandler] = {}
"""By the container's name."""


def forget() -> None:
    """Let every container run."""
    handlers.clear()


def play(arn: str, context: Context, cancelled: Callable[[], bool]) -> None:
    """Start the tasks of a service, where one of its containers ends, until CloudFormation gives it up."""
    backend = ecs_backends[ACCOUNT][context.region]
    service = next(one for one in backend.services.values() if one.arn == arn)
    definition = backend.describe_task_definition(service.task_definition)
    for container in definition.container_definitions:
        end = handlers[container["name"]](container) if container["name"] in handlers else None
        if end is not None:
            _crash(service, definition, container, end, context, cancelled)


def _crash(
    service: Any,
    definition: Any,
    container: Mapping[str, Any],
    end: Exit,
    context: Context,
    cancelled: Callable[[], bool],
) -> None:
    deployment = service.deployments[0]
    deployment |= {"rolloutState": "IN_PROGRESS", "rolloutStateReason": "ECS deployment in progress."}
    _count(service, 0)
    number = 0
    while end.waits(number):
        number += 1
        task = _started(service, definition, deployment)
        _count(service, 1)
        time.sleep(end.seconds / 2)
        _write(container, task, end, context)
        task.end(container["name"], end.code)
        _count(service, 0)
        time.sleep(end.seconds / 2)
        if cancelled():
            raise ResourceFailed("Resource update cancelled")
    raise ResourceFailed(
        f'Resource handler returned message: "Service {service.arn} did not stabilize." '
        "(HandlerErrorCode: NotStabilized)"
    )


def _count(service: Any, running: int) -> None:
    """Let so many tasks of a service run, also by its cluster's account."""
    service._backend.update_cluster_resources(_cluster(service), running - service.running_count, task_state="RUNNING")
    service.deployments[0]["runningCount"] = service.running_count = running


def _cluster(service: Any) -> Any:
    return service._backend._get_cluster(service.cluster_name)


class _Task(Task):
    """A task that stays as it is until it is ended."""

    def advance(self) -> None:
        """Stay."""

    def end(self, container: str, code: int) -> None:
        """Stop, because a container has ended; the others are killed."""
        self.last_status = self.desired_status = "STOPPED"
        self.stop_code, self.stopped_reason = "EssentialContainerExited", "Essential container in task exited"
        self.stopped_at = datetime.now(UTC)
        for one in self.containers:
            one.last_status, one.exitCode = "STOPPED", code if one.name == container else 137


def _started(service: Any, definition: Any, deployment: Mapping[str, Any]) -> _Task:
    backend, cluster = service._backend, _cluster(service)
    placed = copy.copy(definition)
    placed.network_mode = "none"  # its network interface would be gone with it at once
    task = _Task(
        cluster,
        placed,
        None,
        {},
        backend,
        group=f"service:{service.name}",
        launch_type="FARGATE",
        started_by=deployment["id"],
    )
    task.containers = []
    for given in definition.container_definitions:
        one = Container(definition)
        one.name, one.last_status, one.exitCode = given["name"], "RUNNING", None
        task.containers.append(one)
    task.last_status, task.started_at = "RUNNING", datetime.now(UTC)
    # New dictionaries: others may go through the old ones.
    backend.tasks = {**backend.tasks, cluster.name: {**backend.tasks.get(cluster.name, {}), task.task_arn: task}}
    return task


def _write(container: Mapping[str, Any], task: _Task, end: Exit, context: Context) -> None:
    options = (container.get("logConfiguration") or {}).get("options") or {}
    group = options.get("awslogs-group")
    if not group or not end.lines:
        return
    logs = context.service("logs")
    stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task.id}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    at = int(time.time() * 1000)
    events = [{"timestamp": at, "message": line} for line in end.lines]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
