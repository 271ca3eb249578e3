"""What the loader gives: one canonical project, and the facts of the files that it names.

The canonical model is the one that `docker compose config` prints: long forms only, defaults applied, paths
absolute, `env_file` read into `environment`, services of inactive profiles left out.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import Literal

from compose2aws.compose.node import Mapping, Path, Position


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something to tell about the input: an error, or a warning that does not stop the load.

    `path` is the place in the model (empty where the file itself is meant); `message` says what was found, what is
    wanted and, where a name is near, which was meant. It never holds a value that may be a secret.
    """

    code: str
    message: str
    path: Path = ()
    position: Position | None = None


class ComposeError(Exception):
    """The input cannot be read. Carries every error found, in the order of the files."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics


@dataclass(frozen=True, slots=True)
class FileFact:
    """What is known of a file or folder that the project names (a bind mount's source, a Dockerfile, a config).

    `path` is absolute. `size` is in bytes, a folder's the sum of what is in it, counted up to 10,000 entries.
    `text` is a file's content where it is UTF-8 text of at most 64 KiB. `entries` are a folder's files, relative and
    sorted, at most 1,000.
    """

    path: str
    kind: Literal["file", "folder", "socket", "other", "missing"]
    size: int = 0
    text: str | None = field(default=None, repr=False)
    entries: tuple[str, ...] = ()
    executable: bool = False


@dataclass(frozen=True, slots=True)
class InactiveService:
    """A service that is left out because none of its profiles is active."""

    name: str
    profiles: tuple[str, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Project:
    """A compose project, read whole.

    `root` has the keys `services`, `networks`, `volumes`, `configs`, `secrets`, `models` and the extensions (`x-…`),
    each present only where the project has one. `folder` is the absolute project directory. `files` are the compose
    files read, as the user would name them. `environment` is what interpolation saw: it may hold secrets and is never
    printed. `facts` are keyed by absolute path.
    """

    name: str
    folder: str
    files: tuple[str, ...]
    root: Mapping
    environment: AbstractMapping[str, str] = field(default_factory=dict, repr=False)
    facts: AbstractMapping[str, FileFact] = field(default_factory=dict, repr=False)
    inactive: tuple[InactiveService, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    def fact(self, path: str) -> FileFact:
        """The facts of a path; of a path that the loader did not look at, that it is missing."""
        return self.facts.get(path) or FileFact(path, "missing")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What to read and how.

    `files`: as given with `-f`, in order; empty means to look for the default names (interface of the command);
    `-` reads `stdin`. `environment`: the process's. `required_variables`: what an unset `${VAR:?message}` is, an
    error (as `docker compose config` has it) or an `unset` segment that carries its message (a translation makes a
    parameter of it).
    """

    files: tuple[str, ...] = ()
    project_name: str | None = None
    project_directory: str | None = None
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    environment: AbstractMapping[str, str] = field(default_factory=dict, repr=False)
    working_directory: str = "."
    stdin: str | None = field(default=None, repr=False)
    required_variables: Literal["error", "hole"] = "error"
