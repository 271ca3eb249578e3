"""Short forms into long ones, and defaults: two tables, path pattern → what is done there.

Compose Specification, the "Short syntax" and "Long syntax" of each key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from compose2aws.compose import ports, volumes
from compose2aws.compose.journal import Journal, kind_of, quoted
from compose2aws.compose.merge import context_of, names_to_mapping, nothing, pairs_to_mapping, started
from compose2aws.compose.node import Mapping, Node, Path, Position, Scalar, ScalarValue, Sequence
from compose2aws.compose.patterns import Patterns, patterns, rewrite
from compose2aws.compose.provenance import partition, split, unset_variables

Form: TypeAlias = Callable[[Node, Path, Journal], Node]


def long_forms(root: Node, journal: Journal) -> Node:
    """The tree with every short form written out. Notes an error where a short form cannot be read."""
    return rewrite(root, FORMS, lambda form, node, path: form(node, path, journal)) or root


def with_defaults(root: Node, journal: Journal) -> Node:
    """The tree with the values that Compose takes where nothing is written. Wants long forms."""
    return rewrite(root, DEFAULTS, lambda form, node, path: form(node, path, journal)) or root


def is_text(node: Node | None) -> bool:
    """Whether a value is a text."""
    return isinstance(node, Scalar) and isinstance(node.value, str)


def with_entry(node: Mapping, key: str, value: ScalarValue | Node, position: Position | None = None) -> Mapping:
    """The mapping with one entry more (or another value of one)."""
    at = position or node.position
    entry = value if isinstance(value, Scalar | Sequence | Mapping) else Scalar(value, at)
    return Mapping({**node.entries, key: entry}, node.position, {**node.keys, key: node.keys.get(key, at)})


def without(node: Mapping, key: str) -> Mapping:
    """The mapping without a key."""
    return Mapping(
        {k: v for k, v in node.entries.items() if k != key},
        node.position,
        {k: p for k, p in node.keys.items() if k != key},
    )


def _unreadable(node: Scalar, error: ValueError, example: str, path: Path, journal: Journal) -> None:
    names = unset_variables(node)
    found = "" if node.segments else f", found {quoted(node.text)}"
    if names:
        found = f" (the variable {names[0]!r} is not set)"
    journal.error("short-form", f"{error}{found}; the form is {example}", path, node.position)


# What each form does.


def _listed(node: Node, _: Path, __: Journal) -> Node:
    return Sequence((node,), node.position) if is_text(node) else node


def _names(node: Node, _: Path, __: Journal) -> Node:
    return names_to_mapping(node, nothing)


def _depends_on(node: Node, _: Path, __: Journal) -> Node:
    mapping = names_to_mapping(node, started)
    if not isinstance(mapping, Mapping) or mapping is not node:
        return mapping
    entries = {key: _dependency(value) for key, value in mapping.entries.items()}
    return Mapping(entries, mapping.position, mapping.keys)


def _dependency(node: Node) -> Node:
    default = started(node.position)
    if not isinstance(node, Mapping) or not isinstance(default, Mapping):
        return node
    for name, value in default.entries.items():
        if name not in node:
            node = with_entry(node, name, value)
    return node


def _build(node: Node, _: Path, __: Journal) -> Node:
    return context_of(node)


def _written_out(node: Node, _: Path, __: Journal) -> Node:
    return Scalar(node.text, node.position, node.segments) if isinstance(node, Scalar) and not is_text(node) else node


def _pairs(node: Node, path: Path, journal: Journal) -> Node:
    if not isinstance(node, Sequence):
        return node
    for at, item in enumerate(node.items):
        if is_text(item) and "=" not in str(getattr(item, "value", "")):
            journal.error("short-form", "`NAME=value` is wanted here", (*path, at), item.position)
    return pairs_to_mapping(node) or node


def _env_file(node: Node, _: Path, __: Journal) -> Node:
    items = node.items if isinstance(node, Sequence) else (node,)
    return Sequence(tuple(_env_file_entry(item) for item in items), node.position)


def _env_file_entry(node: Node) -> Node:
    if isinstance(node, Mapping):
        return node if "required" in node else with_entry(node, "required", True)
    if not is_text(node):
        return node
    return with_entry(_entry("path", node), "required", True)


def _entry(key: str, value: Node) -> Mapping:
    return Mapping({key: value}, value.position, {key: value.position})


def _keyed(key: str) -> Form:
    """A text is the mapping with one entry."""

    def form(node: Node, _: Path, __: Journal) -> Node:
        return _entry(key, node) if is_text(node) else node

    return form


def _gpus(node: Node, _: Path, __: Journal) -> Node:
    if not is_text(node):
        return node
    return Sequence((_entry("count", node),), node.position)


def _volume(node: Node, path: Path, journal: Journal) -> Node:
    if not isinstance(node, Scalar) or not is_text(node):
        return node
    try:
        return volumes.clean_target(volumes.parse(node))
    except ValueError as error:
        _unreadable(node, error, "[SOURCE:]TARGET[:OPTIONS]", path, journal)
        return node


def _device(node: Node, path: Path, journal: Journal) -> Node:
    if not isinstance(node, Scalar) or not is_text(node):
        return node
    parts = split(node, ":")
    if len(parts) > 3:
        _unreadable(node, ValueError("there are too many colons"), "HOST[:CONTAINER[:PERMISSIONS]]", path, journal)
        return node
    source = parts[0]
    target = parts[1] if len(parts) > 1 and parts[1].text else source
    entries: dict[str, Node] = {"source": source, "target": target}
    entries["permissions"] = parts[2] if len(parts) > 2 else Scalar("rwm", node.position)
    return Mapping(entries, node.position, dict.fromkeys(entries, node.position))


def _ports(node: Node, path: Path, journal: Journal) -> Node:
    if not isinstance(node, Sequence):
        return node
    found: list[Node] = []
    for at, item in enumerate(node.items):
        if not isinstance(item, Scalar):
            found.append(item)
            continue
        spec = item if is_text(item) else Scalar(item.text, item.position, item.segments)
        try:
            parsed = ports.parse(spec)
            journal.spend("ports by ranges", len(parsed) - 1, (*path, at), spec.position)
            found += parsed
        except ValueError as error:
            _unreadable(spec, error, "[[IP:]HOST:]CONTAINER[/PROTOCOL]", (*path, at), journal)
    return Sequence(tuple(found), node.position)


def _ssh(node: Node, path: Path, journal: Journal) -> Node:
    if not isinstance(node, Sequence):
        return node
    entries: dict[str, Node] = {}
    keys: dict[str, Position] = {}
    for at, item in enumerate(node.items):
        if not isinstance(item, Scalar) or not is_text(item):
            return node
        name, socket = partition(item, "=")
        if socket is None and name.text != "default":
            journal.error("short-form", "`default` or `ID=PATH` is wanted here", (*path, at), item.position)
        entries[name.text] = socket or Scalar(None, item.position)
        keys[name.text] = item.position
    return Mapping(entries, node.position, keys)


def _maybe_external(node: Node, path: Path, journal: Journal) -> Node:
    """`external: {name: …}`, of old files, is `external: true` and a `name`."""
    if not isinstance(node, Mapping):
        return node
    external = node.get("external")
    if not isinstance(external, Mapping):
        return node
    named, own = external.get("name"), node.get("name")
    changed = with_entry(node, "external", True, external.position)
    if named is None:
        return changed
    journal.warn(
        "external-name", "`external.name` is an old form: write `name` and `external: true`", path, named.position
    )
    if isinstance(own, Scalar) and isinstance(named, Scalar) and own.value != named.value:
        journal.error("external-name", "`name` and `external.name` differ: keep `name` only", path, named.position)
    return changed if own is not None else with_entry(changed, "name", named)


FORMS: Patterns[Form] = patterns(
    {
        "services.*.build": _build,
        "services.*.build.additional_contexts": _pairs,
        "services.*.build.provenance": _written_out,
        "services.*.build.sbom": _written_out,
        "services.*.build.secrets.*": _keyed("source"),
        "services.*.build.ssh": _ssh,
        "services.*.configs.*": _keyed("source"),
        "services.*.depends_on": _depends_on,
        "services.*.develop.watch.*.ignore": _listed,
        "services.*.develop.watch.*.include": _listed,
        "services.*.devices.*": _device,
        "services.*.dns": _listed,
        "services.*.env_file": _env_file,
        "services.*.extends": _keyed("service"),
        "services.*.gpus": _gpus,
        "services.*.label_file": _listed,
        "services.*.models": _names,
        "services.*.networks": _names,
        "services.*.ports": _ports,
        "services.*.secrets.*": _keyed("source"),
        "services.*.volumes.*": _volume,
        **{f"{section}.*": _maybe_external for section in ("networks", "volumes", "secrets", "configs")},
    }
)


def _default(key: str, value: ScalarValue) -> Form:
    def form(node: Node, _: Path, __: Journal) -> Node:
        return with_entry(node, key, value) if isinstance(node, Mapping) and key not in node else node

    return form


def _secret_target(node: Node, _: Path, __: Journal) -> Node:
    if not isinstance(node, Mapping) or "target" in node:
        return node
    source = node.get("source")
    return with_entry(node, "target", f"/run/secrets/{source.text if isinstance(source, Scalar) else ''}")


def _device_request(node: Node, path: Path, journal: Journal) -> Node:
    if not isinstance(node, Mapping):
        journal.error("type", f"a mapping is wanted here, found {kind_of(node)}", path, node.position)
        return node
    return node if "count" in node or "device_ids" in node else with_entry(node, "count", "all")


def _port_defaults(node: Node, path: Path, journal: Journal) -> Node:
    return _default("mode", "ingress")(_default("protocol", "tcp")(node, path, journal), path, journal)


DEFAULTS: Patterns[Form] = patterns(
    {
        "services.*.build": _default("context", "."),
        "services.*.deploy.resources.reservations.devices.*": _device_request,
        "services.*.gpus.*": _device_request,
        "services.*.ports.*": _port_defaults,
        "services.*.secrets.*": _secret_target,
        "services.*.volumes.*.bind": _default("create_host_path", True),
    }
)


def omit_empty(root: Node) -> Node:
    """The tree without the empty entries of lists in which they mean nothing (`dns: ["${DNS}"]`, not set)."""
    return rewrite(root, _OMITTED, lambda _, node, __: node if not _is_blank(node) else None) or root


def _is_blank(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value in (None, "")


_OMITTED: Patterns[str] = patterns({"services.*.dns.*": "omit"})
