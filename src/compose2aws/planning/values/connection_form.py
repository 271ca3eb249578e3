"""A connection URL made from nothing but an endpoint: for variables that the compose file leaves empty."""

from __future__ import annotations

from compose2aws.catalog.model import ClientTls, Target
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values.client_tls import url_options

# The scheme that most clients of a family know.
_SCHEMES: dict[Target, str] = {
    "aurora-postgresql": "postgresql",
    "aurora-mysql": "mysql",
    "rds-mariadb": "mysql",
    "elasticache-valkey": "redis",
    "elasticache-memcached": "memcached",
    "amazonmq-rabbitmq": "amqp",
    "opensearch-service": "http",
    "documentdb": "mongodb",
}


def connection_url(endpoint: Endpoint, jdbc: bool = False) -> Text:
    """`postgresql://{user}:{password}@{host}:5432/app`, with what AWS needs behind it."""
    mapping, service = endpoint.mapping, endpoint.service
    scheme = _SCHEMES.get(mapping.becomes) or next(iter(sorted(mapping.schemes)), "tcp")
    tls = mapping.client_tls if endpoint.tls else ClientTls()
    scheme = tls.schemes.get(scheme, scheme)
    said = url_options(tls, f"jdbc:{scheme}" if jdbc else scheme)
    user: tuple[str | Hole, ...] = (Hole("user", service),) if endpoint.aws_user is not None else ()
    login = () if endpoint.passwordless else (*user, ":", Hole("password", service), "@")
    options: list[str | Hole] = []
    for name, value in (*endpoint.query, *(said.options if said is not None else ())):
        options += ["&" if options else "?", f"{name}={value}"]
    if jdbc and login:
        options += ["&" if options else "?", "user=", *user, "&password=", Hole("password", service)]
    return Text.of(
        f"{'jdbc:' if jdbc else ''}{scheme}://",
        *(() if jdbc else login),
        Hole("host", service),
        f":{endpoint.aws_port}",
        f"/{endpoint.aws_database or ''}" if endpoint.aws_database or options else "",
        *options,
    )
