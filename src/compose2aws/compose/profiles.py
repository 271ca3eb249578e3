"""Services that are left out because none of their profiles is active.

Compose Specification, "Profiles"; `*` activates all.
"""

from __future__ import annotations

from collections.abc import Iterable

from compose2aws.compose.forms import with_entry
from compose2aws.compose.node import Mapping, Node, Scalar, Sequence
from compose2aws.compose.project import InactiveService


def select(
    root: Mapping, active: Iterable[str], named: tuple[str, ...] = ()
) -> tuple[Mapping, tuple[InactiveService, ...]]:
    """The project with its active services, and those that are not. A service that is named activates its profiles."""
    services = root.get("services")
    if not isinstance(services, Mapping):
        return root, ()
    wanted = {*active, *(profile for name in named for profile in _profiles(services.get(name)))}
    entries: dict[str, Node] = {}
    inactive: list[InactiveService] = []
    for name, service in services.entries.items():
        profiles = _profiles(service)
        if not profiles or "*" in wanted or wanted.intersection(profiles):
            entries[name] = service
        else:
            inactive.append(InactiveService(name, profiles, services.keys.get(name, service.position)))
    return _with_services(root, services, entries), tuple(inactive)


def only(root: Mapping, named: tuple[str, ...]) -> Mapping:
    """The project with the named services and those that they depend on; with all, where none is named."""
    services = root.get("services")
    if not named or not isinstance(services, Mapping):
        return root
    kept: set[str] = set()
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        service = services.get(name)
        if name in kept or not isinstance(service, Mapping):
            continue
        kept.add(name)
        depends_on = service.get("depends_on")
        waiting += list(depends_on) if isinstance(depends_on, Mapping) else []
    return _with_services(root, services, {n: service for n, service in services.entries.items() if n in kept})


def _with_services(root: Mapping, services: Mapping, entries: dict[str, Node]) -> Mapping:
    keys = {name: position for name, position in services.keys.items() if name in entries}
    return with_entry(root, "services", Mapping(entries, services.position, keys))


def _profiles(service: Node | None) -> tuple[str, ...]:
    profiles = service.get("profiles") if isinstance(service, Mapping) else None
    if not isinstance(profiles, Sequence):
        return ()
    return tuple(item.text for item in profiles.items if isinstance(item, Scalar))
