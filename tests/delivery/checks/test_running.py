"""All checks are made side by side, within a time, and say all at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError

from compose2aws.catalog.catalog import read_table
from compose2aws.compose import LoadOptions, load
from compose2aws.delivery.account import open_account
from compose2aws.delivery.checks import CHECKS, Situation, check_all, checks
from compose2aws.delivery.checks.domain import check_certificate_authority, check_delegation, check_records
from compose2aws.delivery.checks.image import check_images
from compose2aws.delivery.checks.running import line_of
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.template_text import read_template
from compose2aws.planning.ledger import Finding
from compose2aws.planning.model import Plan
from compose2aws.planning.planner import plan
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.checks.conftest import Shop
from tests.golden_cases import cases

DATABASE = "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: pw}}}\n"
WEB = "services: {web: {image: 'nginx:1.27', ports: ['80:80']}}\n"


def test_errors_come_first_and_all_are_told(shop: Shop) -> None:
    warning, error = Finding("a", "warning", "a warning"), Finding("b", "error", "an error")
    assert checks(shop.situation(WEB), {"a": lambda _: [warning], "b": lambda _: [error]}) == (error, warning)


def test_they_run_side_by_side(shop: Shop) -> None:
    together = threading.Barrier(3, timeout=10)

    def check(_: Situation) -> list[Finding]:
        together.wait()
        return []

    assert checks(shop.situation(WEB), {"a": check, "b": check, "c": check}) == ()


def test_one_that_takes_too_long_is_a_warning_and_is_not_waited_for(shop: Shop) -> None:
    ended = threading.Event()

    def check(_: Situation) -> list[Finding]:
        ended.wait(20)
        return []

    begun = time.monotonic()
    [finding] = checks(shop.situation(WEB), {"the slow thing": check}, seconds=0.2)
    assert time.monotonic() - begun < 5
    ended.set()
    assert (finding.severity, finding.message) == (
        "warning",
        "the slow thing could not be checked: no answer within 0 seconds",
    )


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://iam.amazonaws.com"),
        OSError("network is unreachable"),
        DeliveryError("nobody answers"),
        ResponseParserError("Unable to parse response, invalid XML received:\n<!doctype html>"),
    ],
)
def test_one_that_cannot_be_made_is_a_warning(shop: Shop, error: Exception) -> None:
    def check(_: Situation) -> list[Finding]:
        raise error

    [finding] = checks(shop.situation(WEB), {"the thing": check})
    assert (finding.code, finding.severity) == ("unchecked", "warning")
    assert "doctype" not in finding.message


def test_credentials_that_nobody_knows_are_the_only_finding(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    shop.account = open_account("us-east-1")
    [finding] = checks(shop.situation(WEB))
    assert (finding.code, finding.severity) == ("credentials", "error")


def test_everything_out_of_reach_is_warnings_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    hosts = dict.fromkeys(("public.ecr.aws", "docker.io"), "http://127.0.0.1:9")
    begun = time.monotonic()
    found = checks(shop.situation(WEB, registries=hosts, name_server=("127.0.0.1", 9)))
    assert time.monotonic() - begun < 60
    assert {finding.severity for finding in found} == {"warning"}
    assert len(found) >= 5


def test_for_an_emulated_account_no_registry_and_no_public_dns_is_asked(
    shop: Shop, server: RehearsalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("the public is asked")

    monkeypatch.setattr("compose2aws.delivery.checks.image.read_manifest", asked)
    monkeypatch.setattr("compose2aws.delivery.checks.domain._answer", asked)
    server.client("route53").create_hosted_zone(Name="example.com", CallerReference="x")
    shop.account = open_account()
    situation = shop.situation(f"x-aws: {{domain: example.com}}\n{WEB}")
    wanted = (check_images, check_delegation, check_certificate_authority, check_records)
    assert checks(situation, {check.__name__: check for check in wanted}) == ()


def test_what_would_stop_a_deployment_stops_it_and_the_rest_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = shop.situation(WEB).positions["services.web.image"]
    monkeypatch.setattr(
        "compose2aws.delivery.checks.running.CHECKS",
        {
            "a": lambda _: [Finding("b", "error", "it is missing", "make it", None, position)],
            "b": lambda _: [Finding("c", "error", "it is full")],
            "c": lambda _: [Finding("a", "warning", "it is old")],
        },
    )
    told: list[Finding] = []
    situation = shop.situation(WEB)
    with pytest.raises(DeliveryError) as raised:
        check_all(shop.account, plan_of(shop), situation.templates, {}, told.append)
    assert str(raised.value).splitlines()[1:] == [f"  {position}: it is missing; make it", "  it is full"]
    assert [line_of(finding) for finding in told] == ["it is old"]


def test_the_checks_know_which_versions_the_deployment_will_choose(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Situation] = []

    def look(situation: Situation) -> list[Finding]:
        seen.append(situation)
        return []

    monkeypatch.setattr("compose2aws.delivery.checks.running.CHECKS", {"a": look})
    templates = shop.situation(DATABASE).templates
    check_all(shop.account, plan_of(shop), templates, {})
    check_all(shop.account, plan_of(shop), templates, {}, upgrade_engines=True)
    assert [(one.versions[0].service, one.upgrade_engines) for one in seen] == [("db", False), ("db", True)]


def plan_of(shop: Shop) -> Plan:
    options = LoadOptions(files=("compose.yaml",), project_name="shop", working_directory=str(shop.folder))
    return plan(load(options), shop.catalog)


def test_the_table_of_actions_has_every_type_that_is_emitted() -> None:
    known = read_table("resource-actions")["types"].keys()
    for case in cases():
        for file in Path(case).glob("*.template.yaml"):
            for body in read_template(file.read_text(), file.name)["Resources"].values():
                kind = body["Type"]
                assert kind in known or kind == "AWS::CloudFormation::CustomResource", kind


def test_each_check_has_its_own_words() -> None:
    assert len(set(CHECKS.values())) == len(CHECKS)
