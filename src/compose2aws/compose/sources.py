"""Files into text: what is too large, not text, not a file or not to be read is an error that says so."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path as FilePath

from compose2aws.compose.journal import Journal
from compose2aws.compose.node import Path, Position

MOST_BYTES = 8 * 1024 * 1024
STDIN = "-"

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: `name` as the user would name it, `path` absolute, `-` for standard input. `spelling` is how an
    error names it where a variable is part of the name."""

    name: str
    path: str
    spelling: str | None = None

    @property
    def shown(self) -> str:
        """The name for an error."""
        return self.spelling or self.name


def source(path: str, working_directory: str) -> Source:
    """The source at a path, named relative to the working folder where it lies under it."""
    if path == STDIN:
        return Source("<stdin>", STDIN)
    absolute = absolute_path(path, working_directory)
    return Source(shown(absolute, working_directory), absolute)


def absolute_path(path: str, folder: str) -> str:
    """A path made absolute against a folder, without `.` and `..`."""
    joined = os.path.normpath(os.path.join(folder, path))  # noqa: PTH118 - text in, text out: no file is touched
    return joined[1:] if joined.startswith("//") else joined


def shown(path: str, working_directory: str) -> str:
    """An absolute path as the user would name it."""
    root = working_directory.rstrip("/") + "/"
    return path[len(root) :] if path.startswith(root) else path


def read(where: Source, journal: Journal, path: Path = (), position: Position | None = None) -> str:
    """The text of a file. Raises `ComposeError` through the journal; `position` is where the file is named."""
    at = position or Position(where.name, 1, 1)
    try:
        file = FilePath(where.path)
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
            journal.fail("not-a-file", f"{where.shown} is {what}: a file is wanted", path, at)
        if status.st_size > MOST_BYTES:
            journal.fail("too-large", f"{where.shown} is larger than {MOST_BYTES // 1024 // 1024} MiB", path, at)
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        journal.fail("no-file", f"there is no file {where.shown}", path, at)
    except PermissionError:
        journal.fail("unreadable", f"the file {where.shown} may not be read", path, at)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the name is not valid"
        journal.fail("unreadable", f"the file {where.shown} cannot be read: {reason}", path, at)
    return text_of(content, where, journal, path, at)


def text_of(content: bytes, where: Source, journal: Journal, path: Path, position: Position) -> str:
    """Bytes as text: UTF-8, or UTF-16 with a byte order mark."""
    encoding = "utf-8"
    for mark, name in _MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], name
            break
    if len(content) > MOST_BYTES:
        journal.fail("too-large", f"{where.shown} is larger than {MOST_BYTES // 1024 // 1024} MiB", path, position)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        journal.fail("not-text", f"{where.shown} is not UTF-8 text", path, position)
    if "\0" in text:
        journal.fail("not-text", f"{where.shown} is binary, not text", path, position)
    return text


def is_file(path: str) -> bool:
    """Whether there is a regular file at a path; false for what cannot be looked at."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
    except (OSError, ValueError):
        return False


def exists(path: str) -> bool:
    """Whether there is anything at a path."""
    try:
        os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return False
    return True
