"""What each compose service is: managed, a service, a job, a sidecar of another, or left out. First match wins."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from compose2aws.catalog import Catalog, ImageMapping, ImageReference, parse_image
from compose2aws.compose import node as tree
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.values.split_variables import part_of


@dataclass(frozen=True, slots=True)
class Kind:
    """`mapping` is what the catalogue knows of the image, also of one that runs as a container. `image` is None where
    the service has only a `build`."""

    source: ServiceSource
    what: Literal["managed", "service", "job", "sidecar", "left-out"]
    mapping: ImageMapping | None = None
    image: ImageReference | None = None

    @property
    def runs(self) -> bool:
        """Whether a container of ours runs it."""
        return self.what in ("service", "job", "sidecar")


def classify(services: tuple[ServiceSource, ...], catalog: Catalog, ledger: Ledger) -> dict[str, Kind]:
    """The kind of every service, by name. Records the decisions on those that are left out."""
    gated = {
        name
        for service in services
        for name, condition in service.dependencies.items()
        if condition == "service_completed_successfully"
    }
    waited = {
        name
        for service in services
        for name, condition in service.dependencies.items()
        if condition != "service_completed_successfully"
    }
    waited |= set(_referred(services))
    return {s.name: _kind(s, catalog, ledger, gated, waited) for s in services}


# A name in host position: after `://` and the login, or before a port.
_HOST = re.compile(r"://(?:[^\s/@]*@)?([\w.-]+)|(?<![\w./:@-])([\w.-]+):\d{2,5}(?!\d)")


def _referred(services: tuple[ServiceSource, ...]) -> Iterator[str]:
    """The names of hosts in other services' values."""
    for service in services:
        found: set[str] = set()
        for key in ("environment", "command", "entrypoint"):
            node = service.get(key)
            for path, leaf in tree.leaves(node) if node else ():
                text = leaf.text if isinstance(leaf, tree.Scalar) else ""
                found |= {name for pair in _HOST.findall(text) for name in pair}
                if key == "environment" and path and part_of(str(path[-1]), text) == "host":
                    found.add(text)
        yield from found - {service.name}


def _kind(service: ServiceSource, catalog: Catalog, ledger: Ledger, gated: set[str], waited: set[str]) -> Kind:
    reference = service.text("image")
    image = parse_image(reference) if reference else None
    mapping = _mapping(service, image, catalog, ledger)
    if _left_out(service, ledger):
        return Kind(service, "left-out", mapping, image)
    if mapping and mapping.managed:
        return Kind(service, "managed", mapping, image)
    if mapping:
        _tell_why_it_stays(service, mapping, ledger)
    if service.network_service is not None:
        return Kind(service, "sidecar", mapping, image)
    if service.settings.schedule or _is_job(service, gated, waited):
        return Kind(service, "job", mapping, image)
    return Kind(service, "service", mapping, image)


def _tell_why_it_stays(service: ServiceSource, mapping: ImageMapping, ledger: Ledger) -> None:
    """An image that people expect to move says why it does not, unless the file asked for the container itself."""
    asked = service.settings.managed is False or "build" in service.node
    if mapping.becomes == "container" and mapping.note and not asked:
        ledger.find(
            "kept-as-container",
            "note",
            f"{service.name} stays a container: {mapping.note}",
            "a volume keeps its data on EFS; size and backups of the container are yours to look after",
            service.at("image"),
        )


def _mapping(
    service: ServiceSource, image: ImageReference | None, catalog: Catalog, ledger: Ledger
) -> ImageMapping | None:
    wanted = service.settings.managed
    if isinstance(wanted, str):
        named = catalog.named(wanted)
        if named is None:
            near = difflib.get_close_matches(wanted, [m.name for m in catalog.mappings], 1, 0.6)
            meant = f"did you mean {near[0]!r}?" if near else "see docs/mappings.md"
            path = service.at("x-aws", "managed")
            ledger.refuse(path, "unknown-mapping", f"there is no mapping {wanted!r}; {meant}")
        return named
    found = catalog.mapping(image) if image else None
    # an image that is built from the file's own Dockerfile is the user's, whatever it is tagged
    if found and found.managed and (wanted is False or "build" in service.node):
        return None
    return found


def _left_out(service: ServiceSource, ledger: Ledger) -> bool:
    for steps in (("deploy", "replicas"), ("scale",)):
        if service.whole(*steps) == 0:
            reason = f"{service.name} has no replicas, so nothing of it is made"
            ledger.record(service.path, "dropped", code="no-replicas", reason=reason)
            ledger.find("no-replicas", "note", reason, "", service.at(*steps))
            return True
    if "provider" in service.node or not ("image" in service.node or "build" in service.node):
        what = "an external provider" if "provider" in service.node else "neither `image` nor `build`"
        reason = f"{service.name} has {what}, so there is nothing to run on AWS"
        remedy = (
            "make what it provides on AWS, and give the clients its address in a variable"
            if "provider" in service.node
            else "give it an `image` or a `build`"
        )
        ledger.drop(service.path, "no-image", reason, remedy)
        if "provider" in service.node:
            ledger.record(service.at("provider"), "dropped", reason="an external provider is not run")
        return True
    return False


def _is_job(service: ServiceSource, gated: set[str], waited: set[str]) -> bool:
    if service.name in gated or (service.text("deploy", "mode") or "").endswith("-job"):
        return True
    ends = service.text("restart") == "no" or service.text("deploy", "restart_policy", "condition") == "none"
    return ends and not service.items("ports") and not _has_health_check(service) and not _names(service) & waited


def _names(service: ServiceSource) -> set[str]:
    aliases = {alias for network in service.networks for alias in service.texts("networks", network, "aliases")}
    declared = {service.text("container_name") or "", service.text("hostname") or ""} - {""}
    return {service.name, service.identity, *declared, *aliases}


def _has_health_check(service: ServiceSource) -> bool:
    node = service.get("healthcheck")
    if not isinstance(node, tree.Mapping):
        return False
    test = service.texts("healthcheck", "test")
    disabled = node.entries.get("disable")
    return not (isinstance(disabled, tree.Scalar) and disabled.value is True) and test != ("NONE",)
