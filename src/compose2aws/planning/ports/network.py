"""The network balancer: TCP and UDP ports as they are."""

from __future__ import annotations

from typing import Literal

from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import Balancer, Listener, PublicUrl, TargetGroup, named, singleton
from compose2aws.planning.ports.context import PortContext, decide_port, numbered
from compose2aws.planning.ports.published import PublishedPort
from compose2aws.planning.ports.rule import MOST_LISTENERS, refuse_further
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.udp_health import ANSWERING_PORT


def plan_network_balancer(ports: list[PublishedPort], context: PortContext) -> Balancer:
    balancer = singleton("AWS::ElasticLoadBalancingV2::LoadBalancer", "NetworkLoadBalancer")
    security_group = singleton("AWS::EC2::SecurityGroup", "NetworkBalancerSecurityGroup")
    groups: dict[ResourceId, TargetGroup] = {}
    listeners: dict[int, Listener] = {}
    owners: dict[int, PublishedPort] = {}
    both = {
        (a.published or a.target)
        for a in ports
        for b in ports
        if a is not b
        and (a.published or a.target) == (b.published or b.target)
        and a.protocol != b.protocol
        and (a.service, a.target) == (b.service, b.target)
    }
    for port in ports:
        number = port.published or port.target
        service = context.kinds[port.service].source
        owner = owners.setdefault(number, port)
        if number in listeners and (owner.service, owner.target) != (port.service, port.target):
            context.ledger.refuse(
                port.path,
                "port-taken",
                f"{port.service} and {owner.service} both want port {number} of the network balancer",
                "publish one of them on another port",
            )
            continue
        if number not in listeners and len(listeners) == MOST_LISTENERS:
            refuse_further(port, context, MOST_LISTENERS, "listeners")
            continue
        protocol: Literal["TCP", "UDP", "TCP_UDP"] = (
            "TCP_UDP" if number in both else "UDP" if port.protocol == "udp" else "TCP"
        )
        check = _tcp_port(port, service)
        if protocol == "UDP" and check is None:
            check = ANSWERING_PORT
            context.answering.add(service.owner)
            context.ledger.find(
                "udp-health",
                "note",
                f"{port.service} names no TCP port, which the balancer's health checks need: a small container beside "
                "it answers them, so they tell that the task runs, not that the service answers",
                "let the service `expose` a TCP port that it listens on",
                service.path,
            )
        group = TargetGroup(
            id=named(
                "AWS::ElasticLoadBalancingV2::TargetGroup",
                f"{numbered(port, port.target)}/{protocol}",
                "TargetGroup",
            ),
            protocol=protocol,
            health_path=None,
            matcher=None,
            deregistration_delay=context.stop_times.get(port.service, 10),
            health_port=check if protocol == "UDP" else None,
            source=port.path,
        )
        id_ = named("AWS::ElasticLoadBalancingV2::Listener", numbered(port, number), "NetworkListener")
        if number not in listeners:
            groups[group.id] = group
            listeners[number] = Listener(id_, number, protocol, group.id, port.path)
            context.urls.append(PublicUrl(port.service, port.protocol, None, number))
            context.attach(port, group.id, id_, security_group)
        context.admitted.append((context.kinds[port.service].source.owner, port.target, port.protocol, security_group))
        if check and protocol == "UDP":
            context.admitted.append((context.kinds[port.service].source.owner, check, "tcp", security_group))
        definition = context.kinds[port.service].source.definition
        decide_port(
            port, context, (id_, group.id, definition), f"{protocol} port {number} → the container's {port.target}"
        )
    return Balancer(
        id=balancer,
        kind="network",
        security_group=security_group,
        listeners=tuple(listeners.values()),
        rules=(),
        target_groups=tuple(groups.values()),
        access_logs=context.settings.production,
        log_retention=365,
    )


def _tcp_port(port: PublishedPort, service: ServiceSource) -> int | None:
    if port.protocol == "tcp":
        return port.target
    for index in range(len(service.items("ports"))):
        if (service.text("ports", index, "protocol") or "tcp") == "tcp":
            return service.whole("ports", index, "target")
    exposed = [text for text in service.texts("expose") if not text.endswith("/udp")]
    number = exposed[0].partition("/")[0] if exposed else ""
    return int(number) if number.isdigit() else None
