"""Templates of an earlier time: which stack they are of, and what is no such template."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compose2aws.cloudformation import Stack, Templates
from compose2aws.delivery.difference.against_files import compare_with_files
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.planning.model import Parameter

TOPIC = {"Type": "AWS::SNS::Topic"}


def templates() -> Templates:
    def stack(key: str) -> Stack:
        metadata = {"compose2aws": {"project": "shop", "stack": key}}
        return Stack(f"shop-{key}", key, {"Metadata": metadata, "Resources": {"A": TOPIC}}, (), ())

    return Templates("shop", (stack("base"), stack("app")), {}, ())


OTHERS = json.dumps({"Resources": {}, "Metadata": {"compose2aws": {"project": "b"}}})


def manifest(project: str, *templates: str) -> str:
    return json.dumps({"project": project, "stacks": [{"name": "a", "template": file} for file in templates]})


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.yaml", "a: [", "x.yaml, line 2: this is not a CloudFormation template"),
        ("x.yaml", "services: {}", "it has no Resources"),
        ("x.json", "{", "this is not a CloudFormation template"),
        ("x.yaml", b"\xff\xfe\x00", "this is not UTF-8 text"),
        ("x.yaml", "Resources: {}", "it does not say which stack it is of"),
        ("x.json", OTHERS, "was made of the project b, and this is shop"),
        ("x/manifest.json", "[]", "this is not a manifest that compose2aws wrote"),
        ("x/manifest.json", manifest("shop", "../a"), "is not the name of a file"),
        ("x/manifest.json", manifest("shop", "a"), "cannot be read"),
        ("x/manifest.json", manifest("b"), "was made of the project b, and this is shop"),
        ("x/nothing", "", "there is no manifest.json in it"),
    ],
)
def test_what_cannot_be_compared_with_is_told_in_a_sentence(
    tmp_path: Path, name: str, content: str | bytes, sentence: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DeliveryError) as refused:
        compare_with_files(tmp_path / name.partition("/")[0], templates())
    assert sentence in str(refused.value)


def test_a_stack_that_is_not_made_any_more_is_found_by_its_metadata(tmp_path: Path) -> None:
    text = 'Resources: {A: {Type: "AWS::SNS::Topic"}}\nMetadata: {compose2aws: {project: shop, stack: app-3}}\n'
    (tmp_path / "shop-app-3.template.yaml").write_text(text)
    found = compare_with_files(tmp_path / "shop-app-3.template.yaml", templates())
    assert [(one.name, [change.action for change in one.changes]) for one in found] == [("shop-app-3", ["remove"])]


def test_values_of_today_stand_on_both_sides(tmp_path: Path) -> None:
    # files hold no values: a secret that is given now was given then
    secret = Parameter("Token", "variable:TOKEN", "", secret=True, default="", value="x")
    conditional = {"A": {**TOPIC, "Condition": "Given"}}
    body = {
        "Metadata": {"compose2aws": {"project": "shop", "stack": "app"}},
        "Parameters": {"Token": {"Type": "String", "NoEcho": True, "Default": ""}},
        "Conditions": {"Given": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Token"}, ""]}]}},
        "Resources": conditional,
    }
    stack = Stack("shop-app", "app", body, (), (secret,))
    made = Templates("shop", (stack,), {}, ())
    (tmp_path / "t.json").write_text(json.dumps({**body, "Resources": {"B": TOPIC}}))
    found = compare_with_files(tmp_path / "t.json", made)[0]
    assert {change.logical_id: change.action for change in found.changes} == {"A": "add", "B": "remove"}
