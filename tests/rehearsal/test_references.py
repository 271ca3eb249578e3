"""The references of a compose file, tried on what was deployed: who must have a login, and who does without."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.catalog import load_catalog
from compose2aws.cloudformation import emit
from compose2aws.compose import LoadOptions, Project, load
from compose2aws.inspection.compose_calls import is_told_password
from compose2aws.planning.planner import plan
from compose2aws.rehearsal.performance import RehearsalFailed, Scene, perform
from compose2aws.report.progress_silent import SilentProgress

WAITS = """
services:
  app:
    image: example/app:1
    environment: {DB_HOST: db, DB_PORT: 3306, DB_ROOT_PASSWORD: "${DB_ROOT_PASSWORD}"}
  configurator:
    image: example/configurator:1
    environment: {DB_HOST: db, DB_PORT: 3306}
  db:
    image: mariadb:10.6
    environment: {MARIADB_ROOT_PASSWORD: "${DB_ROOT_PASSWORD}"}
"""


def read(folder: Path, text: str) -> Project:
    (folder / "compose.yaml").write_text(text)
    return load(
        LoadOptions(
            files=("compose.yaml",), project_name="shop", working_directory=str(folder), required_variables="hole"
        )
    )


def rehearsed(folder: Path, text: str) -> list[Scene]:
    project = read(folder, text)
    made = plan(project, load_catalog(), "development")
    return list(perform(project, made, emit(made), SilentProgress()))


def test_a_client_that_the_compose_file_gives_no_password_needs_none_where_others_have_it(tmp_path: Path) -> None:
    scenes = rehearsed(tmp_path, WAITS)
    found = {one.client: one.login for scene in scenes for one in scene.references}
    assert found == {"app": True, "configurator": False}


def test_a_database_that_nobody_can_log_in_to_fails(tmp_path: Path) -> None:
    alone = WAITS.replace(', DB_ROOT_PASSWORD: "${DB_ROOT_PASSWORD}"}', "}")
    with pytest.raises(RehearsalFailed, match="app → db: nothing that the client is given holds the server's password"):
        rehearsed(tmp_path, alone)


@pytest.mark.parametrize(
    ("client", "server"),
    [
        ("environment: {URL: 'postgres://u:sesame@db/x'}", "environment: {POSTGRES_PASSWORD: sesame}"),
        ("command: run ${SECRET:-x}", "environment: {POSTGRES_PASSWORD: '${SECRET}'}"),
        ("environment: ['R=redis://:sesame@db']", "command: redis-server --requirepass sesame"),
        ("environment: {P: '${SECRET}'}", "command: [redis-server, --requirepass, '${SECRET}']"),
        ("secrets: [login]", "secrets: [login]\n    environment: {POSTGRES_PASSWORD_FILE: /run/secrets/login}"),
    ],
)
def test_a_password_is_known_again_in_a_client(tmp_path: Path, client: str, server: str) -> None:
    text = f"""
services:
  app:
    image: example/app:1
    {client}
  other:
    image: example/app:1
    environment: {{HOST: db, PASSWORD: another}}
  db:
    image: example/db:1
    {server}
secrets:
  login: {{file: ./login.txt}}
"""
    project = read(tmp_path, text)
    assert is_told_password(project, "app", "db")
    assert not is_told_password(project, "other", "db")


SHARED = """
services:
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: sesame}
    volumes: ["./init:/docker-entrypoint-initdb.d:ro"]
  blog:
    image: example/blog:1
    environment: {DATABASE_URL: "postgres://blog:blogword@db/blog"}
"""


def test_a_client_may_log_in_as_a_user_that_an_init_script_makes(tmp_path: Path) -> None:
    (tmp_path / "init").mkdir()
    script = tmp_path / "init" / "users.sql"
    script.write_text("CREATE USER blog WITH PASSWORD 'blogword';\nCREATE DATABASE blog OWNER blog;\n")
    found = {one.client: one.login for scene in rehearsed(tmp_path, SHARED) for one in scene.references}
    assert found == {"blog": True}
    script.write_text("CREATE USER blog WITH PASSWORD 'another';\n")
    with pytest.raises(RehearsalFailed, match="blog → db: nothing that the client is given holds"):
        rehearsed(tmp_path, SHARED)


def test_a_user_that_somebody_else_must_make_is_left_to_them(tmp_path: Path) -> None:
    """`explain` asks for the user; a migration of the app's may make it."""
    (tmp_path / "init").mkdir()
    found = {one.client: one.login for scene in rehearsed(tmp_path, SHARED) for one in scene.references}
    assert found == {"blog": False}
