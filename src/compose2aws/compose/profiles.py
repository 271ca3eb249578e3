"""Services that are left out because none of their profiles is active.

Compose Specification, "Profiles"; `*` activates all.
"""

from __future__ import annotations

from collections.abc import Iterable

from compose2aws.compose.canonical import with_entry
from compose2aws.compose.node import Mapping, Node, Sequence
from compose2aws.compose.project import InactiveService


def select(root: Mapping, active: Iterable[str]) -> tuple[Mapping, tuple[InactiveService, ...]]:
    """The project with its active services, and those that are not."""
    services = root.get("services")
    if not isinstance(services, Mapping):
        return root, ()
    wanted = set(active)
    entries: dict[str, Node] = {}
    inactive: list[InactiveService] = []
    for name, service in services.entries.items():
        profiles = _profiles(service)
        if not profiles or "*" in wanted or wanted.intersection(profiles):
            entries[name] = service
        else:
            inactive.append(InactiveService(name, profiles, services.keys.get(name, service.position)))
    keys = {name: position for name, position in services.keys.items() if name in entries}
    return with_entry(root, "services", Mapping(entries, services.position, keys)), tuple(inactive)


def _profiles(service: Node) -> tuple[str, ...]:
    profiles = service.get("profiles") if isinstance(service, Mapping) else None
    if not isinstance(profiles, Sequence):
        return ()
    return tuple(item.text for item in profiles.items if not isinstance(item, Mapping | Sequence))
