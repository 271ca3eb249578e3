"""Each managed family and each form of a reference stands in some golden case, whose ledger says what it becomes.

A form here is a row: the case, the path, and what the ledger says of it. Who adds a family or a form adds a row.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from compose2aws.catalog import load_catalog
from compose2aws.catalog.model import PRODUCTS
from compose2aws.planning.ledger import people_path
from compose2aws.planning.model import Plan
from tests.golden_cases import GOLDEN, LEDGER, cases, read_plan


class Form(NamedTuple):
    """`says` is a part of the decision's reason on the path; None where the value must stay as it is."""

    case: str
    path: str
    says: str | None


SQL, LISTS, TLS = "connection-forms", "documents-and-lists", "tls-required"
LOGIN = "{user of db}:{password of db}@{host of db}"
FORMS: dict[str, Form] = {
    "a URL": Form(SQL, "urls.environment.PLAIN", f"is postgres://{LOGIN}/shop"),
    "a URL that names a driver": Form(SQL, "urls.environment.DRIVER", f"is postgresql+asyncpg://{LOGIN}:5432/shop?"),
    "a URL with a word before": Form(SQL, "urls.environment.CELERY", f"is db+postgresql://{LOGIN}/shop"),
    "a URL inside a text": Form(SQL, "urls.environment.INSIDE", f"replica=postgres://{LOGIN}/shop"),
    "JDBC": Form(SQL, "urls.environment.JDBC", "{host of db}:5432/shop?user={user of db}&password={password of db}"),
    "JDBC with the login beside": Form(
        "mysql-and-mariadb", "java.environment.SPRING_DATASOURCE_URL", "is jdbc:mysql://{host of mysql}:3306/shop?"
    ),
    "Go's DSN": Form("mysql-and-mariadb", "go.environment.DSN", "@tcp({host of mysql}:3306)/shop"),
    "a keyword string": Form(SQL, "strings.environment.ConnectionStrings__Default", "is Host={host of db};Port=5432;"),
    "libpq's keywords": Form(SQL, "strings.environment.LIBPQ", "password={password of db} dbname=shop"),
    "PDO's DSN": Form(SQL, "strings.environment.PDO_DSN", "is pgsql:host={host of db};"),
    "a list of URLs": Form(LISTS, "app.environment.CACHE_URLS", "{host of cache}:6379/0,redis://{host of sessions}"),
    "a list of hosts in a URL": Form(LISTS, "app.environment.MONGO_LIST", "@{host of mongo}:27017,{host of mongo}"),
    "a list of URLs with logins": Form(
        LISTS, "app.environment.BROKERS", ",amqps://{user of queue}:{password of queue}"
    ),
    "host:port": Form(SQL, "parts.environment.ADDRESS", "is {host of db}:5432"),
    "a list of host:port": Form(
        LISTS, "app.environment.CACHE_NODES", "is {host of cache}:6379,{host of sessions}:6379"
    ),
    "a bare host": Form(SQL, "parts.environment.DB_HOST", "is {host of db}"),
    "a user of its own": Form(SQL, "parts.environment.DB_USER", "is {user of db}"),
    "a password of its own": Form(SQL, "parts.environment.DB_PASSWORD", "is {password of db}"),
    "a password that both sides have of a variable": Form(
        "mysql-and-mariadb", "blog.environment.WORDPRESS_DB_PASSWORD", "is {password of mariadb}"
    ),
    "the administrator": Form("mysql-and-mariadb", "blog.environment.WORDPRESS_DB_USER", "was root, is {user of"),
    "a database that both sides have of a variable": Form(
        "mysql-and-mariadb", "blog.environment.WORDPRESS_DB_NAME", "the parameter Blog holds it"
    ),
    "a command": Form(SQL, "command.command", "{password of db}, {host of db}; a shell"),
    "an entrypoint": Form(SQL, "entrypoint.entrypoint", "{user of db}, {password of db}; a shell"),
    "a file of variables": Form(SQL, "from-file.environment.DATABASE_URL", f"is postgres://{LOGIN}:5432/shop"),
    "libpq's variables": Form(SQL, "from-file.environment.PGHOST", "is {host of db}"),
    "an empty URL that can mean one": Form(SQL, "empty.environment.DATABASE_URL", "which is not set, is postgresql://"),
    "a value that equals a service's name": Form(SQL, "parts.environment.SCHEMA_NAME", None),
    "a text that has a service's name in it": Form(SQL, "parts.environment.TITLE", None),
    "a URL that says TLS": Form(TLS, "app.environment.DATABASE_URL", "/shop?sslmode=require"),
    "a cache with a password": Form(TLS, "app.environment.REDIS_URL", "is rediss://:{password of cache}@"),
    "a switch for TLS": Form(TLS, "tools.environment.REDIS_TLS", "was false, is true"),
    "a broker's URL": Form("message-broker", "api.environment.AMQP_URL", "is amqps://"),
    "a search's URL": Form("search", "api.environment.OPENSEARCH_URL", "is https://"),
}
FOUND: dict[str, tuple[str, str]] = {
    "a database that nobody is seen to connect to": ("unseen-clients", "database-without-client"),
    "a login in a mounted file": ("unseen-clients", "login-in-file"),
    "a login that AWS has not": ("unseen-clients", "cache-without-login"),
    "an oplog": (LISTS, "not-offered"),
    "a URL that cannot say TLS": (TLS, "tls-not-told"),
    "a client without the cache's password": (TLS, "cache-password-not-given"),
    "a user that AWS refuses": (LISTS, "user-renamed"),
}


@cache
def made(case: str) -> Plan:
    return read_plan(GOLDEN / case)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_in_a_case_and_becomes_what_its_ledger_says(form: str) -> None:
    case, path, says = FORMS[form]
    (decision,) = [d for d in made(case).decisions if people_path(d.path) == f"services.{path}"]
    if says is None:
        assert (decision.outcome, decision.reason) == ("translated", "")
    else:
        assert says in decision.reason
        assert decision.reason in (GOLDEN / case / LEDGER).read_text(encoding="utf-8")


@pytest.mark.parametrize("what", FOUND)
def test_what_cannot_be_rewritten_is_told_in_a_case(what: str) -> None:
    case, code = FOUND[what]
    assert code in [finding.code for finding in made(case).findings]
    assert f" {code}" in (GOLDEN / case / LEDGER).read_text(encoding="utf-8")


def test_every_managed_family_is_in_a_case() -> None:
    ledgers = "\n".join(Path(case / LEDGER).read_text(encoding="utf-8") for case in cases())
    managed = {mapping.becomes for mapping in load_catalog().mappings if mapping.managed}
    assert managed == set(PRODUCTS)
    assert {family for family in managed if f"[managed-{family}]" not in ledgers} == set()
