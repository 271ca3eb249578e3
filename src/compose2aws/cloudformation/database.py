"""What databases of all engines share: versions as parameters, protection against deletion, insights."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, If, NoValue, Ref, iam, rds

from compose2aws.cloudformation.expression import Expression, attribute, encryption_key, joined, ref, subnets
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.login import password
from compose2aws.cloudformation.policy import assume_role
from compose2aws.planning.model import AuroraCluster, DatabaseInstance, DocumentCluster, EngineVersion, Parameter, Plan

_MONITORING_ROLE = "DatabaseMonitoringRole"
_MONITORING_SECONDS = 60
_ADVANCED_INSIGHTS = 465  # days; RDS, "Turning on the Advanced mode of Database Insights"


def declare_version(graph: Graph, service: str, version: EngineVersion) -> Expression:
    """The engine's version, as the parameter that `deploy` keeps at its previous value."""
    name = graph.declare(
        Parameter(
            name=version.parameter,
            source=f"engine:{service}",
            description=f"The engine version of {service}",
            default=version.default,
        )
    )
    return Ref(name)


def database_name(graph: Graph, item: AuroraCluster | DatabaseInstance) -> Expression | None:
    """The database that RDS makes; None where it makes none. One that a parameter names is made where it is not
    empty."""
    if item.database_parameter is None:
        return item.database
    return If(graph.given(item.database_parameter), Ref(item.database_parameter), NoValue)


def cluster_settings(graph: Graph, plan: Plan, item: AuroraCluster | DocumentCluster) -> dict[str, Any]:
    """The properties that clusters of RDS and of DocumentDB have under the same names."""
    return {
        "MasterUserPassword": password(item.login),
        "Port": item.port,
        "DBSubnetGroupName": ref(item.subnet_group),
        "DBClusterParameterGroupName": ref(item.parameter_group),
        "VpcSecurityGroupIds": [attribute(item.security_group, "GroupId")],
        "StorageEncrypted": True,
        "KmsKeyId": encryption_key(),
        "BackupRetentionPeriod": item.backup_retention,
        "CopyTagsToSnapshot": True,
        "DeletionProtection": deletion_protection(graph, plan),
    }


def named_database(item: AuroraCluster | DatabaseInstance) -> Expression:
    """What fills a hole that names the database."""
    return Ref(item.database_parameter) if item.database_parameter is not None else item.database or ""


def deletion_protection(graph: Graph, plan: Plan) -> Expression:
    """In production a parameter: protection from the first creation on would make its failure end in ROLLBACK_FAILED,
    so `deploy` turns it on as its last step."""
    if plan.tier != "production":
        return False
    name = graph.declare(
        Parameter(
            name="DeletionProtection",
            source="setting:deletion-protection",
            description="Whether the databases refuse to be deleted",
            default="false",
            allowed_values=("true", "false"),
        )
    )
    return Ref(name)


def insights(retention: int | None) -> dict[str, Any]:
    """Database Insights with `retention` days of history, encrypted; off where there is none to keep."""
    if retention is None:
        return {"DatabaseInsightsMode": "standard", "PerformanceInsightsEnabled": False}
    return {
        "DatabaseInsightsMode": "advanced" if retention >= _ADVANCED_INSIGHTS else "standard",
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsKmsKeyId": encryption_key(),
        "PerformanceInsightsRetentionPeriod": retention,
    }


def monitor(graph: Graph, plan: Plan, instance: rds.DBInstance) -> None:
    """In production let RDS report what an instance's operating system does (RDS, "Setting up Enhanced Monitoring")."""
    if plan.tier != "production":
        instance.MonitoringInterval = 0
        return
    if _MONITORING_ROLE not in graph.nodes:
        managed = "iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
        graph.add(
            iam.Role(
                _MONITORING_ROLE,
                AssumeRolePolicyDocument=assume_role("monitoring.rds.amazonaws.com", of="rds"),
                ManagedPolicyArns=[joined("arn:", Ref("AWS::Partition"), f":{managed}")],
            )
        )
    instance.MonitoringInterval = _MONITORING_SECONDS
    instance.MonitoringRoleArn = GetAtt(_MONITORING_ROLE, "Arn")


def emit_subnet_group(graph: Graph, plan: Plan, item: AuroraCluster | DatabaseInstance) -> None:
    """Add the private subnets that a database of RDS may stand in."""
    graph.add(
        rds.DBSubnetGroup(
            item.subnet_group.logical_id,
            DBSubnetGroupDescription=f"Where {item.identity} stands",
            SubnetIds=subnets(plan.network, "private"),
        ),
        item.source,
    )
