"""Input made to hurt: an error within moments and in bounded memory, never a traceback."""

from __future__ import annotations

import os
import time
import tracemalloc
from pathlib import Path

import pytest

from compose2aws.compose import ComposeError, LoadOptions, find, load
from tests.compose.projects import project, write

SERVICE = "services: {a: {image: x}}\n"
SECONDS = 4.0
"""Far above what any case takes (under one), so that a busy machine fails no test."""

BOMB_OF_LISTS = "x-0: &a0 [x, x, x]\n" + "".join(
    f"x-{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 20)
)
BOMB_OF_MAPPINGS = "x-0: &a0 {k: v}\n" + "".join(
    f"x-{i}: &a{i} {{{', '.join(f'k{j}: *a{i - 1}' for j in range(10))}}}\n" for i in range(1, 20)
)
BOMB_OF_MERGES = "x-0: &a0 {k: v}\n" + "".join(
    f"x-{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 3)}], k{i}: 1}}\n" for i in range(1, 100)
)

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "a bomb of lists": (BOMB_OF_LISTS + SERVICE, "alias-bomb"),
    "a bomb of mappings": (BOMB_OF_MAPPINGS + SERVICE, "alias-bomb"),
    "a bomb of merge keys": (BOMB_OF_MERGES + SERVICE, "alias-bomb"),
    "deep flow lists": ("x: " + "[" * 10_000 + "]" * 10_000, "too-deep"),
    "deep flow mappings": ("x: " + "{a: " * 10_000 + "}" * 10_000, "too-deep"),
    "deep blocks": ("".join(" " * i + "a:\n" for i in range(1_000)), "too-deep"),
    "deep aliases": (
        "".join(f"x-{i}: &a{i} {'{a: ' * 40}{'1' if i == 0 else f'*a{i - 1}'}{'}' * 40}\n" for i in range(60)),
        "too-deep",
    ),
    "too many values": ("x: [" + "a," * 1_000_000 + "]", "too-large"),
    "too many bytes": (b"#" * (9 * 1024 * 1024), "too-large"),
    "binary": (bytes(range(256)) * 100, "not-text"),
    "a null byte": (b"services:\0", "not-text"),
    "another encoding": ("services: {a: {image: é}}".encode("latin-1"), "not-text"),
    "broken UTF-16": (b"\xff\xfe\x00\xd8\x41", "not-text"),
    "tabs": ("services:\n\ta:\n\t\timage: x\n", "yaml"),
    "control characters": ("services: {a: {image: \x01}}", "yaml"),
    "half a surrogate": ('services: {a: {image: "\\ud800"}}', "yaml"),
    "a key of a megabyte": ("services: {a: {? " + "k" * 1_000_000 + " : 1}}", "unknown-key"),
    "twice the same key": ("services:\n" + "  a: {image: x}\n" * 20_000, "duplicate-key"),
    "an alias to nothing": ("x: *nothing\n", "yaml"),
    "an alias to itself": ("x-a: &a [*a]\n" + SERVICE, "alias-cycle"),
    "a merge of itself": ("x-a: &a {<<: *a}\n" + SERVICE, "alias-cycle"),
    "a list as key": ("? [a, b]\n: 1\n", "key-not-text"),
    "a number as key": ("services: {1: {image: x}}", "key-not-text"),
    "no mapping": ("just a text", "schema"),
    "nothing": ("", "empty"),
    "nothing but a document": ("---\n", "schema"),
    "deep defaults": ("services: {a: {image: '" + "${A:-" * 50_000 + "}" * 50_000 + "'}}", "interpolation"),
    "open defaults": ("services: {a: {image: '" + "${A:-{" * 50_000 + "'}}", "interpolation"),
    "very many variables": ("services: {a: {image: '" + "${A:-x} " * 200_000 + "'}}", "too-large"),
    "a huge range of ports": ("services: {a: {image: x, ports: ['1-60000:1-60000']}}", "short-form"),
    "many ranges of ports": (
        "services:\n" + "".join(f"  s{i}: {{image: x, ports: ['1-9000:1-9000']}}\n" for i in range(500)),
        "too-large",
    ),
    "a number of 100,000 digits": ("services: {a: {image: x, scale: " + "9" * 100_000 + "}}", "cast"),
    "a chain of extends": (
        "services:\n"
        + "".join(f"  s{i}: {{image: x, extends: s{i + 1}}}\n" for i in range(3_000))
        + "  s3000: {image: x}\n",
        "extends-cycle",
    ),
    "extending itself": ("services: {a: {image: x, extends: a}}", "extends-cycle"),
    "extending itself in a file": (
        "services: {a: {image: x, extends: {file: compose.yaml, service: a}}}",
        "extends-cycle",
    ),
    "including itself": ("include: [compose.yaml]\n" + SERVICE, "include-cycle"),
    "including over the network": ("include: ['https://example.com/x.git']\n" + SERVICE, "remote"),
    "including a registry": ("include: ['oci://example.com/x']\n" + SERVICE, "remote"),
    "including a folder": ("include: [.]\n" + SERVICE, "not-a-file"),
    "extending a folder": ("services: {a: {extends: {file: ., service: b}}}", "not-a-file"),
    "a name with a null byte": ('services: {a: {image: x, env_file: "a\\0b"}}', "no-file"),
    "thousands of errors": (
        "services:\n" + "".join(f"  s{i}: {{imag: x, prts: 1}}\n" for i in range(5_000)),
        "unknown-key",
    ),
    "thousands of unknown names": (
        "services:\n" + "".join(f"  s{i}: {{image: x, networks: [n{i}]}}\n" for i in range(3_000)),
        "no-network",
    ),
    "thousands of documents": ("".join(f"---\n{SERVICE}" for _ in range(5_000)), "too-large"),
    "every section of another kind": (
        "services: []\nvolumes: 5\nnetworks: text\nconfigs: true\nsecrets: [a]\nmodels: 1\nname: [x]\nversion: {}\n",
        "schema",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_files_are_refused_in_time(name: str, tmp_path: Path) -> None:
    content, code = REFUSED[name]
    (tmp_path / "compose.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    begun = time.monotonic()
    with pytest.raises(ComposeError) as raised:
        load(LoadOptions(working_directory=str(tmp_path), environment={}, project_name="p"))
    assert time.monotonic() - begun < SECONDS
    assert code in {diagnostic.code for diagnostic in raised.value.diagnostics}
    assert len(raised.value.diagnostics) <= 101
    assert all(len(diagnostic.message) < 500 for diagnostic in raised.value.diagnostics)


def test_a_bomb_takes_little_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    with pytest.raises(ComposeError):
        project(tmp_path, BOMB_OF_LISTS + SERVICE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + SERVICE.encode(), ("\ufeff" + SERVICE).encode("utf-16-le")])
def test_a_byte_order_mark_does_not_matter(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes(content)
    loaded = load(LoadOptions(working_directory=str(tmp_path), environment={}, project_name="p"))
    assert find(loaded.root, ("services", "a", "image")) is not None


def test_includes_that_double_are_refused(tmp_path: Path) -> None:
    files = {f"i{n}.yaml": f"include: [i{n + 1}.yaml, i{n + 1}.yaml]\n" for n in range(40)}
    files["i40.yaml"] = SERVICE
    with pytest.raises(ComposeError) as raised:
        project(tmp_path, "include: [i0.yaml]\n", files=files)
    assert raised.value.diagnostics[0].code == "too-large"


def test_variables_that_double_are_refused(tmp_path: Path) -> None:
    lines = "A0=xxxxxxxxxx\n" + "".join(f"A{n + 1}=$A{n}$A{n}\n" for n in range(60))
    with pytest.raises(ComposeError) as raised:
        project(tmp_path, "services: {a: {image: x, env_file: a.env}}", files={"a.env": lines})
    assert raised.value.diagnostics[0].code == "env-file"


def test_a_long_value_used_very_often_is_refused(tmp_path: Path) -> None:
    text = "services:\n" + "".join(f"  s{n}: {{image: '$A'}}\n" for n in range(2_000))
    with pytest.raises(ComposeError) as raised:
        project(tmp_path, text, environment={"A": "x" * 100_000})
    assert raised.value.diagnostics[0].code == "too-large"


def test_strange_files_are_looked_at_but_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    text = "services: {a: {image: x, volumes: ['./pipe:/p', './loop:/l', '/dev/zero:/z', \"./n\\0l:/n\"]}}"
    loaded = project(tmp_path, text)
    assert loaded.fact(f"{tmp_path}/pipe").kind == "other"
    assert loaded.fact(f"{tmp_path}/loop").kind == "missing"
    assert loaded.fact("/dev/zero").kind == "other"


@pytest.mark.parametrize("name", ["pipe", "loop", "folder"])
def test_strange_compose_files_are_refused(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    for options in ({"files": (name,)}, {"files": ("good.yaml",), "env_files": (name,)}):
        write(tmp_path, {"good.yaml": SERVICE})
        with pytest.raises(ComposeError):
            load(LoadOptions(working_directory=str(tmp_path), environment={}, **options))  # type: ignore[arg-type]


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    write(tmp_path, {"compose.yaml": SERVICE})
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ComposeError) as raised:
        load(LoadOptions(working_directory=str(tmp_path), environment={}))
    assert raised.value.diagnostics[0].code == "unreadable"


def test_a_thousand_services_are_read_in_linear_time(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        text = "services:\n" + "".join(
            f"  s{n}:\n    image: nginx:{n}\n    environment: {{A: '${{A:-1}}', B: b}}\n    ports: ['{8000 + n}:80']\n"
            f"    volumes: ['./a:/a']\n    depends_on: [zero]\n    healthcheck: {{test: curl -f x, interval: 10s}}\n"
            for n in range(count)
        )
        best = 1e9
        for _ in range(2):
            begun = time.process_time()
            project(tmp_path, text + "  zero: {image: x}\n")
            best = min(best, time.process_time() - begun)
        return best

    seconds(10)
    small, large = seconds(250), seconds(1_000)
    assert large < 2.1
    assert large < 8 * small + 0.1
