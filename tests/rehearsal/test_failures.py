"""Operations that fail: every one ends in a status, with a reason at the resource that it is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Stacks

GOOD: dict[str, Any] = {"Type": "AWS::SNS::Topic"}
# A subnet of a VPC that is not there.
BAD: dict[str, Any] = {
    "Type": "AWS::EC2::Subnet",
    "DependsOn": "Good",
    "Properties": {"VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.0.0.0/24"},
}
FAILING: dict[str, Any] = {"Resources": {"Good": GOOD, "Bad": BAD}}


def _topics(stacks: Stacks) -> int:
    return len(stacks.client("sns").list_topics()["Topics"])


def test_a_creation_that_fails_is_rolled_back_with_its_reason(stacks: Stacks) -> None:
    assert stacks.create("a", FAILING)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "InvalidVpcID.NotFound" in stacks.reason("a", "Bad")
    statuses = [(logical_id, status) for logical_id, status, _ in stacks.events("a")]
    assert statuses == [
        ("a", "CREATE_IN_PROGRESS"),
        ("Good", "CREATE_IN_PROGRESS"),
        ("Good", "CREATE_IN_PROGRESS"),  # Resource creation Initiated: now it has an id
        ("Good", "CREATE_COMPLETE"),
        ("Bad", "CREATE_IN_PROGRESS"),
        ("Bad", "CREATE_FAILED"),
        ("a", "ROLLBACK_IN_PROGRESS"),
        ("Bad", "DELETE_IN_PROGRESS"),
        ("Bad", "DELETE_COMPLETE"),
        ("Good", "DELETE_IN_PROGRESS"),
        ("Good", "DELETE_COMPLETE"),
        ("a", "ROLLBACK_COMPLETE"),
    ]
    assert _topics(stacks) == 0


@pytest.mark.parametrize("options", [{"OnFailure": "DO_NOTHING"}, {"DisableRollback": True}])
def test_a_creation_can_be_left_where_it_failed(stacks: Stacks, options: dict[str, Any]) -> None:
    stack = stacks.create("a", FAILING, **options)
    assert stack["StackStatus"] == "CREATE_FAILED"
    assert "failed to create: [Bad]" in stack["StackStatusReason"]
    assert _topics(stacks) == 1


def test_a_creation_that_fails_can_delete_itself(stacks: Stacks) -> None:
    client = stacks.client("cloudformation")
    identifier = client.create_stack(StackName="a", TemplateBody=json.dumps(FAILING), OnFailure="DELETE")["StackId"]
    assert stacks.described(identifier)["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="does not exist"):
        stacks.described("a")


def test_a_rolled_back_stack_takes_no_update_but_can_be_deleted_and_made_anew(stacks: Stacks) -> None:
    stacks.create("a", FAILING)
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        stacks.update("a", {"Resources": {"Good": GOOD}})
    assert stacks.delete("a")["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.create("a", {"Resources": {"Good": GOOD}})["StackStatus"] == "CREATE_COMPLETE"


def test_a_failed_stack_goes_on_without_rollback(stacks: Stacks) -> None:
    stacks.create("a", FAILING, OnFailure="DO_NOTHING")
    kept = stacks.physical("a", "Good")
    mended = {"Resources": {"Good": GOOD, "Bad": {"Type": "AWS::SNS::Topic"}}}
    with pytest.raises(ClientError, match="is in CREATE_FAILED state and can not be updated"):
        stacks.update("a", mended)
    mended["Resources"]["Bad"] = {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"},
    }
    mended["Resources"]["Vpc"] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    assert stacks.update("a", mended, DisableRollback=True)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.physical("a", "Good") == kept


def test_a_failed_stack_refuses_replacements(stacks: Stacks) -> None:
    stacks.create("a", FAILING, OnFailure="DO_NOTHING")
    renamed = {"Resources": {"Good": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "other"}}}}
    stack = stacks.update("a", renamed, DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_FAILED"
    assert "Replacement type updates not supported" in stack["StackStatusReason"]


def test_a_failed_stack_can_be_rolled_back_later(stacks: Stacks) -> None:
    stacks.create("a", FAILING, OnFailure="DO_NOTHING")
    stacks.client("cloudformation").rollback_stack(StackName="a")
    assert stacks.described("a")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert _topics(stacks) == 0


def test_an_update_that_fails_puts_everything_back(stacks: Stacks) -> None:
    before = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "before"}}
    goner = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "goner"}}
    stacks.create("a", {"Resources": {"Good": before, "Goner": goner}})
    after = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "after"}}
    fresh = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "fresh"}}
    stack = stacks.update("a", {"Resources": {"Good": after, "Fresh": fresh, "Bad": BAD}})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    sns = stacks.client("sns")
    names = sorted(topic["TopicArn"].rpartition(":")[2] for topic in sns.list_topics()["Topics"])
    assert (len(names), "goner" in names, "fresh" in names) == (2, True, False)
    attributes = sns.get_topic_attributes(TopicArn=stacks.physical("a", "Good"))["Attributes"]
    assert attributes["DisplayName"] == "before"
    assert "failed to update: [Bad]" in str(stacks.events("a"))


def test_an_update_that_fails_puts_a_replaced_resource_back(stacks: Stacks) -> None:
    def named(name: str) -> dict[str, Any]:
        return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}

    stacks.create("a", {"Resources": {"Good": named("old")}})
    assert stacks.update("a", {"Resources": {"Good": named("new"), "Bad": BAD}})["StackStatus"] == (
        "UPDATE_ROLLBACK_COMPLETE"
    )
    assert stacks.physical("a", "Good").endswith(":old")
    assert _topics(stacks) == 1
    assert stacks.update("a", {"Resources": {"Good": named("new")}})["StackStatus"] == "UPDATE_COMPLETE"


def test_a_type_that_nothing_here_makes_fails_the_stack_by_name(stacks: Stacks) -> None:
    template = {"Resources": {"It": {"Type": "AWS::Amplify::App", "Properties": {"Name": "x"}}}}
    assert stacks.create("a", template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "AWS::Amplify::App" in stacks.reason("a", "It")


def test_a_property_that_the_type_does_not_have_fails_the_resource(stacks: Stacks) -> None:
    template = {"Resources": {"It": {"Type": "AWS::SNS::Topic", "Properties": {"Topicname": "x"}}}}
    stacks.create("a", template)
    assert "extraneous key [Topicname] is not permitted" in stacks.reason("a", "It")


def test_a_key_that_the_type_does_not_have_fails_however_deep_it_stands(stacks: Stacks) -> None:
    properties = {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationDays": 3}]}}
    stacks.create("a", {"Resources": {"It": {"Type": "AWS::S3::Bucket", "Properties": properties}}})
    reason = stacks.reason("a", "It")
    assert "#/LifecycleConfiguration/Rules/0: extraneous key [ExpirationDays] is not permitted" in reason


def test_a_property_that_is_missing_fails_the_resource(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"It": {"Type": "AWS::EC2::Subnet", "Properties": {"CidrBlock": "10.0.0.0/24"}}}})
    assert "required key [VpcId] not found" in stacks.reason("a", "It")


def test_what_a_service_refuses_is_the_reason(stacks: Stacks) -> None:
    properties = {
        "Engine": "aurora-postgresql",
        "EngineVersion": "16.8",
        "MasterUsername": "app",
        "MasterUserPassword": "short",
    }
    stacks.create("a", {"Resources": {"It": {"Type": "AWS::RDS::DBCluster", "Properties": properties}}})
    assert "MasterUserPassword" in stacks.reason("a", "It")
    assert "Service: RDS" in stacks.reason("a", "It")


def test_what_others_still_use_fails_the_deletion(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}}})
    stacks.client("ec2").create_subnet(VpcId=stacks.physical("a", "Vpc"), CidrBlock="10.0.0.0/24")
    stack = stacks.delete("a")
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert "failed to delete: [Vpc]" in stack["StackStatusReason"]
    assert stacks.delete("a", RetainResources=["Vpc"])["StackStatus"] == "DELETE_COMPLETE"


def test_deleting_what_is_not_there_is_no_error(stacks: Stacks) -> None:
    stacks.client("cloudformation").delete_stack(StackName="none")
    with pytest.raises(ClientError, match="Stack with id none does not exist"):
        stacks.described("none")


def _job(word: str) -> dict[str, Any]:
    token = "arn:aws:sns:us-east-1:123456789012:topic"
    return {"Type": "Custom::Job", "Properties": {"ServiceToken": token, "Word": word}}


def _failing_back(stacks: Stacks, words: set[str]) -> None:
    """Let an update fail, and its way back too, for as long as the words are refused."""

    def answer(call: Any) -> Any:
        if call.properties["Word"] in words and call.request_type == "Update":
            raise ValueError(f"not {call.properties['Word']}")
        return type("Answer", (), {"physical_id": "job", "data": {}})()

    stacks.account.on_custom_resource("Custom::Job", answer)
    stacks.create("a", {"Resources": {"Job": _job("old")}})
    broken = {"Resources": {"Job": _job("new"), "Good": GOOD, "Bad": {**BAD, "DependsOn": ["Job", "Good"]}}}
    assert stacks.update("a", broken)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    with pytest.raises(ClientError, match="UPDATE_ROLLBACK_FAILED state and can not be updated"):
        stacks.update("a", broken)


def test_a_rollback_that_failed_can_be_continued(stacks: Stacks) -> None:
    refused = {"old"}
    _failing_back(stacks, refused)
    refused.clear()
    stacks.client("cloudformation").continue_update_rollback(StackName="a")
    assert stacks.described("a")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert [call.properties["Word"] for call in stacks.account.custom_resource_calls] == ["old", "new", "old", "old"]
    assert _topics(stacks) == 0


def test_a_rollback_that_failed_can_leave_a_resource_out(stacks: Stacks) -> None:
    _failing_back(stacks, {"old"})
    stacks.client("cloudformation").continue_update_rollback(StackName="a", ResourcesToSkip=["Job"])
    assert stacks.described("a")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert _topics(stacks) == 0


def test_an_update_left_where_it_failed_can_be_rolled_back(stacks: Stacks) -> None:
    good = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "before"}}
    stacks.create("a", {"Resources": {"Good": good}})
    changed = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "after"}}
    template = {"Resources": {"Good": changed, "Bad": BAD}}
    assert stacks.update("a", template, DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"
    stacks.client("cloudformation").rollback_stack(StackName="a")
    assert stacks.described("a")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    attributes = stacks.client("sns").get_topic_attributes(TopicArn=stacks.physical("a", "Good"))["Attributes"]
    assert attributes["DisplayName"] == "before"
    assert (
        "after"
        not in stacks.client("cloudformation")
        .get_template(StackName="a")["TemplateBody"]["Resources"]["Good"]["Properties"]
        .values()
    )


def test_an_update_left_where_it_failed_can_go_on(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"Good": GOOD}})
    assert stacks.update("a", FAILING, DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"
    stack = stacks.update("a", {"Resources": {"Good": GOOD}}, DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
