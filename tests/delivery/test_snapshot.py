"""The snapshot before an upgrade: its name must be one that the service takes, whatever the database is called."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest

from compose2aws.delivery.account import Account
from compose2aws.delivery.snapshot import take_snapshot


class _Service:
    """Answers every call, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def client(self, _: str) -> _Service:
        return self

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: str) -> dict[str, Any]:
            self.asked.append(arguments)
            state = {"Status": "available", "SnapshotStatus": "available"}
            return {name: [state] for name in ("DBClusterSnapshots", "DBSnapshots", "Snapshots")}

        return call


@pytest.mark.parametrize(
    ("kind", "longest"),
    [
        ("AWS::RDS::DBCluster", 63),
        ("AWS::RDS::DBInstance", 63),
        ("AWS::DocDB::DBCluster", 63),
        ("AWS::ElastiCache::ReplicationGroup", 40),
    ],
)
@pytest.mark.parametrize(
    "physical_id", ["shop", "a" * 17 + "-b" * 23, "shop-of-acme-base-ordersdbcluster-1a2b3c4d5e6f"]
)
def test_a_snapshot_has_a_name_that_its_service_takes(kind: str, longest: int, physical_id: str) -> None:
    service = _Service()
    name = take_snapshot(cast(Account, service), kind, physical_id)
    assert name is not None
    assert len(name) <= longest
    assert re.fullmatch(r"[a-z](-?[a-z0-9])*", name)
    assert name in service.asked[0].values()
    other = take_snapshot(cast(Account, service), kind, f"{physical_id}x")
    assert other is not None
    assert other.rpartition("-")[0] != name.rpartition("-")[0]
