"""What each part of a compose file becomes in the canonical project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose2aws.compose import LoadOptions, Project, canonical, load, plain
from compose2aws.compose.scalars import resolve
from compose2aws.compose.units import duration, duration_text, number_text, single, size
from tests.compose.projects import project, value, write

INC = {"sub/inc.yaml": "services: {inc: {image: 'i:${V:-0}', build: ., volumes: ['./x:/x']}}\n", "sub/.env": "V=own\n"}


def service(loaded: Project, name: str = "a") -> Any:
    return plain(value(loaded, "services", name))


def merged(folder: Path, *texts: str) -> Project:
    names = tuple(f"{number}.yaml" for number in range(len(texts)))
    write(folder, dict(zip(names, texts, strict=True)))
    return load(LoadOptions(files=names, working_directory=str(folder), project_name="proj", environment={}))


def test_the_canonical_project_says_all_that_is_implicit(tmp_path: Path) -> None:
    assert plain(project(tmp_path, "services: {a: {image: x}}").root) == {
        "services": {"a": {"image": "x", "networks": {"default": None}, "command": None, "entrypoint": None}},
        "networks": {"default": {"name": "proj_default", "ipam": {}}},
    }


def test_printed_as_json_or_yaml(tmp_path: Path) -> None:
    loaded = project(tmp_path, "x-top: 1\nservices: {a: {x-own: 2, image: x, deploy: {replicas: 2}}}\nvolumes: {v: }")
    assert canonical(loaded) == {
        "name": "proj",
        "services": {
            "a": {
                "command": None,
                "deploy": {"replicas": 2, "resources": {}, "placement": {}},
                "entrypoint": None,
                "image": "x",
                "networks": {"default": None},
                "x-own": 2,
            }
        },
        "networks": {"default": {"name": "proj_default", "ipam": {}}},
        "volumes": {"v": {"name": "proj_v"}},
        "x-top": 1,
    }
    assert canonical(loaded, "yaml", pruned=True) == {
        "name": "proj",
        "services": {"a": {"deploy": {"replicas": 2}, "image": "x", "networks": {"default": None}, "x-own": 2}},
        "networks": {"default": {"name": "proj_default"}},
        "x-top": 1,
    }
    assert "x-own" not in canonical(loaded, extensions=False)["services"]["a"]
    assert list(canonical(loaded)) == ["name", "services", "networks", "volumes", "x-top"]


def test_a_later_file_wins_key_by_key(tmp_path: Path) -> None:
    loaded = merged(
        tmp_path,
        "services: {a: {image: x, environment: [A=1, B=2], ports: ['80:80'], command: run, labels: {l: 1}}}",
        "services: {a: {environment: {B: 3, C: }, ports: ['80:80', '81:81'], command: [go], labels: [m=2]}}",
    )
    a = service(loaded)
    assert a["environment"] == {"A": "1", "B": "3", "C": None}
    assert [port["published"] for port in a["ports"]] == ["80", "81"]
    assert a["command"] == ["go"]
    assert a["labels"] == {"l": "1", "m": "2"}


def test_a_mount_is_one_by_its_target(tmp_path: Path) -> None:
    loaded = merged(
        tmp_path,
        "services: {a: {image: x, volumes: ['./one:/data', './keep:/keep']}}",
        "services: {a: {volumes: ['./two:/data']}}",
    )
    assert [mount["source"] for mount in service(loaded)["volumes"]] == [f"{tmp_path}/two", f"{tmp_path}/keep"]


def test_reset_and_override_drop_what_was_before(tmp_path: Path) -> None:
    loaded = merged(
        tmp_path,
        "services: {a: {image: x, ports: ['80:80'], environment: {A: 1}, tty: true, dns: [1.1.1.1]}}",
        "services: {a: {ports: !reset [], environment: !override {B: 2}, tty: !reset null, dns: [8.8.8.8]}}",
    )
    a = service(loaded)
    assert "ports" not in a
    assert "tty" not in a
    assert a["environment"] == {"B": "2"}
    assert a["dns"] == ["1.1.1.1", "8.8.8.8"]


def test_a_service_extends_one_of_another_file(tmp_path: Path) -> None:
    files = {"base/b.yaml": "services: {b: {image: x, build: ., volumes: ['./v:/v'], environment: {A: 1, B: 2}}}"}
    text = "services: {a: {extends: {file: base/b.yaml, service: b}, environment: {B: 3}}}"
    a = service(project(tmp_path, text, files=files))
    assert a["build"]["context"] == f"{tmp_path}/base"
    assert a["volumes"][0]["source"] == f"{tmp_path}/base/v"
    assert a["environment"] == {"A": "1", "B": "3"}
    assert "extends" not in a


def test_a_chain_of_extends_is_followed(tmp_path: Path) -> None:
    text = "services: {a: {extends: b}, b: {extends: {service: c}, tty: true}, c: {image: x, init: true}}"
    a = service(project(tmp_path, text))
    assert (a["image"], a["tty"], a["init"]) == ("x", True, True)


def test_an_included_file_has_its_own_folder_and_variables(tmp_path: Path) -> None:
    loaded = project(tmp_path, "include: [sub/inc.yaml]\nservices: {a: {image: '${V:-none}'}}", files=INC)
    inc = service(loaded, "inc")
    assert inc["image"] == "i:own"
    assert inc["build"]["context"] == f"{tmp_path}/sub"
    assert inc["volumes"][0]["source"] == f"{tmp_path}/sub/x"
    assert service(loaded)["image"] == "none"


def test_an_include_may_have_another_folder_and_env_file(tmp_path: Path) -> None:
    text = "include: [{path: [sub/inc.yaml, over.yaml], project_directory: ., env_file: other.env}]\n"
    files = {**INC, "other.env": "V=other\n", "over.yaml": "services: {inc: {tty: true}}\n"}
    inc = service(project(tmp_path, text + "services: {a: {image: x}}", files=files), "inc")
    assert (inc["image"], inc["tty"], inc["build"]["context"]) == ("i:other", True, str(tmp_path))


def test_the_environment_wins_in_an_include_too(tmp_path: Path) -> None:
    loaded = project(tmp_path, "include: [sub/inc.yaml]\n", files=INC, environment={"V": "mine"})
    assert service(loaded, "inc")["image"] == "i:mine"


def test_the_including_file_wins_over_the_included(tmp_path: Path) -> None:
    loaded = project(tmp_path, "include: [sub/inc.yaml]\nservices: {inc: {image: mine}}", files=INC)
    assert service(loaded, "inc")["image"] == "mine"
    assert service(loaded, "inc")["build"]["context"] == f"{tmp_path}/sub"


def test_env_files_stand_below_the_environment(tmp_path: Path) -> None:
    files = {"one.env": "A=1\nB=1\nC=1\nR='$X'\n", "two.env": 'B=2\nexport C="${A}-${HOME}"\nHOME\n'}
    text = (
        "services: {a: {image: x, environment: [A=0], "
        "env_file: [one.env, {path: two.env}, {path: no.env, required: false}]}}"
    )
    a = service(project(tmp_path, text, files=files, environment={"HOME": "/h"}))
    assert a["environment"] == {"A": "0", "B": "2", "C": "0-/h", "R": "$X", "HOME": "/h"}
    assert "env_file" not in a


def test_a_raw_env_file_is_taken_as_it_is(tmp_path: Path) -> None:
    text = "services: {a: {image: x, env_file: [{path: raw.env, format: raw}]}}"
    a = service(project(tmp_path, text, files={"raw.env": "A='$X' # y\n# no\nB=\n"}))
    assert a["environment"] == {"A": "'$X' # y", "B": ""}


def test_label_files_stand_below_the_labels(tmp_path: Path) -> None:
    text = "services: {a: {image: x, label_file: l.env, labels: [own=1]}}"
    a = service(project(tmp_path, text, files={"l.env": "own=0\nother=2\n"}))
    assert a["labels"] == {"own": "1", "other": "2"}


def test_whatever_a_service_refers_to_it_depends_on(tmp_path: Path) -> None:
    text = """\
services:
  a: {image: x, links: ['b:alias'], volumes_from: [c], network_mode: 'service:d', depends_on: [e]}
  b: {image: x}
  c: {image: x}
  d: {image: x}
  e: {image: x}
"""
    depends_on = service(project(tmp_path, text))["depends_on"]
    assert {name: entry.get("restart", False) for name, entry in depends_on.items()} == {
        "e": False,
        "b": True,
        "d": True,
        "c": False,
    }


def test_external_resources_keep_their_names(tmp_path: Path) -> None:
    text = (
        "services: {a: {image: x, networks: [n, o], volumes: ['v:/v']}}\n"
        "networks: {n: {external: true}, o: {external: {name: other}}}\nvolumes: {v: {name: mine}}"
    )
    loaded = project(tmp_path, text)
    assert plain(value(loaded, "networks", "n")) == {"external": True, "name": "n", "ipam": {}}
    assert plain(value(loaded, "networks", "o")) == {"external": True, "name": "other", "ipam": {}}
    assert plain(value(loaded, "volumes", "v")) == {"name": "mine"}
    assert [warning.code for warning in loaded.warnings] == ["external-name"]


def test_secrets_from_the_environment_keep_no_content(tmp_path: Path) -> None:
    text = (
        "services: {a: {image: x, secrets: [s], configs: [c]}}\n"
        "secrets: {s: {environment: S}}\nconfigs: {c: {environment: S}}\n"
    )
    loaded = project(tmp_path, text, environment={"S": "hunter2"})
    assert "hunter2" not in str(plain(loaded.root))
    assert "hunter2" not in repr(loaded)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("22:22", "22:22"), ("yes", "yes"), ("On", "On"), ("true", True), ("FALSE", False), ("~", None), ("", None),
        ("0o17", 15), ("017", 15), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("-5", -5), ("+5", 5), ("089", 89.0),
        ("1e3", 1000.0), (".5", 0.5), ("1.", 1.0), (".inf", float("inf")), ("2024-01-01", "2024-01-01"),
        ("1.2.3", "1.2.3"),
        ("1e400", "1e400"), ("18446744073709551616", 1.8446744073709552e19), ("0o8", "0o8"), ("_1", "_1"),
        ("null", None),
    ],
)  # fmt: skip
def test_plain_scalars_are_those_of_yaml_1_2(text: str, found: object) -> None:
    value = resolve(text)
    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(
    ("text", "nanoseconds", "written"),
    [("90s", 90 * 10**9, "1m30s"), ("1.5h", 5400 * 10**9, "1h30m0s"), ("1d", 86400 * 10**9, "24h0m0s"), ("0", 0, "0s"),
     ("1m1ms", 60_001 * 10**6, "1m0.001s"), ("250ms", 250 * 10**6, "250ms"), ("-3s", -3 * 10**9, "-3s"),
     ("2us", 2000, "2µs")],
)  # fmt: skip
def test_durations_are_read_and_written(text: str, nanoseconds: int, written: str) -> None:
    assert duration(text) == nanoseconds
    assert duration_text(nanoseconds) == written


@pytest.mark.parametrize("text", ["", "5", "s", "1 s", "1x", "--1s", "1s2", "9" * 30 + "h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        duration(text)


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("512m", 512 << 20), ("1g", 1 << 30), ("1.5 GB", 3 << 29), ("64KiB", 65536), ("10b", 10), ("-1", -1), ("7", 7)],
)
def test_sizes_are_bytes(text: str, bytes_: int) -> None:
    assert size(text) == bytes_


@pytest.mark.parametrize("text", ["", "m", "1x", "1mm", "-1m", "1e999g", "1 2m", "0x10"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        size(text)


def test_numbers_are_written_as_go_writes_them() -> None:
    assert [number_text(n) for n in (1.0, 1.1, 1e6, 999999.0, 1e-5, 0.0001, 123456789.5, float("inf"))] == [
        "1", "1.1", "1e+06", "999999", "1e-05", "0.0001", "1.234567895e+08", "+Inf",
    ]  # fmt: skip
    assert [single(n) for n in (0.1, 0.5, 2.0, 1 / 3)] == [0.1, 0.5, 2, 0.33333334]
