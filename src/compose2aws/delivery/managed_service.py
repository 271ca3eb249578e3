"""Managed services as AWS describes them: their state, and what one connects to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.deployed import DeployedProject, DeployedResource
from compose2aws.delivery.refusal import explained

_MEMBER = "DBClusterIdentifier"
_HTTPS = 443
_SECRET = re.compile(r"\{\{resolve:secretsmanager:")


@dataclass(frozen=True, slots=True)
class ManagedService:
    """What a compose service moved to. `host` and `port` are None while AWS does not tell them; `problem` says why it
    could not be described. `secret` is the ARN of the secret that holds the password; its value is never read."""

    service: str
    kind: str
    resource: DeployedResource
    status: str
    host: str | None = None
    port: int | None = None
    version: str | None = None
    user: str | None = None
    database: str | None = None
    secret: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: str
    host: str | None = None
    port: int | None = None
    version: str | None = None
    user: str | None = None
    database: str | None = None


def managed_services(project: DeployedProject) -> tuple[ManagedService, ...]:
    """All managed services, by name. One that may not be described has the status `unknown`."""
    found = [_described(project, resource) for resource in project.of_type(*_KINDS) if _is_whole(resource)]
    return tuple(sorted(found, key=lambda one: one.service))


def security_groups(project: DeployedProject, managed: ManagedService) -> tuple[str, ...]:
    """The ids of the security groups that stand before a managed service."""
    given = managed.resource.properties
    options = given.get("VPCOptions") or {}
    for groups in (
        given.get("VpcSecurityGroupIds"),
        given.get("VPCSecurityGroups"),
        given.get("SecurityGroupIds"),
        given.get("SecurityGroups"),
        options.get("SecurityGroupIds"),
    ):
        if groups:
            return tuple(project.value(groups, managed.resource.stack) or ())
    return ()


def _is_whole(resource: DeployedResource) -> bool:
    """Not a member of a cluster: that is told of by the cluster."""
    return resource.service is not None and _MEMBER not in resource.properties


def _described(project: DeployedProject, resource: DeployedResource) -> ManagedService:
    kind, describe = _KINDS[resource.type]
    problem = None
    try:
        answer = describe(project.account, resource.physical_id)
    except (ClientError, BotoCoreError) as error:
        answer, problem = _Answer("unknown"), explained(error)
    given = resource.properties
    engine = str(given.get("Engine", ""))
    return ManagedService(
        service=resource.service or resource.logical_id,
        kind=_ENGINES.get(engine, kind),
        resource=resource,
        status=answer.status,
        host=answer.host,
        port=answer.port,
        version=answer.version,
        user=answer.user or _user(project, resource),
        database=answer.database or project.value(given.get("DatabaseName") or given.get("DBName"), resource.stack),
        secret=_secret(project, given),
        problem=problem,
    )


def _user(project: DeployedProject, resource: DeployedResource) -> str | None:
    given = resource.properties
    users = given.get("Users") or [{}]
    options = (given.get("AdvancedSecurityOptions") or {}).get("MasterUserOptions") or {}
    name = given.get("MasterUsername") or users[0].get("Username") or options.get("MasterUserName")
    found = project.value(name, resource.stack)
    return None if found is None else str(found)


def _secret(project: DeployedProject, given: Any) -> str | None:
    """The ARN of the secret that the password is read from: the one that a dynamic reference of the resource names."""
    for expression in _joins(given):
        if expression and isinstance(expression[0], str) and _SECRET.match(expression[0]):
            name = expression[1].get("Ref", "") if isinstance(expression[1], Mapping) else ""
            if name in project.resources:
                return project.resources[name].physical_id
    return None


def _joins(given: Any) -> Iterator[list[Any]]:
    if isinstance(given, Mapping):
        if "Fn::Join" in given:
            yield given["Fn::Join"][1]
        for item in given.values():
            yield from _joins(item)
    elif isinstance(given, list):
        for item in given:
            yield from _joins(item)


def _cluster(client: Any, name: str) -> _Answer:
    found = client.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
    return _Answer(
        found["Status"],
        found.get("Endpoint"),
        found.get("Port"),
        found.get("EngineVersion"),
        found.get("MasterUsername"),
        found.get("DatabaseName"),
    )


def _aurora(account: Account, name: str) -> _Answer:
    return _cluster(account.client("rds"), name)


def _document(account: Account, name: str) -> _Answer:
    return _cluster(account.client("docdb"), name)


def _instance(account: Account, name: str) -> _Answer:
    found = account.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    endpoint = found.get("Endpoint") or {}
    return _Answer(found["DBInstanceStatus"], endpoint.get("Address"), endpoint.get("Port"), found.get("EngineVersion"))


def _replication_group(account: Account, name: str) -> _Answer:
    client = account.client("elasticache")
    found = client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]
    nodes = found.get("NodeGroups") or [{}]
    endpoint = nodes[0].get("PrimaryEndpoint") or found.get("ConfigurationEndpoint") or {}
    return _Answer(found["Status"], endpoint.get("Address"), endpoint.get("Port"))


def _memory_cache(account: Account, name: str) -> _Answer:
    found = account.client("elasticache").describe_cache_clusters(CacheClusterId=name)["CacheClusters"][0]
    endpoint = found.get("ConfigurationEndpoint") or {}
    return _Answer(
        found["CacheClusterStatus"], endpoint.get("Address"), endpoint.get("Port"), found.get("EngineVersion")
    )


def _broker(account: Account, name: str) -> _Answer:
    found = account.client("mq").describe_broker(BrokerId=name)
    instances = found.get("BrokerInstances") or [{}]
    endpoints = instances[0].get("Endpoints") or [""]
    place = urlsplit(endpoints[0])
    return _Answer(found["BrokerState"].lower(), place.hostname, place.port, found.get("EngineVersion"))


def _search(account: Account, name: str) -> _Answer:
    found = account.client("opensearch").describe_domain(DomainName=name)["DomainStatus"]
    host = (found.get("Endpoints") or {}).get("vpc") or found.get("Endpoint")
    status = "processing" if found.get("Processing") else "active" if host else "creating"
    return _Answer(status, host, _HTTPS if host else None, found.get("EngineVersion"))


_KINDS: dict[str, tuple[str, Callable[[Account, str], _Answer]]] = {
    "AWS::RDS::DBCluster": ("Aurora", _aurora),
    "AWS::RDS::DBInstance": ("RDS", _instance),
    "AWS::DocDB::DBCluster": ("DocumentDB", _document),
    "AWS::ElastiCache::ReplicationGroup": ("ElastiCache", _replication_group),
    "AWS::ElastiCache::CacheCluster": ("ElastiCache", _memory_cache),
    "AWS::AmazonMQ::Broker": ("Amazon MQ", _broker),
    "AWS::OpenSearchService::Domain": ("OpenSearch", _search),
}
_ENGINES = {
    "aurora-postgresql": "Aurora PostgreSQL",
    "aurora-mysql": "Aurora MySQL",
    "mariadb": "RDS MariaDB",
    "valkey": "ElastiCache Valkey",
    "redis": "ElastiCache Redis",
    "memcached": "ElastiCache Memcached",
}
