"""Exports that stacks of others import: a deployment and a removal refuse before they touch anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from compose2aws.delivery.foreign_import import check_removal
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.stack import read_stacks
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.situation import Shop, use
from tests.delivery.test_deployment import SHOP, WITH_CACHE, _patch

MYSQL = (
    WITH_CACHE.replace("image: postgres:16", "image: mysql:8.0")
    .replace(
        "{POSTGRES_USER: app, POSTGRES_PASSWORD: secret, POSTGRES_DB: app}",
        "{MYSQL_USER: app, MYSQL_PASSWORD: secret, MYSQL_DATABASE: app, MYSQL_ROOT_PASSWORD: rootsecret}",
    )
    .replace("postgres://app:secret@db:5432", "mysql://app:secret@db:3306")
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        made = Shop(tmp_path, server)
        made.deploy(WITH_CACHE)
        yield made


def exported(shop: Shop, resource: str) -> list[str]:
    """The exports of base that are values of a resource."""
    outputs = shop.client("cloudformation").describe_stacks(StackName="shop-base")["Stacks"][0]["Outputs"]
    return sorted(one["ExportName"] for one in outputs if resource in one.get("ExportName", ""))


def import_it(shop: Shop, export: str, stack: str = "other") -> None:
    """Makes a stack of somebody else that imports an export."""
    value = {"Fn::ImportValue": export}
    body = {"Resources": {"It": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}}}
    shop.client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(body))
    assert shop.status(stack) == "CREATE_COMPLETE"


def _events(shop: Shop) -> int:
    client = shop.client("cloudformation")
    return sum(len(client.describe_stack_events(StackName=f"shop-{one}")["StackEvents"]) for one in ("base", "app"))


def test_an_export_that_would_go_is_refused_before_anything_is_asked_or_touched(shop: Shop) -> None:
    export = exported(shop, "CacheReplicationGroup")[0]
    import_it(shop, export)
    before = _events(shop)
    with pytest.raises(DeliveryError) as told:
        shop.deploy(SHOP, allow_data_loss=True)
    assert str(told.value).splitlines() == [
        f"the export {export} of shop-base would go, and the stack other imports it: remove the import there first, or "
        "keep services.cache",
        "Nothing was changed.",
    ]
    assert (shop.conversation.questions, shop.progress.steps) == ([], [])
    assert _events(shop) == before


def test_when_the_import_is_gone_the_deployment_goes_through(shop: Shop) -> None:
    import_it(shop, exported(shop, "CacheReplicationGroup")[0])
    shop.client("cloudformation").delete_stack(StackName="other")
    assert shop.deploy(SHOP, allow_data_loss=True).changed
    assert "CacheReplicationGroup" not in shop.resources("shop-base")


def test_what_stays_may_be_imported(shop: Shop) -> None:
    for number, export in enumerate(exported(shop, "DbCluster")):
        import_it(shop, export, f"other-{number}")
    assert shop.deploy(SHOP, allow_data_loss=True).changed


def test_an_export_of_what_is_made_anew_is_refused(shop: Shop) -> None:
    export = next(one for one in exported(shop, "DbCluster") if "Address" in one)
    import_it(shop, export)
    import_it(shop, export, "another")
    with pytest.raises(DeliveryError, match=r"the stacks another and other import it") as told:
        shop.deploy(MYSQL, allow_data_loss=True)
    assert export in str(told.value)
    assert "services.db" in str(told.value)
    assert shop.conversation.questions == []
    assert shop.client("rds").describe_db_clusters()["DBClusters"][0]["Engine"] == "aurora-postgresql"


def test_an_export_that_would_get_another_value_is_refused(shop: Shop) -> None:
    export = exported(shop, "VirtualPrivateCloud")[0]
    import_it(shop, export)
    moved = WITH_CACHE + _patch("base", "/Resources/VirtualPrivateCloud/Properties/CidrBlock", "10.9.0.0/16")
    with pytest.raises(DeliveryError, match=f"the export {export} of shop-base would get another value"):
        shop.deploy(moved, allow_data_loss=True)
    assert shop.conversation.questions == []


def test_a_removal_of_what_is_imported_is_refused(shop: Shop) -> None:
    export = exported(shop, "CacheReplicationGroup")[0]
    import_it(shop, export)
    stacks = read_stacks(shop.account, "shop")
    with pytest.raises(
        DeliveryError, match=rf"shop-base cannot be removed: the stack other imports the export {export}"
    ):
        check_removal(shop.account, stacks.values(), stacks, lambda _: None)
    check_removal(shop.account, [stacks["shop-app"]], stacks, lambda _: None)


def test_who_may_not_ask_is_told_so_and_is_not_stopped(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    client = shop.account.client("cloudformation")
    get_paginator = client.get_paginator

    class Denied:
        def paginate(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListImports")

    monkeypatch.setattr(client, "get_paginator", lambda n: Denied() if n == "list_imports" else get_paginator(n))
    assert shop.deploy(SHOP, allow_data_loss=True).changed
    assert any("cloudformation:ListImports" in note for note in shop.progress.notes)
