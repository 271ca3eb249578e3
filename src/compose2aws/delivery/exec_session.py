"""A command in a running container, through ECS Exec."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from compose2aws.delivery.deployed import DeployedProject
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.running_task import RunningTask, find_running_task
from compose2aws.delivery.session_plugin import find_plugin, run_plugin
from compose2aws.delivery.workload import find_workload


def exec_command(
    project: DeployedProject,
    service: str,
    command: Sequence[str],
    *,
    task: str | None = None,
    container: str | None = None,
) -> int:
    """Runs a command in a task of a service: the newest, or the one whose id begins with `task`; in the service's own
    container, or in another of the task.

    Gives the plugin's exit code: that of the command is told nobody by ECS Exec. Raises `DeliveryError` where there is
    no such task, it takes no session, or the plugin is missing; and botocore's exceptions.
    """
    plugin = find_plugin()
    found = find_target(project, service, task, container)
    answer = project.account.client("ecs").execute_command(
        cluster=found.cluster,
        task=found.arn,
        container=found.container.name,
        command=shlex.join(command),
        interactive=True,  # the API knows no other
    )
    session = answer["session"]
    response = {
        "SessionId": session["sessionId"],
        "StreamUrl": session["streamUrl"],
        "TokenValue": session["tokenValue"],
    }
    return run_plugin(project.account, plugin, response, {"Target": found.target})


def find_target(project: DeployedProject, service: str, task: str | None, container: str | None) -> RunningTask:
    """The task and container that a session goes to. Raises `DeliveryError`, and botocore's exceptions."""
    workload, own = find_workload(project, service)
    if container is not None:
        named = [one for one in workload.containers if container in (one.name, one.label)]
        if not named:
            names = ", ".join(one.name for one in workload.containers)
            raise DeliveryError(f"the tasks of {workload.label} have no container {container}: there are {names}")
        own = named[0]
    return find_running_task(project, workload, own, task)
