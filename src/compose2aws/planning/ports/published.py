"""Which entries of `ports` the world is to reach, and what they speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from compose2aws.compose.node import Path
from compose2aws.planning.identity import digest
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.ports.speech import Spoken, speech_of

Protocol = Literal["http", "tcp", "udp"]
# Amazon ECS Developer Guide, "Registering multiple target groups with an Amazon ECS service".
_MOST_TARGETS = 5
_MOST_TOLD = 5
# Listeners for ports that name no number: away from the ports that files name.
_FIRST_DRAWN = 20_000
_DRAWN = 10_000


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """One entry of `ports` that the world reaches. Ids, and what is drawn by a name, are made of `identity`, the first
    name of the service."""

    service: str
    published: int | None
    target: int
    protocol: Protocol
    path: Path
    identity: str


def published_ports(
    kind: Kind, log_ports: frozenset[tuple[str, int]], spoken: Spoken, ledger: Ledger
) -> list[PublishedPort]:
    """The published entries of a service; decides those that are not."""
    service = kind.source
    guessed: list[PublishedPort] = []
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
        protocol = _protocol(kind, index, spoken)
        if published and "-" in published:
            published = published.partition("-")[0]
        if not 0 < target < 65536 or (published and not published.isdigit()):
            ledger.refuse(path, "invalid-port", "the port is not a number from 1 to 65535")
        elif public is False:
            ledger.record(path, "dropped", code="not-public", reason="not published: x-aws says `public: false`")
            ledger.record(service.at("x-aws", "public"), "translated", reason="its ports are not published")
        elif tool and public is not True:
            reason = f"{service.name} is a development tool and is not published to the internet"
            ledger.record(path, "dropped", code="development-tool", reason=reason)
            ledger.find("development-tool", "note", reason, "`x-aws: {public: true}` publishes it all the same", path)
        elif (service.name, target) in log_ports and public is not True:
            reason = f"{service.name}'s port {target} is there for log drivers, which reach it inside the network"
            ledger.record(path, "adapted", service.definition, code="log-port", reason=f"{reason}: not published")
        elif address.startswith(("127.", "::1", "[::1]", "localhost")) and public is not True:
            reason = f"{service.name}'s port {target} is bound to {address}, so it is not published to the internet"
            ledger.record(path, "dropped", code="local-port", reason=reason)
            ledger.find("local-port", "note", reason, "`x-aws: {public: true}` publishes it all the same", path)
        elif protocol not in ("http", "tcp", "udp", None):
            ledger.drop(path, "port-protocol", f"the protocol {protocol} has no listener on AWS")
        else:
            listener = int(published) if published else None
            port = PublishedPort(service.name, listener, target, protocol or "http", path, service.identity)
            found.append(port)
            if protocol is None:
                guessed.append(port)
    _tell_of_guesses(kind, guessed, ledger)
    if public is True and not found and not service.items("ports"):
        for index, text in enumerate(service.texts("expose")):
            ports, _, transport = text.partition("/")
            number = ports.partition("-")[0]
            if number.isdigit() and transport in ("", "tcp"):
                path = service.at("expose", index)
                found.append(PublishedPort(service.name, None, int(number), "http", path, service.identity))
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


def within_limit(ports: list[PublishedPort], kinds: Mapping[str, Kind], ledger: Ledger) -> list[PublishedPort]:
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


def _protocol(kind: Kind, index: int, spoken: Spoken) -> Protocol | None:
    """What an entry speaks; None where nothing tells. Any other transport is given as the file writes it."""
    service = kind.source
    transport = service.text("ports", index, "protocol") or "tcp"
    if transport != "tcp":
        return transport  # type: ignore[return-value]
    return "udp" if service.settings.protocol == "udp" else speech_of(kind, index, spoken)


def _tell_of_guesses(kind: Kind, guessed: list[PublishedPort], ledger: Ledger) -> None:
    """The ports of one service that are taken for HTTP though nothing tells."""
    if not guessed:
        return
    every = list(dict.fromkeys(str(port.target) for port in guessed))
    several = len(every) > 1
    numbers = ", ".join(every[:_MOST_TOLD]) + (
        f" and {len(every) - _MOST_TOLD} more" if len(every) > _MOST_TOLD else ""
    )
    ledger.find(
        "protocol-guessed",
        "warning",
        f"nothing tells what {kind.source.name}'s port{'s' if several else ''} {numbers} "
        f"speak{'' if several else 's'}, so HTTP is taken for granted: the balancer asks `GET /`, and a target that "
        "answers nothing of HTTP never becomes healthy, which rolls the release back",
        f"write `x-aws: {{protocol: tcp}}` in {kind.source.name} where it is not HTTP, and `{{protocol: http}}` where "
        "it is; `app_protocol: tcp` in the port's long form says it of one port",
        guessed[0].path,
    )


def with_drawn_ports(ports: list[PublishedPort], has_domain: bool, ledger: Ledger) -> list[PublishedPort]:
    """The ports with a listener's number for those that name none. Docker draws a host port for them; here it is the
    container's where it is free, else one that the service's own name gives."""
    taken: dict[tuple[bool, int], tuple[str, int]] = {}

    def take(port: PublishedPort, number: int) -> bool:
        mine = (port.service, port.target)
        return taken.setdefault((port.protocol == "http", number), mine) == mine

    for port in ports:
        if port.published:
            take(port, port.published)
    drawn: dict[PublishedPort, int] = {}
    for port in sorted(ports, key=lambda p: (p.identity, p.target, p.protocol)):
        if port.published or (has_domain and port.protocol == "http") or take(port, port.target):
            continue
        number = _FIRST_DRAWN + int(digest(f"{port.identity}/{port.target}"), 16) % _DRAWN
        while not take(port, number):
            number = _FIRST_DRAWN + (number - _FIRST_DRAWN + 1) % _DRAWN
        drawn[port] = number
        ledger.find(
            "port-drawn",
            "note",
            f"{port.service}'s port {port.target} is published as {number}: another service has {port.target}, and the "
            "file names no port of the host",
            f"write the port that is to be published: `{number}:{port.target}`",
            port.path,
        )
    return [replace(port, published=drawn[port]) if port in drawn else port for port in ports]
