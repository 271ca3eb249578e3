"""Published ports: listeners, rules and target groups of the balancers, certificates and records.

`ports` of a service that runs become listeners; those of a managed service, of a development tool, or bound to the
local machine do not. Source: Compose Specification, "ports".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compose2aws.planning.identity import ResourceId
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import Balancer, Certificate, PublicRecord, PublicUrl, TargetAttachment
from compose2aws.planning.ports.application import certificate_names, plan_application_balancer
from compose2aws.planning.ports.context import PortContext
from compose2aws.planning.ports.network import plan_network_balancer
from compose2aws.planning.ports.published import published_ports, with_drawn_ports, within_limit
from compose2aws.planning.ports.speech import Spoken
from compose2aws.planning.settings import Settings


@dataclass(frozen=True, slots=True)
class Ports:
    """What all published ports become. `attachments` by service; `admitted` are service, port, protocol and the group
    of the balancer; `waits_for` are the listeners and rules that a service's target groups need; `answering` are the
    services whose task needs a container that answers health checks."""

    balancers: tuple[Balancer, ...] = ()
    attachments: dict[str, tuple[TargetAttachment, ...]] = field(default_factory=dict)
    waits_for: dict[str, tuple[ResourceId, ...]] = field(default_factory=dict)
    admitted: tuple[tuple[str, int, str, ResourceId], ...] = ()
    certificate: Certificate | None = None
    records: tuple[PublicRecord, ...] = ()
    urls: tuple[PublicUrl, ...] = ()
    answering: frozenset[str] = frozenset()


def plan_ports(
    kinds: Mapping[str, Kind],
    health_paths: Mapping[str, Mapping[int, str]],
    stop_times: Mapping[str, int],
    log_ports: frozenset[tuple[str, int]],
    settings: Settings,
    spoken: Spoken,
    ledger: Ledger,
) -> Ports:
    """Decide every entry of every `ports`.

    `health_paths` are the HTTP paths that health checks ask, by service and port; `stop_times` the services' stop grace
    periods in seconds; `log_ports` are the ports (a service and its container's port) that only log drivers reach;
    `spoken` is what the project tells of what ports speak."""
    entries = [port for kind in kinds.values() for port in published_ports(kind, log_ports, spoken, ledger)]
    entries = with_drawn_ports(within_limit(entries, kinds, ledger), bool(settings.domain), ledger)
    http = [port for port in entries if port.protocol == "http"]
    other = [port for port in entries if port.protocol != "http"]
    attachments: dict[str, list[TargetAttachment]] = {}
    waits: dict[str, list[ResourceId]] = {}
    admitted: list[tuple[str, int, str, ResourceId]] = []
    balancers: list[Balancer] = []
    records: list[PublicRecord] = []
    urls: list[PublicUrl] = []
    answering: set[str] = set()
    certificate: Certificate | None = None
    context = PortContext(
        kinds, health_paths, stop_times, settings, ledger, attachments, waits, admitted, records, urls, answering
    )
    if http:
        balancers.append(plan_application_balancer(http, context))
        if settings.domain:
            certificate = Certificate(certificate_names(settings.domain, http, kinds), settings.certificate)
    if other:
        network = plan_network_balancer(other, context)
        if network.listeners:
            balancers.append(network)
    if not urls and any(kind.runs for kind in kinds.values()):
        ledger.find(
            "nothing-public",
            "warning",
            "no service is reachable from the internet",
            "publish a port in the compose file, or write `x-aws: {public: true}` in a service that has `expose`",
        )
    return Ports(
        tuple(balancers),
        {name: tuple(found) for name, found in attachments.items()},
        {name: tuple(dict.fromkeys(found)) for name, found in waits.items()},
        tuple(dict.fromkeys(admitted)),
        certificate,
        tuple(records),
        tuple(urls),
        frozenset(answering),
    )
