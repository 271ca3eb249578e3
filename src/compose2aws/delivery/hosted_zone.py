"""The public hosted zone in which a domain's records go."""

from __future__ import annotations

from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import DeliveryError


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
