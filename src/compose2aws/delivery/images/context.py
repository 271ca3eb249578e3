"""The content of a build context as one hash: names, modes and bytes of all files that Docker would send.

Times, owners and where the folder lies do not count (BuildKit sends no owners, and bake sets all times); a link counts
as the link that it is.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from compose2aws.delivery.images.ignore import IgnoreRules
from compose2aws.delivery.refusal import DeliveryError


def folder_hash(folder: Path, rules: IgnoreRules | None = None) -> str:
    """The hash of a folder, hexadecimal. Files are read piecemeal. Raises `DeliveryError` where one cannot be read."""
    try:
        if not folder.is_dir():
            raise DeliveryError(f"the folder {folder}, which an image is built from, is not there")
        total = hashlib.sha256()
        for entry in _entries(str(folder), "", rules or IgnoreRules(), ()):
            total.update(entry)
    except OSError as error:
        raise _unreadable(error) from error
    return total.hexdigest()


def file_hash(file: Path) -> str:
    """The hash of one file with its mode; of what a link leads to, as COPY takes it. Raises `DeliveryError`."""
    try:
        found = file.stat()
        if stat.S_ISDIR(found.st_mode):
            return folder_hash(file)
        return hashlib.sha256(_record(str(file), "", found)).hexdigest()
    except OSError as error:
        raise _unreadable(error) from error


def _entries(folder: str, prefix: str, rules: IgnoreRules, parent: tuple[bool, ...]) -> Iterator[bytes]:
    """A record for each entry below a folder, in the order of their names."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
    for entry in entries:
        path = prefix + entry.name
        ignored, matched = rules.ignores(path, parent) if rules.patterns else (False, ())
        if not entry.is_dir(follow_symlinks=False):
            if not ignored:
                yield _record(entry.path, path, entry.stat(follow_symlinks=False))
            continue
        if ignored and not rules.keeps_within(path):
            continue
        own = _record(entry.path, path, entry.stat(follow_symlinks=False))
        within = _entries(entry.path, f"{path}/", rules, matched)
        if ignored:  # it is sent only for what is taken back in
            first = next(within, None)
            if first is None:
                continue
            yield from (own, first)
        else:
            yield own
        yield from within


def _record(place: str, path: str, found: os.stat_result) -> bytes:
    name = os.fsencode(path)
    mode = 0o755 if os.name == "nt" else stat.S_IMODE(found.st_mode)  # Windows has none; BuildKit sends this one
    if stat.S_ISLNK(found.st_mode):
        return b"link\0%s\0%s\n" % (name, os.fsencode(Path(place).readlink()))
    if stat.S_ISDIR(found.st_mode):
        return b"folder\0%s\0%o\n" % (name, mode)
    if not stat.S_ISREG(found.st_mode):
        return b"special\0%s\0%o\n" % (name, stat.S_IFMT(found.st_mode))  # a socket or a pipe is never opened
    with open(place, "rb") as file:  # noqa: PTH123 - fifty thousand of them
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return b"file\0%s\0%o\0%s\n" % (name, mode, content.encode())


def _unreadable(error: OSError) -> DeliveryError:
    return DeliveryError(f"{error.filename}, which an image is built from, cannot be read: {error.strerror}")
