"""What is known of the files that a project names: bind mounts, build contexts, Dockerfiles, configs, secrets.

Looks, and reads small text files; opens nothing but regular files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from compose2aws.compose.node import Mapping, Node, Scalar, Sequence
from compose2aws.compose.paths import is_remote
from compose2aws.compose.project import FileFact
from compose2aws.compose.volumes import clean

MOST_TEXT = 64 * 1024
MOST_COUNTED = 10_000
MOST_ENTRIES = 1_000
MOST_READ = 200
"""Of a mounted folder with more files than these, none is read."""


@dataclass(slots=True)
class _Budget:
    """What all looks of one load may cost together."""

    counted: int = 100_000
    text: int = 32 * 1024 * 1024


def collect(root: Mapping, project: str, read: Iterable[str] = ()) -> dict[str, FileFact]:
    """The facts of every path that the project in the folder `project` names, of the files in the folders that it
    mounts and that are its own or lie beside it, and of the files that were `read` for it, keyed by path.

    In a project that names very much, the last folders are not counted and the last texts not kept.
    """
    budget = _Budget()
    paths = dict.fromkeys((*_secrets(root), *_mounted(root), *_named(root), *sorted(read)))
    found = {path: _look(path, budget) for path in paths if path.startswith("/")}
    for folder in dict.fromkeys(_mounted(root)):
        fact = found.get(folder)
        own = fact is not None and len(fact.entries) <= MOST_READ and _is_near(folder, project)
        for entry in fact.entries if fact is not None and own else ():
            path = f"{folder.rstrip('/')}/{entry}"
            if path not in found:
                found[path] = _look(path, budget)
    return found


def _is_near(path: str, project: str) -> bool:
    """Whether a path is inside of the project, or of a folder beside it that is not hidden."""
    beside = os.path.dirname(project.rstrip("/"))  # noqa: PTH120 - no file is asked
    if f"{path}/".startswith(f"{project.rstrip('/')}/"):
        return True
    return beside != "/" and path.startswith(f"{beside}/") and not path.startswith(f"{beside}/.")


def look(path: str) -> FileFact:
    """The facts of one path. Symbolic links are followed; one that leads nowhere is missing."""
    return _look(path, _Budget())


def _look(path: str, budget: _Budget) -> FileFact:
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return FileFact(path, "missing")
    mode = status.st_mode
    if stat.S_ISREG(mode):
        text = _text(path, status.st_size) if status.st_size <= min(MOST_TEXT, budget.text) else None
        budget.text -= len(text or "")
        return FileFact(path, "file", status.st_size, text, (), bool(mode & 0o111))
    if stat.S_ISDIR(mode):
        size, entries = _contents(path, budget)
        return FileFact(path, "folder", size, None, entries)
    return FileFact(path, "socket" if stat.S_ISSOCK(mode) else "other")


def _text(path: str, size: int) -> str | None:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123
            text = stream.read(size + 1).decode("utf-8")
    except (OSError, ValueError):
        return None
    return None if "\0" in text else text


def _contents(folder: str, budget: _Budget) -> tuple[int, tuple[str, ...]]:
    """The size of what is in a folder, and its files."""
    size = 0
    entries: list[str] = []
    for entry in islice(_walk(folder), min(MOST_COUNTED, budget.counted)):
        budget.counted -= 1
        try:
            size += entry.stat(follow_symlinks=False).st_size if not entry.is_dir(follow_symlinks=False) else 0
            if len(entries) < MOST_ENTRIES and not entry.is_dir(follow_symlinks=True):
                entries.append(os.path.relpath(entry.path, folder))
        except OSError:
            continue
    return size, tuple(sorted(entries))


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    """What is in a folder, level by level and by name; links to folders are not entered."""
    waiting = [folder]
    while waiting:
        following: list[str] = []
        for place in waiting:
            try:
                with os.scandir(place) as scan:
                    found = sorted(scan, key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in found:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    following.append(entry.path)
        waiting = following


def _secrets(root: Mapping) -> Iterator[str]:
    for secret in _mappings(root.get("secrets")):
        yield _text_of(secret.get("file"))


def _mounted(root: Mapping) -> Iterator[str]:
    for service in _mappings(root.get("services")):
        for mount in _items(service.get("volumes")):
            if isinstance(mount, Mapping) and _text_of(mount.get("type")) == "bind":
                yield _text_of(mount.get("source"))


def _named(root: Mapping) -> Iterator[str]:
    for service in _mappings(root.get("services")):
        yield from _build_files(service.get("build"))
    for config in _mappings(root.get("configs")):
        yield _text_of(config.get("file"))


def _build_files(build: Node | None) -> Iterator[str]:
    if not isinstance(build, Mapping):
        return
    context = _text_of(build.get("context"))
    dockerfile = _text_of(build.get("dockerfile"))
    if context and not is_remote(context):
        yield context
        yield f"{context.rstrip('/')}/.dockerignore"
        if dockerfile:
            path = clean(dockerfile if dockerfile.startswith("/") else f"{context}/{dockerfile}")
            yield path
            yield f"{path}.dockerignore"
    contexts = build.get("additional_contexts")
    for extra in contexts.entries.values() if isinstance(contexts, Mapping) else ():
        yield _text_of(extra)


def _mappings(node: Node | None) -> Iterator[Mapping]:
    for value in node.entries.values() if isinstance(node, Mapping) else ():
        if isinstance(value, Mapping):
            yield value


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def _text_of(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""
