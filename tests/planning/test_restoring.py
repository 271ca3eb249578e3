"""Databases that begin as a copy of a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose2aws.cloudformation import emit
from compose2aws.planning.model import Plan
from tests.planning.projects import decision, finding, findings, planned, refused
from tests.planning.test_settings import errors

IMAGES = {
    "db": "postgres:16",
    "legacy": "mysql:8.4",
    "wiki": "mariadb:11.4",
    "mongo": "mongo:5",
    "cache": "redis:7",
    "memory": "memcached:1",
    "queue": "rabbitmq:3",
    "search": "opensearchproject/opensearch:2",
    "app": "acme/app:1",
}


def compose(name: str, snapshot: str, tier: str = "production") -> str:
    return f"""\
        services:
          {name}: {{image: "{IMAGES[name]}"}}
        x-aws:
          tier: {tier}
          restore:
            {name}: "{snapshot}"
        """


def properties(made: Plan, logical_id: str) -> dict[str, Any]:
    (body,) = (
        stack.template["Resources"][logical_id]
        for stack in emit(made).stacks
        if logical_id in stack.template["Resources"]
    )
    found: dict[str, Any] = body["Properties"]
    return found


@pytest.mark.parametrize(
    ("name", "logical_id", "key"),
    [
        ("db", "DbCluster", "SnapshotIdentifier"),
        ("legacy", "LegacyCluster", "SnapshotIdentifier"),
        ("wiki", "WikiInstance", "DBSnapshotIdentifier"),
        ("mongo", "MongoCluster", "SnapshotIdentifier"),
        ("cache", "CacheReplicationGroup", "SnapshotName"),
    ],
)
def test_what_the_snapshot_has_is_not_said_again(tmp_path: Path, name: str, logical_id: str, key: str) -> None:
    made = planned(tmp_path, compose(name, "before-2026"))
    assert refused(made) == {}
    found = properties(made, logical_id)
    assert found[key] == "before-2026"
    assert not {"MasterUsername", "DatabaseName", "DBName"} & found.keys()
    assert ("MasterUserPassword" in found) == (name != "cache")
    plain = planned(tmp_path, compose(name, "before-2026").partition("  restore")[0])
    assert key not in properties(plain, logical_id)


def test_an_instance_keeps_the_key_of_its_snapshot(tmp_path: Path) -> None:
    """RestoreDBInstanceFromDBSnapshot takes no key."""
    assert "KmsKeyId" not in properties(planned(tmp_path, compose("wiki", "one")), "WikiInstance")
    assert "KmsKeyId" in properties(planned(tmp_path, compose("db", "one")), "DbCluster")


def test_the_line_must_stay_and_a_finding_says_so(tmp_path: Path) -> None:
    made = planned(tmp_path, compose("db", "before-2026"))
    told = finding(made, "restored-from-snapshot")
    assert "The line must stay for as long as it lives" in told.message
    assert "which must be called postgres" in told.message
    assert told.position is not None
    assert told.position.line == 6
    assert str(decision(made, "x-aws.restore.db").becomes[0]) == "AWS::RDS::DBCluster/DbCluster"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("memory", "ElastiCache keeps no snapshots of memcached"),
        ("queue", "Amazon MQ keeps no snapshots"),
        ("search", "through its own API"),
        ("app", "what a container writes lies on EFS, which has no snapshots"),
    ],
)
def test_what_has_no_snapshots_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    made = planned(tmp_path, compose(name, "one"))
    assert refused(made) == {f"x-aws.restore.{name}": "restore-impossible"}
    assert reason in finding(made, "restore-impossible").message
    assert findings(made, "restored-from-snapshot") == []


@pytest.mark.parametrize(
    ("name", "snapshot", "wanted"),
    [
        ("db", "not a name", "the name or the ARN of a cluster snapshot"),
        ("db", "", "the name or the ARN of a cluster snapshot"),
        ("wiki", "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:x", "the name or the ARN of a DB snapshot"),
        ("cache", "arn:aws:s3:::bucket/dump.rdb", "the name of a snapshot in ElastiCache"),
    ],
)
def test_a_snapshot_of_another_kind_is_refused(tmp_path: Path, name: str, snapshot: str, wanted: str) -> None:
    made = planned(tmp_path, compose(name, snapshot))
    assert refused(made) == {f"x-aws.restore.{name}": "invalid-snapshot"}
    assert wanted in finding(made, "invalid-snapshot").message


@pytest.mark.parametrize(
    ("name", "snapshot"),
    [
        ("db", "rds:db-2026-11-01-03-10"),
        ("db", "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:rds:db-2026"),
        ("legacy", "arn:aws-cn:rds:cn-north-1:123456789012:snapshot:of-an-instance"),
        ("wiki", "arn:aws:rds:eu-west-1:123456789012:snapshot:wiki"),
        ("cache", "automatic.cache-2026-11-01-03-10"),
    ],
)
def test_a_snapshot_may_be_aws_own_or_of_another_account(tmp_path: Path, name: str, snapshot: str) -> None:
    assert refused(planned(tmp_path, compose(name, snapshot))) == {}


def test_an_unknown_service_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, "services:\n  orders: {image: postgres}\nx-aws:\n  restore:\n    order: one\n")
    assert "there is no service 'order'; did you mean 'orders'?" in error.message
    assert str(error.position) == "compose.yaml:5:5"


def test_init_scripts_leave_a_copy_alone(tmp_path: Path) -> None:
    text = compose("db", "one").replace('"}', '", volumes: ["./init.sql:/docker-entrypoint-initdb.d/init.sql"]}')
    made = planned(tmp_path, text, {"init.sql": "CREATE TABLE a (b int);"})
    told = decision(made, "services.db.volumes[0]")
    assert told.reason == "runs only if the copy of the snapshot has neither its mark nor tables"
