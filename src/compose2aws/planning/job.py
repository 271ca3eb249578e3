"""Jobs: what runs to its end, once for each revision or on a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import Job, Task
from compose2aws.planning.parts import Parts
from compose2aws.planning.schedule import zone_problem
from compose2aws.planning.service import capacity
from compose2aws.planning.settings import Settings
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.start_order import needed_before

# The longest that a custom resource can be waited for by a function that re-invokes itself.
_TIMEOUT = 3600


def plan_job(
    kind: Kind, task: Task, kinds: Mapping[str, Kind], parts: Parts, settings: Settings, ledger: Ledger
) -> Job:
    """The job of a compose service whose task is `task`. Decides what has no meaning for what ends by itself."""
    service = kind.source
    schedule = service.settings.schedule
    job = Job(
        name=service.name,
        task=task,
        subnets=parts.subnets[service.name],
        security_groups=parts.groups[service.name],
        timeout=_TIMEOUT,
        schedule=schedule,
        time_zone=_time_zone(service, ledger) if schedule else "UTC",
        source=service.path,
    )
    depends = needed_before(kind, kinds, parts, job.id, ledger)
    if schedule:
        ledger.record(service.at("x-aws", "schedule"), "translated", job.id, reason=f"in {job.time_zone}")
        depends = ()
    for steps in (("deploy", "replicas"), ("scale",)):
        if service.get(*steps) is not None:
            ledger.record(service.at(*steps), "adapted", job.id, reason="a job runs once")
    if service.get("deploy", "update_config") is not None:
        ledger.record(service.at("deploy", "update_config"), "inert", reason="a job is not replaced while it runs")
    reason = f"runs at {schedule}, {job.time_zone}" if schedule else "runs once for each revision, to its end"
    ledger.record(
        service.path,
        "adapted",
        (job.id, task.definition, task.task_role, task.execution_role),
        code="job",
        reason=reason,
    )
    for steps in (("restart",), ("deploy", "restart_policy")):
        if service.get(*steps) is not None:
            reason = "a job runs once; one that fails is not repeated"
            ledger.record(service.at(*steps), "adapted", job.id, reason=reason)
    if service.get("deploy", "rollback_config") is not None:
        reason = "a job that fails makes the deployment roll back"
        ledger.record(service.at("deploy", "rollback_config"), "adapted", job.id, reason=reason)
    (share,) = capacity(service, settings, True, task.compatibility == "EC2", job.id, ledger)
    return replace(job, depends_on=depends, capacity=share)


def _time_zone(service: ServiceSource, ledger: Ledger) -> str:
    """The zone that a schedule's times are in: the setting's own, else the container's `TZ`, else UTC."""
    if service.settings.time_zone:
        return service.settings.time_zone
    zone = service.text("environment", "TZ")
    if not zone:
        return "UTC"
    if zone_problem(zone) is None:
        return zone
    ledger.find(
        "schedule-zone",
        "warning",
        f"the schedule of {service.name} is in UTC: its `TZ` is none of the IANA's names",
        "write `schedule: {expression: …, timezone: Europe/Berlin}`",
        service.at("x-aws", "schedule"),
    )
    return "UTC"
