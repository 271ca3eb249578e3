"""Services that speak with the same others are drawn as one box: thirty workers of one queue are one thing to see."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

from compose2aws.report.picture.model import Box, Line, Member

SPARED, MANY = 3, 4
"""Alike become one box where that spares so many lines, or where they are so many."""


def together(
    boxes: Mapping[str, Box], places: Mapping[str, Hashable], lines: list[Line]
) -> tuple[dict[str, Box], list[Line]]:
    """The boxes by the id of their first member, and the lines between them, each once.

    Alike are services, or jobs, in the same place with the same entries and the same lines from and to the same others.
    """
    groups: dict[Hashable, list[Box]] = {}
    becomes: dict[str, str] = {}
    merged: dict[str, Box] = {}
    own: dict[str, list[Line]] = {id_: [] for id_ in boxes}
    for line in lines:
        own[line.source].append(line)
        own[line.target].append(line)
    signatures = {id_: _signature(box, places[id_], own[id_]) for id_, box in boxes.items()}
    for id_, box in boxes.items():
        groups.setdefault(signatures[id_], []).append(box)
    for id_, box in boxes.items():
        if id_ in becomes:
            continue
        alike = groups[signatures[id_]]
        if len(alike) < MANY and (len(alike) - 1) * len(own[id_]) < SPARED:
            merged[id_] = box
            becomes[id_] = id_
            continue
        merged[id_] = _merged(alike, bool(own[id_]))
        becomes |= {member.id: merged[id_].id for member in alike}
    moved = (replace(line, source=becomes[line.source], target=becomes[line.target]) for line in lines)
    return merged, list(dict.fromkeys(moved))


def _signature(box: Box, place: Hashable, lines: list[Line]) -> Hashable:
    if box.symbol not in ("service", "job") or box.anchor is None:
        return box.id
    given = frozenset((line.kind, line.target, line.entry) for line in lines if line.source == box.id)
    taken = frozenset((line.kind, line.source, line.exit, line.entry) for line in lines if line.target == box.id)
    return box.symbol, box.role, box.facts[1:], place, given, taken


def _merged(alike: list[Box], connected: bool) -> Box:
    first = alike[0]
    noun = "services" if first.symbol == "service" else "jobs"
    which = "alike" if connected else "on their own"
    members = tuple(Member(box.title, box.facts[0]) for box in alike)
    return replace(
        first,
        id=f"alike-{first.id}",
        title=f"{len(alike)} {noun} {which}",
        facts=first.facts[1:],
        members=members,
        anchor=None,
    )
