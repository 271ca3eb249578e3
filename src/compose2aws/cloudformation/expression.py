"""Expressions that several families need: joined texts, ARNs, the network's own references."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from troposphere import GetAtt, Join, Ref

from compose2aws.planning.identity import ZONES, ResourceId, ZoneRole, digest, zone_id
from compose2aws.planning.model import ExistingNetwork, OwnNetwork, SubnetKind

Expression: TypeAlias = Any
"""A value of a template: text, a number, or one of troposphere's functions."""

_SUBNETS: dict[SubnetKind, ZoneRole] = {
    "public": "PublicSubnet",
    "private": "PrivateSubnet",
    "isolated": "IsolatedSubnet",
}
_DESCRIPTION = re.compile(r"[^a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]")


def joined(*parts: Expression) -> Expression:
    """The parts as one text: plain where all are plain, else `Fn::Join` (never `Fn::Sub`: users' text holds `${`)."""
    pieces: list[Expression] = []
    for part in (piece for given in parts for piece in _pieces(given)):
        if isinstance(part, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += part
        elif part != "":
            pieces.append(part)
    if not pieces:
        return ""
    return pieces[0] if len(pieces) == 1 else Join("", pieces)


def _pieces(part: Expression) -> list[Expression]:
    """What a joined text is made of; anything else as it is."""
    if isinstance(part, Join):
        separator, pieces = part.data["Fn::Join"]
        if separator == "":
            return list(pieces)
    return [part]


def ref(resource: ResourceId) -> Expression:
    return Ref(resource.logical_id)


def attribute(resource: ResourceId, name: str) -> Expression:
    return GetAtt(resource.logical_id, name)


def arn(service: str, *resource: Expression) -> Expression:
    """The ARN of something of this account in this region."""
    return joined(
        "arn:", Ref("AWS::Partition"), f":{service}:", Ref("AWS::Region"), ":", Ref("AWS::AccountId"), ":", *resource
    )


def vpc(network: OwnNetwork | ExistingNetwork) -> Expression:
    return Ref("VirtualPrivateCloud") if isinstance(network, OwnNetwork) else network.vpc


def subnets(network: OwnNetwork | ExistingNetwork, kind: SubnetKind) -> list[Expression]:
    """The subnets of a kind; a network that is there already has no isolated ones apart from its private ones."""
    if isinstance(network, OwnNetwork):
        return [Ref(zone_id(_SUBNETS[kind], zone)) for zone in ZONES]
    return list(network.public_subnets if kind == "public" else network.private_subnets)


def encryption_key() -> Expression:
    """The ARN of the project's key."""
    return GetAtt("EncryptionKey", "Arn")


def group_description(text: str) -> str:
    """A text within what EC2 takes in descriptions of groups and rules: 255 characters of a small alphabet."""
    return _DESCRIPTION.sub(" ", text)[:255]


def legal_name(name: str, allowed: str, length: int) -> str:
    """A name of characters of `allowed` (a regular expression's set); one that was changed carries a hash of itself."""
    legal = re.sub(f"[^{allowed}]", "-", name)
    if legal == name and len(name) <= length:
        return name
    return f"{legal[: length - 9].rstrip('-')}-{digest(name)}"
