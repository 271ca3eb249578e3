"""What is left of resources when their stack, or they alone, go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Stacks

TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "kept"}}
CLUSTER: dict[str, Any] = {
    "Type": "AWS::RDS::DBCluster",
    "Properties": {
        "Engine": "aurora-postgresql",
        "EngineVersion": "16.8",
        "MasterUsername": "app",
        "MasterUserPassword": "not-a-secret",
    },
}
CACHE: dict[str, Any] = {
    "Type": "AWS::ElastiCache::ReplicationGroup",
    "Properties": {"ReplicationGroupDescription": "cache", "Engine": "valkey", "CacheNodeType": "cache.t4g.micro"},
}


def _only(resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Resources": {"It": {**resource, **more}}}


def _topics(stacks: Stacks) -> int:
    return len(stacks.client("sns").list_topics()["Topics"])


def _manual_snapshots(stacks: Stacks) -> list[str]:
    snapshots = stacks.client("rds").describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    return [one["DBClusterIdentifier"] for one in snapshots]


@pytest.mark.parametrize(("policy", "left"), [("Delete", 0), ("Retain", 1), ("RetainExceptOnCreate", 1)])
def test_a_deleted_stack_leaves_what_is_to_be_retained(stacks: Stacks, policy: str, left: int) -> None:
    stacks.create("a", _only(TOPIC, DeletionPolicy=policy))
    identifier = stacks.described("a")["StackId"]
    assert stacks.delete("a")["StackStatus"] == "DELETE_COMPLETE"
    assert _topics(stacks) == left
    skipped = ("It", "DELETE_SKIPPED", "") in stacks.events(identifier)
    assert skipped is bool(left)


def test_a_deleted_cluster_leaves_a_snapshot(stacks: Stacks) -> None:
    stacks.create("a", _only(CLUSTER, DeletionPolicy="Snapshot"))
    cluster = stacks.physical("a", "It")
    stacks.delete("a")
    assert stacks.client("rds").describe_db_clusters()["DBClusters"] == []
    assert _manual_snapshots(stacks) == [cluster]


def test_a_cluster_without_policy_leaves_a_snapshot_too(stacks: Stacks) -> None:
    stacks.create("a", _only(CLUSTER))
    stacks.delete("a")
    assert len(_manual_snapshots(stacks)) == 1


def test_a_cluster_to_be_deleted_leaves_nothing(stacks: Stacks) -> None:
    stacks.create("a", _only(CLUSTER, DeletionPolicy="Delete"))
    stacks.delete("a")
    assert _manual_snapshots(stacks) == []


def test_a_deleted_cache_leaves_a_snapshot(stacks: Stacks) -> None:
    stacks.create("a", _only(CACHE, DeletionPolicy="Snapshot"))
    stacks.delete("a")
    cache = stacks.client("elasticache")
    assert cache.describe_replication_groups()["ReplicationGroups"] == []
    assert cache.describe_cache_clusters()["CacheClusters"] == []
    assert len(cache.describe_snapshots()["Snapshots"]) == 1


def test_a_snapshot_policy_on_a_cluster_member_is_refused(stacks: Stacks) -> None:
    member = {
        "Type": "AWS::RDS::DBInstance",
        "DeletionPolicy": "Snapshot",
        "Properties": {
            "DBClusterIdentifier": {"Ref": "It"},
            "DBInstanceClass": "db.serverless",
            "Engine": "aurora-postgresql",
        },
    }
    template = {"Resources": {"It": {**CLUSTER, "DeletionPolicy": "Delete"}, "Member": member}}
    assert stacks.create("a", template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Snapshot" in stacks.reason("a", "Member")


def test_a_snapshot_policy_on_what_has_no_snapshots_is_refused(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="does not support DeletionPolicy Snapshot"):
        stacks.create("a", _only(TOPIC, DeletionPolicy="Snapshot"))


@pytest.mark.parametrize(("policy", "left"), [("Delete", 1), ("Retain", 2)])
def test_a_replaced_resource_leaves_what_its_policy_says(stacks: Stacks, policy: str, left: int) -> None:
    stacks.create("a", _only(TOPIC, UpdateReplacePolicy=policy))
    renamed = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "other"}}
    assert stacks.update("a", _only(renamed, UpdateReplacePolicy=policy))["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.physical("a", "It").endswith(":other")
    assert _topics(stacks) == left


def test_a_replaced_cluster_leaves_a_snapshot(stacks: Stacks) -> None:
    stacks.create("a", _only(CLUSTER, UpdateReplacePolicy="Snapshot", DeletionPolicy="Delete"))
    old = stacks.physical("a", "It")
    encrypted = {**CLUSTER, "Properties": {**CLUSTER["Properties"], "StorageEncrypted": True}}
    stacks.update("a", _only(encrypted, UpdateReplacePolicy="Snapshot", DeletionPolicy="Delete"))
    assert stacks.physical("a", "It") != old
    assert _manual_snapshots(stacks) == [old]


@pytest.mark.parametrize(("policy", "left"), [("Delete", 1), ("Retain", 2)])
def test_a_resource_taken_out_of_the_template_goes_as_its_policy_says(stacks: Stacks, policy: str, left: int) -> None:
    other = {"Other": {"Type": "AWS::SNS::Topic"}}
    stacks.create("a", {"Resources": {"It": {**TOPIC, "DeletionPolicy": policy}, **other}})
    assert stacks.update("a", {"Resources": other})["StackStatus"] == "UPDATE_COMPLETE"
    assert _topics(stacks) == left


@pytest.mark.parametrize(("policy", "left"), [("Delete", 0), ("Retain", 1), ("RetainExceptOnCreate", 0)])
def test_what_a_failed_creation_leaves(stacks: Stacks, policy: str, left: int) -> None:
    bad = {"Type": "AWS::SNS::Topic", "DependsOn": "It", "Properties": {"Nonsense": 1}}
    template = {"Resources": {"It": {**TOPIC, "DeletionPolicy": policy}, "Bad": bad}}
    assert stacks.create("a", template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert _topics(stacks) == left


def test_a_protected_cluster_makes_the_rollback_of_a_first_create_fail(stacks: Stacks) -> None:
    protected = {**CLUSTER, "Properties": {**CLUSTER["Properties"], "DeletionProtection": True}}
    bad = {"Type": "AWS::SNS::Topic", "DependsOn": "It", "Properties": {"Nonsense": 1}}
    assert stacks.create("a", {"Resources": {"It": protected, "Bad": bad}})["StackStatus"] == "ROLLBACK_FAILED"
    assert "Cannot delete protected Cluster" in stacks.reason("a", "It")


def test_a_protected_stack_cannot_be_deleted(stacks: Stacks) -> None:
    client = stacks.client("cloudformation")
    stacks.create("a", _only(TOPIC), EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        client.delete_stack(StackName="a")
    client.update_termination_protection(StackName="a", EnableTerminationProtection=False)
    assert stacks.delete("a")["StackStatus"] == "DELETE_COMPLETE"


def test_a_repository_with_images_does_not_go_unless_it_may_be_emptied(stacks: Stacks) -> None:
    repository = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "api"}}
    stacks.create("a", _only(repository))
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []})
    stacks.client("ecr").put_image(repositoryName="api", imageManifest=manifest, imageTag="1")
    assert stacks.delete("a")["StackStatus"] == "DELETE_FAILED"
    emptied = {**repository, "Properties": {"RepositoryName": "api", "EmptyOnDelete": True}}
    stacks.delete("a", RetainResources=["It"])
    assert stacks.client("ecr").describe_repositories()["repositories"][0]["repositoryName"] == "api"
    stacks.client("ecr").delete_repository(repositoryName="api", force=True)
    stacks.create("b", _only(emptied))
    stacks.client("ecr").put_image(repositoryName="api", imageManifest=manifest, imageTag="1")
    assert stacks.delete("b")["StackStatus"] == "DELETE_COMPLETE"
