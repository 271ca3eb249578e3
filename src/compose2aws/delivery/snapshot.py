"""A snapshot of a database before its engine gets another major version: a roll-back does not undo that."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import DeliveryError

_LONGEST = 2 * 60 * 60
_NAME_LENGTH = {"elasticache": 40}
"""The longest name of a snapshot, by service; 63 elsewhere. (RDS API reference, CreateDBClusterSnapshot; ElastiCache
User Guide, "Taking manual backups".)"""


def has_snapshots(resource_type: str) -> bool:
    """Whether AWS takes snapshots of such a resource."""
    return resource_type in _KINDS


def take_snapshot(account: Account, resource_type: str, physical_id: str) -> str:
    """Takes a snapshot and waits until it can be restored; gives its name.

    Raises `DeliveryError` where it does not become available, and botocore's exceptions.
    """
    service, create, describe, source, snapshot, listed, status = _KINDS[resource_type]
    name = _name(physical_id, _NAME_LENGTH.get(service, 63))
    client = account.client(service)
    getattr(client, create)(**{source: physical_id, snapshot: name})
    end = time.monotonic() + _LONGEST
    pause = 0.5
    while time.monotonic() < end:
        found: Mapping[str, Any] = getattr(client, describe)(**{snapshot: name})[listed][0]
        if found[status] == "available":
            return name
        if found[status] == "failed":
            raise DeliveryError(f"the snapshot {name} failed; nothing was upgraded")
        time.sleep(pause)
        pause = min(pause * 1.5, 15.0)
    raise DeliveryError(f"the snapshot {name} was not ready after two hours; nothing was upgraded")


def _name(physical_id: str, longest: int) -> str:
    """A name that says of what and when; what is cut of the first carries a hash of itself."""
    ending = f"-before-{datetime.now(UTC):%Y%m%d%H%M%S}"
    if len(physical_id) + len(ending) > longest:
        short = hashlib.sha256(physical_id.encode()).hexdigest()[:6]
        physical_id = f"{physical_id[: longest - len(ending) - len(short) - 1].rstrip('-')}-{short}"
    return physical_id + ending


_KINDS: dict[str, tuple[str, str, str, str, str, str, str]] = {
    "AWS::RDS::DBCluster": (
        "rds",
        "create_db_cluster_snapshot",
        "describe_db_cluster_snapshots",
        "DBClusterIdentifier",
        "DBClusterSnapshotIdentifier",
        "DBClusterSnapshots",
        "Status",
    ),
    "AWS::RDS::DBInstance": (
        "rds",
        "create_db_snapshot",
        "describe_db_snapshots",
        "DBInstanceIdentifier",
        "DBSnapshotIdentifier",
        "DBSnapshots",
        "Status",
    ),
    "AWS::DocDB::DBCluster": (
        "docdb",
        "create_db_cluster_snapshot",
        "describe_db_cluster_snapshots",
        "DBClusterIdentifier",
        "DBClusterSnapshotIdentifier",
        "DBClusterSnapshots",
        "Status",
    ),
    "AWS::ElastiCache::ReplicationGroup": (
        "elasticache",
        "create_snapshot",
        "describe_snapshots",
        "ReplicationGroupId",
        "SnapshotName",
        "Snapshots",
        "SnapshotStatus",
    ),
}
"""By type: the service, its calls to make and to describe one, the names of their arguments, of the list in the answer,
and of the state in it."""
