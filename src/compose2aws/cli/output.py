"""Files written to a folder, all of them or none, and those of an earlier run that are no longer made removed.

The folder belongs to its user: only the files that are made now, and those that an earlier manifest of ours names, are
touched.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

MANIFEST = "manifest.json"
_MANIFEST_VERSION = 1


class OutputError(Exception):
    """The files cannot be written. A sentence for the user."""


def write_files(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Writes the files into the folder, which is made where it is missing, and gives the names of those removed.

    The files are first written beside their places, then moved there; where that fails half-way, what stood there
    before is put back. Raises `OutputError`.
    """
    for name in files:
        if not _is_plain(name):
            raise OutputError(f"{name!r} is not a plain file name")
    obsolete = tuple(name for name in _earlier_files(folder) if name not in files)
    try:
        with _folder(folder), tempfile.TemporaryDirectory(prefix=".compose2aws-", dir=folder) as staging:
            new, old = Path(staging, "new"), Path(staging, "old")
            new.mkdir()
            old.mkdir()
            for name, content in files.items():
                (new / name).write_bytes(content)
            with _restored_on_failure(folder, old, (*files, *obsolete)):
                # the manifest last: until then the earlier one tells the truth about what may be removed
                for name in sorted(files, key=lambda n: (n == MANIFEST, n)):
                    (new / name).replace(folder / name)
                for name in obsolete:
                    (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {_reason(error)}") from error
    return obsolete


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Makes the folder and those above it; unmakes those that it made where what follows fails."""
    made = [f for f in (folder, *folder.parents) if not f.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for one in made:
            with contextlib.suppress(OSError):
                one.rmdir()
        raise


@contextlib.contextmanager
def _restored_on_failure(folder: Path, old: Path, names: tuple[str, ...]) -> Iterator[None]:
    """Keeps copies of the files that stand in the folder under these names, and puts them back on failure."""
    for name in names:
        place = folder / name
        if place.is_dir() and not place.is_symlink():
            raise OutputError(
                f"{place} is a folder; a file of that name is to be written. Choose another folder with -o"
            )
        if place.exists() or place.is_symlink():
            shutil.copy2(place, old / name, follow_symlinks=False)
    try:
        yield
    except BaseException:
        for name in names:
            kept = old / name
            with contextlib.suppress(OSError):
                if kept.exists() or kept.is_symlink():
                    kept.replace(folder / name)
                else:
                    (folder / name).unlink(missing_ok=True)
        raise


def _earlier_files(folder: Path) -> tuple[str, ...]:
    """The files that the manifest in the folder names. Names that lead out of the folder, and folders, are passed over.

    Raises `OutputError` where the file is there and is no manifest of ours: it would be overwritten.
    """
    place = folder / MANIFEST
    try:
        manifest = json.loads(place.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise OutputError(f"cannot read {place}: {_reason(error)}") from error
    except (ValueError, RecursionError):
        manifest = None
    listed = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(listed, list) or manifest.get("version") != _MANIFEST_VERSION:
        raise OutputError(
            f"{place} is there and was not made by compose2aws: it would be overwritten. "
            "Move it away, or choose another folder with -o"
        )
    names = dict.fromkeys(name for name in listed if isinstance(name, str) and _is_plain(name))
    return tuple(name for name in names if name != MANIFEST and _is_file(folder / name))


def _is_plain(name: str) -> bool:
    """Whether the name stays inside the folder, on any system."""
    return name not in ("", ".", "..") and not any(c in name for c in "/\\:\0")


def _is_file(place: Path) -> bool:
    try:
        return place.is_symlink() or place.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _reason(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "there is a file in the place of a folder"
    return error.strerror or "it failed"
