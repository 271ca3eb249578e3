"""Aurora clusters, Serverless v2."""

from __future__ import annotations

from troposphere import rds

from compose2aws.cloudformation.database import (
    cluster_settings,
    database_name,
    declare_version,
    emit_subnet_group,
    insights,
    monitor,
    named_database,
)
from compose2aws.cloudformation.expression import Expression, attribute, ref
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.login import emit_login, password
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import AuroraCluster, Plan
from compose2aws.planning.text import Fact

_LOG_EXPORTS = {"aurora-postgresql": ["postgresql"], "aurora-mysql": ["error", "slowquery"]}


def emit_aurora(graph: Graph, plan: Plan, item: AuroraCluster) -> None:
    """Add the login, the groups, the cluster and its members."""
    emit_login(graph, item.login, item.service, item.source)
    emit_subnet_group(graph, plan, item)
    graph.add(
        rds.DBClusterParameterGroup(
            item.parameter_group.logical_id,
            Description=f"The settings of {item.identity}",
            Family=item.family,
            Parameters=dict(item.parameters),
        ),
        item.source,
    )
    graph.add(_cluster(graph, plan, item), item.source)
    writer = _member(item, item.writer, promotion_tier=0)
    monitor(graph, plan, writer)
    graph.add(writer, item.source)
    if item.reader:
        reader = _member(item, item.reader_instance, promotion_tier=1)
        monitor(graph, plan, reader)
        # The first member that is there becomes the writer.
        reader.DependsOn = item.writer.logical_id
        graph.add(reader, item.source)


def _cluster(graph: Graph, plan: Plan, item: AuroraCluster) -> rds.DBCluster:
    cluster = rds.DBCluster(
        item.cluster.logical_id,
        Engine=item.engine,
        EngineVersion=declare_version(graph, item.service, item.version),
        **cluster_settings(graph, plan, item),
        # It lets people in beside the password that the app uses.
        EnableIAMDatabaseAuthentication=True,
        EnableCloudwatchLogsExports=_LOG_EXPORTS[item.engine],
        **insights(item.insights_retention),
    )
    if item.snapshot:
        # The user and the databases are the snapshot's. Once it is restored, CloudFormation sets the password (the
        # resource's handler, `modifyDbClusterAfterCreateRequest`), although its page tells to leave it out.
        cluster.SnapshotIdentifier = item.snapshot
        # cfn-lint wants a user name beside the password.
        cluster.Metadata = {"cfn-lint": {"config": {"ignore_checks": ["E3021"]}}}
    else:
        cluster.MasterUsername = item.user
        if (database := database_name(graph, item)) is not None:
            cluster.DatabaseName = database
    scaling: dict[str, float | int] = {
        "MinCapacity": item.minimum_capacity,
        "MaxCapacity": item.maximum_capacity,
    }
    if item.auto_pause is not None:
        scaling["SecondsUntilAutoPause"] = item.auto_pause
    # troposphere refuses a minimum of 0 and a maximum over 128, both of which AWS takes.
    cluster.properties["ServerlessV2ScalingConfiguration"] = scaling
    return cluster


def _member(item: AuroraCluster, member: ResourceId, *, promotion_tier: int) -> rds.DBInstance:
    """A member of the cluster: it takes version, parameters, encryption and backups from there."""
    return rds.DBInstance(
        member.logical_id,
        Engine=item.engine,
        DBClusterIdentifier=ref(item.cluster),
        DBInstanceClass="db.serverless",
        AutoMinorVersionUpgrade=False,
        PromotionTier=promotion_tier,
        PubliclyAccessible=False,
    )


def aurora_fact(item: AuroraCluster, fact: Fact) -> Expression:
    """What fills a hole in a text that names the cluster."""
    facts = {
        "host": attribute(item.cluster, "Endpoint.Address"),
        "reader-host": attribute(item.cluster, "ReadEndpoint.Address" if item.reader else "Endpoint.Address"),
        "port": str(item.port),
        "user": item.user,
        "password": password(item.login),
        "database": named_database(item),
    }
    return facts[fact]
