"""The stacks of a project, told from all others."""

from __future__ import annotations

from typing import Any, cast

from botocore.exceptions import ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.stack import project_stacks


class _CloudFormation:
    """Knows some stacks; lists them, or lets them be looked at by their names alone."""

    def __init__(self, names: list[str], *, listing: bool) -> None:
        self._names = names
        self._listing = listing

    def get_paginator(self, _: str) -> _CloudFormation:
        return self

    def paginate(self) -> list[dict[str, Any]]:
        if not self._listing:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeStacks")
        return [{"Stacks": [{"StackName": name} for name in self._names]}]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's own name
        if StackName not in self._names:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackName": StackName, "StackStatus": "CREATE_COMPLETE"}]}


class _Account:
    def __init__(self, client: _CloudFormation) -> None:
        self._client = client

    def client(self, _: str) -> _CloudFormation:
        return self._client


_NAMES = ["shop-app-10", "shop-app-2", "shop-app", "shop-base", "shop-two-base", "shop-app-x", "shop-app-02", "other"]
_EXPECTED = ("shop-base", "shop-app", "shop-app-2", "shop-app-10")


def test_the_stacks_of_a_project_are_those_of_its_prefix_in_deploy_order() -> None:
    account = cast(Account, _Account(_CloudFormation(_NAMES, listing=True)))
    assert project_stacks(account, "shop") == _EXPECTED


def test_they_are_found_one_by_one_where_stacks_may_not_be_listed() -> None:
    account = cast(Account, _Account(_CloudFormation(_NAMES, listing=False)))
    assert project_stacks(account, "shop") == _EXPECTED
