"""A task of a service's task definition with a command of its own, run to its end."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.deployed import DeployedProject
from compose2aws.delivery.refusal import DeliveryError, code_of
from compose2aws.delivery.stopped_task import stopped_task
from compose2aws.delivery.watch import passes
from compose2aws.delivery.workload import DeployedContainer, DeployedWorkload, cluster_of, find_workload

_PAUSE = 1.5
_PATIENCE = 10 * 60
_LAST_LOOKS = 3
"""So many looks in a row that find nothing new end the reading of a task that stopped: lines may come late."""
_STARTED_BY = "compose2aws-run"
# Amazon ECS API Reference, "API failure reasons".
_FAILURES = {
    "RESOURCE:CPU": "no instance of the cluster has CPU left for it",
    "RESOURCE:MEMORY": "no instance of the cluster has memory left for it",
    "RESOURCE:ENI": "no instance of the cluster has a network interface left for it",
    "RESOURCE:GPU": "no instance of the cluster has a GPU left for it",
    "RESOURCE:PORTS": "the ports that it wants are taken on all instances of the cluster",
    "AGENT": "the ECS agent of the instance that it was meant for is not connected",
    "ATTRIBUTE": "no instance of the cluster has what it asks for (architecture, say)",
    "LOCATION": "no instance stands in a zone that it may run in",
    "MISSING": "what it was meant to run on is gone",
    "INACTIVE": "the instance that it was meant for is not active",
}


@dataclass(frozen=True, slots=True)
class OneOffTask:
    """A task that was started, and the container that it is there for."""

    account: Account
    cluster: str
    arn: str
    container: DeployedContainer

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition("/")[2]


def start_task(project: DeployedProject, service: str, command: Sequence[str]) -> OneOffTask:
    """Starts a task of a service or job: the same image, roles, volumes, variables and network, the command instead of
    its own (none: its own), behind the same entrypoint.

    Raises `DeliveryError` where ECS places none, and botocore's exceptions.
    """
    workload, container = find_workload(project, service)
    cluster = cluster_of(project)
    override: dict[str, Any] = {"name": container.name}
    if command:
        override["command"] = list(command)
    answer = project.account.client("ecs").run_task(
        cluster=cluster,
        count=1,
        overrides={"containerOverrides": [override]},
        startedBy=_STARTED_BY,
        clientToken=str(uuid.uuid4()),
        enableECSManagedTags=True,
        propagateTags="TASK_DEFINITION",
        **_placement(project, cluster, workload),
    )
    if answer.get("failures") or not answer.get("tasks"):
        raise DeliveryError(f"ECS starts no task of {service}: {_explained(answer.get('failures') or [])}")
    return OneOffTask(project.account, cluster, answer["tasks"][0]["taskArn"], container)


def _placement(project: DeployedProject, cluster: str, workload: DeployedWorkload) -> dict[str, Any]:
    """Which revision, where, on what: as the service has it now; of a job, as its template says."""
    network: Any = {"awsvpcConfiguration": dict(workload.network)} if workload.network else None
    definition = workload.definition
    capacity: list[Mapping[str, Any]] = list(workload.capacity)
    if workload.kind == "service":
        arn = workload.resource.physical_id
        found = project.account.client("ecs").describe_services(cluster=cluster, services=[arn])["services"]
        if found:
            definition = found[0].get("taskDefinition", definition)
            network = found[0].get("networkConfiguration") or network
            capacity = found[0].get("capacityProviderStrategy") or capacity
    arguments: dict[str, Any] = {"taskDefinition": definition}
    if network:
        arguments["networkConfiguration"] = network
    if capacity:
        arguments["capacityProviderStrategy"] = _lasting(capacity)
    return arguments


def _lasting(capacity: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The strategy without Fargate Spot, as jobs have it: what runs once is not to be cut off half-way."""
    lasting = [share for share in capacity if share.get("capacityProvider") != "FARGATE_SPOT"]
    return lasting or [{"capacityProvider": "FARGATE", "weight": 1}]


def output(task: OneOffTask) -> Iterator[str]:
    """What the task's container writes, as it comes, to the task's end. Waits through throttling and a network that is
    gone for some minutes. Raises botocore's exceptions."""
    token: str | None = None
    lost: float | None = None
    ended, empty = False, 0
    while empty < _LAST_LOOKS:
        try:
            ended = ended or describe_task(task).get("lastStatus") == "STOPPED"
            lines, token = _more(task, token)
            lost = None
        except (ClientError, BotoCoreError) as error:
            lost = lost or time.monotonic()
            if not passes(error) or time.monotonic() - lost > _PATIENCE:
                raise
            lines = []
        yield from lines
        empty = 0 if lines or not ended else empty + 1
        if not lines and empty < _LAST_LOOKS:
            time.sleep(_PAUSE)
        if ended and task.container.logs is None:
            return


def exit_code(task: OneOffTask) -> int:
    """The exit code of the container of a task that stopped.

    Raises `DeliveryError` where it never ran, with what ECS says of it, and botocore's exceptions.
    """
    described = describe_task(task)
    code = next(
        (one.get("exitCode") for one in described.get("containers", []) if one.get("name") == task.container.name), None
    )
    if code is not None:
        return int(code)
    stopped = stopped_task(task.account, described)
    lines = [f"{task.container.label} did not run: {stopped.reason or 'no reason is given'}"]
    for name, other, reason in stopped.exit_codes:
        if other or reason:
            lines.append(f"  {name}: " + ", ".join(filter(None, (f"exit code {other}" if other else "", reason))))
    lines += [f"    | {line}" for line in stopped.log_lines]
    raise DeliveryError("\n".join(lines))


def stop_task(task: OneOffTask) -> None:
    """Stops it. Raises botocore's exceptions."""
    task.account.client("ecs").stop_task(cluster=task.cluster, task=task.arn, reason="Interrupted by its user")


def describe_task(task: OneOffTask) -> dict[str, Any]:
    """The task as ECS shows it now; one that ECS does not show yet is empty."""
    found = task.account.client("ecs").describe_tasks(cluster=task.cluster, tasks=[task.arn])["tasks"]
    return dict(found[0]) if found else {}


def _more(task: OneOffTask, token: str | None) -> tuple[list[str], str | None]:
    """The events behind the token, and the next one. A stream that is not there yet is empty."""
    logs = task.container.logs
    if logs is None:
        return [], None
    arguments: dict[str, Any] = {"nextToken": token} if token else {}
    try:
        answer = task.account.client("logs").get_log_events(
            logGroupName=logs.group, logStreamName=f"{logs.stream}{task.id}", startFromHead=True, **arguments
        )
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return [], token
    return [str(event["message"]) for event in answer["events"]], answer.get("nextForwardToken")


def _explained(failures: Sequence[Mapping[str, Any]]) -> str:
    reasons = []
    for failure in failures:
        reason, detail = str(failure.get("reason", "no reason is given")), failure.get("detail")
        words = _FAILURES.get(reason)
        text = f"{words} ({reason})" if words else reason
        reasons.append(f"{text}: {detail}" if detail else text)
    return "; ".join(dict.fromkeys(reasons)) or "it gives no reason"
