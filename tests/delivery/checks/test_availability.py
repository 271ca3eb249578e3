"""The region has the versions, the classes and the zones that the templates name."""

from __future__ import annotations

from typing import Any

from compose2aws.delivery.account import open_account
from compose2aws.delivery.checks.availability import check_instance_classes, check_zones
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.checks.conftest import Shop

DATA = """
services:
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: pw}
  cache:
    image: valkey/valkey:8
  documents:
    image: mongo:5
    environment: {MONGO_INITDB_ROOT_USERNAME: root, MONGO_INITDB_ROOT_PASSWORD: pw}
"""


def test_a_class_that_is_not_offered_is_an_error_told_once(shop: Shop) -> None:
    def orderable(*classes: str) -> Any:
        def answer(parameters: dict[str, Any]) -> dict[str, Any]:
            there = parameters["DBInstanceClass"] in classes
            return {"OrderableDBInstanceOptions": [{"DBInstanceClass": parameters["DBInstanceClass"]}] if there else []}

        return answer

    situation = shop.situation(DATA)
    classes = {one.properties["DBInstanceClass"] for one in situation.new("AWS::DocDB::DBInstance")}
    shop.answers("rds", DescribeOrderableDBInstanceOptions=orderable("db.serverless"))
    shop.answers("docdb", DescribeOrderableDBInstanceOptions=orderable(*classes))
    assert check_instance_classes(shop.situation(DATA)) == []
    shop.answers("docdb", DescribeOrderableDBInstanceOptions=orderable())
    [finding] = check_instance_classes(shop.situation(DATA))
    assert (finding.code, finding.severity) == ("instance-class", "error")


def test_a_region_with_too_few_zones_is_an_error(shop: Shop) -> None:
    shop.answers("ec2", DescribeAvailabilityZones={"AvailabilityZones": [{"ZoneName": "us-east-1a"}]})
    [finding] = check_zones(shop.situation(DATA))
    assert (finding.code, finding.severity) == ("availability-zones", "error")


def test_it_works_against_an_account(shop: Shop, server: RehearsalServer) -> None:
    shop.account = open_account()
    assert check_zones(shop.situation(DATA)) == []
