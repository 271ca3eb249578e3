"""What all stages of one load share."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace

from compose2aws.compose.decoding import Document, decode
from compose2aws.compose.journal import Journal
from compose2aws.compose.node import Path, Position, Scalar
from compose2aws.compose.provenance import spelled
from compose2aws.compose.sources import MOST_BYTES, STDIN, Source, absolute_path, read, source


@dataclass(frozen=True, slots=True)
class Stages:
    """Which stages run. All do, but for tests against recorded runs that left some out."""

    interpolate: bool = True
    validate: bool = True
    resolve_paths: bool = True
    normalize: bool = True
    consistency: bool = True
    keep_file_lists: bool = False
    """Whether `env_file` and `label_file` stay after they are read."""
    services: tuple[str, ...] = ()
    """The services that are wanted, with what they depend on; all, where none is named."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that relative paths are relative to: where it is, and what is put before them (which is relative
    itself in an included or extended file: the file that names it makes it absolute)."""

    absolute: str
    prefix: str

    def locate(self, path: str) -> str:
        """The absolute path of a path that is relative to this folder."""
        return absolute_path(path, self.absolute)


@dataclass(frozen=True, slots=True)
class Reading:
    """One load: its journal, the environment that interpolation sees, and the files that it has read."""

    journal: Journal
    environment: AbstractMapping[str, str]
    working_directory: str
    stages: Stages = field(default_factory=Stages)
    required_is_hole: bool = False
    stdin: str = ""
    project_folder: str = "/"
    _documents: dict[str, list[Document]] = field(default_factory=dict)

    def lookup(self, name: str) -> str | None:
        """A variable's value."""
        return self.environment.get(name)

    def within(self, environment: AbstractMapping[str, str]) -> Reading:
        """The same load with another environment (of an include)."""
        return replace(self, environment=environment)

    def source(self, path: str, named: Scalar | None = None) -> Source:
        """The source at an absolute path, or standard input; `named` is where a file names it."""
        found = source(path, self.working_directory)
        return replace(found, spelling=spelled(named)) if named is not None and named.segments else found

    def documents(self, where: Source, path: Path = (), position: Position | None = None) -> list[Document]:
        """The documents of a compose file, read once a load. Raises `ComposeError` where it cannot be read."""
        found = self._documents.get(where.path)
        if found is None:
            text = self.stdin if where.path == STDIN else read(where, self.journal, path, position)
            if len(text) > MOST_BYTES:
                self.journal.fail("too-large", f"{where.name} is too large", path, position)
            found = self._documents[where.path] = decode(text, where.name, self.journal)
        return found

    def report_outside(self, where: Source, what: str, path: Path, position: Position) -> None:
        """Warns where a file that is named lies outside the project's folder: allowed, as Docker allows it."""
        root = self.project_folder.rstrip("/") + "/"
        if not where.path.startswith(root):
            message = f"the {what} {where.shown} lies outside the project's folder"
            self.journal.warn("outside-project", message, path, position)
