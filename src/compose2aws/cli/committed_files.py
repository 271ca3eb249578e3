"""Files that a team commits, written into a repository: all of them or none, and none over what somebody changed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from compose2aws.cli.output import OutputError


def write_committed(
    root: Path, files: Mapping[str, str], *, is_ours: Callable[[str], bool], force: bool = False
) -> tuple[str, ...]:
    """Writes the files, by their paths under `root`, and gives those that were not so before.

    A file that is there and is neither the same nor, by `is_ours`, one that we made and nobody changed, stops all,
    unless `force` is given. What fails half-way is undone. Raises `OutputError`.
    """
    before = {name: _read(root / name) for name in files}
    changed = [name for name, text in files.items() if before[name] != text.encode()]
    others = [name for name in changed if (had := before[name]) is not None and not _ours(had, is_ours)]
    if others and not force:
        raise OutputError(
            f"{', '.join(others)}: not made by this command, or changed since; nothing was written. "
            "Move it away, or give --force to write over it"
        )
    done: list[str] = []
    made: list[Path] = []
    try:
        for name in changed:
            place = root / name
            made += _make_folder(place.parent)
            done.append(name)
            _replace(place, files[name].encode())
    except OSError as error:
        for name in done:
            with contextlib.suppress(OSError):
                _restore(root / name, before[name])
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise OutputError(f"cannot write to {root}: {error.strerror or 'it failed'}; nothing was written") from error
    return tuple(changed)


def _read(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{place}: {error.strerror}; nothing was written") from error


def _ours(content: bytes, is_ours: Callable[[str], bool]) -> bool:
    try:
        return is_ours(content.decode().replace("\r\n", "\n"))
    except UnicodeDecodeError:
        return False


def _make_folder(folder: Path) -> list[Path]:
    """Makes the folder and those above it; gives those that it made, the outermost first."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _replace(place: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".compose2aws-", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _restore(place: Path, content: bytes | None) -> None:
    if content is None:
        place.unlink(missing_ok=True)
    else:
        _replace(place, content)
