"""The names under which containers reach each other."""

from __future__ import annotations

from pathlib import Path

from compose2aws.planning.model import AliasName, Plan, RegisteredName
from tests.planning.projects import outcome, planned, service


def registered(made: Plan) -> set[str]:
    return {name.name for name in made.names if isinstance(name, RegisteredName)}


def aliases(made: Plan) -> dict[str, str]:
    """Aliases and what they point to, as people read it."""
    return {name.name: str(name.target) for name in made.names if isinstance(name, AliasName)}


def test_a_service_registers_under_its_own_name(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a}\n  my_web: {image: b}\n")
    assert registered(made) == {"api", "my_web"}
    assert service(made, "api").registry is not None
    assert {name.id for name in made.names} == {service(made, "api").registry, service(made, "my_web").registry}


def test_a_managed_service_is_an_alias_of_its_endpoint(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  db: {image: postgres}\n")
    assert registered(made) == set()
    assert aliases(made) == {"db": "{host of db}"}


def test_a_job_has_no_name(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  it: {image: a, restart: 'no', container_name: once}\n")
    assert made.names == ()


def test_every_further_name_is_an_alias(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api:
            image: a
            container_name: shop-api
            hostname: backend
            networks: {front: {aliases: [api.local, Backend2]}, back: {aliases: [api.local]}}
          web:
            image: b
            networks: [front]
            links: ["api:upstream", api]
            environment: {A: "http://shop-api:80", B: "pg:5432"}
          db: {image: postgres, container_name: pg, networks: [back]}
        networks: {front: , back: }
        """,
    )
    to_api = {name for name, target in aliases(made).items() if target == "api.test.internal"}
    assert to_api == {"shop-api", "backend", "api.local", "backend2", "upstream"}
    assert {name for name, target in aliases(made).items() if target == "{host of db}"} == {"db", "pg"}
    for path in ("api.container_name", "api.hostname", "web.links[0]"):
        assert outcome(made, f"services.{path}") == "adapted"
    assert outcome(made, "services.web.links[1]") == "inert"


def test_a_container_name_that_nobody_calls_is_no_alias(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a, container_name: shop-api}\n")
    assert aliases(made) == {}
    assert outcome(made, "services.api.container_name") == "inert"


def test_an_alias_that_is_a_services_own_name_stays_the_services(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: a, container_name: web}
          web: {image: b, hostname: WEB}
        """,
    )
    assert registered(made) == {"api", "web"}
    assert aliases(made) == {}
    assert outcome(made, "services.web.hostname") == "inert"


def test_names_are_compared_as_dns_compares_them(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  API: {image: a}\n")
    assert registered(made) == {"api"}


def test_a_name_that_dns_cannot_have_is_left_out(tmp_path: Path) -> None:
    made = planned(tmp_path, f"services:\n  api: {{image: a, hostname: {'x' * 64}}}\n")
    assert aliases(made) == {}


def test_no_name_is_made_twice(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: a, hostname: both}
          web: {image: b, hostname: both, links: ["api:both"]}
        """,
    )
    names = [name.name for name in made.names]
    assert len(names) == len(set(names))
    assert len({name.id for name in made.names}) == len(made.names)


def test_an_alias_keeps_its_id_when_services_come_and_go(tmp_path: Path) -> None:
    text = "services:\n  api: {image: a, hostname: backend}\n"
    alone = {name.name: name.id for name in planned(tmp_path, text).names}
    more = {name.name: name.id for name in planned(tmp_path, f"{text}  aaa: {{image: b}}\n").names}
    assert alone.items() <= more.items()
