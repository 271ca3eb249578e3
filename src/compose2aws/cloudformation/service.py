"""The ECS cluster, and the services that keep tasks running in it."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref, applicationautoscaling, ecs

from compose2aws.cloudformation.container import log_configuration
from compose2aws.cloudformation.expression import Expression, attribute, joined, ref, subnets
from compose2aws.cloudformation.graph import Graph, GraphError
from compose2aws.cloudformation.name import alias_instances
from compose2aws.cloudformation.task_definition import emit_task, main_container
from compose2aws.planning.identity import ResourceId, digest, logical_id
from compose2aws.planning.model import Autoscaling, CapacityShare, ConnectAlias, Plan, Service, SubnetKind

ALIASES_LABEL = "compose2aws.connect-aliases"
CAPACITY = "ServiceClusterCapacityProviders"


def emit_cluster(graph: Graph, plan: Plan) -> None:
    """Add the cluster and say which of Fargate's capacity it may use."""
    graph.add(
        ecs.Cluster(
            "ServiceCluster",
            ClusterSettings=[
                ecs.ClusterSetting(
                    Name="containerInsights", Value="enabled" if plan.tier == "production" else "disabled"
                )
            ],
        )
    )
    graph.add(
        ecs.ClusterCapacityProviderAssociations(
            CAPACITY,
            Cluster=Ref("ServiceCluster"),
            CapacityProviders=["FARGATE", "FARGATE_SPOT", *(ref(fleet.provider) for fleet in plan.fleets)],
            DefaultCapacityProviderStrategy=[ecs.CapacityProviderStrategy(CapacityProvider="FARGATE", Weight=1)],
        )
    )


def emit_service(graph: Graph, plan: Plan, item: Service) -> None:
    """Add a service with its task definition and its scaling."""
    connect = item.connect
    labels = {ALIASES_LABEL: digest("\n".join(connect.client_of), 16)} if connect and connect.client_of else {}
    emit_task(graph, plan, item.task, item.source, labels)
    service = ecs.Service(
        item.id.logical_id,
        Cluster=Ref("ServiceCluster"),
        TaskDefinition=ref(item.task.definition),
        CapacityProviderStrategy=[
            ecs.CapacityProviderStrategyItem(
                CapacityProvider=provider_name(share), Weight=share.weight, Base=share.base
            )
            for share in item.capacity
        ],
        DeploymentConfiguration=ecs.DeploymentConfiguration(
            MinimumHealthyPercent=item.minimum_healthy,
            MaximumPercent=item.maximum,
            DeploymentCircuitBreaker=ecs.DeploymentCircuitBreaker(Enable=True, Rollback=True),
        ),
        AvailabilityZoneRebalancing="ENABLED" if item.zone_rebalancing else "DISABLED",
        EnableExecuteCommand=item.task.exec,
        EnableECSManagedTags=True,
        PropagateTags="SERVICE",
        DependsOn=_needs(graph, plan, item),
    )
    # A count here would undo at every update what the scaling has done.
    if item.autoscaling is None:
        service.DesiredCount = item.desired
    if item.task.network_mode == "awsvpc":
        service.NetworkConfiguration = ecs.NetworkConfiguration(
            AwsvpcConfiguration=ecs.AwsvpcConfiguration(**awsvpc(plan, item.subnets, item.security_groups))
        )
    # A service keeps what an update says nothing of, so that it has none must be said: "To remove this property from
    # your service resource, specify an empty array". (AWS CloudFormation Template Reference, AWS::ECS::Service)
    service.ServiceRegistries = (
        [ecs.ServiceRegistry(RegistryArn=attribute(item.registry, "Arn"))] if item.registry else []
    )
    service.LoadBalancers = [
        ecs.LoadBalancer(
            ContainerName=target.container, ContainerPort=target.port, TargetGroupArn=ref(target.target_group)
        )
        for target in item.targets
    ]
    if item.health_grace is not None:
        service.HealthCheckGracePeriodSeconds = item.health_grace
    service.ServiceConnectConfiguration = (
        _service_connect(item, connect.offers) if connect else ecs.ServiceConnectConfiguration(Enabled=False)
    )
    graph.add(service, item.source, owner=item.identity)
    if item.autoscaling:
        _emit_scaling(graph, plan, item, item.autoscaling)


def provider_name(share: CapacityShare) -> Expression:
    """The name of a capacity provider: Amazon's own, or that of a fleet."""
    return ref(share.provider) if isinstance(share.provider, ResourceId) else share.provider


def awsvpc(plan: Plan, kind: SubnetKind, groups: tuple[ResourceId, ...]) -> dict[str, Any]:
    """Where the tasks of a workload stand: `Subnets`, `SecurityGroups`, `AssignPublicIp`."""
    return {
        "Subnets": subnets(plan.network, kind),
        "SecurityGroups": [attribute(group, "GroupId") for group in groups],
        "AssignPublicIp": "ENABLED" if kind == "public" else "DISABLED",
    }


def _needs(graph: Graph, plan: Plan, item: Service) -> list[str]:
    """What is there before the service: what the plan says and the names of that, the capacity, and the listeners that
    make its target groups take requests (ECS refuses a target group without a balancer)."""
    needed = {resource.logical_id for resource in item.depends_on} | {CAPACITY}
    needed |= alias_instances(graph, item.depends_on)
    groups = {target.target_group for target in item.targets}
    for balancer in plan.balancers:
        needed |= {listener.id.logical_id for listener in balancer.listeners if listener.default in groups}
        needed |= {rule.id.logical_id for rule in balancer.rules if rule.target_group in groups}
    return sorted(needed)


def _service_connect(item: Service, offers: tuple[ConnectAlias, ...]) -> ecs.ServiceConnectConfiguration:
    configuration = ecs.ServiceConnectConfiguration(
        Enabled=True,
        # By ARN: of a bare name ECS would make a namespace itself.
        Namespace=GetAtt("ConnectNamespace", "Arn"),
        LogConfiguration=log_configuration(main_container(item.task).logging),
    )
    if offers:
        configuration.Services = [_connect_service(item, offer) for offer in offers]
    return configuration


def _connect_service(item: Service, offer: ConnectAlias) -> ecs.ServiceConnectService:
    service = ecs.ServiceConnectService(
        PortName=offer.port_name,
        DiscoveryName=offer.discovery_name,
        ClientAliases=[ecs.ServiceConnectClientAlias(DnsName=offer.alias, Port=offer.port)],
    )
    ports = (port for container in item.task.containers for port in container.ports)
    if any(port.name == offer.port_name and port.app_protocol == "http" for port in ports):
        # A proxy in between must not cut off a request that Docker's network would have let finish.
        service.Timeout = ecs.TimeoutConfiguration(PerRequestTimeoutSeconds=0)
    return service


def _emit_scaling(graph: Graph, plan: Plan, item: Service, scaling: Autoscaling) -> None:
    target = logical_id(item.identity, "ScalableTarget")
    graph.add(
        applicationautoscaling.ScalableTarget(
            target,
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=joined("service/", Ref("ServiceCluster"), "/", attribute(item.id, "Name")),
            MinCapacity=scaling.minimum,
            MaxCapacity=scaling.maximum,
        ),
        item.source,
        owner=item.identity,
    )
    metrics: dict[str, tuple[int | None, dict[str, Expression]]] = {
        "Cpu": (scaling.cpu, {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}),
        "Memory": (scaling.memory, {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}),
    }
    if scaling.requests is not None and scaling.target_group:
        metrics["Requests"] = (
            scaling.requests,
            {
                "PredefinedMetricType": "ALBRequestCountPerTarget",
                "ResourceLabel": _resource_label(plan, scaling.target_group),
            },
        )
    for metric, (value, specification) in metrics.items():
        if value is None:
            continue
        graph.add(
            applicationautoscaling.ScalingPolicy(
                logical_id(item.identity, "ScalingPolicy").removesuffix("ScalingPolicy") + f"{metric}ScalingPolicy",
                PolicyName=metric.lower(),
                PolicyType="TargetTrackingScaling",
                ScalingTargetId=Ref(target),
                TargetTrackingScalingPolicyConfiguration=(
                    applicationautoscaling.TargetTrackingScalingPolicyConfiguration(
                        TargetValue=value,
                        PredefinedMetricSpecification=applicationautoscaling.PredefinedMetricSpecification(
                            **specification
                        ),
                    )
                ),
            ),
            item.source,
            owner=item.identity,
        )


def _resource_label(plan: Plan, target_group: ResourceId) -> Expression:
    """`app/NAME/ID/targetgroup/NAME/ID`, as Application Auto Scaling names a target group behind a balancer."""
    for balancer in plan.balancers:
        if any(group.id == target_group for group in balancer.target_groups):
            return joined(
                attribute(balancer.id, "LoadBalancerFullName"), "/", attribute(target_group, "TargetGroupFullName")
            )
    raise GraphError(f"no balancer has the target group {target_group}")
