"""The versions of engines: whether the region has them, and whether those that run can be upgraded to them.

An upgrade that AWS does not make in one step fails after the snapshot was taken, in the middle of a deployment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compose2aws.delivery.checks.doubt import each
from compose2aws.delivery.checks.situation import Resource, Situation
from compose2aws.delivery.engine_version import ChosenVersion, chosen_versions
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.version_number import numbers
from compose2aws.planning.ledger import Finding

_SERVICES = {
    "AWS::RDS::DBCluster": "rds",
    "AWS::RDS::DBInstance": "rds",
    "AWS::DocDB::DBCluster": "docdb",
    "AWS::ElastiCache::ReplicationGroup": "elasticache",
    "AWS::ElastiCache::CacheCluster": "elasticache",
}
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An engine's version that is not deployed yet; `running` where another one of the same engine runs. `depth` is how
    many of its numbers are the major's (8.0: two)."""

    resource: Resource
    engine: str
    version: str
    running: str | None
    depth: int

    @property
    def service(self) -> str:
        return _SERVICES[self.resource.type]


def check_engines(situation: Situation) -> list[Finding]:
    """An error for each version of a database or cache that cannot be created here, or not be reached from the one that
    runs. Raises botocore's exceptions."""
    try:
        wanted = _wanted(situation, chosen(situation))
    except DeliveryError as error:  # an engine that would go back
        return [Finding("engine-version", "error", str(error))]
    offered: dict[tuple[str, str], list[str]] = {}

    def check(one: _Wanted) -> list[Finding]:
        key = (one.service, one.engine)
        if key not in offered:
            offered[key] = _offered(situation, *key)
        if not _is_among(one.version, offered[key]):
            return [_no_version(situation, one, offered[key])]
        if one.running is None:
            return []
        targets = _targets(situation, one)
        return [] if targets is None or _is_among(one.version, targets) else [_no_upgrade(situation, one, targets)]

    return each("versions of engines", [(one.engine, one) for one in wanted], check)


def chosen(situation: Situation) -> dict[str, ChosenVersion]:
    """The version that the deployment gives each engine, by parameter. Raises `DeliveryError` where one would go back,
    and botocore's exceptions."""
    return chosen_versions(
        situation.quick_account,
        situation.stacks.get(situation.base.name),
        situation.base.template,
        situation.versions,
        upgrade=situation.upgrade_engines,
    )


def engine_of(situation: Situation, resource: Resource) -> str | None:
    """The engine of a database or cache (`aurora-postgresql`)."""
    return situation.property(resource, "Engine") or ("docdb" if resource.type.startswith("AWS::DocDB") else None)


def _wanted(situation: Situation, versions: Mapping[str, ChosenVersion]) -> list[_Wanted]:
    majors = {one.parameter: one.major for one in situation.versions}
    found = []
    for resource in situation.resources(*_SERVICES):
        engine, given = engine_of(situation, resource), resource.properties.get("EngineVersion")
        parameter = given.get("Ref") if isinstance(given, Mapping) else None
        choice = versions.get(str(parameter))
        version = choice.value if choice is not None else situation.property(resource, "EngineVersion")
        if engine is None or version is None:
            continue
        before = _deployed(situation, resource, engine)
        if before != version:
            running = choice.upgraded_from if choice is not None and before is not None else before
            # A version that only follows the one that runs is no change.
            if choice is None or before is None or running is not None:
                depth = len(numbers(majors.get(str(parameter), "1")))
                found.append(_Wanted(resource, engine, version, running, depth))
    return found


def _deployed(situation: Situation, resource: Resource, engine: str) -> str | None:
    """The version that was deployed for the same engine."""
    if not situation.exists(resource):
        return None
    body = situation.stacks[resource.stack.name].template["Resources"][resource.logical_id]
    last = Resource(resource.stack, resource.logical_id, body["Type"], body.get("Properties") or {}, resource.source)
    if last.type != resource.type or engine_of(situation, last) != engine:
        return None
    return situation.property(last, "EngineVersion")


def _offered(situation: Situation, service: str, engine: str) -> list[str]:
    operation, key = (
        ("describe_cache_engine_versions", "CacheEngineVersions")
        if service == "elasticache"
        else ("describe_db_engine_versions", "DBEngineVersions")
    )
    pages: Iterable[Mapping[str, Any]] = situation.client(service).get_paginator(operation).paginate(Engine=engine)
    return [str(one["EngineVersion"]) for page in pages for one in page[key]]


def _targets(situation: Situation, one: _Wanted) -> list[str] | None:
    """The versions that AWS upgrades the running one to; None where it does not tell.

    ElastiCache has no such list: it upgrades from each version to each newer one. (ElastiCache User Guide, "Version
    management".) Nor does DocumentDB promise to fill its own, so that an empty one of it says nothing.
    """
    if one.service == "elasticache":
        return None
    options = {"IncludeAll": True} if one.service == "rds" else {}  # what runs may not be offered any more
    answer = situation.client(one.service).describe_db_engine_versions(
        Engine=one.engine, EngineVersion=one.running, **options
    )
    told = [row["ValidUpgradeTarget"] for row in answer["DBEngineVersions"] if "ValidUpgradeTarget" in row]
    if not told or (one.service == "docdb" and not any(told)):
        return None
    return [str(target["EngineVersion"]) for row in told for target in row if target.get("Engine") == one.engine]


def _is_among(version: str, offered: Iterable[str]) -> bool:
    """A version may be named by its beginning (8.0 for 8.0.1)."""
    return any(version == there or there.startswith(f"{version}.") for there in offered)


def _no_version(situation: Situation, one: _Wanted, offered: list[str]) -> Finding:
    major = one.version.partition(".")[0]
    near = [there for there in offered if there.partition(".")[0] == major] or offered
    has = f"; it has {', '.join(near[-_SHOWN:])}" if near else ""
    message = f"{situation.account.region} has no {one.engine} {one.version}{has}"
    remedy = "choose one of them in the image's tag" if near else "deploy to another region"
    return situation.finding("engine-version", "error", message, remedy, one.resource.source)


def _no_upgrade(situation: Situation, one: _Wanted, targets: list[str]) -> Finding:
    """With the newest target of each major up to the one that is wanted."""
    wanted = numbers(one.version)[: one.depth]
    newest: dict[tuple[int, ...], str] = {}
    for target in sorted(targets, key=numbers):
        major = numbers(target)[: one.depth]
        if major <= wanted:
            newest[major] = target
    here = numbers(one.running or "")[: one.depth]
    between = [".".join(map(str, major)) for major in newest if here < major < wanted]
    to = f", but to {', '.join(newest.values())}" if newest else ""
    name = (one.resource.source or one.resource.logical_id).removeprefix("services.")
    message = f"{name} runs {one.engine} {one.running}, which AWS does not upgrade to {one.version}{to}"
    if between:
        remedy = f"deploy the image's tag {between[-1]} first, then the wanted one"
    elif newest:
        remedy = f"upgrade it to {list(newest.values())[-1]} first, in the console of its service"
    else:
        remedy = "keep the image's tag of the version that runs"
    return situation.finding("engine-upgrade", "error", message, remedy, one.resource.source)
