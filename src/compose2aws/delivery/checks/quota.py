"""Quotas: what the templates add to what is there already, against what the account may have."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.catalog.catalog import read_table
from compose2aws.delivery.checks.doubt import each
from compose2aws.delivery.checks.situation import Resource, Situation
from compose2aws.delivery.refusal import code_of
from compose2aws.planning.ledger import Finding

_MINUTES = 60


def check_quotas(situation: Situation) -> list[Finding]:
    """An error for each kind of thing of which the account may not have as many more as the templates make."""
    rows = [row for row in read_table("quotas")["quotas"] if "type" in row]
    return each("quotas", [(row["name"], row) for row in rows], lambda row: _check(situation, row))


def check_fargate(situation: Situation) -> list[Finding]:
    """Whether the tasks of new services find their vCPUs: new accounts have few."""
    rows = [row for row in read_table("quotas")["quotas"] if "capacity" in row]
    wanted = {row["name"]: _vcpus(situation, row["capacity"]) for row in rows}
    asked = [(row["name"], row) for row in rows if wanted[row["name"]]]
    return each("quotas", asked, lambda row: _over(situation, row, None, wanted[row["name"]]))


def _check(situation: Situation, row: Mapping[str, Any]) -> list[Finding]:
    new = [one for one in situation.new(row["type"]) if _fits(one.properties, row.get("where", {}))]
    if not new:
        return []
    there = _used(situation, row)
    if row.get("zonal"):
        # Each gateway of ours stands in a zone of its own.
        return _over(situation, row, _in_fullest_zone(situation, there), 1)
    return _over(situation, row, len(there), len(new))


def _over(situation: Situation, row: Mapping[str, Any], used: float | None, wanted: float) -> list[Finding]:
    quota = _quota(situation, row["service"], row["code"])
    if quota is None:
        return []
    limit = float(quota["Value"])
    if used is None:
        used = _metric(situation, quota.get("UsageMetric"))
    if used + wanted <= limit:
        return []
    message = (
        f"the account may have {limit:g} {row['name']} in {situation.account.region}: "
        f"{used:g} are used, and this needs {wanted:g} more"
    )
    asked = math.ceil(used + wanted)
    remedy = (
        f"ask for more: aws service-quotas request-service-quota-increase --service-code {row['service']} --quota-code "
        f"{row['code']} --desired-value {asked}"
    )
    return [Finding("quota", "error", message, remedy)]


def _quota(situation: Situation, service: str, code: str) -> dict[str, Any] | None:
    """The account's value, else the default; None where the region knows no such quota."""
    client = situation.client("service-quotas")
    for ask in (client.get_service_quota, client.get_aws_default_service_quota):
        try:
            quota: dict[str, Any] = ask(ServiceCode=service, QuotaCode=code)["Quota"]
        except ClientError as error:
            if code_of(error) != "NoSuchResourceException":
                raise
        else:
            return quota
    return None


def _fits(properties: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Without a type a balancer is an application's."""
    return all(properties.get(key, "application") == value for key, value in wanted.items())


def _used(situation: Situation, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    service, operation, key = row["used"]
    pages = situation.client(service).get_paginator(operation) if operation != "describe_addresses" else None
    answers = pages.paginate() if pages is not None else [situation.client(service).describe_addresses()]
    items = [item for answer in answers for item in answer[key]]
    if key == "NatGateways":
        return [item for item in items if item.get("State") not in ("deleted", "failed")]
    wanted = row.get("where", {})
    return [item for item in items if all(item.get(name) == value for name, value in wanted.items())]


def _in_fullest_zone(situation: Situation, gateways: list[dict[str, Any]]) -> int:
    subnets = sorted({gateway["SubnetId"] for gateway in gateways})
    if not subnets:
        return 0
    described = situation.client("ec2").describe_subnets(SubnetIds=subnets)["Subnets"]
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in described}
    counted = Counter(zones.get(gateway["SubnetId"]) for gateway in gateways)
    return max(counted.values())


def _metric(situation: Situation, metric: Mapping[str, Any] | None) -> float:
    """How much of a quota is used, by the metric that Service Quotas names; nothing where it names none."""
    if not metric or not metric.get("MetricName"):
        return 0.0
    now = datetime.now(UTC)
    statistic = metric.get("MetricStatisticRecommendation") or "Maximum"
    points = situation.client("cloudwatch").get_metric_statistics(
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in metric.get("MetricDimensions", {}).items()],
        StartTime=now - timedelta(minutes=_MINUTES),
        EndTime=now,
        Period=300,
        Statistics=[statistic],
    )["Datapoints"]
    return max((float(point[statistic]) for point in points), default=0.0)


def _vcpus(situation: Situation, capacity: str) -> float:
    """The vCPUs that the new services' tasks take of a kind of capacity, and the largest of the new jobs'."""
    definitions = {one.logical_id: one for one in situation.resources("AWS::ECS::TaskDefinition")}
    total = 0.0
    for service in situation.new("AWS::ECS::Service"):
        if _kind(service) != capacity:
            continue
        definition = definitions.get(str((service.properties.get("TaskDefinition") or {}).get("Ref")))
        units = definition.properties.get("Cpu") if definition else None
        count = situation.text(service.properties.get("DesiredCount", 1), service.stack)
        if units is not None and str(units).isdigit() and count is not None and count.isdigit():
            total += int(units) / 1024 * int(count)
    return total


def _kind(service: Resource) -> str:
    """The capacity of most of a service's tasks; that of its instances is none of Fargate's."""
    strategy = service.properties.get("CapacityProviderStrategy") or []
    if not strategy:
        return str(service.properties.get("LaunchType", ""))
    return str(max(strategy, key=lambda item: int(item.get("Weight", 0)))["CapacityProvider"])
