"""Whether the region has what the templates name: engine versions, instance classes, enough availability zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compose2aws.delivery.checks.doubt import each
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
    """An error for each new database or cache whose version cannot be created here."""
    offered: dict[tuple[str, str], list[str]] = {}

    def check(one: tuple[Resource, str, str]) -> list[Finding]:
        resource, engine, version = one
        key = (_DATABASES.get(resource.type, "elasticache"), engine)
        if key not in offered:
            offered[key] = _versions(situation, *key)
        if any(version == there or there.startswith(f"{version}.") for there in offered[key]):
            return []
        return [_no_version(situation, resource, engine, version, offered[key])]

    engines = [(resource, *_engine(situation, resource)) for resource in situation.new(*_DATABASES, *_CACHES)]
    known = [(e, (resource, e, v)) for resource, e, v in engines if e is not None and v is not None]
    return each("versions of engines", known, check)


def check_instance_classes(situation: Situation) -> list[Finding]:
    """An error for each class of a new database's instances that the region does not offer for its engine."""
    asked: dict[tuple[str, str, str], str | None] = {}
    for resource in situation.new("AWS::RDS::DBInstance", "AWS::DocDB::DBInstance"):
        engine, wanted = _engine(situation, resource)[0], _text(situation, resource, "DBInstanceClass")
        if engine is not None and wanted is not None:
            service = "docdb" if resource.type.startswith("AWS::DocDB") else "rds"
            asked.setdefault((service, engine, wanted), resource.source)

    def check(one: tuple[str, str, str]) -> list[Finding]:
        service, engine, wanted = one
        answer = situation.client(service).describe_orderable_db_instance_options(
            Engine=engine, DBInstanceClass=wanted, MaxRecords=20
        )
        if answer["OrderableDBInstanceOptions"]:
            return []
        message = f"{situation.account.region} does not offer {wanted} for {engine}"
        remedy = "deploy to another region, or choose another class with x-aws.patches"
        return [situation.finding("instance-class", "error", message, remedy, asked[one])]

    return each("instance classes", [(f"{key[2]} for {key[1]}", key) for key in asked], check)


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
