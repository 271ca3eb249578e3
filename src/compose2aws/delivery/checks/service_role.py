"""Service-linked roles: a new account lacks those of services that were never used in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compose2aws.catalog.catalog import read_table
from compose2aws.delivery.checks.situation import Situation
from compose2aws.planning.ledger import Finding


def check_service_roles(situation: Situation) -> list[Finding]:
    """A finding for each role that a type of the templates needs and that is missing: an error where its service does
    not make it by itself. Raises botocore's exceptions."""
    new = {resource.type for resource in situation.new()}
    rows = [row for row in read_table("service-linked-roles")["roles"] if not new.isdisjoint(row["types"])]
    return [_missing(situation, row) for row in rows if not _exists(situation, row["service"])]


def _missing(situation: Situation, row: Mapping[str, Any]) -> Finding:
    command = f"aws iam create-service-linked-role --aws-service-name {row['service']}"
    if row["automatic"]:
        message = (
            f"the account has no role {row['role']} yet; the service makes it at its first use, if the credentials "
            "may do iam:CreateServiceLinkedRole"
        )
        return situation.finding("service-linked-role", "note", message, f"to make it now: {command}")
    message = f"the account has no role {row['role']}, which the service needs before its first use"
    return situation.finding("service-linked-role", "error", message, f"run: {command}")


def _exists(situation: Situation, service: str) -> bool:
    """By the path, under which a service has its roles: some carry a suffix."""
    roles = situation.client("iam").list_roles(PathPrefix=f"/aws-service-role/{service}/", MaxItems=1)["Roles"]
    return bool(roles)
