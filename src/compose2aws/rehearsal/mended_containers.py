"""ECS where moto lacks it: services that show what they were given, run what they should, and point at what exists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from compose2aws.rehearsal.calls import service as client_of
from compose2aws.rehearsal.refusals import Refusal

_create = EC2ContainerServiceResponse.create_service
_update = EC2ContainerServiceResponse.update_service
_providers = EC2ContainerServiceBackend.describe_capacity_providers

# What DescribeServices shows of a service as it was given.
_SHOWN = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "launchType",
    "loadBalancers",
    "networkConfiguration",
    "placementConstraints",
    "placementStrategy",
    "platformVersion",
    "propagateTags",
    "serviceRegistries",
)
# What it shows of each of its deployments.
_DEPLOYED = (
    "capacityProviderStrategy",
    "launchType",
    "networkConfiguration",
    "platformVersion",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)


_A_PAGE = 100


def _refuse(message: str) -> None:
    raise Refusal(message, "InvalidParameterException")


def _check(response: Any, given: dict[str, Any], known: dict[str, Any]) -> None:
    """Refuse what ECS refuses: containers, ports, target groups and namespaces that are not there."""
    both = {**known, **given}
    if given.get("launchType") and given.get("capacityProviderStrategy"):
        _refuse("Specifying both a launch type and capacity provider strategy is not supported.")
    reference = both.get("taskDefinition")
    if not reference:
        return
    task = response.ecs_backend.describe_task_definition(reference)
    containers = {container["name"]: container for container in task.container_definitions}
    for balancer in given.get("loadBalancers") or []:
        container = containers.get(balancer.get("containerName"))
        if container is None:
            _refuse(f"The container {balancer.get('containerName')} does not exist in the task definition.")
        elif balancer.get("containerPort") not in [port.get("containerPort") for port in container["portMappings"]]:
            _refuse(
                f"The container {balancer['containerName']} did not have a container port "
                f"{balancer.get('containerPort')} defined."
            )
        _check_target_group(response, balancer.get("targetGroupArn"))
    connect = both.get("serviceConnectConfiguration") or {}
    if connect.get("enabled"):
        names = {port.get("name") for one in containers.values() for port in one.get("portMappings") or []}
        for published in connect.get("services") or []:
            if published["portName"] not in names:
                _refuse(
                    f"Service Connect: the port name {published['portName']} does not exist in the task definition."
                )
        _check_published(response, connect, _name(both))
        namespace = str(connect.get("namespace", ""))
        known_namespaces = client_of("servicediscovery", response.region).list_namespaces()["Namespaces"]
        if namespace.startswith("arn:") and namespace not in [one["Arn"] for one in known_namespaces]:
            _refuse(f"Service Connect: the namespace {namespace} does not exist.")


def _check_published(response: Any, connect: dict[str, Any], own_name: str) -> None:
    """Refuse a name that another service, or another Cloud Map service, has in the namespace."""
    namespace = connect.get("namespace")
    wanted = {one.get("discoveryName") or one["portName"] for one in connect.get("services") or []}
    for other in response.ecs_backend.services.values():
        if other.status != "ACTIVE" or other.name == own_name:
            continue
        theirs = getattr(other, "rehearsal_given", {}).get("serviceConnectConfiguration") or {}
        names = {one.get("discoveryName") or one["portName"] for one in theirs.get("services") or []}
        if theirs.get("namespace") == namespace and names & wanted:
            _refuse(f"Service Connect: SC service is already used: {', '.join(sorted(names & wanted))}")
    discovery = client_of("servicediscovery", response.region)
    identifier = str(namespace).rpartition("/")[2]
    filters = [{"Name": "NAMESPACE_ID", "Values": [identifier], "Condition": "EQ"}]
    taken = {one["Name"] for one in discovery.list_services(Filters=filters)["Services"]} & wanted
    if taken:
        _refuse(f"Service Connect: a service named {', '.join(sorted(taken))} exists in the namespace already")


def _check_target_group(response: Any, arn: Any) -> None:
    if not arn:
        return
    balancers = client_of("elbv2", response.region)
    groups = [one for one in balancers.describe_target_groups()["TargetGroups"] if one["TargetGroupArn"] == arn]
    if not groups:
        raise Refusal("One or more of the specified target groups were not found.", "InvalidParameterException")
    if not any(_leads_to(arn, actions) for actions in _actions(balancers)):
        _refuse(f"The target group with targetGroupArn {arn} does not have an associated load balancer.")


def _actions(balancers: Any) -> Iterator[list[dict[str, Any]]]:
    for balancer in balancers.describe_load_balancers()["LoadBalancers"]:
        for listener in balancers.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            yield listener.get("DefaultActions") or []
            for rule in balancers.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                yield rule["Actions"]


def _leads_to(arn: str, actions: list[dict[str, Any]]) -> bool:
    return any(
        action.get("TargetGroupArn") == arn
        or arn in [one["TargetGroupArn"] for one in (action.get("ForwardConfig") or {}).get("TargetGroups") or []]
        for action in actions
    )


def _settle(response: Any, given: dict[str, Any], previous: dict[str, Any]) -> Any:
    """Let a service show what it was given, and have it run: no task ever starts here."""
    backend = response.ecs_backend
    service = backend._get_service(given.get("cluster", "default"), _name(given))
    remembered = {**previous, **given}
    service.rehearsal_given = remembered
    for name in _SHOWN:
        if name in remembered:
            setattr(service, camelcase_to_underscores(name), remembered[name])
    if remembered.get("capacityProviderStrategy"):
        service.launch_type = None
    service.enable_ecs_managed_tags = remembered.get("enableECSManagedTags", False)
    service.health_check_grace_period_seconds = remembered.get("healthCheckGracePeriodSeconds", 0)
    service.task_definition = backend.describe_task_definition(remembered["taskDefinition"]).arn
    cluster = backend._get_cluster(given.get("cluster", "default"))
    for state, count in (("PENDING", -service.pending_count), ("RUNNING", -service.running_count)):
        backend.update_cluster_resources(cluster, count, task_state=state)
    service.running_count, service.pending_count = service.desired_count or 0, 0
    cluster.active_services_count = sum(
        one.status == "ACTIVE" and one.cluster_arn == cluster.arn for one in backend.services.values()
    )
    backend.update_cluster_resources(cluster, service.running_count, task_state="RUNNING")
    now = datetime.now(UTC)
    service.deployments = [
        {
            "id": f"ecs-svc/{uuid4().int % 10**19}",
            "status": "PRIMARY",
            "taskDefinition": service.task_definition,
            "desiredCount": service.desired_count,
            "runningCount": service.running_count,
            "pendingCount": 0,
            "failedTasks": 0,
            "createdAt": now,
            "updatedAt": now,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": "ECS deployment completed.",
            **{name: remembered[name] for name in _DEPLOYED if name in remembered},
        }
    ]
    return service


def _name(given: dict[str, Any]) -> str:
    return str(given.get("service") or given.get("serviceName")).split("/")[-1]


def create_service(self: Any) -> ActionResult:
    """CreateService."""
    given = dict(self._get_params())
    _check(self, given, {})
    _create(self)
    return ActionResult({"service": _settle(self, given, {})})


def update_service(self: Any) -> ActionResult:
    """UpdateService."""
    given = dict(self._get_params())
    existing = self.ecs_backend._get_service(given.get("cluster", "default"), _name(given))
    previous = dict(getattr(existing, "rehearsal_given", {}))
    if given.get("capacityProviderStrategy"):
        previous.pop("launchType", None)
    _check(self, given, previous)
    _update(self)
    return ActionResult({"service": _settle(self, given, previous)})


def list_tasks(self: Any) -> ActionResult:
    """ListTasks, of one service where one is named, and in pages."""
    given = dict(self._get_params())
    wanted = [
        task.task_arn
        for task in self.ecs_backend.list_tasks(
            given.get("cluster", "default"),
            given.get("containerInstance"),
            given.get("family"),
            given.get("startedBy"),
            None,
            given.get("desiredStatus"),
        )
        if "serviceName" not in given or task.group == f"service:{given['serviceName'].rpartition('/')[2]}"
    ]
    start = int(given.get("nextToken") or 0)
    end = start + int(given.get("maxResults") or _A_PAGE)
    rest = {"nextToken": str(end)} if end < len(wanted) else {}
    return ActionResult({"taskArns": wanted[start:end], **rest})


def describe_capacity_providers(self: Any, names: list[str] | None) -> Any:
    """Describe those that are named, or all."""
    return _providers(self, list(self.capacity_providers) if names is None else names)


CHANGES: list[tuple[Any, str, Any, str]] = [
    (EC2ContainerServiceResponse, "create_service", create_service, "drops most settings; tasks stay pending"),
    (EC2ContainerServiceResponse, "update_service", update_service, "drops most settings; keeps the old deployment"),
    (EC2ContainerServiceResponse, "list_tasks", list_tasks, "lists the tasks of every service, all in one answer"),
    (
        EC2ContainerServiceBackend,
        "describe_capacity_providers",
        describe_capacity_providers,
        "cannot describe all of them",
    ),
]
