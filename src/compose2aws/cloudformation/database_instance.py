"""Standalone RDS instances (MariaDB)."""

from __future__ import annotations

from troposphere import rds

from compose2aws.cloudformation.database import (
    database_name,
    declare_version,
    deletion_protection,
    emit_subnet_group,
    monitor,
    named_database,
)
from compose2aws.cloudformation.expression import Expression, attribute, encryption_key, ref
from compose2aws.cloudformation.graph import Graph, Skip
from compose2aws.cloudformation.login import emit_login, password
from compose2aws.planning.model import DatabaseInstance, Plan
from compose2aws.planning.text import Fact

_PLAIN_TEXT: Skip = ("CKV2_AWS_69", "Unchanged clients do not use TLS; the traffic stays inside the VPC")
_LOG_EXPORTS = {"mariadb": ["error", "slowquery"]}


def emit_database_instance(graph: Graph, plan: Plan, item: DatabaseInstance) -> None:
    """Add the login, the groups and the instance."""
    emit_login(graph, item.login, item.service, item.source)
    emit_subnet_group(graph, plan, item)
    graph.add(
        rds.DBParameterGroup(
            item.parameter_group.logical_id,
            Description=f"The settings of {item.identity}",
            Family=item.family,
            Parameters=dict(item.parameters),
        ),
        item.source,
    )
    # User, databases and key of a copy are its snapshot's. Once it is there, CloudFormation sets the password (the
    # resource's handler, `modifyDbInstanceAfterCreateRequest`), although its page tells to leave it out.
    user = {} if item.snapshot else {"MasterUsername": item.user}
    key = {} if item.snapshot else {"KmsKeyId": encryption_key()}
    instance = rds.DBInstance(
        item.instance.logical_id,
        Engine=item.engine,
        EngineVersion=declare_version(graph, item.service, item.version),
        DBInstanceClass=item.instance_class,
        **user,
        MasterUserPassword=password(item.login),
        Port=str(item.port),
        AllocatedStorage=str(item.storage),
        MaxAllocatedStorage=item.maximum_storage,
        StorageType="gp3",
        StorageEncrypted=True,
        **key,
        MultiAZ=item.multi_az,
        PubliclyAccessible=False,
        DBSubnetGroupName=ref(item.subnet_group),
        DBParameterGroupName=ref(item.parameter_group),
        VPCSecurityGroups=[attribute(item.security_group, "GroupId")],
        BackupRetentionPeriod=item.backup_retention,
        CopyTagsToSnapshot=True,
        DeletionProtection=deletion_protection(graph, plan),
        AutoMinorVersionUpgrade=False,
        AllowMajorVersionUpgrade=True,  # the version is a parameter that is raised on purpose only
        EnableCloudwatchLogsExports=_LOG_EXPORTS[item.engine],
    )
    if item.snapshot:
        instance.DBSnapshotIdentifier = item.snapshot
    elif (database := database_name(graph, item)) is not None:
        instance.DBName = database
    if item.insights_retention is not None:
        instance.EnablePerformanceInsights = True
        instance.PerformanceInsightsKMSKeyId = encryption_key()
        instance.PerformanceInsightsRetentionPeriod = item.insights_retention
    monitor(graph, plan, instance)
    plain_text = dict(item.parameters).get("require_secure_transport") in ("0", "OFF")
    graph.add(instance, item.source, skips=(_PLAIN_TEXT,) if plain_text else ())


def database_instance_fact(item: DatabaseInstance, fact: Fact) -> Expression:
    """What fills a hole in a text that names the instance, which is its own reader."""
    host = attribute(item.instance, "Endpoint.Address")
    facts = {
        "host": host,
        "reader-host": host,
        "port": str(item.port),
        "user": item.user,
        "password": password(item.login),
        "database": named_database(item),
    }
    return facts[fact]
