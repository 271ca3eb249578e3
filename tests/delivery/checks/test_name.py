"""Names that are fixed in a template are free in the account."""

from __future__ import annotations

from typing import Any

from compose2aws.delivery.account import open_account
from compose2aws.delivery.checks.name import check_names, check_namespaces
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.checks.conftest import Shop

WEB = "services: {web: {image: 'nginx:1.27', ports: ['80:80']}}\n"
CONNECTED = """
services:
  web: {image: 'nginx:1.27', ports: ['80:80'], depends_on: [api], environment: {API: 'http://api:8080'}}
  api: {image: 'ghcr.io/acme/api:1', expose: ['8080']}
"""


def holding(*names: tuple[str, str]) -> Any:
    def answer(parameters: dict[str, Any]) -> Any:
        if (parameters["TypeName"], parameters["Identifier"]) in names:
            return {"TypeName": parameters["TypeName"], "ResourceDescription": {"Identifier": parameters["Identifier"]}}
        return "ResourceNotFoundException"

    return answer


def test_free_names_are_not_told_and_each_is_asked_for(shop: Shop) -> None:
    control = shop.answers("cloudcontrol", GetResource=holding())
    assert check_names(shop.situation(WEB)) == []
    asked = {(call["TypeName"], call["Identifier"]) for _, call in control.calls}
    assert ("AWS::KMS::Alias", "alias/shop-base") in asked


def test_a_name_that_is_taken_is_an_error(shop: Shop) -> None:
    shop.answers("cloudcontrol", GetResource=holding(("AWS::KMS::Alias", "alias/shop-base")))
    [finding] = check_names(shop.situation(WEB))
    assert (finding.code, finding.severity) == ("name-taken", "error")
    assert "there is a AWS::KMS::Alias called alias/shop-base" in finding.message


def test_a_name_that_a_patch_gives_is_checked_too(shop: Shop) -> None:
    shop.answers("cloudcontrol", GetResource=holding(("AWS::ECS::Cluster", "production")))
    patch = "{stack: app, op: add, path: /Resources/ServiceCluster/Properties/ClusterName, value: production}"
    situation = shop.situation(f"x-aws: {{patches: [{patch}]}}\n{WEB}")
    [finding] = check_names(situation)
    assert "called production" in finding.message


def test_ours_are_not_taken(shop: Shop) -> None:
    shop.answers("cloudcontrol", GetResource=holding(("AWS::KMS::Alias", "alias/shop-base")))
    assert check_names(shop.situation(WEB, deployed=True)) == []


def test_a_type_that_cannot_be_asked_for_is_passed_over(shop: Shop) -> None:
    shop.answers("cloudcontrol", GetResource="UnsupportedActionException")
    assert check_names(shop.situation(WEB)) == []


def test_a_namespace_of_service_connect_that_is_there_is_an_error(shop: Shop, server: RehearsalServer) -> None:
    shop.account = open_account()
    situation = shop.situation(CONNECTED)
    [namespace] = situation.new("AWS::ServiceDiscovery::HttpNamespace")
    assert check_namespaces(situation) == []
    server.client("servicediscovery").create_http_namespace(Name=namespace.properties["Name"])
    [finding] = check_namespaces(situation)
    assert finding.code == "name-taken"
    assert check_namespaces(shop.situation(CONNECTED, deployed=True)) == []
