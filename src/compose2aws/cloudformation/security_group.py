"""Security groups and the rules that say who may speak to whom."""

from __future__ import annotations

from troposphere import GetAtt, ec2

from compose2aws.cloudformation.expression import group_description, vpc
from compose2aws.cloudformation.graph import Graph, Skip
from compose2aws.cloudformation.network import no_egress
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import IngressRule, Plan, SecurityGroup

_EVERYWHERE = ("0.0.0.0/0", "::/0")
# What a VPC's addresses are taken from (RFC 1918, RFC 6598; Amazon VPC User Guide, "VPC CIDR blocks").
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
_PUBLIC_PORT_80: Skip = ("CKV_AWS_260", "The balancer's port 80 is public on purpose")


def emit_security_groups(graph: Graph, plan: Plan) -> None:
    """Add the groups, and each rule as a resource of its own, so that two groups may name each other."""
    workloads = {workload.name: workload.identity for workload in plan.workloads}
    owners: dict[ResourceId, str] = {}
    for group in plan.security_groups:
        if group.source and group.source[0] == "services" and group.source[1] in workloads:
            owners[group.id] = workloads[str(group.source[1])]
        graph.add(
            ec2.SecurityGroup(
                group.id.logical_id,
                GroupDescription=group_description(group.description),
                VpcId=vpc(plan.network),
                SecurityGroupEgress=_egress(group),
            ),
            group.source,
            owner=owners.get(group.id),
        )
    for rule in plan.ingress:
        owner = owners.get(rule.group) or (owners.get(rule.peer) if isinstance(rule.peer, ResourceId) else None)
        graph.add(_rule(rule), skips=_skips(rule), owner=owner)


def _egress(group: SecurityGroup) -> list[ec2.SecurityGroupRule]:
    if group.open_egress:
        return [ec2.SecurityGroupRule(CidrIp="0.0.0.0/0", IpProtocol="-1", Description="Everything may go out")]
    if not group.inner_egress:
        return [no_egress()]
    aws = "To AWS; S3, which holds the layers of images, has public addresses behind its endpoint too"
    return [
        *(
            ec2.SecurityGroupRule(CidrIp=block, IpProtocol="-1", Description="To private addresses")
            for block in _PRIVATE
        ),
        ec2.SecurityGroupRule(CidrIp="0.0.0.0/0", IpProtocol="tcp", FromPort=443, ToPort=443, Description=aws),
    ]


def _rule(rule: IngressRule) -> ec2.SecurityGroupIngress:
    resource = ec2.SecurityGroupIngress(
        rule.id.logical_id,
        GroupId=GetAtt(rule.group.logical_id, "GroupId"),
        IpProtocol=rule.protocol,
        Description=group_description(rule.description),
    )
    if rule.protocol != "-1":
        resource.FromPort = rule.first
        resource.ToPort = rule.last
    if not isinstance(rule.peer, str):
        resource.SourceSecurityGroupId = GetAtt(rule.peer.logical_id, "GroupId")
    elif ":" in rule.peer:
        resource.CidrIpv6 = rule.peer
    else:
        resource.CidrIp = rule.peer
    return resource


def _skips(rule: IngressRule) -> tuple[Skip, ...]:
    public = rule.peer in _EVERYWHERE and rule.protocol != "udp" and rule.first <= 80 <= rule.last
    return (_PUBLIC_PORT_80,) if public else ()
