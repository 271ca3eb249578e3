"""Rules of the HTTPS listener: hosts, paths, and priorities that do not move.

Source: Elastic Load Balancing, "Listener rules".
"""

from __future__ import annotations

import re

from compose2aws.planning.identity import ResourceId, digest
from compose2aws.planning.model import ListenerRule, named
from compose2aws.planning.ports.context import PortContext, numbered
from compose2aws.planning.ports.published import PublishedPort
from compose2aws.planning.source import ServiceSource

# Rules by specificity: those with a host and a path first (deeper paths before), then paths alone, then hosts alone.
# Inside a band, a hash of the rule's own words, so that an addition moves nothing (Elastic Load Balancing, "Reserved
# priorities": 1 to 50,000).
_BANDS = {"host+path": 1, "path": 10_001, "host": 20_001}
_BAND_WIDTH = {"host+path": 1_000, "path": 1_000, "host": 30_000}
_DEEPEST = 9
# Elastic Load Balancing, "Quotas": listeners of an application balancer, and of a network balancer.
MOST_LISTENERS = 50


def listener_rule(
    port: PublishedPort,
    group: ResourceId,
    listener: ResourceId,
    service: ServiceSource,
    is_first: bool,
    context: PortContext,
) -> ListenerRule:
    id_ = named("AWS::ElasticLoadBalancingV2::ListenerRule", numbered(port, port.target), "ListenerRule")
    own_names = host_names(port, is_first, context.settings.domain or "")
    if not is_first:
        # what x-aws says of host and path is about the first HTTP port
        return ListenerRule(id_, listener, rule_priority(own_names[:1], ()), own_names, (), group, port.path)
    hosts = (service.settings.host,) if service.settings.host else own_names
    paths = rule_paths(service.settings.path) if service.settings.path else ()
    priority = service.settings.priority or rule_priority(hosts[:1], paths)
    for key in ("host", "path", "priority"):
        if key in service.entries("x-aws"):
            context.ledger.record(service.at("x-aws", key), "translated", id_)
    return ListenerRule(id_, listener, priority, hosts, paths, group, port.path)


def host_names(port: PublishedPort, is_first: bool, domain: str) -> tuple[str, ...]:
    """`SERVICE.domain`, and `SERVICE-PORT.domain` for a service's second HTTP port; `_` becomes `-`. A service that was
    renamed answers at its first name too."""
    named = (port.service, port.identity)
    labels = (re.sub(r"[^a-z0-9-]", "-", name.lower()).strip("-") or digest(name) for name in named)
    end = "" if is_first else f"-{port.target}"
    return tuple(dict.fromkeys(f"{label}{end}.{domain}" for label in labels))


def rule_paths(path: str) -> tuple[str, ...]:
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


def refuse_further(port: PublishedPort, context: PortContext, most: int, what: str) -> None:
    """A port past what one balancer takes."""
    context.ledger.refuse(
        port.path,
        "balancer-full",
        f"{port.service}:{port.target} does not fit: a balancer has at most {most} {what}",
        "write `x-aws: {public: false}` in services that the internet does not call, or make two projects of the file",
    )


def refuse_address(port: PublishedPort, other: PublishedPort, rule: ListenerRule, context: PortContext) -> None:
    address = rule.hosts[0] + (rule.paths[0] if rule.paths else "")
    context.ledger.refuse(
        port.path,
        "address-taken",
        f"{port.service}:{port.target} and {other.service}:{other.target} are both to answer at https://{address}",
        f"write `x-aws: {{host: …}}` or `x-aws: {{path: …}}` in {port.service}",
    )


def refuse_priority(port: PublishedPort, other: PublishedPort, priority: int, context: PortContext) -> None:
    context.ledger.refuse(
        port.path,
        "priority-taken",
        f"the rules for {port.service}:{port.target} and {other.service}:{other.target} have the same priority, "
        f"{priority}",
        f"write `x-aws: {{priority: …}}` in {port.service}",
    )
