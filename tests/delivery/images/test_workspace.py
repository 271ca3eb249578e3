"""The folder of a build, which holds a login: it goes with the build, or with the next one where that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compose2aws.delivery.images.workspace import build_folder, sweep

_BUILD = """
import sys
from compose2aws.delivery.images.workspace import build_folder
with build_folder() as folder:
    (folder / "config.json").write_text("a login")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def _building(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A build in another process, and its folder."""
    with subprocess.Popen(
        [sys.executable, "-c", _BUILD],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_the_folder_is_this_users_alone_and_goes_with_the_build(temporary: Path) -> None:
    with build_folder() as folder:
        assert list(folder.iterdir()) == []
        assert folder.parent.stat().st_mode & 0o777 == 0o700
        assert folder.is_relative_to(temporary)
    assert list(temporary.iterdir()) == []


def test_what_a_killed_build_left_goes_with_the_next_one(temporary: Path) -> None:
    with _building(temporary) as (process, folder):
        process.kill()
        process.wait()
        assert (folder / "config.json").exists()
        with build_folder():
            assert not folder.parent.exists()


def test_a_build_that_runs_keeps_its_folder(temporary: Path) -> None:
    with _building(temporary) as (process, folder):
        sweep()
        assert (folder / "config.json").exists()
        process.communicate(timeout=30)
        assert list(temporary.iterdir()) == []


def test_a_folder_that_is_just_being_made_is_left(temporary: Path) -> None:
    begun = temporary / "compose2aws-build-begun"
    begun.mkdir()
    (begun / "lock.new").touch()
    sweep()
    assert begun.exists()


def test_a_link_of_that_name_is_not_followed(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    (temporary / "compose2aws-build-link").symlink_to(elsewhere)
    sweep()
    assert (elsewhere / "lock").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of somebody else")
def test_a_folder_of_somebody_else_is_left(temporary: Path) -> None:
    theirs = temporary / "compose2aws-build-theirs"
    theirs.mkdir()
    (theirs / "lock").touch()
    os.chown(theirs, 12345, 12345)
    sweep()
    assert theirs.exists()
