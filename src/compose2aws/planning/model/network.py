"""The network: a VPC, and the security groups that say who may speak to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId


@dataclass(frozen=True, slots=True)
class OwnNetwork:
    """A VPC made here. `nat_gateways`: none, one, or one a zone. `search_domain` goes into its DHCP options, so that
    bare service names resolve; None leaves Amazon's."""

    cidr: str
    nat_gateways: int
    isolated: bool
    search_domain: str | None
    flow_log_retention: int | None


@dataclass(frozen=True, slots=True)
class ExistingNetwork:
    """A VPC that is there already."""

    vpc: str
    public_subnets: tuple[str, ...]
    private_subnets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """`open_egress`: whether its members may speak to anyone. Where they may not, `inner_egress` lets them speak to
    private addresses and, over HTTPS, to AWS, which hands them their images, logs and secrets."""

    id: ResourceId
    description: str
    open_egress: bool
    source: Path | None = None
    inner_egress: bool = False


@dataclass(frozen=True, slots=True)
class IngressRule:
    """`group` admits `peer` (a group, or a CIDR block) on the ports from `first` to `last`; protocol `-1` is all."""

    id: ResourceId
    group: ResourceId
    peer: ResourceId | str
    protocol: Literal["tcp", "udp", "-1"]
    first: int
    last: int
    description: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A value or a mounted file of `client` names `server`, both compose services; `port` is the server's on AWS, None
    where none is known."""

    client: str
    server: str
    port: int | None
