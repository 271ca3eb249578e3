"""What the planners of both balancers share, and what they write down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compose2aws.planning.identity import ResourceId, container_name
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import PublicRecord, PublicUrl, TargetAttachment
from compose2aws.planning.ports.published import PublishedPort
from compose2aws.planning.settings import Settings


@dataclass(frozen=True, slots=True)
class PortContext:
    kinds: Mapping[str, Kind]
    health_paths: Mapping[str, Mapping[int, str]]
    stop_times: Mapping[str, int]
    settings: Settings
    ledger: Ledger
    attachments: dict[str, list[TargetAttachment]]
    waits: dict[str, list[ResourceId]]
    admitted: list[tuple[str, int, str, ResourceId]]
    records: list[PublicRecord]
    urls: list[PublicUrl]
    answering: set[str]

    def attach(self, port: PublishedPort, group: ResourceId, waits_for: ResourceId, balancer: ResourceId) -> None:
        owner = self.kinds[port.service].source.owner
        attachment = TargetAttachment(container_name(port.service), port.target, group)
        attachments = self.attachments.setdefault(owner, [])
        if attachment not in attachments:
            attachments.append(attachment)
        self.waits.setdefault(owner, []).append(waits_for)
        self.admitted.append((owner, port.target, "udp" if port.protocol == "udp" else "tcp", balancer))


def decide_port(port: PublishedPort, context: PortContext, made: tuple[ResourceId, ...], reason: str) -> None:
    service = context.kinds[port.service].source
    context.ledger.record(port.path, "translated", made, reason=reason)
    if service.settings.public is not None:
        context.ledger.record(service.at("x-aws", "public"), "translated", made[:1])
    if service.settings.protocol:
        context.ledger.record(service.at("x-aws", "protocol"), "translated", made[:1])


def numbered(port: PublishedPort, number: int) -> str:
    """What the ids of a port's resources are made of."""
    return f"{port.identity}/{number}"
