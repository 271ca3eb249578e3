"""Alarms in production: the few things that page people, where the file names an address to tell.

What rings at which number is the table `mappings/alarms.yaml`; here stands what each thing's metrics are called by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from compose2aws.catalog import AlarmRule, Catalog
from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId, logical_id
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import (
    Alarm,
    AlarmTopic,
    AuroraCluster,
    Balancer,
    DatabaseInstance,
    Dimension,
    DocumentCluster,
    Managed,
    MemcachedCluster,
    MessageBroker,
    ReplicationGroup,
    SearchDomain,
    Service,
    Workload,
    singleton,
)
from compose2aws.planning.settings import Settings

# What an engine offers where the file does not say (Amazon Aurora User Guide, "Maximum connections for Aurora
# Serverless v2": 2,000 where the smallest capacity is at most 0.5; Amazon RDS User Guide, "Maximum number of database
# connections": memory / 25165760 for MariaDB on 8 GiB).
_CONNECTIONS = {"aurora-postgresql": 2000, "aurora-mysql": 2000, "mariadb": 340}
_GIB = 1024**3
_MIB_OF_GIB = 1024  # OpenSearch counts its storage in MiB
_CLUSTER = singleton("AWS::ECS::Cluster", "ServiceCluster")


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something that alarms watch. `name` is its own in their ids; `has` what shares are taken of."""

    kind: str
    name: str
    called: str
    dimensions: tuple[Dimension, ...]
    has: Mapping[str, float]
    source: Path


def plan_alarms(
    managed: Iterable[Managed],
    balancers: Iterable[Balancer],
    workloads: Iterable[Workload],
    settings: Settings,
    catalog: Catalog,
    ledger: Ledger,
) -> tuple[tuple[Alarm, ...], AlarmTopic | None]:
    """The alarms and where they go. Without an address there are none, and a finding asks for one."""
    path: Path = ("x-aws", "alarms")
    things = [
        *(thing for item in managed for thing in _managed(item)),
        *(thing for balancer in balancers for thing in _balancer(balancer)),
        *(_service(item) for item in workloads if isinstance(item, Service)),
    ]
    if not settings.production:
        if settings.alarms:
            ledger.record(path, "inert", reason="there are no alarms in the development tier")
        return (), None
    if settings.alarms is None:
        if things:
            ledger.find(
                "no-alarms",
                "note",
                "nobody is told when a database fills up or a service fails",
                "`x-aws: {alarms: ops@example.com}` makes the alarms and sends them there",
            )
        return (), None
    topic = AlarmTopic(settings.alarms)
    reason = "alarms go there once AWS has been told that the address wants them: it asks by mail"
    ledger.record(path, "translated", (topic.topic, topic.subscription), reason=reason)
    alarms = tuple(_alarm(thing, rule) for thing in things for rule in catalog.alarms[thing.kind])
    return alarms, topic


def _alarm(thing: _Thing, rule: AlarmRule) -> Alarm:
    share = thing.has[rule.of] if rule.of else 1
    return Alarm(
        id=ResourceId("AWS::CloudWatch::Alarm", logical_id(f"{thing.name}/{rule.name}", "Alarm")),
        description=f"{thing.called}: {rule.says}",
        namespace=rule.namespace,
        metric=rule.metric,
        dimensions=thing.dimensions,
        statistic=rule.statistic,
        side=rule.side,
        threshold=round(rule.threshold * share, 3),
        minutes=rule.minutes,
        source=thing.source,
    )


def _managed(item: Managed) -> Iterator[_Thing]:
    def thing(kind: str, *dimensions: Dimension, name: str = "", **has: float) -> _Thing:
        return _Thing(kind, name or item.identity, item.service, dimensions, has, item.source)

    match item:
        case AuroraCluster():
            cluster = Dimension("DBClusterIdentifier", item.cluster)
            yield thing("aurora", cluster, connections=_connections(item))
            if item.reader:
                yield thing("aurora-reader", cluster)
        case DatabaseInstance():
            instance = Dimension("DBInstanceIdentifier", item.instance)
            yield thing("rds", instance, connections=_connections(item), storage=item.storage * _GIB)
        case DocumentCluster():
            cluster = Dimension("DBClusterIdentifier", item.cluster)
            yield thing("documentdb", cluster)
            if item.instances > 1:
                yield thing("documentdb-reader", cluster)
        case ReplicationGroup():
            # Amazon ElastiCache User Guide, "Creating a replication group": nodes are called after it, from -001 on.
            for number in range(1, item.nodes + 1):
                suffix = f"-{number:03}"
                node = Dimension("CacheClusterId", item.group, suffix=suffix)
                yield thing("valkey", node, name=item.identity + suffix)
        case MemcachedCluster():
            yield thing("memcached", Dimension("CacheClusterId", item.cluster))
        case MessageBroker():
            yield thing("rabbitmq", Dimension("Broker", item.broker, made_with="BrokerName"))
        case SearchDomain():
            account = Dimension("ClientId", None)
            yield thing("opensearch", Dimension("DomainName", item.domain), account, storage=item.storage * _MIB_OF_GIB)
        case _:
            assert_never(item)


def _connections(item: AuroraCluster | DatabaseInstance) -> float:
    said = dict(item.parameters).get("max_connections", "")
    return float(said) if said.isdigit() else _CONNECTIONS[item.engine]


def _balancer(balancer: Balancer) -> Iterator[_Thing]:
    whole = Dimension("LoadBalancer", balancer.id, attribute="LoadBalancerFullName")
    if balancer.kind == "application":
        yield _Thing("application-balancer", balancer.id.logical_id, "the balancer", (whole,), {}, ())
    for group in balancer.target_groups:
        targets = Dimension("TargetGroup", group.id, attribute="TargetGroupFullName")
        called = group.source[1] if len(group.source) > 1 else group.id.logical_id
        yield _Thing(f"{balancer.kind}-targets", group.id.logical_id, str(called), (whole, targets), {}, group.source)


def _service(item: Service) -> _Thing:
    wanted = item.autoscaling.minimum if item.autoscaling else item.desired
    dimensions = (Dimension("ClusterName", _CLUSTER), Dimension("ServiceName", item.id, attribute="Name"))
    return _Thing("service", item.identity, item.name, dimensions, {"tasks": wanted}, item.source)
