"""A deployed project that changes as people change theirs: nothing differs afterwards, and what holds data stays, but
for what the change names."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from compose2aws.cloudformation import source_of
from compose2aws.delivery.destruction import Removal, remove_stacks
from compose2aws.delivery.difference.against_account import compare_with_account
from compose2aws.delivery.engine_version import wanted_versions
from compose2aws.delivery.protection import stateful
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.stack import read_stack, read_stacks
from compose2aws.rehearsal import RehearsalServer, missing_resources
from compose2aws.report.progress_silent import SilentProgress
from tests.delivery.situation import Shop, use

Document: TypeAlias = dict[str, Any]
STACKS = ("shop-base", "shop-app")
GOLDEN = Path(__file__).parents[1] / "golden"


def case(name: str) -> Document:
    document: Document = yaml.safe_load((GOLDEN / name / "compose.yaml").read_text())
    del document["x-aws"]  # the tier is the test's
    return document


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        yield Shop(tmp_path, server)


def deploy(
    shop: Shop,
    document: Document,
    tier: str = "development",
    *,
    allow_data_loss: bool = False,
    upgrade_engines: bool = False,
) -> None:
    shop.deploy(
        yaml.safe_dump(document),
        tier=tier,
        allow_data_loss=allow_data_loss,
        upgrade_engines=upgrade_engines,
        REDIS_PASSWORD="sesame-sesame",
    )


def holds_data(shop: Shop) -> dict[str, tuple[str | None, str]]:
    """The compose path and the physical id of what holds data, by logical id."""
    found = {}
    for name in STACKS:
        stack = read_stack(shop.account, name)
        assert stack is not None
        ids = shop.resources(name)
        for id_ in stateful(stack.template):
            found[id_] = source_of(stack.template["Resources"][id_]), ids[id_]
    return found


def check(shop: Shop, document: Document, tier: str) -> None:
    """The stacks are whole and as they are wanted."""
    made, templates = shop.translate(yaml.safe_dump(document), tier, REDIS_PASSWORD="sesame-sesame")
    differences = compare_with_account(shop.account, templates, wanted_versions(made.managed), lambda _: None)
    assert [change for one in differences for change in one.changes] == []
    for name in STACKS:
        assert shop.status(name) in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        assert missing_resources(shop.server, name) == []


def without_a_service(document: Document) -> None:
    del document["services"]["worker"]


def with_a_database(document: Document) -> None:
    url = "postgres://app:sesame-too@reports-db:5432/reports"
    services = document["services"]
    services["reports"] = {"image": "ghcr.io/acme/reports:1", "environment": {"DATABASE_URL": url}}
    login = {"POSTGRES_USER": "app", "POSTGRES_PASSWORD": "sesame-too", "POSTGRES_DB": "reports"}
    services["reports-db"] = {"image": "postgres:16", "environment": login}


def with_another_name(document: Document) -> None:
    services = document["services"]
    services["backend"] = {**services.pop("api"), "x-aws": {"was": "api"}}


def with_a_database_of_another_name(document: Document) -> None:
    services = document["services"]
    services["store"] = {**services.pop("postgres"), "x-aws": {"was": "postgres"}}
    services["api"]["depends_on"] = ["store"]
    services["api"]["environment"]["DATABASE_URL"] = "postgresql://postgres:postgres@store:5432/app"


def with_a_newer_engine(document: Document) -> None:
    document["services"]["postgres"]["image"] = "postgres:17"


def with_its_own_cache(document: Document) -> None:
    document["services"]["redis"]["x-aws"] = {"managed": False}


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "mutate"),
    [
        ("cache-and-worker", without_a_service),
        ("cache-and-worker", with_a_database),
        ("postgres-url", with_another_name),
        ("postgres-url", with_a_database_of_another_name),
        ("postgres-url", with_a_newer_engine),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_change_is_brought_without_loss(shop: Shop, name: str, mutate: Callable[[Document], None]) -> None:
    before = case(name)
    deploy(shop, before)
    held = holds_data(shop)
    assert held
    after = copy.deepcopy(before)
    mutate(after)
    deploy(shop, after, upgrade_engines=mutate is with_a_newer_engine)
    check(shop, after, "development")
    kept = holds_data(shop)
    assert {id_: kept[id_][1] for id_ in held} == {id_: physical for id_, (_, physical) in held.items()}


def test_a_cache_that_becomes_a_container_and_comes_back_takes_nothing_else_along(shop: Shop) -> None:
    before = case("cache-and-worker")
    with_a_database(before)
    del before["services"]["worker"], before["services"]["redis"]["command"]
    before["services"]["app"]["environment"] = {"CACHE_URL": "redis://redis:6379/1"}
    deploy(shop, before)
    held = holds_data(shop)
    after = copy.deepcopy(before)
    with_its_own_cache(after)
    with pytest.raises(DeliveryError, match="RedisReplicationGroup"):
        deploy(shop, after)
    for document in (after, before):
        deploy(shop, document, allow_data_loss=True)
        check(shop, document, "development")
        kept = holds_data(shop)
        others = {id_: where for id_, where in held.items() if where[0] != "services.redis"}
        assert {id_: kept.get(id_) for id_ in others} == others


def test_a_project_goes_to_production_and_back_and_can_be_destroyed(shop: Shop) -> None:
    document = case("postgres-url")
    document["services"]["web"] = {"image": "ghcr.io/acme/web:1", "environment": {"API": "http://api:3000"}}
    deploy(shop, document)
    cluster = shop.resources("shop-base")["PostgresCluster"]
    deploy(shop, document, "production")
    check(shop, document, "production")
    deploy(shop, document, allow_data_loss=True)  # the bucket of the balancer's log
    check(shop, document, "development")
    assert shop.resources("shop-base")["PostgresCluster"] == cluster
    connect = service_of(shop, "ApiService")["deployments"][0]["serviceConnectConfiguration"]
    assert connect["enabled"] is False
    remove_stacks(shop.account, reversed(read_stacks(shop.account, "shop").values()), SilentProgress(), Removal())
    assert read_stacks(shop.account, "shop") == {}


def test_a_service_that_is_published_no_more_leaves_the_balancer(shop: Shop) -> None:
    document = case("postgres-url")
    deploy(shop, document)
    document["services"]["api"]["ports"] = ["9090:3000"]
    deploy(shop, document)
    check(shop, document, "development")
    assert len(service_of(shop, "ApiService")["loadBalancers"]) == 1
    del document["services"]["api"]["ports"]
    deploy(shop, document)
    check(shop, document, "development")
    assert service_of(shop, "ApiService")["loadBalancers"] == []


def test_a_database_that_is_made_anew_leaves_its_name_to_a_container(shop: Shop) -> None:
    document = case("postgres-url")
    deploy(shop, document)
    for name in ("other", "app"):
        services = document["services"]
        services["postgres"]["environment"]["POSTGRES_DB"] = name
        services["api"]["environment"]["DATABASE_URL"] = f"postgresql://postgres:postgres@postgres:5432/{name}"
        deploy(shop, document, allow_data_loss=True)
    document["services"]["postgres"]["x-aws"] = {"managed": False}
    deploy(shop, document, allow_data_loss=True)
    check(shop, document, "development")


def service_of(shop: Shop, logical_id: str) -> dict[str, Any]:
    """An ECS service as it is described."""
    arn = shop.resources("shop-app")[logical_id]
    found: dict[str, Any] = shop.client("ecs").describe_services(cluster=arn.split("/")[-2], services=[arn])[
        "services"
    ][0]
    return found
