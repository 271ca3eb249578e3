"""What runs: services, what runs beside them, jobs, and where their output goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from compose2aws.compose.project import Project
from compose2aws.planning.model import Job, Plan, Service, Task, Workload
from compose2aws.report.layout import counted, cpu, listed, memory
from compose2aws.report.table.author import is_service
from compose2aws.report.table.row import Row


def public_services(plan: Plan) -> list[Service]:
    """The services that a balancer leads to."""
    return [w for w in plan.workloads if isinstance(w, Service) and w.targets]


def private_services(plan: Plan) -> list[Service]:
    """The services that only others of the project reach, or nobody."""
    return [w for w in plan.workloads if isinstance(w, Service) and not w.targets]


def service_rows(plan: Plan, project: Project, services: Sequence[Service], *, first: bool) -> Iterator[Row]:
    """One row for all services, each size with those that have it. `first` names the file that they stand in."""
    if not services:
        return
    by_size: dict[str, list[str]] = {}
    for service in services:
        by_size.setdefault(size(service.task), []).append(_copies(service))
    sizes = "; ".join(f"{one}: {listed(names)}" for one, names in by_size.items())
    file = PurePath(plan.files[0]).name if plan.files else "<stdin>"
    local = (f"`{file}`" if file != "<stdin>" else "compose file") if first else "containers without a public port"
    how = "run this image with this much CPU and memory" if first else "run likewise; not on the internet"
    number = counted(len(services), "service")
    yield Row(local, "ECS task definitions", f"{number}: {how}. {sizes}")
    yield from _rows_beside(services, project)


def _rows_beside(workloads: Iterable[Workload], project: Project) -> Iterator[Row]:
    for task in (workload.task for workload in workloads):
        beside = [c.name for c in task.containers if c.name != task.service and is_service(project, c.name)]
        if beside:
            yield Row(containers(beside), f"in the task of {task.service}", "runs beside it and shares its network")


def size(task: Task) -> str:
    """CPU, memory and, where it is not Fargate, what it runs on."""
    where = " on EC2 instances" if task.compatibility == "EC2" else ""
    return f"{cpu(task.cpu)}, {memory(task.memory)}{where}"


def _copies(service: Service) -> str:
    scaling = service.autoscaling
    if scaling:
        return f"{service.name} ({scaling.minimum} to {scaling.maximum} copies)"
    return service.name if service.desired == 1 else f"{service.name} ({counted(service.desired, 'copy', 'copies')})"


def job_rows(plan: Plan, project: Project) -> Iterator[Row]:
    """Jobs that run at the same time, and are of one size, together."""
    jobs = [workload for workload in plan.workloads if isinstance(workload, Job)]
    alike: dict[tuple[str, str], list[str]] = {}
    for job in jobs:
        if job.once_for:
            database = job.name.removesuffix("/init")
            yield Row(f"init scripts of `{database}`", "ECS task, run once", "run on the database while it is empty")
            continue
        alike.setdefault((job.schedule or "", size(job.task)), []).append(job.name)
    for (schedule, each), names in alike.items():
        local = containers(names)
        if schedule:
            yield Row(local, "EventBridge Scheduler", f"runs at {schedule}, {each}")
        else:
            how = f"runs to its end at each new revision; what depends on it waits. {each}"
            yield Row(local, "ECS task, run once", how)
    yield from _rows_beside(jobs, project)


def containers(names: Sequence[str]) -> str:
    return f"{listed(f'`{name}`' for name in names)} {'container' if len(names) == 1 else 'containers'}"


def log_rows(plan: Plan) -> Iterator[Row]:
    if plan.workloads:
        yield Row("`docker compose logs`", "CloudWatch Logs", f"a log group each, kept {plan.log_retention} days")
