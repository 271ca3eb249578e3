"""Stacks that an earlier operation left in a state from which nothing can be deployed: what the next one does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose2aws.delivery.refusal import DeliveryError
from compose2aws.rehearsal import RehearsalServer
from compose2aws.rehearsal.stack import store
from tests.delivery.situation import Shop, use
from tests.delivery.test_deployment import SHOP


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        yield Shop(tmp_path, server)


def _leave(shop: Shop, stack: str, status: str) -> None:
    """Leaves a stack as an operation would that ended so."""
    found = store(shop.server.region).find(stack)
    assert found is not None
    found.set_status(status, "left so by the test")


@pytest.mark.parametrize("status", ["ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED"])
def test_an_app_that_cannot_be_updated_is_made_anew_and_the_base_stays(shop: Shop, status: str) -> None:
    shop.deploy(SHOP)
    base, app = shop.resources("shop-base"), shop.resources("shop-app")["ServiceCluster"]
    _leave(shop, "shop-app", status)
    shop.deploy(SHOP)
    assert shop.status("shop-app") == "CREATE_COMPLETE"
    assert shop.resources("shop-app")["ServiceCluster"] != app
    assert shop.resources("shop-base") == base
    assert any(status in note and "made anew" in note for note in shop.progress.notes)


@pytest.mark.parametrize("status", ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"])
@pytest.mark.parametrize("stack", ["shop-base", "shop-app"])
def test_an_update_that_was_left_half_way_is_rolled_back_first(shop: Shop, stack: str, status: str) -> None:
    shop.deploy(SHOP)
    before = shop.resources("shop-base")
    _leave(shop, stack, status)
    shop.deploy(SHOP.replace("LOG_LEVEL: info", "LOG_LEVEL: debug"))
    assert shop.progress.steps == [f"Rolling {stack} back", "Updating shop-app"]
    assert shop.resources("shop-base") == before


def test_a_base_whose_removal_failed_is_left_to_a_person(shop: Shop) -> None:
    shop.deploy(SHOP)
    _leave(shop, "shop-base", "DELETE_FAILED")
    with pytest.raises(DeliveryError, match=r"finish that with `compose2aws destroy --with-data`"):
        shop.deploy(SHOP)
    assert shop.status("shop-base") == "DELETE_FAILED"


def test_a_state_that_nobody_knows_is_named(shop: Shop) -> None:
    shop.deploy(SHOP)
    _leave(shop, "shop-app", "IMPORT_ROLLBACK_FAILED")
    with pytest.raises(DeliveryError, match="the stack shop-app is IMPORT_ROLLBACK_FAILED"):
        shop.deploy(SHOP)


def test_an_operation_that_runs_already_is_waited_for(shop: Shop) -> None:
    shop.deploy(SHOP)
    _leave(shop, "shop-app", "UPDATE_IN_PROGRESS")

    def end() -> None:
        time.sleep(1)
        _leave(shop, "shop-app", "UPDATE_COMPLETE")

    threading.Thread(target=end).start()
    assert shop.deploy(SHOP.replace("LOG_LEVEL: info", "LOG_LEVEL: debug")).changed
    assert shop.progress.steps == ["Waiting for shop-app", "Updating shop-app"]
    assert "an operation runs already" in shop.progress.notes[0]
