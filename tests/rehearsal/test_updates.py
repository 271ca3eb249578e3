"""Updates: only what differs is touched, in the order of what needs what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Stacks


def _topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def _parameter(value: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}


def test_an_update_without_a_difference_is_refused(stacks: Stacks) -> None:
    template = {"Resources": {"A": _topic()}}
    stacks.create("a", template)
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.update("a", template)


def test_only_what_differs_is_touched(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"A": _parameter("1"), "B": _parameter("1")}})
    stacks.update("a", {"Resources": {"A": _parameter("1"), "B": _parameter("2")}})
    updated = [logical_id for logical_id, status, _ in stacks.events("a") if status == "UPDATE_IN_PROGRESS"]
    assert updated == ["a", "B"]
    assert stacks.client("ssm").get_parameter(Name=stacks.physical("a", "B"))["Parameter"]["Value"] == "2"


def test_a_create_only_property_replaces_and_dependants_follow(stacks: Stacks) -> None:
    def template(name: str) -> dict[str, Any]:
        return {"Resources": {"A": _topic(TopicName=name), "B": _parameter({"Ref": "A"})}}

    stacks.create("a", template("one"))
    kept = stacks.physical("a", "B")
    assert stacks.update("a", template("two"))["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.physical("a", "B") == kept
    value = stacks.client("ssm").get_parameter(Name=kept)["Parameter"]["Value"]
    assert value == stacks.physical("a", "A")
    assert value.endswith(":two")


def test_what_goes_is_removed_after_what_used_it_has_changed(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"A": _topic(), "B": _parameter({"Ref": "A"})}})
    assert stacks.update("a", {"Resources": {"B": _parameter("free")}})["StackStatus"] == "UPDATE_COMPLETE"
    order = [(one, status) for one, status, _ in stacks.events("a")]
    assert order.index(("B", "UPDATE_COMPLETE")) < order.index(("A", "DELETE_IN_PROGRESS"))
    assert ("a", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") in order


def test_outputs_alone_can_change(stacks: Stacks) -> None:
    template: dict[str, Any] = {"Resources": {"A": _topic()}}
    stacks.create("a", template)
    template["Outputs"] = {"A": {"Value": {"Ref": "A"}}}
    assert stacks.update("a", template)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.outputs("a") == {"A": stacks.physical("a", "A")}


def test_a_changed_parameter_changes_what_refers_to_it(stacks: Stacks) -> None:
    template = {
        "Parameters": {"Word": {"Type": "String"}},
        "Resources": {"A": _parameter({"Ref": "Word"}), "B": _parameter("same")},
    }
    stacks.create("a", template, Parameters=[{"ParameterKey": "Word", "ParameterValue": "1"}])
    stacks.update("a", template, Parameters=[{"ParameterKey": "Word", "ParameterValue": "2"}])
    assert stacks.client("ssm").get_parameter(Name=stacks.physical("a", "A"))["Parameter"]["Value"] == "2"
    assert [one for one, status, _ in stacks.events("a") if status == "UPDATE_COMPLETE"] == ["A", "a"]


def test_a_condition_that_no_longer_holds_removes_the_resource(stacks: Stacks) -> None:
    template = {
        "Parameters": {"Keep": {"Type": "String"}},
        "Conditions": {"Kept": {"Fn::Equals": [{"Ref": "Keep"}, "yes"]}},
        "Resources": {"A": _topic(), "B": {**_topic(), "Condition": "Kept"}},
    }
    stacks.create("a", template, Parameters=[{"ParameterKey": "Keep", "ParameterValue": "yes"}])
    assert len(stacks.client("sns").list_topics()["Topics"]) == 2
    stacks.update("a", template, Parameters=[{"ParameterKey": "Keep", "ParameterValue": "no"}])
    assert len(stacks.client("sns").list_topics()["Topics"]) == 1


def test_a_resource_cannot_become_another_type(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"A": _topic()}})
    stack = stacks.update("a", {"Resources": {"A": _parameter("x")}})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "modifies resource type of A" in str(stacks.events("a"))


def test_the_template_of_a_stack_is_the_text_that_was_given(stacks: Stacks) -> None:
    text = "# a comment\nResources:\n  A:\n    Type: AWS::SNS::Topic\n"
    client = stacks.client("cloudformation")
    client.create_stack(StackName="a", TemplateBody=text)
    assert client.get_template(StackName="a")["TemplateBody"] == text


def test_a_secret_is_generated_anew_only_when_its_recipe_changes(stacks: Stacks) -> None:
    def secret(length: int, description: str) -> dict[str, Any]:
        generate = {"PasswordLength": length}
        properties = {"GenerateSecretString": generate, "Description": description}
        return {"Resources": {"A": {"Type": "AWS::SecretsManager::Secret", "Properties": properties}}}

    def text() -> str:
        value: str = stacks.client("secretsmanager").get_secret_value(SecretId=stacks.physical("a", "A"))[
            "SecretString"
        ]
        return value

    stacks.create("a", secret(20, "one"))
    first = text()
    stacks.update("a", secret(20, "two"))
    assert text() == first
    stacks.update("a", secret(21, "two"))
    assert len(text()) == 21


def test_security_group_rules_follow_the_template(stacks: Stacks) -> None:
    def template(*ports: int) -> dict[str, Any]:
        rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "10.0.0.0/8"} for port in ports]
        properties = {"GroupDescription": "g", "VpcId": {"Ref": "Vpc"}, "SecurityGroupIngress": rules}
        vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
        return {"Resources": {"Vpc": vpc, "A": {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}}}

    stacks.create("a", template(80, 443))
    stacks.update("a", template(443, 8080))
    [group] = stacks.client("ec2").describe_security_groups(GroupIds=[stacks.physical("a", "A")])["SecurityGroups"]
    assert sorted(rule["FromPort"] for rule in group["IpPermissions"]) == [443, 8080]
