"""How a deployed project is: its stacks, services, managed services and jobs, tasks that stopped, alarms that ring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.delivery.deployed import DeployedProject
from compose2aws.delivery.managed_service import ManagedService, managed_services
from compose2aws.delivery.refusal import explained
from compose2aws.delivery.stack import describe
from compose2aws.delivery.workload import DeployedWorkload, belongs, cluster_of, tasks, workloads
from compose2aws.planning.identity import logical_id

Health: TypeAlias = Literal["healthy", "unhealthy", "unknown"]

_SERVICES_AT_ONCE = 10  # DescribeServices takes so many
_ALARMS_AT_ONCE = 100  # DescribeAlarms takes so many
_STOPPED = 10
"""So many stopped tasks are told of."""


@dataclass(frozen=True, slots=True)
class StackStatus:
    """A stack. `changed` is when its last operation began, or when it was made."""

    name: str
    status: str
    reason: str
    changed: datetime | None


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """An ECS service. `rollout` is ECS's rolloutState (IN_PROGRESS, COMPLETED, FAILED), `failed` counts the tasks that
    the last deployment lost; `healthy` and `unhealthy` are of the running tasks, those without a health check in
    neither. `cpu` in ECS's units, `memory` in MiB."""

    service: str
    desired: int
    running: int
    pending: int
    failed: int
    rollout: str
    reason: str
    deployed: datetime | None
    healthy: int
    unhealthy: int
    cpu: int
    memory: int
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job. `last_run` None: it never ran, or nobody knows any more. `exit_code` is known for about an hour, from the
    task; `running`: it runs now. `schedule` is the expression that it runs at."""

    service: str
    schedule: str | None
    last_run: datetime | None
    running: bool
    exit_code: int | None
    result: str


@dataclass(frozen=True, slots=True)
class StoppedTaskStatus:
    """A task that stopped in the last hour or so, and why. `codes` are (container, exit code)."""

    service: str
    task: str
    stopped: datetime | None
    reason: str
    codes: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class AlarmStatus:
    """An alarm that rings."""

    name: str
    service: str | None
    description: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """All of it, as it was at `at`. `problems` say what could not be read, and why."""

    project: str
    account: str
    region: str
    at: datetime
    stacks: tuple[StackStatus, ...]
    services: tuple[ServiceStatus, ...]
    managed: tuple[ManagedService, ...]
    jobs: tuple[JobStatus, ...]
    stopped: tuple[StoppedTaskStatus, ...]
    alarms: tuple[AlarmStatus, ...]
    problems: tuple[str, ...]


def read_status(project: DeployedProject) -> ProjectStatus:
    """How the project is now. What may not be read is left out, and told in `problems`.

    Raises botocore's exceptions where the stacks cannot be described.
    """
    problems: list[str] = []
    runs = workloads(project)
    running: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    services: tuple[ServiceStatus, ...] = ()
    alarms: tuple[AlarmStatus, ...] = ()
    if runs:
        try:
            running, ended = tasks(project), tasks(project, stopped=True)
        except (ClientError, BotoCoreError) as error:
            problems.append(explained(error))
        try:
            services = tuple(_services(project, runs, running))
        except (ClientError, BotoCoreError) as error:
            problems.append(explained(error))
    try:
        alarms = tuple(_alarms(project))
    except (ClientError, BotoCoreError) as error:
        problems.append(explained(error))
    managed = managed_services(project)
    problems += [one.problem for one in managed if one.problem]
    return ProjectStatus(
        project=project.name,
        account=project.account.identity.account,
        region=project.account.region,
        at=datetime.now(UTC),
        stacks=tuple(_stacks(project)),
        services=services,
        managed=managed,
        jobs=tuple(_job(project, one, running, ended) for one in runs if one.kind != "service"),
        stopped=tuple(_stopped(runs, ended)),
        alarms=alarms,
        problems=tuple(dict.fromkeys(problems)),
    )


def _stacks(project: DeployedProject) -> Iterable[StackStatus]:
    for stack in project.stacks:
        described = describe(project.account, stack.id) or {}
        changed = described.get("LastUpdatedTime") or described.get("CreationTime")
        yield StackStatus(
            stack.name, described.get("StackStatus", stack.status), described.get("StackStatusReason", ""), changed
        )


def _services(
    project: DeployedProject, runs: Iterable[DeployedWorkload], running: Iterable[Mapping[str, Any]]
) -> Iterable[ServiceStatus]:
    services = {one.resource.physical_id: one for one in runs if one.kind == "service"}
    client, cluster = project.account.client("ecs"), cluster_of(project)
    arns = list(services)
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(arns), _SERVICES_AT_ONCE):
        described = client.describe_services(cluster=cluster, services=arns[start : start + _SERVICES_AT_ONCE])
        found |= {service["serviceArn"]: service for service in described["services"]}
    for arn, workload in services.items():
        if arn in found:
            mine = [task for task in running if belongs(task, workload)]
            yield _service(workload, found[arn], mine, _urls(project, workload.service))


def _service(
    workload: DeployedWorkload,
    service: Mapping[str, Any],
    running: Iterable[Mapping[str, Any]],
    urls: tuple[str, ...],
) -> ServiceStatus:
    newest: Mapping[str, Any] = next(
        (one for one in service.get("deployments", []) if one.get("status") == "PRIMARY"), {}
    )
    health = [task.get("healthStatus") for task in running]
    return ServiceStatus(
        service=workload.service,
        desired=service.get("desiredCount", 0),
        running=service.get("runningCount", 0),
        pending=service.get("pendingCount", 0),
        failed=newest.get("failedTasks", 0),
        rollout=newest.get("rolloutState", "UNKNOWN"),
        reason=newest.get("rolloutStateReason", ""),
        deployed=newest.get("createdAt"),
        healthy=health.count("HEALTHY"),
        unhealthy=health.count("UNHEALTHY"),
        cpu=workload.cpu,
        memory=workload.memory,
        urls=urls,
    )


def _urls(project: DeployedProject, service: str) -> tuple[str, ...]:
    """The public addresses of a service: outputs that are called `ApiServiceUrl`, `ApiServiceUrl8080`."""
    begin = logical_id(service, "Service") + "Url"
    outputs = (pair for stack in project.stacks for pair in sorted(stack.outputs.items()))
    return tuple(value for name, value in outputs if name.startswith(begin))


def _job(
    project: DeployedProject,
    workload: DeployedWorkload,
    running: Iterable[Mapping[str, Any]],
    ended: Iterable[Mapping[str, Any]],
) -> JobStatus:
    schedule = workload.resource.properties.get("ScheduleExpression")
    mine = [task for task in (*running, *ended) if belongs(task, workload)]
    if mine:
        last = max(mine, key=lambda task: task.get("createdAt") or datetime.min.replace(tzinfo=UTC))
        done = last.get("lastStatus") == "STOPPED"
        code = _exit_code(last, workload.main.name) if done else None
        result = "running" if not done else f"exit code {code}" if code is not None else "did not run"
        began = last.get("startedAt") or last.get("createdAt")
        return JobStatus(workload.label, schedule, began, not done, code, result)
    logged = _last_logged(project, workload)
    if logged:
        return JobStatus(workload.label, schedule, logged, False, None, "exit code not known any more")
    if workload.kind == "job" and workload.resource.status.endswith("_COMPLETE"):
        # A custom resource is complete when its task ended with 0, or need not run.
        return JobStatus(workload.label, schedule, None, False, None, "done with its deployment")
    return JobStatus(workload.label, schedule, None, False, None, "has not run yet" if schedule else "not known")


def _last_logged(project: DeployedProject, workload: DeployedWorkload) -> datetime | None:
    """When the job's container last wrote a line."""
    logs = workload.main.logs
    if logs is None:
        return None
    try:
        streams = project.account.client("logs").describe_log_streams(
            logGroupName=logs.group, orderBy="LastEventTime", descending=True, limit=1
        )["logStreams"]
    except (ClientError, BotoCoreError):
        return None
    at = streams[0].get("lastEventTimestamp") if streams else None
    return datetime.fromtimestamp(at / 1000, UTC) if at else None


def _exit_code(task: Mapping[str, Any], container: str) -> int | None:
    return next((one.get("exitCode") for one in task.get("containers", []) if one.get("name") == container), None)


def _stopped(runs: Iterable[DeployedWorkload], ended: Iterable[Mapping[str, Any]]) -> Iterable[StoppedTaskStatus]:
    known = list(runs)
    newest = sorted(ended, key=lambda task: task.get("stoppedAt") or datetime.min.replace(tzinfo=UTC), reverse=True)
    owned = [(task, next((one for one in known if belongs(task, one)), None)) for task in newest]
    for task, workload in [pair for pair in owned if not _is_in_order(*pair)][:_STOPPED]:
        yield StoppedTaskStatus(
            service=workload.label if workload else str(task.get("group", "")).partition(":")[2],
            task=task["taskArn"].rpartition("/")[2],
            stopped=task.get("stoppedAt"),
            reason=task.get("stoppedReason", ""),
            codes=tuple((one["name"], one.get("exitCode")) for one in task.get("containers", [])),
        )


def _is_in_order(task: Mapping[str, Any], workload: DeployedWorkload | None) -> bool:
    """Whether a task ended as it should: a job that succeeded, or one that a release or a smaller count took away."""
    if workload and workload.kind != "service" and _exit_code(task, workload.main.name) == 0:
        return True
    return str(task.get("stoppedReason", "")).startswith("Scaling activity initiated")


def _alarms(project: DeployedProject) -> Iterable[AlarmStatus]:
    ours = {resource.physical_id: resource for resource in project.of_type("AWS::CloudWatch::Alarm")}
    names = list(ours)
    client = project.account.client("cloudwatch")
    for start in range(0, len(names), _ALARMS_AT_ONCE):
        part = names[start : start + _ALARMS_AT_ONCE]
        described = client.describe_alarms(AlarmNames=part, MaxRecords=_ALARMS_AT_ONCE)
        for alarm in described.get("MetricAlarms", []):
            if alarm["StateValue"] == "ALARM":
                yield AlarmStatus(
                    alarm["AlarmName"],
                    ours[alarm["AlarmName"]].service,
                    alarm.get("AlarmDescription", ""),
                    alarm.get("StateUpdatedTimestamp"),
                )
