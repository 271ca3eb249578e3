"""Services that extend others, of the same file or of another one.

Compose Specification, services, "extends". What is extended is merged below the service; relative paths of another file
are relative to that file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from compose2aws.compose import paths
from compose2aws.compose.forms import with_entry, without
from compose2aws.compose.journal import kind_of
from compose2aws.compose.merge import merge
from compose2aws.compose.node import Mapping, Node, Path, Scalar
from compose2aws.compose.provenance import spelled
from compose2aws.compose.reading import Place, Reading
from compose2aws.compose.resets import Resets
from compose2aws.compose.sources import Source

ReadFile = Callable[[Source, Reading, Path, Scalar], tuple[Node, Resets]]
"""Reads a file for extending: its merged, canonical tree and its resets."""

_MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class _Family:
    """The services among which a name is looked for: of one file, with its resets."""

    file: str
    services: dict[str, Node]
    resets: Resets


@dataclass(slots=True)
class Extender:
    """Applies `extends` to the services of one document."""

    reading: Reading
    place: Place
    read_file: ReadFile
    _families: dict[str, _Family] = field(default_factory=dict)

    def apply(self, root: Mapping, where: Source, resets: Resets) -> Mapping:
        """The document with every service merged over what it extends."""
        services = root.get("services")
        if not isinstance(services, Mapping):
            if services is not None:
                message = f"`services` is a mapping, found {kind_of(services)}"
                self.reading.journal.error("schema", message, ("services",), services.position)
            return root
        if not any(isinstance(service, Mapping) and "extends" in service for service in services.entries.values()):
            return root
        family = _Family(where.path, dict(services.entries), resets)
        for name in services.entries:
            family.services[name] = self._extended(name, family, ())
        return with_entry(root, "services", Mapping(family.services, services.position, services.keys))

    def _extended(self, name: str, family: _Family, chain: tuple[tuple[str, str], ...]) -> Node:
        """A service with all that it extends below it; `chain` are the services that led here."""
        service = family.services[name]
        if not isinstance(service, Mapping) or "extends" not in service:
            return service
        journal = self.reading.journal
        path: Path = ("services", name, "extends")
        reference, file = self._reference(service.entries["extends"], path)
        if reference is None:
            return without(service, "extends")
        step = (family.file, name)
        if step in chain:
            names = " → ".join(link[1] for link in (*chain[chain.index(step) :], step))
            journal.fail(
                "extends-cycle", f"the services extend each other in a circle: {names}", path, reference.position
            )
        other = family if file is None else self._family(file, path)
        if other is None:
            return without(service, "extends")
        if reference.text not in other.services:
            journal.error(
                "no-service",
                f"there is no service {spelled(reference)!r} to extend"
                + (f" in {spelled(file)}" if file is not None else "")
                + journal.meant(reference.text, other.services),
                path,
                reference.position,
            )
            return without(service, "extends")
        if len(chain) > _MOST_STEPS:
            message = f"more than {_MOST_STEPS} services extend each other in a row"
            journal.fail("extends-cycle", message, path, reference.position)
        base = self._extended(reference.text, other, (*chain, step))
        if not isinstance(base, Mapping):
            return service
        base = family.resets.below("services", name).apply(base)
        merged = merge(base, service, journal, ("services", name))
        merged = without(merged, "extends") if isinstance(merged, Mapping) else merged
        family.services[name] = merged
        return merged

    def _reference(self, node: Node, path: Path) -> tuple[Scalar | None, Scalar | None]:
        """The service and the file that are named."""
        journal = self.reading.journal
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node, None
        if isinstance(node, Mapping):
            service, file = node.get("service"), node.get("file")
            if not isinstance(service, Scalar) or not isinstance(service.value, str):
                journal.error("schema", "the key 'service' is missing: which service is extended?", path, node.position)
                return None, None
            if file is None or isinstance(file, Scalar):
                return service, file if isinstance(file, Scalar) and isinstance(file.value, str) else None
        journal.error(
            "schema", f"the name of a service, or a mapping, is wanted here, found {kind_of(node)}", path, node.position
        )
        return None, None

    def _family(self, file: Scalar, path: Path) -> _Family | None:
        journal = self.reading.journal
        if paths.is_remote(file.text):
            journal.fail("remote", "a file on the network is not read: copy it beside this one", path, file.position)
        absolute = self.place.locate(file.text)
        if absolute in self._families:
            return self._families[absolute]
        where = self.reading.source(absolute, file)
        self.reading.report_outside(where, "extended file", path, file.position)
        root, resets = self.read_file(where, self.reading, path, file)
        prefix = posixpath.dirname(file.text) or "."
        root = paths.resolve(root, prefix, self.reading.environment, journal)
        services = root.get("services") if isinstance(root, Mapping) else None
        if not isinstance(services, Mapping):
            journal.error("no-service", f"{where.shown} has no services to extend", path, file.position)
            return None
        family = self._families[absolute] = _Family(absolute, dict(services.entries), resets)
        return family
