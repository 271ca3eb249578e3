"""Where templates lie that are too large to be sent with a call: a bucket of the account, made when first needed."""

from __future__ import annotations

import hashlib
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import DeliveryError, code_of

INLINE_BYTES = 51_200
"""AWS CloudFormation User Guide, "Quotas": the largest template body in a request."""

_KEEP_DAYS = 30


def template_argument(account: Account, text: str, stack: str) -> dict[str, str]:
    """The argument that gives a template to CloudFormation: its text, or the address of the object that holds it.

    Raises `DeliveryError` where the bucket is somebody else's.
    """
    body = text.encode()
    if len(body) <= INLINE_BYTES:
        return {"TemplateBody": text}
    bucket = bucket_name(account)
    _ensure(account, bucket)
    key = f"{stack}/{hashlib.sha256(body).hexdigest()}.template"
    account.client("s3").put_object(
        Bucket=bucket, Key=key, Body=body, ContentType="text/plain", ExpectedBucketOwner=account.identity.account
    )
    return {"TemplateURL": f"https://{bucket}.s3.{account.region}.{account.dns_suffix}/{key}"}


def bucket_name(account: Account) -> str:
    """One bucket an account and region, for all projects."""
    return f"compose2aws-artefacts-{account.identity.account}-{account.region}"


def _ensure(account: Account, bucket: str) -> None:
    storage: Any = account.client("s3")
    try:
        storage.head_bucket(Bucket=bucket, ExpectedBucketOwner=account.identity.account)
    except ClientError as error:
        if code_of(error) in ("403", "AccessDenied", "Forbidden"):
            raise DeliveryError(
                f"the bucket {bucket}, where large templates go, cannot be used: it is not this account's, or the "
                "credentials may not use it (s3:ListBucket, s3:PutObject)"
            ) from error
        if code_of(error) not in ("404", "NoSuchBucket", "NotFound"):
            raise
    else:
        return
    try:
        _create(storage, bucket, account.region)
    except ClientError as error:
        if code_of(error) != "BucketAlreadyOwnedByYou":
            raise
    storage.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    storage.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [{"ID": "old", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": _KEEP_DAYS}}]
        },
    )


def _create(storage: Any, bucket: str, region: str) -> None:
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    storage.create_bucket(Bucket=bucket, **where)
