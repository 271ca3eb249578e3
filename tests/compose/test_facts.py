"""What the project knows of the files that it names."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from compose2aws.compose import facts
from tests.compose.projects import project, write

TEXT = """\
services:
  api:
    build: {context: app, dockerfile: docker/Dockerfile}
    volumes: ['./nginx.conf:/etc/nginx.conf', './data:/data', './missing:/m']
    env_file: app.env
configs: {c: {file: ./c.conf}}
secrets: {s: {file: ./s.txt}}
"""


def test_the_files_of_a_mounted_folder_are_read_where_they_are_the_projects(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    for place in ("conf", "many"):
        (folder / place).mkdir(parents=True)
    (folder / "conf" / "deep").mkdir()
    (folder / "conf" / "deep" / "app.ini").write_text("a = 1\n")
    for number in range(facts.MOST_READ + 1):
        (folder / "many" / f"{number}.txt").write_text("x")
    for place in ("beside", ".hidden"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "key").write_text("k")
    mounts = ["./conf:/conf", "./many:/many", "../beside:/b", "../.hidden:/h"]
    loaded = project(folder, f"services: {{api: {{image: a, volumes: {mounts}}}}}\n")
    assert loaded.fact(f"{folder}/conf/deep/app.ini").text == "a = 1\n"
    assert loaded.fact(f"{tmp_path}/beside/key").text == "k"
    assert loaded.fact(f"{folder}/many/1.txt").kind == "missing"
    assert loaded.fact(f"{tmp_path}/.hidden/key").kind == "missing"


def test_every_named_path_has_its_facts(tmp_path: Path) -> None:
    files = {
        "app/docker/Dockerfile": "FROM scratch\n",
        "app/.dockerignore": "node_modules\n",
        "app/main.py": "print()\n",
        "nginx.conf": "events {}\n",
        "data/a/b.txt": "12345",
        "data/c.txt": "123",
        "app.env": "A=1\n",
        "c.conf": "c\n",
        "s.txt": "s\n",
    }
    loaded = project(tmp_path, TEXT, files=files)
    dockerfile = loaded.fact(f"{tmp_path}/app/docker/Dockerfile")
    assert (dockerfile.kind, dockerfile.text) == ("file", "FROM scratch\n")
    assert loaded.fact(f"{tmp_path}/app/.dockerignore").text == "node_modules\n"
    assert loaded.fact(f"{tmp_path}/app").entries == (".dockerignore", "docker/Dockerfile", "main.py")
    assert loaded.fact(f"{tmp_path}/nginx.conf").size == 10
    data = loaded.fact(f"{tmp_path}/data")
    assert (data.kind, data.size, data.entries) == ("folder", 8, ("a/b.txt", "c.txt"))
    assert loaded.fact(f"{tmp_path}/missing").kind == "missing"
    assert loaded.fact(f"{tmp_path}/app.env").text == "A=1\n"
    assert loaded.fact(f"{tmp_path}/c.conf").text == "c\n"
    assert loaded.fact(f"{tmp_path}/s.txt").text == "s\n"
    assert loaded.fact("/not/named").kind == "missing"


@pytest.mark.parametrize("content", [b"\x00\x01", b"\xff\xfe", b"x" * (64 * 1024 + 1)])
def test_a_binary_or_large_file_has_no_text(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(content)
    fact = facts.look(str(tmp_path / "f"))
    assert (fact.kind, fact.size, fact.text) == ("file", len(content), None)


def test_a_file_of_64_kibibytes_has_its_text(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 64 * 1024)
    assert facts.look(str(tmp_path / "f")).text == "x" * 64 * 1024


def test_a_script_is_executable(tmp_path: Path) -> None:
    write(tmp_path, {"run.sh": "#!/bin/sh\n"})
    (tmp_path / "run.sh").chmod(0o755)
    assert facts.look(str(tmp_path / "run.sh")).executable


def test_a_socket_is_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        assert facts.look(str(tmp_path / "s")).kind == "socket"


def test_links_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    write(tmp_path, {"real/a.txt": "a", "real/b/c.txt": "c"})
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "again").symlink_to(tmp_path)
    assert facts.look(str(tmp_path / "link")).entries == ("a.txt", "b/c.txt")


def test_a_large_folder_is_counted_up_to_a_bound(tmp_path: Path) -> None:
    for number in range(1_200):
        (tmp_path / f"{number:04}").touch()
    fact = facts.look(str(tmp_path))
    assert len(fact.entries) == facts.MOST_ENTRIES
    assert fact.entries[0] == "0000"


def test_facts_do_not_depend_on_the_order_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).touch()
    before = facts.look(str(tmp_path))
    scan = os.scandir

    class Reversed:
        def __init__(self, path: str) -> None:
            self.entries = sorted(scan(path), key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self.entries

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(os, "scandir", Reversed)
    assert facts.look(str(tmp_path)) == before
