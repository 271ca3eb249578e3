"""A managed service as its clients in the compose file see it: what a reference to it looks like, and what fills it."""

from __future__ import annotations

from dataclasses import dataclass, field

from compose2aws.catalog.model import ImageMapping
from compose2aws.compose.node import Scalar


@dataclass(frozen=True, slots=True)
class Login:
    """One user of the database as the compose file has it.

    `name` and `password` are the file's values (the password's node keeps its segments, so that a client's
    `${DB_PASSWORD}` is known to be the same); None where the file has none. `password` is never printed.
    """

    name: str | None
    password: Scalar | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A compose service that moved to a managed one.

    `hosts` are all names under which other containers reach it (service name, aliases, links, `container_name`,
    `hostname`). `port` is the port inside the compose network, `aws_port` the managed service's; `further_ports` are
    pairs of the same for what it offers beside (a management API). `logins` are the
    file's users, the one that clients should use first; all of them become the managed service's one user `aws_user`.
    `database` is the file's database, `aws_database` what it is called on AWS (the same unless AWS refuses the name).
    `made_users` are those that its init scripts make, with the passwords that they give them.
    `query` are options that a connection URL needs there (DocumentDB's `retryWrites=false`); `tls` whether clients must
    use TLS. `passwordless`: the managed service asks for no password (a cache without AuthToken), so a password in
    a URL goes, and so does the user.
    """

    service: str
    mapping: ImageMapping
    hosts: frozenset[str]
    port: int
    aws_port: int
    logins: tuple[Login, ...] = ()
    aws_user: str | None = None
    database: str | None = None
    aws_database: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    tls: bool = False
    passwordless: bool = False
    further_ports: tuple[tuple[int, int], ...] = ()
    made_users: tuple[Login, ...] = ()
