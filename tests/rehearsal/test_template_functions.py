"""The functions of templates, conditions, and AWS::NoValue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Stacks

TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "words"}}
ARN = "arn:aws:sns:us-east-1:123456789012:words"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Topic"}, ARN),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Ref": "AWS::StackName"}, "a"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Fn::GetAtt": ["Topic", "TopicName"]}, "words"),
        ({"Fn::GetAtt": "Topic.TopicName"}, "words"),
        ({"Fn::Sub": "${Topic.TopicName} in ${AWS::Region}, ${!literally}"}, "words in us-east-1, ${literally}"),
        ({"Fn::Sub": ["${Own}-${Topic}", {"Own": {"Ref": "AWS::StackName"}}]}, f"a-{ARN}"),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}, 3, True]]}, "a-us-east-1-3-true"),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::NoValue"}, "b"]]}, "a-b"),
        ({"Fn::Select": ["1", {"Fn::Split": ["/", "a/b/c"]}]}, "b"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "Small"]}, "1"),
        ({"Fn::Base64": {"Fn::Sub": "${AWS::StackName}"}}, "YQ=="),
        ({"Fn::If": ["Yes", "yes", "no"]}, "yes"),
        ({"Fn::If": ["No", "yes", "no"]}, "no"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        ({"Fn::Select": [1, {"Fn::GetAZs": ""}]}, "us-east-1b"),
        ({"Fn::Select": [2, {"Fn::Cidr": ["10.0.0.0/16", 4, 8]}]}, "10.0.2.0/24"),
    ],
)
def test_a_function_gives_what_it_gives_on_aws(stacks: Stacks, value: Any, expected: str) -> None:
    template = {
        "Mappings": {"Sizes": {"us-east-1": {"Small": "1"}}},
        "Conditions": {
            "Yes": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
            "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
            "Either": {"Fn::Or": [{"Condition": "No"}, {"Condition": "Yes"}]},
        },
        "Resources": {"Topic": TOPIC},
        "Outputs": {"It": {"Value": value}},
    }
    stacks.create("a", template)
    assert stacks.outputs("a") == {"It": expected}


def test_short_forms_of_yaml_are_read(stacks: Stacks) -> None:
    text = """
AWSTemplateFormatVersion: 2010-09-09
Conditions:
  Yes: !Equals [!Ref AWS::Region, us-east-1]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Condition: Yes
    Properties:
      DisplayName: !If [Yes, !Sub "in ${AWS::Region}", !Ref AWS::NoValue]
Outputs:
  Name:
    Value: !GetAtt Topic.TopicName
  Joined:
    Value: !Join ["", [a, !Select [0, !Split [",", "b,c"]]]]
"""
    stacks.client("cloudformation").create_stack(StackName="a", TemplateBody=text)
    assert stacks.outputs("a")["Joined"] == "ab"
    attributes = stacks.client("sns").get_topic_attributes(TopicArn=stacks.physical("a", "Topic"))["Attributes"]
    assert attributes["DisplayName"] == "in us-east-1"


def test_no_value_leaves_the_property_out(stacks: Stacks) -> None:
    properties = {"GroupDescription": "x", "VpcId": {"Ref": "Vpc"}, "GroupName": {"Ref": "AWS::NoValue"}}
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    stacks.create(
        "a", {"Resources": {"Vpc": vpc, "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}}}
    )
    [group] = stacks.client("ec2").describe_security_groups(GroupIds=[stacks.physical("a", "Group")])["SecurityGroups"]
    assert group["GroupName"].startswith("a-Group-")


def test_resources_and_outputs_without_their_condition_are_not_there(stacks: Stacks) -> None:
    template = {
        "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"Topic": TOPIC, "Other": {"Type": "AWS::SNS::Topic", "Condition": "No"}},
        "Outputs": {"Other": {"Condition": "No", "Value": {"Ref": "Other"}}, "Topic": {"Value": {"Ref": "Topic"}}},
    }
    stacks.create("a", template)
    assert stacks.outputs("a") == {"Topic": ARN}
    resources = stacks.client("cloudformation").describe_stack_resources(StackName="a")["StackResources"]
    assert [one["LogicalResourceId"] for one in resources] == ["Topic"]


def test_a_resource_waits_for_what_it_depends_on(stacks: Stacks) -> None:
    resources = {
        "First": {"Type": "AWS::SNS::Topic", "DependsOn": ["Third"]},
        "Second": {"Type": "AWS::SNS::Topic", "DependsOn": "First"},
        "Third": {"Type": "AWS::SNS::Topic"},
    }
    stacks.create("a", {"Resources": resources})
    made = [one for one, status, _ in stacks.events("a") if status == "CREATE_COMPLETE"]
    assert made == ["Third", "First", "Second", "a"]
    identifier = stacks.described("a")["StackId"]
    stacks.delete("a")
    gone = [one for one, status, _ in stacks.events(identifier) if status == "DELETE_COMPLETE"]
    assert gone == ["Second", "First", "Third", "a"]


def test_an_export_name_is_evaluated(stacks: Stacks) -> None:
    output = {"Value": "x", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}:Word"}}}
    stacks.create("a", {"Resources": {"Topic": TOPIC}, "Outputs": {"Word": output}})
    assert stacks.client("cloudformation").list_exports()["Exports"][0]["Name"] == "a:Word"
