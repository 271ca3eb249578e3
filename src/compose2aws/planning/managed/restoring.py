"""`x-aws.restore`: databases and caches that begin as a copy of a snapshot.

CloudFormation makes such a one only when it makes the resource: the same snapshot must be named for as long as the
database lives. Without it, or with another, the database is replaced (CloudFormation template reference,
`SnapshotIdentifier` of AWS::RDS::DBCluster and AWS::DocDB::DBCluster, `DBSnapshotIdentifier` of AWS::RDS::DBInstance,
`SnapshotName` of AWS::ElastiCache::ReplicationGroup).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import assert_never

from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
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
from compose2aws.planning.settings import Settings

# Amazon RDS and ElastiCache API references, "CreateDBClusterSnapshot", "CreateDBSnapshot", "CreateSnapshot"; what AWS
# takes by itself has `rds:` or `automatic.` before it.
_RDS_NAME = r"(?:rds:)?[A-Za-z][A-Za-z0-9-]{0,254}"
_CACHE_NAME = r"(?:automatic\.)?[A-Za-z][A-Za-z0-9.-]{0,254}"
_CLUSTER = re.compile(rf"{_RDS_NAME}|arn:[a-z-]+:rds:[a-z0-9-]*:\d*:(?:cluster-)?snapshot:{_RDS_NAME}")
_INSTANCE = re.compile(rf"{_RDS_NAME}|arn:[a-z-]+:rds:[a-z0-9-]*:\d*:snapshot:{_RDS_NAME}")
_CACHE = re.compile(_CACHE_NAME)

_KEPT_AS_CONTAINER = "it is not managed on AWS, and what a container writes lies on EFS, which has no snapshots"


def decide_restore(
    settings: Settings, kinds: Mapping[str, Kind], managed: Mapping[str, Managed], ledger: Ledger
) -> None:
    """Decide every entry of `restore`: what begins as a copy is told what that means, what cannot is refused."""
    for name, snapshot in settings.restore.items():
        path = ("x-aws", "restore", name)
        item = managed.get(name)
        reason = _KEPT_AS_CONTAINER if item is None else _nothing_to_restore(item)
        if reason is not None:
            gone = kinds[name].what == "left-out"
            why = "it is left out" if gone else reason
            ledger.refuse(
                path, "restore-impossible", f"{name} cannot begin as a copy of a snapshot: {why}", "remove it"
            )
        elif item is not None and (wanted := _wanted(item, snapshot)) is not None:
            reason = f"{snapshot!r} is no snapshot that {name} can begin with; wanted {wanted}"
            ledger.refuse(path, "invalid-snapshot", reason)
        elif item is not None:
            reason = f"begins as a copy of the snapshot {snapshot}; keep this line"
            ledger.record(path, "translated", item.resources[0], reason=reason)
            _tell(name, snapshot, item, ledger)


def _nothing_to_restore(item: Managed) -> str | None:
    """Why there is no snapshot that it could begin with; None where there is."""
    match item:
        case AuroraCluster() | DatabaseInstance() | DocumentCluster() | ReplicationGroup():
            return None
        case MemcachedCluster():
            return "ElastiCache keeps no snapshots of memcached"
        case MessageBroker():
            return "Amazon MQ keeps no snapshots of a broker of RabbitMQ"
        case SearchDomain():
            return "a domain of OpenSearch Service takes its snapshots back once it stands, through its own API"
        case _:
            assert_never(item)


def _wanted(item: Managed, snapshot: str) -> str | None:
    """What a snapshot of its kind is called by; None where this one is called so."""
    if isinstance(item, ReplicationGroup):
        return None if _CACHE.fullmatch(snapshot) else "the name of a snapshot in ElastiCache, of this region"
    if isinstance(item, DatabaseInstance):
        return None if _INSTANCE.fullmatch(snapshot) else "the name or the ARN of a DB snapshot"
    return None if _CLUSTER.fullmatch(snapshot) else "the name or the ARN of a cluster snapshot"


def _tell(name: str, snapshot: str, item: Managed, ledger: Ledger) -> None:
    user = None if isinstance(item, ReplicationGroup | MemcachedCluster) else item.user
    login = f"; its master user is the snapshot's, which must be called {user}, and gets a new password" if user else ""
    ledger.find(
        "restored-from-snapshot",
        "note",
        f"{name} begins as a copy of the snapshot {snapshot}{login}. The line must stay for as long as it lives: "
        "CloudFormation replaces it where the line goes, names another snapshot, or comes to one that stands already",
        "see docs/how-to/restore-from-a-snapshot.md",
        ("x-aws", "restore", name),
    )
