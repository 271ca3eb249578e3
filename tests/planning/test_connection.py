"""References in all their forms: what stands in the compose file, and what reaches the container."""

from __future__ import annotations

import pytest

from tests.planning.valued import app, valued

POSTGRES = """
POSTGRES_USER: app
POSTGRES_PASSWORD: sesame-99
POSTGRES_DB: shop
"""
LOGIN = "{user of db}:{password of db}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # schemes and drivers
        ("postgresql://app:sesame-99@db:5432/shop", f"postgresql://{LOGIN}@{{host of db}}:5432/shop"),
        ("postgres://app:sesame-99@db/shop", f"postgres://{LOGIN}@{{host of db}}/shop"),
        ("postgresql+asyncpg://app:sesame-99@db:5432/shop", f"postgresql+asyncpg://{LOGIN}@{{host of db}}:5432/shop"),
        ("db+postgresql://app:sesame-99@db/shop", f"db+postgresql://{LOGIN}@{{host of db}}/shop"),
        ("ecto://app:sesame-99@db/shop", f"ecto://{LOGIN}@{{host of db}}/shop"),
        ("POSTGRESQL://app:sesame-99@db/shop", f"POSTGRESQL://{LOGIN}@{{host of db}}/shop"),
        # what stands behind
        (
            "postgresql://app:sesame-99@db/shop?sslmode=disable&x=1#top",
            f"postgresql://{LOGIN}@{{host of db}}/shop?sslmode=disable&x=1#top",
        ),
        ("postgresql://app:sesame-99@db/other", f"postgresql://{LOGIN}@{{host of db}}/other"),
        ("postgresql://app:sesame-99@db/", f"postgresql://{LOGIN}@{{host of db}}/"),
        # logins: percent-encoded, with signs in them, wrong, empty, none
        ("postgresql://app:s%40x%2F@db/shop", f"postgresql://{LOGIN}@{{host of db}}/shop"),
        ("postgresql://app:se@same@db/shop", f"postgresql://{LOGIN}@{{host of db}}/shop"),
        ("postgresql://app:se/same@db/shop", f"postgresql://{LOGIN}@{{host of db}}/shop"),
        ("postgresql://app:@db/shop", f"postgresql://{LOGIN}@{{host of db}}/shop"),
        ("postgresql://app@db/shop", f"postgresql://{LOGIN}@{{host of db}}/shop"),
        ("postgresql://:sesame-99@db/shop", f"postgresql://{LOGIN}@{{host of db}}/shop"),
        ("postgresql://db:5432/shop", f"postgresql://{LOGIN}@{{host of db}}:5432/shop"),
        # JDBC and R2DBC
        (
            "jdbc:postgresql://db:5432/shop?user=app&password=sesame-99",
            "jdbc:postgresql://{host of db}:5432/shop?user={user of db}&password={password of db}",
        ),
        (
            "jdbc:postgresql://db/shop",
            "jdbc:postgresql://{host of db}/shop?user={user of db}&password={password of db}",
        ),
        (
            "jdbc:postgresql://db/shop?ssl=false",
            "jdbc:postgresql://{host of db}/shop?ssl=false&user={user of db}&password={password of db}",
        ),
        ("r2dbc:postgresql://app:sesame-99@db/shop", f"r2dbc:postgresql://{LOGIN}@{{host of db}}/shop"),
        # a login in a query (NocoDB)
        (
            "pg://db:5432?u=app&p=sesame-99&d=shop",
            "pg://{host of db}:5432?u={user of db}&p={password of db}&d=shop",
        ),
        # without a scheme
        ("app:sesame-99@db:5432/shop", f"{LOGIN}@{{host of db}}:5432/shop"),
        # keyword strings
        (
            "host=db port=5432 user=app password=sesame-99 dbname=shop sslmode=disable",
            "host={host of db} port=5432 user={user of db} password={password of db} dbname=shop sslmode=disable",
        ),
        (
            "Host=db;Port=5432;Database=shop;Username=app;Password=sesame-99;Pooling=true",
            "Host={host of db};Port=5432;Database=shop;Username={user of db};Password={password of db};Pooling=true",
        ),
        (
            "Server=db;User Id=app;Password='sesame-99';Database=shop",
            "Server={host of db};User Id={user of db};Password='{password of db}';Database=shop",
        ),
        (
            "pgsql:host=db;dbname=shop;user=app;password=sesame-99",
            "pgsql:host={host of db};dbname=shop;user={user of db};password={password of db}",
        ),
        (
            '\'{"host": "db", "port": 5432, "user": "app", "password": "sesame-99"}\'',
            '{"host": "{host of db}", "port": 5432, "user": "{user of db}", "password": "{password of db}"}',
        ),
        # host:port
        ("db:5432", "{host of db}:5432"),
        ("db:5432,db:5432", "{host of db}:5432,{host of db}:5432"),
        # several in one value
        (
            "postgresql://app:sesame-99@db/shop,postgresql://app:sesame-99@db/other",
            f"postgresql://{LOGIN}@{{host of db}}/shop,postgresql://{LOGIN}@{{host of db}}/other",
        ),
    ],
)
def test_connection_is_parsed_and_put_together_again(before: str, after: str) -> None:
    assert valued(app(f"CONNECTION: {before}", POSTGRES)).text("CONNECTION") == after


@pytest.mark.parametrize(
    ("image", "variables", "before", "after"),
    [
        ("redis:7", "", "redis://db:6379/0", "redis://{host of db}:6379/0"),
        ("redis:7", "", "redis://:@db:6379/0", "redis://{host of db}:6379/0"),
        ("redis:7", "REDIS_PASSWORD: sesame-99", "redis://:sesame-99@db:6379/1", "redis://{host of db}:6379/1"),
        ("redis:7", "REDIS_PASSWORD: sesame-99", "redis://default:sesame-99@db", "redis://{host of db}"),
        (
            "redis:7",
            "REDIS_PASSWORD: sesame-99",
            "db:6379,password=sesame-99,ssl=False",
            "{host of db}:6379,password=,ssl=False",
        ),
        (
            "mysql:8",
            "MYSQL_USER: app\nMYSQL_PASSWORD: sesame-99\nMYSQL_DATABASE: shop",
            "app:sesame-99@tcp(db:3306)/shop?parseTime=true",
            "{user of db}:{password of db}@tcp({host of db}:3306)/shop?parseTime=true",
        ),
        (
            "mysql:8",
            "MYSQL_USER: app\nMYSQL_PASSWORD: sesame-99\nMYSQL_ROOT_PASSWORD: tulip-42",
            "mysql://root:tulip-42@db/shop",
            "mysql://{user of db}:{password of db}@{host of db}/shop",
        ),
        (
            "mongo:7",
            "",
            "mongodb://db:27017",
            "mongodb://{user of db}:{password of db}@{host of db}:27017/?replicaSet=rs0&retryWrites=false"
            "&authSource=admin",
        ),
        (
            "mongo:7",
            "",
            "mongodb://db/shop?w=majority&retryWrites=true",
            "mongodb://{user of db}:{password of db}@{host of db}/shop?w=majority&retryWrites=false"
            "&replicaSet=rs0&authSource=admin",
        ),
        (
            "mongo:7",
            "MONGO_INITDB_ROOT_USERNAME: app\nMONGO_INITDB_ROOT_PASSWORD: sesame-99",
            "mongodb://app:sesame-99@db:27017,db:27018/shop?authSource=shop",
            "mongodb://{user of db}:{password of db}@{host of db}:27017,{host of db}:{port of db}/shop?authSource=admin"
            "&replicaSet=rs0&retryWrites=false",
        ),
    ],
)
def test_each_engine_gets_what_it_needs(image: str, variables: str, before: str, after: str) -> None:
    assert valued(app(f"CONNECTION: {before}", variables, image)).text("CONNECTION") == after


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRES_DB", "db"),
        ("DB_ENGINE", "db"),
        ("CACHE_TYPE", "db"),
        ("NO_PROXY", "localhost,db"),
        ("IMAGE", "db:5432"),
        ("BASE_IMAGE", "registry/db:5432"),
        ("VERSION", "db:16"),
        ("TITLE", "the db is at home"),
        ("OTHER_URL", "https://db.example.com/x"),
        ("MAIL", "me@db.example.com"),
        ("PATH_LIKE", "/etc/db/5432"),
        ("NAMESPACE_HOST", "db.example.com"),
    ],
)
def test_what_merely_equals_a_services_name_is_left_alone(name: str, value: str) -> None:
    result = valued(app(f"{name}: {value}"))
    assert result.text(name) == value
    assert result.of().references == ()


@pytest.mark.parametrize(
    "name", ["DB_HOST", "HOST", "PGHOST", "dbHost", "APP_DATABASE_SERVER", "POSTGRES_SEEDS", "DB_ADDR"]
)
def test_bare_host_is_rewritten_only_under_a_hosts_name(name: str) -> None:
    assert valued(app(f"{name}: db")).text(name) == "{host of db}"


def test_database_is_replaced_only_where_it_is_the_endpoints() -> None:
    text = app("A: postgres://app:sesame-99@db/shop\nB: postgres://app:sesame-99@db/other", POSTGRES)
    result = valued(text, db={"aws_database": "shop_app"})
    assert result.text("A") == f"postgres://{LOGIN}@{{host of db}}/{{database of db}}"
    assert result.text("B") == f"postgres://{LOGIN}@{{host of db}}/other"


def test_database_is_named_where_aws_gave_the_user_another_name() -> None:
    database = "POSTGRES_USER: admin\nPOSTGRES_PASSWORD: sesame-99"
    result = valued(app("A: postgres://admin:sesame-99@db", database), db={"aws_user": "admin_app"})
    assert result.text("A") == f"postgres://{LOGIN}@{{host of db}}/{{database of db}}"


def test_port_is_a_hole_where_it_differs_on_aws() -> None:
    result = valued(app("A: redis://db:6379\nB: redis://db\nC: db:6379", image="redis:7"), db={"aws_port": 6380})
    assert result.texts() == {
        name: f"{prefix}{{host of db}}:{{port of db}}"
        for name, prefix in [("A", "redis://"), ("B", "redis://"), ("C", "")]
    }


def test_scheme_tells_of_tls_where_the_endpoint_wants_it() -> None:
    result = valued(app("A: redis://db:6379/0\nB: celery+redis://db", image="redis:7"), db={"tls": True})
    assert result.texts() == {"A": "rediss://{host of db}:6379/0", "B": "celery+rediss://{host of db}"}


def test_cache_with_a_password_of_ours_gets_it() -> None:
    text = app(
        "A: redis://:sesame-99@db:6379\nB: redis://default:sesame-99@db\nC: redis://db",
        "REDIS_PASSWORD: sesame-99",
        "redis:7",
    )
    result = valued(text, db={"passwordless": False})
    assert result.texts() == {
        "A": "redis://:{password of db}@{host of db}:6379",
        "B": "redis://default:{password of db}@{host of db}",
        "C": "redis://:{password of db}@{host of db}",
    }


INTERPOLATED = "postgres://${DB_USER}:${DB_PASSWORD}@db:5432/${DB_NAME}"
FROM_VARIABLES = "POSTGRES_USER: ${DB_USER}\nPOSTGRES_PASSWORD: ${DB_PASSWORD}\nPOSTGRES_DB: ${DB_NAME}"


def test_url_of_unset_variables_is_rewritten_like_any_other() -> None:
    result = valued(app(f"URL: {INTERPOLATED}", FROM_VARIABLES), db={"aws_database": "x"})
    assert result.text("URL") == f"postgres://{LOGIN}@{{host of db}}:5432/{{database of db}}"
    assert result.values.parameters == ()
    decision = result.decision("services", "app", "environment", "URL")
    assert decision.reason.startswith("was postgres://${DB_USER}:****@db:5432/${DB_NAME}, is postgres://")


@pytest.mark.parametrize("password", ["sesame-99", "a/b?c#d", "p@ss:word", "with space"])
def test_url_of_set_variables_keeps_together_whatever_the_password_holds(password: str) -> None:
    environment = {"DB_USER": "app", "DB_PASSWORD": password, "DB_NAME": "shop"}
    result = valued(app(f"URL: {INTERPOLATED}", FROM_VARIABLES), environment)
    assert result.text("URL") == f"postgres://{LOGIN}@{{host of db}}:5432/shop"
    assert password not in result.printed


def test_url_that_is_one_variable_is_rewritten_by_its_value() -> None:
    environment = {"DATABASE_URL": "postgres://app:sesame-99@db/shop"}
    result = valued(app("DATABASE_URL: ${DATABASE_URL}", POSTGRES), environment)
    assert result.text("DATABASE_URL") == f"postgres://{LOGIN}@{{host of db}}/shop"


def test_unset_host_is_filled_where_one_service_alone_can_be_meant() -> None:
    result = valued(app("URL: postgres://app:${PW}@${DB_HOST}:${DB_PORT}/shop\nPGHOST: ${PGHOST}", POSTGRES))
    assert result.text("URL") == f"postgres://{LOGIN}@{{host of db}}:{{port of db}}/shop"
    assert result.text("PGHOST") == "{host of db}"
    assert len(result.findings("connection-filled")) == 2


def test_unset_url_is_filled_with_the_address_of_the_one_service_of_its_family() -> None:
    text = app(
        "DATABASE_URL: ${DATABASE_URL}\nREDIS_URL:\nCLICKHOUSE_URL: ${CLICKHOUSE_URL}\nAPP_URL: ${APP_URL}", POSTGRES
    )
    result = valued(text + "  cache:\n    image: redis:7\n")
    assert result.text("DATABASE_URL") == f"postgresql://{LOGIN}@{{host of db}}:5432/shop"
    assert result.text("REDIS_URL") == "redis://{host of cache}:6379"
    assert result.text("CLICKHOUSE_URL") == "{secret parameter of ClickhouseUrl}"
    assert result.text("APP_URL") == "{parameter of AppUrl}"
    assert {finding.severity for finding in result.findings("connection-filled")} == {"note"}


def test_unset_url_is_not_filled_where_two_services_could_be_meant() -> None:
    result = valued(app("DATABASE_URL: ${DATABASE_URL}") + "  other:\n    image: postgres:16\n")
    assert result.text("DATABASE_URL") == "{secret parameter of DatabaseUrl}"


def test_configuration_in_yaml_is_rewritten_line_by_line() -> None:
    text = """
services:
  app:
    image: acme/app
    environment:
      CONFIGURATION: |
        datasources:
          postgres:
            url: jdbc:postgresql://db:5432/shop
            username: app
            password: k3str4
        server:
          url: http://localhost:8080/
  db:
    image: postgres:16
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: k3str4, POSTGRES_DB: shop}
"""
    written = valued(text).text("CONFIGURATION")
    assert "username: {user of db}\n" in written
    assert "password: {password of db}\n" in written
    assert "url: jdbc:postgresql://{host of db}:5432/shop\n" in written
    assert "http://localhost:8080/" in written
    assert "k3str4" not in valued(text).printed


def test_names_of_all_kinds_lead_to_the_service() -> None:
    text = """
services:
  app:
    image: acme/app
    links: ["db:linked"]
    environment: {A_HOST: linked, B_HOST: aliased, C_HOST: contained, D_HOST: hosted, E_HOST: elsewhere}
    networks: [back]
  db:
    image: postgres:16
    container_name: contained
    hostname: hosted
    networks: {back: {aliases: [aliased]}}
networks: {back: {}}
"""
    texts = valued(text).texts()
    assert [texts[f"{letter}_HOST"] for letter in "ABCD"] == ["{host of db}"] * 4
    assert texts["E_HOST"] == "elsewhere"


def test_name_that_two_services_have_means_the_one_on_a_shared_network() -> None:
    text = """
services:
  app:
    image: acme/app
    environment: {DB_HOST: store}
    networks: [right]
  left-db: {image: "postgres:16", networks: {left: {aliases: [store]}}}
  right-db: {image: "postgres:16", networks: {right: {aliases: [store]}}}
networks: {left: {}, right: {}}
"""
    assert valued(text).text("DB_HOST") == "{host of right-db}"


def test_references_name_services_that_moved_and_services_that_did_not() -> None:
    text = """
services:
  app:
    image: acme/app
    environment:
      DATABASE_URL: postgres://db/x
      API_URL: http://api:3000/v1
      HOOK: http://api/hook
      BROKERS: kafka:9092
      API_HOST: api
      SELF: http://app:80
    command: ["wait-for-it", "worker:8000", "--", "nc", "-z", "db", "5432"]
  api: {image: acme/api}
  kafka: {image: apache/kafka}
  worker: {image: acme/worker}
  db: {image: "postgres:16"}
"""
    found = {(reference.service, reference.port) for reference in valued(text).of().references}
    assert found == {("db", 5432), ("api", 3000), ("api", 80), ("api", None), ("kafka", 9092), ("worker", 8000)}


def test_options_that_only_a_url_could_carry_are_reported() -> None:
    result = valued(app("MONGO_HOST: db\nMONGO_URL: mongodb://db", image="mongo:7"))
    (finding,) = result.findings("connection-options")
    assert finding.path == ("services", "app", "environment", "MONGO_HOST")
    assert "retryWrites=false" in finding.message
    assert valued(app("DB_HOST: db")).findings("connection-options") == ()
