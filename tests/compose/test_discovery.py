"""Which files, which name, which environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.compose import ComposeError, LoadOptions, Scalar, find, load
from tests.compose.projects import errors, project, write

SERVICE = "services: {api: {image: 'x:${TAG:-none}'}}\n"


def image(folder: Path, **options: object) -> str:
    options.setdefault("environment", {})
    options.setdefault("working_directory", str(folder))
    node = find(load(LoadOptions(**options)).root, ("services", "api", "image"))  # type: ignore[arg-type]
    assert isinstance(node, Scalar)
    return node.text


@pytest.mark.parametrize("name", ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"])
def test_default_names_are_found(tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: SERVICE})
    assert image(tmp_path) == "x:none"


def test_the_first_default_name_wins_with_a_warning(tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": SERVICE, "docker-compose.yml": "services: {}"})
    loaded = load(LoadOptions(working_directory=str(tmp_path), environment={}, project_name="p"))
    assert loaded.files == ("compose.yaml",)
    assert [warning.code for warning in loaded.warnings] == ["several-files"]


def test_default_names_are_searched_upward(tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": SERVICE, "a/b/keep": ""})
    loaded = load(LoadOptions(working_directory=str(tmp_path / "a" / "b"), environment={}, project_name="p"))
    assert loaded.folder == str(tmp_path)


def test_a_folder_without_compose_file_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ComposeError) as raised:
        load(LoadOptions(working_directory=str(tmp_path), environment={}))
    assert "docker-compose.yml" in raised.value.diagnostics[0].message


def test_the_override_file_is_not_read_and_a_warning_says_so(tmp_path: Path) -> None:
    write(tmp_path, {"docker-compose.yml": SERVICE, "docker-compose.override.yml": "nonsense: 1"})
    loaded = load(LoadOptions(working_directory=str(tmp_path), environment={}, project_name="p"))
    assert [warning.code for warning in loaded.warnings] == ["override-not-read"]
    assert "docker-compose.override.yml" in loaded.warnings[0].message


def test_the_own_file_beside_the_found_one_is_merged(tmp_path: Path) -> None:
    own = "x-aws: {domain: example.com}\nservices: {api: {tty: true, x-aws: {public: true}}}\n"
    write(tmp_path, {"compose.yaml": SERVICE, "compose.aws.yaml": own})
    loaded = load(LoadOptions(working_directory=str(tmp_path), environment={}, project_name="p"))
    assert loaded.files == ("compose.yaml", "compose.aws.yaml")
    assert find(loaded.root, ("x-aws", "domain")) is not None
    assert find(loaded.root, ("services", "api", "x-aws", "public")) is not None


def test_named_files_are_merged_in_order(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": SERVICE, "b.yaml": "services: {api: {image: other}}\n"})
    assert image(tmp_path, files=("a.yaml", "b.yaml")) == "other"
    assert image(tmp_path, files=("b.yaml", "a.yaml")) == "x:none"


def test_compose_file_names_the_files(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": SERVICE, "b.yaml": "services: {api: {image: other}}\n"})
    assert image(tmp_path, environment={"COMPOSE_FILE": "a.yaml:b.yaml"}) == "other"
    environment = {"COMPOSE_FILE": "b.yaml;a.yaml", "COMPOSE_PATH_SEPARATOR": ";"}
    assert image(tmp_path, environment=environment) == "x:none"


def test_compose_file_may_stand_in_the_env_file(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": SERVICE, ".env": "COMPOSE_FILE=a.yaml\nTAG=dot\nCOMPOSE_PROJECT_NAME=from-env\n"})
    assert image(tmp_path) == "x:dot"
    assert load(LoadOptions(working_directory=str(tmp_path), environment={})).name == "from-env"


def test_standard_input_is_a_file(tmp_path: Path) -> None:
    loaded = load(LoadOptions(files=("-",), stdin=SERVICE, working_directory=str(tmp_path), environment={}))
    assert loaded.files == ("<stdin>",)
    assert loaded.folder == str(tmp_path)


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": SERVICE, ".env": "TAG=file\n"})
    assert image(tmp_path) == "x:file"
    assert image(tmp_path, environment={"TAG": "mine"}) == "x:mine"


def test_a_later_env_file_wins_over_an_earlier_one(tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": SERVICE, "a.env": "TAG=a\nX=1", "b.env": "TAG=b$X\n", ".env": "TAG=no\n"})
    assert image(tmp_path, env_files=("a.env", "b.env")) == "x:b1"


def test_a_missing_named_env_file_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": SERVICE})
    with pytest.raises(ComposeError, match=r"no file nope\.env"):
        image(tmp_path, env_files=("nope.env",))


@pytest.mark.parametrize(
    ("options", "text", "name"),
    [
        ({"project_name": "asked"}, "name: written\n", "asked"),
        ({"environment": {"COMPOSE_PROJECT_NAME": "env"}}, "name: written\n", "env"),
        ({}, "name: Written.Here_1\n", "writtenhere_1"),
        ({"environment": {"N": "x"}}, "name: a-${N}\n", "a-x"),
        ({}, "", "the_folder-1"),
    ],
)
def test_the_name_is_asked_for_then_written_then_the_folders(
    tmp_path: Path, options: dict[str, object], text: str, name: str
) -> None:
    folder = tmp_path / "The_Folder-1!"
    write(folder, {"compose.yaml": text + SERVICE})
    settings: dict[str, object] = {"working_directory": str(folder), "environment": {}, **options}
    assert load(LoadOptions(**settings)).name == name  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["-a", "A", "a.b", "a b", "ä"])
def test_an_asked_name_must_be_one(tmp_path: Path, name: str) -> None:
    assert errors(tmp_path, SERVICE, project_name=name)[0].code == "project-name"


def test_the_projects_name_is_a_variable(tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": "name: mine\nservices: {api: {image: '$COMPOSE_PROJECT_NAME'}}\n"})
    assert image(tmp_path) == "mine"


def test_nothing_depends_on_the_processs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"app/app.env": "A=1\n", "app/Dockerfile": "FROM x\n"}
    text = "services: {api: {build: app, env_file: app/app.env, volumes: ['./data:/data']}}\n"
    first = project(tmp_path, text, files=files)
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    second = project(tmp_path, text, files=files)
    assert first == second


def test_the_default_working_folder_is_the_processs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"compose.yaml": SERVICE})
    monkeypatch.chdir(tmp_path)
    loaded = load(LoadOptions(environment={}))
    assert (loaded.folder, loaded.files) == (str(Path.cwd()), ("compose.yaml",))


def test_profiles_come_from_options_or_the_environment(tmp_path: Path) -> None:
    text = "services:\n  api: {image: x}\n  debug: {image: y, profiles: [dev, test]}\n"
    plain = project(tmp_path, text)
    assert [(service.name, service.profiles) for service in plain.inactive] == [("debug", ("dev", "test"))]
    assert str(plain.inactive[0].position) == "compose.yaml:3:3"
    assert find(plain.root, ("services", "debug")) is None
    assert project(tmp_path, text, profiles=("dev",)).inactive == ()
    assert project(tmp_path, text, profiles=("*",)).inactive == ()
    assert project(tmp_path, text, environment={"COMPOSE_PROFILES": "a, test"}).inactive == ()


def test_a_dependency_on_an_inactive_service_names_its_profiles(tmp_path: Path) -> None:
    text = "services:\n  api: {image: x, depends_on: [debug]}\n  debug: {image: y, profiles: [dev]}\n"
    found = errors(tmp_path, text)
    assert found[0].code == "inactive-dependency"
    assert "dev" in found[0].message
    soft = text.replace("[debug]", "{debug: {condition: service_started, required: false}}")
    assert [service.name for service in project(tmp_path, soft).inactive] == ["debug"]


def test_files_outside_the_project_are_read_and_reported(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    write(tmp_path, {"shared.env": "A=1\n", "inc.yaml": "services: {inc: {image: i}}\n"})
    text = "include: [../inc.yaml]\nservices: {api: {image: x, env_file: ../shared.env}}\n"
    loaded = project(folder, text)
    assert [warning.code for warning in loaded.warnings] == ["outside-project", "outside-project"]
    assert find(loaded.root, ("services", "api", "environment", "A")) is not None
