"""Health checks: what Compose's becomes within the ranges that ECS takes.

ECS stops an unhealthy task where Docker only marks it, so the start period is at least a minute.
Source: Amazon ECS API Reference, "HealthCheck"; Compose Specification, "healthcheck".
"""

from __future__ import annotations

from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import HealthCheck
from compose2aws.planning.source import ServiceSource

_RANGES = {"interval": (5, 300), "timeout": (2, 60), "start_period": (0, 300)}
_DEFAULTS = {"interval": 30, "timeout": 30, "start_period": 0}
_RETRIES = (1, 10)
_LEAST_START = 60


def plan_health_check(service: ServiceSource, command: tuple[str, ...] | None, ledger: Ledger) -> HealthCheck | None:
    """The container's health check; None where there is none or it is switched off. `command` is the test with its
    references rewritten."""
    path = service.at("healthcheck")
    if "healthcheck" not in service.node:
        return None
    definition = service.definition
    test = command or service.texts("healthcheck", "test")
    if service.flag("healthcheck", "disable") or test[:1] == ("NONE",):
        ledger.record(path, "translated", definition, reason="switched off, as in the file")
        return None
    if not test:
        ledger.record(
            path,
            "dropped",
            code="image-health-check",
            reason="times without a test change the image's own health check, which ECS does not see",
        )
        ledger.find(
            "image-health-check",
            "warning",
            f"the health check of {service.name} has no `test`; ECS does not see the image's own",
            "write the test in the compose file",
            path,
        )
        return None
    changed: list[str] = []
    times = {key: _time(service, key, changed) for key in _RANGES}
    retries = service.whole("healthcheck", "retries") or 3
    clamped = min(max(retries, _RETRIES[0]), _RETRIES[1])
    if clamped != retries:
        changed.append(f"retries {retries} → {clamped}")
    if times["start_period"] < _LEAST_START:
        changed.append(f"start_period {times['start_period']} s → {_LEAST_START} s, as ECS stops an unhealthy task")
        times["start_period"] = _LEAST_START
    if "start_interval" in service.entries("healthcheck"):
        changed.append("no start_interval")
    reason = "; ".join(changed)
    ledger.record(
        path, "adapted" if changed else "translated", definition, code="health-check" if changed else "", reason=reason
    )
    return HealthCheck(test, times["interval"], times["timeout"], clamped, times["start_period"])


def _time(service: ServiceSource, key: str, changed: list[str]) -> int:
    asked = service.duration("healthcheck", key)
    if asked is None:
        return _DEFAULTS[key]
    low, high = _RANGES[key]
    whole = -(-asked // 1)
    taken = int(min(max(whole, low), high))
    if taken != asked:
        changed.append(f"{key} {asked:g} s → {taken} s")
    return taken
