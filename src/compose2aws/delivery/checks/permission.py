"""What the credentials may do, as far as IAM simulates it.

A simulation knows neither resource policies nor all conditions, and CloudFormation's handlers name more actions than a
template needs; so what is missing is a warning. Only what a policy denies outright, and what this deployment surely
calls, is an error: an account's guardrails deny much that no deployment of ours needs.
"""

from __future__ import annotations

from collections.abc import Iterable

from compose2aws.delivery.checks.action import Need, needs
from compose2aws.delivery.checks.simulation import is_denied_for_the_project, principal_of, simulated
from compose2aws.delivery.checks.situation import Situation
from compose2aws.planning.ledger import Finding

_SHOWN = 12


def check_permissions(situation: Situation) -> list[Finding]:
    """Simulates the actions of a deployment for whoever calls. Raises botocore's exceptions."""
    arn = situation.account.identity.arn
    if arn.endswith(":root"):
        return []
    principal = principal_of(situation, arn)
    if principal is None:
        message = f"the rights of {arn} could not be checked: IAM simulates those of users and roles alone"
        return [Finding("unchecked", "warning", message)]
    wanted = needs(situation)
    decisions = list(simulated(situation, principal, sorted(wanted)))
    denied = [wanted[one.action] for one in decisions if one.denied]
    stopping = [one for one in denied if one.sure and is_denied_for_the_project(situation, principal, one.action)]
    return [
        *_stopping(principal, stopping),
        *_denied(principal, [one for one in denied if one not in stopping]),
        *_missing(principal, [one.action for one in decisions if not one.allowed and not one.denied]),
    ]


def _stopping(principal: str, denied: list[Need]) -> Iterable[Finding]:
    if denied:
        message = f"a policy denies {principal} what this deployment does: {_listed(map(_told, denied))}"
        yield Finding("denied-action", "error", message, "deploy with other credentials, or change the policy")


def _denied(principal: str, denied: list[Need]) -> Iterable[Finding]:
    if denied:
        message = f"a policy denies {principal} what this deployment may come to need: {_listed(map(_told, denied))}"
        yield Finding(
            "denied-action", "warning", message, "it goes on without; should it fail there, change the policy"
        )


def _missing(principal: str, actions: list[str]) -> Iterable[Finding]:
    if actions:
        message = (
            f"{principal} may not be allowed what a deployment does, as far as IAM simulates it: {_listed(actions)}"
        )
        remedy = "allow it, unless a policy allows it for the resources of this project alone"
        yield Finding("missing-action", "warning", message, remedy)


def _told(need: Need) -> str:
    return f"{need.action} for {need.resource}" if need.resource else need.action


def _listed(items: Iterable[str]) -> str:
    names = list(items)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
