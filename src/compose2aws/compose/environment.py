"""The variables of a service: bare names take the environment's value, env files and label files are read.

Compose Specification, services, "environment", "env_file", "label_file".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from compose2aws.compose.dotenv import DotenvError, parse
from compose2aws.compose.forms import with_entry, without
from compose2aws.compose.merge import pairs_to_mapping
from compose2aws.compose.node import Mapping, Node, Path, Position, Scalar, Segment, Sequence, locate
from compose2aws.compose.patterns import Patterns, patterns, rewrite
from compose2aws.compose.provenance import of_segments
from compose2aws.compose.reading import Reading
from compose2aws.compose.sources import Source, exists, read
from compose2aws.compose.template import Lookup

Parser: TypeAlias = Callable[[str, str, Lookup, Callable[[str], Scalar | None]], dict[str, Scalar]]

_BARE: Patterns[str] = patterns({"services.*.environment": "environment"})


def resolve_bare_names(root: Node, lookup: Lookup) -> Node:
    """The tree with each bare `KEY` of an environment as the value of that variable; null where it is not set."""
    return rewrite(root, _BARE, lambda _, node, __: with_values(node, lookup)) or root


def with_values(node: Node, lookup: Lookup, keep_unset: bool = True) -> Node:
    """A mapping or list of variables with bare names resolved; those that are not set stay null or go."""
    mapping = pairs_to_mapping(node)
    if mapping is None or not any(isinstance(v, Scalar) and v.value is None for v in mapping.entries.values()):
        return node
    entries: dict[str, Node] = {}
    for key, value in mapping.entries.items():
        if not isinstance(value, Scalar) or value.value is not None:
            entries[key] = value
            continue
        found = lookup(key)
        if found is not None:
            entries[key] = of_segments((Segment(found, (key,), "set"),), value.position)
        elif keep_unset:
            entries[key] = value
    return Mapping(entries, mapping.position, {k: p for k, p in mapping.keys.items() if k in entries})


def read_files(service: Mapping, path: Path, reading: Reading, seen: set[str]) -> Mapping:
    """The service with the variables of its env files and the labels of its label files. Wants final shapes.

    What the service says itself wins over its files, a later file over an earlier one. `seen` gathers the absolute
    paths of the files.
    """
    files = _Files(path, reading, seen)
    return files.with_labels(files.with_environment(service))


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of the service at `path`."""

    path: Path
    reading: Reading
    seen: set[str]

    def with_environment(self, service: Mapping) -> Mapping:
        files = service.get("env_file")
        if not isinstance(files, Sequence):
            return service
        own = _entries(service.get("environment"))
        known = {name: value for name, value in own.items() if value.value is not None}

        def lookup(name: str) -> str | None:
            value = self.reading.lookup(name)
            return value if value is not None or name not in known else own[name].text

        gathered = dict(known)
        for at, entry in enumerate(files.items):
            if isinstance(entry, Mapping):
                gathered |= self._variables(entry, (*self.path, "env_file", at), lookup, gathered)
        return self._put(service, "env_file", "environment", {**gathered, **own})

    def with_labels(self, service: Mapping) -> Mapping:
        files = service.get("label_file")
        if not isinstance(files, Sequence):
            return service
        gathered: dict[str, Scalar] = {}

        def lookup(name: str) -> str | None:
            return gathered[name].text if name in gathered else None

        for at, named in enumerate(files.items):
            if isinstance(named, Scalar):
                gathered |= self._parsed(named, (*self.path, "label_file", at), "label file", parse, lookup, {})
        return self._put(service, "label_file", "labels", gathered | _entries(service.get("labels")))

    def _variables(self, entry: Mapping, path: Path, lookup: Lookup, known: dict[str, Scalar]) -> dict[str, Scalar]:
        """The variables of one entry of `env_file`, in its long form."""
        named, required, form = entry.get("path"), entry.get("required"), entry.get("format")
        journal = self.reading.journal
        written = form.text if isinstance(form, Scalar) else ""
        parser = _FORMATS.get(written)
        if not isinstance(named, Scalar):
            return {}
        if parser is None:
            message = f"the format of an env file is `raw`, or left out{journal.meant(written, ['raw'])}"
            journal.error("env-file-format", message, path, entry.position)
            return {}
        if isinstance(required, Scalar) and required.value is False and not exists(self._source(named).path):
            return {}
        return self._parsed(named, path, "env file", parser, lookup, known)

    def _source(self, named: Scalar) -> Source:
        return self.reading.source(named.text, named)

    def _parsed(
        self, named: Scalar, path: Path, what: str, parser: Parser, lookup: Lookup, known: dict[str, Scalar]
    ) -> dict[str, Scalar]:
        where, journal = self._source(named), self.reading.journal
        self.seen.add(where.path)
        if not exists(where.path):
            journal.error("no-file", f"there is no {what} {where.shown}", path, named.position)
            return {}
        self.reading.report_outside(where, what, path, named.position)
        text = read(where, journal, path, named.position)
        journal.spend("characters of env files", len(text), path, named.position)
        try:
            return parser(text, where.name, lookup, known.get)
        except DotenvError as error:
            journal.error("env-file", error.message, path, Position(where.name, error.line, 1))
            return {}

    def _put(self, service: Mapping, files: str, key: str, entries: dict[str, Scalar]) -> Mapping:
        """The service with what its files gave in place of their list."""
        old, position = service.get(key), locate(service, (files,))
        keys = {name: value.position for name, value in entries.items()}
        if isinstance(old, Mapping):
            keys |= old.keys
            position = old.position
        if not self.reading.stages.keep_file_lists:
            service = without(service, files)
        if not entries:
            return service
        return with_entry(service, key, Mapping(dict(entries), position, keys), position)


def _entries(node: Node | None) -> dict[str, Scalar]:
    entries = node.entries.items() if isinstance(node, Mapping) else ()
    return {name: value for name, value in entries if isinstance(value, Scalar)}


def _parse_raw(text: str, file: str, lookup: Lookup, _: Callable[[str], Scalar | None]) -> dict[str, Scalar]:
    """`KEY=value` lines taken as they are: no quotes, no variables."""
    found: dict[str, Scalar] = {}
    for number, written in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        line = written.lstrip()
        if not line or line.startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not key or any(char.isspace() for char in key):
            raise DotenvError(number, "a name is missing, or holds a space")
        position = Position(file, number, len(written) - len(line) + 1)
        if equals:
            found[key] = Scalar(value, position)
            continue
        inherited = lookup(key)
        if inherited is not None:
            found[key] = of_segments((Segment(inherited, (key,), "set"),), position)
    return found


_FORMATS: dict[str, Parser] = {"": parse, ".env": parse, "raw": _parse_raw}
