"""Init scripts really run. The job's entrypoint and command are taken out of the synthesised template and run against a
real database, with the environment that ECS would give them; only the folder of the scripts is another one."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("moto", reason="the rehearsal needs the extra `rehearsal`")

from compose2aws.rehearsal import RehearsalServer
from tests.connection.account import ManagedService, RunningContainer, containers, managed_services
from tests.connection.cases import EXAMPLE_FILES, EXAMPLES
from tests.connection.servers import LOOPBACK, MariaDB, PostgreSQL, Servers, postgres_folder, program
from tests.deployment import deploy, synthesise

_SCRIPTS = "/docker-entrypoint-initdb.d"
_PORTS = ("PGPORT", "MYSQL_TCP_PORT")

_PROJECTS = {
    "postgres": """
services:
  app: {image: example/app, environment: {DATABASE_URL: "postgresql://shop:secret@db/shop"}}
  db:
    image: postgres:16-alpine
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: secret, POSTGRES_DB: shop, TABLE: from_a_variable}
    volumes: ["./scripts:/docker-entrypoint-initdb.d"]
""",
    "mysql": """
services:
  app: {image: example/app, environment: {DATABASE_URL: "mysql://shop:secret@db/shop"}}
  db:
    image: mysql:8.4
    environment: {MYSQL_USER: shop, MYSQL_PASSWORD: secret, MYSQL_ROOT_PASSWORD: other, MYSQL_DATABASE: shop,
      TABLE: from_a_variable}
    volumes: ["./scripts:/docker-entrypoint-initdb.d"]
""",
    "mariadb": """
services:
  app: {image: example/app, environment: {DATABASE_URL: "mysql://shop:secret@db/shop"}}
  db:
    image: mariadb:11.4
    environment: {MARIADB_USER: shop, MARIADB_PASSWORD: secret, MARIADB_ROOT_PASSWORD: other, MARIADB_DATABASE: shop,
      TABLE: from_a_variable}
    volumes: ["./scripts:/docker-entrypoint-initdb.d"]
""",
}
_MONGO = """
services:
  app: {image: example/app, environment: {MONGO_URL: "mongodb://owner:secret@db/shop?authSource=admin"}}
  db:
    image: mongo:7
    environment: {MONGO_INITDB_ROOT_USERNAME: owner, MONGO_INITDB_ROOT_PASSWORD: secret, MONGO_INITDB_DATABASE: shop}
    volumes: ["./scripts:/docker-entrypoint-initdb.d"]
"""
# As the scripts of such projects call the client: with the image's own variables.
_CLIENT = {
    "postgres": 'psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB"',
    "mysql": 'mysql --user="$MYSQL_USER" --password="$MYSQL_PASSWORD" "$MYSQL_DATABASE"',
    "mariadb": 'mariadb --user="$MARIADB_USER" --password="$MARIADB_PASSWORD" "$MARIADB_DATABASE"',
}
_TOOLS = ("sh", "psql", "mysql", "mariadb", "gunzip", "gzip", "cat", "env", "tail")


@dataclass(frozen=True)
class Job:
    """The container of a database's init job, and the managed service that it is for."""

    container: RunningContainer
    service: ManagedService


@dataclass(frozen=True)
class Database:
    """An empty database on a real server, and the job that is to fill it."""

    family: str
    job: Job
    server: PostgreSQL | MariaDB

    def run(self, scripts: Path, tools: str | None = None, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run the job once with the scripts of a folder."""
        container = self.job.container
        assert any(_SCRIPTS in part for part in container.command)
        command = [*container.entrypoint, *(part.replace(_SCRIPTS, str(scripts)) for part in container.command)]
        environment = self.environment() | changed | ({"PATH": tools} if tools else {})
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def environment(self) -> dict[str, str]:
        """The job's environment, with this server in the managed service's place."""
        given = self.job.container.environment
        here = {name: LOOPBACK if value == self.job.service.address else value for name, value in given.items()}
        here |= {name: str(self.server.port) for name in _PORTS if name in here}
        return {**here, "PATH": os.environ["PATH"]}

    def tables(self) -> set[str]:
        assert self.job.service.database is not None
        return self.server.tables(self.job.service.database)


@pytest.fixture(scope="module")
def jobs() -> dict[str, Job]:
    """What was deployed so far, by family."""
    return {}


@pytest.fixture
def database(
    request: pytest.FixtureRequest, jobs: dict[str, Job], servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    family: str = getattr(request, "param", "sports-analytics")
    if family not in jobs:
        jobs[family] = _deployed(family, tmp_path_factory.mktemp(family))
    job = jobs[family]
    service = job.service
    assert service.user and service.password and service.database
    server = servers.relational(PostgreSQL if service.engine == "postgres" else MariaDB)
    with server.provide(service.user, service.password, {service.database}):
        yield Database(family, job, server)


every_family = pytest.mark.parametrize("database", list(_PROJECTS), indirect=True)


def _deployed(family: str, folder: Path) -> Job:
    if text := {**_PROJECTS, "mongo": _MONGO}.get(family):
        (folder / "scripts").mkdir()
        (folder / "scripts" / "first.sql").write_text("create table first (id int);")
        (folder / "compose.yaml").write_text(text)
        files = [folder / "compose.yaml"]
    else:
        files = next(case for case in EXAMPLES if case.name == family).prepare(folder)
    synthesise(files, folder / "aws.out", "--format", "json")
    with RehearsalServer() as server:
        deployment = deploy(folder / "aws.out", server)
        (container,) = [c for c in containers(deployment, folder / "secrets") if c.name == "init"]
        (service,) = managed_services(deployment)
    return Job(container, service)


def scripts(folder: Path, **files: str) -> Path:
    """A folder of scripts: `name_sql` is name.sql."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def test_the_examples_script_makes_its_seven_tables_and_does_not_run_again(database: Database) -> None:
    folder = EXAMPLE_FILES / "sports-analytics" / "backend" / "src" / "data"
    first = database.run(folder)
    assert (first.returncode, first.stderr) == (0, "")
    made = database.tables()
    assert len(made) == 7
    second = database.run(folder)
    assert (second.returncode, second.stdout) == (0, "compose2aws: the init scripts have run\n")
    assert database.tables() == made


@every_family
@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_scripts_of_every_kind_run_in_the_order_of_their_names(database: Database, shell: str, tmp_path: Path) -> None:
    client = _CLIENT[database.family]
    folder = scripts(
        tmp_path / "scripts",
        a_sql="create table a (id int);",
        c_sh=f'echo "create table $TABLE (id int); drop table b;" | {client}',
        d_sh=f"#!/bin/sh\nset -e\n{client} << END\ndrop table a;\nEND\n",
        e_txt="create table e (id int);",
    )
    (folder / "b.sql.gz").write_bytes(gzip.compress(b"create table b (id int);"))
    (folder / "d.sh").chmod(0o755)
    run = database.run(folder, tools=None if shell == "bash" else _without_bash(tmp_path / "tools"))
    assert run.returncode == 0, run.stderr
    assert database.tables() == {"from_a_variable"}
    assert run.stdout.count("compose2aws: runs") == 4
    assert f"compose2aws: leaves {folder}/e.txt alone" in run.stdout


@every_family
def test_a_database_that_has_tables_is_left_alone(database: Database, tmp_path: Path) -> None:
    by_hand = ["sh", "-c", f"echo 'create table mine (id int)' | {_CLIENT[database.family]}"]
    subprocess.run(by_hand, env=database.environment(), check=True, capture_output=True)
    run = database.run(scripts(tmp_path / "scripts", a_sql="create table a (id int);"))
    assert (run.returncode, run.stdout) == (0, "compose2aws: the database has tables already\n")
    assert database.tables() == {"mine"}


@every_family
@pytest.mark.parametrize("script", ["bad.sql", "bad.sql.gz", "bad.sh", "called.sh"])
def test_a_failing_script_fails_and_is_not_run_again_unseen(database: Database, script: str, tmp_path: Path) -> None:
    folder = scripts(tmp_path / "scripts", a_sql="create table a (id int);", z_sql="create table z (id int);")
    statement = "insert into nowhere values (1);"
    if script.endswith(".gz"):
        (folder / script).write_bytes(gzip.compress(statement.encode()))
    else:
        (folder / script).write_text(
            f"#!/bin/sh\necho '{statement}' | {_CLIENT[database.family]}\n" if script.endswith(".sh") else statement
        )
    if script == "called.sh":
        (folder / script).chmod(0o755)
    run = database.run(folder)
    assert run.returncode != 0
    assert f"compose2aws: runs {folder}/{script}" in run.stdout
    assert "nowhere" in run.stderr
    again = database.run(folder)
    assert again.returncode != 0
    assert "an earlier run of the init scripts did not end" in again.stderr
    assert database.tables() == {"a"}


# A project as people share one database: each app with a user of its own, who owns its database.
_SHARED = """
create user blog with password 'blogword';
create database blog owner blog;
create role readers;
create schema reports authorization readers;
\\connect blog
alter default privileges for role blog grant select on tables to readers;
create table posts (id int);
alter table posts owner to blog;
"""
_REFUSED = {
    "postgres": {
        "create user boss superuser": "must be superuser",
        "create user copier with password 'x' replication": "must be superuser",
        "alter system set work_mem = '16MB'": "permission denied",
        "create table lines (line text); copy lines from '/etc/passwd'": "pg_read_server_files",
    },
    "mysql": {
        "create user 'boss'@'%'; grant all privileges on *.* to 'boss'@'%'": "access denied",
        "set global max_connections = 10": "access denied",
        "create table l (line text); load data infile '/etc/passwd' into table l": "access denied",
    },
}
_MAJORS = (15, 16, 18)


@pytest.fixture(params=_MAJORS)
def major(
    request: pytest.FixtureRequest, jobs: dict[str, Job], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The database of the postgres project on a server of that major; its user has what Aurora's first one has."""
    if (programs := postgres_folder(request.param)) is None:
        pytest.skip(f"no PostgreSQL {request.param} on this machine")
    if "postgres" not in jobs:
        jobs["postgres"] = _deployed("postgres", tmp_path_factory.mktemp("postgres"))
    service = jobs["postgres"].service
    assert service.user and service.password and service.database
    server = PostgreSQL(programs=programs)
    try:
        with server.provide(service.user, service.password, {service.database}):
            yield Database("postgres", jobs["postgres"], server)
    finally:
        server.stop()


def test_users_that_a_script_makes_own_what_it_gives_them_from_postgresql_16_on(
    major: Database, tmp_path: Path
) -> None:
    folder = scripts(tmp_path / "scripts", a_sql=_SHARED)
    (folder / "b.sh").write_text(
        f"{_CLIENT['postgres']} << END\ncreate user wiki;\ncreate database wiki owner wiki;\nEND\n"
    )
    run = major.run(folder)
    if programs_major(major) < 16:
        assert (run.returncode, 'must be member of role "blog"' in run.stderr) == (3, True)
        return
    assert (run.returncode, run.stderr) == (0, "")
    owner = ["psql", "--dbname=blog", "--username=blog", "--command=insert into posts values (1)"]
    environment = major.environment() | {"PGPASSWORD": "blogword"}
    subprocess.run(owner, env=environment, check=True, capture_output=True, timeout=60)


def test_below_postgresql_16_a_grant_in_the_script_lets_its_users_own(major: Database, tmp_path: Path) -> None:
    """What the finding on such a script tells people to write."""
    grants = _SHARED.replace("create database blog", "GRANT blog TO CURRENT_USER;\ncreate database blog")
    grants = grants.replace("create schema reports", "GRANT readers TO CURRENT_USER;\ncreate schema reports")
    run = major.run(scripts(tmp_path / "scripts", a_sql=grants))
    assert run.returncode == 0, run.stderr


def programs_major(database: Database) -> int:
    asked = ["psql", "--tuples-only", "--no-align", "--command=show server_version_num"]
    told = subprocess.run(asked, env=database.environment(), check=True, capture_output=True, text=True, timeout=60)
    return int(told.stdout) // 10000


@pytest.mark.parametrize("database", list(_REFUSED), indirect=True)
def test_what_findings_call_refused_is_refused_to_such_a_user(database: Database, tmp_path: Path) -> None:
    for statement, word in _REFUSED[database.family].items():
        folder = scripts(tmp_path / "scripts", a_sql=f"{statement};")
        run = subprocess.run(
            ["sh", "-c", f"{_CLIENT[database.family]} < {folder}/a.sql"],
            env=database.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert run.returncode != 0, statement
        assert word in run.stderr.lower()


@every_family
@pytest.mark.parametrize("broken", ["select * from nowhere;", "this is no statement;"])
def test_a_run_that_ended_before_it_changed_anything_is_begun_again(
    database: Database, broken: str, tmp_path: Path
) -> None:
    folder = scripts(tmp_path / "scripts", a_sql=broken)
    assert database.run(folder).returncode != 0
    scripts(folder, a_sql="create table a (id int);")
    again = database.run(folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert "ended before it changed anything; they run again" in again.stdout
    assert database.tables() == {"a"}


_TRACES = {
    "postgres": (
        "create role r",
        "create database d",
        "create view v as select 1",
        "alter role shop set work_mem = 64",
    ),
    "mysql": ("create user u", "create schema d", "create view v as select 1", "grant select on shop.* to shop"),
}


@pytest.mark.parametrize(
    ("database", "statement"),
    [(family, statement) for family, known in _TRACES.items() for statement in known],
    indirect=["database"],
)
def test_a_run_that_left_anything_behind_is_for_a_person(database: Database, statement: str, tmp_path: Path) -> None:
    folder = scripts(tmp_path / "scripts", a_sql=f"{statement};\nselect * from nowhere;")
    assert database.run(folder).returncode != 0
    again = database.run(folder)
    assert again.returncode != 0
    assert "did not end, and something of it is in the database" in again.stderr


@every_family
def test_half_an_archive_is_a_failure(database: Database, tmp_path: Path) -> None:
    folder = scripts(tmp_path / "scripts")
    packed = gzip.compress(b"create table a (id int);\n" * 100)
    (folder / "a.sql.gz").write_bytes(packed[: len(packed) // 2])
    assert database.run(folder).returncode != 0


@every_family
@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_database_that_lets_nobody_in_is_not_taken_for_a_finished_one(
    database: Database, shell: str, tmp_path: Path
) -> None:
    folder = scripts(tmp_path / "scripts", a_sql="create table a (id int);")
    tools = None if shell == "bash" else _without_bash(tmp_path / "tools")
    run = database.run(folder, tools=tools, PGPASSWORD="wrong", MYSQL_PWD="wrong")
    assert run.returncode != 0
    assert "have run" not in run.stdout
    assert database.tables() == set()


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_mongodbs_scripts_run_between_their_marks(shell: str, mongo_job: Job, tmp_path: Path) -> None:
    folder = scripts(tmp_path / "scripts", a_js="db.first.insertOne({})", b_sh="echo from a script")
    run, calls = _run_with_shell(mongo_job, folder, tmp_path, shell, "echo 'a warning'; echo 0")
    assert (run.returncode, run.stderr) == (0, "")
    assert "from a script" in run.stdout
    marks = ("compose2aws_started').marker", str(folder / "a.js"), "compose2aws').marker", "').dropDatabase")
    places = [calls.index(mark) for mark in marks]
    assert places == sorted(places)


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_mongodb_that_does_not_answer_is_not_taken_for_a_finished_one(
    shell: str, mongo_job: Job, tmp_path: Path
) -> None:
    folder = scripts(tmp_path / "scripts", a_js="db.first.insertOne({})")
    run, calls = _run_with_shell(mongo_job, folder, tmp_path, shell, "exit 1")
    assert run.returncode != 0
    assert "have run" not in run.stdout
    assert "a.js" not in calls


@pytest.fixture
def mongo_job(jobs: dict[str, Job], tmp_path_factory: pytest.TempPathFactory) -> Job:
    if "mongo" not in jobs:
        jobs["mongo"] = _deployed("mongo", tmp_path_factory.mktemp("mongo"))
    return jobs["mongo"]


def _run_with_shell(
    job: Job, folder: Path, place: Path, shell: str, answer: str
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run MongoDB's job with a client that tells what it was called with; there is no server of it to be had."""
    tools = Path(_without_bash(place / "tools"))
    if shell == "bash":
        (tools / "bash").symlink_to(shutil.which("bash") or "")
    calls = place / "calls"
    (tools / "mongosh").write_text(f'#!/bin/sh\necho "$*" >> {calls}\n{answer}\n')
    (tools / "mongosh").chmod(0o755)
    command = [part.replace(_SCRIPTS, str(folder)) for part in (*job.container.entrypoint, *job.container.command)]
    environment = {**job.container.environment, "PATH": str(tools)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return run, calls.read_text()


def _without_bash(folder: Path) -> str:
    """A PATH with those tools of this machine that an image without bash has."""
    folder.mkdir()
    for tool in _TOOLS:
        if found := program(tool) or shutil.which(tool):
            (folder / tool).symlink_to(found)
    return str(folder)
