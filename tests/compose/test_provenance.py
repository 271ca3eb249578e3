"""Every value keeps its place and what it was made of, through all stages."""

from __future__ import annotations

from pathlib import Path

from compose2aws.compose import LoadOptions, Mapping, Project, Scalar, Segment, Sequence, find, load, locate, plain
from tests.compose.projects import project, value, write

SERVICE = "services:\n  api:\n    image: x\n"


def scalar(loaded: Project, *path: str | int) -> Scalar:
    node = value(loaded, *path)
    assert isinstance(node, Scalar), path
    return node


def place(loaded: Project, *path: str | int) -> str:
    return str(locate(loaded.root, path))


def test_a_value_of_the_environment_is_a_set_segment(tmp_path: Path) -> None:
    loaded = project(tmp_path, 'services: {api: {image: "app:${TAG}-x"}}', environment={"TAG": "7"})
    assert scalar(loaded, "services", "api", "image").segments == (
        Segment("app:"),
        Segment("7", ("TAG",), "set"),
        Segment("-x"),
    )


def test_a_default_is_told_from_a_value(tmp_path: Path) -> None:
    loaded = project(tmp_path, 'services: {api: {image: "${A:-one}${B-two}${C:+three}"}}', environment={"C": "c"})
    assert scalar(loaded, "services", "api", "image").segments == (
        Segment("one", ("A",), "default"),
        Segment("two", ("B",), "default"),
        Segment("three", ("C",), "default"),
    )


def test_a_nested_default_names_both_variables(tmp_path: Path) -> None:
    loaded = project(tmp_path, 'services: {api: {image: "${A:-${B}}"}}', environment={"B": "b"})
    assert scalar(loaded, "services", "api", "image").segments == (Segment("b", ("A", "B"), "set"),)


def test_an_unset_variable_is_an_empty_segment_and_one_warning(tmp_path: Path) -> None:
    text = "services: {api: {image: x, environment: {A: 'a$NONE', B: '${NONE}'}}}"
    loaded = project(tmp_path, text)
    a = scalar(loaded, "services", "api", "environment", "A")
    assert a.segments == (Segment("a"), Segment("", ("NONE",), "unset"))
    assert [warning.code for warning in loaded.warnings] == ["unset-variable"]
    assert "'NONE'" in loaded.warnings[0].message


def test_a_literal_has_no_segments(tmp_path: Path) -> None:
    loaded = project(tmp_path, "services: {api: {image: 'a$$b'}}")
    assert scalar(loaded, "services", "api", "image") == Scalar(
        "a$b", scalar(loaded, "services", "api", "image").position
    )


def test_a_required_variable_may_be_a_hole(tmp_path: Path) -> None:
    text = "services: {api: {image: x, environment: {A: 'x${NONE:?give ${HOME} me}'}}}"
    loaded = project(tmp_path, text, required_variables="hole", environment={"HOME": "/secret"})
    assert scalar(loaded, "services", "api", "environment", "A").segments == (
        Segment("x"),
        Segment("", ("NONE",), "unset", "give ${HOME} me"),
    )


def test_a_bare_name_is_null_or_a_set_segment(tmp_path: Path) -> None:
    text = "services: {api: {image: x, environment: [A, B], build: {context: ., args: [A, B]}}}"
    loaded = project(tmp_path, text, environment={"A": "1"})
    assert scalar(loaded, "services", "api", "environment", "A").segments == (Segment("1", ("A",), "set"),)
    assert scalar(loaded, "services", "api", "environment", "B").value is None
    assert scalar(loaded, "services", "api", "build", "args", "A").segments == (Segment("1", ("A",), "set"),)


def test_a_port_cuts_the_segments_with_the_text(tmp_path: Path) -> None:
    loaded = project(
        tmp_path, 'services: {api: {image: x, ports: ["${OUT}:${IN:-80}/udp"]}}', environment={"OUT": "90"}
    )
    published = scalar(loaded, "services", "api", "ports", 0, "published")
    assert (published.value, published.segments) == ("90", (Segment("90", ("OUT",), "set"),))
    assert scalar(loaded, "services", "api", "ports", 0, "target").value == 80
    assert scalar(loaded, "services", "api", "ports", 0, "target").segments == (Segment("80", ("IN",), "default"),)
    assert scalar(loaded, "services", "api", "ports", 0, "protocol").segments == ()


def test_a_mount_cuts_the_segments_with_the_text(tmp_path: Path) -> None:
    loaded = project(tmp_path, 'services: {api: {image: x, volumes: ["${D}/in:/data:ro"]}}', environment={"D": "/srv"})
    source = scalar(loaded, "services", "api", "volumes", 0, "source")
    assert (source.value, source.segments) == ("/srv/in", (Segment("/srv", ("D",), "set"), Segment("/in")))
    assert scalar(loaded, "services", "api", "volumes", 0, "target").segments == ()


def test_a_relative_path_keeps_its_segments_behind_the_folder(tmp_path: Path) -> None:
    loaded = project(tmp_path, 'services: {api: {build: "${D}"}}', environment={"D": "app"})
    context = scalar(loaded, "services", "api", "build", "context")
    assert context.value == f"{tmp_path}/app"
    assert context.segments == (Segment(f"{tmp_path}/"), Segment("app", ("D",), "set"))


def test_a_command_keeps_the_line_that_it_was_cut_from(tmp_path: Path) -> None:
    text = """services: {api: {image: x, command: "run --key='${KEY} 1' ${MORE}"}}"""
    loaded = project(tmp_path, text, environment={"KEY": "k"})
    command = value(loaded, "services", "api", "command")
    assert isinstance(command, Sequence)
    assert [item.text for item in command.items if isinstance(item, Scalar)] == ["run", "--key=k 1"]
    assert scalar(loaded, "services", "api", "command", 1).segments == (
        Segment("--key="),
        Segment("k", ("KEY",), "set"),
        Segment(" 1"),
    )
    assert command.unsplit is not None
    assert command.unsplit.segments[-1] == Segment("", ("MORE",), "unset")


def test_a_health_check_keeps_its_line(tmp_path: Path) -> None:
    loaded = project(tmp_path, 'services: {api: {image: x, healthcheck: {test: "curl ${U}"}}}', environment={"U": "u"})
    test = value(loaded, "services", "api", "healthcheck", "test")
    assert isinstance(test, Sequence)
    assert test.unsplit is not None
    assert test.unsplit.segments == (Segment("curl "), Segment("u", ("U",), "set"))


def test_a_command_that_compose_cuts_off_is_warned_of(tmp_path: Path) -> None:
    loaded = project(tmp_path, "services: {api: {image: x, command: 'migrate && serve'}}")
    assert plain(value(loaded, "services", "api", "command")) == ["migrate"]
    assert [(warning.code, warning.path) for warning in loaded.warnings] == [
        ("command-cut", ("services", "api", "command"))
    ]


def test_a_cast_keeps_the_text_before_it(tmp_path: Path) -> None:
    text = 'services: {api: {image: x, tty: "${T}", scale: "${S}"}}'
    loaded = project(tmp_path, text, environment={"T": "yes", "S": "2"})
    tty = scalar(loaded, "services", "api", "tty")
    assert (tty.value, tty.segments) == (True, (Segment("yes", ("T",), "set"),))
    assert scalar(loaded, "services", "api", "scale").value == 2


def test_places_survive_merging(tmp_path: Path) -> None:
    files = {
        "a.yaml": "services:\n  api:\n    image: x\n    environment:\n      - A=1\n      - B=2\n",
        "b.yaml": "services:\n  api:\n    environment:\n      B: 3\n",
    }
    write(tmp_path, files)
    loaded = load(LoadOptions(files=tuple(files), working_directory=str(tmp_path), project_name="proj"))
    assert place(loaded, "services", "api", "image") == "a.yaml:3:5"
    assert place(loaded, "services", "api", "environment", "A") == "a.yaml:5:9"
    assert place(loaded, "services", "api", "environment", "B") == "b.yaml:4:7"


def test_places_survive_extending_another_file(tmp_path: Path) -> None:
    base = "services:\n  base:\n    image: x\n    environment: {A: '${V}'}\n"
    text = "services:\n  api:\n    extends: {file: sub/base.yaml, service: base}\n    tty: true\n"
    loaded = project(tmp_path, text, files={"sub/base.yaml": base}, environment={"V": "v"})
    assert place(loaded, "services", "api", "image") == "sub/base.yaml:3:5"
    assert place(loaded, "services", "api", "tty") == "compose.yaml:4:5"
    assert scalar(loaded, "services", "api", "environment", "A").segments == (Segment("v", ("V",), "set"),)


def test_places_survive_including(tmp_path: Path) -> None:
    files = {"sub/inc.yaml": "services:\n  inc:\n    image: i\n"}
    loaded = project(tmp_path, "include: [sub/inc.yaml]\n" + SERVICE, files=files)
    assert place(loaded, "services", "inc", "image") == "sub/inc.yaml:3:5"


def test_places_survive_anchors_and_merge_keys(tmp_path: Path) -> None:
    text = "x-base: &base\n  image: x\n  restart: always\nservices:\n  api:\n    <<: *base\n    restart: 'no'\n"
    loaded = project(tmp_path, text)
    assert place(loaded, "services", "api", "image") == "compose.yaml:2:3"
    assert place(loaded, "services", "api", "restart") == "compose.yaml:7:5"


def test_a_variable_of_an_env_file_stands_in_that_file(tmp_path: Path) -> None:
    files = {"app.env": "# note\nA=1\nB=x${HOME}\n"}
    text = SERVICE + "    env_file: app.env\n"
    loaded = project(tmp_path, text, files=files, environment={"HOME": "/h"})
    assert place(loaded, "services", "api", "environment", "A") == "app.env:2:1"
    assert scalar(loaded, "services", "api", "environment", "A").segments == ()
    assert scalar(loaded, "services", "api", "environment", "B").segments == (
        Segment("x"),
        Segment("/h", ("HOME",), "set"),
    )
    assert find(loaded.root, ("services", "api", "env_file")) is None


def test_a_file_outside_the_working_folder_has_its_whole_path(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (tmp_path / "compose.yaml").write_text(SERVICE)
    loaded = project(folder, "services: {a: {image: y}}")
    assert place(loaded, "services", "a") == "compose.yaml:1:12"
    other = load(LoadOptions(files=(str(tmp_path / "compose.yaml"),), working_directory=str(folder), project_name="p"))
    assert place(other, "services", "api") == f"{tmp_path}/compose.yaml:2:3"


def test_a_null_service_network_is_kept(tmp_path: Path) -> None:
    loaded = project(tmp_path, SERVICE)
    networks = value(loaded, "services", "api", "networks")
    assert isinstance(networks, Mapping)
    assert scalar(loaded, "services", "api", "networks", "default").value is None
