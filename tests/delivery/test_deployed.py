"""What a deployed template says: compose services, and the values of expressions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.delivery.account import open_account
from compose2aws.delivery.deployed import DeployedProject, DeployedResource, service_of
from compose2aws.delivery.stack import MASK, DeployedStack
from compose2aws.planning.ledger import people_path

BASE = DeployedStack("s-base", "arn:b", "CREATE_COMPLETE", "", {}, {}, {}, {"s-base-A": "subnet-a", "s-base-L": "x,y"})
APP = DeployedStack("s-app", "arn:a", "CREATE_COMPLETE", "", {}, {"Size": "small", "Password": MASK}, {}, {})


@pytest.fixture(scope="module")
def project() -> DeployedProject:
    group = DeployedResource("Group", "AWS::EC2::SecurityGroup", "sg-1", "CREATE_COMPLETE", None, "s-app", {}, None)
    return DeployedProject("s", open_account("eu-west-1"), (BASE, APP), {"Group": group})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("text", "text"),
        (3, 3),
        ({"Ref": "Group"}, "sg-1"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Size"}, "small"),
        ({"Fn::GetAtt": ["Group", "GroupId"]}, "sg-1"),
        ({"Fn::GetAtt": "Group.GroupId"}, "sg-1"),
        ({"Fn::ImportValue": "s-base-A"}, "subnet-a"),
        ({"Fn::Split": [",", {"Fn::ImportValue": "s-base-L"}]}, ["x", "y"]),
        ({"Fn::Join": ["", ["a", {"Ref": "Group"}]]}, "asg-1"),
        ({"Subnets": [{"Fn::ImportValue": "s-base-A"}]}, {"Subnets": ["subnet-a"]}),
        ({"Ref": "Unknown"}, None),
        ({"Ref": "Password"}, None),
        ({"Fn::If": ["X", "a", "b"]}, None),
        ([{"Ref": "Unknown"}, "a"], None),
    ],
)
def test_an_expression_made_of_names_has_a_value(project: DeployedProject, expression: Any, value: Any) -> None:
    assert project.value(expression, "s-app") == value


@given(st.text(min_size=1), st.lists(st.text() | st.integers(0, 9), max_size=3))
def test_the_service_of_a_path_is_read_back(name: str, rest: list[str | int]) -> None:
    assert service_of(people_path(("services", name, *rest))) == name


def test_what_is_no_service_has_none() -> None:
    assert [service_of(source) for source in (None, "", "networks.front", "services")] == [None] * 4
