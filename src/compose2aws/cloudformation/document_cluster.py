"""DocumentDB clusters."""

from __future__ import annotations

from troposphere import docdb

from compose2aws.cloudformation.database import cluster_settings, declare_version
from compose2aws.cloudformation.expression import Expression, attribute, ref, subnets
from compose2aws.cloudformation.graph import Graph, Skip
from compose2aws.cloudformation.login import emit_login, password
from compose2aws.planning.model import DocumentCluster, Plan
from compose2aws.planning.text import Fact

_PLAIN_TEXT: Skip = ("CKV_AWS_90", "Unchanged clients lack Amazon's CA; the traffic stays inside the VPC")


def emit_document_cluster(graph: Graph, plan: Plan, item: DocumentCluster) -> None:
    """Add the login, the groups, the cluster and its instances."""
    emit_login(graph, item.login, item.service, item.source)
    graph.add(
        docdb.DBSubnetGroup(
            item.subnet_group.logical_id,
            DBSubnetGroupDescription=f"Where {item.identity} stands",
            SubnetIds=subnets(plan.network, "private"),
        ),
        item.source,
    )
    plain_text = dict(item.parameters).get("tls") == "disabled"
    graph.add(
        docdb.DBClusterParameterGroup(
            item.parameter_group.logical_id,
            Description=f"The settings of {item.identity}",
            Family=item.family,
            Parameters=dict(item.parameters),
        ),
        item.source,
        skips=(_PLAIN_TEXT,) if plain_text else (),
    )
    cluster = docdb.DBCluster(
        item.cluster.logical_id,
        EngineVersion=declare_version(graph, item.service, item.version),
        **({} if item.snapshot else {"MasterUsername": item.user}),  # a copy has its snapshot's
        **cluster_settings(graph, plan, item),
        EnableCloudwatchLogsExports=["audit", "profiler"],
    )
    if item.snapshot:
        cluster.SnapshotIdentifier = item.snapshot
    graph.add(cluster, item.source)
    for number in range(item.instances):
        instance = docdb.DBInstance(
            item.instance(number).logical_id,
            DBClusterIdentifier=ref(item.cluster),
            DBInstanceClass=item.instance_class,
            AutoMinorVersionUpgrade=False,
        )
        if number:
            # The first member that is there becomes the writer.
            instance.DependsOn = item.instance(0).logical_id
        graph.add(instance, item.source)


def document_cluster_fact(item: DocumentCluster, fact: Fact) -> Expression:
    """What fills a hole in a text that names the cluster. DocumentDB has no database of its own at the start."""
    facts = {
        "host": attribute(item.cluster, "Endpoint"),
        "reader-host": attribute(item.cluster, "ReadEndpoint"),
        "port": str(item.port),
        "user": item.user,
        "password": password(item.login),
        "database": "",
    }
    return facts[fact]
