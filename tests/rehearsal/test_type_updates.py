"""Each type changed in place or replaced, as its schema says, with the change seen by its service, and changed back."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jmespath  # type: ignore[import-untyped]
import pytest

from .conftest import Stacks

if TYPE_CHECKING:
    from compose2aws.rehearsal import RehearsalAccount

TEMPLATES = Path(__file__).parent / "system"
APP_GROUP = [{"Fn::GetAtt": ["AppGroup", "GroupId"]}]
NAMES = {"shop-base": "base.json", "shop-app": "app.json"}


def _create(stacks: Stacks, name: str) -> dict[str, Any]:
    template: dict[str, Any] = json.loads((TEMPLATES / NAMES[name]).read_text("utf-8"))
    description = stacks.create(name, template)
    assert description["StackStatus"] == "CREATE_COMPLETE"
    return template


@pytest.fixture(scope="module")
def system() -> Iterator[tuple[Stacks, dict[str, dict[str, Any]]]]:
    pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
    pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")
    from compose2aws.rehearsal import RehearsalAccount  # noqa: PLC0415 - not before moto is known to be there

    with RehearsalAccount() as account:
        stacks = Stacks(account)
        yield stacks, {name: _create(stacks, name) for name in NAMES}


def _set(template: dict[str, Any], logical_id: str, path: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(template)
    place = changed["Resources"][logical_id].setdefault("Properties", {})
    *parents, last = path.split(".")
    for name in parents:
        place = place[name]
    place[last] = value
    return changed


def _missing(account: RehearsalAccount, stack: str) -> list[str]:
    from compose2aws.rehearsal import missing_resources  # noqa: PLC0415

    return missing_resources(account, stack)


# A stack, a logical id, one of its properties, and another value.
Change = tuple[str, str, str, Any]
# A service, an operation, its arguments with $ID for the physical id, where to look in the answer, what is there.
Seen = tuple[str, str, dict[str, Any], str, Any]

IN_PLACE: list[tuple[Change, Seen]] = [
    (
        ("shop-base", "SubnetA", "MapPublicIpOnLaunch", False),
        ("ec2", "describe_subnets", {"SubnetIds": ["$ID"]}, "Subnets[0].MapPublicIpOnLaunch", False),
    ),
    (
        ("shop-base", "EcrEnd", "SecurityGroupIds", APP_GROUP),
        ("ec2", "describe_vpc_endpoints", {"VpcEndpointIds": ["$ID"]}, "length(VpcEndpoints[0].Groups)", 1),
    ),
    (
        ("shop-base", "FlowLogs", "RetentionInDays", 60),
        ("logs", "describe_log_groups", {"logGroupNamePrefix": "$ID"}, "logGroups[0].retentionInDays", 60),
    ),
    (("shop-base", "FlowRole", "Policies", []), ("iam", "list_role_policies", {"RoleName": "$ID"}, "PolicyNames", [])),
    (
        ("shop-base", "Mount", "SecurityGroups", APP_GROUP),
        ("efs", "describe_mount_target_security_groups", {"MountTargetId": "$ID"}, "length(SecurityGroups)", 1),
    ),
    (
        ("shop-base", "DbSubnets", "SubnetIds", [{"Ref": "SubnetB"}]),
        ("rds", "describe_db_subnet_groups", {"DBSubnetGroupName": "$ID"}, "length(DBSubnetGroups[0].Subnets)", 1),
    ),
    (
        ("shop-base", "DbParams", "Parameters", {"rds.force_ssl": "1"}),
        (
            "rds",
            "describe_db_cluster_parameters",
            {"DBClusterParameterGroupName": "$ID"},
            "Parameters[?ParameterName=='rds.force_ssl'].ParameterValue | [0]",
            "1",
        ),
    ),
    (
        ("shop-base", "Cluster", "ServerlessV2ScalingConfiguration", {"MinCapacity": 1, "MaxCapacity": 8}),
        (
            "rds",
            "describe_db_clusters",
            {"DBClusterIdentifier": "$ID"},
            "DBClusters[0].ServerlessV2ScalingConfiguration.MaxCapacity",
            8.0,
        ),
    ),
    (
        ("shop-base", "Cluster", "DeletionProtection", True),
        ("rds", "describe_db_clusters", {"DBClusterIdentifier": "$ID"}, "DBClusters[0].DeletionProtection", True),
    ),
    (
        ("shop-base", "Cluster", "EngineVersion", "16.9"),
        ("rds", "describe_db_clusters", {"DBClusterIdentifier": "$ID"}, "DBClusters[0].EngineVersion", "16.9"),
    ),
    (
        ("shop-base", "Maria", "AllocatedStorage", "40"),
        ("rds", "describe_db_instances", {"DBInstanceIdentifier": "$ID"}, "DBInstances[0].AllocatedStorage", 40),
    ),
    (
        ("shop-base", "CacheParams", "Properties", {"maxmemory-policy": "noeviction"}),
        (
            "elasticache",
            "describe_cache_parameters",
            {"CacheParameterGroupName": "$ID"},
            "Parameters[0].ParameterValue",
            "noeviction",
        ),
    ),
    (
        ("shop-base", "Cache", "SnapshotRetentionLimit", 5),
        (
            "elasticache",
            "describe_replication_groups",
            {"ReplicationGroupId": "$ID"},
            "ReplicationGroups[0].SnapshotRetentionLimit",
            5,
        ),
    ),
    (
        ("shop-base", "Memcached", "NumCacheNodes", 2),
        ("elasticache", "describe_cache_clusters", {"CacheClusterId": "$ID"}, "length(CacheClusters[0].CacheNodes)", 2),
    ),
    (
        ("shop-base", "Search", "ClusterConfig.InstanceCount", 2),
        ("opensearch", "describe_domain", {"DomainName": "$ID"}, "DomainStatus.ClusterConfig.InstanceCount", 2),
    ),
    (
        ("shop-base", "Logs", "VersioningConfiguration", {"Status": "Enabled"}),
        ("s3", "get_bucket_versioning", {"Bucket": "$ID"}, "Status", "Enabled"),
    ),
    (
        ("shop-base", "Topic", "DisplayName", "other"),
        ("sns", "get_topic_attributes", {"TopicArn": "$ID"}, "Attributes.DisplayName", "other"),
    ),
    (
        ("shop-base", "Alarm", "Threshold", 90),
        ("cloudwatch", "describe_alarms", {"AlarmNames": ["$ID"]}, "MetricAlarms[0].Threshold", 90.0),
    ),
    (
        ("shop-app", "DbInstance", "InstanceAttributes.AWS_INSTANCE_CNAME", "other.example.com"),
        ("servicediscovery", "list_services", {}, "length(Services)", 2),
    ),
    (
        ("shop-app", "Name", "DnsConfig.DnsRecords", [{"Type": "A", "TTL": 20}]),
        ("servicediscovery", "get_service", {"Id": "$ID"}, "Service.DnsConfig.DnsRecords[0].TTL", 20),
    ),
    (
        ("shop-app", "Tg", "HealthCheckPath", "/other"),
        ("elbv2", "describe_target_groups", {"TargetGroupArns": ["$ID"]}, "TargetGroups[0].HealthCheckPath", "/other"),
    ),
    (
        ("shop-app", "Listener", "SslPolicy", "ELBSecurityPolicy-2016-08"),
        (
            "elbv2",
            "describe_listeners",
            {"ListenerArns": ["$ID"]},
            "Listeners[0].SslPolicy",
            "ELBSecurityPolicy-2016-08",
        ),
    ),
    (
        (
            "shop-app",
            "Rule",
            "Conditions",
            [{"Field": "host-header", "HostHeaderConfig": {"Values": ["b.example.com"]}}],
        ),
        (
            "elbv2",
            "describe_rules",
            {"RuleArns": ["$ID"]},
            "Rules[0].Conditions[0].HostHeaderConfig.Values",
            ["b.example.com"],
        ),
    ),
    (
        ("shop-app", "Url", "SecretString", "other"),
        ("secretsmanager", "get_secret_value", {"SecretId": "$ID"}, "SecretString", "other"),
    ),
    (
        ("shop-app", "Ecs", "ClusterSettings", [{"Name": "containerInsights", "Value": "disabled"}]),
        (
            "ecs",
            "describe_clusters",
            {"clusters": ["$ID"], "include": ["SETTINGS"]},
            "clusters[0].settings[0].value",
            "disabled",
        ),
    ),
    (
        ("shop-app", "Lt", "LaunchTemplateData.InstanceType", "t3.large"),
        (
            "ec2",
            "describe_launch_templates",
            {"LaunchTemplateIds": ["$ID"]},
            "LaunchTemplates[0].DefaultVersionNumber",
            2,
        ),
    ),
    (
        ("shop-app", "Asg", "MaxSize", "8"),
        (
            "autoscaling",
            "describe_auto_scaling_groups",
            {"AutoScalingGroupNames": ["$ID"]},
            "AutoScalingGroups[0].MaxSize",
            8,
        ),
    ),
    (
        ("shop-app", "Cp", "AutoScalingGroupProvider.ManagedScaling.TargetCapacity", 80),
        (
            "ecs",
            "describe_capacity_providers",
            {"capacityProviders": ["$ID"]},
            "capacityProviders[0].autoScalingGroupProvider.managedScaling.targetCapacity",
            80,
        ),
    ),
    (
        ("shop-app", "CpAssoc", "DefaultCapacityProviderStrategy", [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]),
        (
            "ecs",
            "describe_clusters",
            {"clusters": ["$ID"]},
            "clusters[0].defaultCapacityProviderStrategy[0].capacityProvider",
            "FARGATE_SPOT",
        ),
    ),
    (
        ("shop-app", "Scale", "MaxCapacity", 10),
        (
            "application-autoscaling",
            "describe_scalable_targets",
            {"ServiceNamespace": "ecs"},
            "ScalableTargets[0].MaxCapacity",
            10,
        ),
    ),
    (
        ("shop-app", "ScaleCpu", "TargetTrackingScalingPolicyConfiguration.TargetValue", 70),
        (
            "application-autoscaling",
            "describe_scaling_policies",
            {"ServiceNamespace": "ecs"},
            "ScalingPolicies[0].TargetTrackingScalingPolicyConfiguration.TargetValue",
            70.0,
        ),
    ),
    (
        ("shop-app", "Cron", "ScheduleExpression", "rate(1 hour)"),
        ("scheduler", "get_schedule", {"Name": "$ID"}, "ScheduleExpression", "rate(1 hour)"),
    ),
    (
        ("shop-app", "Fn", "Timeout", 60),
        ("lambda", "get_function", {"FunctionName": "$ID"}, "Configuration.Timeout", 60),
    ),
]


@pytest.mark.parametrize(("change", "seen"), IN_PLACE, ids=[f"{change[1]}-{change[2]}" for change, _ in IN_PLACE])
def test_a_change_in_place_reaches_the_service(
    system: tuple[Stacks, dict[str, dict[str, Any]]], change: Change, seen: Seen
) -> None:
    stack, logical_id, path, value = change
    api, operation, arguments, where, expected = seen
    stacks, templates = system
    before = stacks.physical(stack, logical_id)
    status = stacks.update(stack, _set(templates[stack], logical_id, path, value))["StackStatus"]
    assert status == "UPDATE_COMPLETE", stacks.events(stack)[-12:]
    assert stacks.physical(stack, logical_id) == before
    asked = json.loads(json.dumps(arguments).replace("$ID", before))
    assert jmespath.search(where, getattr(stacks.client(api), operation)(**asked)) == expected
    assert stacks.update(stack, templates[stack])["StackStatus"] == "UPDATE_COMPLETE"
    assert _missing(stacks.account, stack) == []


REPLACED: list[Change] = [
    ("shop-base", "Dhcp", "DomainName", "other.internal"),
    ("shop-base", "FlowLog", "TrafficType", "ALL"),
    ("shop-base", "RuleOut", "FromPort", 1),
    ("shop-base", "Alias", "AliasName", "alias/other"),
    ("shop-base", "Sub", "Endpoint", "b@example.com"),
    ("shop-base", "Cache", "Port", 6380),
    ("shop-app", "Tg", "Port", 3001),
    ("shop-app", "NlbTg", "Protocol", "TCP_UDP"),
    ("shop-app", "Task", "Cpu", "512"),
    ("shop-app", "Cert2", "DomainName", "third.example.com"),
    ("shop-app", "Record", "Name", "b.shop.example.com"),
]


@pytest.mark.parametrize(("stack", "logical_id", "path", "value"), REPLACED, ids=[f"{c[1]}-{c[2]}" for c in REPLACED])
def test_a_change_that_needs_another_resource_makes_one(
    system: tuple[Stacks, dict[str, dict[str, Any]]], stack: str, logical_id: str, path: str, value: Any
) -> None:
    stacks, templates = system
    before = stacks.physical(stack, logical_id)
    changed = _set(templates[stack], logical_id, path, value)
    status = stacks.update(stack, changed)["StackStatus"]
    assert status == "UPDATE_COMPLETE", stacks.events(stack)[-12:]
    assert stacks.physical(stack, logical_id) != before
    assert _missing(stacks.account, stack) == []
    assert stacks.update(stack, templates[stack])["StackStatus"] == "UPDATE_COMPLETE"
    assert _missing(stacks.account, stack) == []
    failed = [event for event in stacks.events(stack) if event[1] == "DELETE_FAILED"]
    assert failed == []


def test_a_new_task_definition_is_deployed_by_the_same_service(
    system: tuple[Stacks, dict[str, dict[str, Any]]],
) -> None:
    stacks, templates = system
    arn = stacks.physical("shop-app", "Service")

    def deployment() -> dict[str, Any]:
        cluster = stacks.physical("shop-app", "Ecs")
        [service] = stacks.client("ecs").describe_services(cluster=cluster, services=[arn])["services"]
        found: dict[str, Any] = service["deployments"][0]
        return found

    before = deployment()
    stacks.update("shop-app", _set(templates["shop-app"], "Task", "Memory", "1024"))
    after = deployment()
    assert stacks.physical("shop-app", "Service") == arn
    assert after["taskDefinition"] == stacks.physical("shop-app", "Task")
    assert after["taskDefinition"] != before["taskDefinition"]
    assert after["id"] != before["id"]
    assert after["serviceConnectConfiguration"] == before["serviceConnectConfiguration"]
    stacks.update("shop-app", templates["shop-app"])
