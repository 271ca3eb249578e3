"""`{{resolve:…}}`: replaced where AWS replaces it, by what the account's own secrets hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conftest import Stacks

MASTER: dict[str, Any] = {
    "Type": "AWS::SecretsManager::Secret",
    "Properties": {
        "GenerateSecretString": {
            "SecretStringTemplate": '{"username": "app", "port": 5432}',
            "GenerateStringKey": "password",
            "PasswordLength": 24,
            "ExcludeCharacters": '"@/\\',
        }
    },
}


def _secret(text: Any) -> dict[str, Any]:
    return {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": text}}


def _part(key: str) -> dict[str, Any]:
    return {"Fn::Sub": f"{{{{resolve:secretsmanager:${{Master}}:SecretString:{key}}}}}"}


def _text(stacks: Stacks, logical_id: str) -> str:
    arn = stacks.physical("a", logical_id)
    text: str = stacks.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return text


def test_a_connection_string_is_built_of_parts_of_a_secret(stacks: Stacks) -> None:
    url = {"Fn::Join": ["", ["postgresql://", _part("username"), ":", _part("password"), "@db:", _part("port"), "/x"]]}
    stacks.create("a", {"Resources": {"Master": MASTER, "Url": _secret(url)}})
    master = json.loads(_text(stacks, "Master"))
    assert len(master["password"]) == 24
    assert _text(stacks, "Url") == f"postgresql://app:{master['password']}@db:5432/x"


def test_a_reference_written_in_pieces_is_resolved_when_it_is_joined(stacks: Stacks) -> None:
    joined = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Master"}, ":SecretString:password}}"]]}
    stacks.create("a", {"Resources": {"Master": MASTER, "Copy": _secret(joined)}})
    assert _text(stacks, "Copy") == json.loads(_text(stacks, "Master"))["password"]


def test_a_reference_without_key_gives_the_whole_text(stacks: Stacks) -> None:
    whole = {"Fn::Sub": "{{resolve:secretsmanager:${Master}}}"}
    stacks.create("a", {"Resources": {"Master": MASTER, "Copy": _secret(whole)}})
    assert _text(stacks, "Copy") == _text(stacks, "Master")


def test_a_secret_is_found_by_its_name_too(stacks: Stacks) -> None:
    stacks.client("secretsmanager").create_secret(Name="own", SecretString="text")
    stacks.create("a", {"Resources": {"Copy": _secret("<{{resolve:secretsmanager:own}}>")}})
    assert _text(stacks, "Copy") == "<text>"


def test_parameters_of_the_store_are_resolved_with_their_version(stacks: Stacks) -> None:
    store = stacks.client("ssm")
    store.put_parameter(Name="/word", Value="first", Type="String")
    store.put_parameter(Name="/word", Value="second", Type="String", Overwrite=True)
    store.put_parameter(Name="/hidden", Value="safe", Type="SecureString")
    text = "{{resolve:ssm:/word:1}} {{resolve:ssm:/word}} {{resolve:ssm-secure:/hidden}}"
    stacks.create("a", {"Resources": {"Copy": _secret(text)}})
    assert _text(stacks, "Copy") == "first second safe"


def test_the_stack_remembers_the_reference_not_the_value(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"Master": MASTER, "Copy": _secret(_part("password"))}})
    password = json.loads(_text(stacks, "Master"))["password"]
    client = stacks.client("cloudformation")
    seen = [stacks.described("a"), stacks.events("a"), client.get_template(StackName="a")]
    assert password not in str(seen)


def test_a_reference_is_not_resolved_again_unless_its_resource_changes(stacks: Stacks) -> None:
    secrets = stacks.client("secretsmanager")
    secrets.create_secret(Name="own", SecretString="old")

    def template(description: str, other: str) -> dict[str, Any]:
        copy = _secret("{{resolve:secretsmanager:own}}")
        copy["Properties"]["Description"] = description
        return {"Resources": {"Copy": copy, "Other": _secret(other)}}

    stacks.create("a", template("1", "x"))
    secrets.update_secret(SecretId="own", SecretString="new")
    stacks.update("a", template("1", "y"))
    assert _text(stacks, "Copy") == "old"


def test_a_secret_that_is_not_there_fails_the_resource(stacks: Stacks) -> None:
    stacks.create("a", {"Resources": {"Copy": _secret("{{resolve:secretsmanager:none}}")}})
    assert "Could not resolve {{resolve:secretsmanager:none}}" in stacks.reason("a", "Copy")


def test_a_key_that_is_not_there_fails_the_resource_without_telling_the_text(stacks: Stacks) -> None:
    stacks.client("secretsmanager").create_secret(Name="own", SecretString='{"password": "hidden-word"}')
    stacks.create("a", {"Resources": {"Copy": _secret("{{resolve:secretsmanager:own:SecretString:pasword}}")}})
    assert "pasword" in stacks.reason("a", "Copy")
    assert "hidden-word" not in str(stacks.events("a"))


def test_a_custom_resource_gets_the_reference_as_it_is_written(stacks: Stacks) -> None:
    reference = "{{resolve:secretsmanager:own}}"
    properties = {"ServiceToken": "arn:aws:sns:us-east-1:123456789012:topic", "Word": reference}
    stacks.create("a", {"Resources": {"It": {"Type": "Custom::It", "Properties": properties}}})
    assert stacks.account.custom_resource_calls[0].properties["Word"] == reference
