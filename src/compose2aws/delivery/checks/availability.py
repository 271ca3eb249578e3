"""Whether the region has what the templates name: instance classes, enough availability zones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compose2aws.delivery.checks.doubt import each
from compose2aws.delivery.checks.engine import engine_of
from compose2aws.delivery.checks.situation import Situation
from compose2aws.planning.ledger import Finding

_SUBNET = "AWS::EC2::Subnet"


def check_instance_classes(situation: Situation) -> list[Finding]:
    """An error for each class of a new database's instances that the region does not offer for its engine."""
    asked: dict[tuple[str, str, str], str | None] = {}
    for resource in situation.new("AWS::RDS::DBInstance", "AWS::DocDB::DBInstance"):
        engine, wanted = engine_of(situation, resource), situation.property(resource, "DBInstanceClass")
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


def _zone_index(properties: Mapping[str, Any]) -> int | None:
    """`!Select [1, !GetAZs '']` → 1"""
    zone = properties.get("AvailabilityZone")
    chosen = zone.get("Fn::Select") if isinstance(zone, Mapping) else None
    index = chosen[0] if isinstance(chosen, list) and chosen else None
    return int(index) if isinstance(index, int | str) and str(index).isdigit() else None
