"""Change sets: what they say, and that executing them does it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from compose2aws.rehearsal.stack import store

if TYPE_CHECKING:
    from .conftest import Stacks


def _topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def _propose(stacks: Stacks, template: dict[str, Any], **options: Any) -> dict[str, Any]:
    client = stacks.client("cloudformation")
    client.create_change_set(StackName="a", ChangeSetName="c", TemplateBody=json.dumps(template), **options)
    described: dict[str, Any] = client.describe_change_set(StackName="a", ChangeSetName="c")
    return described


def _changes(described: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {
        change["ResourceChange"]["LogicalResourceId"]: (
            change["ResourceChange"]["Action"],
            change["ResourceChange"].get("Replacement"),
        )
        for change in described["Changes"]
    }


def test_a_stack_can_be_created_by_a_change_set(stacks: Stacks) -> None:
    described = _propose(stacks, {"Resources": {"A": _topic()}}, ChangeSetType="CREATE")
    assert stacks.described("a")["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert _changes(described) == {"A": ("Add", None)}
    assert stacks.client("sns").list_topics()["Topics"] == []
    stacks.client("cloudformation").execute_change_set(StackName="a", ChangeSetName="c")
    assert stacks.described("a")["StackStatus"] == "CREATE_COMPLETE"
    assert len(stacks.client("sns").list_topics()["Topics"]) == 1


def test_an_update_says_what_it_adds_changes_replaces_and_removes(stacks: Stacks) -> None:
    stacks.create(
        "a", {"Resources": {"Shown": _topic(DisplayName="1"), "Named": _topic(TopicName="1"), "Gone": _topic()}}
    )
    described = _propose(
        stacks, {"Resources": {"Shown": _topic(DisplayName="2"), "Named": _topic(TopicName="2"), "New": _topic()}}
    )
    assert _changes(described) == {
        "Shown": ("Modify", "False"),
        "Named": ("Modify", "True"),
        "New": ("Add", None),
        "Gone": ("Remove", None),
    }
    stacks.client("cloudformation").execute_change_set(StackName="a", ChangeSetName="c")
    assert stacks.described("a")["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.physical("a", "Named").endswith(":2")


def test_a_change_set_without_changes_fails_with_the_words_of_aws(stacks: Stacks) -> None:
    template = {"Resources": {"A": _topic()}}
    stacks.create("a", template)
    described = _propose(stacks, template)
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert described["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(ClientError, match="cannot be executed"):
        stacks.client("cloudformation").execute_change_set(StackName="a", ChangeSetName="c")


def test_what_follows_from_a_replacement_is_in_the_change_set(stacks: Stacks) -> None:
    def template(name: str) -> dict[str, Any]:
        parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "A"}}}
        return {"Resources": {"A": _topic(TopicName=name), "B": parameter}}

    stacks.create("a", template("1"))
    assert _changes(_propose(stacks, template("2"))) == {"A": ("Modify", "True"), "B": ("Modify", "False")}


def _details(described: dict[str, Any], logical_id: str) -> list[tuple[str, str, str, str | None]]:
    change = next(
        one["ResourceChange"]
        for one in described["Changes"]
        if one["ResourceChange"]["LogicalResourceId"] == logical_id
    )
    return [
        (
            detail["Target"]["RequiresRecreation"],
            detail["Evaluation"],
            detail["ChangeSource"],
            detail.get("CausingEntity"),
        )
        for detail in change["Details"]
    ]


def test_what_is_named_after_a_replaced_resource_is_surely_replaced_too(stacks: Stacks) -> None:
    def template(name: str) -> dict[str, Any]:
        parameter = {"Name": {"Fn::GetAtt": ["A", "TopicName"]}, "Type": "String", "Value": "x"}
        return {
            "Resources": {"A": _topic(TopicName=name), "B": {"Type": "AWS::SSM::Parameter", "Properties": parameter}}
        }

    stacks.create("a", template("1"))
    described = _propose(stacks, template("2"))
    assert _changes(described) == {"A": ("Modify", "True"), "B": ("Modify", "True")}
    assert _details(described, "B") == [("Always", "Static", "ResourceAttribute", "A.TopicName")]


def test_what_is_named_by_an_attribute_of_a_changed_resource_may_be_replaced_and_is_not(stacks: Stacks) -> None:
    def template(shown: str) -> dict[str, Any]:
        named = {"Name": {"Fn::GetAtt": ["A", "TopicName"]}, "Type": "String", "Value": "x"}
        user = {"Type": "String", "Value": {"Ref": "B"}}
        return {
            "Resources": {
                "A": _topic(TopicName="1", DisplayName=shown),
                "B": {"Type": "AWS::SSM::Parameter", "Properties": named},
                "C": {"Type": "AWS::SSM::Parameter", "Properties": user},
                "D": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "A"}}},
            }
        }

    stacks.create("a", template("1"))
    before = {name: stacks.physical("a", name) for name in "ABCD"}
    described = _propose(stacks, template("2"))
    assert _changes(described) == {"A": ("Modify", "False"), "B": ("Modify", "Conditional"), "C": ("Modify", "False")}
    assert _details(described, "B") == [("Always", "Dynamic", "ResourceAttribute", "A.TopicName")]
    assert _details(described, "C") == [("Never", "Dynamic", "ResourceReference", "B")]
    stacks.client("cloudformation").execute_change_set(StackName="a", ChangeSetName="c")
    assert stacks.described("a")["StackStatus"] == "UPDATE_COMPLETE"
    assert {name: stacks.physical("a", name) for name in "ABCD"} == before
    touched = [logical_id for logical_id, status, _ in stacks.events("a") if status == "UPDATE_COMPLETE"]
    assert touched == ["A", "a"]


def test_a_changed_parameter_is_named_as_the_cause(stacks: Stacks) -> None:
    template = {"Parameters": {"Name": {"Type": "String"}}, "Resources": {"A": _topic(TopicName={"Ref": "Name"})}}
    stacks.create("a", template, Parameters=[{"ParameterKey": "Name", "ParameterValue": "1"}])
    described = _propose(stacks, template, Parameters=[{"ParameterKey": "Name", "ParameterValue": "2"}])
    assert _changes(described) == {"A": ("Modify", "True")}
    assert _details(described, "A") == [("Always", "Static", "ParameterReference", "Name")]


def test_the_policy_of_what_goes_is_named(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"A": _topic(), "Kept": {**_topic(), "DeletionPolicy": "Retain"}}})
    described = _propose(stacks, {"Resources": {"A": _topic()}})
    assert described["Changes"][0]["ResourceChange"]["PolicyAction"] == "Retain"


def test_a_creation_by_change_set_can_be_left_where_it_failed(stacks: Stacks) -> None:
    template = {"Resources": {"A": _topic(), "Bad": {**_topic(Nonsense=1), "DependsOn": "A"}}}
    _propose(stacks, template, ChangeSetType="CREATE", OnStackFailure="DO_NOTHING")
    stacks.client("cloudformation").execute_change_set(StackName="a", ChangeSetName="c")
    assert stacks.described("a")["StackStatus"] == "CREATE_FAILED"


def test_a_change_set_can_be_listed_and_forgotten(stacks: Stacks) -> None:
    client = stacks.client("cloudformation")
    _propose(stacks, {"Resources": {"A": _topic()}}, ChangeSetType="CREATE")
    assert [one["ChangeSetName"] for one in client.list_change_sets(StackName="a")["Summaries"]] == ["c"]
    client.delete_change_set(StackName="a", ChangeSetName="c")
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        client.describe_change_set(StackName="a", ChangeSetName="c")


def test_a_change_set_can_be_waited_for(stacks: Stacks) -> None:
    client = stacks.client("cloudformation")
    _propose(stacks, {"Resources": {"A": _topic()}}, ChangeSetType="CREATE")
    client.get_waiter("change_set_create_complete").wait(StackName="a", ChangeSetName="c")


def test_a_change_set_asks_for_capabilities_too(stacks: Stacks) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    with pytest.raises(ClientError, match="CAPABILITY_IAM"):
        _propose(stacks, {"Resources": {"A": role}}, ChangeSetType="CREATE")


def test_an_update_of_what_is_not_there_is_refused(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="does not exist"):
        _propose(stacks, {"Resources": {"A": _topic()}}, ChangeSetType="UPDATE")


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_stack_that_takes_no_update_takes_no_change_set(stacks: Stacks, status: str) -> None:
    stacks.create("a", {"Resources": {"A": _topic()}})
    found = store("us-east-1").find("a")
    assert found is not None
    found.set_status(status)
    with pytest.raises(ClientError, match=f"is in {status} state and can not be updated"):
        _propose(stacks, {"Resources": {"A": _topic(), "B": _topic()}})
