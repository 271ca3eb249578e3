"""A running task that takes a session: ECS Exec's agent runs in its containers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from compose2aws.delivery.deployed import DeployedProject
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.workload import DeployedContainer, DeployedWorkload, belongs, cluster_of, tasks

_AGENT = "ExecuteCommandAgent"


@dataclass(frozen=True, slots=True)
class RunningTask:
    """A running task and the container in it that a session goes to. `runtime` is the container's runtime id."""

    cluster: str
    arn: str
    workload: DeployedWorkload
    container: DeployedContainer
    runtime: str

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def target(self) -> str:
        """What Session Manager calls it."""
        return f"ecs:{self.cluster}_{self.id}_{self.runtime}"


def find_running_task(
    project: DeployedProject, workload: DeployedWorkload, container: DeployedContainer, wanted: str | None = None
) -> RunningTask:
    """The newest running task of a workload that takes a session, or the one whose id begins with `wanted`.

    Raises `DeliveryError` where none runs, or where it takes none, with the reason; and botocore's exceptions.
    """
    if container.read_only:
        raise DeliveryError(
            f"{container.label} takes no session: its root filesystem is read-only (read_only: true), and the agent of "
            "ECS Exec must write to it"
        )
    if workload.kind != "service":
        raise DeliveryError(f"{workload.label} is a job: its tasks take no sessions; `run` starts one of its own")
    every = [task for task in tasks(project) if belongs(task, workload) and task.get("lastStatus") == "RUNNING"]
    if wanted is not None:
        ids = [task["taskArn"].rpartition("/")[2] for task in every]
        every = [task for task in every if task["taskArn"].rpartition("/")[2].startswith(wanted.rpartition("/")[2])]
        if len(every) != 1:
            what = "no running task" if not every else "more than one task"
            raise DeliveryError(f"{workload.label} has {what} {wanted}; there are {', '.join(ids) or 'none'}")
    if not every:
        raise DeliveryError(
            f"no task of {workload.label} runs now: `status` tells why; `run {workload.service}` starts one"
        )
    every.sort(key=lambda task: task.get("startedAt") or datetime.min.replace(tzinfo=UTC), reverse=True)
    ready = [task for task in every if _refusal(task, container) is None]
    if not ready:
        raise DeliveryError(f"{container.label} takes no session now: {_refusal(every[0], container)}")
    there = _container(ready[0], container)
    return RunningTask(cluster_of(project), ready[0]["taskArn"], workload, container, str(there.get("runtimeId", "")))


def _refusal(task: Mapping[str, Any], container: DeployedContainer) -> str | None:
    """Why a task takes no session."""
    if not task.get("enableExecuteCommand"):
        return (
            "its task was started without ECS Exec (a release with it restarts the task: aws ecs update-service "
            "--force-new-deployment)"
        )
    there = _container(task, container)
    if there.get("lastStatus", "RUNNING") != "RUNNING":
        return f"the container is {str(there['lastStatus']).lower()}"
    agent = next((one for one in there.get("managedAgents", []) if one.get("name") == _AGENT), None)
    if agent is not None and agent.get("lastStatus") != "RUNNING":
        why = agent.get("reason") or "try again in a few seconds"
        return f"the agent of ECS Exec in it is {str(agent.get('lastStatus')).lower()}: {why}"
    return None


def _container(task: Mapping[str, Any], container: DeployedContainer) -> Mapping[str, Any]:
    return next((one for one in task.get("containers", []) if one.get("name") == container.name), {})
