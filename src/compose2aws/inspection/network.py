"""Who reaches whom: security groups, ways out, the path from a name to a port, mount targets.

Sources: Amazon VPC User Guide, "Security groups"; Amazon ECS Developer Guide, "Best practices for connecting Amazon ECS
to AWS services from inside your VPC"; Amazon EFS User Guide, "Managing mount targets".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from compose2aws.inspection.system import SERVICE, TASK, Body, Resource, System, Workload, containers, items

_GROUP = "AWS::EC2::SecurityGroup"
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"
_TRANSPORTS = {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp")}
_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type
_NAME = "AWS::ServiceDiscovery::Service"
_WORLD = ("0.0.0.0/0", "::/0")
_ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
_MANAGED_PORTS = {
    "AWS::DocDB::DBCluster": 27017,
    "AWS::ElastiCache::CacheCluster": 11211,
    "AWS::ElastiCache::ReplicationGroup": 6379,
    "AWS::AmazonMQ::Broker": 5671,
    "AWS::OpenSearchService::Domain": 443,
}
_ENGINE_PORTS = {"postgres": 5432, "aurora-postgresql": 5432, "mysql": 3306, "aurora-mysql": 3306, "mariadb": 3306}
_MANAGED = (*_MANAGED_PORTS, "AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
_GROUP_KEYS = ("SecurityGroupIds", "VpcSecurityGroupIds", "VPCSecurityGroups", "SecurityGroups", "VPCOptions")


@dataclass(frozen=True)
class Call:
    """A compose service that calls another by a name; `port` where the file tells one."""

    consumer: str
    provider: str
    port: int | None = None


def rules(system: System, group: str, way: str) -> list[Body]:
    """The rules of a group, its own and those that stand beside it; `way` is `Ingress` or `Egress`."""
    own = system.resources[group].properties.get(f"SecurityGroup{way}", [])
    beside = [r.properties for r in system.all(f"AWS::EC2::SecurityGroup{way}")]
    return [*own, *(rule for rule in beside if system.one(rule["GroupId"], _GROUP) == system.resources[group])]


def _covers(rule: Body, port: int | None, protocol: str) -> bool:
    if str(rule["IpProtocol"]) == "-1":
        return True
    if rule["IpProtocol"] != protocol:
        return False
    return port is None or int(rule.get("FromPort", 0)) <= port <= int(rule.get("ToPort", 65535))


def _inside(rule: Body) -> bool:
    """Whether a rule's addresses are those of networks like the project's own."""
    text = rule.get("CidrIp")
    return text in _WORLD or (
        isinstance(text, str) and (net := ipaddress.ip_network(text)).is_private and not net.is_loopback
    )


def admits(system: System, groups: Iterable[str], peers: frozenset[str], port: int | None, protocol: str) -> bool:
    """Whether one of the groups lets in what comes from one of the peers."""
    return any(
        _covers(rule, port, protocol)
        and (_inside(rule) or any(g.id in peers for g in system.under(rule.get("SourceSecurityGroupId"), _GROUP)))
        for group in groups
        for rule in rules(system, group, "Ingress")
    )


def lets_out(system: System, groups: Iterable[str], peers: Iterable[str], port: int | None, protocol: str) -> bool:
    """Whether one of the groups lets out what goes to one of the peers. A group without a rule lets all out."""
    towards = frozenset(peers)
    for group in groups:
        found = rules(system, group, "Egress")
        if not found:
            return True
        for rule in found:
            to = system.under(rule.get("DestinationSecurityGroupId"), _GROUP)
            if _covers(rule, port, protocol) and (_inside(rule) or any(g.id in towards for g in to)):
                return True
    return False


def world_problems(system: System) -> Iterator[str]:
    """Whether anything but a balancer admits everybody."""
    balancers = {g.id for b in system.all(_BALANCER) for g in system.under(b.properties.get("SecurityGroups"), _GROUP)}
    for group in system.all(_GROUP):
        for rule in rules(system, group.id, "Ingress"):
            if (rule.get("CidrIp") in _WORLD or rule.get("CidrIpv6") in _WORLD) and group.id not in balancers:
                yield f"{group.id} admits the world and is no balancer's"


def path_problems(system: System, calls: Iterable[Call]) -> Iterator[str]:
    """Whether each call has its path: a name that resolves, a group that lets it out, one that lets it in."""
    for call in calls:
        for task in system.tasks_with(call.consumer):
            for workload in system.running(task):
                yield from _one_path(system, call, workload)


def address_problems(system: System) -> Iterator[str]:
    """Whether each task reaches the managed services whose addresses it is given, in plain text or in a secret."""
    for task in system.all(TASK):
        given = [
            {key: container.get(key) for key in ("Environment", "Command", "EntryPoint", "HealthCheck")}
            for container in containers(task)
        ]
        secrets = [
            system.one(entry["ValueFrom"], _SECRET) for c in containers(task) for _, entry in items(c.get("Secrets"))
        ]
        told = [*given, *(secret.properties.get("SecretString") for secret in secrets if secret)]
        for managed in system.under(told, *_MANAGED):
            groups, port = _managed_groups(system, managed), _managed_port(managed)
            for workload in system.running(task):
                told_of = f"{workload.resource.id} is given the address of {managed.id}"
                if not lets_out(system, workload.groups, groups, port, "tcp"):
                    yield f"{told_of}, and no group lets it out"
                if not admits(system, groups, workload.groups, port, "tcp"):
                    yield f"{told_of}, which does not admit it on {port}"


def _one_path(system: System, call: Call, consumer: Workload) -> Iterator[str]:
    places = list(_resolved(system, call, consumer))
    if not places:
        yield f"{call.consumer} calls {call.provider}, and no name leads to it"
        return
    for place in places:
        if isinstance(place, Workload):
            if place.task.id == consumer.task.id:
                continue
            groups, port, where = place.groups, call.port, place.resource.id
        else:
            groups, port, where = _managed_groups(system, place), _managed_port(place), place.id
        if not lets_out(system, consumer.groups, groups, port, "tcp"):
            yield f"{call.consumer} calls {call.provider}, and no group of {consumer.resource.id} lets it out"
        if not admits(system, groups, consumer.groups, port, "tcp"):
            yield f"{call.consumer} calls {call.provider}, and {where} does not admit it on port {port or 'any'}"


def neighbour_problems(system: System, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Whether members of a network reach each other, whoever is known to call whom: as under Docker. `pairs` are
    consumers and providers; a provider whose name leads nowhere (a job) is none."""
    for consumer, provider in pairs:
        for task in system.tasks_with(consumer):
            for workload in system.running(task):
                if any(True for _ in _resolved(system, Call(consumer, provider), workload)):
                    yield from _one_path(system, Call(consumer, provider), workload)


def _resolved(system: System, call: Call, consumer: Workload) -> Iterator[Workload | Resource]:
    """What the provider's name leads to, through the proxy or the private zone."""
    host = call.provider.lower()
    for workload in system.workloads if consumer.connects else ():
        for offer in workload.resource.properties.get("ServiceConnectConfiguration", {}).get("Services", []):
            if any(a["DnsName"] == host and a["Port"] == call.port for a in offer["ClientAliases"]):
                yield workload
                return
    yield from _named(system, host, set())


def _named(system: System, host: str, seen: set[str]) -> Iterator[Workload | Resource]:
    for name in system.all(_NAME):
        if name.properties.get("Name") != host or name.id in seen:
            continue
        seen.add(name.id)
        for instance in system.all("AWS::ServiceDiscovery::Instance"):
            if system.one(instance.properties["ServiceId"], _NAME) == name:
                to = instance.properties["InstanceAttributes"]["AWS_INSTANCE_CNAME"]
                yield from system.under(to, *_MANAGED)
                if isinstance(to, str):
                    yield from _named(system, to.partition(".")[0], seen)
        for workload in system.workloads:
            registries = workload.resource.properties.get("ServiceRegistries", [])
            if name in system.under(registries, _NAME):
                yield workload


def _managed_groups(system: System, resource: Resource) -> frozenset[str]:
    values = [resource.properties.get(key) for key in _GROUP_KEYS]
    return frozenset(group.id for group in system.under(values, _GROUP))


def _managed_port(resource: Resource) -> int:
    given = resource.properties.get("Port")
    engine = _ENGINE_PORTS.get(resource.properties.get("Engine", ""), 0)
    return int(given) if isinstance(given, int | str) else _MANAGED_PORTS.get(resource.type, engine)


def balancer_problems(system: System) -> Iterator[str]:
    """Whether what is published is reached: the world → the balancer → the task's port, and its health check's."""
    for listener in system.all("AWS::ElasticLoadBalancingV2::Listener"):
        balancer = system.one(listener.properties["LoadBalancerArn"], _BALANCER)
        if balancer is None:
            yield f"{listener.id} is of no balancer"
            continue
        groups = frozenset(g.id for g in system.under(balancer.properties.get("SecurityGroups"), _GROUP))
        for transport in _TRANSPORTS.get(listener.properties["Protocol"], ("tcp",)):
            if not _open(system, groups, int(listener.properties["Port"]), transport):
                yield f"{balancer.id} does not admit the world on the {transport} port of {listener.id}"
    for service in system.all(SERVICE):
        workload = next((w for w in system.workloads if w.resource == service), None)
        for entry in service.properties.get("LoadBalancers", []):
            targets = system.one(entry["TargetGroupArn"], _TARGETS)
            if targets is None or workload is None:
                yield f"{service.id} names a target group that is in no template"
                continue
            listeners = list(_listeners(system, targets))
            if not listeners:
                yield f"{targets.id} hangs on no listener"
            transports = _TRANSPORTS.get(targets.properties["Protocol"], ("tcp",))
            for listener in listeners:
                balancer = system.one(listener.properties["LoadBalancerArn"], _BALANCER)
                if balancer is None:
                    continue
                groups = frozenset(g.id for g in system.under(balancer.properties.get("SecurityGroups"), _GROUP))
                for transport in transports:
                    port = int(entry["ContainerPort"])
                    if not admits(system, workload.groups, groups, port, transport):
                        yield f"{service.id} does not admit {balancer.id} on port {port}"
                health = str(targets.properties.get("HealthCheckPort", "traffic-port"))
                if health.isdigit() and not admits(system, workload.groups, groups, int(health), "tcp"):
                    yield f"{service.id} does not admit the health checks of {targets.id} on port {health}"


def _listeners(system: System, targets: Resource) -> Iterator[Resource]:
    listener_type = "AWS::ElasticLoadBalancingV2::Listener"
    for listener in system.all(listener_type):
        if targets in system.under(listener.properties["DefaultActions"], _TARGETS):
            yield listener
    for rule in system.all("AWS::ElasticLoadBalancingV2::ListenerRule"):
        if targets in system.under(rule.properties["Actions"], _TARGETS):
            yield from system.under(rule.properties["ListenerArn"], listener_type)


def _open(system: System, groups: Iterable[str], port: int, protocol: str) -> bool:
    found = (rule for group in groups for rule in rules(system, group, "Ingress"))
    return any(rule.get("CidrIp") in _WORLD and _covers(rule, port, protocol) for rule in found)


def way_out_problems(system: System) -> Iterator[str]:
    """Whether each task reaches the registry of its images, CloudWatch Logs and Secrets Manager."""
    for workload in system.workloads:
        on_fargate = "FARGATE" in workload.task.properties.get("RequiresCompatibilities", [])
        if workload.public_address and not on_fargate:
            yield f"{workload.resource.id} asks for a public address, which only Fargate gives"
        foreign = [c["Name"] for c in containers(workload.task) if not system.under(c["Image"], "AWS::ECR::Repository")]
        for subnet in system.under(list(workload.subnets), "AWS::EC2::Subnet"):
            if _routed(system, subnet, workload.public_address):
                if not lets_out(system, workload.groups, (), 443, "tcp"):
                    yield f"{workload.resource.id} has no group that lets it reach AWS on port 443"
                continue
            if foreign:
                yield f"{workload.resource.id} stands in {subnet.id}, which has no way to the image of {foreign[0]}"
            if missing := [name for name in _ENDPOINTS if not _has_endpoint(system, subnet, name)]:
                yield f"{workload.resource.id} stands in {subnet.id}, which has no way to {missing[0]}"
            endpoint_groups = frozenset(
                g.id for e in system.all("AWS::EC2::VPCEndpoint") for g in system.under(e.properties, _GROUP)
            )
            if not lets_out(system, workload.groups, endpoint_groups, 443, "tcp"):
                yield f"{workload.resource.id} has no group that lets it reach AWS on port 443"


def _routed(system: System, subnet: Resource, public_address: bool) -> bool:
    table = _table(system, subnet)
    for route in system.all("AWS::EC2::Route"):
        properties = route.properties
        if properties.get("DestinationCidrBlock") == "0.0.0.0/0" and table in system.under(
            properties["RouteTableId"], "AWS::EC2::RouteTable"
        ):
            return bool("NatGatewayId" in properties or (public_address and "GatewayId" in properties))
    return False


def _table(system: System, subnet: Resource) -> Resource | None:
    for association in system.all("AWS::EC2::SubnetRouteTableAssociation"):
        if subnet in system.under(association.properties["SubnetId"], subnet.type):
            return system.one(association.properties["RouteTableId"], "AWS::EC2::RouteTable")
    return None


def _has_endpoint(system: System, subnet: Resource, name: str) -> bool:
    return any(
        str(endpoint.properties["ServiceName"]).rstrip("]}'").endswith(f".{name}")
        and subnet in system.under(endpoint.properties.get("SubnetIds"), subnet.type)
        for endpoint in system.all("AWS::EC2::VPCEndpoint")
    )


def mount_target_problems(system: System) -> Iterator[str]:
    """Whether each task that has files on EFS reaches a mount target in its own zone."""
    for workload in system.workloads:
        mounts = [v for v in workload.task.properties.get("Volumes", []) if "EFSVolumeConfiguration" in v]
        for file_system in system.under(mounts, "AWS::EFS::FileSystem"):
            targets = [
                t
                for t in system.all("AWS::EFS::MountTarget")
                if file_system in system.under(t.properties["FileSystemId"], file_system.type)
            ]
            zones = [_zone(system, target.properties["SubnetId"]) for target in targets]
            for subnet in workload.subnets:
                if _zone(system, subnet) not in zones:
                    yield f"{workload.resource.id}: {file_system.id} has no mount target in a zone of its tasks"
            for target in targets:
                groups = [g.id for g in system.under(target.properties["SecurityGroups"], _GROUP)]
                if not admits(system, groups, workload.groups, 2049, "tcp"):
                    yield f"{workload.resource.id}: {target.id} does not admit its tasks on port 2049"
                if not lets_out(system, workload.groups, groups, 2049, "tcp"):
                    yield f"{workload.resource.id}: no group lets its tasks out to {target.id}"


def _zone(system: System, subnet: Any) -> str:
    """The zone of a subnet of ours; one that is somebody else's stands for itself."""
    ours = system.one(subnet, "AWS::EC2::Subnet")
    return str(ours.properties["AvailabilityZone"]) if ours else str(subnet)
