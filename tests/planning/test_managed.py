"""Managed services: which version, which login, which settings, and what becomes of the rest of the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.catalog.model import PRODUCTS
from compose2aws.planning.model import (
    AuroraCluster,
    DatabaseInstance,
    DocumentCluster,
    Managed,
    Plan,
    ReplicationGroup,
)
from tests.planning.projects import becomes, codes, container, decision, finding, findings, outcome, planned

ELASTIC = "opensearchproject/opensearch:2"


def moved(folder: Path, image: str, body: str = "", **options: str) -> tuple[Plan, Managed]:
    """The plan of a service `db` of an image; `body` are further lines of it."""
    made = planned(folder, f"services:\n  db:\n    image: '{image}'\n    {body}\n", tier=options.get("tier"))
    assert len(made.managed) == 1, made.findings
    return made, made.managed[0]


# ── versions ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("image", "major"),
    [
        ("postgres", "17"),
        ("postgres:latest", "17"),
        ("postgres:alpine", "17"),
        ("postgres:bookworm", "17"),
        ("postgres:16", "16"),
        ("postgres:16-alpine", "16"),
        ("postgres:16.3-bookworm", "16"),
        ("postgres:14", "14"),
        ("postgres:18", "18"),
        ("postgres@sha256:" + "0" * 64, "17"),
        ("postgis/postgis:15-3.4", "15"),
        ("pgvector/pgvector:pg16", "16"),
        ("pgvector/pgvector:0.8.0-pg16", "16"),
        ("pgvector/pgvector:0.8.1-pg18-trixie", "18"),
        ("ankane/pgvector:v0.5.1", "17"),
        ("bitnami/postgresql:16.4.0-debian-12-r1", "16"),
        ("mysql", "8.4"),
        ("mysql:8", "8.4"),
        ("mysql:8.0", "8.0"),
        ("mysql:8.0.36-debian", "8.0"),
        ("mysql:lts", "8.4"),
        ("mariadb:10.6", "10.6"),
        ("mariadb:10.11.8", "10.11"),
        ("mariadb:11", "11.8"),
        ("mariadb:lts", "11.8"),
        ("redis", "8"),
        ("redis:7", "8"),
        ("redis:6.2-alpine", "8"),
        ("valkey/valkey:8", "8"),
        ("valkey/valkey:8.1-alpine", "8"),
        ("valkey/valkey:9", "9"),
        ("mongo", "5.0"),
        ("mongo:5", "5.0"),
        ("mongo:4.0", "4.0"),
    ],
)
def test_a_tag_says_which_major_it_is(tmp_path: Path, image: str, major: str) -> None:
    made, item = moved(tmp_path, image)
    assert item.version.major == major
    assert "engine-version" not in codes(made)


@pytest.mark.parametrize(
    ("image", "major", "word"),
    [
        ("postgres:13", "14", "is not offered"),
        ("postgres:9.6-alpine", "14", "is not offered"),
        ("postgres:99", "18", "cannot be created yet"),
        ("mysql:5.7", "8.0", "is not offered"),
        ("mysql:9", "8.4", "cannot be created yet"),
        ("mariadb:10.5", "10.6", "is not offered"),
        ("mariadb:12", "11.8", "cannot be created yet"),
        ("mongo:7", "5.0", "cannot be created yet"),
        ("mongo:3.6", "4.0", "is not offered"),
    ],
)
def test_a_major_that_aws_does_not_create_becomes_the_nearest_with_a_finding(
    tmp_path: Path, image: str, major: str, word: str
) -> None:
    made, item = moved(tmp_path, image)
    assert item.version.major == major
    told = finding(made, "engine-version")
    assert told.severity == "warning"
    assert word in told.message
    assert told.position is not None
    assert told.position.line == 3


def test_the_version_is_a_parameter_whose_default_is_the_newest_creatable_minor(tmp_path: Path) -> None:
    made, item = moved(tmp_path, "postgres:16")
    (parameter,) = [p for p in made.parameters if p.source == "engine:db"]
    assert parameter.name == item.version.parameter == "DbEngineVersion"
    assert parameter.default == item.version.default == "16.15"
    assert item.family == "aurora-postgresql16"


@pytest.mark.parametrize(
    ("image", "family"),
    [
        ("mysql:8.0", "aurora-mysql8.0"),
        ("mariadb:10.11", "mariadb10.11"),
        ("redis:7", "valkey8"),
        ("mongo:5", "docdb5.0"),
    ],
)
def test_the_parameter_group_is_of_the_majors_family(tmp_path: Path, image: str, family: str) -> None:
    _, item = moved(tmp_path, image)
    assert item.family == family
    assert item.version.default.startswith(item.version.major)


# ── logins ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def cluster(folder: Path, image: str, environment: str) -> tuple[Plan, AuroraCluster]:
    made, item = moved(folder, image, f"environment: {{{environment}}}")
    assert isinstance(item, AuroraCluster)
    return made, item


def test_the_images_own_variables_name_user_and_database(tmp_path: Path) -> None:
    _, item = cluster(tmp_path, "postgres:16", "POSTGRES_USER: shop, POSTGRES_PASSWORD: pw, POSTGRES_DB: orders")
    assert (item.user, item.database, item.port) == ("shop", "orders", 5432)


def test_a_postgres_database_is_named_like_its_user_unless_said(tmp_path: Path) -> None:
    _, item = cluster(tmp_path, "postgres:16", "POSTGRES_USER: shop")
    assert (item.user, item.database) == ("shop", "shop")
    _, item = cluster(tmp_path, "postgres:16", "POSTGRES_PASSWORD: pw")
    assert (item.user, item.database) == ("postgres", "postgres")


def test_mysqls_user_for_clients_is_the_master_where_there_is_one(tmp_path: Path) -> None:
    _, item = cluster(tmp_path, "mysql:8.0", "MYSQL_USER: shop, MYSQL_PASSWORD: a, MYSQL_ROOT_PASSWORD: b")
    assert (item.user, item.database) == ("shop", None)
    _, item = cluster(tmp_path, "mysql:8.0", "MYSQL_ROOT_PASSWORD: b, MYSQL_DATABASE: orders")
    assert (item.user, item.database) == ("root", "orders")


@pytest.mark.parametrize(
    ("image", "environment", "user", "database"),
    [
        ("postgres:16", "POSTGRES_USER: admin, POSTGRES_DB: x", "admin_app", "x"),
        ("postgres:16", "POSTGRES_USER: user, POSTGRES_DB: x", "user_app", "x"),
        ("postgres:16", "POSTGRES_USER: RDSAdmin, POSTGRES_DB: x", "RDSAdmin_app", "x"),
        ("postgres:16", "POSTGRES_USER: shop, POSTGRES_DB: db", "shop", "db_app"),
        ("postgres:16", "POSTGRES_USER: shop, POSTGRES_DB: order", "shop", "order_app"),
        ("postgres:16", "POSTGRES_USER: my-app, POSTGRES_DB: my.app", "my_app", "my_app"),
        ("postgres:16", "POSTGRES_USER: 1st, POSTGRES_DB: _x", "c1st", "c_x"),
        ("mysql:8.0", "MYSQL_USER: rdsadmin, MYSQL_DATABASE: sys", "rdsadmin_app", "sys_app"),
    ],
)
def test_a_name_that_aws_refuses_is_changed_with_a_finding(
    tmp_path: Path, image: str, environment: str, user: str, database: str
) -> None:
    made, item = cluster(tmp_path, image, environment)
    assert (item.user, item.database) == (user, database)
    told = {f.code for f in made.findings if f.code.endswith("-renamed")}
    written = dict(pair.split(": ") for pair in environment.split(", "))
    changed = {kind for kind, name in (("user", user), ("database", database)) if name not in written.values()}
    assert told == {f"{kind}-renamed" for kind in changed}
    for finding_ in made.findings:
        if finding_.code.endswith("-renamed"):
            assert finding_.path is not None
            assert finding_.path[:3] == ("services", "db", "environment")


@pytest.mark.parametrize(("image", "most"), [("postgres:16", 63), ("mysql:8.0", 32)])
def test_a_name_is_cut_to_what_the_engine_takes(tmp_path: Path, image: str, most: int) -> None:
    variable = "POSTGRES_USER" if "postgres" in image else "MYSQL_USER"
    _, item = cluster(tmp_path, image, f"{variable}: {'a' * 80}")
    assert item.user == "a" * most


def test_a_password_file_of_the_database_is_not_needed(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          db:
            image: postgres:16
            environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD_FILE: /run/secrets/db}
            secrets: [db]
          api:
            image: acme/api
            environment: {DATABASE_URL: postgres://shop@db/shop}
        secrets:
          db: {file: ./password.txt}
        """,
        {"password.txt": "sesame-sesame"},
    )
    (item,) = made.managed
    assert isinstance(item, AuroraCluster)
    assert item.user == "shop"
    assert outcome(made, "secrets.db") in ("inert", "adapted")
    assert "sesame-sesame" not in repr(made)


def test_documents_demand_a_login_that_is_made_where_the_file_has_none(tmp_path: Path) -> None:
    _, item = moved(tmp_path, "mongo:5")
    assert isinstance(item, DocumentCluster)
    assert item.user == "compose"
    _, item = moved(tmp_path, "mongo:5", "environment: {MONGO_INITDB_ROOT_USERNAME: root}")
    assert isinstance(item, DocumentCluster)
    assert item.user == "root_app"


def test_a_caches_password_goes_with_a_note(tmp_path: Path) -> None:
    made, item = moved(tmp_path, "redis:7", "command: redis-server --requirepass sesame-sesame")
    assert isinstance(item, ReplicationGroup)
    assert not item.generated_password
    assert finding(made, "cache-without-password").severity == "note"
    assert "sesame-sesame" not in repr(made.decisions) + repr(made.findings)
    made, _ = moved(tmp_path, "redis:7")
    assert "cache-without-password" not in codes(made)


# ── settings ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("image", "command", "carried"),
    [
        (
            "postgres:16",
            "postgres -c shared_buffers=256MB -cwork_mem=8MB",
            {"shared_buffers": "32768", "work_mem": "8192"},
        ),
        ("postgres:16", "postgres --max-connections=200", {"max_connections": "200"}),
        ("postgres:16", "-c 'timezone=Europe/Vienna'", {"timezone": "Europe/Vienna"}),
        ("postgres:16", "postgres -c fsync=off -c max_connections=9", {"max_connections": "9"}),
        ("mysql:8.0", "--max-connections=200 --sql_mode=ANSI", {"max_connections": "200", "sql_mode": "ANSI"}),
        ("mysql:8.0", "mysqld --character-set-server utf8mb4", {"character_set_server": "utf8mb4"}),
        ("mariadb:11", "--max_allowed_packet=64M", {"max_allowed_packet": "67108864"}),
        ("redis:7", "redis-server --maxmemory-policy allkeys-lru", {"maxmemory-policy": "allkeys-lru"}),
        ("redis:7", "redis-server --appendonly yes", {"maxmemory-policy": "noeviction"}),
    ],
)
def test_settings_of_the_command_go_into_the_parameter_group(
    tmp_path: Path, image: str, command: str, carried: dict[str, str]
) -> None:
    made, item = moved(tmp_path, image, f'command: "{command}"')
    assert carried.items() <= dict(item.parameters).items()
    assert set(dict(item.parameters)) - set(carried) <= {
        "rds.force_ssl",
        "require_secure_transport",
        "maxmemory-policy",
    }
    assert "setting-not-carried" not in codes(made)


def test_a_setting_without_a_counterpart_is_told(tmp_path: Path) -> None:
    made, item = moved(tmp_path, "postgres:16", "command: postgres -c wal_compression=on -c max_connections=5")
    assert dict(item.parameters)["max_connections"] == "5"
    assert "wal_compression" in finding(made, "setting-not-carried").message


def test_a_password_in_the_command_is_no_setting(tmp_path: Path) -> None:
    made, item = moved(tmp_path, "redis:7", "command: [redis-server, --requirepass, sesame-sesame]")
    assert "requirepass" not in dict(item.parameters)
    assert "setting-not-carried" not in codes(made)


@pytest.mark.parametrize(
    ("image", "name", "off", "on"),
    [
        ("postgres:16", "rds.force_ssl", "0", "1"),
        ("mysql:8.0", "require_secure_transport", "OFF", "ON"),
        ("mariadb:11", "require_secure_transport", "0", "1"),
        ("mongo:5", "tls", "disabled", "enabled"),
    ],
)
def test_tls_is_always_said_off_by_default_and_on_where_it_is_required(
    tmp_path: Path, image: str, name: str, off: str, on: str
) -> None:
    _, item = moved(tmp_path, image)
    assert dict(item.parameters)[name] == off
    made = planned(tmp_path, f"services:\n  db: {{image: '{image}'}}\nx-aws: {{tls: required}}\n")
    assert dict(made.managed[0].parameters)[name] == on


def test_a_cache_takes_plain_text_unless_tls_is_required(tmp_path: Path) -> None:
    _, item = moved(tmp_path, "redis:7")
    assert isinstance(item, ReplicationGroup)
    assert item.transit_encryption == "preferred"
    made = planned(tmp_path, "services:\n  db: {image: redis}\nx-aws: {tls: required}\n")
    assert isinstance(made.managed[0], ReplicationGroup)
    assert made.managed[0].transit_encryption == "required"


# ── size by tier ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_tiers_differ_in_size_alone(tmp_path: Path) -> None:
    _, small = moved(tmp_path, "postgres:16", tier="development")
    _, large = moved(tmp_path, "postgres:16", tier="production")
    assert isinstance(small, AuroraCluster)
    assert isinstance(large, AuroraCluster)
    assert (small.minimum_capacity, small.maximum_capacity, small.auto_pause, small.reader) == (0, 2, 300, False)
    assert (large.minimum_capacity, large.maximum_capacity, large.auto_pause, large.reader) == (0.5, 16, None, True)
    assert (small.backup_retention, large.backup_retention) == (1, 14)
    assert (small.user, small.database, small.parameters) == (large.user, large.database, large.parameters)


def test_caches_and_instances_have_a_second_node_in_production(tmp_path: Path) -> None:
    for tier, nodes, zones in (("development", 1, False), ("production", 2, True)):
        _, cache = moved(tmp_path, "redis", tier=tier)
        _, mariadb = moved(tmp_path, "mariadb", tier=tier)
        _, documents = moved(tmp_path, "mongo", tier=tier)
        assert isinstance(cache, ReplicationGroup)
        assert isinstance(mariadb, DatabaseInstance)
        assert isinstance(documents, DocumentCluster)
        assert (cache.nodes, mariadb.multi_az, documents.instances) == (nodes, zones, nodes)


# ── the rest of the service ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_whole_service_is_one_decision_that_names_all_it_became(tmp_path: Path) -> None:
    made, item = moved(tmp_path, "postgres:16")
    assert outcome(made, "services.db") == "adapted"
    wanted = {id_.logical_id for id_ in item.resources} | {"DbSecurityGroup", "DbAlias"}
    assert becomes(made, "services.db") == wanted
    assert decision(made, "services.db").code == "managed-aurora-postgresql"


def test_data_is_absorbed_and_other_mounts_are_told(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          db:
            image: postgres:16
            volumes:
              - data:/var/lib/postgresql/data
              - ./init.sql:/docker-entrypoint-initdb.d/init.sql:ro
              - ./postgresql.conf:/etc/postgresql/postgresql.conf:ro
              - /etc/localtime:/etc/localtime:ro
            ports: ["5432:5432"]
        volumes: {data: }
        """,
        {"init.sql": "", "postgresql.conf": ""},
    )
    assert finding(made, "volume-absorbed").severity == "note"
    assert outcome(made, "services.db.volumes[1]") == "adapted"
    assert decision(made, "services.db.volumes[2]").code == "managed-file-not-used"
    assert becomes(made, "volumes.data") == {"DbCluster"}
    assert made.file_system is None
    assert finding(made, "managed-port-not-published").severity == "note"
    assert made.balancers == ()
    assert len(findings(made, "managed-file-not-used")) == 1


def test_a_database_that_nobody_visibly_connects_to_is_an_error_finding(tmp_path: Path) -> None:
    made, _ = moved(tmp_path, "postgres:16", "environment: {POSTGRES_PASSWORD: pw}")
    assert finding(made, "database-without-client").severity == "error"


def test_people_read_what_amazon_calls_the_services_and_never_our_own_words(tmp_path: Path) -> None:
    images = ("postgres:9", "mysql:5.7", "mariadb:10.5", "redis:7", "memcached:1", "mongo:3", "rabbitmq:3", ELASTIC)
    lines = [
        f"  s{number}: {{image: '{image}', command: -x y, volumes: ['/odd']}}" for number, image in enumerate(images)
    ]
    made = planned(tmp_path, "services:\n" + "\n".join(lines) + "\n")
    assert len(made.managed) == len(images) == len(PRODUCTS)
    said = "\n".join([d.reason for d in made.decisions] + [f"{f.message} {f.remedy}" for f in made.findings])
    assert not [target for target in PRODUCTS if target in said]
    assert all(f"runs as {product}" in said for product in PRODUCTS.values())


@pytest.mark.parametrize("image", ["mysql:8", "mariadb:11"])
def test_a_database_that_a_variable_without_a_value_names_is_named_by_its_parameter(tmp_path: Path, image: str) -> None:
    text = f"""
        services:
          db: {{image: '{image}', environment: {{MYSQL_DATABASE: '${{NAME}}', MYSQL_ROOT_PASSWORD: pw-pw-pw}}}}
          app:
            image: acme/app
            environment: {{A: 'mysql://root:pw-pw-pw@db/${{NAME}}', DB_HOST: db, DB_NAME: '${{NAME}}'}}
    """
    made = planned(tmp_path, text)
    (item,) = made.managed
    assert isinstance(item, AuroraCluster | DatabaseInstance)
    assert (item.database, item.database_parameter) == (None, "Name")
    texts = {v.name: str(v.text) for v in container(made, "app").environment}
    assert texts["A"].endswith("@{host of db}/{parameter of Name}")
    assert texts["DB_NAME"] == "{parameter of Name}"
    assert finding(made, "database-name-open").severity == "note"
    made = planned(tmp_path, text, environment={"NAME": "shop"})
    (item,) = made.managed
    assert isinstance(item, AuroraCluster | DatabaseInstance)
    assert (item.database, item.database_parameter) == ("shop", None)


def test_mariadb_has_as_much_storage_in_both_tiers_for_it_never_shrinks(tmp_path: Path) -> None:
    items = [moved(tmp_path, "mariadb:11", tier=tier)[1] for tier in ("development", "production")]
    small, large = (item for item in items if isinstance(item, DatabaseInstance))
    assert (small.storage, small.maximum_storage) == (large.storage, large.maximum_storage)
    assert (small.multi_az, large.multi_az) == (False, True)
