"""Security groups and subnets: who may speak to whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.model import ExistingNetwork, IngressRule, OwnNetwork, Plan
from tests.planning.projects import becomes, finding, outcome, planned, refused, service


def groups(made: Plan, name: str) -> set[str]:
    return {id_.logical_id for id_ in service(made, name).security_groups}


def into(made: Plan, group: str) -> set[tuple[str, str, int, int]]:
    """What a group admits: (peer, protocol, first port, last port)."""
    return {_rule(rule) for rule in made.ingress if rule.group.logical_id == group}


def _rule(rule: IngressRule) -> tuple[str, str, int, int]:
    peer = rule.peer if isinstance(rule.peer, str) else rule.peer.logical_id
    return peer, rule.protocol, rule.first, rule.last


TWO_NETWORKS = """
services:
  api: {image: acme/api, networks: [front, back]}
  web: {image: acme/web, networks: [front]}
  db: {image: 'postgres:16', networks: [back]}
networks: {front: , back: , unused: }
"""


def test_a_network_is_a_group_that_admits_its_own_members(tmp_path: Path) -> None:
    made = planned(tmp_path, TWO_NETWORKS)
    assert groups(made, "api") == {"FrontNetworkSecurityGroup", "BackNetworkSecurityGroup"}
    assert groups(made, "web") == {"FrontNetworkSecurityGroup"}
    front = "FrontNetworkSecurityGroup"
    assert into(made, front) == {(front, "-1", 0, 65535)}
    assert becomes(made, "networks.front") == {front}
    assert outcome(made, "services.api.networks.front") == "translated"


def test_a_network_that_nobody_is_in_is_not_made(tmp_path: Path) -> None:
    made = planned(tmp_path, TWO_NETWORKS)
    assert outcome(made, "networks.unused") == "inert"
    assert "UnusedNetworkSecurityGroup" not in {group.id.logical_id for group in made.security_groups}


def test_a_managed_service_admits_its_networks_on_its_port_alone(tmp_path: Path) -> None:
    made = planned(tmp_path, TWO_NETWORKS)
    assert into(made, "DbSecurityGroup") == {("BackNetworkSecurityGroup", "tcp", 5432, 5432)}
    (group,) = [group for group in made.security_groups if group.id.logical_id == "DbSecurityGroup"]
    assert not group.open_egress


def test_a_service_that_names_no_network_is_in_the_default_one(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a}\n  web: {image: b}\n")
    assert groups(made, "api") == groups(made, "web") == {"DefaultNetworkSecurityGroup"}


def test_a_service_without_a_network_has_a_group_of_its_own_that_admits_nobody(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a, network_mode: none}\n  web: {image: b}\n")
    assert groups(made, "api") == {"ApiSecurityGroup"}
    assert into(made, "ApiSecurityGroup") == set()


def test_what_is_published_admits_the_balancer_on_the_containers_port_alone(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a, ports: ['8080:3000']}\n")
    assert groups(made, "api") == {"DefaultNetworkSecurityGroup", "ApiSecurityGroup"}
    assert into(made, "ApiSecurityGroup") == {("BalancerSecurityGroup", "tcp", 3000, 3000)}
    assert into(made, "BalancerSecurityGroup") == {("0.0.0.0/0", "tcp", 8080, 8080)}


def test_only_balancers_admit_the_world(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: a, ports: ["80:80", "5353:53/udp", "2222:2222"], expose: ["90"], volumes: ["data:/d"]}
          web: {image: b, ports: ["81:80"]}
          db: {image: postgres, ports: ["5432:5432"]}
        volumes: {data: }
        """,
    )
    open_groups = {rule.group.logical_id for rule in made.ingress if isinstance(rule.peer, str)}
    assert open_groups == {"BalancerSecurityGroup", "NetworkBalancerSecurityGroup"}
    assert all(rule.description for rule in made.ingress)
    assert len({rule.id for rule in made.ingress}) == len(made.ingress)


def test_files_are_reached_by_those_who_mount_them_alone(tmp_path: Path) -> None:
    made = planned(
        tmp_path, "services:\n  api: {image: a, volumes: ['data:/d']}\n  web: {image: b}\nvolumes: {data: }\n"
    )
    assert into(made, "FileSystemSecurityGroup") == {("ApiSecurityGroup", "tcp", 2049, 2049)}
    assert "ApiSecurityGroup" in groups(made, "api")


def test_files_of_a_sidecar_are_reached_by_the_task_that_it_is_in(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: a}
          side: {image: b, network_mode: "service:api", volumes: ["data:/d"]}
        volumes: {data: }
        """,
    )
    peers = {peer for peer, *_ in into(made, "FileSystemSecurityGroup")}
    assert peers
    assert peers <= groups(made, "api")


def test_five_groups_are_the_limit(tmp_path: Path) -> None:
    text = "services:\n  api:\n    image: a\n    networks: [{}]\n    {}\nnetworks: {{{}}}\n"
    names = [f"n{number}" for number in range(6)]
    five = text.format(", ".join(names[:5]), "", ": , ".join([*names, ""])[:-2])
    assert refused(planned(tmp_path, five)) == {}
    six = text.format(", ".join(names), "", ": , ".join([*names, ""])[:-2])
    assert refused(planned(tmp_path, six)) == {"services.api.networks": "too-many-networks"}
    # a balancer's service needs one of its own
    published = text.format(", ".join(names[:5]), "ports: ['80:80']", ": , ".join([*names, ""])[:-2])
    assert refused(planned(tmp_path, published)) == {"services.api.networks": "too-many-networks"}
    four = text.format(", ".join(names[:4]), "ports: ['80:80']", ": , ".join([*names, ""])[:-2])
    assert refused(planned(tmp_path, four)) == {}


INTERNAL = """
services:
  api: {image: a, networks: [inside]}
  web: {image: b, networks: [inside, outside]}
networks: {inside: {internal: true}, outside: }
"""


def test_a_service_without_a_way_out_stands_in_isolated_subnets(tmp_path: Path) -> None:
    made = planned(tmp_path, INTERNAL)
    assert service(made, "api").subnets == "isolated"
    assert service(made, "web").subnets == "private"
    assert isinstance(made.network, OwnNetwork)
    assert made.network.isolated
    (group,) = [group for group in made.security_groups if group.id.logical_id == "InsideNetworkSecurityGroup"]
    assert not group.open_egress


def test_no_isolated_subnets_are_made_where_nobody_is_isolated(tmp_path: Path) -> None:
    made = planned(tmp_path, TWO_NETWORKS)
    assert isinstance(made.network, OwnNetwork)
    assert not made.network.isolated


@pytest.mark.parametrize(
    ("tier", "subnets", "gateways", "flow_logs"),
    [("production", "private", 2, 365), ("development", "public", 0, None)],
)
def test_the_tier_says_where_tasks_stand(
    tmp_path: Path, tier: str, subnets: str, gateways: int, flow_logs: int | None
) -> None:
    made = planned(tmp_path, TWO_NETWORKS, tier=tier)
    assert isinstance(made.network, OwnNetwork)
    assert service(made, "api").subnets == subnets
    assert (made.network.nat_gateways, made.network.flow_log_retention) == (gateways, flow_logs)


def test_a_network_that_is_there_already_is_taken(tmp_path: Path) -> None:
    theirs = "vpc: {id: vpc-1, public-subnets: [subnet-1, subnet-2], private-subnets: [subnet-3, subnet-4]}"
    for tier in ("production", "development"):
        made = planned(tmp_path, f"{INTERNAL}x-aws: {{{theirs}}}\n", tier=tier)
        assert made.network == ExistingNetwork("vpc-1", ("subnet-1", "subnet-2"), ("subnet-3", "subnet-4"))
        assert {workload.subnets for workload in made.workloads} == {"private"}


def test_the_search_domain_is_the_projects_namespace(tmp_path: Path) -> None:
    made = planned(tmp_path, TWO_NETWORKS)
    assert isinstance(made.network, OwnNetwork)
    assert made.network.search_domain == made.namespace == "test.internal"


def test_a_network_declared_elsewhere_is_told(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a, networks: [shared]}\nnetworks: {shared: {external: true}}\n")
    assert finding(made, "external-network").severity == "note"
    assert outcome(made, "networks.shared") == "adapted"


def test_a_fixed_address_is_dropped(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  api: {image: a, networks: {n: {ipv4_address: 10.5.0.5}}}\nnetworks: {n: }\n",
    )
    assert outcome(made, "services.api.networks.n.ipv4_address") == "dropped"
    assert finding(made, "fixed-address").severity == "warning"


def test_members_of_an_internal_network_still_reach_each_other_and_aws(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  api: {image: acme/api, networks: [back]}\n  db: {image: 'postgres:16', networks: [back]}\n"
        "networks: {back: {internal: true}}",
    )
    (back,) = (group for group in made.security_groups if group.id.logical_id == "BackNetworkSecurityGroup")
    assert (back.open_egress, back.inner_egress) == (False, True)


def test_files_of_a_service_on_its_hosts_network_are_reached_from_the_host(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  plex: {image: acme/plex, network_mode: host, volumes: ['media:/media']}\nvolumes: {media: }",
    )
    assert groups(made, "plex") == set()
    assert ("HostSecurityGroup", "tcp", 2049, 2049) in into(made, "FileSystemSecurityGroup")


def test_a_task_in_its_hosts_network_reaches_the_ports_that_others_publish(tmp_path: Path) -> None:
    text = """
    services:
      agent: {image: acme/agent, network_mode: host}
      api: {image: acme/api, ports: ['80:8000', '127.0.0.1:9000:9000'], volumes: ['data:/data']}
      quiet: {image: acme/quiet, expose: ['7000']}
    volumes: {data: }
    """
    made = planned(tmp_path, text)
    from_hosts = {
        (rule.group.logical_id, rule.first)
        for rule in made.ingress
        if getattr(rule.peer, "logical_id", "") == "HostSecurityGroup"
    }
    assert from_hosts == {("ApiSecurityGroup", 8000), ("ApiSecurityGroup", 9000)}
