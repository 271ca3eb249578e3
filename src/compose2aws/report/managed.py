"""Managed services in words: what each is called, what it is made of, what is kept of it."""

from __future__ import annotations

from compose2aws.planning.model import AuroraCluster, DatabaseInstance, Managed, ReplicationGroup
from compose2aws.report.layout import counted

_AURORA = {"aurora-postgresql": "Aurora PostgreSQL (RDS)", "aurora-mysql": "Aurora MySQL (RDS)"}
_CACHES = {"valkey": "Valkey", "redis": "Redis OSS"}


def title(item: Managed) -> str:
    """What AWS calls it."""
    if isinstance(item, AuroraCluster):
        return _AURORA[item.engine]
    if isinstance(item, ReplicationGroup):
        return "ElastiCache"
    if isinstance(item, DatabaseInstance):
        return "RDS for MariaDB"
    return "DocumentDB"


def described(item: Managed) -> str:
    """Engine, version and capacity."""
    if isinstance(item, AuroraCluster):
        zones = "writer and reader in two zones" if item.reader else "one instance"
        pause = f", asleep after {item.auto_pause // 60} idle minutes" if item.auto_pause else ""
        copy = "; begins as a copy of a snapshot" if item.snapshot else ""
        capacity = f"{item.minimum_capacity:g} to {item.maximum_capacity:g} ACU"
        return f"version {item.version.default}, serverless, {capacity}{pause}, {zones}{copy}"
    if isinstance(item, ReplicationGroup):
        tls = "TLS only" if item.transit_encryption == "required" else "with or without TLS"
        nodes = f"{item.node_type}, one node" if item.nodes == 1 else f"{item.nodes} {item.node_type} with failover"
        return f"{_CACHES[item.engine]} {item.version.default}, {nodes}, {tls}"
    if isinstance(item, DatabaseInstance):
        standby = ", standby in a second zone" if item.multi_az else ""
        storage = f"{item.storage} GB that grow to {item.maximum_storage} GB"
        return f"version {item.version.default}, {item.instance_class}, {storage}{standby}"
    return (
        f"speaks MongoDB's protocol, version {item.version.default}, "
        f"{counted(item.instances, 'instance')} of {item.instance_class}"
    )


def backups(item: Managed) -> str:
    """How long backups are kept."""
    days = item.snapshot_retention if isinstance(item, ReplicationGroup) else item.backup_retention
    word = "snapshots" if isinstance(item, ReplicationGroup) else "backups"
    return f"{word} kept {counted(days, 'day')}" if days else f"no {word}"
