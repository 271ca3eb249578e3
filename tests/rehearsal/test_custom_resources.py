"""Custom resources: the call that a function would get is recorded, and answered by whoever asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from compose2aws.rehearsal import CustomResourceAnswer, CustomResourceCall

    from .conftest import Stacks

ROLE: dict[str, Any] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
FUNCTION: dict[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": "def handler(event, context): ..."},
    },
}


def _template(**properties: Any) -> dict[str, Any]:
    job = {"Type": "Custom::Job", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, **properties}}
    return {
        "Resources": {"Role": ROLE, "Function": FUNCTION, "Job": job},
        "Outputs": {"Id": {"Value": {"Ref": "Job"}}},
    }


@pytest.fixture
def answered() -> type[CustomResourceAnswer]:
    pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
    pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")
    from compose2aws.rehearsal import CustomResourceAnswer  # noqa: PLC0415

    return CustomResourceAnswer


def test_without_a_handler_the_call_is_recorded_and_succeeds(stacks: Stacks) -> None:
    stacks.create("a", _template(Count=2, Wait=True, Words=["x"]))
    [call] = stacks.account.custom_resource_calls
    assert (call.request_type, call.resource_type, call.logical_id) == ("Create", "Custom::Job", "Job")
    # A function gets numbers and booleans as text.
    assert {name: call.properties[name] for name in ("Count", "Wait", "Words")} == {
        "Count": "2",
        "Wait": "true",
        "Words": ["x"],
    }
    assert stacks.outputs("a")["Id"]


def test_a_handler_gives_the_id_and_the_attributes(stacks: Stacks, answered: type[CustomResourceAnswer]) -> None:
    stacks.account.on_custom_resource("Custom::Job", lambda call: answered("job-1", {"Word": "hello"}))
    template = _template()
    template["Outputs"]["Word"] = {"Value": {"Fn::GetAtt": ["Job", "Word"]}}
    stacks.create("a", template)
    assert stacks.outputs("a") == {"Id": "job-1", "Word": "hello"}


def test_an_attribute_that_the_handler_did_not_give_fails_the_stack(stacks: Stacks) -> None:
    template = _template()
    template["Outputs"]["Word"] = {"Value": {"Fn::GetAtt": ["Job", "Word"]}}
    assert stacks.create("a", template)["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_handler_that_raises_fails_the_resource(stacks: Stacks) -> None:
    def refuse(call: CustomResourceCall) -> CustomResourceAnswer:
        raise ValueError("the script failed: exit code 3")

    stacks.account.on_custom_resource("Job", refuse)
    assert stacks.create("a", _template(), OnFailure="DO_NOTHING")["StackStatus"] == "CREATE_FAILED"
    assert "the script failed: exit code 3" in stacks.reason("a", "Job")


def test_update_and_deletion_are_sent_with_the_id(stacks: Stacks) -> None:
    stacks.create("a", _template(Word="1"))
    stacks.update("a", _template(Word="2"))
    stacks.delete("a")
    calls = stacks.account.custom_resource_calls
    assert [call.request_type for call in calls] == ["Create", "Update", "Delete"]
    assert (calls[1].old_properties["Word"], calls[1].properties["Word"]) == ("1", "2")
    assert calls[1].physical_id == calls[2].physical_id


def test_another_id_from_an_update_deletes_the_old_one(stacks: Stacks, answered: type[CustomResourceAnswer]) -> None:
    stacks.account.on_custom_resource("Job", lambda call: answered(f"job-{call.properties['Word']}"))
    stacks.create("a", _template(Word="1"))
    stacks.update("a", _template(Word="2"))
    deleted = [call.physical_id for call in stacks.account.custom_resource_calls if call.request_type == "Delete"]
    assert (deleted, stacks.outputs("a")["Id"]) == (["job-1"], "job-2")


def test_a_failed_update_sends_another_one_back(stacks: Stacks) -> None:
    stacks.create("a", _template(Word="1"))
    broken = _template(Word="2")
    broken["Resources"]["Bad"] = {"Type": "AWS::SNS::Topic", "DependsOn": "Job", "Properties": {"Nonsense": 1}}
    assert stacks.update("a", broken)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    words = [(call.request_type, call.properties["Word"]) for call in stacks.account.custom_resource_calls]
    assert words == [("Create", "1"), ("Update", "2"), ("Update", "1")]


def test_a_function_that_is_not_there_fails_the_resource(stacks: Stacks) -> None:
    token = "arn:aws:lambda:us-east-1:123456789012:function:none"
    stacks.create("a", {"Resources": {"Job": {"Type": "Custom::Job", "Properties": {"ServiceToken": token}}}})
    assert "Function not found" in stacks.reason("a", "Job")


def test_a_resource_without_token_fails(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"Job": {"Type": "Custom::Job"}}})
    assert "ServiceToken" in stacks.reason("a", "Job")
