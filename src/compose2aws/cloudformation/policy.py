"""IAM: policy documents, and who may take a role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from troposphere import Ref

from compose2aws.cloudformation.expression import Expression, arn

Statement: TypeAlias = dict[str, Any]


def document(*statements: Expression) -> dict[str, Any]:
    """A policy document of statements, some of which may be conditional expressions."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    actions: str | Sequence[str], resources: Expression, condition: dict[str, Any] | None = None, sid: str = ""
) -> Statement:
    """A statement that allows actions on one resource or a list of them."""
    statement: Statement = {"Sid": sid} if sid else {}
    statement |= {
        "Effect": "Allow",
        "Action": actions if isinstance(actions, str) else list(actions),
        "Resource": resources,
    }
    if condition:
        statement["Condition"] = condition
    return statement


def assume_role(service: str, *, of: str | None = None) -> dict[str, Any]:
    """Who may take a role: an AWS service, where `of` names one only for this account's resources of that service
    (IAM, "The confused deputy problem")."""
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if of:
        statement["Condition"] = {
            "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
            "ArnLike": {"aws:SourceArn": arn(of, "*")},
        }
    return document(statement)
