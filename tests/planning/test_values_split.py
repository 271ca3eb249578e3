"""Addresses and logins that are split over several variables of a client."""

from __future__ import annotations

import pytest

from tests.planning.valued import app, valued

POSTGRES = """
POSTGRES_USER: app
POSTGRES_PASSWORD: sesame-99
POSTGRES_DB: shop
"""
FAMILIES = [
    # host, port, user, password, database
    ("DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "DB_NAME"),
    ("DB_HOST", "DB_PORT", "DB_USERNAME", "DB_PASS", "DB_DATABASE"),
    ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"),
    ("MYSQL_HOST", "MYSQL_PORT", "MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_DATABASE"),
    ("WORDPRESS_DB_HOST", "WORDPRESS_DB_PORT", "WORDPRESS_DB_USER", "WORDPRESS_DB_PASSWORD", "WORDPRESS_DB_NAME"),
    ("GITEA__database__HOST", "X_PORT", "GITEA__database__USER", "GITEA__database__PASSWD", "GITEA__database__NAME"),
    ("MB_DB_HOST", "MB_DB_PORT", "MB_DB_USER", "MB_DB_PASS", "MB_DB_DBNAME"),
    ("spring.data.host", "spring.data.port", "spring.data.username", "spring.data.password", "spring.data.name"),
    ("HOST", "X_PORT", "USER", "PASSWORD", "DBNAME"),
    ("DATABASE_HOSTNAME", "DATABASE_PORT", "DATABASE_USER_NAME", "DATABASE_PWD", "DATABASE_NAME"),
    ("PAPERLESS_DBHOST", "PAPERLESS_DBPORT", "PAPERLESS_DBUSER", "PAPERLESS_DBPASS", "PAPERLESS_DBNAME"),
]


@pytest.mark.parametrize(("host", "port", "user", "password", "database"), FAMILIES)
def test_variables_of_one_stem_are_one_address(host: str, port: str, user: str, password: str, database: str) -> None:
    text = app(f"{host}: db\n{port}: 5432\n{user}: app\n{password}: sesame-99\n{database}: shop", POSTGRES)
    assert valued(text).texts() == {
        host: "{host of db}",
        port: "5432",
        user: "{user of db}",
        password: "{password of db}",
        database: "shop",
    }


@pytest.mark.parametrize(("host", "port", "user", "password", "database"), FAMILIES)
def test_parts_that_aws_changes_become_holes(host: str, port: str, user: str, password: str, database: str) -> None:
    text = app(f"{host}: db\n{user}: app\n{password}: sesame-99\n{database}: shop", POSTGRES)
    changed = valued(text, db={"aws_database": "shop_app", "aws_user": "app_app"}).texts()
    assert changed[user] == "{user of db}"
    assert changed[database] == "{database of db}"


def test_password_reaches_the_container_from_the_master_login_under_the_same_name() -> None:
    result = valued(app("DB_HOST: db\nDB_PASSWORD: sesame-99", POSTGRES))
    variable = result.variable("DB_PASSWORD")
    assert variable.secret is not None
    assert str(variable.secret) == "AWS::SecretsManager::Secret/DbMasterLogin"
    assert variable.secret_key == "password"
    assert result.values.secrets == ()
    assert result.values.parameters == ()


def test_login_beside_a_url_that_has_none_is_not_written_into_it() -> None:
    environment = """
    SPRING_DATASOURCE_URL: jdbc:postgresql://db:5432/shop
    SPRING_DATASOURCE_USERNAME: app
    SPRING_DATASOURCE_PASSWORD: sesame-99
    """
    assert valued(app(environment, POSTGRES)).texts() == {
        "SPRING_DATASOURCE_URL": "jdbc:postgresql://{host of db}:5432/shop",
        "SPRING_DATASOURCE_USERNAME": "{user of db}",
        "SPRING_DATASOURCE_PASSWORD": "{password of db}",
    }


@pytest.mark.parametrize(
    ("url", "user", "password"),
    [
        ("KC_DB_URL", "KC_DB_USERNAME", "KC_DB_PASSWORD"),
        ("PENPOT_DATABASE_URI", "PENPOT_DATABASE_USERNAME", "PENPOT_DATABASE_PASSWORD"),
        ("KC_DB_URL_HOST", "KC_DB_USERNAME", "KC_DB_PASSWORD"),
    ],
)
def test_login_of_a_url_is_found_under_its_stem(url: str, user: str, password: str) -> None:
    value = "db" if url.endswith("HOST") else "postgresql://db/shop"
    texts = valued(app(f"{url}: {value}\n{user}: app\n{password}: sesame-99", POSTGRES)).texts()
    assert texts[url] == value.replace("db", "{host of db}", 1)
    assert (texts[user], texts[password]) == ("{user of db}", "{password of db}")


def test_images_own_variables_given_to_the_client_are_its_login() -> None:
    environment = "DB_HOST: db\nPOSTGRES_USER: app\nPOSTGRES_PASSWORD: sesame-99\nPOSTGRES_DB: shop"
    texts = valued(app(environment, POSTGRES), db={"aws_database": "x"}).texts()
    assert texts == {
        "DB_HOST": "{host of db}",
        "POSTGRES_USER": "{user of db}",
        "POSTGRES_PASSWORD": "{password of db}",
        "POSTGRES_DB": "{database of db}",
    }


def test_images_own_variables_are_left_where_nothing_ties_the_service_to_the_database() -> None:
    text = app("POSTGRES_DB: shop\nPOSTGRES_USER: app", POSTGRES)
    assert valued(text).texts() == {"POSTGRES_DB": "shop", "POSTGRES_USER": "app"}


def test_one_variable_on_both_sides_is_one_password() -> None:
    text = app("PGHOST: db\nAPP_DB_SECRET_PASSWORD: ${DB_PASSWORD}", "POSTGRES_PASSWORD: ${DB_PASSWORD}")
    assert valued(text).text("APP_DB_SECRET_PASSWORD") == "{password of db}"
    assert valued(text, {"DB_PASSWORD": "sesame-99"}).text("APP_DB_SECRET_PASSWORD") == "{password of db}"


@pytest.mark.parametrize("name", ["ADMIN_PASSWORD", "RABBITMQ_PASSWORD", "SMTP_PASSWORD", "JWT_SECRET"])
def test_same_password_for_another_purpose_stays_the_files_own(name: str) -> None:
    text = app(f"DB_HOST: db\n{name}: sesame-99", POSTGRES)
    assert valued(text).text(name).startswith("{secret parameter of ")
    text = app(f"DB_HOST: db\n{name}: ${{PW}}", "POSTGRES_PASSWORD: ${PW}")
    assert valued(text).text(name) == "{secret parameter of Pw}"


def test_two_databases_keep_their_variables_apart() -> None:
    environment = """
    DB_HOST: db
    DB_USER: app
    DB_PASSWORD: sesame-99
    VECTOR_DB_HOST: vectors
    VECTOR_DB_USER: app
    VECTOR_DB_PASSWORD: sesame-99
    """
    login = "{POSTGRES_USER: app, POSTGRES_PASSWORD: sesame-99}"
    text = app(environment, POSTGRES)
    text += f"  vectors:\n    image: pgvector/pgvector:pg16\n    environment: {login}\n"
    texts = valued(text).texts()
    assert [texts[f"DB_{part}"] for part in ("HOST", "USER", "PASSWORD")] == [
        "{host of db}",
        "{user of db}",
        "{password of db}",
    ]
    assert [texts[f"VECTOR_DB_{part}"] for part in ("HOST", "USER", "PASSWORD")] == [
        "{host of vectors}",
        "{user of vectors}",
        "{password of vectors}",
    ]


def test_root_becomes_the_apps_user() -> None:
    database = "MYSQL_USER: app\nMYSQL_PASSWORD: sesame-99\nMYSQL_ROOT_PASSWORD: tulip-42\nMYSQL_DATABASE: shop"
    environment = "DB_HOST: db\nDB_USER: root\nDB_PASSWORD: tulip-42\nDB_ROOT_PASSWORD: tulip-42"
    texts = valued(app(environment, database, "mysql:8")).texts()
    assert (texts["DB_USER"], texts["DB_PASSWORD"], texts["DB_ROOT_PASSWORD"]) == (
        "{user of db}",
        "{password of db}",
        "{password of db}",
    )


def test_login_of_another_user_stays_with_a_finding() -> None:
    result = valued(app("DB_HOST: db\nDB_USER: reporter\nDB_PASSWORD: tulip-42", POSTGRES))
    assert result.text("DB_USER") == "reporter"
    assert result.text("DB_PASSWORD").startswith("{secret parameter of AppDbPassword")
    assert {finding.severity for finding in result.findings("database-user-unknown")} == {"warning"}
    assert result.findings("database-without-client") == ()


def test_another_user_with_the_same_password_keeps_its_name_and_gets_the_password() -> None:
    result = valued(app("URL: postgres://authenticator:${PW}@db/shop", "POSTGRES_PASSWORD: ${PW}"))
    assert result.text("URL") == "postgres://authenticator:{password of db}@{host of db}/shop"
    assert result.findings("database-user-unknown")


def test_any_user_is_the_databases_where_the_file_leaves_it_open() -> None:
    text = app(
        "URL: mongodb://mongo:${PW}@db",
        "MONGO_INITDB_ROOT_USERNAME: ${NAME}\nMONGO_INITDB_ROOT_PASSWORD: ${PW}",
        "mongo:7",
    )
    assert valued(text).text("URL").startswith("mongodb://{user of db}:{password of db}@{host of db}/?")


def test_login_of_a_cache_without_a_password_becomes_empty() -> None:
    environment = "REDIS_HOST: db\nREDIS_USERNAME: default\nREDIS_PASSWORD: ${REDIS_PASSWORD}\nREDIS_DB: 0"
    result = valued(app(environment, "REDIS_PASSWORD: ${REDIS_PASSWORD}", "redis:7"))
    assert result.texts() == {"REDIS_HOST": "{host of db}", "REDIS_USERNAME": "", "REDIS_PASSWORD": "", "REDIS_DB": "0"}
    decision = result.decision("services", "app", "environment", "REDIS_PASSWORD")
    assert (decision.outcome, decision.code) == ("adapted", "connection")
    assert result.values.parameters == ()


def test_empty_password_of_a_trusting_database_becomes_the_generated_one() -> None:
    result = valued(app("DB_HOST: db\nDB_PASSWORD: ''", "POSTGRES_HOST_AUTH_METHOD: trust"))
    assert result.text("DB_PASSWORD") == "{password of db}"


@pytest.mark.parametrize("reference", ["DB_HOST: db", "NOTE: x"])
def test_database_whose_login_reaches_nobody_is_an_error_finding(reference: str) -> None:
    result = valued(app(reference, POSTGRES))
    (finding,) = result.findings("database-without-client")
    assert finding.severity == "error"
    assert "likely clients: app" in finding.message
    assert "managed: false" in finding.remedy


def test_cache_without_a_password_needs_no_client() -> None:
    assert valued(app("X: y", image="redis:7")).findings("database-without-client") == ()


# ── drivers' names ──────────────────────────────────────────────────────────────────────────────────────────────────

LARAVEL = """
services:
  app:
    image: acme/app
    environment:
{environment}
  mysql: {{image: "mysql:8.0", environment: {{MYSQL_ROOT_PASSWORD: sesame-99}}}}
  redis: {{image: "redis:7"}}
  cache: {{image: "memcached:1.6"}}
"""


def laravel(*lines: str) -> dict[str, str]:
    return valued(LARAVEL.format(environment="\n".join(f"      {line}" for line in lines))).texts()


@pytest.mark.parametrize(
    "variable",
    [
        "DB_CONNECTION: mysql",
        "QUEUE_CONNECTION: redis",
        "SESSION_CONNECTION: redis",
        "BROADCAST_CONNECTION: redis",
        "REDIS_CACHE_CONNECTION: cache",
        "REDIS_QUEUE_CONNECTION: redis",
        "TYPEORM_CONNECTION: mysql",
        "typeormConnection: mysql",
        "DB_DRIVER: mysql",
        "CACHE_STORE: redis",
        "DATABASE__CLIENT: mysql",
        "DB_DIALECT: mysql",
        "DB_TYPE: mysql",
        "CELERY_BACKEND: redis",
        "BROKER: redis",
        "MESSAGE_BROKER: redis",
    ],
)
def test_drivers_name_stays_though_a_service_is_called_so(variable: str) -> None:
    name, _, word = variable.partition(": ")
    assert laravel(variable, "DB_HOST: mysql", "REDIS_HOST: redis") == {
        name: word,
        "DB_HOST": "{host of mysql}",
        "REDIS_HOST": "{host of redis}",
    }


@pytest.mark.parametrize(
    ("lines", "broker"),
    [
        (["BROKER: redis", "BROKER_PORT: 6379"], "{host of redis}"),
        (["BROKER: redis", "BROKER_PORT: 6379", "BROKER_HOST: redis"], "redis"),
        (["BROKER: redis", "BROKER_URL: 'redis://redis:6379/0'"], "redis"),
        (["BROKER: cache"], "{host of cache}"),
        (["REDIS_BROKER: redis"], "{host of redis}"),
        (["BROKER: 'redis:6379'"], "{host of redis}:6379"),
        (["DB_CONNECTION: 'mysql:3306'"], "{host of mysql}:3306"),
        (["REDIS_MASTER: redis"], "{host of redis}"),
        (["CACHE_LOCATION: cache"], "{host of cache}"),
        (["DB_SERVER: mysql"], "{host of mysql}"),
    ],
)
def test_name_that_is_a_drivers_or_a_hosts_is_told_by_what_stands_beside(lines: list[str], broker: str) -> None:
    name = lines[0].partition(":")[0]
    assert laravel(*lines)[name] == broker


def test_option_that_names_a_driver_stays() -> None:
    made = valued(
        "services:\n  app: {image: a, command: [artisan, work, --connection, redis, --host, redis]}\n"
        "  redis: {image: redis}\n"
    )
    assert [str(word) for word in made.of().command or ()][3:] == ["redis", "--host", "{host of redis}"]


@pytest.mark.parametrize(
    "name", ["ALLOWED_HOSTS", "DJANGO_ALLOWED_HOSTS", "TRUSTED_HOSTS", "NO_PROXY", "VIRTUAL_HOST", "allowedHosts"]
)
def test_host_that_is_let_in_is_no_connection(name: str) -> None:
    made = valued(
        f"services:\n  app: {{image: a, environment: {{{name}: 'localhost,redis'}}}}\n  redis: {{image: redis}}"
    )
    assert made.texts() == {name: "localhost,redis"}
    assert made.of().references == ()


@pytest.mark.parametrize("name", ["CORS_ALLOWED_ORIGINS", "CORS_ORIGIN", "CSRF_TRUSTED_ORIGINS"])
def test_origin_that_is_let_in_is_no_connection(name: str) -> None:
    made = valued(f"services:\n  app: {{image: a, environment: {{{name}: 'http://web:8000'}}}}\n  web: {{image: b}}")
    assert made.of().references == ()
    assert (
        valued("services:\n  app: {image: a, environment: {API_URL: 'http://web:8000'}}\n  web: {image: b}")
        .of()
        .references
    )
