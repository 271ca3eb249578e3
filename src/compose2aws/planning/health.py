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
    start = _start_period(times["start_period"], (retries - clamped) * times["interval"])
    if start != times["start_period"]:
        changed.append(f"start_period {times['start_period']} s → {start} s, as ECS stops an unhealthy task")
    _tell_of_less(service, times | {"start_period": start}, retries, clamped, ledger)
    times["start_period"] = start
    if "start_interval" in service.entries("healthcheck"):
        changed.append("no start_interval")
    reason = "; ".join(changed)
    ledger.record(
        path, "adapted" if changed else "translated", definition, code="health-check" if changed else "", reason=reason
    )
    return HealthCheck(test, times["interval"], times["timeout"], clamped, times["start_period"])


def _start_period(asked: int, lost: int) -> int:
    """Retries that ECS does not take are often there for a slow start: it gets their time."""
    return min(max(asked + max(lost, 0), _LEAST_START), _RANGES["start_period"][1])


def _tell_of_less(service: ServiceSource, taken: dict[str, int], retries: int, clamped: int, ledger: Ledger) -> None:
    """The findings on a check that is stricter than Docker's, or asked more often."""
    asked = {key: service.duration("healthcheck", key) or _DEFAULTS[key] for key in _RANGES}
    path, name = service.at("healthcheck"), service.name
    if taken["timeout"] < asked["timeout"]:
        ledger.find(
            "health-check-stricter",
            "warning",
            f"the health check of {name} may take {asked['timeout']:g} s, and {taken['timeout']} s on ECS, which stops "
            "a task that fails it",
            "ask for something that answers sooner",
            path,
        )
    if taken["interval"] < asked["interval"]:
        ledger.find(
            "health-check-more-often",
            "note",
            f"the health check of {name} runs every {taken['interval']} s instead of every {asked['interval']:g} s, "
            "the longest time that ECS takes",
            "see that it costs little, or take it out",
            path,
        )
        return
    before = asked["start_period"] + retries * asked["interval"]
    after = taken["start_period"] + clamped * taken["interval"]
    if after < before:
        ledger.find(
            "health-check-stricter",
            "warning",
            f"{name} has {after} s to become healthy instead of {before:g} s: ECS takes a start_period of at most "
            f"{_RANGES['start_period'][1]} s and {_RETRIES[1]} retries, and stops a task that is not healthy by then",
            "let it start sooner, write a longer `interval`, or take the health check out",
            path,
        )


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
