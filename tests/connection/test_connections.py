"""Unchanged apps reach their databases.

The synthesised templates are deployed to a rehearsal account, every container's environment is resolved as ECS would,
each managed service is a real server on loopback with the user, password and database that the service would have made,
and the ecosystem's own drivers connect with what the containers were given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

pytest.importorskip("moto", reason="the rehearsal needs the extra `rehearsal`")

from compose2aws.rehearsal import RehearsalServer
from tests.compose.reference import needs_corpus
from tests.connection.account import Engine, ManagedService, RunningContainer, containers, managed_services
from tests.connection.cases import CORPUS_CASES, EXAMPLES, Case
from tests.connection.drivers import drivers, expected, is_refusal, mongo_uri
from tests.connection.finding import DEFAULT_PORTS, Connection, connections, mentions
from tests.connection.servers import MariaDB, PostgreSQL, Redis, Servers
from tests.deployment import deploy, synthesise

_WRONG = "a-password-that-nobody-gave"
_INIT = "init"


@dataclass(frozen=True)
class System:
    """A deployed system: what its apps were given, and the port of the real server behind each managed service."""

    services: list[ManagedService]
    apps: list[RunningContainer]
    connections: list[Connection]
    ports: dict[str, int]

    def tried(self, *engines: Engine) -> list[Connection]:
        return [connection for connection in self.connections if connection.service.engine in engines]


@pytest.fixture(
    scope="module",
    params=[*EXAMPLES, *(pytest.param(case, marks=needs_corpus) for case in CORPUS_CASES)],
    ids=lambda case: case.name,
)
def system(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    case: Case = request.param
    folder = tmp_path_factory.mktemp(case.name)
    synthesise(case.prepare(folder / "project"), folder / "aws.out", "--format", "json")
    with RehearsalServer() as server:
        deployment = deploy(folder / "aws.out", server)
        services = managed_services(deployment)
        apps = [c for c in containers(deployment, folder / "secrets") if c.name != _INIT]
    found = [connection for app in apps for connection in connections(app, services, case.splits)]
    with ExitStack() as stack:
        ports = {s.identifier: port for s, port in _provided(services, case, servers, stack)}
        yield System(services, apps, found, ports)


def _provided(
    services: list[ManagedService], case: Case, servers: Servers, stack: ExitStack
) -> Iterator[tuple[ManagedService, int]]:
    """A real server for each managed service, with what that would have made."""
    kinds: dict[Engine, type[PostgreSQL | MariaDB]] = {"postgres": PostgreSQL, "mysql": MariaDB}
    numbers: Counter[Engine] = Counter()
    for service in services:
        if service.engine == "redis":
            cache = Redis()
            stack.callback(cache.stop)
            yield service, cache.port
        elif service.engine in kinds:
            assert service.user and service.password
            server = servers.relational(kinds[service.engine], numbers[service.engine])
            numbers[service.engine] += 1
            databases = {service.database} if service.database else set()
            stack.enter_context(server.provide(service.user, service.password, databases | case.made_by_app))
            yield service, server.port


def test_every_variable_with_an_address_is_a_connection(system: System) -> None:
    tried = {(connection.container, connection.variable) for connection in system.connections}
    named = {(app.name, variable) for app in system.apps for variable in mentions(app, system.services)}
    assert tried == named


def test_every_managed_service_has_a_client(system: System) -> None:
    reached = {connection.service.identifier for connection in system.connections}
    assert reached == {service.identifier for service in system.services}


def test_every_connection_names_the_endpoint_and_the_master_login(system: System) -> None:
    for connection in system.connections:
        service, told = connection.service, connection.told
        assert told.engine in (None, service.engine)
        assert (told.host, told.port or DEFAULT_PORTS[service.engine]) == (service.address, service.port)
        assert told.user in (service.user, None)
        assert told.password == service.password, f"{connection.container}: {connection.variable}"


def test_the_drivers_get_in_as_the_managed_services_user(system: System) -> None:
    for connection in system.tried("postgres", "mysql", "redis"):
        for name, connect in drivers(connection, system.ports[connection.service.identifier]):
            assert connect() == expected(connection), f"{name} for {connection.container}: {connection.variable}"


def test_a_wrong_password_does_not_get_in(system: System) -> None:
    for connection in system.tried("postgres", "mysql"):
        wrong = connection.with_password(_WRONG)
        for name, connect in drivers(wrong, system.ports[connection.service.identifier]):
            with pytest.raises(Exception) as caught:
                connect()
            assert is_refusal(caught.value), f"{name} for {connection.container}: {type(caught.value).__name__}"


def test_mongodb_uris_carry_what_documentdb_demands(system: System) -> None:
    for connection in system.tried("mongo"):
        assert connection.text is not None
        read = mongo_uri(connection.text)
        service = connection.service
        assert read["nodelist"] == [(service.address, service.port)]
        assert (read["username"], read["password"]) == (service.user, service.password)
        assert read["options"]["replicaSet"] == "rs0"
        assert read["options"]["retryWrites"] is False
        assert read["options"]["authSource"] == "admin"
