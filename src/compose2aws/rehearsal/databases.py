"""Aurora, RDS and DocumentDB: clusters, their members, subnet, parameter and option groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from compose2aws.rehearsal.resource_type import ApiResource, Context, Properties, by_id, call, register


def _snapshot_name(physical_id: str) -> str:
    return f"snapshot-{physical_id}"[:255]


def _keep_cluster(physical_id: str, _: Properties, context: Context) -> None:
    arguments = {"DBClusterIdentifier": physical_id, "DBClusterSnapshotIdentifier": _snapshot_name(physical_id)}
    call(context.service("rds"), "create_db_cluster_snapshot", arguments)


def _keep_instance(physical_id: str, _: Properties, context: Context) -> None:
    arguments = {"DBInstanceIdentifier": physical_id, "DBSnapshotIdentifier": _snapshot_name(physical_id)}
    call(context.service("rds"), "create_db_snapshot", arguments)


def _set_parameters(operation: str, identifier: str, property_name: str) -> Any:
    def hook(physical_id: str, properties: Properties, context: Context) -> None:
        parameters = [
            {"ParameterName": name, "ParameterValue": str(value), "ApplyMethod": "pending-reboot"}
            for name, value in (properties.get(property_name) or {}).items()
        ]
        # The API takes twenty at a time, and so does CloudFormation.
        for start in range(0, len(parameters), 20):
            call(
                context.service("rds"),
                operation,
                {identifier: physical_id, "Parameters": parameters[start : start + 20]},
            )

    return hook


CLUSTER = ApiResource(
    type="AWS::RDS::DBCluster",
    api="rds",
    create_with="create_db_cluster",
    name="DBClusterIdentifier",
    name_limit=63,
    name_lower=True,
    read_with="describe_db_clusters",
    ask=by_id("DBClusterIdentifier"),
    found="DBClusters[0]",
    delete_with="delete_db_cluster",
    delete_ask=lambda physical_id, _: {"DBClusterIdentifier": physical_id, "SkipFinalSnapshot": True},
    update_with="modify_db_cluster",
    renames={"PerformanceInsightsEnabled": "EnablePerformanceInsights"},
    attributes={
        "Endpoint.Address": "Endpoint",
        "Endpoint.Port": "to_string(Port)",
        "ReadEndpoint.Address": "ReaderEndpoint",
        "DBClusterResourceId": "DbClusterResourceId",
    },
    snapshot_with=_keep_cluster,
)

INSTANCE = ApiResource(
    type="AWS::RDS::DBInstance",
    api="rds",
    create_with="create_db_instance",
    name="DBInstanceIdentifier",
    name_limit=63,
    name_lower=True,
    read_with="describe_db_instances",
    ask=by_id("DBInstanceIdentifier"),
    found="DBInstances[0]",
    delete_with="delete_db_instance",
    delete_ask=lambda physical_id, _: {"DBInstanceIdentifier": physical_id, "SkipFinalSnapshot": True},
    update_with="modify_db_instance",
    renames={"VPCSecurityGroups": "VpcSecurityGroupIds"},
    elsewhere=frozenset({"AllowMajorVersionUpgrade", "ApplyImmediately"}),  # the API takes them with a change only
    attributes={
        "Endpoint.Port": "to_string(Endpoint.Port)",
        "DbiResourceId": "DbiResourceId",
        "DBInstanceArn": "DBInstanceArn",
    },
    snapshot_with=_keep_instance,
)

_SUBNET_GROUP: dict[str, Any] = {
    "api": "rds",
    "create_with": "create_db_subnet_group",
    "name": "DBSubnetGroupName",
    "name_lower": True,
    "read_with": "describe_db_subnet_groups",
    "ask": by_id("DBSubnetGroupName"),
    "found": "DBSubnetGroups[0]",
    "delete_with": "delete_db_subnet_group",
    "update_with": "modify_db_subnet_group",
    "update_all": True,
}

_CLUSTER_PARAMETERS: dict[str, Any] = {
    "api": "rds",
    "create_with": "create_db_cluster_parameter_group",
    "name_lower": True,
    "read_with": "describe_db_cluster_parameter_groups",
    "ask": by_id("DBClusterParameterGroupName"),
    "found": "DBClusterParameterGroups[0]",
    "delete_with": "delete_db_cluster_parameter_group",
    "elsewhere": frozenset({"Parameters"}),
    "after": _set_parameters("modify_db_cluster_parameter_group", "DBClusterParameterGroupName", "Parameters"),
}

register(
    CLUSTER,
    INSTANCE,
    ApiResource(type="AWS::RDS::DBSubnetGroup", **_SUBNET_GROUP),
    ApiResource(
        type="AWS::RDS::DBClusterParameterGroup",
        name="DBClusterParameterGroupName",
        renames={"Family": "DBParameterGroupFamily"},
        **_CLUSTER_PARAMETERS,
    ),
    ApiResource(
        type="AWS::RDS::DBParameterGroup",
        api="rds",
        create_with="create_db_parameter_group",
        name="DBParameterGroupName",
        name_lower=True,
        read_with="describe_db_parameter_groups",
        ask=by_id("DBParameterGroupName"),
        found="DBParameterGroups[0]",
        delete_with="delete_db_parameter_group",
        renames={"Family": "DBParameterGroupFamily"},
        elsewhere=frozenset({"Parameters"}),
        after=_set_parameters("modify_db_parameter_group", "DBParameterGroupName", "Parameters"),
    ),
    ApiResource(
        type="AWS::RDS::OptionGroup",
        api="rds",
        create_with="create_option_group",
        name="OptionGroupName",
        name_lower=True,
        read_with="describe_option_groups",
        ask=by_id("OptionGroupName"),
        found="OptionGroupsList[0]",
        delete_with="delete_option_group",
    ),
    # DocumentDB's API is RDS's own with another engine; moto keeps both in one place, as AWS's tools do.
    replace(
        CLUSTER,
        type="AWS::DocDB::DBCluster",
        renames={},
        constants={"Engine": "docdb", "Port": 27017},
        attributes={
            "Id": "Ref",
            "Endpoint": "Endpoint",
            "Port": "to_string(Port)",
            "ReadEndpoint": "ReaderEndpoint",
            "ClusterResourceId": "DbClusterResourceId",
        },
    ),
    replace(
        INSTANCE,
        type="AWS::DocDB::DBInstance",
        renames={},
        elsewhere=frozenset(),
        constants={"Engine": "docdb"},
        attributes={
            "Id": "Ref",
            "Endpoint": lambda found: found["Endpoint"]["Address"].replace(".rds.", ".docdb."),
            "Port": "to_string(Endpoint.Port)",
        },
        snapshot_with=None,
    ),
    ApiResource(type="AWS::DocDB::DBSubnetGroup", **_SUBNET_GROUP),
    ApiResource(
        type="AWS::DocDB::DBClusterParameterGroup",
        name="Name",
        renames={"Name": "DBClusterParameterGroupName", "Family": "DBParameterGroupFamily"},
        **_CLUSTER_PARAMETERS,
    ),
)
