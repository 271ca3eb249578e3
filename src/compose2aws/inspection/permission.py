"""What roles may do: each task pulls its images, writes its logs and reads its own secrets, and nobody may do all.

Sources: Amazon ECS Developer Guide, "Amazon ECS task execution IAM role"; IAM User Guide, "Security best practices".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compose2aws.inspection.system import REPOSITORY, TASK, Body, Resource, System, containers, items, listed

_PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
_WRITE_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
_READ_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105 - an action
_MOUNT = {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}
_LOG_GROUP = "AWS::Logs::LogGroup"
_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type
# Actions that know no resources (Service Authorization Reference), and those that name what is not there yet.
_WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
_ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


@dataclass(frozen=True)
class Permission:
    """A statement that allows something, and the condition of the template under which it stands."""

    actions: frozenset[str]
    resources: tuple[Any, ...]
    given: str | None
    body: Body

    def names(self, system: System, resource: Resource) -> bool:
        return bool([r for r in system.under(list(self.resources), resource.type) if r.id == resource.id])


def permissions(system: System, role: Resource) -> list[Permission]:
    """What a role allows, by its own policies and those attached to it."""
    documents = [policy["PolicyDocument"] for _, policy in items(role.properties.get("Policies"))]
    documents += [
        policy.properties["PolicyDocument"]
        for policy in system.all("AWS::IAM::Policy")
        if role in system.under(policy.properties.get("Roles", []), role.type)
    ]
    return [
        Permission(frozenset(listed(s["Action"])), tuple(listed(s.get("Resource", []))), given, s)
        for document in documents
        for given, s in items(listed(document["Statement"]))
        if s["Effect"] == "Allow"
    ]


def role_of(system: System, task: Resource, key: str) -> Resource | None:
    return system.one(task.properties.get(key), "AWS::IAM::Role")


def start_problems(system: System) -> Iterator[str]:
    """Whether each task can be started: images, logs, secrets."""
    for task in system.all(TASK):
        role = role_of(system, task, "ExecutionRoleArn")
        if role is None:
            yield f"{task.id} has no execution role"
            continue
        allowed = permissions(system, role)
        yield from _pull_problems(system, task, allowed)
        yield from _log_problems(system, task, allowed)
        yield from _secret_problems(system, task, allowed)


def _allows(system: System, allowed: list[Permission], actions: set[str], resource: Resource | None = None) -> bool:
    return all(
        any(action in p.actions and (resource is None or p.names(system, resource)) for p in allowed)
        for action in actions
    )


def _pull_problems(system: System, task: Resource, allowed: list[Permission]) -> Iterator[str]:
    for container in containers(task):
        if ".dkr.ecr." in json.dumps(container["Image"]) and not system.under(container["Image"], REPOSITORY):
            yield f"{task.id} pulls the image of {container['Name']} from a repository that is in no template"
        for repository in system.under(container["Image"], REPOSITORY):
            if not _allows(system, allowed, _PULL, repository):
                yield f"{task.id} cannot pull the image of {container['Name']} from {repository.id}"
            if not _allows(system, allowed, {"ecr:GetAuthorizationToken"}):
                yield f"{task.id} cannot log in to the registry of {container['Name']}"


def log_configurations(system: System, task: Resource) -> Iterator[tuple[str, Body]]:
    """The log configurations of a task's containers and of its Service Connect proxy, with whose each is."""
    for container in containers(task):
        yield container["Name"], container.get("LogConfiguration", {})
    for workload in system.running(task):
        connect = workload.resource.properties.get("ServiceConnectConfiguration", {})
        if "LogConfiguration" in connect:
            yield "its proxy", connect["LogConfiguration"]


def _log_problems(system: System, task: Resource, allowed: list[Permission]) -> Iterator[str]:
    for name, configuration in log_configurations(system, task):
        if configuration.get("LogDriver") != "awslogs":
            continue
        group = system.one(configuration["Options"].get("awslogs-group"), _LOG_GROUP)
        if group is None:
            yield f"{task.id}: {name} writes to a log group that is in no template"
        elif not _allows(system, allowed, _WRITE_LOGS, group):
            yield f"{task.id}: {name} cannot write to {group.id}"


def _secret_problems(system: System, task: Resource, allowed: list[Permission]) -> Iterator[str]:
    readable = [p for p in allowed if _READ_SECRET in p.actions]
    wanted: dict[str, Resource] = {}
    for container in containers(task):
        options = container.get("LogConfiguration", {}).get("SecretOptions")
        for given, entry in [*items(container.get("Secrets")), *items(options)]:
            secret = system.one(entry["ValueFrom"], _SECRET)
            if secret is None:
                yield f"{task.id}: {entry['Name']} of {container['Name']} is read from a secret that is in no template"
                continue
            wanted[secret.id] = secret
            if not any(p.names(system, secret) and p.given in (None, given) for p in readable):
                yield f"{task.id} cannot read {secret.id}, which {entry['Name']} of {container['Name']} wants"
    for container in containers(task):
        credentials = container.get("RepositoryCredentials", {}).get("CredentialsParameter")
        if credentials and not any(credentials in p.resources for p in readable):
            yield f"{task.id} cannot read the login of the registry of {container['Name']}"
    for extra in {r.id for p in readable for r in system.under(list(p.resources), _SECRET)} - wanted.keys():
        yield f"{task.id} may read {extra}, which none of its containers wants"
    for permission in readable:
        for resource in permission.resources:
            if isinstance(resource, str) and ("*" in resource or resource not in _credentials(task)):
                yield f"{task.id} may read {resource}, which is no secret of its own"
    for secret in wanted.values():
        key = system.one(secret.properties.get("KmsKeyId"), "AWS::KMS::Key")
        if key and not _allows(system, allowed, {"kms:Decrypt"}, key):
            yield f"{task.id} cannot decrypt {secret.id}"


def _credentials(task: Resource) -> set[str]:
    return {str(c.get("RepositoryCredentials", {}).get("CredentialsParameter")) for c in containers(task)}


def administrator_problems(system: System) -> Iterator[str]:
    """Whether some role may do everything, or one thing to everybody."""
    for role in system.all("AWS::IAM::Role"):
        for policy in role.properties.get("ManagedPolicyArns", []):
            if any(name in str(policy) for name in _ADMINISTRATORS):
                yield f"{role.id} has the policy of an administrator"
        for permission in permissions(system, role):
            for action in sorted(permission.actions):
                if action.endswith("*"):
                    yield f"{role.id} may do {action}"
            if "NotAction" in permission.body or "NotResource" in permission.body:
                yield f"{role.id} is allowed all but something"
            if "*" in permission.resources and (wide := sorted(permission.actions - _WITHOUT_RESOURCE)):
                yield f"{role.id} may do {wide[0]} to everything"


def mount_problems(system: System) -> Iterator[str]:
    """Whether each task may mount its volumes, through their access points alone."""
    for task in system.all(TASK):
        role = role_of(system, task, "TaskRoleArn")
        allowed = permissions(system, role) if role else []
        for volume in task.properties.get("Volumes", []):
            if (mount := volume.get("EFSVolumeConfiguration")) is None:
                continue
            file_system = system.one(mount.get("FilesystemId"), "AWS::EFS::FileSystem")
            authorization = mount.get("AuthorizationConfig", {})
            point = system.one(authorization.get("AccessPointId"), "AWS::EFS::AccessPoint")
            if file_system is None or point is None:
                yield f"{task.id}: the volume {volume['Name']} has no file system or no access point"
                continue
            if system.one(point.properties["FileSystemId"], file_system.type) != file_system:
                yield f"{task.id}: the access point {point.id} is of another file system"
            if mount.get("TransitEncryption") != "ENABLED" or authorization.get("IAM") != "ENABLED":
                yield f"{task.id}: the volume {volume['Name']} is mounted without encryption or without IAM"
            through = [p for p in allowed if system.under(p.body.get("Condition"), point.type)]
            mine = [p for p in through if point in system.under(p.body["Condition"], point.type)]
            if not _allows(system, mine, _MOUNT, file_system):
                yield f"{task.id} may not mount {point.id}"


def key_problems(system: System) -> Iterator[str]:
    """CloudWatch Logs encrypts under a key only where the key's own policy lets it (CloudWatch Logs User Guide,
    "Encrypt log data using AWS KMS")."""
    for group in system.all(_LOG_GROUP):
        key = system.one(group.properties.get("KmsKeyId"), "AWS::KMS::Key")
        if key and not any(
            "logs." in str(s.get("Principal", {}).get("Service", "")) for s in key.properties["KeyPolicy"]["Statement"]
        ):
            yield f"{group.id} is encrypted under {key.id}, which does not let CloudWatch Logs use it"
