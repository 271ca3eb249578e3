"""Names inside the network, and the balancers that the world reaches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model.base import singleton
from compose2aws.planning.text import Text


@dataclass(frozen=True, slots=True)
class RegisteredName:
    """A name in the private namespace that a service's tasks register under (A records)."""

    id: ResourceId
    name: str
    source: Path = ()


@dataclass(frozen=True, slots=True)
class AliasName:
    """A name in the private namespace that points to another (a CNAME): a managed service's endpoint, an alias.
    `service` is the compose service that it leads to."""

    id: ResourceId
    instance: ResourceId
    name: str
    target: Text
    service: str
    source: Path = ()


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Where a balancer sends requests. `health_path` None is a TCP check; `health_port` None is the traffic's own."""

    id: ResourceId
    protocol: Literal["HTTP", "HTTPS", "TCP", "UDP", "TCP_UDP"]
    health_path: str | None
    matcher: str | None
    deregistration_delay: int
    health_port: int | None = None
    source: Path = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """A port of a balancer. `default` is a target group, `redirect` (to HTTPS) or `not-found`."""

    id: ResourceId
    port: int
    protocol: Literal["HTTP", "HTTPS", "TCP", "UDP", "TCP_UDP"]
    default: ResourceId | Literal["redirect", "not-found"]
    source: Path | None = None


@dataclass(frozen=True, slots=True)
class ListenerRule:
    """Requests for one of `hosts` (any, if empty) and one of `paths` (any, if empty) go to `target_group`."""

    id: ResourceId
    listener: ResourceId
    priority: int
    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    target_group: ResourceId
    source: Path = ()


@dataclass(frozen=True, slots=True)
class Balancer:
    """The application or the network balancer. `access_logs`: whether it writes them to a bucket of its own."""

    id: ResourceId
    kind: Literal["application", "network"]
    security_group: ResourceId
    listeners: tuple[Listener, ...]
    rules: tuple[ListenerRule, ...]
    target_groups: tuple[TargetGroup, ...]
    access_logs: bool
    log_retention: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate of the HTTPS listener: one made here for `names`, or an existing one's ARN."""

    names: tuple[str, ...]
    arn: str | None = None

    @property
    def id(self) -> ResourceId:
        return singleton("AWS::CertificateManager::Certificate", "DomainCertificate")


@dataclass(frozen=True, slots=True)
class PublicRecord:
    """A DNS record of the public zone that points to a balancer."""

    id: ResourceId
    name: str
    balancer: ResourceId
    source: Path = ()


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """Where people reach a service's port from outside. `host` None is the balancer's own name; `published` is the port
    that the compose file publishes it on."""

    service: str
    scheme: str
    host: str | None
    port: int
    path: str = ""
    published: int | None = field(default=None, compare=False)
