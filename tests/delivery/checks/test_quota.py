"""Quotas: what is there, and what is added, against what the account may have."""

from __future__ import annotations

from typing import Any

from compose2aws.delivery.account import open_account
from compose2aws.delivery.checks.quota import check_fargate, check_quotas
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.checks.conftest import Shop

WEB = "services: {web: {image: 'nginx:1.27', ports: ['80:80']}}\n"
MANY = """
services:
  web: {image: 'nginx:1.27', deploy: {replicas: 4, resources: {limits: {cpus: '2', memory: 4G}}}}
  cheap: {image: 'nginx:1.27', x-aws: {spot: true, cpu: 1}}
"""
METRIC = {
    "MetricNamespace": "AWS/Usage",
    "MetricName": "ResourceCount",
    "MetricDimensions": {"Service": "Fargate", "Resource": "vCPU", "Type": "Resource", "Class": "Standard/OnDemand"},
    "MetricStatisticRecommendation": "Maximum",
}


def quotas(values: dict[str, float], other: float = 1000.0) -> Any:
    """The value of each quota by its code."""

    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        value = values.get(parameters["QuotaCode"], other)
        metric = {"UsageMetric": METRIC} if parameters["ServiceCode"] == "fargate" else {}
        return {"Quota": {"QuotaCode": parameters["QuotaCode"], "Value": value, **metric}}

    return answer


def holding(shop: Shop, vpcs: int = 0, gateways: dict[str, int] | None = None) -> None:
    """An account with VPCs, and NAT gateways by their zone."""
    subnets = [f"subnet-{zone}-{number}" for zone, count in (gateways or {}).items() for number in range(count)]
    shop.answers(
        "ec2",
        DescribeVpcs={"Vpcs": [{"VpcId": f"vpc-{number}"} for number in range(vpcs)]},
        DescribeInternetGateways={"InternetGateways": []},
        DescribeAddresses={"Addresses": []},
        DescribeNatGateways={"NatGateways": [{"SubnetId": subnet, "State": "available"} for subnet in subnets]},
        DescribeSubnets={
            "Subnets": [{"SubnetId": name, "AvailabilityZone": f"us-east-1{name.split('-')[1]}"} for name in subnets]
        },
    )
    shop.answers("elbv2", DescribeLoadBalancers={"LoadBalancers": []})


def test_room_enough_is_not_told(shop: Shop) -> None:
    holding(shop, vpcs=4)
    shop.answers("service-quotas", GetServiceQuota=quotas({"L-F678F1CE": 5}))
    assert check_quotas(shop.situation(WEB)) == []


def test_one_vpc_too_many_is_an_error_with_the_way_to_ask_for_more(shop: Shop) -> None:
    holding(shop, vpcs=5)
    shop.answers("service-quotas", GetServiceQuota=quotas({"L-F678F1CE": 5}))
    [finding] = check_quotas(shop.situation(WEB))
    assert finding.severity == "error"
    assert finding.message == "the account may have 5 VPCs in us-east-1: 5 are used, and this needs 1 more"
    assert "--service-code vpc --quota-code L-F678F1CE --desired-value 6" in finding.remedy


def test_what_is_deployed_is_not_counted_again(shop: Shop) -> None:
    holding(shop, vpcs=5)
    shop.answers("service-quotas", GetServiceQuota=quotas({"L-F678F1CE": 5}))
    assert check_quotas(shop.situation(WEB, deployed=True)) == []


def test_nat_gateways_are_counted_by_zone(shop: Shop) -> None:
    shop.answers("service-quotas", GetServiceQuota=quotas({"L-FE5A380F": 5}))
    holding(shop, gateways={"a": 4, "b": 4})
    assert check_quotas(shop.situation(WEB)) == []
    holding(shop, gateways={"a": 5})
    assert [finding.code for finding in check_quotas(shop.situation(WEB))] == ["quota"]


def test_balancers_of_the_other_kind_do_not_count(shop: Shop) -> None:
    holding(shop)
    shop.answers("elbv2", DescribeLoadBalancers={"LoadBalancers": [{"Type": "network"}] * 50})
    shop.answers("service-quotas", GetServiceQuota=quotas({"L-53DA6B97": 50, "L-69A177A2": 50}))
    assert check_quotas(shop.situation(WEB)) == []
    shop.answers("elbv2", DescribeLoadBalancers={"LoadBalancers": [{"Type": "application"}] * 50})
    [finding] = check_quotas(shop.situation(WEB))
    assert "application load balancers" in finding.message


def test_without_a_value_of_its_own_the_account_has_the_default(shop: Shop) -> None:
    holding(shop, vpcs=5)
    shop.answers(
        "service-quotas",
        GetServiceQuota="NoSuchResourceException",
        GetAWSDefaultServiceQuota=quotas({"L-F678F1CE": 5}),
    )
    assert len(check_quotas(shop.situation(WEB))) == 1


def test_a_quota_that_the_region_does_not_know_is_none(shop: Shop) -> None:
    holding(shop, vpcs=5)
    shop.answers(
        "service-quotas",
        GetServiceQuota="NoSuchResourceException",
        GetAWSDefaultServiceQuota="NoSuchResourceException",
    )
    assert check_quotas(shop.situation(WEB)) == []


def test_vcpus_of_fargate_are_counted_with_what_runs(shop: Shop) -> None:
    shop.answers("cloudwatch", GetMetricStatistics={"Datapoints": [{"Maximum": 3.0}, {"Maximum": 1.0}]})
    shop.answers("service-quotas", GetServiceQuota=quotas({"L-3032A538": 11, "L-36FBB829": 4}))
    assert check_fargate(shop.situation(MANY)) == []
    shop.answers("service-quotas", GetServiceQuota=quotas({"L-3032A538": 10, "L-36FBB829": 3}))
    on_demand, spot = check_fargate(shop.situation(MANY))
    assert "3 are used, and this needs 8 more" in on_demand.message
    assert "may have 3 vCPUs of Fargate Spot" in spot.message
    assert check_fargate(shop.situation(MANY, deployed=True)) == []


def test_it_works_against_an_account(shop: Shop, server: RehearsalServer) -> None:
    shop.account = open_account()
    for number in range(4):
        server.client("ec2").create_vpc(CidrBlock=f"10.{number}.0.0/16")
    shop.answers("service-quotas", GetServiceQuota=quotas({"L-F678F1CE": 5}))
    [finding] = check_quotas(shop.situation(WEB))  # the default VPC is the fifth
    assert "5 VPCs" in finding.message


def test_one_that_cannot_be_asked_keeps_no_other_from_being_told(shop: Shop) -> None:
    holding(shop, vpcs=5)
    shop.answers("elbv2", DescribeLoadBalancers="AccessDenied")
    shop.answers("service-quotas", GetServiceQuota=quotas({"L-F678F1CE": 5}))
    full, unknown = check_quotas(shop.situation(WEB))
    assert full.code == "quota"
    assert (unknown.code, unknown.severity) == ("unchecked", "warning")
    assert unknown.message.startswith(
        "quotas (application load balancers) could not be checked: the credentials may not"
    )
