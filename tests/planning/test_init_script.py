"""What init scripts say: the users that they make, and what AWS refuses of them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from compose2aws.compose.project import Project
from compose2aws.planning.init_script import made_users
from compose2aws.planning.model import Plan
from compose2aws.planning.settings import read_settings
from compose2aws.planning.source import sources
from tests.planning.projects import catalog, container, findings, planned, read

IMAGES = {"postgres": "postgres:16", "mysql": "mysql:8.4", "mariadb": "mariadb:11.4", "mongo": "mongo:5"}


def compose(image: str, url: str = "postgres://blog:blogword@db/blog", further: str = "") -> str:
    return f"""\
        services:
          app: {{image: "acme/app:1", environment: {{DATABASE_URL: "{url}"}}}}
          db:
            image: {image}
            environment: {{POSTGRES_USER: owner, POSTGRES_PASSWORD: sesame, BLOG_WORD: "${{BLOG_WORD}}"{further}}}
            volumes: ["./init:/docker-entrypoint-initdb.d:ro"]
        """


def with_script(folder: Path, script: str, name: str = "a.sql", image: str = "postgres:16", **changed: str) -> Plan:
    return planned(folder, compose(image, **changed), {f"init/{name}": script})


def users(project: Project, mapping: str) -> dict[str, str | None]:
    (service,) = (one for one in sources(project, read_settings(project)) if one.name == "db")
    named = catalog().named(mapping)
    assert named is not None
    made = made_users(service, named, project)
    return {one.name or "": one.password.text if one.password else None for one in made}


@pytest.mark.parametrize(
    ("mapping", "name", "script", "made"),
    [
        ("postgres", "a.sql", "CREATE USER blog WITH PASSWORD 'one';", {"blog": "one"}),
        (
            "postgres",
            "a.sql",
            "create role \"my-blog\"\n  login encrypted password 'one' createdb;",
            {"my-blog": "one"},
        ),
        ("postgres", "a.sql", "CREATE ROLE blog LOGIN;\nALTER ROLE blog PASSWORD 'two';", {"blog": "two"}),
        ("postgres", "a.sql", "-- CREATE USER blog PASSWORD 'one';\nCREATE USER MAPPING FOR a SERVER b;", {}),
        ("postgres", "a.sh", "psql <<E\nCREATE USER $NAME PASSWORD '${WORD}';\nE", {"wiki": "word"}),
        ("postgres", "a.sh", "psql -c \"CREATE USER ${WHO:-blog} PASSWORD '$UNKNOWN'\"", {"blog": None}),
        ("mysql", "a.sql", "CREATE USER IF NOT EXISTS 'blog'@'%' IDENTIFIED BY 'one';", {"blog": "one"}),
        ("mysql", "a.sql", "CREATE USER blog IDENTIFIED WITH mysql_native_password BY 'one';", {"blog": "one"}),
        ("mariadb", "a.sql", "GRANT ALL ON b.* TO `blog`@'%' IDENTIFIED BY 'one';", {"blog": "one"}),
        ("mongo", "a.js", "db.createUser({user: 'blog', pwd: \"one\", roles: []})", {"blog": "one"}),
        ("mongo", "a.js", "db.createUser({\n  user: 'blog',\n  pwd: process.env.X, roles: []})", {"blog": None}),
    ],
)
def test_users_are_known_from_the_scripts_text(
    tmp_path: Path, mapping: str, name: str, script: str, made: dict[str, str | None]
) -> None:
    text = compose(IMAGES[mapping], further=", NAME: wiki, WORD: word")
    assert users(read(tmp_path, text, {f"init/{name}": script}), mapping) == made


def test_a_config_is_a_script_too(tmp_path: Path) -> None:
    text = """\
        services:
          db:
            image: postgres:16
            configs: [{source: first, target: /docker-entrypoint-initdb.d/a.sql}]
        configs:
          first: {content: "CREATE USER blog PASSWORD 'one';"}
        """
    assert users(read(tmp_path, text), "postgres") == {"blog": "one"}


OWNED = "CREATE USER blog PASSWORD 'blogword';\nCREATE DATABASE blog OWNER blog;\n"


def test_a_user_that_a_script_makes_keeps_its_login_without_a_warning(tmp_path: Path) -> None:
    made = with_script(tmp_path, OWNED)
    assert findings(made, "database-user-unknown") == []
    assert findings(made, "database-without-client") == []
    (variable,) = container(made, "app").environment
    assert re.fullmatch(
        r"postgres://blog:\{secret parameter of AppDatabaseUrl\w+\}@\{host of db\}/blog", str(variable.text)
    )


@pytest.mark.parametrize("url", ["postgres://blog:${OTHER}@db/blog", "postgres://unheard:blogword@db/blog"])
def test_a_login_that_no_script_makes_is_told(tmp_path: Path, url: str) -> None:
    (told,) = findings(with_script(tmp_path, OWNED, url=url), "database-user-unknown")
    assert told.severity == "warning"
    assert "neither the compose file nor an init script is seen to make" in told.message


def test_a_password_that_is_not_the_scripts_is_an_error(tmp_path: Path) -> None:
    made = with_script(tmp_path, OWNED, url="postgres://blog:other@db/blog")
    (told,) = findings(made, "database-password-differs")
    assert told.severity == "error"
    assert not {"other", "blogword"} & set(told.message.split())
    assert findings(made, "database-user-unknown") == []


def test_a_password_from_the_same_variable_on_both_sides_is_one(tmp_path: Path) -> None:
    script = "psql <<E\nCREATE USER blog PASSWORD '$BLOG_WORD';\nE\n"
    url = "postgres://blog:${BLOG_WORD}@db/blog"
    assert findings(with_script(tmp_path, script, "a.sh", url=url), "database-user-unknown") == []


@pytest.mark.parametrize("word", ["sesame", "${WORD}"])
def test_a_script_that_gives_the_servers_own_password_gives_the_generated_one(tmp_path: Path, word: str) -> None:
    """On AWS the script finds the generated password in POSTGRES_PASSWORD, and so must the client."""
    script = "psql <<E\nCREATE USER blog PASSWORD '$POSTGRES_PASSWORD';\nE\n"
    text = compose("postgres:16", f"postgres://blog:{word}@db/blog").replace("PASSWORD: sesame", f'PASSWORD: "{word}"')
    made = planned(tmp_path, text, {"init/a.sh": script})
    (variable,) = container(made, "app").environment
    assert str(variable.text) == "postgres://blog:{password of db}@{host of db}/blog"


def test_a_password_that_only_reads_like_the_servers_own_stays(tmp_path: Path) -> None:
    """The server's is generated on AWS; the script's is what it was."""
    script = "CREATE USER blog PASSWORD 'sesame';"
    made = planned(tmp_path, compose("postgres:16", "postgres://blog:sesame@db/blog"), {"init/a.sql": script})
    (variable,) = container(made, "app").environment
    assert "{password of db}" not in str(variable.text)
    assert findings(made, "database-user-unknown") == []


@pytest.mark.parametrize("tag", ["11", "14", "15"])
def test_below_postgresql_16_an_owner_of_which_nobody_is_a_member_is_an_error(tmp_path: Path, tag: str) -> None:
    (told,) = findings(with_script(tmp_path, OWNED, image=f"postgres:{tag}"), "init-script-refused")
    assert told.severity == "error"
    assert "line 2 of init/a.sql (CREATE DATABASE blog OWNER blog) would end the init job of db" in told.message
    assert "`image: postgres:16` or newer" in told.remedy
    assert "`GRANT blog TO CURRENT_USER;`" in told.remedy
    assert "blogword" not in told.message + told.remedy


@pytest.mark.parametrize("tag", ["16", "17-alpine", "18", "latest"])
def test_from_postgresql_16_on_a_script_may_give_databases_away(tmp_path: Path, tag: str) -> None:
    assert findings(with_script(tmp_path, OWNED, image=f"postgres:{tag}"), "init-script-refused") == []


@pytest.mark.parametrize(
    "script",
    [
        OWNED.replace("CREATE DATABASE", "GRANT blog TO CURRENT_USER;\nCREATE DATABASE"),
        "CREATE ROLE blog LOGIN ROLE owner;\nCREATE DATABASE blog OWNER blog;",
        "CREATE USER blog;\nCREATE DATABASE blog;\nGRANT ALL PRIVILEGES ON DATABASE blog TO blog;",
        "CREATE USER blog;\nCREATE TABLE t (i int);\nALTER TABLE t OWNER TO owner;",
    ],
)
def test_what_its_first_user_may_do_is_no_error(tmp_path: Path, script: str) -> None:
    assert findings(with_script(tmp_path, script, image="postgres:15"), "init-script-refused") == []


def test_a_privilege_is_no_membership(tmp_path: Path) -> None:
    script = OWNED + "GRANT ALL PRIVILEGES ON DATABASE blog TO blog;"
    assert findings(with_script(tmp_path, script, image="postgres:15"), "init-script-refused")


@pytest.mark.parametrize(
    ("image", "name", "script", "shown"),
    [
        (
            "postgres:17",
            "a.sql",
            "create user boss with password 'hidden' superuser;",
            "create user boss with password '…'",
        ),
        ("postgres:17", "a.sql", "SELECT 1; ALTER USER blog REPLICATION;", "ALTER USER blog REPLICATION"),
        ("postgres:17", "a.sh", "psql -c 'ALTER SYSTEM SET wal_level = logical'", "ALTER SYSTEM"),
        ("postgres:17", "a.sql", "\nCOPY t FROM '/docker-entrypoint-initdb.d/t.csv';", "COPY t FROM"),
        ("mysql:8.4", "a.sql", "GRANT ALL PRIVILEGES ON *.* TO 'blog'@'%';", "GRANT ALL PRIVILEGES ON *.*"),
        ("mariadb:11.4", "a.sql", "SET GLOBAL max_connections = 5;", "SET GLOBAL"),
        ("mysql:8.4", "a.sql", "LOAD DATA INFILE '/t.csv' INTO TABLE t;", "LOAD DATA INFILE"),
    ],
)
def test_what_needs_a_superuser_is_an_error_with_its_line(
    tmp_path: Path, image: str, name: str, script: str, shown: str
) -> None:
    (told,) = findings(with_script(tmp_path, script, name, image=image), "init-script-refused")
    line = script[: script.lower().index(shown.lower()[:12])].count("\n") + 1
    assert f"line {line} of init/{name} ({shown}" in told.message
    assert "hidden" not in told.message
    assert str(told.position).startswith("compose.yaml:6")


@pytest.mark.parametrize(
    "script",
    [
        "CREATE USER blog WITH PASSWORD 'superuser' NOSUPERUSER;",
        "\\copy t from '/docker-entrypoint-initdb.d/t.csv'\nCOPY t FROM stdin;\n\\.",
        "/* ALTER SYSTEM SET a = 1; */ -- COPY t FROM '/x'\n# ALTER SYSTEM\nINSERT INTO t VALUES ('x ALTER SYSTEM');",
    ],
)
def test_what_only_looks_like_it_is_none(tmp_path: Path, script: str) -> None:
    assert findings(with_script(tmp_path, script), "init-script-refused") == []


def test_a_copy_of_a_snapshot_runs_no_script_and_tells_nothing_of_it(tmp_path: Path) -> None:
    text = textwrap.dedent(compose("postgres:15")) + "x-aws: {restore: {db: before}}\n"
    made = planned(tmp_path, text, {"init/a.sql": OWNED})
    assert findings(made, "init-script-refused") == []
