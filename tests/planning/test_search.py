"""OpenSearch, which becomes a domain of OpenSearch Service: HTTPS alone, with a login where the container has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.model import Plan, SearchDomain
from tests.planning.projects import codes, decision, finding, findings, planned

SECURED = "image: opensearchproject/opensearch:2.19.0"
OPEN = "image: opensearchproject/opensearch:2.19.0\n    environment: {DISABLE_SECURITY_PLUGIN: 'true'}"


def with_client(folder: Path, environment: str, search: str = SECURED, tier: str | None = None) -> Plan:
    """The plan of an api with this environment beside OpenSearch."""
    text = f"services:\n  api:\n    image: acme/api\n    environment: {{{environment}}}\n  os:\n    {search}\n"
    return planned(folder, text, tier=tier)


def domain(plan: Plan) -> SearchDomain:
    (item,) = plan.managed
    assert isinstance(item, SearchDomain)
    return item


@pytest.mark.parametrize(
    ("search", "written", "rewritten"),
    [
        (SECURED, "https://admin:Pw-1@os:9200", "https://{user of os}:{password of os}@{host of os}:{port of os}"),
        (SECURED, "http://admin:Pw-1@os:9200/i", "https://{user of os}:{password of os}@{host of os}:{port of os}/i"),
        (OPEN, "http://os:9200", "https://{host of os}:{port of os}"),
        (OPEN, "http://admin:Pw-1@os:9200", "https://{host of os}:{port of os}"),
    ],
)
def test_urls_say_https_and_its_port(tmp_path: Path, search: str, written: str, rewritten: str) -> None:
    made = with_client(tmp_path, f"URL: '{written}'", search)
    assert decision(made, "services.api.environment.URL").reason.endswith(f", is {rewritten}")


def test_a_login_is_asked_for_unless_it_is_switched_off(tmp_path: Path) -> None:
    assert domain(with_client(tmp_path, "")).secured
    for variable in ("DISABLE_SECURITY_PLUGIN", "plugins.security.disabled"):
        for value, secured in (("'true'", False), ("'false'", True)):
            image = f"{SECURED}\n    environment: {{{variable}: {value}}}"
            assert domain(with_client(tmp_path, "", image)).secured is secured


def test_variables_that_cannot_say_https_are_told(tmp_path: Path) -> None:
    made = with_client(tmp_path, "OPENSEARCH_HOST: os, OPENSEARCH_PORT: 9200", OPEN)
    assert finding(made, "tls-not-told").severity == "error"
    assert "database-without-client" not in codes(made)


def test_a_login_that_nobody_was_given_is_an_error(tmp_path: Path) -> None:
    assert finding(with_client(tmp_path, "URL: 'http://os:9200'"), "database-without-client").severity == "error"


def test_production_has_two_zones_and_masters(tmp_path: Path) -> None:
    small, large = (domain(with_client(tmp_path, "", tier=tier)) for tier in ("development", "production"))
    assert (small.nodes, small.masters, small.instance_type) == (1, None, "t3.small.search")
    assert (large.nodes, large.masters, large.instance_type) == (2, "m7g.medium.search", "m7g.large.search")
    assert (small.port, small.user, small.secured) == (large.port, large.user, large.secured) == (443, "admin", True)


@pytest.mark.parametrize(("tag", "major"), [("1.3.20", "1.3"), ("2.11.0", "2.19"), ("2", "2.19"), ("latest", "3.3")])
def test_a_minor_version_is_what_amazon_offers(tmp_path: Path, tag: str, major: str) -> None:
    made = with_client(tmp_path, "", f"image: opensearchproject/opensearch:{tag}")
    assert made.managed[0].version.default == major
    assert "engine-version" not in codes(made)


def test_nodes_of_one_cluster_are_no_domains(tmp_path: Path) -> None:
    node = "image: opensearchproject/opensearch\n    environment: {discovery.seed_hosts: '%s'}"
    text = f"services:\n  a:\n    {node % 'a,b'}\n  b:\n    {node % 'a,b'}\n"
    assert len(findings(planned(tmp_path, text), "search-cluster")) == 2
    made = with_client(tmp_path, "", node % "os")
    assert "search-cluster" not in codes(made)


def test_dashboards_stay_a_container(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  d: {image: 'opensearchproject/opensearch-dashboards:2'}\n")
    assert made.managed == ()
    assert [workload.name for workload in made.workloads] == ["d"]
