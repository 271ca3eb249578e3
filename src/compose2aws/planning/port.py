"""Published ports: listeners, rules and target groups of the balancers, certificates and records.

`ports` of a service that runs become listeners; those of a managed service, of a development tool, or bound to the
local machine do not. Source: Compose Specification, "ports"; Elastic Load Balancing, "Listener rules".
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from compose2aws.catalog import Catalog
from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId, digest, logical_id
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import (
    Balancer,
    Certificate,
    Listener,
    ListenerRule,
    PublicRecord,
    PublicUrl,
    TargetAttachment,
    TargetGroup,
    named,
    singleton,
)
from compose2aws.planning.settings import Settings
from compose2aws.planning.source import ServiceSource

Protocol = Literal["http", "tcp", "udp"]

# Rules by specificity: those with a host and a path first (deeper paths before), then paths alone, then hosts alone.
# Inside a band, a hash of the rule's own words, so that an addition moves nothing (Elastic Load Balancing, "Reserved
# priorities": 1 to 50,000).
_BANDS = {"host+path": 1, "path": 10_001, "host": 20_001}
_BAND_WIDTH = {"host+path": 1_000, "path": 1_000, "host": 30_000}
_DEEPEST = 9
# Amazon ECS Developer Guide, "Registering multiple target groups with an Amazon ECS service".
_MOST_TARGETS = 5
# Elastic Load Balancing, "Quotas for your Application Load Balancers": rules and target groups of one balancer.
_MOST_RULES = 100


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """One entry of `ports` that the world reaches."""

    service: str
    published: int | None
    target: int
    protocol: Protocol
    path: Path


@dataclass(frozen=True, slots=True)
class Ports:
    """What all published ports become. `attachments` by service; `admitted` are service, port, protocol and the group
    of the balancer; `waits_for` are the listeners and rules that a service's target groups need."""

    balancers: tuple[Balancer, ...] = ()
    attachments: dict[str, tuple[TargetAttachment, ...]] = field(default_factory=dict)
    waits_for: dict[str, tuple[ResourceId, ...]] = field(default_factory=dict)
    admitted: tuple[tuple[str, int, str, ResourceId], ...] = ()
    certificate: Certificate | None = None
    records: tuple[PublicRecord, ...] = ()
    urls: tuple[PublicUrl, ...] = ()


def plan_ports(
    kinds: Mapping[str, Kind],
    health_paths: Mapping[str, Mapping[int, str]],
    stop_times: Mapping[str, int],
    settings: Settings,
    catalog: Catalog,
    ledger: Ledger,
) -> Ports:
    """Decide every entry of every `ports`.

    `health_paths` are the HTTP paths that health checks ask, by service and port; `stop_times` the services' stop grace
    periods in seconds."""
    entries = [port for kind in kinds.values() for port in _published(kind, catalog, ledger)]
    entries = _within_limit(entries, kinds, ledger)
    http = [port for port in entries if port.protocol == "http"]
    other = [port for port in entries if port.protocol != "http"]
    attachments: dict[str, list[TargetAttachment]] = {}
    waits: dict[str, list[ResourceId]] = {}
    admitted: list[tuple[str, int, str, ResourceId]] = []
    balancers: list[Balancer] = []
    records: list[PublicRecord] = []
    urls: list[PublicUrl] = []
    certificate: Certificate | None = None
    context = _Context(kinds, health_paths, stop_times, settings, ledger, attachments, waits, admitted, records, urls)
    if http:
        balancers.append(_application(http, context))
        if settings.domain:
            certificate = Certificate(_certificate_names(settings.domain, http, kinds), settings.certificate)
    if other:
        network = _network(other, context)
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
    )


@dataclass(frozen=True, slots=True)
class _Context:
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

    def attach(self, port: PublishedPort, group: ResourceId, waits_for: ResourceId, balancer: ResourceId) -> None:
        owner = self.kinds[port.service].source.owner
        attachment = TargetAttachment(port.service, port.target, group)
        attachments = self.attachments.setdefault(owner, [])
        if attachment not in attachments:
            attachments.append(attachment)
        self.waits.setdefault(owner, []).append(waits_for)
        self.admitted.append((owner, port.target, "udp" if port.protocol == "udp" else "tcp", balancer))


def _published(kind: Kind, catalog: Catalog, ledger: Ledger) -> list[PublishedPort]:
    service = kind.source
    found: list[PublishedPort] = []
    if service.text("network_mode") == "host":
        for index in range(len(service.items("ports"))):
            reason = "with the host's network there are no published ports, in Docker as on AWS"
            ledger.record(service.at("ports", index), "inert", code="host-network", reason=reason)
        return found
    if kind.what not in ("service", "sidecar"):
        if kind.what == "job":
            for index in range(len(service.items("ports"))):
                ledger.drop(
                    service.at("ports", index), "job-port", f"{service.name} runs to its end and is not published"
                )
        return found
    public = service.settings.public
    tool = kind.mapping is not None and kind.mapping.becomes == "development-tool"
    for index in range(len(service.items("ports"))):
        path = service.at("ports", index)
        target = service.whole("ports", index, "target") or 0
        published = service.text("ports", index, "published")
        address = service.text("ports", index, "host_ip") or ""
        protocol = _protocol(kind, index, target, published, catalog)
        if published and "-" in published:
            published = published.partition("-")[0]
        if not 0 < target < 65536 or (published and not published.isdigit()):
            ledger.refuse(path, "invalid-port", "the port is not a number from 1 to 65535")
        elif public is False:
            ledger.record(path, "dropped", code="not-public", reason="not published: x-aws says `public: false`")
        elif tool and public is not True:
            reason = f"{service.name} is a development tool and is not published to the internet"
            ledger.record(path, "dropped", code="development-tool", reason=reason)
            ledger.find("development-tool", "note", reason, "`x-aws: {public: true}` publishes it all the same", path)
        elif address.startswith(("127.", "::1", "[::1]", "localhost")) and public is not True:
            reason = f"{service.name}'s port {target} is bound to {address}, so it is not published to the internet"
            ledger.record(path, "dropped", code="local-port", reason=reason)
            ledger.find("local-port", "note", reason, "`x-aws: {public: true}` publishes it all the same", path)
        elif protocol not in ("http", "tcp", "udp"):
            ledger.drop(path, "port-protocol", f"the protocol {protocol} has no listener on AWS")
        else:
            found.append(PublishedPort(service.name, int(published) if published else None, target, protocol, path))
    if public is True and not found and not service.items("ports"):
        for index, text in enumerate(service.texts("expose")):
            ports, _, transport = text.partition("/")
            number = ports.partition("-")[0]
            if number.isdigit() and transport in ("", "tcp"):
                found.append(PublishedPort(service.name, None, int(number), "http", service.at("expose", index)))
                break
        else:
            ledger.find(
                "public-without-port",
                "error",
                f"{service.name} is to be public, but it names no port",
                "add `ports` or `expose`",
                service.at("x-aws", "public"),
            )
    return found


def _within_limit(ports: list[PublishedPort], kinds: Mapping[str, Kind], ledger: Ledger) -> list[PublishedPort]:
    """Those ports for which a task has target groups: the first that the file names."""
    targets: dict[str, dict[tuple[int, int], None]] = {}
    kept: list[PublishedPort] = []
    left: dict[str, list[PublishedPort]] = {}
    for port in ports:
        owner = kinds[port.service].source.owner
        mine = targets.setdefault(owner, {})
        # with HTTP a target group is a port of the container, elsewhere a pair of ports, TCP and UDP together
        target = (port.target, 0 if port.protocol == "http" else port.published or port.target)
        if target in mine or len(mine) < _MOST_TARGETS:
            mine[target] = None
            kept.append(port)
        else:
            left.setdefault(owner, []).append(port)
    for owner, found in left.items():
        reason = f"a task has at most {_MOST_TARGETS} target groups, and {owner} publishes more ports than that"
        for port in found:
            ledger.record(port.path, "dropped", code="too-many-ports", reason=reason)
        numbers = ", ".join(str(port.published or port.target) for port in found[:_MOST_TARGETS])
        more = f" and {len(found) - _MOST_TARGETS} more" if len(found) > _MOST_TARGETS else ""
        ledger.find(
            "too-many-ports",
            "error",
            f"ECS ties a service to at most {_MOST_TARGETS} target groups, so these ports of {owner} are not "
            f"published: {numbers}{more}",
            "order `ports` so that those that matter come first, or publish fewer",
            found[0].path,
        )
    return kept


def _protocol(kind: Kind, index: int, target: int, published: str | None, catalog: Catalog) -> Protocol:
    service = kind.source
    transport = service.text("ports", index, "protocol") or "tcp"
    if transport != "tcp":
        return transport  # type: ignore[return-value]
    chosen = service.settings.protocol
    if chosen in ("http", "tcp", "udp"):
        return chosen  # type: ignore[return-value]
    application = service.text("ports", index, "app_protocol")
    if application:
        return "http" if application.startswith(("http", "ws", "grpc")) else "tcp"
    known = dict(kind.mapping.protocols).get(target) if kind.mapping else None
    if known:
        return known
    if target in catalog.tcp_ports or (published and published.isdigit() and int(published) in catalog.tcp_ports):
        return "tcp"
    return "http"


# ── the application balancer ────────────────────────────────────────────────────────────────────────────────────────


def _application(ports: list[PublishedPort], context: _Context) -> Balancer:
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
    for port in ports:
        service = context.kinds[port.service].source
        group = _target_group(port, context)
        if group.id in groups and settings.domain:
            _decide(port, context, (group.id,), f"the container's port {port.target} is published already")
            continue
        groups[group.id] = group
        if settings.domain:
            rule = _rule(port, group.id, https, service, port.service not in first, context)
            first.add(port.service)
            same = next((p for p, r in placed if (r.hosts, r.paths) == (rule.hosts, rule.paths)), None)
            if same is not None:
                _refuse_address(port, same, rule, context)
                continue
            if rule.priority in priorities:
                _refuse_priority(port, priorities[rule.priority], rule.priority, context)
                continue
            priorities[rule.priority] = port
            rules.append(rule)
            placed.append((port, rule))
            host = rule.hosts[0]
            url = PublicUrl(port.service, "https", host, 443, rule.paths[0].rstrip("*") if rule.paths else "")
            context.urls.append(url)
            if f".{host}".endswith(f".{settings.domain}") and not any(r.name == host for r in context.records):
                id_ = ResourceId("AWS::Route53::RecordSet", logical_id(host, "Record"))
                context.records.append(PublicRecord(id_, host, balancer, service.path))
            context.attach(port, group.id, rule.id, security_group)
            made = (
                rule.id,
                https,
                group.id,
                context.kinds[port.service].source.definition,
            )
            _decide(port, context, made, f"https://{host} → the container's {port.target}")
        else:
            _plain_listener(port, group, listeners, security_group, context)
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


def _plain_listener(
    port: PublishedPort,
    group: TargetGroup,
    listeners: dict[ResourceId, Listener],
    security_group: ResourceId,
    context: _Context,
) -> None:
    number = port.published or port.target
    taken = next((listener for listener in listeners.values() if listener.port == number), None)
    if taken and taken.default == group.id:
        _decide(port, context, (taken.id, group.id), f"the balancer's port {number} is taken by it already")
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
    id_ = named("AWS::ElasticLoadBalancingV2::Listener", _numbered(port.service, number), "HttpListener")
    listeners[id_] = Listener(id_, number, "HTTP", group.id, port.path)
    context.urls.append(PublicUrl(port.service, "http", None, number))
    context.attach(port, group.id, id_, security_group)
    definition = context.kinds[port.service].source.definition
    _decide(port, context, (id_, group.id, definition), f"the balancer's port {number} → the container's {port.target}")


def _numbered(service: str, number: int) -> str:
    return f"{service}/{number}"


def _target_group(port: PublishedPort, context: _Context) -> TargetGroup:
    path = context.health_paths.get(port.service, {}).get(port.target)
    return TargetGroup(
        id=named("AWS::ElasticLoadBalancingV2::TargetGroup", _numbered(port.service, port.target), "TargetGroup"),
        protocol="HTTP",
        health_path=path or "/",
        matcher="200-399" if path else "200-499",
        deregistration_delay=context.stop_times.get(port.service, 10),
        source=port.path,
    )


def _rule(
    port: PublishedPort,
    group: ResourceId,
    listener: ResourceId,
    service: ServiceSource,
    is_first: bool,
    context: _Context,
) -> ListenerRule:
    id_ = named("AWS::ElasticLoadBalancingV2::ListenerRule", _numbered(port.service, port.target), "ListenerRule")
    own_name = host_name(port, is_first, context.settings.domain or "")
    if not is_first:
        # what x-aws says of host and path is about the first HTTP port
        return ListenerRule(id_, listener, rule_priority((own_name,), ()), (own_name,), (), group, port.path)
    host = service.settings.host or own_name
    paths = _paths(service.settings.path) if service.settings.path else ()
    priority = service.settings.priority or rule_priority((host,), paths)
    for key in ("host", "path", "priority"):
        if key in service.entries("x-aws"):
            context.ledger.record(service.at("x-aws", key), "translated", id_)
    return ListenerRule(id_, listener, priority, (host,), paths, group, port.path)


def host_name(port: PublishedPort, is_first: bool, domain: str) -> str:
    """`SERVICE.domain`, and `SERVICE-PORT.domain` for a service's second HTTP port; `_` becomes `-`."""
    label = re.sub(r"[^a-z0-9-]", "-", port.service.lower()).strip("-") or digest(port.service)
    return f"{label}.{domain}" if is_first else f"{label}-{port.target}.{domain}"


def _paths(path: str) -> tuple[str, ...]:
    """`/api` means `/api` and `/api/*`; `/` means no path in particular."""
    if not path.strip("/*"):
        return ()
    if "*" in path:
        return (path,)
    bare = path.rstrip("/")
    return (bare, f"{bare}/*")


def rule_priority(hosts: tuple[str, ...], paths: tuple[str, ...]) -> int:
    """A stable priority of the rule's own words: its band by specificity, a hash inside it."""
    band = "host+path" if hosts and paths else "path" if paths else "host"
    depth = max((p.strip("/*").count("/") + 1 for p in paths), default=0)
    start = _BANDS[band] + (max(0, _DEEPEST - depth) * _BAND_WIDTH[band] if band != "host" else 0)
    # a pattern of hosts comes after every host that it fits
    exact = _BAND_WIDTH[band] * 9 // 10
    number = int(digest("|".join((*hosts, *paths))), 16)
    if any("*" in host for host in hosts):
        return start + exact + number % (_BAND_WIDTH[band] - exact)
    return start + number % exact


def _refuse_address(port: PublishedPort, other: PublishedPort, rule: ListenerRule, context: _Context) -> None:
    address = rule.hosts[0] + (rule.paths[0] if rule.paths else "")
    context.ledger.refuse(
        port.path,
        "address-taken",
        f"{port.service}:{port.target} and {other.service}:{other.target} are both to answer at https://{address}",
        f"write `x-aws: {{host: …}}` or `x-aws: {{path: …}}` in {port.service}",
    )


def _refuse_priority(port: PublishedPort, other: PublishedPort, priority: int, context: _Context) -> None:
    context.ledger.refuse(
        port.path,
        "priority-taken",
        f"the rules for {port.service}:{port.target} and {other.service}:{other.target} have the same priority, "
        f"{priority}",
        f"write `x-aws: {{priority: …}}` in {port.service}",
    )


def _certificate_names(domain: str, ports: list[PublishedPort], kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    """The domain and all names one level below it; hosts elsewhere by name."""
    names = [domain, f"*.{domain}"]
    for port in ports:
        host = kinds[port.service].source.settings.host
        if host and host != domain and host.partition(".")[2] != domain and host not in names:
            names.append(host)
    return tuple(names)


def _decide(port: PublishedPort, context: _Context, made: tuple[ResourceId, ...], reason: str) -> None:
    service = context.kinds[port.service].source
    context.ledger.record(port.path, "translated", made, reason=reason)
    if service.settings.public is not None:
        context.ledger.record(service.at("x-aws", "public"), "translated", made[:1])
    if service.settings.protocol:
        context.ledger.record(service.at("x-aws", "protocol"), "translated", made[:1])


# ── the network balancer ────────────────────────────────────────────────────────────────────────────────────────────


def _network(ports: list[PublishedPort], context: _Context) -> Balancer:
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
        protocol: Literal["TCP", "UDP", "TCP_UDP"] = (
            "TCP_UDP" if number in both else "UDP" if port.protocol == "udp" else "TCP"
        )
        check = _tcp_port(port, service)
        if protocol == "UDP" and check is None:
            context.ledger.refuse(
                port.path,
                "udp-without-check",
                f"a UDP listener for {port.service} needs a TCP port that its health is checked on, and it has none",
                "let the service `expose` a TCP port that it listens on",
            )
            continue
        group = TargetGroup(
            id=named(
                "AWS::ElasticLoadBalancingV2::TargetGroup", f"{port.service}/{port.target}/{protocol}", "TargetGroup"
            ),
            protocol=protocol,
            health_path=None,
            matcher=None,
            deregistration_delay=context.stop_times.get(port.service, 10),
            health_port=check if protocol == "UDP" else None,
            source=port.path,
        )
        id_ = named("AWS::ElasticLoadBalancingV2::Listener", _numbered(port.service, number), "NetworkListener")
        if number not in listeners:
            groups[group.id] = group
            listeners[number] = Listener(id_, number, protocol, group.id, port.path)
            context.urls.append(PublicUrl(port.service, port.protocol, None, number))
            context.attach(port, group.id, id_, security_group)
        context.admitted.append((context.kinds[port.service].source.owner, port.target, port.protocol, security_group))
        if check and protocol == "UDP":
            context.admitted.append((context.kinds[port.service].source.owner, check, "tcp", security_group))
        definition = context.kinds[port.service].source.definition
        _decide(port, context, (id_, group.id, definition), f"{protocol} port {number} → the container's {port.target}")
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


# ── health check paths ──────────────────────────────────────────────────────────────────────────────────────────────

_URL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(/[^\s'\"|;&)]*)?", re.I)


def asked_paths(test: tuple[str, ...]) -> dict[int, str]:
    """The HTTP paths that a health check asks of its own container (`curl -f http://localhost:3000/health`), by
    port."""
    found: dict[int, str] = {}
    for word in test:
        for match in _URL.finditer(word):
            path = urllib.parse.urlsplit(match[2] or "/").path or "/"
            found.setdefault(int(match[1] or 80), path)
    return found
