"""Versions of engines: that the region has them, and that those that run can be upgraded to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from compose2aws.delivery.account import open_account
from compose2aws.delivery.checks import Situation, checks
from compose2aws.delivery.checks.engine import check_engines
from compose2aws.delivery.stack import read_stacks
from compose2aws.planning.ledger import Finding
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.checks.conftest import Shop
from tests.delivery.checks.test_availability import DATA
from tests.delivery.situation import Shop as Deployed


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


POSTGRES = "services: {db: {image: 'postgres:%s', environment: {POSTGRES_PASSWORD: pw}}}\n"
MONGO = """
services:
  db:
    image: mongo:%s
    environment: {MONGO_INITDB_ROOT_USERNAME: root, MONGO_INITDB_ROOT_PASSWORD: pw}
"""
OFFERED = ["13.23", "14.24", "15.19", "16.14", "17.10"]


def upgrading(shop: Shop, before: str, after: str, targets: list[str] | None, **options: Any) -> list[Finding]:
    """The findings where AWS upgrades what runs to `targets`; None: it does not tell."""
    asked: list[dict[str, Any]] = []

    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        engine = parameters["Engine"]
        if "EngineVersion" not in parameters:
            newest = {p.default for s in shop.situation(after).templates.stacks for p in s.parameters}
            return {"DBEngineVersions": [{"EngineVersion": one} for one in (*OFFERED, *filter(None, newest))]}
        asked.append(parameters)
        row: dict[str, Any] = {"Engine": engine, "EngineVersion": parameters["EngineVersion"]}
        if targets is not None:
            row["ValidUpgradeTarget"] = [{"Engine": engine, "EngineVersion": one} for one in targets]
        return {"DBEngineVersions": [row]}

    shop.answers("rds", DescribeDBEngineVersions=answer)
    shop.answers("docdb", DescribeDBEngineVersions=answer)
    found = check_engines(shop.situation(after, deployed=before, **options))
    assert asked, "no upgrade was asked for"
    return found


def newest(shop: Shop, compose: str) -> str:
    [found] = [p.default for s in shop.situation(compose).templates.stacks for p in s.parameters if "Engine" in p.name]
    return found or ""


def test_an_upgrade_that_aws_makes_in_one_step_is_not_told(shop: Shop) -> None:
    wanted = newest(shop, POSTGRES % 17)
    assert upgrading(shop, POSTGRES % 16, POSTGRES % 17, [wanted]) == []


def test_an_upgrade_over_too_many_majors_is_an_error_that_names_the_one_between(shop: Shop) -> None:
    running, wanted = newest(shop, POSTGRES % 13), newest(shop, POSTGRES % 17)
    targets = ["14.23", "14.24", "15.18", "15.19", "14.22"]
    [finding] = upgrading(shop, POSTGRES % 13, POSTGRES % 17, targets)
    assert (finding.code, finding.severity) == ("engine-upgrade", "error")
    assert finding.message == (
        f"db runs aurora-postgresql {running}, which AWS does not upgrade to {wanted}, but to 14.24, 15.19"
    )
    assert finding.remedy == "deploy the image's tag 15 first, then the wanted one"
    assert str(finding.position).startswith("compose.yaml:")


def test_without_a_major_between_the_nearest_versions_are_named(shop: Shop) -> None:
    [finding] = upgrading(shop, POSTGRES % 16, POSTGRES % 17, ["16.99", "17.1", "18.1"])
    assert "but to 16.99, 17.1" in finding.message
    assert "18.1" not in finding.message
    assert finding.remedy.startswith("upgrade it to 17.1 first")


def test_what_aws_does_not_tell_is_no_finding(shop: Shop) -> None:
    assert upgrading(shop, POSTGRES % 16, POSTGRES % 17, None) == []
    assert upgrading(shop, MONGO % 4, MONGO % 5, []) == []  # DocumentDB's list may be empty


def test_documents_are_upgraded_as_their_service_can(shop: Shop) -> None:
    [finding] = upgrading(shop, MONGO % 4, MONGO % 5, ["4.0.1"])
    assert (finding.code, finding.severity) == ("engine-upgrade", "error")


def test_a_version_to_upgrade_to_that_the_region_lacks_is_an_error(shop: Shop) -> None:
    shop.answers("rds", DescribeDBEngineVersions=versions("DBEngineVersions", aurora_postgresql=["16.14"]))
    [finding] = check_engines(shop.situation(POSTGRES % 17, deployed=POSTGRES % 16))
    assert (finding.code, finding.severity) == ("engine-version", "error")
    assert "has no aurora-postgresql 17" in finding.message


def test_a_cache_is_asked_for_what_the_region_has_alone(shop: Shop) -> None:
    cache = "services: {cache: {image: 'valkey/valkey:%s'}}\n"
    wanted = newest(shop, cache % 9)
    shop.answers("elasticache", DescribeCacheEngineVersions=versions("CacheEngineVersions", valkey=[wanted]))
    assert check_engines(shop.situation(cache % 9, deployed=cache % 8)) == []
    shop.answers("elasticache", DescribeCacheEngineVersions=versions("CacheEngineVersions", valkey=["8.2"]))
    [finding] = check_engines(shop.situation(cache % 9, deployed=cache % 8))
    assert finding.code == "engine-version"


def test_another_engine_under_the_same_name_is_a_new_one(shop: Shop) -> None:
    maria = "services: {db: {image: 'mariadb:11', environment: {MARIADB_ROOT_PASSWORD: pw, MARIADB_DATABASE: app}}}\n"
    shop.answers("rds", DescribeDBEngineVersions=versions("DBEngineVersions", aurora_postgresql=[]))
    [finding] = check_engines(shop.situation(POSTGRES % 16, deployed=maria))
    assert finding.code == "engine-version"


def test_within_a_major_only_a_wanted_upgrade_is_asked_about(shop: Shop) -> None:
    wanted = newest(shop, POSTGRES % 16)
    shop.answers("rds", DescribeDBEngineVersions=upgrades(wanted, ["16.9"]))
    older = replace_parameter(shop.situation(POSTGRES % 16, deployed=True), "DbEngineVersion", "16.8")
    assert check_engines(older) == []
    [finding] = check_engines(replace(older, upgrade_engines=True))
    assert finding.message == f"db runs aurora-postgresql 16.8, which AWS does not upgrade to {wanted}, but to 16.9"


def test_the_version_that_runs_counts_not_the_one_that_was_given(shop: Shop) -> None:
    wanted = newest(shop, POSTGRES % 17)
    rds = shop.answers(
        "rds",
        DescribeDBClusters={"DBClusters": [{"EngineVersion": "16.13"}]},
        DescribeDBEngineVersions=upgrades(wanted, [wanted]),
    )
    item = {"LogicalResourceId": "DbCluster", "PhysicalResourceId": "shop-db", "ResourceType": "AWS::RDS::DBCluster"}
    whole = {**item, "LastUpdatedTimestamp": datetime.now(tz=UTC), "ResourceStatus": "CREATE_COMPLETE"}
    shop.answers("cloudformation", ListStackResources={"StackResourceSummaries": [whole]})
    given = replace_parameter(shop.situation(POSTGRES % 17, deployed=POSTGRES % 16), "DbEngineVersion", "16.8")
    assert check_engines(given) == []
    assert [call["EngineVersion"] for _, call in rds.calls if "EngineVersion" in call] == ["16.13"]


def upgrades(offered: str, targets: list[str]) -> Any:
    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        if "EngineVersion" not in parameters:
            return {"DBEngineVersions": [{"EngineVersion": offered}]}
        valid = [{"Engine": parameters["Engine"], "EngineVersion": one} for one in targets]
        return {"DBEngineVersions": [{"EngineVersion": parameters["EngineVersion"], "ValidUpgradeTarget": valid}]}

    return answer


def replace_parameter(situation: Situation, name: str, value: str) -> Situation:
    """What the base stack was given for a parameter."""
    base = situation.stacks[situation.base.name]
    given = replace(base, parameters={**base.parameters, name: value})
    return replace(situation, stacks={**situation.stacks, base.name: given})


def test_an_engine_that_would_go_back_is_an_error(shop: Shop) -> None:
    [finding] = check_engines(shop.situation(POSTGRES % 16, deployed=POSTGRES % 17))
    assert (finding.code, finding.severity) == ("engine-version", "error")
    assert "no engine goes back" in finding.message


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
def test_versions_that_may_not_be_asked_are_a_warning(shop: Shop, code: str) -> None:
    shop.answers("rds", DescribeDBEngineVersions=code)
    situation = shop.situation(POSTGRES % 17, deployed=POSTGRES % 16)
    [finding] = checks(situation, {"the versions of the engines": check_engines})
    assert (finding.code, finding.severity) == ("unchecked", "warning")


def test_it_works_against_an_account_that_tells_no_targets(shop: Shop, server: RehearsalServer) -> None:
    shop.account = open_account()
    assert check_engines(shop.situation(DATA)) == []
    deployed = Deployed(shop.folder, server)
    deployed.deploy(POSTGRES % 16)
    stacks = read_stacks(shop.account, "shop")
    assert check_engines(replace(shop.situation(POSTGRES % 17), stacks=stacks)) == []
