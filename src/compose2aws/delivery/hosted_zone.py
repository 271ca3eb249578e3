"""The public hosted zone in which a domain's records go."""

from __future__ import annotations

from botocore.exceptions import ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import DENIED, DeliveryError, code_of


def find_zone(account: Account, domain: str) -> str | None:
    """The id of the account's public zone of the domain, or of the nearest domain above it; None where there is none.

    Raises `DeliveryError` where two zones have that name, and botocore's exceptions.
    """
    zones: dict[str, list[str]] = {}
    for page in account.client("route53").get_paginator("list_hosted_zones").paginate():
        for zone in page["HostedZones"]:
            if not zone.get("Config", {}).get("PrivateZone", False):
                zones.setdefault(zone["Name"].rstrip(".").lower(), []).append(zone["Id"].rpartition("/")[2])
    labels = domain.rstrip(".").lower().split(".")
    for start in range(len(labels) - 1):
        found = zones.get(".".join(labels[start:]), [])
        if len(found) > 1:
            name = ".".join(labels[start:])
            raise DeliveryError(
                f"this account has {len(found)} public hosted zones called {name}: name the right one with "
                f"x-aws.hosted-zone ({', '.join(sorted(found))})"
            )
        if found:
            return found[0]
    return None


def holds(account: Account, zone: str, domain: str) -> bool:
    """Whether a hosted zone is there, and the domain's records go into it. A zone that may not be looked
    at is trusted."""
    try:
        name = account.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"]
    except ClientError as error:
        if code_of(error) in DENIED:
            return True
        if code_of(error) in ("NoSuchHostedZone", "InvalidInput"):
            return False
        raise
    return f".{domain.rstrip('.').lower()}".endswith(f".{name.rstrip('.').lower()}")
