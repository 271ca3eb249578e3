"""The network, the security groups and the key."""

from __future__ import annotations

from dataclasses import replace

from compose2aws.cloudformation import emit, graph_of
from compose2aws.planning.model import IngressRule, OwnNetwork, SecurityGroup, named

from .plans import NETWORK_GROUP, bare_plan, full_plan, network
from .test_templates import resources
from .wide_plans import guest_plan, wide_plan


def of_type(made: dict[str, dict[str, object]], kind: str) -> set[str]:
    return {name for name, body in made.items() if body["Type"] == kind}


def test_each_zone_has_its_own_way_out_where_there_are_two() -> None:
    made = resources(emit(full_plan("production")))
    assert of_type(made, "AWS::EC2::NatGateway") == {"NatGatewayA", "NatGatewayB"}
    assert made["PrivateDefaultRouteA"]["Properties"]["NatGatewayId"] == {"Ref": "NatGatewayA"}
    assert made["PrivateDefaultRouteB"]["Properties"]["NatGatewayId"] == {"Ref": "NatGatewayB"}


def test_both_zones_share_the_one_way_out() -> None:
    made = resources(emit(wide_plan()))
    assert of_type(made, "AWS::EC2::NatGateway") == {"NatGatewayA"}
    assert made["PrivateDefaultRouteB"]["Properties"]["NatGatewayId"] == {"Ref": "NatGatewayA"}


def test_private_subnets_have_no_way_out_without_a_gateway() -> None:
    made = resources(emit(full_plan("development")))
    assert not {"PrivateDefaultRouteA", "NatGatewayA"} & made.keys()
    assert "PublicDefaultRouteA" in made


def test_subnets_do_not_overlap_and_stay_where_they_are_in_both_tiers() -> None:
    blocks = {
        name: body["Properties"]["CidrBlock"]
        for name, body in resources(emit(wide_plan())).items()
        if body["Type"] == "AWS::EC2::Subnet"
    }
    assert blocks == {
        "PublicSubnetA": "10.0.0.0/20",
        "PublicSubnetB": "10.0.16.0/20",
        "PrivateSubnetA": "10.0.32.0/20",
        "PrivateSubnetB": "10.0.48.0/20",
        "IsolatedSubnetA": "10.0.64.0/20",
        "IsolatedSubnetB": "10.0.80.0/20",
    }


def test_isolated_subnets_reach_what_a_task_needs_through_endpoints() -> None:
    made = resources(emit(wide_plan()))
    services = {
        body["Properties"]["ServiceName"]["Fn::Join"][1][-1].rpartition(".")[2]
        for body in made.values()
        if body["Type"] == "AWS::EC2::VPCEndpoint"
    }
    assert services == {"s3", "api", "dkr", "logs", "secretsmanager", "ssmmessages"}
    assert {"Ref": "IsolatedRouteTableA"} in made["S3GatewayEndpoint"]["Properties"]["RouteTableIds"]
    assert not any("IsolatedDefaultRoute" in name for name in made)


def test_the_search_domain_stands_beside_amazons_resolver() -> None:
    made = resources(emit(full_plan()))
    assert made["DhcpOptions"]["Properties"] == {
        "DomainName": "shop.internal",
        "DomainNameServers": ["AmazonProvidedDNS"],
    }
    own = network()
    assert isinstance(own, OwnNetwork)
    assert "DhcpOptions" not in resources(emit(bare_plan(network=replace(own, search_domain=None))))


def test_a_network_that_is_there_is_used_and_not_made() -> None:
    made = resources(emit(guest_plan()))
    assert not of_type(made, "AWS::EC2::VPC") | of_type(made, "AWS::EC2::Subnet")
    assert made["BackendSecurityGroup"]["Properties"]["VpcId"] == "vpc-0123456789abcdef0"
    assert made["PostgresSubnetGroup"]["Properties"]["SubnetIds"][0] == "subnet-0123456789abcdef2"
    assert len(of_type(made, "AWS::EFS::MountTarget")) == 3


def test_a_closed_group_lets_nothing_out() -> None:
    made = resources(emit(full_plan()))
    closed = made["PostgresSecurityGroup"]["Properties"]["SecurityGroupEgress"]
    assert [rule["CidrIp"] for rule in closed] == ["127.0.0.1/32"]
    assert made["ApiSecurityGroup"]["Properties"]["SecurityGroupEgress"][0]["CidrIp"] == "0.0.0.0/0"


def test_descriptions_of_groups_keep_to_what_ec2_takes() -> None:
    long = SecurityGroup(NETWORK_GROUP, "Members of «backend» " + "x" * 300, True)
    made = resources(emit(bare_plan(security_groups=(long,))))
    description = made["BackendSecurityGroup"]["Properties"]["GroupDescription"]
    assert description.startswith("Members of  backend  xx")
    assert len(description) == 255


def test_only_a_public_port_80_skips_its_check() -> None:
    def rule(name: str, port: int, peer: str) -> IngressRule:
        id_ = named("AWS::EC2::SecurityGroupIngress", name, "Ingress")
        return IngressRule(id_, NETWORK_GROUP, peer, "tcp", port, port, name)

    rules = (rule("world", 80, "0.0.0.0/0"), rule("six", 80, "::/0"), rule("tls", 443, "0.0.0.0/0"))
    made = resources(emit(bare_plan(ingress=(*rules, rule("inside", 80, "10.0.0.0/16")))))
    assert {name for name, body in made.items() if "checkov" in body.get("Metadata", {}) and "Ingress" in name} == {
        "WorldIngress",
        "SixIngress",
    }
    assert made["SixIngress"]["Properties"]["CidrIpv6"] == "::/0"


def test_the_key_lets_cloudwatch_encrypt_the_accounts_log_groups_alone() -> None:
    key = resources(emit(bare_plan()))["EncryptionKey"]["Properties"]
    assert key["EnableKeyRotation"] is True
    logs = next(s for s in key["KeyPolicy"]["Statement"] if s["Sid"] == "LogGroups")
    context = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]["Fn::Join"][1]
    assert {"Ref": "AWS::AccountId"} in context


def test_every_log_group_is_encrypted_and_ends() -> None:
    for plan in (full_plan(), wide_plan()):
        for name, body in resources(emit(plan)).items():
            if body["Type"] == "AWS::Logs::LogGroup":
                assert body["Properties"].keys() >= {"KmsKeyId", "RetentionInDays"}, name


def test_a_group_without_a_way_out_reaches_private_addresses_and_aws_over_https() -> None:
    made = bare_plan("production")
    group = SecurityGroup(
        named("AWS::EC2::SecurityGroup", "back", "NetworkSecurityGroup"), "back", False, inner_egress=True
    )
    graph = graph_of(replace(made, security_groups=(*made.security_groups, group)))
    rules = graph.nodes["BackNetworkSecurityGroup"].body["Properties"]["SecurityGroupEgress"]
    anywhere = [rule for rule in rules if rule["CidrIp"] == "0.0.0.0/0"]
    assert [(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in anywhere] == [("tcp", 443, 443)]
    assert {rule["CidrIp"] for rule in rules if rule["IpProtocol"] == "-1"} >= {"10.0.0.0/8", "172.16.0.0/12"}
