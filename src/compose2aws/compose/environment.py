"""The variables of a service: bare names take the environment's value, env files and label files are read.

Compose Specification, services, "environment", "env_file", "label_file".
"""

from __future__ import annotations

from collections.abc import Callable

from compose2aws.compose.dotenv import DotenvError, parse
from compose2aws.compose.forms import without
from compose2aws.compose.journal import Journal
from compose2aws.compose.merge import pairs_to_mapping
from compose2aws.compose.node import Mapping, Node, Path, Position, Scalar, Segment, Sequence
from compose2aws.compose.patterns import Patterns, patterns, rewrite
from compose2aws.compose.provenance import of_segments
from compose2aws.compose.reading import Reading
from compose2aws.compose.sources import exists, read
from compose2aws.compose.template import Lookup

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
    service = _with_env_files(service, path, reading, seen)
    return _with_label_files(service, path, reading, seen)


def _with_env_files(service: Mapping, path: Path, reading: Reading, seen: set[str]) -> Mapping:
    files = service.get("env_file")
    if not isinstance(files, Sequence):
        return service
    own = service.get("environment")
    own_entries = own.entries if isinstance(own, Mapping) else {}
    gathered: dict[str, Scalar] = {
        key: value for key, value in own_entries.items() if isinstance(value, Scalar) and value.value is not None
    }

    def lookup(name: str) -> str | None:
        value = reading.lookup(name)
        if value is not None:
            return value
        set_here = own_entries.get(name)
        return set_here.text if isinstance(set_here, Scalar) and set_here.value is not None else None

    for at, entry in enumerate(files.items):
        if isinstance(entry, Mapping):
            gathered |= _env_file(entry, (*path, "env_file", at), reading, lookup, gathered, seen)
    entries: dict[str, Node] = {**gathered, **own_entries}
    keys = {key: value.position for key, value in entries.items()}
    if isinstance(own, Mapping):
        keys |= own.keys
    position = own.position if own is not None else files.position
    if not reading.stages.keep_file_lists:
        service = without(service, "env_file")
    return _put(service, "environment", Mapping(entries, position, keys), position)


def _env_file(
    entry: Mapping, path: Path, reading: Reading, lookup: Lookup, gathered: dict[str, Scalar], seen: set[str]
) -> dict[str, Scalar]:
    named, required, form = entry.get("path"), entry.get("required"), entry.get("format")
    if not isinstance(named, Scalar):
        return {}
    needed = not (isinstance(required, Scalar) and required.value is False)
    parser: Callable[..., dict[str, Scalar]] = parse
    if isinstance(form, Scalar):
        formats: dict[str, Callable[..., dict[str, Scalar]]] = {"": parse, ".env": parse, "raw": _parse_raw}
        if form.text not in formats:
            reading.journal.error(
                "env-file-format",
                f"the format of an env file is `raw`, or left out{reading.journal.meant(form.text, ['raw'])}",
                path,
                form.position,
            )
            return {}
        parser = formats[form.text]
    return _variables(named, needed, path, "env file", reading, lookup, gathered, seen, parser)


def _with_label_files(service: Mapping, path: Path, reading: Reading, seen: set[str]) -> Mapping:
    files = service.get("label_file")
    if not isinstance(files, Sequence):
        return service
    own = service.get("labels")
    gathered: dict[str, Scalar] = {}

    def lookup(name: str) -> str | None:
        found = gathered.get(name)
        return None if found is None else found.text

    for at, named in enumerate(files.items):
        if isinstance(named, Scalar):
            place = (*path, "label_file", at)
            gathered |= _variables(named, True, place, "label file", reading, lookup, {}, seen, parse)
    entries: dict[str, Node] = {**gathered, **(own.entries if isinstance(own, Mapping) else {})}
    keys = {key: value.position for key, value in entries.items()}
    if isinstance(own, Mapping):
        keys |= own.keys
    position = own.position if own is not None else files.position
    if not reading.stages.keep_file_lists:
        service = without(service, "label_file")
    return _put(service, "labels", Mapping(entries, position, keys), position) if entries else service


def _put(service: Mapping, key: str, value: Mapping, position: Position) -> Mapping:
    if not value.entries:
        return service
    return Mapping({**service.entries, key: value}, service.position, {key: position, **service.keys})


def _variables(
    named: Scalar, needed: bool, path: Path, what: str, reading: Reading, lookup: Lookup, gathered: dict[str, Scalar],
    seen: set[str], parser: Callable[..., dict[str, Scalar]],
) -> dict[str, Scalar]:  # fmt: skip
    where = reading.source(named.text)
    seen.add(where.path)
    journal: Journal = reading.journal
    if not exists(where.path):
        if needed:
            journal.error("no-file", f"there is no {what} {where.name}", path, named.position)
        return {}
    reading.report_outside(where.path, what, path, named.position)
    text = read(where, journal, path, named.position)
    try:
        return parser(text, where.name, lookup, gathered.get)
    except DotenvError as error:
        journal.error("env-file", error.message, path, Position(where.name, error.line, 1))
        return {}


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
