"""The bucket that the balancers write their access logs to."""

from __future__ import annotations

from troposphere import GetAtt, Ref, s3

from compose2aws.cloudformation.expression import joined
from compose2aws.cloudformation.graph import Graph, Skip
from compose2aws.cloudformation.policy import document
from compose2aws.planning.model import Plan

_BUCKET = "BalancerLogBucket"
_NO_OWN_LOGS: Skip = ("CKV_AWS_18", "It holds access logs itself; logs of logs would never end")
_NO_CUSTOMER_KEY: Skip = ("CKV_AWS_145", "Balancers write their logs to buckets under SSE-S3 only")


def emit_log_bucket(graph: Graph, plan: Plan) -> None:
    """Add the bucket and its policy, where a balancer writes access logs."""
    logging = [balancer for balancer in plan.balancers if balancer.access_logs]
    if not logging:
        return
    retention = max(balancer.log_retention for balancer in logging)
    everything = s3.PublicAccessBlockConfiguration(
        BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
    )
    graph.add(
        s3.Bucket(
            _BUCKET,
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    s3.ServerSideEncryptionRule(
                        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
                    )
                ]
            ),
            PublicAccessBlockConfiguration=everything,
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            LifecycleConfiguration=s3.LifecycleConfiguration(
                Rules=[
                    s3.LifecycleRule(
                        Id="expire",
                        Status="Enabled",
                        ExpirationInDays=retention,
                        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
                        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
                    )
                ]
            ),
        ),
        skips=(_NO_OWN_LOGS, _NO_CUSTOMER_KEY),
    )
    bucket = GetAtt(_BUCKET, "Arn")
    objects = joined(bucket, "/AWSLogs/", Ref("AWS::AccountId"), "/*")
    statements = [
        {
            "Sid": "OnlyEncryptedInTransit",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, joined(bucket, "/*")],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    if any(balancer.kind == "application" for balancer in logging):
        # Elastic Load Balancing, "Enable access logs for your Application Load Balancer", step 2.
        statements.append(
            {
                "Sid": "ApplicationBalancer",
                "Effect": "Allow",
                "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": objects,
            }
        )
    if any(balancer.kind == "network" for balancer in logging):
        # Elastic Load Balancing, "Enable access logs for your Network Load Balancer", bucket requirements.
        delivery = {"Service": "delivery.logs.amazonaws.com"}
        account = {"aws:SourceAccount": Ref("AWS::AccountId")}
        statements += [
            {
                "Sid": "NetworkBalancer",
                "Effect": "Allow",
                "Principal": delivery,
                "Action": "s3:PutObject",
                "Resource": objects,
                "Condition": {"StringEquals": account | {"s3:x-amz-acl": "bucket-owner-full-control"}},
            },
            {
                "Sid": "NetworkBalancerLook",
                "Effect": "Allow",
                "Principal": delivery,
                "Action": "s3:GetBucketAcl",
                "Resource": bucket,
                "Condition": {"StringEquals": account},
            },
        ]
    graph.add(s3.BucketPolicy("BalancerLogBucketPolicy", Bucket=Ref(_BUCKET), PolicyDocument=document(*statements)))
