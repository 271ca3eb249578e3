"""Parameters: required, allowed, kept from before, hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Stacks


def _template(declaration: dict[str, Any]) -> dict[str, Any]:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Sub": "${Word}"}}}
    return {"Parameters": {"Word": declaration}, "Resources": {"Topic": topic}}


def _given(value: str) -> dict[str, Any]:
    return {"Parameters": [{"ParameterKey": "Word", "ParameterValue": value}]}


def _refused(stacks: Stacks, declaration: dict[str, Any], **options: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        stacks.create("a", _template(declaration), **options)
    assert stacks.client("cloudformation").describe_stacks()["Stacks"] == []
    return str(refusal.value)


def test_a_parameter_without_value_is_refused(stacks: Stacks) -> None:
    assert "Parameters: [Word] must have values" in _refused(stacks, {"Type": "String"})


def test_a_parameter_that_the_template_does_not_have_is_refused(stacks: Stacks) -> None:
    given = {"Parameters": [{"ParameterKey": "Wrod", "ParameterValue": "x"}]}
    declaration = {"Type": "String", "Default": "x"}
    assert "Parameters: [Wrod] do not exist in the template" in _refused(stacks, declaration, **given)


def test_a_value_that_is_not_among_the_allowed_is_refused(stacks: Stacks) -> None:
    declaration = {"Type": "String", "AllowedValues": ["a", "b"]}
    assert "must be one of AllowedValues" in _refused(stacks, declaration, **_given("c"))
    assert stacks.create("a", _template(declaration), **_given("b"))["StackStatus"] == "CREATE_COMPLETE"


def test_a_value_that_does_not_match_the_whole_pattern_is_refused(stacks: Stacks) -> None:
    declaration = {"Type": "String", "AllowedPattern": "[a-z]+"}
    assert "does not match the regular expression [a-z]+" in _refused(stacks, declaration, **_given("ab1"))


def test_a_refusal_does_not_print_a_hidden_value(stacks: Stacks) -> None:
    declaration = {"Type": "String", "AllowedPattern": "[a-z]+", "NoEcho": True}
    assert "S3CRET" not in _refused(stacks, declaration, **_given("S3CRET"))


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        ({"Type": "String", "MinLength": 8}, "short"),
        ({"Type": "String", "MaxLength": "3"}, "long"),
        ({"Type": "Number"}, "many"),
        ({"Type": "Number", "MinValue": 1}, "0"),
        ({"Type": "Number", "MaxValue": 1}, "2"),
    ],
)
def test_values_out_of_range_are_refused(stacks: Stacks, declaration: dict[str, Any], value: str) -> None:
    assert "Word" in _refused(stacks, declaration, **_given(value))


@pytest.mark.parametrize(("size", "taken"), [(4096, True), (4097, False)])
def test_a_value_has_at_most_4096_bytes(stacks: Stacks, size: int, taken: bool) -> None:
    if taken:
        stacks.create("a", _template({"Type": "String"}), **_given("x" * size))
    else:
        assert "less than or equal to 4096" in _refused(stacks, {"Type": "String"}, **_given("x" * size))


def test_hidden_values_are_printed_nowhere(stacks: Stacks) -> None:
    declaration = {"Type": "String", "NoEcho": True, "Default": "s3cret-default"}
    stacks.create("a", _template(declaration), **_given("s3cret-given"))
    client = stacks.client("cloudformation")
    assert stacks.described("a")["Parameters"] == [{"ParameterKey": "Word", "ParameterValue": "****"}]
    summary = client.get_template_summary(StackName="a")
    assert summary["Parameters"][0]["NoEcho"] is True
    client.create_change_set(
        StackName="a",
        ChangeSetName="c",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Word", "ParameterValue": "s3cret-other"}],
    )
    change_set = client.describe_change_set(StackName="a", ChangeSetName="c")
    everything = str([stacks.described("a"), summary, change_set, stacks.events("a"), client.list_stacks()])
    assert "s3cret" not in everything


def test_a_hidden_value_still_reaches_the_resource(stacks: Stacks) -> None:
    stacks.create("a", _template({"Type": "String", "NoEcho": "true"}), **_given("word"))
    arn = stacks.physical("a", "Topic")
    assert stacks.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "word"


def test_an_update_can_keep_the_previous_value(stacks: Stacks) -> None:
    template = _template({"Type": "String"})
    stacks.create("a", template, **_given("kept"))
    template["Resources"]["Other"] = {"Type": "AWS::SNS::Topic"}
    previous = [{"ParameterKey": "Word", "UsePreviousValue": True}]
    assert stacks.update("a", template, Parameters=previous)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.described("a")["Parameters"][0]["ParameterValue"] == "kept"


def test_an_update_does_not_keep_a_value_unasked(stacks: Stacks) -> None:
    template = _template({"Type": "String"})
    stacks.create("a", template, **_given("kept"))
    template["Resources"]["Other"] = {"Type": "AWS::SNS::Topic"}
    with pytest.raises(ClientError, match="must have values"):
        stacks.update("a", template)


def test_a_previous_value_that_never_was_is_refused(stacks: Stacks) -> None:
    previous = {"Parameters": [{"ParameterKey": "Word", "UsePreviousValue": True}]}
    assert "usePreviousValue" in _refused(stacks, {"Type": "String"}, **previous)


def test_a_parameter_can_name_one_of_the_parameter_store(stacks: Stacks) -> None:
    stacks.client("ssm").put_parameter(Name="/words/one", Value="stored", Type="String")
    stacks.create("a", _template({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/words/one"}))
    arn = stacks.physical("a", "Topic")
    assert stacks.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "stored"


def test_a_parameter_that_the_store_does_not_have_is_refused(stacks: Stacks) -> None:
    declaration = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/words/none"}
    assert "/words/none" in _refused(stacks, declaration)


def test_the_image_recommended_for_ecs_is_an_image(stacks: Stacks) -> None:
    name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
    template = _template({"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": name})
    template["Outputs"] = {"Image": {"Value": {"Ref": "Word"}}}
    stacks.create("a", template)
    image = stacks.outputs("a")["Image"]
    assert len(stacks.client("ec2").describe_images(ImageIds=[image])["Images"]) == 1


def test_lists_are_split(stacks: Stacks) -> None:
    template = _template({"Type": "CommaDelimitedList", "Default": "a, b,c"})
    template["Resources"]["Topic"]["Properties"] = {}
    template["Outputs"] = {"Second": {"Value": {"Fn::Select": [1, {"Ref": "Word"}]}}}
    stacks.create("a", template)
    assert stacks.outputs("a") == {"Second": "b"}
