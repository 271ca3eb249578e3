"""ECS and ECR: clusters, task definitions, services, capacity providers, repositories."""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

import json
from typing import Any

from compose2aws.rehearsal import crash_loops
from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.resource_type import (
    ApiResource,
    Context,
    Properties,
    ResourceType,
    by_id,
    by_ids,
    call,
    register,
)
from compose2aws.rehearsal.stack import store


def _cluster_of(properties: Properties) -> str:
    return str(properties.get("Cluster") or "default")


def _cluster_options(physical_id: str, properties: Properties, context: Context) -> None:
    # An update sets what the creation could be told; the capacity providers have an operation of their own.
    if "CapacityProviders" in properties or "DefaultCapacityProviderStrategy" in properties:
        _put_providers(
            physical_id,
            properties.get("CapacityProviders") or [],
            properties.get("DefaultCapacityProviderStrategy") or [],
            context,
        )


def _put_providers(cluster: str, providers: list[str], strategy: list[Properties], context: Context) -> None:
    lowered = [
        {
            "capacityProvider": item["CapacityProvider"],
            **{name.lower(): int(item[name]) for name in ("Base", "Weight") if name in item},
        }
        for item in strategy
    ]
    arguments = {"cluster": cluster, "capacityProviders": providers, "defaultCapacityProviderStrategy": lowered}
    call(context.service("ecs"), "put_cluster_capacity_providers", arguments)


class CapacityProviderAssociations(ResourceType):
    """Which capacity providers a cluster may use, and which by default."""

    type = "AWS::ECS::ClusterCapacityProviderAssociations"

    def create(self, properties: Properties, context: Context) -> str:
        """Tell the cluster."""
        _put_providers(
            properties["Cluster"],
            properties.get("CapacityProviders") or [],
            properties["DefaultCapacityProviderStrategy"],
            context,
        )
        return str(properties["Cluster"])

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Tell the cluster again."""
        return self.create(new, context)

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Leave the cluster without."""
        _put_providers(physical_id, [], [], context)

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the cluster while it has them."""
        clusters = context.service("ecs").describe_clusters(clusters=[physical_id])["clusters"]
        wanted = set(properties.get("CapacityProviders") or [])
        return clusters[0] if clusters and wanted <= set(clusters[0].get("capacityProviders") or []) else None


class TaskDefinition(ApiResource):
    """A task definition; every change registers a new revision, and so is a replacement."""

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Make the revision inactive."""
        call(context.service("ecs"), "deregister_task_definition", {"taskDefinition": physical_id})

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the revision while it is active."""
        description = super().describe(physical_id, properties, context)
        return description if description and description.get("status") == "ACTIVE" else None

    def replaced_by(self, old: Properties, new: Properties) -> set[str]:
        """Everything but its tags."""
        return {name for name in {*old, *new} if name != "Tags" and old.get(name) != new.get(name)}


def _service_options(properties: Properties, _: Context) -> Properties:
    adapted = dict(properties)
    # A template's own spelling of the controller's list of roles and of the load balancers' names differs in case
    # only; what ECS does not take at all is what CloudFormation itself uses.
    adapted.pop("ForceNewDeployment", None)
    return adapted


class Service(ApiResource):
    """An ECS service; `Ref` gives its ARN."""

    def create(self, properties: Properties, context: Context) -> str:
        """Create the service on its cluster, once what it points at exists."""
        _check_registries(properties, context)
        if "ServiceName" not in properties:
            properties = {**properties, "ServiceName": context.generated_name()}
        if "DesiredCount" not in properties and properties.get("SchedulingStrategy") != "DAEMON":
            properties = {**properties, "DesiredCount": 1}
        return super().create(properties, context)

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Begin a new deployment."""
        _check_registries(new, context)
        return super().update(physical_id, old, new, context)

    def stabilise(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Run its tasks; they run at once, but where somebody has said that a container ends."""
        crash_loops.play(physical_id, context, lambda: _is_cancelled(context))

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the service while it is active."""
        description = super().describe(physical_id, properties, context)
        return None if description is None or description.get("status") != "ACTIVE" else description


def _is_cancelled(context: Context) -> bool:
    stack = store(context.region).find(context.stack_id)
    return stack is not None and stack.cancelled


def _check_registries(properties: Properties, context: Context) -> None:
    registries = properties.get("ServiceRegistries") or []
    if len(registries) > 1:
        raise ResourceFailed(
            "Invalid request provided: service registries may contain at most 1 registry (Service: AmazonECS, "
            "Code: InvalidParameterException)"
        )
    known = {service["Arn"] for service in context.service("servicediscovery").list_services()["Services"]}
    for registry in registries:
        if registry.get("RegistryArn") not in known:
            raise ResourceFailed(
                f"The service registry {registry.get('RegistryArn')} does not exist (Service: AmazonECS, "
                "Code: InvalidParameterException)"
            )


def _repository_policies(physical_id: str, properties: Properties, context: Context) -> None:
    client = context.service("ecr")
    if "LifecyclePolicy" in properties:
        text = properties["LifecyclePolicy"].get("LifecyclePolicyText")
        if text:
            call(client, "put_lifecycle_policy", {"repositoryName": physical_id, "lifecyclePolicyText": text})
    if "RepositoryPolicyText" in properties:
        policy = properties["RepositoryPolicyText"]
        text = policy if isinstance(policy, str) else json.dumps(policy)
        call(client, "set_repository_policy", {"repositoryName": physical_id, "policyText": text})


register(
    ApiResource(
        type="AWS::ECS::Cluster",
        api="ecs",
        create_with="create_cluster",
        name="ClusterName",
        renames={"ClusterSettings": "settings"},
        read_with="describe_clusters",
        ask=by_ids("clusters"),
        found="clusters[?status=='ACTIVE'] | [0]",
        delete_with="delete_cluster",
        delete_ask=by_id("cluster"),
        update_with="update_cluster",
        update_ask=by_id("cluster"),
        attributes={"Arn": "clusterArn"},
        after=_cluster_options,
    ),
    CapacityProviderAssociations(),
    ApiResource(
        type="AWS::ECS::CapacityProvider",
        api="ecs",
        create_with="create_capacity_provider",
        name="Name",
        read_with="describe_capacity_providers",
        ask=by_ids("capacityProviders"),
        found="capacityProviders[0]",
        delete_with="delete_capacity_provider",
        delete_ask=by_id("capacityProvider"),
        update_with="update_capacity_provider",
        update_ask=by_id("name"),
    ),
    TaskDefinition(
        type="AWS::ECS::TaskDefinition",
        api="ecs",
        create_with="register_task_definition",
        name="Family",
        made="taskDefinition.taskDefinitionArn",
        read_with="describe_task_definition",
        ask=by_id("taskDefinition"),
        found="taskDefinition",
        attributes={"TaskDefinitionArn": "Ref"},
    ),
    Service(
        type="AWS::ECS::Service",
        api="ecs",
        create_with="create_service",
        name="ServiceName",
        made="service.serviceArn",
        before=_service_options,
        elsewhere=frozenset({"ForceNewDeployment"}),
        read_with="describe_services",
        ask=lambda physical_id, properties: {"cluster": _cluster_of(properties), "services": [physical_id]},
        found="services[0]",
        delete_with="delete_service",
        delete_ask=lambda physical_id, properties: {
            "cluster": _cluster_of(properties),
            "service": physical_id,
            "force": True,
        },
        update_with="update_service",
        update_ask=lambda physical_id, properties: {"cluster": _cluster_of(properties), "service": physical_id},
        attributes={"ServiceArn": "serviceArn", "Name": "serviceName"},
    ),
    ApiResource(
        type="AWS::ECR::Repository",
        api="ecr",
        create_with="create_repository",
        name="RepositoryName",
        name_lower=True,
        read_with="describe_repositories",
        ask=by_ids("repositoryNames"),
        found="repositories[0]",
        delete_with="delete_repository",
        delete_ask=lambda physical_id, properties: {
            "repositoryName": physical_id,
            "force": str(properties.get("EmptyOnDelete", "false")).lower() == "true",
        },
        elsewhere=frozenset({"LifecyclePolicy", "RepositoryPolicyText", "EmptyOnDelete"}),
        attributes={"Arn": "repositoryArn", "RepositoryUri": "repositoryUri"},
        after=_repository_policies,
    ),
)
