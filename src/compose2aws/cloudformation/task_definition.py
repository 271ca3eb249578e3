"""Task definitions, with the roles that start a task and that it runs under, and its log groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import ceil

from troposphere import GetAtt, If, Join, NoValue, Ref, ecs, iam, logs

from compose2aws.cloudformation.container import container_definition, secret_condition
from compose2aws.cloudformation.expression import (
    Expression,
    attribute,
    encryption_key,
    legal_name,
    ref,
)
from compose2aws.cloudformation.file_system import access_point_arn, file_system_arn
from compose2aws.cloudformation.graph import Graph, GraphError
from compose2aws.cloudformation.image import repository_arn
from compose2aws.cloudformation.policy import Statement, allow, assume_role, document
from compose2aws.compose.node import Path
from compose2aws.planning.identity import container_name
from compose2aws.planning.model import BuiltImage, Container, Image, Plan, RegistryImage, Task, TaskVolume

_TASKS = "ecs-tasks.amazonaws.com"
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
_MOUNT = (
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientRootAccess",
    "elasticfilesystem:ClientWrite",
)
# Amazon ECR User Guide, "Amazon ECR private registry".
_PRIVATE_REGISTRY = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)")
# ECS, "Permissions required for ECS Exec"; these actions know no resources.
_SESSION = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)


def emit_task(graph: Graph, plan: Plan, task: Task, source: Path, labels: Mapping[str, str] | None = None) -> None:
    """Add a task definition and what belongs to it alone. `labels` go onto its main container."""
    main = main_container(task)
    _emit_log_groups(graph, task, source)
    graph.add(_execution_role(graph, plan, task), source, owner=task.identity)
    graph.add(_task_role(plan, task), source, owner=task.identity)
    definition = ecs.TaskDefinition(
        task.definition.logical_id,
        Family=legal_name(f"{plan.project}-{task.identity}", r"A-Za-z0-9_\-", 255),
        RequiresCompatibilities=[task.compatibility],
        NetworkMode=task.network_mode,
        Cpu=str(task.cpu),
        Memory=str(task.memory),
        RuntimePlatform=ecs.RuntimePlatform(CpuArchitecture=task.architecture, OperatingSystemFamily="LINUX"),
        ExecutionRoleArn=GetAtt(task.execution_role.logical_id, "Arn"),
        TaskRoleArn=GetAtt(task.task_role.logical_id, "Arn"),
        ContainerDefinitions=[
            container_definition(graph, plan, container, (labels or {}) if container is main else {})
            for container in task.containers
        ],
    )
    if task.volumes:
        definition.Volumes = [_volume(plan, volume) for volume in task.volumes]
    if task.ephemeral_storage is not None:
        definition.EphemeralStorage = ecs.EphemeralStorage(SizeInGiB=ceil(task.ephemeral_storage / 1024))
    if task.host_pid:
        definition.PidMode = "host"
    if task.host_ipc:
        definition.IpcMode = "host"
    graph.add(definition, source, owner=task.identity)


def main_container(task: Task) -> Container:
    """The container that the task is there for: the one of its service's name, else the first that it ends with."""
    named = (container for container in task.containers if container.name == container_name(task.service))
    essential = (container for container in task.containers if container.essential)
    return next(named, next(essential, task.containers[0]))


def _emit_log_groups(graph: Graph, task: Task, source: Path) -> None:
    groups = {container.logging.group: container.logging for container in task.containers}
    for logging in groups.values():
        graph.add(
            logs.LogGroup(logging.group.logical_id, KmsKeyId=encryption_key(), RetentionInDays=logging.retention),
            source,
            owner=task.identity,
        )


def _volume(plan: Plan, volume: TaskVolume) -> ecs.Volume:
    if volume.access_point is not None:
        if plan.file_system is None:
            raise GraphError(f"the volume {volume.name} has an access point, and the plan no file system")
        return ecs.Volume(
            Name=volume.name,
            EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(
                FilesystemId=ref(plan.file_system.id),
                TransitEncryption="ENABLED",
                AuthorizationConfig=ecs.AuthorizationConfig(AccessPointId=ref(volume.access_point), IAM="ENABLED"),
            ),
        )
    if volume.host_path is not None:
        return ecs.Volume(Name=volume.name, Host=ecs.Host(SourcePath=volume.host_path))
    return ecs.Volume(Name=volume.name)


def _execution_role(graph: Graph, plan: Plan, task: Task) -> iam.Role:
    """What starts the task: it pulls its images, writes its logs and reads its secrets, and those alone."""
    groups = dict.fromkeys(container.logging.group for container in task.containers)
    statements: list[Expression] = [allow(_WRITE_LOGS, [attribute(group, "Arn") for group in groups])]
    built = dict.fromkeys(c.image for c in task.containers if isinstance(c.image, BuiltImage))
    repositories = [repository_arn(plan, image) for image in built]
    repositories += [arn for c in task.containers if (arn := _private_repository(c.image))]
    if repositories:
        statements.append(allow("ecr:GetAuthorizationToken", "*"))
        statements.append(allow(_PULL, repositories))
    statements += _secret_statements(graph, plan, task)
    return iam.Role(
        task.execution_role.logical_id,
        AssumeRolePolicyDocument=assume_role(_TASKS),
        Policies=[iam.Policy(PolicyName="start", PolicyDocument=document(*statements))],
    )


def _private_repository(image: Image) -> Expression | None:
    """The ARN of the repository of an image that a private registry of Amazon's holds, in whichever account."""
    match = _PRIVATE_REGISTRY.match(image.reference) if isinstance(image, RegistryImage) else None
    if match is None:
        return None
    account, region, repository = match.groups()
    return Join("", ["arn:", Ref("AWS::Partition"), f":ecr:{region}:{account}:repository/{repository}"])


def _secret_statements(graph: Graph, plan: Plan, task: Task) -> Iterable[Expression]:
    """Statements, not resources, are conditional: a list of resources that turned out empty would be refused."""
    by_condition: dict[str | None, dict[str, Expression]] = {}
    for container in task.containers:
        for variable in container.environment:
            if variable.secret:
                arns = by_condition.setdefault(secret_condition(plan, variable), {})
                arns[variable.secret.logical_id] = ref(variable.secret)
        for _, secret in container.log_driver.secret_options if container.log_driver else ():
            by_condition.setdefault(None, {})[secret.logical_id] = ref(secret)
        if isinstance(container.image, RegistryImage) and container.image.credentials:
            arns = by_condition.setdefault(None, {})
            arns[container.image.credentials] = container.image.credentials
    for condition, arns in by_condition.items():
        statement = allow("secretsmanager:GetSecretValue", list(arns.values()))
        yield If(graph.given(condition), statement, NoValue) if condition else statement
    if by_condition:
        yield allow("kms:Decrypt", encryption_key())


def _task_role(plan: Plan, task: Task) -> iam.Role:
    """What the containers themselves may do."""
    statements: list[Statement] = []
    if task.exec:
        statements.append(allow(_SESSION, "*"))
    points = dict.fromkeys(volume.access_point for volume in task.volumes if volume.access_point)
    if points and plan.file_system:
        through = {"StringEquals": {"elasticfilesystem:AccessPointArn": [access_point_arn(point) for point in points]}}
        statements.append(allow(_MOUNT, file_system_arn(plan.file_system), through))
    role = iam.Role(task.task_role.logical_id, AssumeRolePolicyDocument=assume_role(_TASKS, of="ecs"))
    if statements:
        role.Policies = [iam.Policy(PolicyName="run", PolicyDocument=document(*statements))]
    if task.statements:
        role.Policies = [
            *getattr(role, "Policies", ()),
            iam.Policy(PolicyName="own", PolicyDocument=document(*task.statements)),
        ]
    if task.policies:
        role.ManagedPolicyArns = list(task.policies)
    return role
