"""ElastiCache: replication groups with cluster mode off, and clusters for memcached."""

from __future__ import annotations

from troposphere import elasticache

from compose2aws.cloudformation.database import declare_version
from compose2aws.cloudformation.expression import Expression, attribute, encryption_key, ref, subnets
from compose2aws.cloudformation.graph import Graph, Skip
from compose2aws.cloudformation.login import emit_login, password
from compose2aws.planning.model import MemcachedCluster, Plan, ReplicationGroup
from compose2aws.planning.text import Fact

_OPEN: Skip = ("CKV_AWS_31", "Clients send no password, or speak plain text, where ElastiCache takes none")


def emit_cache(graph: Graph, plan: Plan, item: ReplicationGroup) -> None:
    """Add the replication group with its groups and, where it has a password, its login."""
    if item.generated_password:
        emit_login(graph, item.login, item.service, item.source)
    _emit_groups(graph, plan, item)
    group = elasticache.ReplicationGroup(
        item.group.logical_id,
        ReplicationGroupDescription=f"{item.service} of {plan.project}",
        Engine=item.engine,
        EngineVersion=declare_version(graph, item.service, item.version),
        CacheNodeType=item.node_type,
        NumCacheClusters=item.nodes,
        AutomaticFailoverEnabled=item.nodes > 1,
        MultiAZEnabled=item.nodes > 1,
        Port=item.port,
        CacheParameterGroupName=ref(item.parameter_group),
        CacheSubnetGroupName=ref(item.subnet_group),
        SecurityGroupIds=[attribute(item.security_group, "GroupId")],
        AtRestEncryptionEnabled=True,
        KmsKeyId=encryption_key(),
        TransitEncryptionEnabled=True,
        TransitEncryptionMode=item.transit_encryption,
        SnapshotRetentionLimit=item.snapshot_retention,
        AutoMinorVersionUpgrade=True,
    )
    if item.snapshot:
        group.SnapshotName = item.snapshot
    if item.generated_password:
        group.AuthToken = password(item.login)
    skips = () if item.generated_password else (_OPEN,)
    graph.add(group, item.source, skips=skips)


def emit_memcached(graph: Graph, plan: Plan, item: MemcachedCluster) -> None:
    """Add the cluster with its groups. There is nothing to keep of it: no backups, no snapshots."""
    _emit_groups(graph, plan, item)
    graph.add(
        elasticache.CacheCluster(
            item.cluster.logical_id,
            Engine="memcached",
            EngineVersion=declare_version(graph, item.service, item.version),
            CacheNodeType=item.node_type,
            NumCacheNodes=1,
            Port=item.port,
            CacheParameterGroupName=ref(item.parameter_group),
            CacheSubnetGroupName=ref(item.subnet_group),
            VpcSecurityGroupIds=[attribute(item.security_group, "GroupId")],
            TransitEncryptionEnabled=item.tls,
            AutoMinorVersionUpgrade=True,
        ),
        item.source,
    )


def _emit_groups(graph: Graph, plan: Plan, item: ReplicationGroup | MemcachedCluster) -> None:
    graph.add(
        elasticache.SubnetGroup(
            item.subnet_group.logical_id,
            Description=f"Where {item.identity} stands",
            SubnetIds=subnets(plan.network, "private"),
        ),
        item.source,
    )
    graph.add(
        elasticache.ParameterGroup(
            item.parameter_group.logical_id,
            CacheParameterGroupFamily=item.family,
            Description=f"The settings of {item.identity}",
            Properties=dict(item.parameters),
        ),
        item.source,
    )


def memcached_fact(item: MemcachedCluster, fact: Fact) -> Expression:
    """What fills a hole in a text that names the cluster: its configuration endpoint, which resolves to its one node.
    (Amazon ElastiCache User Guide, "Finding connection endpoints in ElastiCache")."""
    host = attribute(item.cluster, "ConfigurationEndpoint.Address")
    facts = {"host": host, "reader-host": host, "port": str(item.port)}
    return facts.get(fact, "")


def cache_fact(item: ReplicationGroup, fact: Fact) -> Expression:
    """What fills a hole in a text that names the cache."""
    primary = attribute(item.group, "PrimaryEndPoint.Address")
    facts = {
        "host": primary,
        "reader-host": attribute(item.group, "ReaderEndPoint.Address") if item.nodes > 1 else primary,
        "port": str(item.port),
        "user": "",
        "database": "0",
    }
    return password(item.login) if fact == "password" else facts[fact]
