"""The short form of a published port: `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, each of both a number or a range.

Compose Specification, services, "ports", "Short syntax".
"""

from __future__ import annotations

import ipaddress
import re

from compose2aws.compose.node import Mapping, Node, Position, Scalar, Segment
from compose2aws.compose.provenance import cut, mixed

_NUMBER = re.compile(r"[0-9]{1,20}\Z")
_PROTOCOLS = ("tcp", "udp", "sctp")
_LARGEST_PORT = 65535
_MOST_OF_A_RANGE = 10_000


def parse(spec: Scalar) -> list[Mapping]:
    """The long forms (`mode`, `host_ip`, `target`, `published`, `protocol`) of a short one: several for a range,
    ordered as the reference orders them. Raises `ValueError` with a sentence that says what is wrong."""
    host_ip, published, target, protocol = _parts(spec)
    address = _address(host_ip)
    first, last = _range(target, "the container's port")
    if published is None or not published.text:
        outer_first = outer_last = 0
        published = None
    else:
        outer_first, outer_last = _range(published, "the host's port")
    if published is not None and last - first != outer_last - outer_first and first != last:
        raise ValueError("the ranges of the host's and the container's ports are of different length")
    if last - first > _MOST_OF_A_RANGE:
        raise ValueError(f"a range of more than {_MOST_OF_A_RANGE:,} ports is more than can be published")
    scheme = protocol.text.lower() if protocol is not None and protocol.text else "tcp"
    if scheme not in _PROTOCOLS:
        raise ValueError(f"the protocol is one of {', '.join(_PROTOCOLS)}")
    pool = first == last and outer_first != outer_last
    found: list[tuple[str, Mapping]] = []
    for offset in range(last - first + 1):
        entries: dict[str, Node] = {"mode": Scalar("ingress", spec.position)}
        if address:
            entries["host_ip"] = Scalar(address, spec.position, host_ip.segments if host_ip else ())
        entries["target"] = _numbered(target, first + offset, spec.position)
        if published is not None:
            text = f"{outer_first}-{outer_last}" if pool else str(outer_first + offset)
            entries["published"] = _computed(published, text, spec.position)
        entries["protocol"] = Scalar(scheme, spec.position, protocol.segments if protocol is not None else ())
        found.append(
            (f"{first + offset}/{scheme}", Mapping(entries, spec.position, dict.fromkeys(entries, spec.position)))
        )
    # As text, so that 100 comes before 80.
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def _parts(spec: Scalar) -> tuple[Scalar | None, Scalar | None, Scalar, Scalar | None]:
    """Host address, host port, container port and protocol."""
    text = spec.text
    colons = [index for index, char in enumerate(text) if char == ":"]
    start = colons[-1] + 1 if colons else 0
    slash = text.find("/", start)
    end = len(text) if slash < 0 else slash
    target = cut(spec, start, end)
    protocol = None
    if slash >= 0:
        protocol = cut(spec, slash + 1, len(text))
    if not target.text:
        raise ValueError("no port of the container is named")
    if not colons:
        return None, None, target, protocol
    before = colons[-2] + 1 if len(colons) > 1 else 0
    address = cut(spec, 0, colons[-2]) if len(colons) > 1 else None
    return address, cut(spec, before, colons[-1]), target, protocol


def _address(address: Scalar | None) -> str:
    text = address.text if address is not None else ""
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    if text and not is_address(text):
        raise ValueError("the part before the ports is not an IP address")
    return text


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address, without a zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _range(part: Scalar, what: str) -> tuple[int, int]:
    ends = part.text.split("-")
    numbers: list[int] = []
    for end in ends[:2]:
        if not _NUMBER.match(end) or int(end) > _LARGEST_PORT:
            raise ValueError(f"{what} is a number up to {_LARGEST_PORT}, or a range of them")
        numbers.append(int(end))
    if numbers[-1] < numbers[0]:
        raise ValueError(f"the range of {what} runs backwards")
    return numbers[0], numbers[-1]


def _numbered(part: Scalar, number: int, position: Position) -> Scalar:
    text = _computed(part, str(number), position)
    return Scalar(number, position, text.segments)


def _computed(part: Scalar, text: str, position: Position) -> Scalar:
    if part.text == text or not part.segments:
        return Scalar(text, position, part.segments)
    segment: Segment = mixed(part.segments, text)
    return Scalar(text, position, (segment,))
