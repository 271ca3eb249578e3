"""Files are written whole or not at all, and only what an earlier manifest names is removed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from compose2aws.cli.output import OutputError, write_files


def manifest(files: Iterable[object], **more: object) -> bytes:
    return json.dumps({"version": 1, "project": "p", "files": list(files), **more}).encode()


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else b"" for p in sorted(folder.rglob("*"))}


def test_files_are_written_into_a_new_folder_and_nothing_else_is_left_there(tmp_path: Path) -> None:
    files = {"a.template.yaml": b"1", "manifest.json": manifest(["a.template.yaml"])}
    assert write_files(tmp_path / "deep" / "out", files) == ()
    assert contents(tmp_path / "deep" / "out") == files


def test_what_the_earlier_manifest_names_and_is_no_longer_made_is_removed(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.yaml": b"1", "b.yaml": b"1", "manifest.json": manifest(["a.yaml", "b.yaml"])})
    (tmp_path / "mine.yaml").write_bytes(b"mine")
    new = {"a.yaml": b"2", "manifest.json": manifest(["a.yaml"])}
    assert write_files(tmp_path, new) == ("b.yaml",)
    assert contents(tmp_path) == {**new, "mine.yaml": b"mine"}


@pytest.mark.parametrize("name", ["../victim", "sub/victim", "..", ".", "", "/victim", "..\\victim", "a\0b", 7, None])
def test_a_manifest_that_names_something_outside_the_folder_removes_nothing(tmp_path: Path, name: object) -> None:
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    for victim in (tmp_path / "victim", out / "sub" / "victim", out / "kept"):
        victim.write_bytes(b"precious")
    (out / "manifest.json").write_bytes(manifest([name, str(tmp_path / "victim"), "sub"]))
    assert write_files(out, {"manifest.json": manifest([])}) == ()
    assert [p for p in (tmp_path / "victim", out / "sub" / "victim", out / "kept") if not p.exists()] == []


def test_a_link_that_the_manifest_names_goes_but_not_what_it_leads_to(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "precious").write_bytes(b"precious")
    (out / "link").symlink_to(tmp_path / "precious")
    (out / "manifest.json").write_bytes(manifest(["link"]))
    assert write_files(out, {"manifest.json": manifest([])}) == ("link",)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert not (out / "link").is_symlink()


def test_a_name_that_no_file_can_have_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(manifest(["x" * 5000, "\ud800"]))
    assert write_files(tmp_path, {"manifest.json": manifest([])}) == ()


def test_a_failure_half_way_leaves_the_earlier_output_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"a": b"1", "b": b"1", "gone": b"1", "manifest.json": manifest(["a", "b", "gone"])})
    before = contents(tmp_path)
    real = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target.name == "manifest.json" and self.parent.name == "new":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OutputError, match="No space left on device"):
        write_files(tmp_path, {"a": b"2", "b": b"2", "c": b"2", "manifest.json": manifest(["a", "b", "c"])})
    assert contents(tmp_path) == before


def test_an_interruption_leaves_no_folder_that_was_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Path, data: bytes) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path / "deep" / "out", {"a": b"1"})
    assert contents(tmp_path) == {}


def test_a_folder_in_the_place_of_a_file_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write_files(tmp_path, {"a": b"1", "b": b"1"})
    assert contents(tmp_path) == {"a": b""}


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(OutputError, match="cannot write to"):
        write_files(tmp_path / "out", {"a": b"1"})
    assert (tmp_path / "out").read_bytes() == b"mine"


@pytest.mark.parametrize("text", [b"not json", b"[]", b'{"manifest_version": 3}', b'{"files": "x"}', b"[" * 100_000])
def test_a_manifest_of_another_program_is_not_overwritten(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(text)
    with pytest.raises(OutputError, match="was not made by compose2aws"):
        write_files(tmp_path, {"manifest.json": manifest([])})
    assert (tmp_path / "manifest.json").read_bytes() == text


def test_a_name_that_leads_out_of_the_folder_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not a plain file name"):
        write_files(tmp_path / "out", {"../a": b"1"})
    assert contents(tmp_path) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write_files(tmp_path / "out", {"a": b"1"})
