"""EFS, S3 and AWS Backup."""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.resource_type import (
    ApiResource,
    Context,
    Properties,
    ResourceType,
    by_id,
    call,
    register,
    uncarried,
)


def _file_system_options(physical_id: str, properties: Properties, context: Context) -> None:
    client = context.service("efs")
    policies = properties.get("LifecyclePolicies")
    if policies:
        arguments = {"FileSystemId": physical_id, "LifecyclePolicies": policies}
        call(client, "put_lifecycle_configuration", arguments)
    if "FileSystemPolicy" in properties:
        text = json.dumps(properties["FileSystemPolicy"])
        call(client, "put_file_system_policy", {"FileSystemId": physical_id, "Policy": text})


def _file_system_request(properties: Properties, context: Context) -> Properties:
    adapted = {**properties, "CreationToken": context.generated_name(64)}
    adapted["Tags"] = adapted.pop("FileSystemTags", [])
    if "BackupPolicy" in adapted:
        adapted["Backup"] = adapted.pop("BackupPolicy").get("Status") == "ENABLED"
    return adapted


def _access_point_request(properties: Properties, context: Context) -> Properties:
    adapted = {**properties, "ClientToken": context.generated_name(64)}
    adapted["Tags"] = adapted.pop("AccessPointTags", [])
    return adapted


_PUBLIC_ACCESS = "PublicAccessBlockConfiguration"


_CARRIED = {
    _PUBLIC_ACCESS,
    "BucketEncryption",
    "BucketName",
    "LifecycleConfiguration",
    "OwnershipControls",  # moto has no more than the default, which is the one that we write
    "Tags",
    "VersioningConfiguration",
}


def _lifecycle_rule(rule: Properties) -> Properties:
    written: Properties = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        written["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        written["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    days = rule.get("NoncurrentVersionExpirationInDays") or (rule.get("NoncurrentVersionExpiration") or {}).get(
        "NoncurrentDays"
    )
    if days is not None:
        written["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(days)}
    if "AbortIncompleteMultipartUpload" in rule:
        after = int(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        written["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": after}
    if "Transitions" in rule:
        written["Transitions"] = [
            {"Days": int(one["TransitionInDays"]), "StorageClass": one["StorageClass"]} for one in rule["Transitions"]
        ]
    return written


class Bucket(ResourceType):
    """A bucket with the settings that are ours to make."""

    type = "AWS::S3::Bucket"

    def create(self, properties: Properties, context: Context) -> str:
        """Make the bucket."""
        name = str(properties.get("BucketName") or context.generated_name(63, lower=True))
        arguments: dict[str, Any] = {"Bucket": name}
        if context.region != "us-east-1":
            arguments["CreateBucketConfiguration"] = {"LocationConstraint": context.region}
        call(context.service("s3"), "create_bucket", arguments)
        self._set(name, properties, context)
        return name

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Set its settings again."""
        self._set(physical_id, new, context)
        return physical_id

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Remove the bucket, which must be empty."""
        call(context.service("s3"), "delete_bucket", {"Bucket": physical_id})

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the bucket's names."""
        try:
            context.service("s3").head_bucket(Bucket=physical_id)
        except ClientError:
            return None
        return {
            "Arn": f"arn:aws:s3:::{physical_id}",
            "DomainName": f"{physical_id}.s3.amazonaws.com",
            "RegionalDomainName": f"{physical_id}.s3.{context.region}.amazonaws.com",
            "DualStackDomainName": f"{physical_id}.s3.dualstack.{context.region}.amazonaws.com",
            "WebsiteURL": f"http://{physical_id}.s3-website-{context.region}.amazonaws.com",
        }

    @staticmethod
    def _set(name: str, properties: Properties, context: Context) -> None:
        client = context.service("s3")
        if _PUBLIC_ACCESS in properties:
            block = {key: str(value).lower() == "true" for key, value in properties[_PUBLIC_ACCESS].items()}
            call(client, "put_public_access_block", {"Bucket": name, _PUBLIC_ACCESS: block})
        versioning = properties.get("VersioningConfiguration")
        if versioning:
            call(client, "put_bucket_versioning", {"Bucket": name, "VersioningConfiguration": versioning})
        rules = (properties.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration") or []
        if rules:
            written = [
                {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
                for rule in rules
                if "ServerSideEncryptionByDefault" in rule
            ]
            configuration = {"Rules": written}
            arguments = {"Bucket": name, "ServerSideEncryptionConfiguration": configuration}
            call(client, "put_bucket_encryption", arguments)
        lifecycle = (properties.get("LifecycleConfiguration") or {}).get("Rules")
        if lifecycle:
            arguments = {
                "Bucket": name,
                "LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in lifecycle]},
            }
            call(client, "put_bucket_lifecycle_configuration", arguments)
        uncarried.update((Bucket.type, key) for key in properties if key not in _CARRIED)
        tags = [{"Key": key, "Value": value} for key, value in context.tags.items()]
        tags += properties.get("Tags") or []
        if tags:
            call(client, "put_bucket_tagging", {"Bucket": name, "Tagging": {"TagSet": tags}})


class BucketPolicy(ResourceType):
    """Who may do what with a bucket."""

    type = "AWS::S3::BucketPolicy"

    def create(self, properties: Properties, context: Context) -> str:
        """Put the policy on the bucket."""
        arguments = {"Bucket": properties["Bucket"], "Policy": json.dumps(properties["PolicyDocument"])}
        call(context.service("s3"), "put_bucket_policy", arguments)
        return str(properties["Bucket"])

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Put another policy there."""
        return self.create(new, context)

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Take the policy away, if the bucket is still there."""
        if self.describe(physical_id, properties, context) is not None:
            call(context.service("s3"), "delete_bucket_policy", {"Bucket": physical_id})

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the policy."""
        try:
            return context.service("s3").get_bucket_policy(Bucket=physical_id)
        except ClientError:
            return None


def _plan_request(properties: Properties, _: Context) -> Properties:
    plan = properties["BackupPlan"]
    rules = []
    for rule in plan["BackupPlanRule"]:
        adapted = dict(rule)
        adapted["TargetBackupVaultName"] = adapted.pop("TargetBackupVault")
        rules.append(adapted)
    return {"BackupPlan": {"BackupPlanName": plan["BackupPlanName"], "Rules": rules}}


def _refuse_full(physical_id: str, _: Properties, context: Context) -> None:
    targets = call(context.service("efs"), "describe_mount_targets", {"FileSystemId": physical_id})["MountTargets"]
    if targets:
        raise ResourceFailed(f"file system '{physical_id}' has mount targets (Code: FileSystemInUse)")


register(
    ApiResource(
        type="AWS::EFS::FileSystem",
        api="efs",
        create_with="create_file_system",
        made="FileSystemId",
        read_with="describe_file_systems",
        ask=by_id("FileSystemId"),
        found="FileSystems[0]",
        delete_with="delete_file_system",
        before=_file_system_request,
        elsewhere=frozenset({"LifecyclePolicies", "FileSystemPolicy", "FileSystemTags", "BackupPolicy"}),
        attributes={"Arn": "FileSystemArn"},
        after=_file_system_options,
        before_delete=_refuse_full,
    ),
    ApiResource(
        type="AWS::EFS::AccessPoint",
        api="efs",
        create_with="create_access_point",
        made="AccessPointId",
        read_with="describe_access_points",
        ask=by_id("AccessPointId"),
        found="AccessPoints[0]",
        delete_with="delete_access_point",
        before=_access_point_request,
        elsewhere=frozenset({"AccessPointTags"}),
        attributes={"Arn": "AccessPointArn"},
    ),
    ApiResource(
        type="AWS::EFS::MountTarget",
        api="efs",
        create_with="create_mount_target",
        made="MountTargetId",
        read_with="describe_mount_targets",
        ask=by_id("MountTargetId"),
        found="MountTargets[0]",
        delete_with="delete_mount_target",
        update_with="modify_mount_target_security_groups",
        attributes={"Id": "Ref"},
    ),
    Bucket(),
    BucketPolicy(),
    ApiResource(
        type="AWS::Backup::BackupVault",
        api="backup",
        create_with="create_backup_vault",
        name="BackupVaultName",
        read_with="describe_backup_vault",
        ask=by_id("BackupVaultName"),
        found="@",
        delete_with="delete_backup_vault",
    ),
    ApiResource(
        type="AWS::Backup::BackupPlan",
        api="backup",
        create_with="create_backup_plan",
        made="BackupPlanId",
        before=_plan_request,
        read_with="get_backup_plan",
        ask=by_id("BackupPlanId"),
        found="@",
        delete_with="delete_backup_plan",
    ),
)
