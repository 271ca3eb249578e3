"""What somebody set by hand on the stacks stays: termination protection and stack policies that are not ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compose2aws.delivery import protection
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.situation import Shop, use
from tests.delivery.test_deployment import SHOP, WITH_CACHE

STRICTER = json.dumps(
    {
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "Update:*",
                "Principal": "*",
                "Resource": "LogicalResourceId/CacheReplicationGroup",
            },
            {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        ]
    }
)
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "DbCluster": {"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Snapshot"},
        "DbWriter": {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": "Delete"},
        "Network": {"Type": "AWS::EC2::VPC"},
    }
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        yield Shop(tmp_path, server)


def _protected(shop: Shop) -> dict[str, bool]:
    found = shop.client("cloudformation").describe_stacks()["Stacks"]
    return {one["StackName"]: one["EnableTerminationProtection"] for one in found}


def _protect(shop: Shop, stack: str) -> None:
    shop.client("cloudformation").update_termination_protection(StackName=stack, EnableTerminationProtection=True)


def _policy(shop: Shop) -> Any:
    return json.loads(shop.client("cloudformation").get_stack_policy(StackName="shop-base")["StackPolicyBody"])


def _set_policy(shop: Shop, text: str) -> None:
    shop.client("cloudformation").set_stack_policy(StackName="shop-base", StackPolicyBody=text)


def test_termination_protection_that_was_set_by_hand_stays(shop: Shop) -> None:
    shop.deploy(SHOP)
    _protect(shop, "shop-base")
    assert not shop.deploy(SHOP).changed
    shop.deploy(SHOP.replace("info", "debug"))
    assert _protected(shop) == {"shop-base": True, "shop-app": False}
    assert shop.progress.notes == []


def test_what_was_production_stays_protected_and_how_it_goes_off_is_told_once(shop: Shop) -> None:
    shop.deploy(SHOP, tier="production")
    shop.deploy(SHOP, allow_data_loss=True)
    assert _protected(shop) == {"shop-base": True, "shop-app": True}
    [note] = [note for note in shop.progress.notes if "termination protection" in note]
    assert "shop-base and shop-app" in note
    assert "--no-enable-termination-protection" in note
    shop.deploy(SHOP, allow_data_loss=True)
    assert shop.progress.notes == []


def test_a_protected_stack_that_is_no_longer_needed_is_removed_all_the_same(shop: Shop) -> None:
    shop.deploy(SHOP, tier="production")
    shop.client("cloudformation").create_stack(
        StackName="shop-app-2",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
        Tags=[{"Key": "compose2aws:project", "Value": "shop"}],
        EnableTerminationProtection=True,
    )
    shop.deploy(SHOP, tier="production")
    assert shop.status("shop-app-2") is None


def test_a_stack_policy_of_somebody_else_stays_and_is_told_of_once(shop: Shop) -> None:
    shop.deploy(WITH_CACHE)
    _set_policy(shop, STRICTER)
    assert not shop.deploy(WITH_CACHE).changed
    assert _policy(shop) == json.loads(STRICTER)
    assert len([note for note in shop.progress.notes if "the stack policy of shop-base is not" in note]) == 1
    shop.deploy(WITH_CACHE + "\n  more:\n    image: valkey/valkey:8\n")
    assert _policy(shop) == json.loads(STRICTER)
    assert len(shop.progress.notes) == 1


def test_a_foreign_policy_is_not_lifted_for_a_loss_and_cloudformation_decides(shop: Shop) -> None:
    shop.deploy(WITH_CACHE)
    _set_policy(shop, STRICTER)
    cache = shop.resources("shop-base")["CacheReplicationGroup"]
    with pytest.raises(DeliveryError, match="denied by stack policy"):
        shop.deploy(SHOP, allow_data_loss=True)
    assert shop.resources("shop-base")["CacheReplicationGroup"] == cache
    assert _policy(shop) == json.loads(STRICTER)
    assert any("not lifted for what may be lost (CacheReplicationGroup)" in note for note in shop.progress.notes)


def test_a_policy_that_allows_everything_is_replaced_by_ours(shop: Shop) -> None:
    shop.deploy(SHOP)
    ours = _policy(shop)
    _set_policy(shop, STRICTER)
    allowing = json.loads(STRICTER)
    del allowing["Statement"][0]
    _set_policy(shop, json.dumps(allowing))
    shop.deploy(SHOP)
    assert _policy(shop) == ours
    assert shop.progress.notes == []


def _ours(**changes: Any) -> str:
    statements = json.loads(protection.policy(TEMPLATE))["Statement"]
    return json.dumps({"Statement": [statements[0] | changes, statements[1]]})


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (protection.policy(TEMPLATE), True),
        (protection.policy(TEMPLATE, ["DbCluster"]), True),
        (_ours(Resource=["LogicalResourceId/DbCluster", "LogicalResourceId/WasThereBefore"]), True),
        (_ours(Resource="*", Condition={"StringEquals": {"ResourceType": ["AWS::EFS::FileSystem"]}}), True),
        (_ours(Resource="*", Condition={"StringEquals": {"ResourceType": ["AWS::EC2::VPC"]}}), False),
        (_ours(Resource="*", Condition={"StringLike": {"ResourceType": ["AWS::RDS::*"]}}), False),
        (_ours(Resource=["LogicalResourceId/DbCluster", "LogicalResourceId/Network"]), False),
        (_ours(Resource=["LogicalResourceId/DbCluster", "LogicalResourceId/DbWriter"]), False),
        (_ours(Resource="*"), False),
        (_ours(Action=["Update:Replace", "Update:Delete", "Update:Modify"]), False),
        (_ours(Sid="Theirs"), False),
        (STRICTER, False),
        ('{"Statement": []}', False),
        ('{"Statement": {"Effect": "Allow"}}', False),
        ('{"Statement": ["what", "is this"]}', False),
        (json.dumps({"Statement": ["what is this", json.loads(protection.policy(TEMPLATE))["Statement"][1]]}), False),
        ("[]", False),
        ("no JSON", False),
    ],
)
def test_our_policies_are_known_by_their_shape(text: str, ours: bool) -> None:
    assert protection.is_ours(text, [TEMPLATE]) is ours


def test_a_policy_that_is_too_long_for_names_is_ours_too() -> None:
    many = {f"Db{'x' * 200}{n}": TEMPLATE["Resources"]["DbCluster"] for n in range(100)}
    text = protection.policy({"Resources": many})
    assert "ResourceType" in text
    assert protection.is_ours(text, [TEMPLATE])
