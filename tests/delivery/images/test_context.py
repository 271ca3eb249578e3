"""The hash of a build context says whether the image would be another."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from compose2aws.delivery.images.context import folder_hash
from compose2aws.delivery.refusal import DeliveryError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "context"
    (place / "src").mkdir(parents=True)
    (place / "src" / "main.py").write_text("print(1)\n")
    (place / "run.sh").write_text("#!/bin/sh\n")
    (place / "run.sh").chmod(0o644)
    (place / "current").symlink_to("src")
    return place


def _rename(folder: Path) -> None:
    (folder / "src" / "main.py").rename(folder / "src" / "other.py")


def _relink(folder: Path) -> None:
    (folder / "current").unlink()
    (folder / "current").symlink_to("elsewhere")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda folder: (folder / "src" / "main.py").write_text("print(2)\n"),
    "name": _rename,
    "mode": lambda folder: (folder / "run.sh").chmod(0o755),
    "an empty folder": lambda folder: (folder / "empty").mkdir(),
    "where a link leads": _relink,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_makes_another_hash(folder: Path, change: Callable[[Path], object]) -> None:
    before = folder_hash(folder)
    change(folder)
    assert folder_hash(folder) != before


def test_time_and_place_make_none(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = folder_hash(folder)
    os.utime(folder / "src" / "main.py", (1, 1))
    shutil.copytree(folder, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(folder)
    assert folder_hash(Path()) == folder_hash(tmp_path / "copy") == before


def test_two_files_do_not_look_like_one(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "a").write_text("bc")
    (tmp_path / "two" / "ab").write_text("c")
    assert folder_hash(tmp_path / "one") != folder_hash(tmp_path / "two")


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    before = folder_hash(folder)
    os.mkfifo(folder / "pipe")
    assert folder_hash(folder) != before


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"/nowhere, which an image is built from, is not there"):
        folder_hash(tmp_path / "nowhere")


@pytest.mark.soak
def test_fifty_thousand_files_take_seconds(tmp_path: Path) -> None:
    for number in range(500):
        inner = tmp_path / f"package{number}"
        inner.mkdir()
        for file in range(100):
            (inner / f"file{file}.js").write_text("x" * 500)
    begun = time.monotonic()
    folder_hash(tmp_path)
    assert time.monotonic() - begun < 20
