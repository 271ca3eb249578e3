"""The VPC, and the security groups that say who may speak to whom.

Each Compose network is a security group that admits its own members; a managed service admits the groups of its
networks on its port alone; what is published, or has files on EFS, has a group of its own beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from compose2aws.compose import node as tree
from compose2aws.compose.project import Project
from compose2aws.planning.identity import ResourceId, logical_id
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import (
    ExistingNetwork,
    FileSystem,
    HostFleet,
    IngressRule,
    Managed,
    MessageBroker,
    OwnNetwork,
    SecurityGroup,
    SubnetKind,
    named,
    singleton,
)
from compose2aws.planning.ports import Ports
from compose2aws.planning.settings import Settings
from compose2aws.planning.source import ServiceSource

# Amazon VPC User Guide, "Amazon VPC quotas": security groups for a network interface.
MAXIMUM_GROUPS = 5


_HOSTS = singleton("AWS::EC2::SecurityGroup", "HostSecurityGroup")


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups and rules. `of_service` are the groups of each service's tasks."""

    groups: tuple[SecurityGroup, ...]
    ingress: tuple[IngressRule, ...]
    of_service: dict[str, tuple[ResourceId, ...]]


def network_group(network: str) -> ResourceId:
    return named("AWS::EC2::SecurityGroup", network, "NetworkSecurityGroup")


def service_group(kind: Kind) -> ResourceId:
    return named("AWS::EC2::SecurityGroup", kind.source.identity, "SecurityGroup")


def rule_between(group: ResourceId, peer: ResourceId, port: int, protocol: str, description: str) -> IngressRule:
    """`group` admits `peer` on one port."""
    name = f"{group.logical_id}/{peer.logical_id}/{port}/{protocol}"
    id_ = ResourceId("AWS::EC2::SecurityGroupIngress", logical_id(name, "Ingress"))
    return IngressRule(id_, group, peer, "udp" if protocol == "udp" else "tcp", port, port, description)


def plan_vpc(settings: Settings, namespace: str, isolated: bool, hosts: bool) -> OwnNetwork | ExistingNetwork:
    """The network by tier, or the user's own. Hosts stand in private subnets and need a way out in development too."""
    if settings.vpc:
        return ExistingNetwork(*settings.vpc)
    return OwnNetwork(
        cidr="10.0.0.0/16",
        nat_gateways=2 if settings.production else int(hosts),
        isolated=isolated,
        search_domain=namespace if settings.search_domain == "dhcp" else None,
        flow_log_retention=settings.retention if settings.production else None,
    )


def internal_networks(project: Project) -> frozenset[str]:
    """The networks without a way out (`internal: true`)."""
    networks = project.root.get("networks")
    entries = networks.entries if isinstance(networks, tree.Mapping) else {}
    return frozenset(
        name
        for name, node in entries.items()
        if isinstance(node, tree.Mapping)
        and isinstance(flag := node.entries.get("internal"), tree.Scalar)
        and flag.value is True
    )


def subnets_of(service: ServiceSource, internal: frozenset[str], settings: Settings, hosts: bool) -> SubnetKind:
    """Where a service's tasks stand; `hosts`: whether some of the project's run on hosts."""
    networks = service.networks
    if networks and all(network in internal for network in networks) and not settings.vpc:
        return "isolated"
    return usual_subnets(settings, hosts)


def usual_subnets(settings: Settings, hosts: bool) -> SubnetKind:
    """Where tasks stand that may speak to the internet."""
    return "private" if settings.production or settings.vpc or hosts else "public"


def plan_groups(
    project: Project,
    kinds: Mapping[str, Kind],
    managed: Mapping[str, Managed],
    published: Iterable[str],
    file_system: FileSystem | None,
    mounting: Iterable[str],
    internal: frozenset[str],
    ledger: Ledger,
) -> Groups:
    """All security groups. `published` are the services behind a balancer, `mounting` those with files on EFS,
    `internal` the networks without a way out."""
    networks = project.root.get("networks")
    names = tuple(networks.entries) if isinstance(networks, tree.Mapping) else ()
    used = {network for kind in kinds.values() if kind.what != "left-out" for network in kind.source.networks}
    groups: list[SecurityGroup] = []
    ingress: list[IngressRule] = []
    for network in names:
        if network not in used:
            ledger.record(("networks", network), "inert", code="network-unused", reason="no service is in it")
            continue
        group = network_group(network)
        open_, closed = network not in internal, network in internal
        about = f"Members of the network {network}"
        groups.append(SecurityGroup(group, about, open_, ("networks", network), inner_egress=closed))
        id_ = ResourceId("AWS::EC2::SecurityGroupIngress", logical_id(f"network {network}", "Ingress"))
        ingress.append(IngressRule(id_, group, group, "-1", 0, 65535, f"Members of {network} reach each other"))
        _decide_network(project, network, group, internal, ledger)
    mounting = {kinds[name].source.owner for name in mounting}
    own = {*published, *mounting}
    of_service: dict[str, tuple[ResourceId, ...]] = {}
    for name, kind in kinds.items():
        if not kind.runs or kind.what == "sidecar":  # which stands in its owner's task and groups
            continue
        if kind.source.text("network_mode") == "host":  # it speaks through its instance's interface
            of_service[name] = ()
            continue
        mine = [network_group(n) for n in kind.source.networks if n in used and n in names]
        if name in own or not mine:
            shut = bool(kind.source.networks) and all(network in internal for network in kind.source.networks)
            about = f"Tasks of {kind.source.identity}"  # which nobody may change later
            groups.append(SecurityGroup(service_group(kind), about, not shut, kind.source.path, inner_egress=shut))
            mine.append(service_group(kind))
        of_service[name] = tuple(mine)
        if len(mine) > MAXIMUM_GROUPS:
            ledger.refuse(
                kind.source.at("networks"),
                "too-many-networks",
                f"{name} is in {len(kind.source.networks)} networks; a task has at most {MAXIMUM_GROUPS} security "
                "groups",
                "let it be in fewer networks",
            )
    from_hosts = any(k.runs and k.source.text("network_mode") == "host" for k in kinds.values())
    if from_hosts:
        ingress += _from_hosts(kinds, of_service, {group.id for group in groups})
    for name, item in managed.items():
        groups.append(SecurityGroup(item.security_group, f"The managed service {item.identity}", False, item.source))
        if from_hosts:
            ingress += [
                rule_between(item.security_group, _HOSTS, port, "tcp", "From tasks in their host's network")
                for port in _ports(item)
            ]
        ingress += [
            rule_between(item.security_group, network_group(n), port, "tcp", f"From the network {n}")
            for n in kinds[name].source.networks
            if n in names
            for port in _ports(item)
        ]
    if file_system:
        groups.append(SecurityGroup(file_system.security_group, "The file system", False, None))
        ingress += [
            rule_between(
                file_system.security_group,
                _mounting_group(kinds[name]),
                2049,
                "tcp",
                f"NFS from {kinds[name].source.identity}",
            )
            for name in kinds
            if name in mounting
        ]
        ingress = list({rule.id: rule for rule in ingress}.values())
    return Groups(tuple(groups), tuple(ingress), of_service)


def _from_hosts(
    kinds: Mapping[str, Kind], of_service: Mapping[str, tuple[ResourceId, ...]], known: set[ResourceId]
) -> Iterator[IngressRule]:
    """What is in its host's network reaches in Docker every port that a service publishes on the host, and on AWS the
    same ports of the services themselves."""
    found: dict[ResourceId, IngressRule] = {}
    for name, kind in kinds.items():
        source = kind.source
        mine = [group for group in of_service.get(source.owner, ()) if group in known]
        for index in range(len(source.items("ports")) if mine and kind.runs else 0):
            port = source.whole("ports", index, "target")
            protocol = source.text("ports", index, "protocol") or "tcp"
            if port and protocol in ("tcp", "udp"):
                # a service's own group comes last, and opens nothing of its neighbours'
                rule = rule_between(mine[-1], _HOSTS, port, protocol, f"From tasks in their host's network to {name}")
                found[rule.id] = rule
    yield from found.values()


def _mounting_group(kind: Kind) -> ResourceId:
    return _HOSTS if kind.source.text("network_mode") == "host" else service_group(kind)


def host_groups(fleets: Iterable[HostFleet]) -> tuple[SecurityGroup, ...]:
    """The group of the instances: it admits nobody."""
    ids = dict.fromkeys(fleet.security_group for fleet in fleets)
    return tuple(SecurityGroup(id_, "Hosts of containers that Fargate cannot run", True) for id_ in ids)


def balancer_groups(ports: Ports, kinds: Mapping[str, Kind]) -> Groups:
    """The balancers' own groups, which alone admit the world, on the listeners' ports; and what published services
    admit: their balancer, on their container port alone."""
    groups: list[SecurityGroup] = []
    rules: list[IngressRule] = []
    for balancer in ports.balancers:
        group = balancer.security_group
        groups.append(SecurityGroup(group, f"The {balancer.kind} balancer", True))
        rules += [_open_to_the_world(group, p.port, t) for p in balancer.listeners for t in _TRANSPORTS[p.protocol]]
    rules += [
        rule_between(
            service_group(kinds[service]),
            group,
            port,
            protocol,
            f"From the balancer to {kinds[service].source.identity}",
        )
        for service, port, protocol, group in ports.admitted
    ]
    return Groups(tuple(groups), tuple(dict.fromkeys(rules)), {})


_TRANSPORTS: dict[str, tuple[Literal["tcp", "udp"], ...]] = {
    "HTTP": ("tcp",),
    "HTTPS": ("tcp",),
    "TCP": ("tcp",),
    "UDP": ("udp",),
    "TCP_UDP": ("tcp", "udp"),
}


def _open_to_the_world(group: ResourceId, port: int, protocol: Literal["tcp", "udp"]) -> IngressRule:
    id_ = ResourceId(
        "AWS::EC2::SecurityGroupIngress", logical_id(f"{group.logical_id}/world/{port}/{protocol}", "Ingress")
    )
    return IngressRule(id_, group, "0.0.0.0/0", protocol, port, port, f"From anywhere to port {port}")


def _ports(item: Managed) -> tuple[int, ...]:
    return (item.port, item.management_port) if isinstance(item, MessageBroker) else (item.port,)


def file_system_group() -> ResourceId:
    return singleton("AWS::EC2::SecurityGroup", "FileSystemSecurityGroup")


def _decide_network(
    project: Project, network: str, group: ResourceId, internal: frozenset[str], ledger: Ledger
) -> None:
    path = ("networks", network)
    reason = "a security group: its members reach each other, and nobody else does"
    if network in internal:
        reason += "; it has no way out"
    ledger.record(path, "adapted", group, reason=reason)
    node = tree.find(project.root, path)
    if isinstance(node, tree.Mapping):
        external = node.entries.get("external")
        if isinstance(external, tree.Scalar) and external.value is True:
            ledger.find(
                "external-network",
                "note",
                f"the network {network} is declared outside this file; on AWS it is a security group of this "
                "project, and "
                "other projects are not in it",
                "",
                path,
            )
