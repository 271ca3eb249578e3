"""What is wrong is said with its place, what was found, what is wanted and the spelling meant; all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.compose import ComposeError, LoadOptions, load
from tests.compose.projects import errors, project, write


def said(folder: Path, text: str, **options: object) -> list[str]:
    return [f"{d.position}: {'.'.join(map(str, d.path))}: {d.message}" for d in errors(folder, text, **options)]


def test_an_unknown_key_offers_the_nearest(tmp_path: Path) -> None:
    text = "services:\n  api:\n    image: x\n    porst: ['80']\n"
    assert said(tmp_path, text) == [
        "compose.yaml:4:5: services.api.porst: unknown key 'porst' of a service; did you mean 'ports'?"
    ]


def test_all_errors_of_a_file_are_said_at_once(tmp_path: Path) -> None:
    text = """\
services:
  api:
    image: [x]
    restrat: always
    ports: {a: b}
  db:
    image: y
    deploy: {replicas: [1]}
volumez: {}
"""
    found = said(tmp_path, text)
    assert len(found) == 5
    assert "compose.yaml:3:5: services.api.image: a text is wanted here, found a list" in found
    assert "compose.yaml:5:5: services.api.ports: a list is wanted here, found a mapping" in found
    assert any(line.endswith("did you mean 'volumes'?") for line in found)


def test_the_place_of_an_error_is_in_the_file_that_made_it(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "services: {api: {image: x}}\n", "b.yaml": "services:\n  api:\n    tty: [1]\n"})
    with pytest.raises(ComposeError) as raised:
        load(LoadOptions(files=("a.yaml", "b.yaml"), working_directory=str(tmp_path), project_name="p"))
    assert str(raised.value.diagnostics[0].position) == "b.yaml:3:5"


def test_a_choice_offers_what_is_near(tmp_path: Path) -> None:
    text = "services: {a: {image: x, depends_on: {b: {condition: service_healty}}}, b: {image: y}}"
    assert said(tmp_path, text)[0].endswith(
        "service_started, service_healthy or service_completed_successfully is wanted here, found 'service_healty'; "
        "did you mean 'service_healthy'?"
    )


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    text = "services: {a: {image: x, develop: {watch: [{path: .}]}}}"
    assert said(tmp_path, text) == [
        "compose.yaml:1:44: services.a.develop.watch.0: the key 'action' is missing",
    ]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("ports: ['80:x']", "the container's port is a number up to 65535, or a range of them, found '80:x'"),
        ("ports: ['99999:80']", "the host's port is a number up to 65535"),
        ("ports: ['80/http']", "the protocol is one of tcp, udp, sctp"),
        ("ports: ['1-3:1-2']", "of different length"),
        ("volumes: ['ab::c']", "a part between the colons is empty"),
        ("volumes: ['/a:/b:ro:x']", "too many colons"),
        ("healthcheck: {test: x, interval: 5 years}", "a duration such as 1m30s is wanted here, found '5 years'"),
        ("mem_limit: plenty", "a size such as 512m is wanted here, found 'plenty'"),
        ("tty: maybe", "true or false is wanted here, found 'maybe'"),
        ("scale: many", "a whole number is wanted here, found 'many'"),
        ("volumes: ['datta:/d']", "the volume 'datta' is nowhere in `volumes`; did you mean 'data'?"),
        ("networks: [frotn]", "the network 'frotn' is nowhere in `networks`; did you mean 'front'?"),
        ("depends_on: [ab]", "there is no service 'ab'"),
        ("command: 'say \"hi'", "a quote or bracket is opened and never closed"),
        ("extends: basis", "there is no service 'basis' to extend; did you mean 'base'?"),
    ],
)
def test_what_is_wrong_is_said_in_words(tmp_path: Path, spec: str, words: str) -> None:
    text = (
        f"services:\n  a:\n    image: x\n    {spec}\n  base: {{image: y}}\nvolumes: {{data: }}\nnetworks: {{front: }}\n"
    )
    found = said(tmp_path, text)
    assert len(found) == 1
    assert words in found[0]
    assert found[0].startswith("compose.yaml:4:")


def test_an_unset_variable_is_named_where_it_makes_a_value_invalid(tmp_path: Path) -> None:
    text = "services: {a: {image: x, tty: '${TTY}', ports: ['80:${PORT}'], volumes: ['${DIR}:/x']}}"
    assert "'TTY', which is not set" in said(tmp_path, text)[0]
    text = text.replace("tty: '${TTY}', ", "")
    found = said(tmp_path, text)
    assert "the variable 'PORT' is not set" in found[0]
    assert "the variable 'DIR' is not set" in found[1]


@pytest.mark.parametrize(
    "line",
    ["tty: '${SECRET}'", "ports: ['${SECRET}:80']", "volumes: ['ab:/b:${SECRET}:c']", "mem_limit: '${SECRET}'",
     "healthcheck: {test: x, interval: '${SECRET}'}", "image: '${MISSING:?set it, not ${SECRET}}'",
     "volumes: ['${SECRET}:/x']", "env_file: '${SECRET}'", "secrets: ['${SECRET}']", "extends: '${SECRET}'",
     "extends: {service: a, file: '${SECRET}'}", "network_mode: 'service:${SECRET}'", "label_file: 'a/${SECRET}'",
     "pull_policy: '${SECRET}'", "cgroup: '${SECRET}'", "env_file: 'made.env'"],
)  # fmt: skip
def test_no_value_of_a_variable_is_in_an_error(tmp_path: Path, line: str) -> None:
    text = f"services:\n  a:\n    {line}\n" + ("" if line.startswith("image") else "    image: x\n")
    files = {"made.env": "A=${NOPE:?${SECRET}}\n"}
    for diagnostic in errors(tmp_path, text, files=files, environment={"SECRET": "hunter2!"}):
        assert "hunter2" not in diagnostic.message


def test_a_required_variable_says_its_message(tmp_path: Path) -> None:
    assert said(tmp_path, "services: {a: {image: 'x:${TAG:?choose a tag}'}}") == [
        "compose.yaml:1:23: services.a.image: the variable 'TAG' must be set: choose a tag"
    ]


def test_a_twice_written_key_names_both_lines(tmp_path: Path) -> None:
    text = "services:\n  a:\n    image: x\n    tty: true\n    image: y\n"
    assert said(tmp_path, text) == ["compose.yaml:5:5: services.a.image: the key 'image' is already at line 3"]


def test_yaml_errors_have_their_place(tmp_path: Path) -> None:
    found = said(tmp_path, "services:\n\ta: x\n")
    assert found[0].startswith("compose.yaml:2:1: ")
    assert "indented with spaces" in found[0]


def test_an_env_file_error_has_its_line(tmp_path: Path) -> None:
    text = "services: {a: {image: x, env_file: a.env}}"
    found = said(tmp_path, text, files={"a.env": "A=1\nB='open\n"})
    assert found == ["a.env:2:1: services.a.env_file.0: a quote is opened and never closed"]


def test_a_circle_of_services_is_spelled_out(tmp_path: Path) -> None:
    text = "services: {a: {image: x, depends_on: [b]}, b: {image: y, depends_on: [c]}, c: {image: z, links: [a]}}"
    assert "a → b → c → a" in said(tmp_path, text)[0]


def test_warnings_do_not_stop_a_load(tmp_path: Path) -> None:
    loaded = project(tmp_path, "version: '3'\nservices: {a: {image: x}}\n")
    assert [(warning.code, str(warning.position)) for warning in loaded.warnings] == [("version", "compose.yaml:1:1")]


def test_errors_of_different_kinds_are_said_together_from_top_to_bottom(tmp_path: Path) -> None:
    text = """\
services:
  a:
    image: '${'
    ports: ['x']
    tty: maybe
    porst: 1
    extends: nobody
  b:
    image: y
    mem_limit: much
"""
    codes = [diagnostic.code for diagnostic in errors(tmp_path, text)]
    assert codes == ["interpolation", "short-form", "cast", "unknown-key", "no-service"]


def test_an_error_that_follows_from_another_is_not_said(tmp_path: Path) -> None:
    found = said(tmp_path, "services: {a: {image: x, ports: ['${']}}")
    assert len(found) == 1


def test_a_service_whose_image_is_an_unset_variable_names_it(tmp_path: Path) -> None:
    assert "the variable 'IMAGE' is not set" in said(tmp_path, "services: {a: {image: '${IMAGE}'}}")[0]
