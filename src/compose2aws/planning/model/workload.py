"""Containers, tasks, and the services and jobs that run them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model.base import Architecture, OfService, SubnetKind, named
from compose2aws.planning.model.image import Image
from compose2aws.planning.text import Text


@dataclass(frozen=True, slots=True)
class EnvironmentVariable:
    """`secret` is set where the text reaches the container through a secret (its ARN, or a JSON key of it in
    `secret_key`); then the text tells people what it is. `only_if` names a parameter that may be empty; then the
    variable is absent or empty, as `when_empty` says."""

    name: str
    text: Text
    secret: ResourceId | None = None
    secret_key: str | None = None
    only_if: str | None = None
    when_empty: Literal["absent", "empty"] = "absent"
    source: Path | None = None


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A port that the container listens on. `name` is Service Connect's name for it."""

    container_port: int
    protocol: Literal["tcp", "udp"] = "tcp"
    name: str | None = None
    app_protocol: Literal["http"] | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A container's health check; times in seconds, within the ranges that ECS takes."""

    command: tuple[str, ...]
    interval: int
    timeout: int
    retries: int
    start_period: int


@dataclass(frozen=True, slots=True)
class VolumeMount:
    """`volume` is the name of one of the task's volumes."""

    volume: str
    container_path: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class TaskVolume:
    """A volume of a task: an access point of the file system, a host's folder (EC2 only), or an empty one."""

    name: str
    access_point: ResourceId | None = None
    host_path: str | None = None


@dataclass(frozen=True, slots=True)
class ContainerDependency:
    container: str
    condition: Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]


@dataclass(frozen=True, slots=True)
class Ulimit:
    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class Tmpfs:
    path: str
    size: int
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Logging:
    """Where a container's output goes: a log group of its own, kept `retention` days. `options` are further ones of
    the driver awslogs."""

    group: ResourceId
    retention: int
    prefix: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LogDriver:
    """Where else a container's output goes: a driver with its options; `secret_options` are read from secrets."""

    name: Literal["awsfirelens", "splunk"]
    options: tuple[tuple[str, str], ...]
    secret_options: tuple[tuple[str, ResourceId], ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a task. None for `command` and `entrypoint` leaves the image's own. `log_driver` takes its
    output instead of the log group; a container that `routes_logs` takes that of the others for the driver awsfirelens.
    """

    name: str
    image: Image
    logging: Logging
    essential: bool = True
    entrypoint: tuple[Text, ...] | None = None
    command: tuple[Text, ...] | None = None
    environment: tuple[EnvironmentVariable, ...] = ()
    ports: tuple[PortMapping, ...] = ()
    health_check: HealthCheck | None = None
    mounts: tuple[VolumeMount, ...] = ()
    depends_on: tuple[ContainerDependency, ...] = ()
    user: str | None = None
    working_directory: str | None = None
    read_only: bool = False
    interactive: bool = False
    terminal: bool = False
    init: bool = False
    privileged: bool = False
    stop_timeout: int | None = None
    memory_limit: int | None = None
    memory_reservation: int | None = None
    cpu: int | None = None
    gpus: int = 0
    ulimits: tuple[Ulimit, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    capabilities_added: tuple[str, ...] = ()
    capabilities_dropped: tuple[str, ...] = ()
    system_controls: tuple[tuple[str, str], ...] = ()
    devices: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    labels: tuple[tuple[str, Text], ...] = ()
    log_driver: LogDriver | None = None
    routes_logs: bool = False


@dataclass(frozen=True, slots=True)
class Task(OfService):
    """A task definition: the containers that run side by side, and what they may take and do.

    `policies` are managed policies' ARNs for the task role, `statements` statements of its own. `exec` gives it the
    rights of an ECS Exec session. A task with compatibility EC2 runs on a fleet of ours; `network_mode` host gives it
    the instance's own network.
    """

    service: str
    cpu: int
    memory: int
    containers: tuple[Container, ...]
    architecture: Architecture = "X86_64"
    volumes: tuple[TaskVolume, ...] = ()
    ephemeral_storage: int | None = None
    exec: bool = True
    policies: tuple[str, ...] = ()
    statements: tuple[dict[str, Any], ...] = ()
    compatibility: Literal["FARGATE", "EC2"] = "FARGATE"
    network_mode: Literal["awsvpc", "host"] = "awsvpc"
    host_pid: bool = False
    host_ipc: bool = False
    was: str | None = None

    @property
    def definition(self) -> ResourceId:
        return named("AWS::ECS::TaskDefinition", self.identity, "TaskDefinition")

    @property
    def task_role(self) -> ResourceId:
        return named("AWS::IAM::Role", self.identity, "TaskRole")

    @property
    def execution_role(self) -> ResourceId:
        return named("AWS::IAM::Role", self.identity, "ExecutionRole")


@dataclass(frozen=True, slots=True)
class CapacityShare:
    """A part of a capacity provider strategy. `provider` is one of Amazon's own (`FARGATE`, `FARGATE_SPOT`), or that of
    a fleet of ours."""

    provider: str | ResourceId
    weight: int = 1
    base: int = 0


@dataclass(frozen=True, slots=True)
class TargetAttachment:
    container: str
    port: int
    target_group: ResourceId


@dataclass(frozen=True, slots=True)
class ConnectAlias:
    """A port of a service under a name and port that other services use. `discovery_name` is new in the namespace."""

    port_name: str
    discovery_name: str
    alias: str
    port: int


@dataclass(frozen=True, slots=True)
class ServiceConnect:
    """A service's part in Service Connect: what it offers (a client alone offers nothing). `client_of` are the aliases
    that it may use: their digest stands in its labels, so that it restarts when they change."""

    offers: tuple[ConnectAlias, ...]
    client_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Autoscaling:
    minimum: int
    maximum: int
    cpu: int | None = None
    memory: int | None = None
    requests: int | None = None
    target_group: ResourceId | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A compose service that runs as an ECS service. `desired` None where it is scaled by itself."""

    name: str
    task: Task
    desired: int
    capacity: tuple[CapacityShare, ...]
    subnets: SubnetKind
    security_groups: tuple[ResourceId, ...]
    minimum_healthy: int
    maximum: int
    zone_rebalancing: bool
    registry: ResourceId | None = None
    connect: ServiceConnect | None = None
    targets: tuple[TargetAttachment, ...] = ()
    health_grace: int | None = None
    autoscaling: Autoscaling | None = None
    depends_on: tuple[ResourceId, ...] = ()
    source: Path = ()

    @property
    def identity(self) -> str:
        """The name that its ids are made of."""
        return self.task.was or self.name

    @property
    def id(self) -> ResourceId:
        return named("AWS::ECS::Service", self.identity, "Service")


@dataclass(frozen=True, slots=True)
class Job:
    """A compose service that runs once for each revision, to its end (`schedule`: at those times of
    `time_zone` instead).

    `timeout` is the longest time that its dependants wait for it. `once_for` names the database that it prepares: then
    it runs once for that database, and never again.
    """

    name: str
    task: Task
    subnets: SubnetKind
    security_groups: tuple[ResourceId, ...]
    timeout: int
    capacity: CapacityShare = CapacityShare("FARGATE")
    schedule: str | None = None
    time_zone: str = "UTC"
    once_for: ResourceId | None = None
    depends_on: tuple[ResourceId, ...] = ()
    source: Path = ()

    @property
    def identity(self) -> str:
        """The name that its ids are made of."""
        return self.task.was or self.name

    @property
    def id(self) -> ResourceId:
        if self.schedule:
            return named("AWS::Scheduler::Schedule", self.identity, "Schedule")
        return named("AWS::CloudFormation::CustomResource", self.identity, "Job")


Workload: TypeAlias = Service | Job
