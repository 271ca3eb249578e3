"""Service-linked roles that a new account lacks are told with the command that makes them."""

from __future__ import annotations

from typing import Any

from compose2aws.delivery.account import open_account
from compose2aws.delivery.checks.service_role import check_service_roles
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.checks.conftest import Shop

WEB = "services: {web: {image: 'nginx:1.27', ports: ['80:80']}}\n"
SEARCH = "services: {search: {image: 'opensearchproject/opensearch:2.19.1', ports: ['9200:9200']}}\n"


def holding(*services: str) -> Any:
    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        name = parameters["PathPrefix"].split("/")[2]
        role = {
            "Path": parameters["PathPrefix"],
            "RoleName": "AWSServiceRole",
            "RoleId": "AROA1234567890123456",
            "Arn": "arn:aws:iam::123456789012:role/aws-service-role/x",
            "CreateDate": "2026-01-01",
        }
        return {"Roles": [role] if name in services else []}

    return answer


def test_an_account_that_has_them_is_told_nothing(shop: Shop) -> None:
    shop.answers("iam", ListRoles=holding("ecs.amazonaws.com", "elasticloadbalancing.amazonaws.com"))
    assert check_service_roles(shop.situation(WEB)) == []


def test_one_that_its_service_does_not_make_is_an_error_with_the_command(shop: Shop) -> None:
    shop.answers("iam", ListRoles=holding("elasticloadbalancing.amazonaws.com"))
    [finding] = check_service_roles(shop.situation(WEB))
    assert finding.severity == "error"
    assert "AWSServiceRoleForECS" in finding.message
    assert finding.remedy == "run: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"


def test_one_that_its_service_makes_is_a_note(shop: Shop) -> None:
    shop.answers("iam", ListRoles=holding("ecs.amazonaws.com"))
    [finding] = check_service_roles(shop.situation(WEB))
    assert finding.severity == "note"
    assert "--aws-service-name elasticloadbalancing.amazonaws.com" in finding.remedy


def test_only_types_that_are_new_ask_for_theirs(shop: Shop) -> None:
    shop.answers("iam", ListRoles=holding())
    told = " ".join(finding.message for finding in check_service_roles(shop.situation(SEARCH)))
    assert "AWSServiceRoleForAmazonOpenSearchService" in told
    assert "AWSServiceRoleForRDS" not in told
    assert check_service_roles(shop.situation(SEARCH, deployed=True)) == []


def test_it_works_against_an_account(shop: Shop, server: RehearsalServer) -> None:
    shop.account = open_account()
    assert "AWSServiceRoleForECS" in str(check_service_roles(shop.situation(WEB)))
    for service in ("ecs.amazonaws.com", "elasticloadbalancing.amazonaws.com"):
        server.client("iam").create_service_linked_role(AWSServiceName=service)
    assert check_service_roles(shop.situation(WEB)) == []
