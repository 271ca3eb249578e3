"""Alarms stand beside what they watch; their topic is encrypted under the project's key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from compose2aws.cloudformation import emit
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import Alarm, AlarmTopic, Dimension, Plan, SecurityGroup, named

from .plans import BALANCER, bare_plan, full_plan
from .wide_plans import rabbit


def ring(name: str, namespace: str, *dimensions: Dimension) -> Alarm:
    return Alarm(
        id=ResourceId("AWS::CloudWatch::Alarm", name),
        description=f"{name} rings",
        namespace=namespace,
        metric="Metric",
        dimensions=dimensions,
        statistic="Average",
        side="above",
        threshold=90,
        minutes=15,
        source=("services", "api"),
    )


def alarmed(plan: Plan, *alarms: Alarm) -> list[dict[str, Any]]:
    """The resources of each stack."""
    stacks = emit(replace(plan, alarms=alarms, alarm_topic=AlarmTopic("ops@example.com"))).stacks
    return [stack.template["Resources"] for stack in stacks]


def test_an_alarm_of_the_base_is_in_the_base_and_one_of_the_app_in_the_app() -> None:
    of_base = ring("Base", "AWS/RDS", Dimension("Id", named("AWS::RDS::DBCluster", "postgres", "Cluster")))
    of_app = ring("App", "AWS/ApplicationELB", Dimension("LoadBalancer", BALANCER, attribute="LoadBalancerFullName"))
    base, app = alarmed(full_plan(), of_base, of_app)
    assert base["Base"]["Properties"]["Dimensions"] == [{"Name": "Id", "Value": {"Ref": "PostgresCluster"}}]
    assert base["Base"]["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert base["Base"]["Properties"]["EvaluationPeriods"] == 3
    assert "App" not in base
    assert app["App"]["Properties"]["AlarmActions"] == [{"Fn::ImportValue": "shop-base-AlarmTopic"}]


def test_the_topic_is_encrypted_and_cloudwatch_may_use_its_key() -> None:
    base, _ = alarmed(full_plan())
    assert base["AlarmTopic"]["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": ["EncryptionKey", "Arn"]}
    assert base["AlarmSubscription"]["Properties"]["Endpoint"] == "ops@example.com"
    services = [s["Principal"].get("Service") for s in base["EncryptionKey"]["Properties"]["KeyPolicy"]["Statement"]]
    assert "cloudwatch.amazonaws.com" in services
    key = emit(full_plan()).stacks[0].template["Resources"]["EncryptionKey"]
    assert "cloudwatch.amazonaws.com" not in str(key)


def test_a_dimension_may_be_a_name_that_a_resource_was_made_with() -> None:
    item = rabbit()
    base = alarmed(
        bare_plan(managed=(item,), security_groups=(SecurityGroup(item.security_group, "The broker", False),)),
        ring("Queue", "AWS/AmazonMQ", Dimension("Broker", item.broker, made_with="BrokerName")),
        ring("Account", "AWS/ES", Dimension("ClientId", None)),
    )[0]
    name = base["RabbitBroker"]["Properties"]["BrokerName"]
    assert base["Queue"]["Properties"]["Dimensions"] == [{"Name": "Broker", "Value": name}]
    assert base["Account"]["Properties"]["Dimensions"][0]["Value"] == {"Ref": "AWS::AccountId"}
