"""The application balancer: HTTPS by name where there is a domain, plain HTTP by port where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from compose2aws.planning.identity import ResourceId, logical_id
from compose2aws.planning.kind import Kind
from compose2aws.planning.model import (
    Balancer,
    Listener,
    ListenerRule,
    PublicRecord,
    PublicUrl,
    TargetGroup,
    named,
    singleton,
)
from compose2aws.planning.ports.context import PortContext, decide_port, numbered
from compose2aws.planning.ports.published import PublishedPort
from compose2aws.planning.ports.rule import (
    MOST_LISTENERS,
    listener_rule,
    refuse_address,
    refuse_further,
    refuse_priority,
)

# Elastic Load Balancing, "Quotas for your Application Load Balancers": rules and target groups of one balancer, and its
# listeners, of which each has a target group.
_MOST_RULES = 100
_TLS_PORTS = frozenset((443, 8443))
_PLAIN, _TLS = 80, 443


def plan_application_balancer(ports: list[PublishedPort], context: PortContext) -> Balancer:
    settings = context.settings
    balancer = singleton("AWS::ElasticLoadBalancingV2::LoadBalancer", "ApplicationLoadBalancer")
    security_group = singleton("AWS::EC2::SecurityGroup", "BalancerSecurityGroup")
    groups: dict[ResourceId, TargetGroup] = {}
    listeners: dict[ResourceId, Listener] = {}
    rules: list[ListenerRule] = []
    if settings.domain:
        https = singleton("AWS::ElasticLoadBalancingV2::Listener", "HttpsListener")
        redirect = singleton("AWS::ElasticLoadBalancingV2::Listener", "RedirectListener")
        listeners[https] = Listener(https, 443, "HTTPS", "not-found")
        listeners[redirect] = Listener(redirect, 80, "HTTP", "redirect")
    first: set[str] = set()
    priorities: dict[int, PublishedPort] = {}
    placed: list[tuple[PublishedPort, ListenerRule]] = []
    secured = _secured(ports)
    if settings.domain:
        # the name is the port's that speaks TLS: the other one most often answers with a redirect to it
        ports = sorted(ports, key=lambda port: port in secured)
    else:
        _tell_of_plain_tls(ports, context)
    for port in ports:
        service = context.kinds[port.service].source
        if settings.domain and port in secured:
            _redirected(port, secured[port], redirect, context)
            continue
        group = _target_group(port, context)
        if group.id in groups and settings.domain:
            decide_port(port, context, (group.id,), f"the container's port {port.target} is published already")
            continue
        taken = any(listener.port == (port.published or port.target) for listener in listeners.values())
        if settings.domain and len(groups) == _MOST_RULES:
            refuse_further(port, context, _MOST_RULES, "target groups, and as many rules")
            continue
        if not settings.domain and not taken and len(listeners) == MOST_LISTENERS:
            refuse_further(port, context, MOST_LISTENERS, "listeners; with a domain all share one")
            continue
        groups[group.id] = group
        if settings.domain:
            rule = listener_rule(port, group.id, https, service, port.service not in first, context)
            first.add(port.service)
            same = next((p for p, r in placed if {*r.hosts} & {*rule.hosts} and r.paths == rule.paths), None)
            if same is not None:
                refuse_address(port, same, rule, context)
                continue
            if rule.priority in priorities:
                refuse_priority(port, priorities[rule.priority], rule.priority, context)
                continue
            priorities[rule.priority] = port
            rules.append(rule)
            placed.append((port, rule))
            host = rule.hosts[0]
            path = rule.paths[0].rstrip("*") if rule.paths else ""
            url = PublicUrl(port.service, "https", host, 443, path, published=port.published)
            context.urls.append(url)
            for name in rule.hosts:
                if f".{name}".endswith(f".{settings.domain}") and not any(r.name == name for r in context.records):
                    id_ = ResourceId("AWS::Route53::RecordSet", logical_id(name, "Record"))
                    context.records.append(PublicRecord(id_, name, balancer, service.path))
            context.attach(port, group.id, rule.id, security_group)
            made = (
                rule.id,
                https,
                group.id,
                context.kinds[port.service].source.definition,
            )
            plain = next((plain.target for plain, tls in secured.items() if tls == port), None)
            beside = f", not its {plain}: it publishes both, and the balancer redirects from 80" if plain else ""
            decide_port(port, context, made, f"https://{host} → the container's {port.target}{beside}")
        else:
            _plain_listener(port, group, listeners, security_group, context)
    if listeners:
        context.ledger.find(
            "headers-dropped",
            "note",
            "the balancer drops headers whose names hold anything but letters, digits and `-`: one that is called "
            "`api_key` does not reach a service",
            "let clients send such headers with `-`",
        )
    if not settings.domain:
        context.ledger.find(
            "no-domain",
            "warning",
            "the balancer speaks plain HTTP under its own name: there is no domain",
            "write `x-aws: {domain: example.com}` at the top; certificate and records are made then",
        )
    return Balancer(
        id=balancer,
        kind="application",
        security_group=security_group,
        listeners=tuple(listeners.values()),
        rules=tuple(rules),
        target_groups=tuple(groups.values()),
        access_logs=settings.production,
        log_retention=365,
    )


def _secured(ports: list[PublishedPort]) -> dict[PublishedPort, PublishedPort]:
    """The plain ports beside which their service publishes the port of TLS: 80 and 443, of the container or of the
    host (`80:8080`, `443:8443`)."""
    found: dict[PublishedPort, PublishedPort] = {}
    for plain in ports:
        for tls in ports:
            inside = (plain.target, tls.target) == (_PLAIN, _TLS)
            outside = (plain.published, tls.published) == (_PLAIN, _TLS) and tls.target in _TLS_PORTS
            if plain.service == tls.service and (inside or outside):
                found.setdefault(plain, tls)
    return found


def _redirected(port: PublishedPort, tls: PublishedPort, redirect: ResourceId, context: PortContext) -> None:
    """A plain port whose service has one for TLS too: the balancer's own redirect does what it is there for."""
    url = next((url for url in context.urls if url.service == port.service and url.published == tls.published), None)
    if url is not None:
        context.urls.append(replace(url, published=port.published))
    reason = (
        f"the balancer's port 80 redirects to HTTPS by itself, and {port.service}'s name goes to its port "
        f"{tls.target}: the container's {port.target} is not asked, for a redirect of its own would go in a circle"
    )
    context.ledger.record(port.path, "translated", redirect, code="redirect", reason=reason)


def _tell_of_plain_tls(ports: list[PublishedPort], context: PortContext) -> None:
    """Without a domain there is no certificate, and what is called HTTPS in the file is not."""
    secured = _secured(ports)
    for port in ports:
        number = port.published or port.target
        if port.target not in _TLS_PORTS and number != _TLS:
            continue
        beside = next((plain for plain, tls in secured.items() if tls == port), None)
        redirect = (
            f", and a redirect of {port.service} from {beside.published or beside.target} to https:// leads to a page "
            "that browsers cannot open"
            if beside
            else ""
        )
        context.ledger.find(
            "no-certificate",
            "warning",
            f"{port.service} publishes {number}:{port.target} for HTTPS, but without a domain the balancer has no "
            f"certificate: its port {number} speaks plain HTTP{redirect}",
            "write `x-aws: {domain: example.com}` at the top: then 443 speaks TLS and 80 redirects to it"
            + (f"; until then take the redirect out of {port.service}'s configuration" if beside else ""),
            port.path,
        )


def _plain_listener(
    port: PublishedPort,
    group: TargetGroup,
    listeners: dict[ResourceId, Listener],
    security_group: ResourceId,
    context: PortContext,
) -> None:
    number = port.published or port.target
    taken = next((listener for listener in listeners.values() if listener.port == number), None)
    if taken and taken.default == group.id:
        decide_port(port, context, (taken.id, group.id), f"the balancer's port {number} is taken by it already")
        return
    if taken:
        other = taken.source[1] if taken.source else "another service"
        context.ledger.refuse(
            port.path,
            "port-taken",
            f"{port.service} and {other} both want port {number} of the balancer",
            "publish one of them on another port, or write `x-aws: {domain: …}`: then each has a name of its own",
        )
        return
    id_ = named("AWS::ElasticLoadBalancingV2::Listener", numbered(port, number), "HttpListener")
    listeners[id_] = Listener(id_, number, "HTTP", group.id, port.path)
    context.urls.append(PublicUrl(port.service, "http", None, number, published=port.published))
    context.attach(port, group.id, id_, security_group)
    definition = context.kinds[port.service].source.definition
    decide_port(
        port, context, (id_, group.id, definition), f"the balancer's port {number} → the container's {port.target}"
    )


def _target_group(port: PublishedPort, context: PortContext) -> TargetGroup:
    path = context.health_paths.get(port.service, {}).get(port.target)
    return TargetGroup(
        id=named("AWS::ElasticLoadBalancingV2::TargetGroup", numbered(port, port.target), "TargetGroup"),
        # a container that speaks TLS itself is spoken to in TLS; the balancer does not check its certificate
        protocol="HTTPS" if port.target in _TLS_PORTS else "HTTP",
        health_path=path or "/",
        matcher="200-399" if path else "200-499",
        deregistration_delay=context.stop_times.get(port.service, 10),
        source=port.path,
    )


def certificate_names(domain: str, ports: list[PublishedPort], kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    """The domain and all names one level below it; hosts elsewhere by name."""
    names = [domain, f"*.{domain}"]
    for port in ports:
        host = kinds[port.service].source.settings.host
        if host and host != domain and host.partition(".")[2] != domain and host not in names:
            names.append(host)
    return tuple(names)
