"""Which compose service a name in a value means: service names, aliases, links, `container_name` and `hostname`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field

from compose2aws.compose.node import Mapping, Node, Scalar, Sequence, find
from compose2aws.planning.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class HostNames:
    """All names of a project. A name that several services have means the one on a shared network."""

    _services: dict[str, tuple[str, ...]]
    _links: dict[str, dict[str, str]]
    _networks: dict[str, frozenset[str]]
    all: frozenset[str] = field(default_factory=frozenset)

    def service(self, consumer: str, name: str) -> str | None:
        """The service that `consumer` reaches under a name; None where it is no service's name, or its own."""
        linked = self._links.get(consumer, {}).get(name)
        if linked is not None:
            return linked
        found = self._services.get(name) or self._services.get(name.lower(), ())
        if len(found) > 1:
            found = tuple(s for s in found if self.near(consumer, s)) or found
        return found[0] if found and found[0] != consumer else None

    def means(self, name: str, service: str) -> bool:
        """Whether a service is called by a name, its own among them."""
        return service in (self._services.get(name) or self._services.get(name.lower(), ()))

    def known(self, consumer: str, name: str) -> bool:
        """Whether anything is called by a name, the consumer itself among them."""
        lower = name.lower()
        return name in self._links.get(consumer, {}) or any(one in self._services for one in (name, lower))

    def near(self, consumer: str, service: str) -> bool:
        """Whether the two share a network."""
        return bool(self._networks.get(consumer, frozenset()) & self._networks.get(service, frozenset()))


def host_names(root: Mapping, endpoints: AbstractMapping[str, Endpoint]) -> HostNames:
    """The names of the canonical project `root`, with all those that the endpoints answer to."""
    services: dict[str, list[str]] = {}
    links: dict[str, dict[str, str]] = {}
    networks: dict[str, frozenset[str]] = {}
    section = root.get("services")
    for service, node in section.entries.items() if isinstance(section, Mapping) else ():
        # a service's own name comes before another's alias of the same spelling
        services.setdefault(service, []).insert(0, service)
        for name in _further_names(node):
            if service not in services.setdefault(name, []):
                services[name].append(service)
        for name in sorted(endpoints[service].hosts) if service in endpoints else ():
            if service not in services.setdefault(name, []):
                services[name].append(service)
        links[service] = dict(_links(node))
        networks[service] = frozenset(_keys(find(node, ("networks",))))
    known = {name for names in links.values() for name in names}
    return HostNames(
        {name: tuple(found) for name, found in services.items()}, links, networks, frozenset((*services, *known))
    )


def _further_names(node: Node) -> Iterator[str]:
    for key in (("container_name",), ("hostname",), ("x-aws", "was")):
        value = find(node, key)
        if isinstance(value, Scalar) and value.text:
            yield value.text
    attached = find(node, ("networks",))
    for network in attached.entries.values() if isinstance(attached, Mapping) else ():
        yield from _texts(find(network, ("aliases",)))


def _links(node: Node) -> Iterator[tuple[str, str]]:
    for link in _texts(find(node, ("links",))):
        service, _, alias = link.partition(":")
        yield alias or service, service


def _texts(node: Node | None) -> Iterator[str]:
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            yield item.text


def _keys(node: Node | None) -> Iterable[str]:
    if isinstance(node, Mapping):
        return tuple(node.entries)
    return tuple(_texts(node))
