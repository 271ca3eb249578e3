"""A folder for one build: it holds the registry's login and copies of the project's files, and goes with the build.

A process that is killed leaves its folder behind. The next build sweeps those of dead processes: a living one holds a
lock on a file in its folder, which the system takes from it when it ends, however that is.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PREFIX = "compose2aws-build-"
_LOCK = "lock"


@contextmanager
def build_folder() -> Iterator[Path]:
    """An empty folder that this user alone can read, for as long as the build runs. Sweeps first."""
    sweep()
    place = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
    try:
        with _locked(place):
            inner = place / "build"
            inner.mkdir()
            yield inner
    finally:
        shutil.rmtree(place, ignore_errors=True)


def sweep() -> None:
    """Removes this user's build folders whose processes are dead. One that does not go is no harm."""
    with contextlib.suppress(OSError):
        for place in sorted(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*")):
            with contextlib.suppress(OSError):
                if _is_own(place) and _is_left(place / _LOCK):
                    shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Holds the lock. The file takes its name when it is locked, so that nobody sees it otherwise."""
    lock = place / _LOCK
    begun = lock if sys.platform == "win32" else place / f"{_LOCK}.new"
    with begun.open("xb") as file:
        if sys.platform != "win32":
            with contextlib.suppress(OSError):  # a file system without locks: the folder is never swept
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                begun.rename(lock)
        yield


def _is_own(place: Path) -> bool:
    found = place.lstat()
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.getuid())


def _is_left(lock: Path) -> bool:
    """Whether nobody holds the lock any more. A folder without one is being made."""
    if not lock.is_file():
        return False
    if sys.platform == "win32":
        lock.unlink()  # refused while somebody has it open
        return True
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
