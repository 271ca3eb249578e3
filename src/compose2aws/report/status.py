"""The status of a deployed project, and the outputs of its stacks, for a terminal and as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from compose2aws.report.duration import ago
from compose2aws.report.grid import Cell, grid
from compose2aws.report.layout import counted, cpu, memory, wrapped

if TYPE_CHECKING:
    from compose2aws.delivery.stack_outputs import StackOutput
    from compose2aws.delivery.status import JobStatus, ProjectStatus, ServiceStatus, StoppedTaskStatus

_GOOD, _BUSY, _BAD = "green", "yellow", "red"
_WELL = ("available", "active", "running")
_TASK = 8
"""So many characters of a task's id tell it from the others."""


def status_text(status: ProjectStatus, width: int) -> str:
    """All of it, in lines of at most `width` characters."""
    title = f"{status.project} in {status.region} (account {status.account})"
    lines = [click.style(title, bold=True)]
    for section in (_stacks, _services, _urls, _managed, _jobs, _stopped, _alarms, _problems):
        if part := section(status, width):
            lines += ["", *part]
    return "\n".join(lines)


def _stacks(status: ProjectStatus, width: int) -> list[str]:
    rows = [
        (one.name, Cell(one.status, _stack_colour(one.status)), ago(one.changed, status.at)) for one in status.stacks
    ]
    lines = grid(("STACK", "STATUS", "CHANGED"), rows, width)
    for one in status.stacks:
        if one.reason and not one.status.endswith("_COMPLETE"):
            lines += wrapped(f"{one.name}: {one.reason}", width, "  ")
    return lines


def _services(status: ProjectStatus, width: int) -> list[str]:
    if not status.services:
        return []
    rows = [
        (
            one.service,
            Cell(f"{one.running}/{one.desired}", _GOOD if one.running >= one.desired else _BUSY),
            Cell(_rollout(one), _rollout_colour(one)),
            Cell(_health(one), _BAD if one.unhealthy else None),
            f"{cpu(one.cpu)}, {memory(one.memory)}",
            ago(one.deployed, status.at),
        )
        for one in status.services
    ]
    lines = grid(("SERVICE", "TASKS", "ROLL-OUT", "HEALTH", "SIZE", "DEPLOYED"), rows, width)
    for one in status.services:
        if one.rollout == "FAILED" and one.reason:
            lines += wrapped(f"{one.service}: {one.reason}", width, "  ")
    return lines


def _rollout(one: ServiceStatus) -> str:
    if one.rollout == "IN_PROGRESS":
        return f"rolling out, {one.failed} failed" if one.failed else "rolling out"
    return {"COMPLETED": "done", "FAILED": "failed"}.get(one.rollout, one.rollout.lower())


def _rollout_colour(one: ServiceStatus) -> str | None:
    return {"COMPLETED": _GOOD, "FAILED": _BAD}.get(one.rollout, _BAD if one.failed else _BUSY)


def _health(one: ServiceStatus) -> str:
    if one.unhealthy:
        return f"{one.unhealthy} unhealthy"
    return f"{one.healthy} healthy" if one.healthy else "-"


def _urls(status: ProjectStatus, width: int) -> list[str]:
    urls = [(url, one.service) for one in status.services for url in one.urls]
    return grid(("PUBLIC URL", "SERVICE"), urls, width) if urls else []


def _managed(status: ProjectStatus, width: int) -> list[str]:
    if not status.managed:
        return []
    rows = [
        (one.service, one.kind, Cell(one.status, _GOOD if one.status in _WELL else _BUSY)) for one in status.managed
    ]
    lines = grid(("MANAGED", "BY", "STATUS"), rows, width)
    size = max(len(one.service) for one in status.managed)
    for one in status.managed:
        if one.host:
            lines += wrapped(f"{one.host}:{one.port}", width, f"  {one.service.ljust(size)}  ")
    return lines


def _jobs(status: ProjectStatus, width: int) -> list[str]:
    rows = [
        (
            one.service,
            one.schedule or "each release",
            ago(one.last_run, status.at) or "-",
            Cell(one.result, _job_colour(one)),
        )
        for one in status.jobs
    ]
    return grid(("JOB", "RUNS", "LAST RUN", "RESULT"), rows, width) if rows else []


def _job_colour(one: JobStatus) -> str | None:
    if one.running:
        return _BUSY
    if one.exit_code is None:
        return None
    return _BAD if one.exit_code else _GOOD


def _stopped(status: ProjectStatus, width: int) -> list[str]:
    rows = [
        (one.service, one.task[:_TASK], ago(one.stopped, status.at) or "-", Cell(_why(one), _stopped_colour(one)))
        for one in status.stopped
    ]
    return grid(("STOPPED", "TASK", "WHEN", "WHY"), rows, width) if rows else []


def _why(one: StoppedTaskStatus) -> str:
    codes = [f"{name}: exit code {code}" for name, code in one.codes if code is not None]
    return "; ".join(part for part in (one.reason, *codes) if part) or "no reason is given"


def _stopped_colour(one: StoppedTaskStatus) -> str | None:
    return _BAD if any(code for _, code in one.codes) else None


def _alarms(status: ProjectStatus, width: int) -> list[str]:
    rows = [
        (Cell(one.name, _BAD), one.service or "-", ago(one.since, status.at), one.description) for one in status.alarms
    ]
    return grid(("ALARM", "OF", "SINCE", "WHAT"), rows, width) if rows else []


def _problems(status: ProjectStatus, width: int) -> list[str]:
    return [line for problem in status.problems for line in wrapped(f"not read: {problem}", width, "", "  ")]


def _stack_colour(status: str) -> str:
    if "FAILED" in status or "ROLLBACK" in status:
        return _BAD
    return _GOOD if status.endswith("_COMPLETE") else _BUSY


def status_data(status: ProjectStatus) -> dict[str, Any]:
    """The same as data. Times are ISO 8601 in UTC; sizes are CPU units and MiB."""
    return {
        "project": status.project,
        "account": status.account,
        "region": status.region,
        "stacks": [
            {"name": one.name, "status": one.status, "reason": one.reason, "changed": _time(one.changed)}
            for one in status.stacks
        ],
        "services": [
            {
                "service": one.service,
                "desired": one.desired,
                "running": one.running,
                "pending": one.pending,
                "failed": one.failed,
                "rollout": one.rollout,
                "reason": one.reason,
                "deployed": _time(one.deployed),
                "healthy": one.healthy,
                "unhealthy": one.unhealthy,
                "cpu": one.cpu,
                "memory": one.memory,
                "urls": list(one.urls),
            }
            for one in status.services
        ],
        "managed": [
            {
                "service": one.service,
                "kind": one.kind,
                "status": one.status,
                "host": one.host,
                "port": one.port,
                "version": one.version,
            }
            for one in status.managed
        ],
        "jobs": [
            {
                "service": one.service,
                "schedule": one.schedule,
                "last_run": _time(one.last_run),
                "running": one.running,
                "exit_code": one.exit_code,
                "result": one.result,
            }
            for one in status.jobs
        ],
        "stopped": [
            {
                "service": one.service,
                "task": one.task,
                "stopped": _time(one.stopped),
                "reason": one.reason,
                "exit_codes": dict(one.codes),
            }
            for one in status.stopped
        ],
        "alarms": [
            {
                "name": one.name,
                "service": one.service,
                "description": one.description,
                "since": _time(one.since),
            }
            for one in status.alarms
        ],
        "problems": list(status.problems),
    }


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None


def outputs_text(outputs: Sequence[StackOutput], hidden: int, width: int) -> str:
    """The outputs, a value whole on its line whatever its length: it is there to be copied. `hidden` counts those that
    only stacks need."""
    lines = [
        line
        for one in outputs
        for line in (
            click.style(one.name, bold=True) + f"  ({one.stack})",
            *wrapped(one.description, width, "  "),
            f"  {click.style(_one_line(one.value), fg='cyan')}",
        )
        if line.strip()
    ]
    if not outputs:
        lines.append("The stacks have no outputs for people: nothing is public.")
    if hidden:
        lines.append(f"({counted(hidden, 'output')} that only other stacks import: --all shows them)")
    return "\n".join(lines)


def outputs_data(outputs: Iterable[StackOutput]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "name": one.name,
            "value": one.value,
            "stack": one.stack,
            "description": one.description,
            "export": one.export,
        }
        for one in outputs
    ]


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
