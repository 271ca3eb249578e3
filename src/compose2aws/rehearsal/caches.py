"""ElastiCache: replication groups, memcached clusters, subnet and parameter groups, users."""

from __future__ import annotations

from typing import Any

from compose2aws.rehearsal.resource_type import ApiResource, Context, Properties, by_id, call, register

_READ = "NodeGroups[].NodeGroupMembers[].ReadEndpoint"


def _group(physical_id: str, _: Properties) -> dict[str, Any]:
    return {"ReplicationGroupId": physical_id}


def _keep_group(physical_id: str, _: Properties, context: Context) -> None:
    arguments = {"ReplicationGroupId": physical_id, "SnapshotName": f"snapshot-{physical_id}"}
    call(context.service("elasticache"), "create_snapshot", arguments)


def _set_parameters(physical_id: str, properties: Properties, context: Context) -> None:
    parameters = [
        {"ParameterName": name, "ParameterValue": str(value)}
        for name, value in (properties.get("Properties") or {}).items()
    ]
    if parameters:
        arguments = {"CacheParameterGroupName": physical_id, "ParameterNameValues": parameters}
        call(context.service("elasticache"), "modify_cache_parameter_group", arguments)


register(
    ApiResource(
        type="AWS::ElastiCache::ReplicationGroup",
        api="elasticache",
        create_with="create_replication_group",
        name="ReplicationGroupId",
        name_limit=40,
        name_lower=True,
        read_with="describe_replication_groups",
        ask=_group,
        found="ReplicationGroups[0]",
        delete_with="delete_replication_group",
        delete_ask=lambda physical_id, _: {"ReplicationGroupId": physical_id, "RetainPrimaryCluster": False},
        update_with="modify_replication_group",
        attributes={
            "PrimaryEndPoint.Address": "NodeGroups[0].PrimaryEndpoint.Address",
            "PrimaryEndPoint.Port": "to_string(NodeGroups[0].PrimaryEndpoint.Port)",
            "ReaderEndPoint.Address": "NodeGroups[0].ReaderEndpoint.Address",
            "ReaderEndPoint.Port": "to_string(NodeGroups[0].ReaderEndpoint.Port)",
            "ReadEndPoint.Addresses": f"join(',', {_READ}.Address)",
            "ReadEndPoint.AddressesList": f"{_READ}.Address",
            "ReadEndPoint.Ports": f"join(',', {_READ}.to_string(Port))",
            "ReadEndPoint.PortsList": f"{_READ}.to_string(Port)",
            "ConfigurationEndPoint.Address": "ConfigurationEndpoint.Address",
            "ConfigurationEndPoint.Port": "to_string(ConfigurationEndpoint.Port)",
        },
        snapshot_with=_keep_group,
    ),
    ApiResource(
        type="AWS::ElastiCache::CacheCluster",
        api="elasticache",
        create_with="create_cache_cluster",
        name="ClusterName",
        name_limit=40,
        name_lower=True,
        renames={"ClusterName": "CacheClusterId", "VpcSecurityGroupIds": "SecurityGroupIds"},
        read_with="describe_cache_clusters",
        ask=by_id("CacheClusterId"),
        found="CacheClusters[0]",
        delete_with="delete_cache_cluster",
        update_with="modify_cache_cluster",
        attributes={
            "ConfigurationEndpoint.Address": "ConfigurationEndpoint.Address",
            "ConfigurationEndpoint.Port": "to_string(ConfigurationEndpoint.Port)",
            "RedisEndpoint.Address": "CacheNodes[0].Endpoint.Address",
            "RedisEndpoint.Port": "to_string(CacheNodes[0].Endpoint.Port)",
        },
    ),
    ApiResource(
        type="AWS::ElastiCache::SubnetGroup",
        api="elasticache",
        create_with="create_cache_subnet_group",
        name="CacheSubnetGroupName",
        name_lower=True,
        renames={"Description": "CacheSubnetGroupDescription"},
        read_with="describe_cache_subnet_groups",
        ask=by_id("CacheSubnetGroupName"),
        found="CacheSubnetGroups[0]",
        delete_with="delete_cache_subnet_group",
        update_with="modify_cache_subnet_group",
    ),
    ApiResource(
        type="AWS::ElastiCache::ParameterGroup",
        api="elasticache",
        create_with="create_cache_parameter_group",
        name="CacheParameterGroupName",
        name_lower=True,
        read_with="describe_cache_parameter_groups",
        ask=by_id("CacheParameterGroupName"),
        found="CacheParameterGroups[0]",
        delete_with="delete_cache_parameter_group",
        elsewhere=frozenset({"Properties"}),
        after=_set_parameters,
    ),
    ApiResource(
        type="AWS::ElastiCache::User",
        api="elasticache",
        create_with="create_user",
        name="UserId",
        read_with="describe_users",
        ask=by_id("UserId"),
        found="Users[0]",
        delete_with="delete_user",
        attributes={"Arn": "ARN"},
    ),
)
