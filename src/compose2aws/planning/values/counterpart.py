"""The other side of a connection: what of a client's values is an endpoint's own user, password or database.

A value is the endpoint's by its text, or by its origin: the same `${DB_PASSWORD}` on both sides is one password, set
or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from compose2aws.compose.node import Mapping, Scalar, find
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.values.split_variables import split_name
from compose2aws.planning.values.written import Written


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


Whose: TypeAlias = Literal["own", "guest", "made", "mistaken", "foreign"]
"""Whose login a client uses: the endpoint's own; another user's with the endpoint's password (a user that the app or an
init script makes); one that an init script makes with this password, or (mistaken) with another; or another user's
altogether."""

GENERIC = frozenset(("DB", "DATABASE", "SQL", "DATASOURCE", "DATASOURCES", "JDBC", "STORAGE"))
"""Words of names that mean any database."""

# Words of names that mean one engine: `CLICKHOUSE_DATABASE_URL` is not PostgreSQL's, though no ClickHouse moved.
_ENGINES = _words(
    "POSTGRES POSTGRESQL PG MYSQL MARIADB MONGO MONGODB REDIS VALKEY MEMCACHED CLICKHOUSE COUCH COUCHDB CASSANDRA"
    " ELASTIC ELASTICSEARCH OPENSEARCH INFLUX INFLUXDB INFLUXDB2 NEO4J MSSQL SQLSERVER ORACLE SQLITE SURREAL ARANGO"
    " QDRANT MILVUS WEAVIATE CHROMA LDAP RABBITMQ AMQP KAFKA NATS MINIO S3 SMTP MAIL"
)


@dataclass(frozen=True, slots=True)
class Counterpart:
    """An endpoint with all by which its values are known. `*_variables` are names inside `${…}`; `any_user`: the file
    leaves the user to a variable that is not set, so whatever a client gives may be it. `words` are what variables
    that belong to the endpoint are called by (`POSTGRES`, `PG`); `own_names` its image's own variables."""

    endpoint: Endpoint
    users: frozenset[str]
    any_user: bool
    user_variables: frozenset[str]
    passwords: frozenset[str]
    password_variables: frozenset[str]
    database_variables: frozenset[str]
    words: frozenset[str]
    own_names: frozenset[str]

    @property
    def service(self) -> str:
        return self.endpoint.service

    @property
    def has_login(self) -> bool:
        """Whether clients must show a password that only AWS knows."""
        return not self.endpoint.passwordless and (self.endpoint.aws_user is not None or bool(self.endpoint.logins))

    def is_user(self, value: Written) -> bool:
        return value.known in self.users if value.known is not None else bool(value.variables & self.user_variables)

    def is_password(self, value: Written) -> bool:
        whole = value.whole_variable
        if whole is not None and value.variables & self.password_variables:
            return True
        return bool(value.known) and value.known in self.passwords

    def is_database(self, value: Written) -> bool:
        if value.known is not None:
            return bool(value.known) and value.known == self.endpoint.database
        return bool(value.variables & self.database_variables)

    def goes_by(self, words: frozenset[str]) -> int:
        """How surely a name of these words means this endpoint: 2 by the engine's own words, 1 by words of any
        database where no other engine is named, 0 not."""
        if words & (self.words - GENERIC):
            return 2
        return int(bool(words & self.words) and not words & _ENGINES)

    def login(self, user: Written | None, password: Written | None) -> Whose:
        """Whose login a client uses that gives this user and this password (None: it gives none)."""
        if (
            self.any_user
            or self.endpoint.aws_user is None
            or user is None
            or not user.text
            or user.unset
            or self.is_user(user)
        ):
            return "own"
        if self.is_made(user, password):
            return "made"
        if password is not None and password.text and self.is_password(password):
            return "guest"
        if user.known is None:
            return "own"
        if password is not None and password.known and self.makes(user):
            return "mistaken"
        return "foreign"

    def makes(self, user: Written) -> bool:
        """Whether an init script makes a user of this name with a password that is known here."""
        return any(
            made.name == user.known and made.password is not None and Written.of(made.password).known
            for made in self.endpoint.made_users
        )

    def is_made(self, user: Written, password: Written | None) -> bool:
        """Whether an init script makes this user with this password, by its text or by its variable."""
        for made in self.endpoint.made_users:
            if made.name != user.known or made.password is None or password is None:
                continue
            given = Written.of(made.password)
            if given.known is not None and given.known == password.known:
                return True
            if given.whole_variable is not None and given.variables & password.variables:
                return True
        return False


def counterpart(root: Mapping, endpoint: Endpoint) -> Counterpart:
    """What the compose file tells of an endpoint's values; `root` is the canonical project."""
    login = endpoint.mapping.login
    users: set[str] = {entry.name for entry in endpoint.logins if entry.name}
    passwords: set[str] = set()
    password_variables: set[str] = set()
    for entry in endpoint.logins:
        if entry.password is not None:
            written = Written.of(entry.password)
            if written.known:
                passwords.add(written.known)
            if written.whole_variable is not None:
                password_variables |= written.variables
    own = (
        *login.user_variables,
        *login.password_variables,
        *login.database_variables,
        *login.administrator_password_variables,
    )
    return Counterpart(
        endpoint=endpoint,
        users=frozenset(users),
        any_user=_left_open(root, endpoint),
        user_variables=_variables(root, endpoint.service, login.user_variables),
        passwords=frozenset(passwords),
        password_variables=frozenset(password_variables)
        | _variables(root, endpoint.service, (*login.password_variables, *login.administrator_password_variables)),
        database_variables=_variables(
            root, endpoint.service, (*login.database_variables, *login.virtual_host_variables)
        ),
        words=_called(endpoint),
        own_names=frozenset(own),
    )


def _variables(root: Mapping, service: str, names: Iterable[str]) -> frozenset[str]:
    """The variables that the values of a service's own variables are made of, each of one alone."""
    found: set[str] = set()
    for name in names:
        value = find(root, ("services", service, "environment", name))
        if isinstance(value, Scalar):
            written = Written.of(value)
            if written.whole_variable is not None:
                found |= written.variables
            elif value.value is None:
                # a bare KEY takes the value of the variable of its own name
                found.add(name)
    return frozenset(found)


def _left_open(root: Mapping, endpoint: Endpoint) -> bool:
    for name in endpoint.mapping.login.user_variables:
        value = find(root, ("services", endpoint.service, "environment", name))
        if isinstance(value, Scalar) and (value.value is None or Written.of(value).unset):
            return True
    return False


def _called(endpoint: Endpoint) -> frozenset[str]:
    """`POSTGRES`, `PG`, …: the mapping's name and schemes, and what its image's variables begin with."""
    mapping, login = endpoint.mapping, endpoint.mapping.login
    words = {mapping.name.upper(), *(scheme.upper() for scheme in mapping.schemes)}
    for name in (*login.user_variables, *login.password_variables, *login.database_variables):
        words.add(split_name(name).words[0])
    if login.database_variables:
        words |= GENERIC
    return frozenset(word for word in words if word.isalnum())
