"""Balancers, their logs, the certificate and public records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from compose2aws.cloudformation import GraphError, emit
from compose2aws.planning.model import Certificate, Plan

from .plans import full_plan
from .test_templates import resources
from .wide_plans import wide_plan


def properties(plan: Plan, name: str) -> dict[str, Any]:
    body: dict[str, Any] = resources(emit(plan))[name]["Properties"]
    return body


def attributes(plan: Plan, name: str, key: str) -> dict[str, Any]:
    return {entry["Key"]: entry["Value"] for entry in properties(plan, name)[key]}


def test_port_80_goes_to_https_and_https_knows_only_its_hosts() -> None:
    redirect = properties(full_plan(), "RedirectListener")["DefaultActions"][0]
    assert redirect["RedirectConfig"] == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    https = properties(full_plan(), "HttpsListener")
    assert https["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    assert https["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"


def test_a_listener_without_a_domain_sends_to_its_service() -> None:
    made = resources(emit(full_plan()))
    listener = made["ApiHttpListener"]
    assert listener["Properties"]["DefaultActions"] == [
        {"Type": "forward", "TargetGroupArn": {"Ref": "ApiTargetGroup"}}
    ]
    assert {skip["id"] for skip in listener["Metadata"]["checkov"]["skip"]} == {"CKV_AWS_2", "CKV_AWS_103"}
    assert "Metadata" not in made["RedirectListener"]


def test_target_groups_never_follow_the_port_of_the_compose_file() -> None:
    group = properties(full_plan(), "ApiTargetGroup")
    assert (group["Port"], group["TargetType"]) == (80, "ip")
    assert "Name" not in group
    assert attributes(full_plan(), "ApiTargetGroup", "TargetGroupAttributes") == {
        "deregistration_delay.timeout_seconds": "30"
    }


def test_ports_of_other_protocols_are_checked_by_connecting() -> None:
    broker, dns = properties(wide_plan(), "BrokerTargetGroup"), properties(wide_plan(), "DnsTargetGroup")
    assert (broker["HealthCheckProtocol"], broker["HealthCheckPort"]) == ("TCP", "traffic-port")
    assert (dns["Protocol"], dns["HealthCheckProtocol"], dns["HealthCheckPort"]) == ("UDP", "TCP", "8080")
    assert not {"Matcher", "HealthCheckPath"} & broker.keys()


def test_the_balancer_drops_headers_that_are_not_legal_and_can_be_rolled_back() -> None:
    found = attributes(full_plan(), "ApplicationLoadBalancer", "LoadBalancerAttributes")
    assert found["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert found["deletion_protection.enabled"] == "false"
    assert found["access_logs.s3.bucket"] == {"Fn::ImportValue": "shop-base-BalancerLogBucket"}


def test_there_is_a_log_bucket_only_where_logs_are_written() -> None:
    made = resources(emit(full_plan("production")))
    assert made["BalancerLogBucket"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert "BalancerLogBucket" not in resources(emit(full_plan("development")))
    quiet = attributes(full_plan("development"), "ApplicationLoadBalancer", "LoadBalancerAttributes")
    assert quiet["access_logs.s3.enabled"] == "false"


def test_each_kind_of_balancer_may_write_its_logs() -> None:
    def principals(plan: Plan) -> set[str]:
        statements = properties(plan, "BalancerLogBucketPolicy")["PolicyDocument"]["Statement"]
        return {s["Principal"]["Service"] for s in statements if s["Effect"] == "Allow"}

    assert principals(full_plan()) == {"logdelivery.elasticloadbalancing.amazonaws.com"}
    assert principals(wide_plan()) == {"delivery.logs.amazonaws.com"}


def test_a_wildcard_is_validated_by_the_record_of_its_domain() -> None:
    certificate = properties(full_plan(), "DomainCertificate")
    assert certificate["SubjectAlternativeNames"] == ["*.example.com"]
    assert certificate["DomainValidationOptions"] == [
        {"DomainName": "example.com", "HostedZoneId": {"Ref": "HostedZoneId"}}
    ]


def test_a_known_zone_is_no_parameter() -> None:
    templates = emit(replace(full_plan(), zone="Z0123456789ABC"))
    assert "HostedZoneId" not in templates.stacks[1].template["Parameters"]
    assert resources(templates)["ApiRecord"]["Properties"]["HostedZoneId"] == "Z0123456789ABC"


def test_a_certificate_that_is_there_is_used_and_not_made() -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
    made = resources(emit(replace(full_plan(), certificate=Certificate(("example.com",), arn))))
    assert "DomainCertificate" not in made
    assert made["HttpsListener"]["Properties"]["Certificates"] == [{"CertificateArn": arn}]


def test_https_without_a_certificate_is_a_mistake_of_the_planner() -> None:
    with pytest.raises(GraphError, match="certificate"):
        emit(replace(full_plan(), certificate=None))


def test_outputs_tell_where_the_project_is_reached() -> None:
    def outputs(plan: Plan) -> dict[str, Any]:
        return {name: output["Value"] for name, output in emit(plan).stacks[1].template["Outputs"].items()}

    full = outputs(full_plan())
    assert full["ApiServiceUrl"] == "https://api.example.com"
    assert full["ApiServiceUrl3001"]["Fn::Join"][1] == [
        "http://",
        {"Fn::GetAtt": ["ApplicationLoadBalancer", "DNSName"]},
        ":3001",
    ]
    assert outputs(wide_plan())["BrokerServiceUrl1883"]["Fn::Join"][1][1] == {
        "Fn::GetAtt": ["NetworkLoadBalancer", "DNSName"]
    }
