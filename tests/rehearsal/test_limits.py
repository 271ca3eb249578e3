"""What CloudFormation refuses before it makes anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Stacks

TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic"}
ROLE: dict[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}


def _topics(count: int) -> dict[str, Any]:
    return {"Resources": {f"Topic{number}": TOPIC for number in range(count)}}


def _refused(stacks: Stacks, template: dict[str, Any], **options: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        stacks.create("refused", template, **options)
    assert stacks.client("cloudformation").describe_stacks()["Stacks"] == []
    return str(refusal.value)


def test_an_inline_template_over_51200_bytes_is_refused(stacks: Stacks) -> None:
    template = {"Description": "x" * 51_200, **_topics(1)}
    assert "less than or equal to 51200" in _refused(stacks, template)


def test_a_template_of_exactly_51200_bytes_is_taken(stacks: Stacks) -> None:
    template: dict[str, Any] = {"Metadata": "", **_topics(1)}
    template["Metadata"] = "x" * (51_200 - len(json.dumps(template)))
    assert stacks.create("a", template)["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(("size", "taken"), [(60_000, True), (1_000_001, False)])
def test_a_template_from_s3_may_be_a_megabyte(stacks: Stacks, size: int, taken: bool) -> None:
    template = {"Metadata": "x" * size, **_topics(1)}
    storage, client = stacks.client("s3"), stacks.client("cloudformation")
    storage.create_bucket(Bucket="artefacts")
    storage.put_object(Bucket="artefacts", Key="t.json", Body=json.dumps(template))
    url = "https://artefacts.s3.us-east-1.amazonaws.com/t.json"
    if taken:
        client.create_stack(StackName="a", TemplateURL=url)
        assert stacks.described("a")["StackStatus"] == "CREATE_COMPLETE"
    else:
        with pytest.raises(ClientError, match="may not exceed"):
            client.create_stack(StackName="a", TemplateURL=url)


def test_a_template_that_is_not_in_the_bucket_is_refused(stacks: Stacks) -> None:
    stacks.client("s3").create_bucket(Bucket="artefacts")
    with pytest.raises(ClientError, match="S3 error"):
        stacks.client("cloudformation").create_stack(
            StackName="a", TemplateURL="https://artefacts.s3.us-east-1.amazonaws.com/none.json"
        )


def test_more_than_500_resources_are_refused(stacks: Stacks) -> None:
    assert "Number of resources, 501, is greater than maximum allowed, 500" in _refused(stacks, _topics(501))


def test_more_than_200_parameters_are_refused(stacks: Stacks) -> None:
    parameters = {f"P{number}": {"Type": "String", "Default": ""} for number in range(201)}
    assert "Number of parameters, 201" in _refused(stacks, {"Parameters": parameters, **_topics(1)})


def test_more_than_200_outputs_are_refused(stacks: Stacks) -> None:
    outputs = {f"O{number}": {"Value": "x"} for number in range(201)}
    assert "Number of outputs, 201" in _refused(stacks, {"Outputs": outputs, **_topics(1)})


@pytest.mark.parametrize(("count", "taken"), [(60, True), (61, False)])
def test_a_template_has_at_most_60_dynamic_references(stacks: Stacks, count: int, taken: bool) -> None:
    stacks.client("ssm").put_parameter(Name="word", Value="hello", Type="String")
    text = " ".join(["{{resolve:ssm:word}}"] * count)
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": text}}}}
    if taken:
        assert stacks.create("a", template)["StackStatus"] == "CREATE_COMPLETE"
    else:
        assert "Number of dynamic references, 61" in _refused(stacks, template)


def test_references_that_functions_put_together_count_too(stacks: Stacks) -> None:
    def secret(number: int) -> dict[str, Any]:
        joined = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Topic0"}, "}}"]]}
        replaced = {"Fn::Sub": "{{resolve:secretsmanager:${Topic0}}}"}
        text = joined if number % 2 else replaced
        return {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": text}}

    template = _topics(1)
    template["Resources"].update({f"Secret{number}": secret(number) for number in range(61)})
    assert "Number of dynamic references, 61" in _refused(stacks, template)


@pytest.mark.parametrize("name", ["my_app", "1app", "a" * 129])
def test_a_name_that_cloudformation_does_not_take_is_refused(stacks: Stacks, name: str) -> None:
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        stacks.create(name, _topics(1))


def test_roles_need_a_capability(stacks: Stacks) -> None:
    template = {"Resources": {"Role": ROLE}}
    refusal = _refused(stacks, template, Capabilities=[])
    assert "InsufficientCapabilitiesException" in refusal
    assert "[CAPABILITY_IAM]" in refusal
    assert stacks.create("a", template, Capabilities=["CAPABILITY_IAM"])["StackStatus"] == "CREATE_COMPLETE"


def test_named_roles_need_the_stronger_capability(stacks: Stacks) -> None:
    named = {"Resources": {"Role": {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": "named"}}}}
    assert "[CAPABILITY_NAMED_IAM]" in _refused(stacks, named, Capabilities=["CAPABILITY_IAM"])
    assert stacks.create("a", named, Capabilities=["CAPABILITY_NAMED_IAM"])["StackStatus"] == "CREATE_COMPLETE"


def test_a_type_that_aws_does_not_have_is_refused(stacks: Stacks) -> None:
    refusal = _refused(stacks, {"Resources": {"A": {"Type": "AWS::RDS::Claster"}}})
    assert "Unrecognized resource types: [AWS::RDS::Claster]" in refusal


def test_a_reference_to_nothing_is_refused(stacks: Stacks) -> None:
    template = {"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Missing"}}}}}
    assert "Unresolved resource dependencies [Missing]" in _refused(stacks, template)


def test_a_reference_to_nothing_inside_a_substitution_is_refused(stacks: Stacks) -> None:
    template = {"Resources": {"A": TOPIC}, "Outputs": {"O": {"Value": {"Fn::Sub": "${Missing} ${!Literal}"}}}}
    assert "Unresolved resource dependencies [Missing] in the Outputs block" in _refused(stacks, template)


def test_an_attribute_that_the_type_does_not_have_is_refused(stacks: Stacks) -> None:
    template = {"Resources": {"A": TOPIC}, "Outputs": {"O": {"Value": {"Fn::GetAtt": ["A", "Endpoint"]}}}}
    assert "resource A does not support attribute type Endpoint in Fn::GetAtt" in _refused(stacks, template)


def test_resources_in_a_circle_are_refused(stacks: Stacks) -> None:
    resources = {"A": {**TOPIC, "DependsOn": "B"}, "B": {**TOPIC, "DependsOn": ["A"]}}
    assert "Circular dependency between resources: [A, B]" in _refused(stacks, {"Resources": resources})


def test_a_template_without_resources_is_refused(stacks: Stacks) -> None:
    assert "At least one Resources member must be defined" in _refused(stacks, {"Resources": {}})


def test_a_name_that_is_taken_is_refused(stacks: Stacks) -> None:
    stacks.create("a", _topics(1))
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        stacks.create("a", _topics(1))


def test_what_is_not_a_template_is_refused(stacks: Stacks) -> None:
    for text in ("{", "just text", "a: [", "[]"):
        with pytest.raises(ClientError, match="Template format error"):
            stacks.client("cloudformation").create_stack(StackName="a", TemplateBody=text)
