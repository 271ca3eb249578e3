"""Managed services in words: what each is called, what it is made of, what is kept of it."""

from __future__ import annotations

from typing import assert_never

from compose2aws.planning.model import (
    AuroraCluster,
    DatabaseInstance,
    DocumentCluster,
    Managed,
    MemcachedCluster,
    MessageBroker,
    ReplicationGroup,
    SearchDomain,
)
from compose2aws.planning.model.managed import snapshot_of
from compose2aws.report.layout import counted

_AURORA = {"aurora-postgresql": "Aurora PostgreSQL (RDS)", "aurora-mysql": "Aurora MySQL (RDS)"}
_CACHES = {"valkey": "Valkey", "redis": "Redis OSS"}


def title(item: Managed) -> str:
    """What AWS calls it."""
    match item:
        case AuroraCluster():
            return _AURORA[item.engine]
        case ReplicationGroup() | MemcachedCluster():
            return "ElastiCache"
        case DatabaseInstance():
            return "RDS for MariaDB"
        case DocumentCluster():
            return "DocumentDB"
        case MessageBroker():
            return "Amazon MQ"
        case SearchDomain():
            return "OpenSearch Service"
        case _:
            assert_never(item)


def described(item: Managed) -> str:
    """Engine, version and capacity, and where its data comes from."""
    return _capacity(item) + ("; begins as a copy of a snapshot" if snapshot_of(item) else "")


def _capacity(item: Managed) -> str:
    match item:
        case AuroraCluster():
            zones = "writer and reader in two zones" if item.reader else "one instance"
            pause = f", asleep after {item.auto_pause // 60} idle minutes" if item.auto_pause else ""
            capacity = f"{item.minimum_capacity:g} to {item.maximum_capacity:g} ACU"
            return f"version {item.version.default}, serverless, {capacity}{pause}, {zones}"
        case ReplicationGroup():
            tls = "TLS only" if item.transit_encryption == "required" else "with or without TLS"
            nodes = f"{item.node_type}, one node" if item.nodes == 1 else f"{item.nodes} {item.node_type} with failover"
            return f"{_CACHES[item.engine]} {item.version.default}, {nodes}, {tls}"
        case MemcachedCluster():
            tls = "TLS only" if item.tls else "without TLS"
            return f"memcached {item.version.default}, {item.node_type}, one node, {tls}"
        case DatabaseInstance():
            standby = ", standby in a second zone" if item.multi_az else ""
            storage = f"{item.storage} GB that grow to {item.maximum_storage} GB"
            return f"version {item.version.default}, {item.instance_class}, {storage}{standby}"
        case DocumentCluster():
            return (
                f"speaks MongoDB's protocol, version {item.version.default}, "
                f"{counted(item.instances, 'instance')} of {item.instance_class}"
            )
        case MessageBroker():
            return f"RabbitMQ {item.version.default}, {item.instance_type}, one broker, TLS only"
        case SearchDomain():
            one = f"one {item.instance_type}"
            nodes = one if item.nodes == 1 else f"{item.nodes} {item.instance_type} in two zones"
            login = "with a login" if item.secured else "without a login"
            return f"version {item.version.default}, {nodes}, {item.storage} GB each, HTTPS only, {login}"
        case _:
            assert_never(item)


def backups(item: Managed) -> str:
    """How long backups are kept."""
    match item:
        case ReplicationGroup():
            days, word = item.snapshot_retention, "snapshots"
        case AuroraCluster() | DatabaseInstance() | DocumentCluster():
            days, word = item.backup_retention, "backups"
        case MemcachedCluster():
            days, word = 0, "backups"
        case MessageBroker():
            return "queues on disks in one zone, no backups"
        case SearchDomain():
            return "a snapshot every hour, kept 14 days"
        case _:
            assert_never(item)
    return f"{word} kept {counted(days, 'day')}" if days else f"no {word}"
