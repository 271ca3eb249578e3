"""Stack policies: what they deny, an update does not do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Stacks

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
DENY: dict[str, Any] = {
    "Effect": "Deny",
    "Action": ["Update:Replace", "Update:Delete"],
    "Principal": "*",
    "Resource": "*",
    "Condition": {"StringLike": {"ResourceType": ["AWS::SNS::*"]}},
}
OTHER: dict[str, Any] = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x"}}


def _topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


@pytest.fixture
def guarded(stacks: Stacks) -> Stacks:
    policy = json.dumps({"Statement": [ALLOW, DENY]})
    stacks.create("a", {"Resources": {"It": _topic(TopicName="old"), "Other": OTHER}}, StackPolicyBody=policy)
    return stacks


def test_a_replacement_that_is_denied_fails_the_update(guarded: Stacks) -> None:
    stack = guarded.update("a", {"Resources": {"It": _topic(TopicName="new"), "Other": OTHER}})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Action denied by stack policy: Statement [#2] does not allow [Update:Replace]" in guarded.reason("a", "It")
    assert guarded.physical("a", "It").endswith(":old")


def test_a_removal_that_is_denied_fails_the_update(guarded: Stacks) -> None:
    assert guarded.update("a", {"Resources": {"Other": OTHER}})["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "does not allow [Update:Delete]" in str(guarded.events("a"))
    assert len(guarded.client("sns").list_topics()["Topics"]) == 1


def test_what_is_not_denied_goes_through(guarded: Stacks) -> None:
    stack = guarded.update("a", {"Resources": {"It": _topic(TopicName="old", DisplayName="new")}})
    assert stack["StackStatus"] == "UPDATE_COMPLETE"


def test_a_policy_for_one_update_lets_it_pass(guarded: Stacks) -> None:
    stack = guarded.update(
        "a",
        {"Resources": {"It": _topic(TopicName="new"), "Other": OTHER}},
        StackPolicyDuringUpdateBody=json.dumps({"Statement": [ALLOW]}),
    )
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert (
        DENY
        in json.loads(guarded.client("cloudformation").get_stack_policy(StackName="a")["StackPolicyBody"])["Statement"]
    )


def test_with_a_policy_only_what_it_allows_is_allowed(guarded: Stacks) -> None:
    narrow = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "LogicalResourceId/It"}
    guarded.client("cloudformation").set_stack_policy(
        StackName="a", StackPolicyBody=json.dumps({"Statement": [narrow]})
    )
    changed = {**OTHER, "Properties": {"Type": "String", "Value": "y"}}
    stack = guarded.update("a", {"Resources": {"It": _topic(TopicName="old"), "Other": changed}})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_policy_does_not_hinder_the_deletion_of_the_stack(guarded: Stacks) -> None:
    assert guarded.delete("a")["StackStatus"] == "DELETE_COMPLETE"


def test_a_text_that_is_no_policy_is_refused(guarded: Stacks) -> None:
    with pytest.raises(ClientError, match="Error validating stack policy"):
        guarded.client("cloudformation").set_stack_policy(StackName="a", StackPolicyBody="{}")
