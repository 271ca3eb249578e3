"""The project's one customer key, under which everything at rest is encrypted."""

from __future__ import annotations

from troposphere import Ref, kms

from compose2aws.cloudformation.expression import arn, joined
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.policy import Statement, document
from compose2aws.planning.model import Plan


def emit_key(graph: Graph, plan: Plan) -> None:
    """Add the key and an alias of it, named after the stack. The alias goes with the stack, the key never does."""
    account = {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": joined("arn:", Ref("AWS::Partition"), ":iam::", Ref("AWS::AccountId"), ":root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    # CloudWatch Logs, "Encrypt log data in CloudWatch Logs using AWS Key Management Service".
    log_groups = {
        "Sid": "LogGroups",
        "Effect": "Allow",
        "Principal": {"Service": joined("logs.", Ref("AWS::Region"), ".", Ref("AWS::URLSuffix"))},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn("logs", "*")}},
    }
    statements = [account, log_groups]
    if plan.alarm_topic:
        statements.append(_alarms())
    graph.add(
        kms.Key(
            "EncryptionKey",
            Description=f"Everything of {plan.project} that is at rest",
            EnableKeyRotation=True,
            KeyPolicy=document(*statements),
        )
    )
    graph.add(
        kms.Alias(
            "EncryptionKeyAlias",
            AliasName=joined("alias/", Ref("AWS::StackName")),
            TargetKeyId=Ref("EncryptionKey"),
        )
    )


def _alarms() -> Statement:
    """CloudWatch publishes to the encrypted topic itself (Amazon SNS Developer Guide, "Enable compatibility between
    event sources from AWS services and encrypted topics"). Without a condition: one that CloudWatch does not meet
    would silence every alarm."""
    return {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    }
