"""Relative paths made absolute: a table of the places where Compose has a path.

Compose Specification: relative paths are relative to the folder of the file's project.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import TypeAlias

from compose2aws.compose.journal import Journal
from compose2aws.compose.node import Mapping, Node, Path, Scalar
from compose2aws.compose.patterns import Patterns, patterns, rewrite
from compose2aws.compose.provenance import with_text
from compose2aws.compose.volumes import clean

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|[\\/]{2}[^\\/]+[\\/]+[^\\/]|\\\\[.?]")
_REMOTE = ("https://", "http://", "git://", "ssh://", "github.com/", "git@")


@dataclass(frozen=True, slots=True)
class Resolver:
    """What relative paths are put behind, and the user's home."""

    prefix: str
    home: str | None
    journal: Journal

    def joined(self, path: str) -> str:
        """A path behind the prefix, without `.` and `..`."""
        return clean(f"{self.prefix}/{path}" if self.prefix else path)

    def expanded(self, path: str) -> str:
        """A path with its leading `~` as the user's home."""
        return clean(f"{self.home}/{path[1:]}") if path.startswith("~") and self.home else path


Rule: TypeAlias = Callable[[Node, Resolver], Node]


def resolve(root: Node, prefix: str, environment: AbstractMapping[str, str], journal: Journal) -> Node:
    """The tree with its relative paths put behind a folder. Wants long forms. Notes a bind mount without a source."""
    resolver = Resolver(prefix, environment.get("HOME"), journal)

    def apply(rule: Rule, node: Node, path: Path) -> Node:
        if isinstance(node, Mapping) and rule is _mount and _is_bind(node) and "source" not in node:
            journal.error("no-source", "a bind mount wants a source", path, node.position)
        return rule(node, resolver)

    return rewrite(root, PATHS, apply) or root


def is_remote(path: str) -> bool:
    """Whether a path names something on the network: git, http or an OCI registry."""
    return path.startswith(_REMOTE) or "://" in path


def is_windows_absolute(path: str) -> bool:
    """Whether a path is absolute on Windows: `C:\\…`, `\\\\server\\share\\…`."""
    return bool(_WINDOWS.match(path))


def _path(node: Node, resolver: Resolver) -> Node:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
        return node
    path = resolver.expanded(node.value)
    return with_text(node, path if path.startswith("/") else resolver.joined(path))


def _any_system_path(node: Node, resolver: Resolver) -> Node:
    """A path of the engine's host, which may be a Windows one."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node
    path = resolver.expanded(node.value)
    absolute = path.startswith("/") or is_windows_absolute(path)
    return with_text(node, path if absolute else resolver.joined(path))


def _context(node: Node, resolver: Resolver) -> Node:
    if isinstance(node, Scalar) and ("://" in node.text or node.text.startswith(("service:", *_REMOTE))):
        return node
    return _path(node, resolver)


def _watched(node: Node, resolver: Resolver) -> Node:
    """A path whose first symbolic link is followed."""
    resolved = _path(node, resolver)
    if not isinstance(resolved, Scalar) or not resolved.text.startswith("/"):
        return resolved
    steps = resolved.text.split("/")
    for end in range(2, len(steps) + 1):
        part = "/".join(steps[:end])
        try:
            if os.path.islink(part):  # noqa: PTH114
                return with_text(resolved, "/".join([os.path.realpath(part), *steps[end:]]))
        except (OSError, ValueError):
            return resolved
    return resolved


def _is_bind(node: Mapping) -> bool:
    kind = node.get("type")
    return isinstance(kind, Scalar) and kind.value == "bind"


def _in(key: str, rule: Rule, node: Mapping, resolver: Resolver) -> Mapping:
    old = node.get(key)
    if old is None:
        return node
    new = rule(old, resolver)
    return node if new is old else Mapping({**node.entries, key: new}, node.position, node.keys)


def _mount(node: Node, resolver: Resolver) -> Node:
    if not isinstance(node, Mapping) or not _is_bind(node):
        return node
    return _in("source", _any_system_path, node, resolver)


def _driver_options(node: Node, resolver: Resolver) -> Node:
    """A local volume that is a bind mount in disguise (`o: bind`)."""
    if not isinstance(node, Mapping):
        return node
    driver, options = node.get("driver"), node.get("driver_opts")
    if not isinstance(driver, Scalar) or driver.value != "local" or not isinstance(options, Mapping):
        return node
    kind = options.get("o")
    if not isinstance(kind, Scalar) or kind.value != "bind":
        return node
    changed = _in("device", _any_system_path, options, resolver)
    return node if changed is options else Mapping({**node.entries, "driver_opts": changed}, node.position, node.keys)


PATHS: Patterns[Rule] = patterns(
    {
        "services.*.build.context": _context,
        "services.*.build.additional_contexts.*": _context,
        "services.*.build.ssh.*": _any_system_path,
        "services.*.env_file.*.path": _path,
        "services.*.label_file.*": _path,
        "services.*.extends.file": _path,
        "services.*.develop.watch.*.path": _watched,
        "services.*.volumes.*": _mount,
        "configs.*.file": _any_system_path,
        "secrets.*.file": _any_system_path,
        "volumes.*": _driver_options,
    }
)
