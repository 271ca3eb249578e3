"""The region has the versions, the classes and the zones that the templates name."""

from __future__ import annotations

from typing import Any

from compose2aws.delivery.account import open_account
from compose2aws.delivery.checks.availability import check_engines, check_instance_classes, check_zones
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


def versions(key: str, **offered: list[str]) -> Any:
    """Versions by engine, with `_` for `-`."""

    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        engine = parameters["Engine"]
        return {key: [{"Engine": engine, "EngineVersion": one} for one in offered.get(engine.replace("-", "_"), [])]}

    return answer


def offering(shop: Shop, postgres: list[str], valkey: list[str], documents: list[str]) -> None:
    shop.answers("rds", DescribeDBEngineVersions=versions("DBEngineVersions", aurora_postgresql=postgres))
    shop.answers("elasticache", DescribeCacheEngineVersions=versions("CacheEngineVersions", valkey=valkey))
    shop.answers("docdb", DescribeDBEngineVersions=versions("DBEngineVersions", docdb=documents))


def wanted(shop: Shop) -> dict[str, str]:
    situation = shop.situation(DATA)
    return {
        p.name: p.default or "" for stack in situation.templates.stacks for p in stack.parameters if "Engine" in p.name
    }


def test_versions_that_are_offered_are_not_told(shop: Shop) -> None:
    found = wanted(shop)
    offering(shop, [found["DbEngineVersion"]], [found["CacheEngineVersion"] + ".1"], [found["DocumentsEngineVersion"]])
    assert check_engines(shop.situation(DATA)) == []


def test_a_version_that_the_region_lacks_is_an_error_with_those_it_has(shop: Shop) -> None:
    found = wanted(shop)
    offering(shop, ["15.10", "16.1"], [found["CacheEngineVersion"]], [found["DocumentsEngineVersion"]])
    [finding] = check_engines(shop.situation(DATA))
    assert (finding.code, finding.severity) == ("engine-version", "error")
    assert finding.message == f"us-east-1 has no aurora-postgresql {found['DbEngineVersion']}; it has 16.1"
    assert str(finding.position).startswith("compose.yaml:")


def test_an_engine_that_the_region_lacks_is_an_error(shop: Shop) -> None:
    offering(shop, [], [], [])
    assert [finding.code for finding in check_engines(shop.situation(DATA))] == ["engine-version"] * 3


def test_what_is_deployed_keeps_its_version(shop: Shop) -> None:
    offering(shop, [], [], [])
    assert check_engines(shop.situation(DATA, deployed=True)) == []


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
