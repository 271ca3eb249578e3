"""The table of life-cycles: which stack a resource lands in, and what becomes of it when it is deleted or replaced."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from compose2aws.cloudformation.graph import Node

Place: TypeAlias = Literal["base", "app"]

_BASE_FAMILIES = (
    "AWS::AmazonMQ::",
    "AWS::CloudWatch::",
    "AWS::DocDB::",
    "AWS::EC2::",
    "AWS::ECR::",
    "AWS::EFS::",
    "AWS::ElastiCache::",
    "AWS::KMS::",
    "AWS::OpenSearchService::",
    "AWS::RDS::",
    "AWS::S3::",
)
# Instances come and go with the tasks that they run; an access point is a way into a folder, which stays without it.
_APP_TYPES = frozenset({"AWS::EC2::LaunchTemplate", "AWS::EFS::AccessPoint"})
# Groups of what the app is made of; those of networks and of managed services outlive it.
_APP_GROUPS = frozenset({"BalancerSecurityGroup", "NetworkBalancerSecurityGroup", "HostSecurityGroup"})
_BASE_IDS = frozenset(
    {"AlarmSubscription", "AlarmTopic", "DatabaseMonitoringRole", "FlowLogGroup", "FlowLogRole", "SearchLogPolicy"}
)
# An alarm stands beside what it watches.
_APP_METRICS = frozenset({"AWS/ApplicationELB", "AWS/NetworkELB", "ECS/ContainerInsights"})
_LOGIN = "MasterLogin"
_BASE_ROLES = (_LOGIN, "DomainLogs")

_SNAPSHOT = {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
_KEEP = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
_GO = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}

_POLICIES = {
    "AWS::AmazonMQ::Broker": _KEEP,  # there are no snapshots of queues
    "AWS::DocDB::DBCluster": _SNAPSHOT,
    "AWS::DocDB::DBInstance": _GO,
    "AWS::ECR::Repository": _GO,  # what is in it can be built again, and it empties itself
    "AWS::EFS::FileSystem": _KEEP,
    "AWS::ElastiCache::CacheCluster": _GO,  # memcached keeps nothing
    "AWS::ElastiCache::ReplicationGroup": _SNAPSHOT,
    "AWS::OpenSearchService::Domain": _KEEP,
    "AWS::KMS::Key": _KEEP,  # snapshots under a key that is gone are lost
    "AWS::RDS::DBCluster": _SNAPSHOT,
    "AWS::RDS::DBInstance": _SNAPSHOT,
    "AWS::S3::Bucket": _KEEP,
}

KEPT_TYPES = frozenset(
    {kind for kind, policy in _POLICIES.items() if policy is not _GO} | {"AWS::SecretsManager::Secret"}
)
"""The types of what is not simply deleted: it holds data, or the key or the password to data."""


def place(logical_id: str, node: Node) -> Place:
    """`base` for what must outlive a bad release of the app: network, registries, data and keys."""
    if node.type == "AWS::CloudWatch::Alarm" and node.body["Properties"]["Namespace"] in _APP_METRICS:
        return "app"
    if node.type in _APP_TYPES or _is_group_of_the_app(logical_id, node):
        return "app"
    base = node.type.startswith(_BASE_FAMILIES) or logical_id in _BASE_IDS or logical_id.endswith(_BASE_ROLES)
    return "base" if base else "app"


def _is_group_of_the_app(logical_id: str, node: Node) -> bool:
    """Whether it is a security group of a workload or a balancer, or a rule that one of them is part of."""
    if node.type == "AWS::EC2::SecurityGroup":
        return node.owner is not None or logical_id in _APP_GROUPS
    if node.type == "AWS::EC2::SecurityGroupIngress":
        ends = (node.body["Properties"].get(key, {}) for key in ("GroupId", "SourceSecurityGroupId"))
        return node.owner is not None or any(end.get("Fn::GetAtt", [""])[0] in _APP_GROUPS for end in ends)
    return False


def policies(logical_id: str, body: dict[str, Any]) -> dict[str, str]:
    """The deletion and replacement policies of a resource; none where CloudFormation's own will do."""
    kind = body["Type"]
    if kind == "AWS::RDS::DBInstance" and "DBClusterIdentifier" in body["Properties"]:
        return _GO  # a snapshot of a cluster's member is refused
    if kind == "AWS::SecretsManager::Secret" and logical_id.endswith(_LOGIN):
        return _KEEP
    return _POLICIES.get(kind, {})
