"""Small compose projects by chance: one to six services of several kinds that use each other.

Every secret in them is written with the word `sesame`, and nothing else is: a search for it finds a leak.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from hypothesis import strategies as st

from compose2aws.catalog import load_catalog
from compose2aws.compose import LoadOptions, Project, load
from compose2aws.planning.model import Plan
from compose2aws.planning.planner import plan

Compose: TypeAlias = dict[str, Any]

ENVIRONMENT = {"GIVEN_TOKEN": "sesame-given", "GIVEN_NAME": "shown", "DB_PASSWORD": "sesame-shared"}
FILES = {"app.conf": "a: b\n", "conf/a.conf": "", "conf/b.yaml": "", "src/Dockerfile": "FROM x\nEXPOSE 7000\n"}

# Names that are close to each other on purpose.
APPS = ("api", "web", "my-app", "my_app", "MyApp", "worker2")
DATABASES: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    # image, its own variables, and how clients name it
    "db": (
        "postgres:16",
        {"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": "sesame-postgres", "POSTGRES_DB": "orders"},
        ("postgres://shop:sesame-postgres@db:5432/orders", "postgresql+asyncpg://shop:sesame-postgres@db/orders?x=1"),
    ),
    "db-2": (
        "postgres:13",
        {"POSTGRES_USER": "admin", "POSTGRES_PASSWORD": "${DB_PASSWORD}"},
        ("postgres://admin:${DB_PASSWORD}@db-2/admin", "host=db-2 user=admin password=sesame-shared"),
    ),
    "mysql": (
        "mysql:8.0",
        {"MYSQL_USER": "shop", "MYSQL_PASSWORD": "sesame-mysql", "MYSQL_ROOT_PASSWORD": "sesame-root"},
        ("mysql://shop:sesame-mysql@mysql/shop", "mysql://root:sesame-root@mysql:3306/"),
    ),
    "mariadb": (
        "mariadb:11",
        {"MARIADB_ROOT_PASSWORD": "sesame-maria"},
        ("mysql://root:sesame-maria@mariadb/x",),
    ),
    "cache": ("redis:7", {}, ("redis://cache:6379/0", "redis://:sesame-cache@cache")),
    "mongo": (
        "mongo:5",
        {"MONGO_INITDB_ROOT_USERNAME": "root", "MONGO_INITDB_ROOT_PASSWORD": "sesame-mongo"},
        ("mongodb://root:sesame-mongo@mongo:27017/shop?authSource=admin",),
    ),
}

PORTS = ("8080:80", "8081:3000", "3000", "2222:22", "127.0.0.1:9000:9000", "53:53", "53:53/udp", "8443:443")
VOLUMES = (
    "data:/data",
    "more:/srv/more:ro",
    "my-data:/a",
    "my_data:/b",
    "./uploads:/uploads",
    "./app.conf:/etc/app.conf:ro",
    "./conf:/etc/conf:ro",
    "/cache",
    "/etc/localtime:/etc/localtime:ro",
)
NAMED_VOLUMES = ("data", "more", "my-data", "my_data", "pg")
NETWORKS = ("front", "back", "my-net", "my_net")
VALUES = {
    "LEVEL": "info",
    "EMPTY": "",
    "NAME": "${GIVEN_NAME}",
    "UNSET": "${UNSET_NAME}",
    "REQUIRED": "${REQUIRED:?say it}",
    "DEFAULTED": "${UNSET_NAME:-fallback}",
    "BARE": None,
    "JWT_SECRET": "sesame-jwt",
    "API_KEY": "${GIVEN_TOKEN}",
    "HEADER": "Bearer ${GIVEN_TOKEN}",
    "SMTP_PASSWORD": "${UNSET_PASSWORD}",
    "SMTP_URL": "smtp://me:sesame-smtp@mail.example.com:587",
    "DB_PASSWORD": "${DB_PASSWORD}",
}
COMMANDS = ("serve", ["serve", "--level", "info"], "sh -c 'exec serve'", ["serve", "--url", "http://example.com"])


def _strings(draw: st.DrawFn, among: Iterable[str], most: int) -> list[str]:
    choice = tuple(among)
    if not choice:
        return []
    return draw(st.lists(st.sampled_from(choice), max_size=most, unique=True))


@st.composite
def _app(draw: st.DrawFn, name: str, others: tuple[str, ...]) -> Compose:
    body: Compose = {}
    if draw(st.booleans()):
        body["image"] = draw(st.sampled_from(["acme/app:1", "nginx", "ghcr.io/acme/app", "adminer", "jenkins/jenkins"]))
    else:
        body["build"] = {"context": "./src", "args": {"NPM_TOKEN": "sesame-npm", "MODE": "fast"}}
    environment = {key: VALUES[key] for key in _strings(draw, VALUES, 4)}
    for other in _strings(draw, [o for o in others if o != name], 3):
        if other in DATABASES:
            environment[f"{other.upper().replace('-', '_')}_URL"] = draw(st.sampled_from(DATABASES[other][2]))
        else:
            environment[f"{other.upper().replace('-', '_')}_HOST"] = other
    if environment:
        body["environment"] = environment
    for key, among, most in (("ports", PORTS, 2), ("volumes", VOLUMES, 3), ("networks", NETWORKS, 3)):
        if chosen := _strings(draw, among, most):
            body[key] = chosen
    body |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "command": st.sampled_from(COMMANDS),
                "restart": st.sampled_from(["no", "always", "on-failure"]),
                "healthcheck": st.just({"test": "curl -f http://localhost:80/health", "interval": "1s"}),
                "deploy": st.sampled_from(
                    [
                        {"replicas": 2},
                        {"resources": {"limits": {"cpus": "1", "memory": "3G"}}},
                        {"update_config": {"order": "stop-first"}},
                    ]
                ),
                "labels": st.just({"team": "shop"}),
                "user": st.just("1000"),
                "hostname": st.just(f"host-{name}"),
                "secrets": st.just(["file"]),
                "x-aws": st.sampled_from([{"spot": True}, {"cpu": 1, "memory": "2GB"}, {"schedule": "rate(1 day)"}]),
            },
        )
    )
    before = [other for other in others if other < name]
    if bool(before) and draw(st.booleans()):
        condition = st.sampled_from(["service_started", "service_healthy", "service_completed_successfully"])
        body["depends_on"] = {other: {"condition": draw(condition)} for other in _strings(draw, before, 2)}
    return body


@st.composite
def _database(draw: st.DrawFn, name: str) -> Compose:
    image, environment, _ = DATABASES[name]
    body: Compose = {"image": image}
    if environment:
        body["environment"] = dict(environment)
    if chosen := _strings(draw, NETWORKS, 2):
        body["networks"] = chosen
    if name == "db" and draw(st.booleans()):
        body["volumes"] = ["pg:/var/lib/postgresql/data"]
    if name == "cache" and draw(st.booleans()):
        body["command"] = "redis-server --requirepass sesame-cache --maxmemory-policy allkeys-lru"
    return body


@st.composite
def projects(draw: st.DrawFn) -> Compose:
    """A compose file as Python's own dicts and lists."""
    names = tuple(draw(st.lists(st.sampled_from((*APPS, *DATABASES)), min_size=1, max_size=6, unique=True)))
    services = {name: draw(_database(name) if name in DATABASES else _app(name, names)) for name in names}
    whole: Compose = {
        "services": services,
        "volumes": dict.fromkeys(NAMED_VOLUMES),
        "networks": {name: {"internal": True} if name == "my-net" else None for name in NETWORKS},
        "secrets": {"file": {"file": "./secret.txt"}},
    }
    settings = draw(st.sampled_from([None, {"domain": "example.com"}, {"tls": "required"}, {"discovery": "dns"}]))
    return whole | ({"x-aws": settings} if settings else {})


def prepare(folder: Path) -> None:
    """Write the files that the projects name."""
    for name, content in {**FILES, "secret.txt": "sesame-file"}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def project_of(folder: Path, compose: Compose) -> Project:
    return load(
        LoadOptions(
            files=("-",),
            project_name="test",
            working_directory=str(folder),
            environment=ENVIRONMENT,
            stdin=yaml.safe_dump(compose, sort_keys=False),
            required_variables="hole",
        )
    )


_CATALOG = load_catalog()


def plan_of(folder: Path, compose: Compose, tier: str | None = None) -> Plan:
    return plan(project_of(folder, compose), _CATALOG, tier)


def without(compose: Compose, name: str) -> Compose:
    """The project without a service and what waits for it."""
    services = {key: dict(body) for key, body in compose["services"].items() if key != name}
    for body in services.values():
        waits = {other: entry for other, entry in body.get("depends_on", {}).items() if other != name}
        if "depends_on" in body:
            body["depends_on"] = waits
    return {**compose, "services": services}


def reordered(compose: Compose, order: list[str]) -> Compose:
    """The project with its services in another order."""
    return {**compose, "services": {name: compose["services"][name] for name in order}}
