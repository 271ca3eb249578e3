"""Container definitions: what a task definition says of one container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import If, NoValue, Ref, ecs

from compose2aws.cloudformation.expression import Expression, joined, ref
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.image import image_reference
from compose2aws.cloudformation.managed import text_expression
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import (
    Container,
    EnvironmentVariable,
    LogDriver,
    Logging,
    Parameter,
    Plan,
    PortMapping,
    RegistryImage,
)

REVISION_LABEL = "compose2aws.secrets-revision"
_BUFFER = "25m"  # a container that logs faster than CloudWatch takes loses lines past this, and is not held up


def container_definition(
    graph: Graph, plan: Plan, container: Container, labels: Mapping[str, str]
) -> ecs.ContainerDefinition:
    """One container of a task. `labels` are added to its own."""
    definition = ecs.ContainerDefinition(
        Name=container.name,
        Image=image_reference(plan, container.image),
        Essential=container.essential,
        LogConfiguration=_log_driver(container.log_driver)
        if container.log_driver
        else log_configuration(container.logging),
        ReadonlyRootFilesystem=container.read_only,
    )
    if isinstance(container.image, RegistryImage) and container.image.credentials:
        definition.RepositoryCredentials = ecs.RepositoryCredentials(CredentialsParameter=container.image.credentials)
    if container.entrypoint is not None:
        definition.EntryPoint = [text_expression(plan, word) for word in container.entrypoint]
    if container.command is not None:
        definition.Command = [text_expression(plan, word) for word in container.command]
    if environment := _environment(graph, plan, container.environment):
        definition.Environment = environment
    if secrets := _secrets(graph, plan, container.environment):
        definition.Secrets = secrets
    if container.ports:
        definition.PortMappings = [_port_mapping(port) for port in container.ports]
    if container.mounts:
        definition.MountPoints = [
            ecs.MountPoint(SourceVolume=mount.volume, ContainerPath=mount.container_path, ReadOnly=mount.read_only)
            for mount in container.mounts
        ]
    if container.depends_on:
        definition.DependsOn = [
            ecs.ContainerDependency(ContainerName=needed.container, Condition=needed.condition)
            for needed in container.depends_on
        ]
    if container.routes_logs:
        definition.FirelensConfiguration = ecs.FirelensConfiguration(Type="fluentbit")
    if check := container.health_check:
        definition.HealthCheck = ecs.HealthCheck(
            Command=list(check.command),
            Interval=check.interval,
            Timeout=check.timeout,
            Retries=check.retries,
            StartPeriod=check.start_period,
        )
    _set_process(definition, container)
    _set_limits(definition, container)
    all_labels = {name: text_expression(plan, text) for name, text in container.labels} | dict(labels)
    if secrets:
        all_labels[REVISION_LABEL] = _secrets_revision(graph)
    if all_labels:
        definition.DockerLabels = all_labels
    return definition


def log_configuration(logging: Logging) -> ecs.LogConfiguration:
    """Output goes to the log group and never holds the container up (ECS, "Using the awslogs log driver")."""
    return ecs.LogConfiguration(
        LogDriver="awslogs",
        Options={
            "awslogs-group": ref(logging.group),
            "awslogs-region": Ref("AWS::Region"),
            "awslogs-stream-prefix": logging.prefix,
            "mode": "non-blocking",
            "max-buffer-size": _BUFFER,
            **dict(logging.options),
        },
    )


def _log_driver(driver: LogDriver) -> ecs.LogConfiguration:
    configuration = ecs.LogConfiguration(LogDriver=driver.name, Options=dict(driver.options))
    if driver.secret_options:
        configuration.SecretOptions = [
            ecs.Secret(Name=name, ValueFrom=ref(secret)) for name, secret in driver.secret_options
        ]
    return configuration


def secret_condition(plan: Plan, variable: EnvironmentVariable) -> str | None:
    """The parameter on which a variable's secret hangs, by the variable's own word or by the secret's."""
    stored = (secret.only_if for secret in plan.secrets if secret.id == variable.secret)
    return variable.only_if or next(stored, None)


def _environment(graph: Graph, plan: Plan, variables: tuple[EnvironmentVariable, ...]) -> list[Expression]:
    entries: list[Expression] = []
    for variable in variables:
        empty = ecs.Environment(Name=variable.name, Value="")
        absent = empty if variable.when_empty == "empty" else NoValue
        condition = secret_condition(plan, variable) if variable.secret else variable.only_if
        if variable.secret is None:
            entry = ecs.Environment(Name=variable.name, Value=text_expression(plan, variable.text))
            entries.append(If(graph.given(condition), entry, absent) if condition else entry)
        elif condition and variable.when_empty == "empty":
            entries.append(If(graph.given(condition), NoValue, empty))
    return entries


def _secrets(graph: Graph, plan: Plan, variables: tuple[EnvironmentVariable, ...]) -> list[Expression]:
    entries: list[Expression] = []
    for variable in variables:
        if variable.secret is None:
            continue
        entry = ecs.Secret(Name=variable.name, ValueFrom=_value_from(variable.secret, variable.secret_key))
        condition = secret_condition(plan, variable)
        entries.append(If(graph.given(condition), entry, NoValue) if condition else entry)
    return entries


def _value_from(secret: ResourceId, key: str | None) -> Expression:
    return joined(ref(secret), f":{key}::") if key else ref(secret)


def _port_mapping(port: PortMapping) -> ecs.PortMapping:
    mapping = ecs.PortMapping(ContainerPort=port.container_port, Protocol=port.protocol)
    if port.name:
        mapping.Name = port.name
    if port.app_protocol:
        mapping.AppProtocol = port.app_protocol
    return mapping


def _set_process(definition: ecs.ContainerDefinition, container: Container) -> None:
    if container.user is not None:
        definition.User = container.user
    if container.working_directory is not None:
        definition.WorkingDirectory = container.working_directory
    if container.interactive:
        definition.Interactive = True
    if container.terminal:
        definition.PseudoTerminal = True
    if container.privileged:
        definition.Privileged = True
    if container.stop_timeout is not None:
        definition.StopTimeout = container.stop_timeout
    if container.system_controls:
        definition.SystemControls = [
            ecs.SystemControl(Namespace=name, Value=value) for name, value in container.system_controls
        ]
    linux: dict[str, Any] = {}
    if container.init:
        linux["InitProcessEnabled"] = True
    if container.capabilities_added or container.capabilities_dropped:
        capabilities = ecs.KernelCapabilities()
        if container.capabilities_added:
            capabilities.Add = list(container.capabilities_added)
        if container.capabilities_dropped:
            capabilities.Drop = list(container.capabilities_dropped)
        linux["Capabilities"] = capabilities
    if container.tmpfs:
        linux["Tmpfs"] = [
            ecs.Tmpfs(
                ContainerPath=mount.path,
                Size=mount.size,
                **({"MountOptions": list(mount.options)} if mount.options else {}),
            )
            for mount in container.tmpfs
        ]
    if container.devices:
        linux["Devices"] = [
            ecs.Device(HostPath=host, ContainerPath=inside, Permissions=list(allowed))
            for host, inside, allowed in container.devices
        ]
    if linux:
        definition.LinuxParameters = ecs.LinuxParameters(**linux)


def _set_limits(definition: ecs.ContainerDefinition, container: Container) -> None:
    if container.cpu is not None:
        definition.Cpu = container.cpu
    if container.memory_limit is not None:
        definition.Memory = container.memory_limit
    if container.memory_reservation is not None:
        definition.MemoryReservation = container.memory_reservation
    if container.gpus:
        definition.ResourceRequirements = [ecs.ResourceRequirement(Type="GPU", Value=str(container.gpus))]
    if container.ulimits:
        definition.Ulimits = [
            ecs.Ulimit(Name=limit.name, SoftLimit=limit.soft, HardLimit=limit.hard) for limit in container.ulimits
        ]


def _secrets_revision(graph: Graph) -> Expression:
    """Secrets are read when a task starts: `deploy` renews this when it changes one, so that tasks start anew."""
    name = graph.declare(
        Parameter(
            name="SecretsRevision",
            source="setting:secrets-revision",
            description="Changes whenever the value of a secret does, so that tasks start anew and read it",
            default="0",
        )
    )
    return Ref(name)
