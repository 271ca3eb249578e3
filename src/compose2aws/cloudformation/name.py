"""Names inside the network: Cloud Map's private DNS namespace, and Service Connect's own."""

from __future__ import annotations

from collections.abc import Iterable

from troposphere import Ref, servicediscovery

from compose2aws.cloudformation.expression import ref, vpc
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.managed import text_expression
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import AliasName, Plan, RegisteredName, Service

_TASK_SECONDS = "10"  # a task's address lives as long as the task
_ALIAS_SECONDS = "60"


def emit_names(graph: Graph, plan: Plan, connect_name: str) -> None:
    """Add the namespaces and the names. `connect_name` is what Service Connect's namespace is called."""
    if plan.names:
        graph.add(
            servicediscovery.PrivateDnsNamespace(
                "PrivateNamespace",
                Name=plan.namespace,
                Description=f"The names of {plan.project}'s services",
                Vpc=vpc(plan.network),
            )
        )
    registrants = {w.registry: w.identity for w in plan.workloads if isinstance(w, Service) and w.registry}
    for name in plan.names:
        if isinstance(name, RegisteredName):
            _emit_registered(graph, name, registrants.get(name.id))
        else:
            _emit_alias(graph, plan, name)
    if plan.connect:
        graph.add(
            servicediscovery.HttpNamespace(
                "ConnectNamespace", Name=connect_name, Description=f"Service Connect of {plan.project}"
            )
        )


def aliases_of(plan: Plan) -> dict[ResourceId, tuple[str, ...]]:
    """The logical ids of each service's aliases, by the resources that it became: what needs a service may call it by
    them."""
    instances: dict[str, list[str]] = {}
    for name in plan.names:
        if isinstance(name, AliasName):
            instances.setdefault(name.service, []).append(name.instance.logical_id)
    services = [(workload.id, workload.name) for workload in plan.workloads]
    services += [(resource, item.service) for item in plan.managed for resource in item.resources]
    return {resource: tuple(instances[name]) for resource, name in services if name in instances}


def alias_instances(graph: Graph, needed: Iterable[ResourceId]) -> set[str]:
    """The logical ids of the aliases of those services that are needed."""
    return {instance for resource in needed for instance in graph.aliases.get(resource, ())}


def _emit_registered(graph: Graph, name: RegisteredName, owner: str | None) -> None:
    graph.add(
        servicediscovery.Service(
            name.id.logical_id,
            Name=name.name,
            NamespaceId=Ref("PrivateNamespace"),
            DnsConfig=servicediscovery.DnsConfig(
                RoutingPolicy="MULTIVALUE", DnsRecords=[servicediscovery.DnsRecord(Type="A", TTL=_TASK_SECONDS)]
            ),
            # ECS reports the health of its tasks here.
            HealthCheckCustomConfig=servicediscovery.HealthCheckCustomConfig(FailureThreshold=1),
        ),
        name.source,
        owner=owner,
    )


def _emit_alias(graph: Graph, plan: Plan, alias: AliasName) -> None:
    owner = f"name {alias.name}"
    graph.add(
        servicediscovery.Service(
            alias.id.logical_id,
            Name=alias.name,
            NamespaceId=Ref("PrivateNamespace"),
            DnsConfig=servicediscovery.DnsConfig(
                # Cloud Map, "DNS record type": a CNAME must be weighted, and has no health check.
                RoutingPolicy="WEIGHTED",
                DnsRecords=[servicediscovery.DnsRecord(Type="CNAME", TTL=_ALIAS_SECONDS)],
            ),
        ),
        alias.source,
        owner=owner,
    )
    graph.add(
        servicediscovery.Instance(
            alias.instance.logical_id,
            ServiceId=ref(alias.id),
            InstanceId="target",
            InstanceAttributes={"AWS_INSTANCE_CNAME": text_expression(plan, alias.target)},
        ),
        alias.source,
        owner=owner,
    )
