"""What runs of a deployed project: services and jobs, their containers, and where these stand and log."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from compose2aws.delivery.deployed import DeployedProject, DeployedResource
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.planning.identity import container_name

Kind: TypeAlias = Literal["service", "job", "schedule"]
_SERVICE = "AWS::ECS::Service"
_JOB = "AWS::CloudFormation::CustomResource"
_SCHEDULE = "AWS::Scheduler::Schedule"
_CLUSTER = "ServiceCluster"
_HASH = re.compile(r"-[0-9a-f]{8}$")
_AT_ONCE = 100  # DescribeTasks takes so many


@dataclass(frozen=True, slots=True)
class LoggedTo:
    """A log group, and what the names of the container's streams in it begin with (`api/api/`)."""

    group: str
    stream: str


@dataclass(frozen=True, slots=True)
class DeployedContainer:
    """A container of a task. `service` is the compose service that it belongs to: a sidecar's own one, for a first
    container that prepares something that of the service it prepares. `logs` None: its `driver` sends them elsewhere.
    """

    name: str
    service: str
    essential: bool
    read_only: bool
    ports: tuple[int, ...]
    driver: str
    logs: LoggedTo | None

    @property
    def label(self) -> str:
        """What people call it: the service's name; with its own where it is a further container of it."""
        if self.name == container_name(self.service):
            return self.service
        return f"{self.service}/{_HASH.sub('', self.name)}"


@dataclass(frozen=True, slots=True)
class DeployedWorkload:
    """A service, or a job. `definition` is the ARN of its task definition, `physical_id` a service's ARN; `network` is
    the `awsvpcConfiguration` of its tasks, None for those in their host's own network."""

    service: str
    kind: Kind
    resource: DeployedResource
    definition: str
    family: str
    cpu: int
    memory: int
    containers: tuple[DeployedContainer, ...]
    network: Mapping[str, Any] | None
    capacity: tuple[Mapping[str, Any], ...]
    exec: bool

    @property
    def main(self) -> DeployedContainer:
        """The container that it is there for: the one of the service's name, else the first that it ends with."""
        own = (one for one in self.containers if one.name == container_name(self.service))
        essential = (one for one in self.containers if one.essential)
        return next(own, next(essential, self.containers[0]))

    @property
    def label(self) -> str:
        """`api`; `db/init` for a job that prepares a managed service."""
        return self.main.label

    @property
    def services(self) -> frozenset[str]:
        """The compose services whose containers run in it."""
        return frozenset(one.service for one in self.containers) | {self.service}


def cluster_of(project: DeployedProject) -> str:
    """The name of the project's cluster. Raises `DeliveryError` where there is none yet."""
    cluster = project.resources.get(_CLUSTER)
    if cluster is None:
        raise DeliveryError(
            f"the app of {project.name} is not deployed: only {project.stacks[0].name} is there, and nothing runs yet"
        )
    return cluster.physical_id.rpartition("/")[2]


def workloads(project: DeployedProject) -> tuple[DeployedWorkload, ...]:
    """All services and jobs, by name."""
    found = [_service(project, resource) for resource in project.of_type(_SERVICE)]
    found += [_job(project, one) for one in project.of_type(_JOB) if "TaskDefinition" in one.properties]
    found += [_schedule(project, resource) for resource in project.of_type(_SCHEDULE)]
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.label))


def find_workload(project: DeployedProject, service: str) -> tuple[DeployedWorkload, DeployedContainer]:
    """The workload in which a compose service runs, and its container there.

    Raises `DeliveryError` where nothing of that name runs on ECS, with what it is instead or the nearest name.
    """
    every = workloads(project)
    found = [(one, container) for one in every for container in one.containers if container.label == service]
    if found:
        return next((pair for pair in found if pair[0].service == service), found[0])
    if service in services_of(project):
        raise DeliveryError(f"{service} runs in no container: it is a managed service of AWS")
    raise unknown(service, (container.label for one in every for container in one.containers), project)


def services_of(project: DeployedProject) -> frozenset[str]:
    """The compose services that became any resource."""
    return frozenset(one.service for one in project.resources.values() if one.service)


def unknown(service: str, known: Iterable[str], project: DeployedProject) -> DeliveryError:
    """The error that there is no such service, with the nearest name."""
    names = sorted(set(known))
    near = difflib.get_close_matches(service, names, 1, 0.6)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}" if names else "there is none"
    return DeliveryError(f"no service {service} of {project.name} is deployed: {hint}")


def tasks(project: DeployedProject, *, stopped: bool = False) -> list[dict[str, Any]]:
    """The tasks of the project's cluster as DescribeTasks shows them: those that run or are to run, or those that
    stopped (ECS forgets them after about an hour). Raises botocore's exceptions."""
    client = project.account.client("ecs")
    cluster = cluster_of(project)
    arns: list[str] = []
    status = "STOPPED" if stopped else "RUNNING"
    for page in client.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus=status):
        arns += page["taskArns"]
    found: list[dict[str, Any]] = []
    for start in range(0, len(arns), _AT_ONCE):
        found += client.describe_tasks(cluster=cluster, tasks=arns[start : start + _AT_ONCE])["tasks"]
    return found


def belongs(task: Mapping[str, Any], workload: DeployedWorkload) -> bool:
    """Whether a task was started for the workload, in this or an earlier revision."""
    if workload.kind == "service":
        return bool(task.get("group") == f"service:{workload.resource.physical_id.rpartition('/')[2]}")
    return family_of(str(task["taskDefinitionArn"])) == workload.family


def family_of(definition: str) -> str:
    """`arn:…:task-definition/shop-api:3` gives `shop-api`."""
    return definition.rpartition("/")[2].partition(":")[0]


def _service(project: DeployedProject, resource: DeployedResource) -> DeployedWorkload | None:
    given = resource.properties
    capacity = project.value(given.get("CapacityProviderStrategy", []), resource.stack) or []
    return _workload(
        project,
        resource,
        "service",
        given.get("TaskDefinition"),
        (given.get("NetworkConfiguration") or {}).get("AwsvpcConfiguration"),
        capacity,
        exec_=given.get("EnableExecuteCommand") is True,
    )


def _job(project: DeployedProject, resource: DeployedResource) -> DeployedWorkload | None:
    given = resource.properties
    network = {name: given[name] for name in ("Subnets", "SecurityGroups", "AssignPublicIp") if name in given}
    provider = project.value(given.get("Capacity"), resource.stack)
    capacity = [{"CapacityProvider": provider, "Weight": 1}] if provider else []
    return _workload(project, resource, "job", given["TaskDefinition"], network or None, capacity)


def _schedule(project: DeployedProject, resource: DeployedResource) -> DeployedWorkload | None:
    given = (resource.properties.get("Target") or {}).get("EcsParameters") or {}
    network = (given.get("NetworkConfiguration") or {}).get("AwsvpcConfiguration")
    capacity = project.value(given.get("CapacityProviderStrategy", []), resource.stack) or []
    return _workload(project, resource, "schedule", given.get("TaskDefinitionArn"), network, capacity)


def _workload(
    project: DeployedProject,
    resource: DeployedResource,
    kind: Kind,
    definition: Any,
    network: Mapping[str, Any] | None,
    capacity: Iterable[Mapping[str, Any]],
    *,
    exec_: bool = False,
) -> DeployedWorkload | None:
    task = project.resources.get(definition.get("Ref", "")) if isinstance(definition, Mapping) else None
    if task is None or resource.service is None:
        return None
    awsvpc = project.value(network, resource.stack) if network else None
    return DeployedWorkload(
        service=resource.service,
        kind=kind,
        resource=resource,
        definition=task.physical_id,
        family=family_of(task.physical_id),
        cpu=int(task.properties.get("Cpu", 0)),
        memory=int(task.properties.get("Memory", 0)),
        containers=tuple(
            _container(project, task, resource.service, one) for one in task.properties["ContainerDefinitions"]
        ),
        network={name[0].lower() + name[1:]: value for name, value in awsvpc.items()} if awsvpc else None,
        capacity=tuple({name[0].lower() + name[1:]: value for name, value in one.items()} for one in capacity),
        exec=exec_,
    )


def _container(
    project: DeployedProject, task: DeployedResource, service: str, given: Mapping[str, Any]
) -> DeployedContainer:
    name = str(given["Name"])
    prefix = _log_options(given).get("awslogs-stream-prefix")
    group = _log_options(given).get("awslogs-group")
    physical = project.value(group, task.stack) if group else None
    return DeployedContainer(
        name=name,
        service=str(prefix) if _is_sidecar(task, service, given) else service,
        essential=given.get("Essential") is not False,
        read_only=given.get("ReadonlyRootFilesystem") is True,
        ports=tuple(int(port["ContainerPort"]) for port in given.get("PortMappings") or []),
        driver=str((given.get("LogConfiguration") or {}).get("LogDriver", "none")),
        logs=LoggedTo(str(physical), f"{prefix}/{name}/") if physical else None,
    )


def _is_sidecar(task: DeployedResource, service: str, given: Mapping[str, Any]) -> bool:
    """Whether a container is another compose service than the one whose task it is in: it has a log group of its own,
    where the containers that prepare a service write into that one's, and its streams begin with its own name."""
    own = next((one for one in task.properties["ContainerDefinitions"] if one["Name"] == container_name(service)), None)
    options = _log_options(given)
    prefix = options.get("awslogs-stream-prefix")
    if own is None or not isinstance(prefix, str) or given["Name"] != container_name(prefix):
        return False
    if "FirelensConfiguration" in given:  # forwards the output of the others
        return False
    return bool(options["awslogs-group"] != _log_options(own).get("awslogs-group"))


def _log_options(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return (given.get("LogConfiguration") or {}).get("Options") or {}
