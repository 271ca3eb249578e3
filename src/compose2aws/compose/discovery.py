"""Which files a project is made of, and the environment that interpolation sees.

The rules of `docker compose`: `-f`, `COMPOSE_FILE`, the default names searched upward; `--env-file`, `.env`; the
environment wins over `.env`. The file of development settings, `*.override.yaml`, is not read.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass

from compose2aws.compose.dotenv import DotenvError, parse
from compose2aws.compose.journal import Journal
from compose2aws.compose.node import Position, Scalar
from compose2aws.compose.project import ComposeError, Diagnostic, LoadOptions
from compose2aws.compose.sources import STDIN, Source, absolute_path, exists, is_file, read, shown, source

DEFAULT_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml",
)  # fmt: skip
_NAME_CHARACTERS = re.compile(r"[^a-z0-9_-]")
OWN_NAMES = ("compose.aws.yaml", "compose.aws.yml")


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be read: the files in order, the project's folder, its environment and the active profiles."""

    files: tuple[Source, ...]
    folder: str
    environment: dict[str, str]
    profiles: tuple[str, ...]
    fallback_name: str


def select(options: LoadOptions, journal: Journal) -> Selection:
    """Finds the files of a project. Raises `ComposeError` where there are none, or an env file cannot be read."""
    working = working_directory(options)
    environment = dict(options.environment)
    asked = absolute_path(options.project_directory, working) if options.project_directory else None
    files = [source(file, working) for file in options.files]
    folder = asked or _folder_of(files) or working
    _add_env_files(options, working, folder, environment, journal)
    if not files:
        files = _files_of_environment(environment, working)
    if not files:
        files = _default_files(folder, working, journal)
    folder = asked or _folder_of(files) or working
    _add_env_files(options, working, folder, environment, journal)
    profiles = options.profiles
    if not profiles:
        profiles = tuple(name.strip() for name in environment.get("COMPOSE_PROFILES", "").split(",") if name.strip())
    return Selection(tuple(files), folder, environment, profiles, normalized_name(posixpath.basename(folder)))


def normalized_name(name: str) -> str:
    """A name as Compose takes it for a project: lower case, letters, digits, `-` and `_`, beginning with a letter or
    digit (Compose Specification, "Version and name top-level elements")."""
    return _NAME_CHARACTERS.sub("", name.lower()).lstrip("_-")


def working_directory(options: LoadOptions) -> str:
    """The absolute folder that relative paths of the options are relative to. Raises `ComposeError` where the process
    stands in a folder that is gone."""
    given = options.working_directory
    if given.startswith("/"):
        return absolute_path(given, "/")
    try:
        return absolute_path(given, os.getcwd())  # noqa: PTH109
    except OSError:
        raise ComposeError((Diagnostic("no-folder", "the working folder does not exist any more"),)) from None


def read_env_files(files: Iterable[Source], environment: AbstractMapping[str, str], journal: Journal) -> dict[str, str]:
    """The variables of `.env` files; a later file wins. Raises `ComposeError` where one cannot be read."""
    found: dict[str, Scalar] = {}
    for where in files:
        text = read(where, journal)
        try:
            found |= parse(text, where.name, environment.get, found.get)
        except DotenvError as error:
            journal.fail("env-file", error.message, (), Position(where.name, error.line, 1))
    return {name: value.text for name, value in found.items()}


def _folder_of(files: Iterable[Source]) -> str | None:
    """The folder of the first file that has one."""
    return next((posixpath.dirname(file.path) or "/" for file in files if file.path != STDIN), None)


def _add_env_files(
    options: LoadOptions, working: str, folder: str, environment: dict[str, str], journal: Journal
) -> None:
    named = options.env_files
    if not named and environment.get("COMPOSE_ENV_FILES"):
        named = tuple(environment["COMPOSE_ENV_FILES"].split(","))
    if named:
        files = [source(file, working) for file in named]
    elif environment.get("COMPOSE_DISABLE_ENV_FILE", "").lower() in ("1", "t", "true"):
        return
    else:
        default = f"{folder.rstrip('/')}/.env"
        files = [source(default, working)] if is_file(default) else []
    for name, value in read_env_files(files, environment, journal).items():
        environment.setdefault(name, value)


def _files_of_environment(environment: AbstractMapping[str, str], working: str) -> list[Source]:
    listed = environment.get("COMPOSE_FILE")
    if not listed:
        return []
    separator = environment.get("COMPOSE_PATH_SEPARATOR") or ":"
    return [source(file, working) for file in listed.split(separator) if file]


def _default_files(folder: str, working: str, journal: Journal) -> list[Source]:
    """The first of the default names in the folder or, going up, the nearest one that has it."""
    at = folder
    while True:
        found = [name for name in DEFAULT_NAMES if exists(posixpath.join(at, name))]
        if found:
            break
        if at == "/":
            here = "this folder" if folder == working else shown(folder, working)
            names = ", ".join(DEFAULT_NAMES)
            journal.fail("no-compose-file", f"there is no compose file in {here} or above it; looked for {names}")
        at = posixpath.dirname(at)
    main = source(posixpath.join(at, found[0]), working)
    if len(found) > 1:
        journal.warn("several-files", f"several compose files: {', '.join(found)}; {main.name} is read")
    for name in OVERRIDE_NAMES:
        if exists(posixpath.join(at, name)):
            journal.warn(
                "override-not-read",
                f"{shown(posixpath.join(at, name), working)} is not read: it is the place of settings for development; "
                "name it with -f to read it",
            )
    own = next((name for name in OWN_NAMES if exists(posixpath.join(at, name))), None)
    return [main, source(posixpath.join(at, own), working)] if own else [main]
