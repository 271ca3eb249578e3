"""Runs the checks side by side, within a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import TypeAlias

from compose2aws.cloudformation import Templates
from compose2aws.delivery.account import Account
from compose2aws.delivery.checks.availability import check_instance_classes, check_zones
from compose2aws.delivery.checks.domain import check_certificate_authority, check_delegation, check_records
from compose2aws.delivery.checks.doubt import FAILURES, reason_of, unchecked
from compose2aws.delivery.checks.engine import check_engines
from compose2aws.delivery.checks.image import check_images
from compose2aws.delivery.checks.name import check_names, check_namespaces
from compose2aws.delivery.checks.permission import check_permissions
from compose2aws.delivery.checks.quota import check_fargate, check_quotas
from compose2aws.delivery.checks.service_role import check_service_roles
from compose2aws.delivery.checks.situation import Situation, positions_of
from compose2aws.delivery.engine_version import wanted_versions
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.stack import DeployedStack
from compose2aws.planning.ledger import Finding
from compose2aws.planning.model import Plan

Check: TypeAlias = Callable[[Situation], list[Finding]]

CHECKS: dict[str, Check] = {
    "the rights of the credentials": check_permissions,
    "the service-linked roles": check_service_roles,
    "the quotas": check_quotas,
    "the quota of Fargate": check_fargate,
    "the availability zones": check_zones,
    "the versions of the engines": check_engines,
    "the instance classes": check_instance_classes,
    "the names of the resources": check_names,
    "the namespaces": check_namespaces,
    "the records of the domain": check_records,
    "the delegation of the domain": check_delegation,
    "who may issue certificates": check_certificate_authority,
    "the images of the registries": check_images,
}
"""What each looks at, as a sentence begins, and the check."""

_SECONDS = 60.0
_AT_ONCE = 8
_ORDER = {"error": 0, "warning": 1, "note": 2}


def checks(
    situation: Situation, wanted: Mapping[str, Check] | None = None, seconds: float = _SECONDS
) -> tuple[Finding, ...]:
    """All findings, errors first; each check's in its own order. Raises nothing: a check that cannot be made, or is not
    done within the time, is a warning."""
    wanted = CHECKS if wanted is None else wanted
    try:
        _ = situation.account.identity
    except DeliveryError as error:
        return (Finding("credentials", "error", str(error)),)
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="check")
    try:
        futures = {what: pool.submit(_run, what, check, situation) for what, check in wanted.items()}
        wait_for(futures.values(), timeout=seconds)
        found = [finding for what, future in futures.items() for finding in _result(what, future, seconds)]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: _ORDER[finding.severity]))


def check_all(
    account: Account,
    plan: Plan,
    templates: Templates,
    stacks: Mapping[str, DeployedStack],
    tell: Callable[[Finding], None] | None = None,
    *,
    upgrade_engines: bool = False,
) -> None:
    """Run all checks; `tell` is given the warnings. With `upgrade_engines` the deployment takes the newest version of
    each engine's major. Raises `DeliveryError` with all that would stop a deployment."""
    versions = wanted_versions(plan.managed)
    found = checks(Situation(account, templates, stacks, positions_of(plan), versions, upgrade_engines))
    errors = [finding for finding in found if finding.severity == "error"]
    for finding in found:
        if tell is not None and finding.severity != "error":
            tell(finding)
    if errors:
        lines = "\n".join(f"  {line_of(finding)}" for finding in errors)
        raise DeliveryError(f"this would stop the deployment half-way, so nothing was touched:\n{lines}")


def line_of(finding: Finding) -> str:
    """A finding in one line: where, what, and what to do."""
    place = f"{finding.position}: " if finding.position is not None else ""
    return f"{place}{finding.message}" + (f"; {finding.remedy}" if finding.remedy else "")


def _run(what: str, check: Check, situation: Situation) -> list[Finding]:
    try:
        return check(situation)
    except FAILURES as error:
        return [unchecked(what, reason_of(error))]


def _result(what: str, future: Future[list[Finding]], seconds: float) -> list[Finding]:
    return future.result() if future.done() else [unchecked(what, f"no answer within {seconds:.0f} seconds")]
