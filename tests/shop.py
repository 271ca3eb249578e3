"""A small shop, deployed in a rehearsal server, whose tasks run, write and stop as a test says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from moto.core.responses import ActionResult
from moto.ecs import models
from moto.ecs.models import ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.ssm.responses import SimpleSystemManagerResponse

from compose2aws.rehearsal import RehearsalServer
from tests.deployment import Deployment, deploy, synthesise

PASSWORD = "app-pw-canary"
COMPOSE = f"""
name: shop
services:
  api:
    image: ghcr.io/acme/api
    ports: ["80:3000"]
    networks: [front, back]
    environment: {{DATABASE_URL: "postgres://app:{PASSWORD}@db:5432/app"}}
    depends_on:
      migrate: {{condition: service_completed_successfully}}
  metrics:
    image: ghcr.io/acme/metrics
    network_mode: service:api
  edge:
    image: ghcr.io/acme/edge
    networks: [front]
  worker:
    image: ghcr.io/acme/worker
    networks: [back]
    read_only: true
    environment: {{DATABASE_URL: "postgres://app:{PASSWORD}@db:5432/app"}}
  migrate:
    image: ghcr.io/acme/api
    command: ["./migrate"]
    networks: [back]
    environment: {{DATABASE_URL: "postgres://app:{PASSWORD}@db:5432/app"}}
  report:
    image: ghcr.io/acme/api
    command: ["./report"]
    networks: [back]
    x-aws: {{schedule: cron(0 3 * * ? *)}}
  db:
    image: postgres:16
    networks: [back]
    environment: {{POSTGRES_USER: app, POSTGRES_PASSWORD: {PASSWORD}, POSTGRES_DB: app}}
networks: {{front: {{}}, back: {{}}}}
x-aws: {{alarms: ops@example.com}}
"""


@dataclass
class Shop:
    """The deployed shop. `sessions` are the requests for sessions that the account got."""

    deployment: Deployment
    sessions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    now: float = field(default_factory=time.time)
    """What `write` counts back from; `clear` sets it anew."""

    @property
    def server(self) -> RehearsalServer:
        return self.deployment.server

    @property
    def cluster(self) -> str:
        return self.deployment.physical("ServiceCluster")

    def client(self, name: str) -> Any:
        return self.deployment.client(name)

    def group(self, service: str) -> str:
        """The log group of a service."""
        return self.deployment.physical(f"{service.capitalize()}LogGroup")

    def write(self, service: str, *lines: str, task: str = "t1", ago: float = 5.0) -> None:
        """Lines of a container, so many seconds ago, a millisecond apart."""
        logs, stream = self.client("logs"), f"{service}/{service}/{task}"
        group = self.group(service)
        known = logs.describe_log_streams(logGroupName=group)["logStreams"]
        if stream not in [one["logStreamName"] for one in known]:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        at = int((self.now - ago) * 1000)
        events = [{"timestamp": at + number, "message": line} for number, line in enumerate(lines)]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def start(self, service: str, *, exec_: bool = True) -> Any:
        """A task of a service, as ECS would start it; the task of moto's, to be changed."""
        arn = self.deployment.physical(f"{service.capitalize()}TaskDefinition")
        ecs = self.client("ecs")
        network = {"subnets": [self.deployment.physical("PrivateSubnetA")], "securityGroups": []}
        name = self._service_name(service)
        task = ecs.run_task(
            cluster=self.cluster,
            taskDefinition=arn,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
            **({"group": f"service:{name}"} if name else {}),
        )["tasks"][0]
        made = self.task(task["taskArn"])
        made.enable_execute_command = exec_
        made.started_at = datetime.now(UTC)
        return made

    def task(self, arn: str) -> Any:
        """Moto's own task."""
        backend = ecs_backends["123456789012"][self.server.region]
        return next(task for tasks in backend.tasks.values() for task in tasks.values() if task.task_arn == arn)

    def tasks(self) -> list[Any]:
        """All of moto's tasks."""
        backend = ecs_backends["123456789012"][self.server.region]
        return [task for tasks in backend.tasks.values() for task in tasks.values()]

    def stop(self, task: Any, code: int | None, reason: str = "Essential container in task exited") -> None:
        """Lets a task stop by itself."""
        task.last_status = task.desired_status = "STOPPED"
        task.stopped_reason = reason
        task.stopped_at = datetime.now(UTC)
        for container in task.containers:
            container.exitCode = code

    def clear(self) -> None:
        """Forgets all tasks, lines and sessions."""
        self.now = time.time()
        ecs_backends["123456789012"][self.server.region].tasks.clear()
        logs = self.client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            for stream in logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]:
                logs.delete_log_stream(logGroupName=group["logGroupName"], logStreamName=stream["logStreamName"])
        self.sessions.clear()

    def _service_name(self, service: str) -> str | None:
        try:
            return self.deployment.physical(f"{service.capitalize()}Service").rpartition("/")[2]
        except KeyError:
            return None


@contextmanager
def live_tasks(sessions: list[tuple[str, dict[str, Any]]]) -> Iterator[None]:
    """What moto lacks of tasks and sessions: tasks stay as they are set, containers have runtime ids, ECS Exec and
    Session Manager give out sessions, whose requests are noted in `sessions`."""

    def execute_command(response: Any) -> Any:
        given = dict(response._get_params())
        sessions.append(("ExecuteCommand", given))
        session = {"sessionId": "ecs-execute-1", "streamUrl": "wss://stream", "tokenValue": "token-canary"}
        return ActionResult({"session": session, "containerName": given["container"], "taskArn": given["task"]})

    def start_session(response: Any) -> Any:
        given = json.loads(response.body)
        sessions.append(("StartSession", given))
        return ActionResult({"SessionId": "session-1", "StreamUrl": "wss://stream", "TokenValue": "token-canary"})

    def containers(task: Any, definition: Any) -> list[Any]:
        made = []
        for given in definition.container_definitions:
            one = models.Container(definition)
            one.name = given["name"]
            one.last_status = "RUNNING"
            one.exitCode = None
            one.runtime_id = f"{task.id[:8]}-{given['name']}"
            made.append(one)
        return made

    plain = models.Task.__init__

    def new_task(task: Any, *arguments: Any, **named: Any) -> None:
        plain(task, *arguments, **named)
        task.containers = containers(task, named.get("task_definition") or arguments[1])

    nothing = {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}
    backend = models.EC2ContainerServiceBackend
    with (
        mock.patch.object(backend, "_calculate_task_resource_requirements", lambda *_: dict(nothing)),
        mock.patch.object(models.Task, "__init__", new_task),
        mock.patch.object(models.Task, "advance", lambda _: None),
        mock.patch.object(EC2ContainerServiceResponse, "execute_command", execute_command, create=True),
        mock.patch.object(SimpleSystemManagerResponse, "start_session", start_session, create=True),
    ):
        yield


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """The shop, deployed, with live tasks."""
    (folder / "compose.yaml").write_text(COMPOSE)
    synthesise([folder / "compose.yaml"], folder / "out", "--format", "json")
    sessions: list[tuple[str, dict[str, Any]]] = []
    with RehearsalServer() as server, live_tasks(sessions):
        yield Shop(deploy(folder / "out", server), sessions)
