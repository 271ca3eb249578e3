"""From compose files and an environment to a `Project`. `load` is the way in; the order of the stages stands here.

Of each document: decode → interpolate and cast → include → reset → extends → merge → one by key → schema → long forms.
Of a model (the files of a project, or of an include): defaults → rules → paths → bare variables.
Of the project: what is implicit → final shapes → profiles → consistency → env files and label files → facts.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import cast

from compose2aws.compose import (
    consistency,
    environment,
    facts,
    forms,
    include,
    merge,
    normalization,
    paths,
    profiles,
    schema,
    shapes,
    validation,
)
from compose2aws.compose.discovery import Selection, normalized_name, select, working_directory
from compose2aws.compose.extends import Extender
from compose2aws.compose.interpolation import interpolate
from compose2aws.compose.journal import Journal, kind_of
from compose2aws.compose.node import Mapping, Node, Path, Position, Scalar
from compose2aws.compose.project import LoadOptions, Project
from compose2aws.compose.reading import Place, Reading, Stages
from compose2aws.compose.resets import Resets
from compose2aws.compose.sources import Source
from compose2aws.compose.uniqueness import unique

PROJECT_NAME = "COMPOSE_PROJECT_NAME"
_NOTHING = Mapping({}, Position("", 1, 1))


def load(options: LoadOptions) -> Project:
    """Reads a project. Raises `ComposeError`, and nothing else, where it cannot be read: with every error of the stage
    that failed, each with its place."""
    journal = Journal()
    with _uncollected():
        selection = select(options, journal)
        return load_selection(selection, options, journal, Stages())


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Keeps the garbage collector still: trees hold no cycles, and it would walk all of a large one again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def load_selection(
    selection: Selection, options: LoadOptions, journal: Journal, stages: Stages, place: Place | None = None
) -> Project:
    """Reads the files of a selection; `place` is what their paths are relative to. Raises `ComposeError`."""
    place = place or Place(selection.folder, selection.folder)
    reading = Reading(
        journal,
        selection.environment,
        working_directory(options),
        stages,
        options.required_variables == "hole",
        options.stdin or "",
        selection.folder,
    )
    name = project_name(selection, options, reading)
    reading = reading.within({**selection.environment, PROJECT_NAME: name})
    root = _read_model(selection.files, place, reading, ())
    if not root.entries:
        start = Position(selection.files[0].name, 1, 1) if selection.files else None
        journal.fail("empty", "the compose file is empty", (), start)
    if stages.normalize:
        root = normalization.normalize(root, name, reading.lookup)
    shaped = cast(Mapping, shapes.PROJECT(root, (), journal))
    journal.check()
    root, inactive = profiles.select(forms.without(shaped, "name"), selection.profiles, stages.services)
    if stages.consistency:
        consistency.check(root, inactive, journal)
        journal.check()
    root, read = _read_service_files(profiles.only(root, stages.services), reading)
    journal.check()
    return Project(
        name=name,
        folder=selection.folder,
        files=tuple(file.name for file in selection.files),
        root=root,
        environment=dict(reading.environment),
        facts=facts.collect(root, selection.folder, read),
        inactive=inactive,
        warnings=tuple(journal.warnings),
    )


def project_name(selection: Selection, options: LoadOptions, reading: Reading) -> str:
    """The project's name: the option, `COMPOSE_PROJECT_NAME`, the files' `name`, the folder's name; first wins."""
    journal = reading.journal
    asked = options.project_name or selection.environment.get(PROJECT_NAME)
    if asked:
        if normalized_name(asked) != asked:
            journal.fail(
                "project-name",
                f"the project name {asked!r} may hold lower case letters, digits, `-` and `_` only, and begins with a "
                "letter or digit",
            )
        return asked
    written: Scalar | None = None
    for where in selection.files:
        for document in reading.documents(where):
            found = document.root.get("name") if isinstance(document.root, Mapping) else None
            if isinstance(found, Scalar) and isinstance(found.value, str) and found.value:
                written = found
    if written is None:
        name = selection.fallback_name
    else:
        # The name is interpolated again with its file: what there is to say of it is said there.
        quiet = Journal()
        interpolated = interpolate(written, reading.lookup, quiet, reading.required_is_hole)
        name = normalized_name(interpolated.text) if isinstance(interpolated, Scalar) and not quiet.errors else ""
    if not name and reading.stages.validate:
        position = written.position if written else None
        journal.fail("project-name", "the project has no name: give one with -p or `name:`", ("name",), position)
    return name


def _read_model(files: tuple[Source, ...], place: Place, reading: Reading, chain: tuple[str, ...]) -> Mapping:
    """The files of one model, merged; long forms, defaults, paths resolved, checked."""
    journal = reading.journal
    root = _NOTHING
    for where in files:
        root, _ = _read_file(where, place, reading, root, chain)
    result: Node = forms.with_defaults(root, journal)
    if reading.stages.validate:
        validation.validate(result, journal)
    if reading.stages.resolve_paths or chain:
        result = paths.resolve(result, place.prefix, reading.environment, journal)
    return cast(Mapping, environment.resolve_bare_names(result, reading.lookup))


def _read_file(
    where: Source, place: Place, reading: Reading, root: Mapping, chain: tuple[str, ...]
) -> tuple[Mapping, Resets]:
    """The documents of a file merged over what was read before; and the paths that they reset."""
    journal = reading.journal
    resets = Resets()
    for document in reading.documents(where):
        node = document.root
        if not isinstance(node, Mapping):
            journal.fail("schema", f"a compose file is a mapping, found {kind_of(node)}", (), node.position)
        if reading.stages.interpolate:
            node = cast(Mapping, interpolate(node, reading.lookup, journal, reading.required_is_hole))
        journal.spend("values of all files", document.weight, (), node.position)
        if root.entries:
            # A merged project is checked and written out anew with each document.
            journal.spend("values merged again", journal.spent("values of all files"), (), node.position)
        resets = Resets.of(document.resets)
        node = include.apply(node, where, place, reading, chain, resets, _read_model)
        root = cast(Mapping, resets.apply(root))
        node = Extender(reading, place, _read_for_extending).apply(node, where, resets)
        root = _merged(root, node, where, reading, reading.stages.validate)
    return root, resets


def _read_for_extending(where: Source, reading: Reading, path: Path, named: Scalar) -> tuple[Node, Resets]:
    """A file whose services are extended: its own `extends` and `include` are not followed, and it is not checked by
    itself; what it becomes in the end is."""
    root: Mapping = _NOTHING
    resets = Resets()
    for document in reading.documents(where, path, named.position):
        if not isinstance(document.root, Mapping):
            message = f"a compose file is a mapping, found {kind_of(document.root)}"
            reading.journal.fail("schema", message, (), document.root.position)
        node = interpolate(document.root, reading.lookup, reading.journal, reading.required_is_hole)
        resets = Resets.of(document.resets)
        root = _merged(cast(Mapping, resets.apply(root)), cast(Mapping, node), where, reading, False)
    return root, resets


def _merged(root: Mapping, node: Mapping, where: Source, reading: Reading, check: bool) -> Mapping:
    """A document over what was read before, in long forms."""
    journal = reading.journal
    merged = unique(merge.merge(root, node, journal) if root.entries else node)
    if check:
        schema.validate(merged, journal)
        if isinstance(merged, Mapping) and "version" in merged:
            journal.warn("version", f"`version` means nothing any more: remove it from {where.name}", ("version",),
                         merged.keys.get("version"))  # fmt: skip
            merged = forms.without(merged, "version")
    long = forms.omit_empty(forms.long_forms(merged, journal))
    journal.check()
    # A range of ports shows only now which ports it holds twice.
    return cast(Mapping, unique(long))


def _read_service_files(root: Mapping, reading: Reading) -> tuple[Mapping, set[str]]:
    """The project with the env files and label files of its services read; and their paths."""
    seen: set[str] = set()
    services = root.get("services")
    if not isinstance(services, Mapping):
        return root, seen
    entries = {
        name: environment.read_files(service, ("services", name), reading, seen)
        if isinstance(service, Mapping)
        else service
        for name, service in services.entries.items()
    }
    return forms.with_entry(root, "services", Mapping(entries, services.position, services.keys)), seen
