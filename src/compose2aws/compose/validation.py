"""Rules that the schema cannot say: keys that exclude each other, addresses, empty paths. A table by path pattern."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from compose2aws.compose.journal import Journal
from compose2aws.compose.node import Mapping, Node, Path, Scalar
from compose2aws.compose.patterns import Patterns, patterns, rewrite
from compose2aws.compose.ports import is_address

Check: TypeAlias = Callable[[Node, Path, Journal], None]


def validate(root: Node, journal: Journal) -> None:
    """Notes every value that breaks a rule of this module. Wants long forms with their defaults."""

    def apply(check: Check, node: Node, path: Path) -> Node:
        check(node, path, journal)
        return node

    rewrite(root, CHECKS, apply)


def _external_alone(node: Node, path: Path, journal: Journal) -> None:
    """An external resource is made elsewhere: only its name may be said."""
    if not isinstance(node, Mapping):
        return
    external = node.get("external")
    if not isinstance(external, Scalar) or external.value is not True:
        return
    for key in node.entries:
        if key not in ("name", "external") and not key.startswith("x-"):
            journal.error(
                "external",
                f"`external` and {key!r} exclude each other",
                (*path, key),
                node.keys.get(key, node.position),
            )


def _one_source(*keys: str) -> Check:
    choices = ", ".join(f"`{key}`" for key in keys)

    def check(node: Node, path: Path, journal: Journal) -> None:
        if not isinstance(node, Mapping):
            journal.error("no-content", f"one of {choices} is wanted here", path, node.position)
            return
        named = [key for key in keys if key in node]
        if len(named) > 1:
            journal.error("content", f"only one of {choices} may be set", path, node.keys.get(named[1], node.position))
        elif not named and "driver" not in node and "external" not in node:
            journal.error("no-content", f"one of {choices} is wanted here", path, node.position)

    return check


def _host_address(node: Node, path: Path, journal: Journal) -> None:
    address = node.get("host_ip") if isinstance(node, Mapping) else None
    if isinstance(address, Scalar) and not is_address(address.text):
        journal.error("address", "an IP address is wanted here", (*path, "host_ip"), address.position)


def _path_given(node: Node, path: Path, journal: Journal) -> None:
    if isinstance(node, Scalar) and node.value == "":
        journal.error("no-path", "a path is wanted here, found an empty text", path, node.position)


def _device_request(node: Node, path: Path, journal: Journal) -> None:
    if isinstance(node, Mapping) and "count" in node and "device_ids" in node:
        journal.error("device-request", "`count` and `device_ids` exclude each other", path, node.position)


CHECKS: Patterns[Check] = patterns(
    {
        "volumes.*": _external_alone,
        "configs.*": _one_source("file", "environment", "content"),
        "secrets.*": _one_source("file", "environment"),
        "services.*.ports.*": _host_address,
        "services.*.develop.watch.*.path": _path_given,
        "services.*.deploy.resources.reservations.devices.*": _device_request,
        "services.*.gpus.*": _device_request,
    }
)
