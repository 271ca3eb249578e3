"""The picture as data: boxes in groups, and lines between them. Every rendering draws the same boxes and lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Symbol: TypeAlias = Literal[
    "internet", "balancer", "service", "job", "schedule", "database", "cache", "broker", "search", "files"
]
"""What a box is, which gives it its sign and its colour."""

GroupKind: TypeAlias = Literal["vpc", "public", "private", "isolated", "network", "fleet"]

LineKind: TypeAlias = Literal["public", "connection", "files", "start", "order"]
"""`public`: from the internet; `connection`: a client to a server; `files`: a volume; `start`: what runs a job;
`order`: only known to start later (`depends_on`)."""


def service_anchor(name: str) -> str:
    """What the decisions on a compose service are called."""
    return f"service-{name}"


@dataclass(frozen=True, slots=True)
class Pin:
    """A place at the edge of a box where lines end (at its left: a port, a volume) or begin (at its right: a route).
    `name` is what other parts call it, `label` what people read."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Member:
    """One of several services that a box stands for. `size` in words."""

    service: str
    size: str


@dataclass(frozen=True, slots=True)
class Box:
    """One thing of the system. `role` says what it is on AWS, `facts` how large it is. `anchor` names the decisions
    that made it (`service_anchor`, or `section-volumes`), None where no key stands for it. `members` are there where
    the box stands for several services alike, and then it has no anchor of its own."""

    id: str
    symbol: Symbol
    title: str
    role: str
    facts: tuple[str, ...] = ()
    entries: tuple[Pin, ...] = ()
    exits: tuple[Pin, ...] = ()
    members: tuple[Member, ...] = ()
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """From a box (and its exit) to a box (and its entry)."""

    source: str
    target: str
    kind: LineKind
    exit: str | None = None
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A container that is drawn around boxes and other groups. `note` stands behind its title."""

    id: str
    kind: GroupKind
    title: str
    note: str = ""
    boxes: tuple[Box, ...] = ()
    groups: tuple[Group, ...] = ()

    def every_box(self) -> Iterator[Box]:
        yield from self.boxes
        for group in self.groups:
            yield from group.every_box()


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole: what stands outside of the network, and the network."""

    title: str
    description: str
    outside: tuple[Box, ...]
    groups: tuple[Group, ...]
    lines: tuple[Line, ...]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes, those outside first."""
        return (*self.outside, *(box for group in self.groups for box in group.every_box()))
