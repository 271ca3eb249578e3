"""The plan: what will stand on AWS, as data that a person could read aloud.

Every value here is decided. `cloudformation/` turns each item into resources of the same names and takes no decision;
`report/`, `diff` and `rehearse` read the same items. Items carry the ids of the resources they become (`ResourceId`),
so that the ledger and the templates speak of the same things.
"""

from __future__ import annotations

from dataclasses import dataclass

from compose2aws.planning.ledger import Decision, Finding
from compose2aws.planning.model.alarm import Alarm, AlarmTopic
from compose2aws.planning.model.balancer import (
    AliasName,
    Balancer,
    Certificate,
    PublicRecord,
    PublicUrl,
    RegisteredName,
)
from compose2aws.planning.model.base import Tier
from compose2aws.planning.model.host import HostFleet
from compose2aws.planning.model.image import BuiltImage, FileSystem
from compose2aws.planning.model.managed import Managed
from compose2aws.planning.model.network import Connection, ExistingNetwork, IngressRule, OwnNetwork, SecurityGroup
from compose2aws.planning.model.secret import Parameter, StoredSecret
from compose2aws.planning.model.workload import Workload


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a project becomes, and why. `namespace` is the private DNS namespace (`PROJECT.internal`); `zone` the
    hosted zone's id or, where None, a parameter that `deploy` looks up. `patches` are applied to the templates."""

    project: str
    tier: Tier
    files: tuple[str, ...]
    network: OwnNetwork | ExistingNetwork
    namespace: str
    log_retention: int
    parameters: tuple[Parameter, ...] = ()
    secrets: tuple[StoredSecret, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    ingress: tuple[IngressRule, ...] = ()
    managed: tuple[Managed, ...] = ()
    images: tuple[BuiltImage, ...] = ()
    file_system: FileSystem | None = None
    fleets: tuple[HostFleet, ...] = ()
    workloads: tuple[Workload, ...] = ()
    names: tuple[RegisteredName | AliasName, ...] = ()
    connect: bool = False
    connections: tuple[Connection, ...] = ()
    balancers: tuple[Balancer, ...] = ()
    certificate: Certificate | None = None
    zone: str | None = None
    records: tuple[PublicRecord, ...] = ()
    urls: tuple[PublicUrl, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    alarm_topic: AlarmTopic | None = None
    patches: tuple[dict[str, object], ...] = ()
    decisions: tuple[Decision, ...] = ()
    findings: tuple[Finding, ...] = ()
