"""`x-aws.tls: required`: what a client's values say of TLS, in each driver's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planning.projects import codes, container, finding, findings, planned
from tests.planning.valued import Valued, app, valued


def told(environment: str, image: str) -> Valued:
    return valued(app(environment, "POSTGRES_PASSWORD: pw-pw-pw\nMYSQL_PASSWORD: pw-pw-pw", image), db={"tls": True})


@pytest.mark.parametrize(
    ("image", "before", "after"),
    [
        ("postgres:16", "postgres://postgres@db/a", "@{host of db}/a?sslmode=require"),
        ("postgres:16", "postgres://postgres@db/a?sslmode=disable&x=1", "@{host of db}/a?sslmode=require&x=1"),
        ("postgres:16", "postgres://postgres@db/a?sslmode=verify-full", "@{host of db}/a?sslmode=verify-full"),
        ("postgres:16", "postgresql+psycopg2://postgres@db/a?x=1", "@{host of db}/a?x=1&sslmode=require"),
        ("postgres:16", "postgresql+asyncpg://postgres@db/a", "@{host of db}/a?ssl=require"),
        ("postgres:16", "db+postgresql://postgres@db/a", "@{host of db}/a?sslmode=require"),
        ("postgres:16", "jdbc:postgresql://db/a?user=postgres&password=pw-pw-pw", "&sslmode=require"),
        ("postgres:16", "r2dbc:postgresql://postgres@db/a", "@{host of db}/a?sslMode=require"),
        ("postgres:16", "host=db user=postgres dbname=a", "dbname=a sslmode=require"),
        ("postgres:16", "host=db user=postgres sslmode=disable dbname=a", "sslmode=require dbname=a"),
        ("postgres:16", "pgsql:host=db;dbname=a", "pgsql:host={host of db};dbname=a;sslmode=require"),
        ("postgres:16", "Host=db;Database=a;", "a;SSL Mode=Require;Trust Server Certificate=true;"),
        ("postgres:16", "Host=db;SslMode=VerifyFull;Trust Server Certificate=false", "Mode=VerifyFull;Trust Server"),
        ("mysql:8", "jdbc:mysql://db/a?useSSL=false&user=root", "useSSL=false&user={user of db}&sslMode=REQUIRED"),
        ("mysql:8", "jdbc:mariadb://db/a?user=root", "&sslMode=trust"),
        ("mysql:8", "mysql+pymysql://root@db/a", "@{host of db}/a?ssl_check_hostname=false"),
        ("mysql:8", "mysql+mysqldb://root@db/a", "@{host of db}/a?ssl_mode=REQUIRED"),
        ("mysql:8", "mysql2://root@db/a", "@{host of db}/a?ssl_mode=required"),
        ("mysql:8", "root@tcp(db:3306)/a?parseTime=true", "@tcp({host of db}:3306)/a?parseTime=true&tls=skip-verify"),
        ("mariadb:11", "Server=db;Uid=root;SslMode=None", "SslMode=Required"),
        ("redis:7", "redis://db:6379/0", "rediss://{host of db}:6379/0"),
        ("redis:7", "celery+redis://db", "celery+rediss://{host of db}"),
        ("redis:7", "db:6379,abortConnect=false", "{host of db}:6379,abortConnect=false,ssl=true"),
        ("mongo:7", "mongodb://db/a", "&tls=true"),
    ],
)
def test_each_driver_is_told_in_its_own_words(image: str, before: str, after: str) -> None:
    result = told(f"A: '{before}'", image)
    assert after in result.text("A")
    assert result.findings("tls-not-told") == ()


@pytest.mark.parametrize(
    ("image", "name", "before"),
    [
        ("mysql:8", "A_URL", "mysql://root@db/a"),
        ("mysql:8", "A_DSN", "mysql:host=db;dbname=a"),
        ("mysql:8", "A_URL", "mysql+aiomysql://root@db/a"),
        ("postgres:16", "A_URL", "postgresql+pg8000://postgres@db/a"),
        ("postgres:16", "DB_HOST", "db"),
        ("redis:7", "REDIS_ADDR", "db:6379"),
        ("memcached:1", "MEMCACHED_SERVERS", "db:11211"),
    ],
)
def test_what_cannot_say_it_is_an_error_that_names_the_variable(image: str, name: str, before: str) -> None:
    (found,) = told(f"{name}: '{before}'", image).findings("tls-not-told")
    assert (found.severity, found.path) == ("error", ("services", "app", "environment", name))


@pytest.mark.parametrize(
    ("image", "environment", "after"),
    [
        ("postgres:16", "PGHOST: db", {"PGSSLMODE": "require"}),
        ("postgres:16", "PGHOST: db\nPGSSLMODE: disable", {"PGSSLMODE": "require"}),
        ("postgres:16", "PGHOST: db\nPGSSLMODE: verify-full", {"PGSSLMODE": "verify-full"}),
        ("postgres:16", "DB_HOST: db\nDB_SSL: 'False'", {"DB_SSL": "True"}),
        ("postgres:16", "DB_HOST: db\nDB_SSL_MODE: prefer", {"DB_SSL_MODE": "require"}),
        ("postgres:16", "DB_POSTGRESDB_HOST: db", {"DB_POSTGRESDB_SSL_REJECT_UNAUTHORIZED": "false"}),
        ("mysql:8", "DATABASE_URL: mysql://root@db/a\nDATABASE_USE_SSL: '0'", {"DATABASE_USE_SSL": "1"}),
        ("redis:7", "REDIS_HOST: db\nREDIS_TLS_ENABLED: 'false'", {"REDIS_TLS_ENABLED": "true"}),
        ("redis:7", "QUEUE_BULL_REDIS_HOST: db", {"QUEUE_BULL_REDIS_TLS": "true"}),
    ],
)
def test_a_variable_that_we_know_or_that_the_file_has_says_it(
    image: str, environment: str, after: dict[str, str]
) -> None:
    result = told(environment, image)
    assert after.items() <= result.texts().items()
    assert result.findings("tls-not-told") == ()


@pytest.mark.parametrize(
    "beside", ["MAIL_SSL: 'false'", "DB_SSL_CA: /ca.pem", "DB_SSL: ${DB_SSL}", "SSL: 'false'", "DB_POOL: 'false'"]
)
def test_a_variable_of_another_meaning_is_left_alone(beside: str) -> None:
    name, _, value = beside.partition(": ")
    result = told(f"DB_HOST: db\n{beside}", "postgres:16")
    assert result.findings("tls-not-told")
    assert value.strip("'").startswith("$") or result.text(name) == value.strip("'")


def test_what_the_file_says_of_an_added_variable_is_not_overwritten() -> None:
    result = told("WORDPRESS_DB_HOST: db\nWORDPRESS_CONFIG_EXTRA: define('A', 1);", "mysql:8")
    assert result.text("WORDPRESS_CONFIG_EXTRA") == "define('A', 1);"
    assert result.findings("tls-not-told")


def test_nothing_is_said_where_plain_text_is_taken() -> None:
    result = valued(app("A: postgres://postgres@db/a\nPGHOST: db\nDB_SSL: 'false'"))
    assert "sslmode" not in result.text("A")
    assert "PGSSLMODE" not in result.texts()
    assert result.text("DB_SSL") == "false"


def test_an_empty_url_is_filled_with_one_that_says_it(tmp_path: Path) -> None:
    text = (
        "services:\n  app:\n    image: acme/app\n    environment: ['{0}=${{{0}}}']\n    depends_on: [db]\n"
        "  db:\n    image: {1}\nx-aws: {{tls: required}}\n"
    )
    made = planned(tmp_path, text.format("DATABASE_URL", "postgres:16"))
    assert str(container(made, "app").environment[0].text).endswith("?sslmode=require")
    assert "tls-not-told" not in codes(made)
    made = planned(tmp_path, text.format("DATABASE_URL", "mysql:8"))
    assert finding(made, "tls-not-told").severity == "error"


def test_a_command_that_names_the_host_is_told_as_before(tmp_path: Path) -> None:
    services = "services:\n  app: {image: acme/app, command: wait db:5432}\n  db: {image: 'postgres:16'}\n"
    made = planned(tmp_path, f"{services}x-aws: {{tls: required}}\n")
    assert findings(made, "tls-not-told") == []
    assert "TLS" in finding(made, "connection-options").message
