"""A connection URL made from nothing but an endpoint: for variables that the compose file leaves empty."""

from __future__ import annotations

from compose2aws.catalog.model import Target
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.text import Hole, Text

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
_WITH_TLS = {"redis": "rediss", "amqp": "amqps", "http": "https"}


def connection_url(endpoint: Endpoint, jdbc: bool = False) -> Text:
    """`postgresql://{user}:{password}@{host}:5432/app`, with what AWS needs behind it."""
    mapping, service = endpoint.mapping, endpoint.service
    scheme = _SCHEMES.get(mapping.becomes) or next(iter(sorted(mapping.schemes)), "tcp")
    scheme = _WITH_TLS.get(scheme, scheme) if endpoint.tls else scheme
    user: tuple[str | Hole, ...] = (Hole("user", service),) if endpoint.aws_user is not None else ()
    login = () if endpoint.passwordless else (*user, ":", Hole("password", service), "@")
    options: list[str | Hole] = []
    for name, value in endpoint.query:
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
