"""The project's EFS file system, whose folders stand for volumes."""

from __future__ import annotations

from troposphere import Ref, Tags, efs

from compose2aws.cloudformation.expression import Expression, arn, attribute, encryption_key, ref, subnets
from compose2aws.cloudformation.graph import Graph, Skip
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import FileSystem, Plan

_ANY_USER: Skip = ("CKV_AWS_330", "Containers write as the users of their images, as they do on a Docker volume")
_MOUNT_LETTERS = "ABCDEFGHIJ"

# EFS, "Using IAM to control access to file systems": with any policy there, access without IAM ends too.
_ONLY_ENCRYPTED = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "OnlyEncryptedInTransit",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


def emit_file_system(graph: Graph, plan: Plan, item: FileSystem) -> None:
    """Add the file system, a mount target a subnet, and an access point a volume."""
    graph.add(
        efs.FileSystem(
            item.id.logical_id,
            Encrypted=True,
            KmsKeyId=encryption_key(),
            PerformanceMode="generalPurpose",
            ThroughputMode="elastic",
            BackupPolicy=efs.BackupPolicy(Status="ENABLED" if item.backups else "DISABLED"),
            FileSystemPolicy=_ONLY_ENCRYPTED,
            FileSystemTags=Tags(Name=plan.project),
        )
    )
    # The letters of the zones, and more where the network is there already and has more subnets.
    for letter, subnet in zip(_MOUNT_LETTERS, subnets(plan.network, "private"), strict=False):
        graph.add(
            efs.MountTarget(
                f"FileSystemMountTarget{letter}",
                FileSystemId=ref(item.id),
                SubnetId=subnet,
                SecurityGroups=[attribute(item.security_group, "GroupId")],
            )
        )
    # They hold nothing, the folders stay: each stands beside what mounts it, and takes no export of the base.
    owners = _owners(plan)
    for point in item.access_points:
        graph.add(
            efs.AccessPoint(
                point.id.logical_id,
                FileSystemId=ref(item.id),
                RootDirectory=efs.RootDirectory(
                    Path=point.path,
                    CreationInfo=efs.CreationInfo(OwnerUid="0", OwnerGid="0", Permissions="0777"),
                ),
                AccessPointTags=Tags(Name=point.volume),
            ),
            point.source,
            owner=owners.get(point.id),
            skips=(_ANY_USER,),
        )


def _owners(plan: Plan) -> dict[ResourceId, str]:
    """The workload that mounts an access point, where it is the only one."""
    mounting: dict[ResourceId, set[str]] = {}
    for workload in plan.workloads:
        for volume in workload.task.volumes:
            if volume.access_point:
                mounting.setdefault(volume.access_point, set()).add(workload.name)
    return {point: next(iter(names)) for point, names in mounting.items() if len(names) == 1}


def access_point_arn(point: ResourceId) -> Expression:
    """Made of the id, so that an access point of several shards has one export and not two."""
    return arn("elasticfilesystem", "access-point/", Ref(point.logical_id))


def file_system_arn(item: FileSystem) -> Expression:
    return arn("elasticfilesystem", "file-system/", ref(item.id))
