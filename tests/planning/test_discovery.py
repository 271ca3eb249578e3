"""Service Connect: what is offered, who waits for whom, and circles."""

from __future__ import annotations

import graphlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from compose2aws.compose import Mapping, Position
from compose2aws.planning.discovery import Discovery, plan_discovery, port_name
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import Plan
from tests.planning.projects import codes, finding, planned, service


def offered(made: Plan, name: str) -> set[tuple[str, int]]:
    connect = service(made, name).connect
    return {(alias.alias, alias.port) for alias in connect.offers} if connect else set()


def used(made: Plan, name: str) -> set[str]:
    connect = service(made, name).connect
    return set(connect.client_of) if connect else set()


def waits(made: Plan, name: str) -> set[str]:
    return {id_.logical_id for id_ in service(made, name).depends_on if id_.type == "AWS::ECS::Service"}


CHAIN = """
services:
  web: {image: w, ports: ["80:80"], environment: {API_URL: "http://api:3000"}}
  api: {image: a, environment: {STORE_HOST: store, STORE_PORT: "9000"}}
  store: {image: s, expose: ["9000"]}
  alone: {image: x}
"""


def test_every_known_port_is_offered_under_the_services_name(tmp_path: Path) -> None:
    made = planned(tmp_path, CHAIN)
    assert made.connect
    assert offered(made, "api") == {("api", 3000)}
    assert offered(made, "store") == {("store", 9000)}
    assert offered(made, "web") == {("web", 80)}
    assert service(made, "alone").connect is None


def test_a_consumer_names_what_it_uses_and_starts_after_it(tmp_path: Path) -> None:
    made = planned(tmp_path, CHAIN)
    assert used(made, "web") == {"api:3000"}
    assert used(made, "api") == {"store:9000"}
    assert waits(made, "web") == {"ApiService"}
    assert waits(made, "api") == {"StoreService"}
    assert waits(made, "store") == set()


def test_the_ports_of_a_dockerfile_are_known(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  api: {build: ./api}\n  web: {build: {context: ., dockerfile_inline: 'EXPOSE 1 2/udp'}}\n",
        {"api/Dockerfile": "FROM x\nEXPOSE 8000 8001/tcp 9000/udp 7000-7002\n"},
    )
    assert offered(made, "api") == {("api", port) for port in (8000, 8001, 7000, 7001, 7002)}
    assert offered(made, "web") == {("web", 1)}


def test_development_finds_by_plain_dns_and_orders_by_depends_on_alone(tmp_path: Path) -> None:
    text = f"{CHAIN}  late: {{image: l, depends_on: [web]}}\n"
    made = planned(tmp_path, text, tier="development")
    assert not made.connect
    assert all(service(made, name).connect is None for name in ("web", "api", "store"))
    assert waits(made, "web") == set()
    assert waits(made, "late") == {"WebService"}


CIRCLE = """
services:
  a: {image: a, expose: ["1"], environment: {B: "http://b:2"}}
  b: {image: b, expose: ["2"], environment: {C: "http://c:3"}}
  c: {image: c, expose: ["3"], environment: {A: "http://a:1"}}
  d: {image: d, expose: ["4"], environment: {A: "http://a:1", E: "http://e:5"}}
  e: {image: e, expose: ["5"]}
"""


def test_a_circle_keeps_plain_dns_and_says_so(tmp_path: Path) -> None:
    made = planned(tmp_path, CIRCLE)
    assert "a, b, c use each other" in finding(made, "circular-use").message
    assert offered(made, "a") == offered(made, "b") == offered(made, "c") == set()
    assert waits(made, "a") == waits(made, "b") == waits(made, "c") == set()
    # who stands beside the circle is not held up by it
    assert used(made, "d") == {"e:5"}
    assert waits(made, "d") == {"AService", "EService"}


def test_a_service_that_calls_itself_is_no_circle(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  a: {image: a, expose: ['1'], environment: {ME: 'http://a:1'}}\n")
    assert "circular-use" not in codes(made)
    assert offered(made, "a") == {("a", 1)}


def test_names_of_ports_are_legal_and_short() -> None:
    assert port_name("api", 80) == "api-80"
    assert port_name("My.Api", 80) == "my-api-80"
    assert len(port_name("x" * 100, 65535)) <= 64
    assert port_name("x" * 100 + "1", 80) != port_name("x" * 100 + "2", 80)


NAMES = ("a", "b", "c", "d", "e", "f")
GRAPHS = st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.sampled_from(NAMES)))


def discovered(uses: dict[str, frozenset[str]], depends: dict[str, frozenset[str]], connect: bool) -> Discovery:
    here = Position("", 0, 0)
    ports = dict.fromkeys(NAMES, (80,))
    return plan_discovery(NAMES, ports, uses, depends, connect, Ledger(Mapping({}, here)))


@given(GRAPHS, st.booleans())
def test_there_is_always_an_order_in_which_services_can_start(uses: dict[str, frozenset[str]], connect: bool) -> None:
    # the loader refuses a circle of depends_on, so there is none here
    depends = {name: frozenset(other for other in others if other < name) for name, others in uses.items()}
    found = discovered(uses, depends, connect)
    list(graphlib.TopologicalSorter(found.waits_for).static_order())
    for name, others in depends.items():
        assert others - {name} <= set(found.waits_for[name])


@given(GRAPHS)
def test_whom_a_service_uses_through_a_proxy_starts_before_it(uses: dict[str, frozenset[str]]) -> None:
    found = discovered(uses, {}, True)
    for name, part in found.parts.items():
        for alias in part.client_of:
            assert alias.partition(":")[0] in found.waits_for[name]


@given(GRAPHS)
def test_names_in_the_namespace_are_told_apart(uses: dict[str, frozenset[str]]) -> None:
    found = discovered(uses, {}, True)
    names = [alias.discovery_name for part in found.parts.values() for alias in part.offers]
    assert len(names) == len(set(names))
