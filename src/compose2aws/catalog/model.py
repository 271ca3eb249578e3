"""What the tables say, as types. `docs/mappings.md` explains the files; `mappings/mapping.schema.yaml` checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Target: TypeAlias = Literal[
    "aurora-postgresql",
    "aurora-mysql",
    "rds-mariadb",
    "elasticache-valkey",
    "elasticache-memcached",
    "documentdb",
    "amazonmq-rabbitmq",
    "opensearch-service",
    "container",
    "development-tool",
]
"""What an image becomes: a family of managed services, a container like any other, or a tool that is never public."""

PRODUCTS: dict[Target, str] = {
    "aurora-postgresql": "Aurora PostgreSQL",
    "aurora-mysql": "Aurora MySQL",
    "rds-mariadb": "RDS for MariaDB",
    "elasticache-valkey": "ElastiCache for Valkey",
    "elasticache-memcached": "ElastiCache for Memcached",
    "documentdb": "Amazon DocumentDB",
    "amazonmq-rabbitmq": "Amazon MQ for RabbitMQ",
    "opensearch-service": "OpenSearch Service",
}
"""What Amazon calls the managed services, for people."""


@dataclass(frozen=True, slots=True)
class Login:
    """How the image's own variables name its user, password and database, in the order in which they are looked at.

    `user` is the user where no variable names one (None: the image has no users). `administrator` is a second user
    that the image makes beside it (MySQL's root) with its password's variables. `database` is the database where no
    variable names one: a name, `@user` (named like the user), or None (none is made). `password_arguments` are
    options of the command that set the password (`--requirepass`). `virtual_host_variables` name a broker's virtual
    host; one of `switched_off_variables` that is true means that the container asks for no login.
    """

    user_variables: tuple[str, ...] = ()
    user: str | None = None
    password_variables: tuple[str, ...] = ()
    password_arguments: tuple[str, ...] = ()
    database_variables: tuple[str, ...] = ()
    database: str | None = None
    administrator: str | None = None
    administrator_password_variables: tuple[str, ...] = ()
    virtual_host_variables: tuple[str, ...] = ()
    switched_off_variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionRule:
    """How a tag says which version is wanted. `tag` is a regular expression whose first group is the wanted version;
    `majors` are those offered, ascending; a wanted version belongs to the newest major that is not newer.
    `parameter_family` is a pattern with `{major}`, empty for an engine without parameter groups."""

    engine: str
    tag: str
    majors: tuple[str, ...]
    latest: str
    parameter_family: str


@dataclass(frozen=True, slots=True)
class Reserved:
    """Names that AWS refuses, in lower case (the service's documentation page is named in the mapping)."""

    users: frozenset[str] = frozenset()
    databases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lack:
    """What the managed service has not and clients ask for, told by shell patterns of variables that hold its address,
    or by the databases that they name. `says` ends a sentence that begins with the product."""

    says: str
    variables: tuple[str, ...] = ()
    databases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SettingRules:
    """What of the command line and of mounted files becomes parameter-group entries: `style` is how the program takes
    them, `allowed` are the parameters that the managed service lets one set, `absorbed` those that it decides by itself
    (where files lie, what it listens on, how it persists). `units` tell what the parameter group counts in, `options`
    what the program's short options are called there."""

    style: Literal["postgres", "mysql", "redis", "options"]
    allowed: frozenset[str]
    absorbed: frozenset[str]
    units: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedStatement:
    """A statement of an init script that the managed service refuses: a regular expression of its beginning, what is
    told of it (`says` ends a sentence that begins with the product), and what to write `instead`.
    `before` is the first major that takes it. With a group `name` it is refused only of a role that the scripts make,
    and only where `unless` (an expression with `{name}`) is not among their statements."""

    statement: str
    says: str
    instead: str
    before: str = ""
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Initialisation:
    """How the image's init scripts run against a managed database: the variables that tell its clients and the scripts
    where it is (each a fact: host, port, user, password, database), and a shell script that runs in the same image.
    `users` are regular expressions of statements that make a user, with the groups `name` and `password`."""

    variables: tuple[tuple[str, Literal["host", "port", "user", "password", "database"]], ...]
    script: str
    users: tuple[str, ...] = ()
    refused: tuple[RefusedStatement, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What says TLS in one kind of connection string. `drivers` are shell patterns of a URL's (`postgresql+asyncpg`,
    `jdbc:mysql`, `go:mysql`); of a keyword string it is `separator` and what it `begins` with. `kept` are values of the
    options, in lower case, that ask for more."""

    options: tuple[tuple[str, str], ...]
    kept: frozenset[str] = frozenset()
    drivers: tuple[str, ...] = ()
    separator: str = ""
    begins: str = ""


@dataclass(frozen=True, slots=True)
class ClientTls:
    """How clients are told to use TLS: words of a URL's scheme, options of URLs and of keyword strings (the first that
    fits), and variables that go with the variable which holds the address."""

    schemes: Mapping[str, str] = field(default_factory=dict)
    urls: tuple[ClientOptions, ...] = ()
    strings: tuple[ClientOptions, ...] = ()
    variables: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageMapping:
    """One file of `mappings/images/`: a family of images and what it becomes."""

    name: str
    title: str
    becomes: Target
    images: tuple[str, ...]
    file: str
    excluded: tuple[str, ...] = ()
    port: int | None = None
    protocols: tuple[tuple[int, Literal["http", "tcp", "udp"]], ...] = ()
    schemes: frozenset[str] = frozenset()
    login: Login = Login()
    versions: VersionRule | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    production_parameters: tuple[tuple[str, str], ...] = ()
    tls_off: tuple[tuple[str, str], ...] = ()
    tls_on: tuple[tuple[str, str], ...] = ()
    client_tls: ClientTls = ClientTls()
    settings: SettingRules | None = None
    reserved: Reserved = Reserved()
    lacks: tuple[Lack, ...] = ()
    data: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    initialisation: Initialisation | None = None
    memory: int | None = None
    cpu: int | None = None
    entrypoint: tuple[str, ...] | None = None
    note: str = ""
    finds_services_by_socket: bool = False

    @property
    def managed(self) -> bool:
        return self.becomes in PRODUCTS

    @property
    def product(self) -> str:
        """What people call the managed service; the title where it stays a container."""
        return PRODUCTS.get(self.becomes, self.title)


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """What pages people: a metric of CloudWatch that is beyond `threshold` for some minutes. `of`: the threshold is a
    share of what the thing has."""

    name: str
    namespace: str
    metric: str
    statistic: Literal["Average", "Maximum", "Minimum", "Sum"]
    side: Literal["above", "below"]
    threshold: float
    of: Literal["storage", "connections", "tasks"] | None
    minutes: int
    says: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A row of the key table: what a Compose key becomes.

    `pattern` is a path with `*` for a name or an index (`services.*.ports.*`). `decided` tells who decides: `planner`
    (its code records what happens) or `table` (the row's outcome and reason stand as they are). `outcomes` are those
    that may be recorded; the first is the usual one. `types` are the CloudFormation types that it may become.
    """

    pattern: tuple[str, ...]
    decided: Literal["planner", "table"]
    outcomes: tuple[Literal["translated", "adapted", "inert", "dropped", "refused"], ...]
    types: tuple[str, ...]
    how: str
    code: str
    severity: Literal["error", "warning", "note"] | None
    remedy: str
