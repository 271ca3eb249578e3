"""Other compose files that a file includes, each with its own folder and `.env`.

Compose Specification, "include". An included file is a project of its own: it is read whole, its paths are relative to
its folder, its variables come from its own `.env` behind the environment. What both define is merged, and the including
file wins.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from compose2aws.compose import paths
from compose2aws.compose.discovery import read_env_files
from compose2aws.compose.forms import with_entry, without
from compose2aws.compose.journal import Journal, kind_of
from compose2aws.compose.merge import merge
from compose2aws.compose.node import Mapping, Node, Path, Scalar, Sequence
from compose2aws.compose.reading import Place, Reading
from compose2aws.compose.resets import Resets
from compose2aws.compose.sources import Source, is_file

ReadModel = Callable[[tuple[Source, ...], Place, Reading, tuple[str, ...]], Node]
"""Reads the files of a model: merged, canonical, with its paths resolved."""

_SECTIONS = ("services", "volumes", "networks", "secrets", "configs", "models")
_KEYS = ("path", "project_directory", "env_file")
_MOST_DEPTH = 50


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of `include`, in its long form."""

    files: tuple[Scalar, ...]
    folder: Scalar | None
    env_files: tuple[Scalar, ...]
    path: Path


def apply(
    root: Mapping, where: Source, place: Place, reading: Reading, chain: tuple[str, ...], resets: Resets,
    read_model: ReadModel,
) -> Mapping:  # fmt: skip
    """The document with what it includes merged below it. `chain` are the files that led here."""
    include = root.get("include")
    if include is None:
        return root
    root = without(root, "include")
    for entry in _entries(include, reading.journal):
        root = _import(
            _included(entry, place, reading, (*chain, where.path), read_model), root, resets, reading.journal
        )
    return root


def _entries(include: Node, journal: Journal) -> list[_Entry]:
    if isinstance(include, Scalar) and include.value is None:
        return []
    if not isinstance(include, Sequence):
        journal.error("schema", f"`include` is a list, found {kind_of(include)}", ("include",), include.position)
        return []
    found: list[_Entry] = []
    for at, item in enumerate(include.items):
        path: Path = ("include", at)
        if isinstance(item, Scalar) and isinstance(item.value, str):
            found.append(_Entry((item,), None, (), path))
        elif isinstance(item, Mapping):
            for key in item.entries:
                if key not in _KEYS:
                    message = f"unknown key {key!r} of an include{journal.meant(key, _KEYS)}"
                    journal.error("unknown-key", message, (*path, key), item.keys.get(key, item.position))
            folder = item.get("project_directory")
            files = _texts(item.get("path"), (*path, "path"), journal)
            if not files:
                journal.error("schema", "the key 'path' is missing", path, item.position)
                continue
            found.append(
                _Entry(
                    files,
                    folder if isinstance(folder, Scalar) and folder.text else None,
                    _texts(item.get("env_file"), (*path, "env_file"), journal),
                    path,
                )
            )
        else:
            journal.error("schema", f"a path or a mapping is wanted here, found {kind_of(item)}", path, item.position)
    return found


def _texts(node: Node | None, path: Path, journal: Journal) -> tuple[Scalar, ...]:
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return ()
    items = node.items if isinstance(node, Sequence) else (node,)
    texts = tuple(item for item in items if isinstance(item, Scalar) and isinstance(item.value, str))
    if len(texts) != len(items):
        journal.error("schema", "a path or a list of paths is wanted here", path, node.position)
    return texts


def _included(entry: _Entry, place: Place, reading: Reading, chain: tuple[str, ...], read_model: ReadModel) -> Node:
    journal = reading.journal
    main = entry.files[0]
    if len(chain) > _MOST_DEPTH:
        journal.fail(
            "include-cycle", f"files include each other more than {_MOST_DEPTH} deep", entry.path, main.position
        )
    journal.spend("included files", len(entry.files), entry.path, main.position)
    sources: list[Source] = []
    for file in entry.files:
        if paths.is_remote(file.text):
            journal.fail(
                "remote", "a file on the network is not read: copy it beside this one", entry.path, file.position
            )
        where = reading.source(place.locate(file.text), file)
        reading.report_outside(where, "included file", entry.path, file.position)
        reading.documents(where, entry.path, file.position)
        sources.append(where)
    if sources[0].path in chain:
        names = " → ".join(
            reading.source(path).name for path in (*chain[chain.index(sources[0].path) :], sources[0].path)
        )
        journal.fail("include-cycle", f"the files include each other in a circle: {names}", entry.path, main.position)
    inner = _place(entry, sources[0], place)
    environment = read_env_files(_env_files(entry, inner, place, reading), reading.environment, journal)
    return read_model(tuple(sources), inner, reading.within({**environment, **reading.environment}), chain)


def _place(entry: _Entry, main: Source, place: Place) -> Place:
    if entry.folder is None:
        absolute = posixpath.dirname(main.path)
    elif entry.folder.text.startswith("/"):
        return Place(entry.folder.text, entry.folder.text)
    else:
        absolute = place.locate(entry.folder.text)
    return Place(absolute, posixpath.relpath(absolute, place.absolute))


def _env_files(entry: _Entry, inner: Place, place: Place, reading: Reading) -> list[Source]:
    if not entry.env_files:
        default = f"{inner.absolute}/.env"
        return [reading.source(default)] if is_file(default) else []
    found: list[Source] = []
    for file in entry.env_files:
        if file.text == "/dev/null":
            continue
        where = reading.source(place.locate(file.text), file)
        reading.report_outside(where, "env file", entry.path, file.position)
        if not is_file(where.path):
            reading.journal.fail("no-file", f"there is no file {where.shown}", (*entry.path, "env_file"), file.position)
        found.append(where)
    return found


def _import(included: Node, root: Mapping, resets: Resets, journal: Journal) -> Mapping:
    """The document with the resources of an included model; where both have one, the document's is merged over it."""
    if not isinstance(included, Mapping):
        return root
    for section in _SECTIONS:
        source = included.get(section)
        if not isinstance(source, Mapping):
            continue
        own = root.get(section)
        if own is not None and not isinstance(own, Mapping):
            if not (isinstance(own, Scalar) and own.value is None):
                continue
            own = None
        entries = dict(own.entries) if own else {}
        keys = dict(own.keys) if own else {}
        for name, resource in source.entries.items():
            if name not in entries:
                entries[name] = resource
                keys[name] = source.keys.get(name, resource.position)
                continue
            base = resets.below(section, name).apply(resource)
            entries[name] = merge(base, entries[name], journal, (section, name))
        root = with_entry(root, section, Mapping(entries, (own or source).position, keys))
    return root
