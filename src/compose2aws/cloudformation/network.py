"""The network: a VPC over two zones with public, private and isolated subnets, its ways out, its flow logs."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import NamedTuple

from troposphere import GetAtt, GetAZs, Ref, Select, Tags, ec2, iam, logs

from compose2aws.cloudformation.expression import encryption_key, joined
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.policy import allow, assume_role, document
from compose2aws.planning.identity import ZONES, ZoneRole, zone_id
from compose2aws.planning.model import OwnNetwork, Plan

_BITS_A_SUBNET = 4  # sixteen blocks; a VPC of /16 has subnets of /20, 4,091 addresses each

# What a task without a way out needs (ECS, "Amazon ECS interface VPC endpoints").
_INTERFACE_ENDPOINTS = {
    "EcrApiInterfaceEndpoint": "ecr.api",
    "EcrRegistryInterfaceEndpoint": "ecr.dkr",
    "LogsInterfaceEndpoint": "logs",
    "SecretsInterfaceEndpoint": "secretsmanager",
    "SessionInterfaceEndpoint": "ssmmessages",
}
_ENDPOINT_GROUP = "InterfaceEndpointSecurityGroup"


class _Part(NamedTuple):
    """A kind of subnet: what people call it, what it is made of, which of the VPC's blocks it takes."""

    label: str
    subnet: ZoneRole
    table: ZoneRole
    association: ZoneRole
    first_block: int


_PUBLIC = _Part("public", "PublicSubnet", "PublicRouteTable", "PublicRouteTableAssociation", 0)
_PRIVATE = _Part("private", "PrivateSubnet", "PrivateRouteTable", "PrivateRouteTableAssociation", 2)
_ISOLATED = _Part("isolated", "IsolatedSubnet", "IsolatedRouteTable", "IsolatedRouteTableAssociation", 4)


def emit_network(graph: Graph, plan: Plan) -> None:
    """Add the VPC and all that belongs to it; nothing where the network is there already."""
    network = plan.network
    if not isinstance(network, OwnNetwork):
        return
    graph.add(
        ec2.VPC(
            "VirtualPrivateCloud",
            CidrBlock=network.cidr,
            EnableDnsHostnames=True,
            EnableDnsSupport=True,
            Tags=Tags(Name=plan.project),
        )
    )
    for part in (_PUBLIC, _PRIVATE, _ISOLATED) if network.isolated else (_PUBLIC, _PRIVATE):
        _emit_part(graph, plan.project, network, part)
    _emit_internet(graph, plan.project)
    _emit_nat(graph, plan.project, network)
    _emit_gateway_endpoint(graph, network)
    if network.isolated:
        _emit_interface_endpoints(graph, network)
    if network.search_domain:
        _emit_dhcp(graph, network.search_domain)
    if network.flow_log_retention:
        _emit_flow_logs(graph, network.flow_log_retention)


def _emit_part(graph: Graph, project: str, network: OwnNetwork, part: _Part) -> None:
    blocks = list(IPv4Network(network.cidr).subnets(prefixlen_diff=_BITS_A_SUBNET))
    for index, zone in enumerate(ZONES):
        tags = Tags(Name=f"{project} {part.label} {zone}")
        graph.add(
            ec2.Subnet(
                zone_id(part.subnet, zone),
                VpcId=Ref("VirtualPrivateCloud"),
                CidrBlock=str(blocks[part.first_block + index]),
                AvailabilityZone=Select(index, GetAZs("")),
                MapPublicIpOnLaunch=False,
                Tags=tags,
            )
        )
        graph.add(ec2.RouteTable(zone_id(part.table, zone), VpcId=Ref("VirtualPrivateCloud"), Tags=tags))
        graph.add(
            ec2.SubnetRouteTableAssociation(
                zone_id(part.association, zone),
                SubnetId=Ref(zone_id(part.subnet, zone)),
                RouteTableId=Ref(zone_id(part.table, zone)),
            )
        )


def _emit_internet(graph: Graph, project: str) -> None:
    graph.add(ec2.InternetGateway("InternetGateway", Tags=Tags(Name=project)))
    graph.add(
        ec2.VPCGatewayAttachment(
            "InternetGatewayAttachment", VpcId=Ref("VirtualPrivateCloud"), InternetGatewayId=Ref("InternetGateway")
        )
    )
    for zone in ZONES:
        graph.add(
            ec2.Route(
                zone_id("PublicDefaultRoute", zone),
                RouteTableId=Ref(zone_id("PublicRouteTable", zone)),
                DestinationCidrBlock="0.0.0.0/0",
                GatewayId=Ref("InternetGateway"),
                DependsOn="InternetGatewayAttachment",
            )
        )


def _emit_nat(graph: Graph, project: str, network: OwnNetwork) -> None:
    for zone in ZONES[: network.nat_gateways]:
        tags = Tags(Name=f"{project} {zone}")
        address = zone_id("NatAddress", zone)
        graph.add(ec2.EIP(address, Domain="vpc", Tags=tags, DependsOn="InternetGatewayAttachment"))
        graph.add(
            ec2.NatGateway(
                zone_id("NatGateway", zone),
                AllocationId=GetAtt(address, "AllocationId"),
                SubnetId=Ref(zone_id("PublicSubnet", zone)),
                Tags=tags,
                DependsOn=zone_id("PublicDefaultRoute", zone),
            )
        )
    if not network.nat_gateways:
        return
    for index, zone in enumerate(ZONES):
        gateway = ZONES[min(index, network.nat_gateways - 1)]
        graph.add(
            ec2.Route(
                zone_id("PrivateDefaultRoute", zone),
                RouteTableId=Ref(zone_id("PrivateRouteTable", zone)),
                DestinationCidrBlock="0.0.0.0/0",
                NatGatewayId=Ref(zone_id("NatGateway", gateway)),
            )
        )


def _emit_gateway_endpoint(graph: Graph, network: OwnNetwork) -> None:
    parts = (_PUBLIC, _PRIVATE, _ISOLATED) if network.isolated else (_PUBLIC, _PRIVATE)
    graph.add(
        ec2.VPCEndpoint(
            "S3GatewayEndpoint",
            VpcId=Ref("VirtualPrivateCloud"),
            VpcEndpointType="Gateway",
            ServiceName=joined("com.amazonaws.", Ref("AWS::Region"), ".s3"),
            RouteTableIds=[Ref(zone_id(part.table, zone)) for part in parts for zone in ZONES],
        )
    )


def _emit_interface_endpoints(graph: Graph, network: OwnNetwork) -> None:
    graph.add(
        ec2.SecurityGroup(
            _ENDPOINT_GROUP,
            GroupDescription="AWS services inside the network",
            VpcId=Ref("VirtualPrivateCloud"),
            SecurityGroupIngress=[
                ec2.SecurityGroupRule(
                    CidrIp=network.cidr, IpProtocol="tcp", FromPort=443, ToPort=443, Description="HTTPS from the VPC"
                )
            ],
            SecurityGroupEgress=[no_egress()],
        )
    )
    for name, service in _INTERFACE_ENDPOINTS.items():
        graph.add(
            ec2.VPCEndpoint(
                name,
                VpcId=Ref("VirtualPrivateCloud"),
                VpcEndpointType="Interface",
                ServiceName=joined("com.amazonaws.", Ref("AWS::Region"), f".{service}"),
                PrivateDnsEnabled=True,
                SubnetIds=[Ref(zone_id("IsolatedSubnet", zone)) for zone in ZONES],
                SecurityGroupIds=[Ref(_ENDPOINT_GROUP)],
            )
        )


def no_egress() -> ec2.SecurityGroupRule:
    """A rule that lets nothing out: without any rule EC2 gives a group one that lets everything out."""
    return ec2.SecurityGroupRule(CidrIp="127.0.0.1/32", IpProtocol="-1", Description="Nothing goes out")


def _emit_dhcp(graph: Graph, search_domain: str) -> None:
    graph.add(
        ec2.DHCPOptions("DhcpOptions", DomainName=search_domain, DomainNameServers=["AmazonProvidedDNS"]),
    )
    graph.add(
        ec2.VPCDHCPOptionsAssociation(
            "DhcpOptionsAssociation", VpcId=Ref("VirtualPrivateCloud"), DhcpOptionsId=Ref("DhcpOptions")
        )
    )


def _emit_flow_logs(graph: Graph, retention: int) -> None:
    graph.add(logs.LogGroup("FlowLogGroup", KmsKeyId=encryption_key(), RetentionInDays=retention))
    group = GetAtt("FlowLogGroup", "Arn")
    write = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams")
    graph.add(
        iam.Role(
            "FlowLogRole",
            AssumeRolePolicyDocument=assume_role("vpc-flow-logs.amazonaws.com"),
            Policies=[iam.Policy(PolicyName="write-flow-logs", PolicyDocument=document(allow(write, group)))],
        )
    )
    graph.add(
        ec2.FlowLog(
            "FlowLog",
            ResourceId=Ref("VirtualPrivateCloud"),
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref("FlowLogGroup"),
            DeliverLogsPermissionArn=GetAtt("FlowLogRole", "Arn"),
        )
    )
