"""Managed services: what a database, cache or queue of the compose file becomes. `snapshot` is the one that it begins
as a copy of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model.base import OfService, named


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """A version as a parameter that `deploy` keeps at its previous value: one that was raised never goes back.
    `major` is what the image's tag asked for."""

    parameter: str
    default: str
    major: str


class _WithLogin(OfService):
    """What has a generated login; some have it only where they ask for one."""

    __slots__ = ()

    @property
    def login(self) -> ResourceId:
        return named("AWS::SecretsManager::Secret", self.identity, "MasterLogin")


class _OfElastiCache(OfService):
    """What ElastiCache puts into groups of its own."""

    __slots__ = ()

    @property
    def parameter_group(self) -> ResourceId:
        return named("AWS::ElastiCache::ParameterGroup", self.identity, "ParameterGroup")

    @property
    def subnet_group(self) -> ResourceId:
        return named("AWS::ElastiCache::SubnetGroup", self.identity, "SubnetGroup")


@dataclass(frozen=True, slots=True)
class AuroraCluster(_WithLogin):
    """An Aurora cluster, Serverless v2. `parameters` are those of its cluster parameter group. Capacities are ACU.
    `auto_pause` is the idle time after which it pauses (None: never). `database_parameter` is the stack parameter that
    names its database, where the file leaves the name open; none is made where it is empty."""

    service: str
    engine: Literal["aurora-postgresql", "aurora-mysql"]
    version: EngineVersion
    family: str
    parameters: tuple[tuple[str, str], ...]
    port: int
    database: str | None
    user: str
    minimum_capacity: float
    maximum_capacity: float
    auto_pause: int | None
    reader: bool
    backup_retention: int
    insights_retention: int | None
    security_group: ResourceId
    database_parameter: str | None = None
    snapshot: str | None = None
    source: Path = ()
    was: str | None = None

    @property
    def cluster(self) -> ResourceId:
        return named("AWS::RDS::DBCluster", self.identity, "Cluster")

    @property
    def writer(self) -> ResourceId:
        return named("AWS::RDS::DBInstance", self.identity, "Writer")

    @property
    def reader_instance(self) -> ResourceId:
        return named("AWS::RDS::DBInstance", self.identity, "Reader")

    @property
    def parameter_group(self) -> ResourceId:
        return named("AWS::RDS::DBClusterParameterGroup", self.identity, "ClusterParameterGroup")

    @property
    def subnet_group(self) -> ResourceId:
        return named("AWS::RDS::DBSubnetGroup", self.identity, "SubnetGroup")

    @property
    def resources(self) -> tuple[ResourceId, ...]:
        """What the cluster is made of, the cluster first."""
        reader = (self.reader_instance,) if self.reader else ()
        return (self.cluster, self.writer, *reader, self.parameter_group, self.subnet_group, self.login)


@dataclass(frozen=True, slots=True)
class ReplicationGroup(_OfElastiCache, _WithLogin):
    """An ElastiCache replication group, cluster mode off. `transit_encryption`: `preferred` admits plain text too.
    `generated_password`: clients show an AuthToken, which AWS generates."""

    service: str
    engine: Literal["valkey", "redis"]
    version: EngineVersion
    family: str
    parameters: tuple[tuple[str, str], ...]
    port: int
    node_type: str
    nodes: int
    transit_encryption: Literal["preferred", "required"]
    snapshot_retention: int
    security_group: ResourceId
    generated_password: bool = False
    snapshot: str | None = None
    source: Path = ()
    was: str | None = None

    @property
    def group(self) -> ResourceId:
        return named("AWS::ElastiCache::ReplicationGroup", self.identity, "ReplicationGroup")

    @property
    def resources(self) -> tuple[ResourceId, ...]:
        login = (self.login,) if self.generated_password else ()
        return (self.group, self.parameter_group, self.subnet_group, *login)


@dataclass(frozen=True, slots=True)
class DatabaseInstance(_WithLogin):
    """A standalone RDS instance (MariaDB). Storage in GiB. `database_parameter`: see `AuroraCluster`."""

    service: str
    engine: Literal["mariadb"]
    version: EngineVersion
    family: str
    parameters: tuple[tuple[str, str], ...]
    port: int
    database: str | None
    user: str
    instance_class: str
    storage: int
    maximum_storage: int
    multi_az: bool
    backup_retention: int
    insights_retention: int | None
    security_group: ResourceId
    database_parameter: str | None = None
    snapshot: str | None = None
    source: Path = ()
    was: str | None = None

    @property
    def instance(self) -> ResourceId:
        return named("AWS::RDS::DBInstance", self.identity, "Instance")

    @property
    def parameter_group(self) -> ResourceId:
        return named("AWS::RDS::DBParameterGroup", self.identity, "ParameterGroup")

    @property
    def subnet_group(self) -> ResourceId:
        return named("AWS::RDS::DBSubnetGroup", self.identity, "SubnetGroup")

    @property
    def resources(self) -> tuple[ResourceId, ...]:
        return (self.instance, self.parameter_group, self.subnet_group, self.login)


@dataclass(frozen=True, slots=True)
class DocumentCluster(_WithLogin):
    """A DocumentDB cluster."""

    service: str
    version: EngineVersion
    family: str
    parameters: tuple[tuple[str, str], ...]
    port: int
    user: str
    instance_class: str
    instances: int
    backup_retention: int
    security_group: ResourceId
    snapshot: str | None = None
    source: Path = ()
    was: str | None = None

    @property
    def cluster(self) -> ResourceId:
        return named("AWS::DocDB::DBCluster", self.identity, "Cluster")

    def instance(self, number: int) -> ResourceId:
        """The first instance is the writer at the start; the second stands in another zone."""
        return named("AWS::DocDB::DBInstance", self.identity, "Writer" if number == 0 else "Reader")

    @property
    def parameter_group(self) -> ResourceId:
        return named("AWS::DocDB::DBClusterParameterGroup", self.identity, "ClusterParameterGroup")

    @property
    def subnet_group(self) -> ResourceId:
        return named("AWS::DocDB::DBSubnetGroup", self.identity, "SubnetGroup")

    @property
    def resources(self) -> tuple[ResourceId, ...]:
        instances = tuple(self.instance(number) for number in range(self.instances))
        return (self.cluster, *instances, self.parameter_group, self.subnet_group, self.login)


@dataclass(frozen=True, slots=True)
class MemcachedCluster(_OfElastiCache):
    """An ElastiCache cluster for memcached, of one node: unchanged clients know one address. `tls`: plain text is
    refused."""

    service: str
    version: EngineVersion
    family: str
    parameters: tuple[tuple[str, str], ...]
    port: int
    node_type: str
    tls: bool
    security_group: ResourceId
    source: Path = ()
    was: str | None = None

    @property
    def cluster(self) -> ResourceId:
        return named("AWS::ElastiCache::CacheCluster", self.identity, "Cluster")

    @property
    def resources(self) -> tuple[ResourceId, ...]:
        return (self.cluster, self.parameter_group, self.subnet_group)


@dataclass(frozen=True, slots=True)
class MessageBroker(_WithLogin):
    """An Amazon MQ broker (RabbitMQ). `port` is AMQP's with TLS, `management_port` its HTTPS API's. It has Amazon's own
    configuration: `family` and `parameters` are empty."""

    service: str
    version: EngineVersion
    port: int
    management_port: int
    user: str
    instance_type: str
    security_group: ResourceId
    family: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    source: Path = ()
    was: str | None = None

    @property
    def broker(self) -> ResourceId:
        return named("AWS::AmazonMQ::Broker", self.identity, "Broker")

    @property
    def resources(self) -> tuple[ResourceId, ...]:
        return (self.broker, self.login)


@dataclass(frozen=True, slots=True)
class SearchDomain(_WithLogin):
    """An OpenSearch Service domain. `port` is HTTPS's. `secured`: it asks for the login of `user`. `masters` is the
    type of its three dedicated masters (None: the data nodes are masters too); `storage` is GiB a node. It has Amazon's
    own settings: `family` and `parameters` are empty."""

    service: str
    version: EngineVersion
    port: int
    user: str
    secured: bool
    instance_type: str
    nodes: int
    masters: str | None
    storage: int
    log_retention: int
    security_group: ResourceId
    family: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    source: Path = ()
    was: str | None = None

    @property
    def domain(self) -> ResourceId:
        return named("AWS::OpenSearchService::Domain", self.identity, "Domain")

    @property
    def log_group(self) -> ResourceId:
        return named("AWS::Logs::LogGroup", self.identity, "DomainLogs")

    @property
    def resources(self) -> tuple[ResourceId, ...]:
        login = (self.login,) if self.secured else ()
        return (self.domain, self.log_group, *login)


Managed: TypeAlias = (
    AuroraCluster
    | ReplicationGroup
    | DatabaseInstance
    | DocumentCluster
    | MemcachedCluster
    | MessageBroker
    | SearchDomain
)
"""A compose service that moved to a managed one. A new family is a class here, a planner and an emitter."""


def snapshot_of(item: Managed) -> str | None:
    """The snapshot that a managed service begins as a copy of."""
    return None if isinstance(item, MemcachedCluster | MessageBroker | SearchDomain) else item.snapshot
