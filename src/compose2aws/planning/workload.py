"""Services and jobs: one workload for each compose service that runs, its sidecars in its task."""

from __future__ import annotations

from collections.abc import Container, Mapping

from compose2aws.planning.container import stop_timeout
from compose2aws.planning.job import plan_job
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import Workload
from compose2aws.planning.parts import Parts
from compose2aws.planning.service import plan_service
from compose2aws.planning.settings import Settings
from compose2aws.planning.start_order import tell_split
from compose2aws.planning.task import plan_task

# Elastic Load Balancing API Reference, "TargetGroupAttribute", deregistration_delay.timeout_seconds.
_LONGEST_DEREGISTRATION = 3600


def plan_workloads(kinds: Mapping[str, Kind], parts: Parts, settings: Settings, ledger: Ledger) -> tuple[Workload, ...]:
    """One workload for each service and job, with its sidecars in its task."""
    retention = settings.retention
    sidecars = _sidecars(kinds, ledger)
    tell_split(kinds, ledger)
    made: list[Workload] = []
    for name, kind in kinds.items():
        if kind.what not in ("service", "job") or name not in parts.images:
            continue
        members = [kind, *(s for s in sidecars.get(name, ()) if s.source.name in parts.images)]
        task = plan_task(kind, members, kinds, parts, retention, ledger)
        if task is None:
            continue
        if kind.what == "job":
            made.append(plan_job(kind, task, kinds, parts, settings, ledger))
        else:
            made.append(plan_service(kind, task, kinds, parts, settings, ledger))
    return tuple(made)


def _sidecars(kinds: Mapping[str, Kind], ledger: Ledger) -> dict[str, list[Kind]]:
    found: dict[str, list[Kind]] = {}
    for name, kind in kinds.items():
        if kind.what != "sidecar":
            continue
        path = kind.source.at("network_mode")
        owner = kind.source.owner
        if owner not in kinds or kinds[owner].what not in ("service", "job"):
            ledger.refuse(
                path,
                "sidecar-of-nothing",
                f"{name} shares the network of {owner}, which does not run as a task",
                "give it a network of its own",
            )
            continue
        ledger.record(path, "translated", kind.source.definition, reason=f"a container of {owner}'s task")
        for steps in (("deploy", "replicas"), ("scale",), ("deploy", "update_config")):
            if kind.source.get(*steps) is not None:
                reason = f"as {owner}'s, whose tasks it stands in"
                ledger.record(kind.source.at(*steps), "adapted", kind.source.definition, reason=reason)
        found.setdefault(owner, []).append(kind)
    return found


def grace_periods(kinds: Mapping[str, Kind], hosted: Container[str]) -> dict[str, int]:
    """For how many seconds each service's requests may go on when it stops: its grace period (Docker's is ten), as far
    as a target group waits. `hosted` are the services on instances."""
    periods = {name: stop_timeout(kind.source, kind.source.owner in hosted) or 10 for name, kind in kinds.items()}
    return {name: min(seconds, _LONGEST_DEREGISTRATION) for name, seconds in periods.items()}
