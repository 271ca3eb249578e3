"""How large each part is, in words: for the boxes of the picture and the table of sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compose2aws.planning.model import Plan, Service, Tier, Workload
from compose2aws.report.layout import counted, cpu, memory
from compose2aws.report.managed import backups, described, title


def task_size(workload: Workload) -> str:
    """How many tasks of which size: `2 x 0.5 vCPU, 1 GB`."""
    size = f"{cpu(workload.task.cpu)}, {memory(workload.task.memory)}"
    count = task_count(workload)
    return size if count == "1" else f"{count} x {size}"


def task_count(workload: Workload) -> str:
    """The tasks that run at a time: `2`, `2 to 10`; a job is one."""
    if not isinstance(workload, Service):
        return "1"
    scaling = workload.autoscaling
    return f"{scaling.minimum} to {scaling.maximum}" if scaling else str(workload.desired)


def size_rows(plans: Mapping[Tier, Plan]) -> list[tuple[str, ...]]:
    """A row for each part: its name, what it is, and its size in each tier; `none` where a tier has no such part."""
    found = {tier: dict(_sizes(plan)) for tier, plan in plans.items()}
    keys = dict.fromkeys(key for sizes in found.values() for key in sizes)
    return [(*key, *(found[tier].get(key, "none") for tier in plans)) for key in keys]


def _sizes(plan: Plan) -> Iterator[tuple[tuple[str, str], str]]:
    for workload in plan.workloads:
        disk = workload.task.ephemeral_storage
        storage = f", {disk} GB of disk" if disk else ""
        role = "ECS service" if isinstance(workload, Service) else "job"
        yield (workload.name, role), task_size(workload) + storage
    for item in plan.managed:
        yield (item.service, title(item)), f"{described(item)}; {backups(item)}"
    for fleet in plan.fleets:
        size = f"0 to {fleet.maximum} {fleet.instance_type}, {fleet.disk} GB of disk each"
        yield (f"hosts ({fleet.name})", "EC2 instances"), size
    if plan.file_system:
        folders = counted(len(plan.file_system.access_points), "volume")
        backed = "backed up daily" if plan.file_system.backups else "no backups"
        yield ("volumes", "EFS"), f"{folders}, grows by itself; {backed}"
