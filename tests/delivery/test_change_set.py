"""Change sets that CloudFormation refuses: what a person is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.change_set import ChangeSet, Wanted, execute, give_up, make_change_set
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.situation import Shop, use

REASON = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early "
    "Validation errors, use the DescribeEvents API for detailed failure information."
)
FOUND = "Resource of type 'AWS::S3::Bucket' with identifier 'logs' already exists."


class _CloudFormation:
    """Refuses every change set by its own validation, and tells why to whoever may ask."""

    def __init__(self, *, allowed: bool = True) -> None:
        self._allowed = allowed
        self.executed: list[dict[str, Any]] = []

    def client(self, _: str) -> _CloudFormation:
        return self

    def create_change_set(self, **_: Any) -> dict[str, str]:
        return {"Id": "arn:change-set", "StackId": "arn:stack"}

    def describe_change_set(self, **_: Any) -> dict[str, str]:
        return {"Status": "FAILED", "StatusReason": REASON}

    def delete_change_set(self, **_: Any) -> None:
        pass

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        return {"Stacks": []}

    def describe_events(self) -> None:
        pass

    def get_paginator(self, _: str) -> _CloudFormation:
        return self

    def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
        assert arguments == {"ChangeSetName": "arn:change-set", "Filters": {"FailedEvents": True}}
        if not self._allowed:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeEvents")
        event = {"ValidationStatusReason": FOUND, "ValidationPath": "/Resources/Logs", "LogicalResourceId": "Logs"}
        return [{"OperationEvents": [event, event]}, {"OperationEvents": [{"EventType": "STACK_EVENT"}]}]

    def execute_change_set(self, **arguments: Any) -> None:
        self.executed.append(arguments)


def _refusal(service: _CloudFormation) -> str:
    wanted = Wanted("shop-app", "shop", "{}", {})
    with pytest.raises(DeliveryError) as told:
        make_change_set(cast(Account, service), wanted, create=False)
    return str(told.value)


def test_what_cloudformations_own_validation_found_is_told() -> None:
    assert _refusal(_CloudFormation()).splitlines()[1:] == [f"  /Resources/Logs: {FOUND}"]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        yield Shop(tmp_path, server)


TOPIC = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


def test_a_stack_that_waits_for_somebody_elses_change_set_outlives_ours(shop: Shop) -> None:
    client = shop.client("cloudformation")
    client.create_change_set(StackName="shop-app", ChangeSetName="theirs", ChangeSetType="CREATE", TemplateBody=TOPIC)
    ours = make_change_set(shop.account, Wanted("shop-app", "shop", TOPIC, {}), create=True)
    assert ours is not None
    give_up(shop.account, ours.arn, ours.stack_id)
    assert [one["ChangeSetName"] for one in client.list_change_sets(StackName="shop-app")["Summaries"]] == ["theirs"]
    client.execute_change_set(StackName="shop-app", ChangeSetName="theirs")
    assert shop.status("shop-app") == "CREATE_COMPLETE"


def test_a_stack_that_was_begun_for_our_change_set_alone_goes_with_it(shop: Shop) -> None:
    ours = make_change_set(shop.account, Wanted("shop-app", "shop", TOPIC, {}), create=True)
    assert ours is not None
    assert shop.status("shop-app") == "REVIEW_IN_PROGRESS"
    give_up(shop.account, ours.arn, ours.stack_id)
    assert shop.status("shop-app") is None


def test_who_may_not_ask_for_it_is_told_what_there_is() -> None:
    assert _refusal(_CloudFormation(allowed=False)) == f"CloudFormation refuses what is wanted of shop-app: {REASON}"


@pytest.mark.parametrize(
    ("kind", "keep", "given"),
    [("CREATE", False, {}), ("UPDATE", False, {"DisableRollback": False}), ("UPDATE", True, {"DisableRollback": True})],
)
def test_a_change_set_that_says_what_becomes_of_a_failure_is_not_told_again(
    kind: Any, keep: bool, given: dict[str, bool]
) -> None:
    service = _CloudFormation()
    execute(cast(Account, service), ChangeSet("arn:c/name/1", "arn:s", "shop-app", kind, ()), keep_what_fails=keep)
    told = {key: value for key, value in service.executed[0].items() if key == "DisableRollback"}
    assert told == given
