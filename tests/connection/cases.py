"""The systems whose connections are tried. URLs are found by their schemes; what a system tells in several variables
stands here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.compose.reference import CORPUS, ROOT
from tests.connection.corpus import furnish
from tests.connection.finding import Split

EXAMPLE_FILES = ROOT / "examples"


@dataclass(frozen=True)
class Case:
    """A system: its compose files, and how its apps are told of their databases. `made_by_app` are databases that the
    app makes itself, as the user that it was given."""

    name: str
    files: Sequence[str]
    splits: Sequence[Split] = ()
    made_by_app: frozenset[str] = frozenset()
    in_corpus: bool = False

    def prepare(self, folder: Path) -> list[Path]:
        """The compose files, furnished where they want it."""
        paths = [(CORPUS if self.in_corpus else EXAMPLE_FILES) / file for file in self.files]
        if (paths[0].parent / "template.toml").is_file():
            return [furnish(paths[0].parent, folder)]
        return paths


def _example(name: str, *files: str) -> Case:
    return Case(name, [f"{name}/{file}" for file in files])


def _blueprint(name: str, *splits: Split, made_by_app: frozenset[str] = frozenset()) -> Case:
    file = f"Dokploy+templates/blueprints/{name}/docker-compose.yml"
    return Case(name, [file], splits, made_by_app, in_corpus=True)


def _corpus(name: str, file: str, *splits: Split) -> Case:
    return Case(name, [file], splits, in_corpus=True)


EXAMPLES = [
    _example("nexiom", "docker-compose.yml", "compose.aws.yaml"),
    _example("lambda-lite", "infra/docker-compose.yml"),
    _example("sports-analytics", "docker-compose.yml", "compose.aws.yaml"),
    _example("edgechat", "docker-compose.yml", "compose.aws.yaml"),
    _example("fastapi-db", "docker-compose.yml", "compose.aws.yaml"),
]

CORPUS_CASES = [
    # URLs of every scheme and option
    _blueprint("umami"),
    _blueprint("docmost"),
    _blueprint("argilla"),
    _blueprint("openpanel"),
    _blueprint("coder"),
    _blueprint("focalboard"),
    _blueprint("kimai"),
    _blueprint("discord-tickets"),
    _blueprint("ackee"),
    _blueprint("rocketchat"),
    # libpq's keywords, NocoDB's options, JDBC in a YAML document, JDBC and PostgreSQL's URL with the login beside them
    _blueprint("miniflux"),
    _corpus("nocodb", "upstream/nocodb+nocodb/docker-compose/2_pg/docker-compose.yml"),
    _corpus(
        "kestra",
        "upstream/kestra-io+kestra/docker-compose.yml",
        Split(
            "KESTRA_CONFIGURATION.datasources.postgres.url",
            user="KESTRA_CONFIGURATION.datasources.postgres.username",
            password="KESTRA_CONFIGURATION.datasources.postgres.password",
        ),
    ),
    _blueprint("booklore", Split("DATABASE_URL", user="DATABASE_USERNAME", password="DATABASE_PASSWORD")),
    _blueprint(
        "penpot",
        Split("PENPOT_DATABASE_URI", user="PENPOT_DATABASE_USERNAME", password="PENPOT_DATABASE_PASSWORD"),
    ),
    # a variable for each part
    _blueprint(
        "n8n-with-postgres",
        Split(
            "DB_POSTGRESDB_HOST",
            "DB_POSTGRESDB_PORT",
            "DB_POSTGRESDB_USER",
            "DB_POSTGRESDB_PASSWORD",
            "DB_POSTGRESDB_DATABASE",
        ),
    ),
    _blueprint(
        "chatwoot",
        Split("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_USERNAME", "POSTGRES_PASSWORD", "POSTGRES_DATABASE"),
        Split("REDIS_URL", password="REDIS_PASSWORD"),
    ),
    _blueprint("budibase", Split("REDIS_URL", password="REDIS_PASSWORD")),
    _blueprint(
        "dify",
        Split("DB_HOST", "DB_PORT", "DB_USERNAME", "DB_PASSWORD", "DB_DATABASE"),
        Split("PGVECTOR_HOST", "PGVECTOR_PORT", "PGVECTOR_USER", "PGVECTOR_PASSWORD", "PGVECTOR_DATABASE"),
        Split("REDIS_HOST", "REDIS_PORT", password="REDIS_PASSWORD"),
        made_by_app=frozenset({"dify_plugin"}),
    ),
    _blueprint(
        "gitea-mysql",
        Split(
            "GITEA__database__HOST",
            user="GITEA__database__USER",
            password="GITEA__database__PASSWD",
            database="GITEA__database__NAME",
        ),
    ),
    _corpus(
        "nextcloud",
        "docker+awesome-compose/nextcloud-redis-mariadb/compose.yaml",
        Split("MYSQL_HOST", user="MYSQL_USER", password="MYSQL_PASSWORD", database="MYSQL_DATABASE"),
        Split("REDIS_HOST"),
    ),
    _corpus(
        "wordpress",
        "docker+awesome-compose/wordpress-mysql/compose.yaml",
        Split(
            "WORDPRESS_DB_HOST",
            user="WORDPRESS_DB_USER",
            password="WORDPRESS_DB_PASSWORD",
            database="WORDPRESS_DB_NAME",
        ),
    ),
    # the password in a file, the rest in the app's code
    _corpus(
        "react-java-mysql",
        "docker+awesome-compose/react-java-mysql/compose.yaml",
        Split("MYSQL_HOST", user="=root", password="/run/secrets/db-password", database="=example"),
    ),
    # two databases of one engine, each with its own login
    _blueprint(
        "postiz",
        Split("POSTGRES_SEEDS", "DB_PORT", "POSTGRES_USER", "POSTGRES_PWD"),
    ),
]
