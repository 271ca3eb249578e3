"""Whether the region has what the templates name: engine versions, instance classes, enough availability zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compose2aws.delivery.checks.situation import Resource, Situation
from compose2aws.planning.ledger import Finding

_DATABASES = {
    "AWS::RDS::DBCluster": "rds",
    "AWS::RDS::DBInstance": "rds",
    "AWS::DocDB::DBCluster": "docdb",
}
_CACHES = ("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster")
_SUBNET = "AWS::EC2::Subnet"
_SHOWN = 6


def check_engines(situation: Situation) -> list[Finding]:
    """An error for each new database or cache whose version cannot be created here. Raises botocore's exceptions."""
    offered: dict[tuple[str, str], list[str]] = {}
    found = []
    for resource in situation.new(*_DATABASES, *_CACHES):
        engine, version = _engine(situation, resource)
        if engine is None or version is None:
            continue
        key = (_DATABASES.get(resource.type, "elasticache"), engine)
        if key not in offered:
            offered[key] = _versions(situation, *key)
        if not any(version == one or one.startswith(f"{version}.") for one in offered[key]):
            found.append(_no_version(situation, resource, engine, version, offered[key]))
    return found


def check_instance_classes(situation: Situation) -> list[Finding]:
    """An error for each class of a new database's instances that the region does not offer for its engine. Raises
    botocore's exceptions."""
    asked: dict[tuple[str, str, str], bool] = {}
    found = []
    for resource in situation.new("AWS::RDS::DBInstance", "AWS::DocDB::DBInstance"):
        service = "docdb" if resource.type.startswith("AWS::DocDB") else "rds"
        engine = _text(situation, resource, "Engine") or ("docdb" if service == "docdb" else None)
        wanted = _text(situation, resource, "DBInstanceClass")
        if engine is None or wanted is None:
            continue
        key = (service, engine, wanted)
        if key not in asked:
            answer = situation.client(service).describe_orderable_db_instance_options(
                Engine=engine, DBInstanceClass=wanted, MaxRecords=20
            )
            asked[key] = bool(answer["OrderableDBInstanceOptions"])
        if not asked[key]:
            message = f"{situation.account.region} does not offer {wanted} for {engine}"
            remedy = "deploy to another region, or choose another class with x-aws.patches"
            found.append(situation.finding("instance-class", "error", message, remedy, resource.source))
    return list(dict.fromkeys(found))


def check_zones(situation: Situation) -> list[Finding]:
    """An error where the region has fewer availability zones than new subnets name. Raises botocore's exceptions."""
    indexes = [_zone_index(resource.properties) for resource in situation.new(_SUBNET)]
    wanted = max((index + 1 for index in indexes if index is not None), default=0)
    if not wanted:
        return []
    answer = situation.client("ec2").describe_availability_zones(
        Filters=[{"Name": "state", "Values": ["available"]}, {"Name": "zone-type", "Values": ["availability-zone"]}]
    )
    there = len(answer["AvailabilityZones"])
    if there >= wanted:
        return []
    message = f"{situation.account.region} has {there} availability zones for this account, and {wanted} are needed"
    return [Finding("availability-zones", "error", message, "deploy to another region")]


def _engine(situation: Situation, resource: Resource) -> tuple[str | None, str | None]:
    engine = _text(situation, resource, "Engine") or ("docdb" if resource.type.startswith("AWS::DocDB") else None)
    return engine, _text(situation, resource, "EngineVersion")


def _versions(situation: Situation, service: str, engine: str) -> list[str]:
    operation, key = (
        ("describe_cache_engine_versions", "CacheEngineVersions")
        if service == "elasticache"
        else ("describe_db_engine_versions", "DBEngineVersions")
    )
    pages: Iterable[Mapping[str, Any]] = situation.client(service).get_paginator(operation).paginate(Engine=engine)
    return [str(one["EngineVersion"]) for page in pages for one in page[key]]


def _no_version(situation: Situation, resource: Resource, engine: str, version: str, offered: list[str]) -> Finding:
    major = version.partition(".")[0]
    near = [one for one in offered if one.partition(".")[0] == major] or offered
    there = f"; it has {', '.join(near[-_SHOWN:])}" if near else ""
    message = f"{situation.account.region} has no {engine} {version}{there}"
    remedy = "choose one of them in the image's tag" if near else "deploy to another region"
    return situation.finding("engine-version", "error", message, remedy, resource.source)


def _text(situation: Situation, resource: Resource, name: str) -> str | None:
    value = resource.properties.get(name)
    return situation.text(value, resource.stack) if value is not None else None


def _zone_index(properties: Mapping[str, Any]) -> int | None:
    """`!Select [1, !GetAZs '']` → 1"""
    zone = properties.get("AvailabilityZone")
    chosen = zone.get("Fn::Select") if isinstance(zone, Mapping) else None
    index = chosen[0] if isinstance(chosen, list) and chosen else None
    return int(index) if isinstance(index, int | str) and str(index).isdigit() else None
