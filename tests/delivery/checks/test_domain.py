"""The domain is checked against the account's zone and what the world is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from compose2aws.delivery.account import open_account
from compose2aws.delivery.checks import checks
from compose2aws.delivery.checks.domain import check_certificate_authority, check_delegation, check_records
from compose2aws.planning.ledger import Finding
from compose2aws.rehearsal import RehearsalServer
from tests.delivery.checks.conftest import Shop
from tests.delivery.checks.name_server import NameServer

SITE = """
x-aws: {domain: example.com, hosted-zone: Z0123456789ABC}
services: {web: {image: 'nginx:1.27', ports: ['80:80'], x-aws: {host: www.example.com}}}
"""
SERVERS = ["ns-1.awsdns-01.com.", "ns-2.awsdns-02.net."]
Records = dict[tuple[str, str], list[str]]


def zone(*, private: bool = False) -> dict[str, Any]:
    return {
        "HostedZone": {
            "Id": "/hostedzone/Z0123456789ABC",
            "Name": "example.com.",
            "CallerReference": "x",
            "Config": {"PrivateZone": private},
        },
        "DelegationSet": {"NameServers": [server.rstrip(".") for server in SERVERS]},
    }


def delegation(shop: Shop, records: Records, answer: Any = None) -> list[Finding]:
    shop.answers("route53", GetHostedZone=zone() if answer is None else answer)
    with NameServer(records) as server:
        return check_delegation(shop.situation(SITE, name_server=server.address))


def test_a_zone_that_the_world_knows_is_well(shop: Shop) -> None:
    assert delegation(shop, {("example.com", "NS"): SERVERS}) == []


def test_a_zone_that_nothing_points_at_is_an_error_with_its_servers(shop: Shop) -> None:
    [finding] = delegation(shop, {})
    assert (finding.code, finding.severity) == ("delegation", "error")
    assert "ns-1.awsdns-01.com, ns-2.awsdns-02.net" in finding.remedy
    assert delegation(shop, {("example.com", "TXT"): ["x"]}) == [finding]


def test_a_domain_that_is_served_elsewhere_is_an_error(shop: Shop) -> None:
    [finding] = delegation(shop, {("example.com", "NS"): ["ns.registrar.net."]})
    assert finding.severity == "error"
    assert "ns.registrar.net" in finding.message


def test_servers_that_are_partly_others_are_a_warning(shop: Shop) -> None:
    [finding] = delegation(shop, {("example.com", "NS"): [SERVERS[0], "ns.old.net."]})
    assert finding.severity == "warning"


def test_a_zone_that_is_not_there_or_private_is_an_error(shop: Shop) -> None:
    [finding] = delegation(shop, {}, "NoSuchHostedZone")
    assert finding.message == "there is no hosted zone Z0123456789ABC in this account"
    assert str(finding.position).startswith("compose.yaml:2:")
    [finding] = delegation(shop, {}, zone(private=True))
    assert "private" in finding.message


def test_without_dns_it_is_a_warning(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compose2aws.delivery.checks.domain._SECONDS", 0.3)
    shop.answers("route53", GetHostedZone=zone())
    with NameServer(None) as server:
        situation = shop.situation(SITE, name_server=server.address)
        [finding] = checks(situation, {"the delegation of the domain": check_delegation})
    assert (finding.code, finding.severity) == ("unchecked", "warning")
    assert "the DNS gives no answer about example.com" in finding.message


def test_what_is_deployed_is_not_asked_for_again(shop: Shop) -> None:
    shop.answers("route53")
    situation = shop.situation(SITE, deployed=True)
    assert check_delegation(situation) == check_records(situation) == check_certificate_authority(situation) == []


def test_the_zone_of_a_domain_is_looked_up(shop: Shop, server: RehearsalServer) -> None:
    shop.account = open_account()
    compose = SITE.replace(", hosted-zone: Z0123456789ABC", "")
    [finding] = check_delegation(shop.situation(compose))
    assert finding.code == "hosted-zone"
    made = server.client("route53").create_hosted_zone(Name="example.com", CallerReference="x")
    servers = [f"{name}." for name in made["DelegationSet"]["NameServers"]]
    with NameServer({("example.com", "NS"): servers}) as names:
        assert check_delegation(shop.situation(compose, name_server=names.address)) == []


def test_a_record_that_is_there_already_is_an_error_that_says_where_it_points(
    shop: Shop, server: RehearsalServer
) -> None:
    shop.account = open_account()
    compose = SITE.replace(", hosted-zone: Z0123456789ABC", "")
    made = server.client("route53").create_hosted_zone(Name="example.com", CallerReference="x")
    assert check_records(shop.situation(compose)) == []

    def change(name: str, kind: str, value: str) -> None:
        record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        server.client("route53").change_resource_record_sets(
            HostedZoneId=made["HostedZone"]["Id"],
            ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
        )

    change("www2.example.com", "A", "192.0.2.1")
    change("www.example.com", "TXT", '"verification"')
    assert check_records(shop.situation(compose)) == []
    change("www.example.com", "A", "192.0.2.1")
    [finding] = check_records(shop.situation(compose))
    assert finding.severity == "error"
    assert finding.message == "the zone has a record www.example.com of type A already, to 192.0.2.1"
    assert finding.position is not None


@pytest.mark.parametrize(
    ("records", "forbidden"),
    [
        ({}, []),
        ({("example.com", "CAA"): ['0 issue "letsencrypt.org"']}, ["example.com", "*.example.com"]),
        ({("example.com", "CAA"): ['0 issue "letsencrypt.org"', '0 issue "amazon.com"']}, []),
        ({("example.com", "CAA"): ['0 issue "amazonaws.com; accounturi=x"']}, []),
        ({("example.com", "CAA"): ['0 issue "amazon.com"', '0 issuewild ";"']}, ["*.example.com"]),
        ({("example.com", "CAA"): ['0 iodef "mailto:me@example.com"']}, []),
        ({("com", "CAA"): ['0 issue "letsencrypt.org"'], ("example.com", "TXT"): ["x"]}, []),
    ],
)
def test_a_caa_record_that_keeps_amazon_out_is_an_error(shop: Shop, records: Records, forbidden: list[str]) -> None:
    with NameServer(records) as server:
        found = check_certificate_authority(shop.situation(SITE, name_server=server.address))
    assert [finding.message.rpartition(" ")[2] for finding in found] == forbidden
    assert all("amazon.com" in finding.remedy for finding in found)


def test_the_caa_record_of_a_domain_above_counts(shop: Shop) -> None:
    compose = SITE.replace("example.com", "shop.example.com")
    records = {("shop.example.com", "TXT"): ["x"], ("example.com", "CAA"): ['0 issue "letsencrypt.org"']}
    with NameServer(records) as server:
        found = check_certificate_authority(shop.situation(compose, name_server=server.address))
    assert [finding.message.split(" does")[0] for finding in found] == ["the CAA record of example.com"] * 2
