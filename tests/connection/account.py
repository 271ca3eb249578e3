"""What stands in the account after a deployment: containers with the environment that ECS would give them, and the
managed services that they are to reach."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from compose2aws.planning.identity import first_container
from tests.deployment import Deployment

Engine: TypeAlias = Literal["postgres", "mysql", "redis", "mongo"]

_ENGINES: Mapping[str, Engine] = {
    "aurora-postgresql": "postgres",
    "aurora-mysql": "mysql",
    "mariadb": "mysql",
    "docdb": "mongo",
}
# What a task's container with secret files is preceded by, and where they are.
_WRITER: Literal["secrets"] = "secrets"
_SECRETS = "/run/secrets"


@dataclass(frozen=True)
class RunningContainer:
    """A container of a task definition; `environment` with every secret read."""

    task: str
    name: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class ManagedService:
    """A database or cache as its service describes it. `password` is its master login's."""

    identifier: str
    engine: Engine
    address: str
    port: int
    user: str | None = None
    database: str | None = None
    password: str | None = field(default=None, repr=False)


def containers(deployment: Deployment, folder: Path) -> list[RunningContainer]:
    """Every container of every task definition that the deployment made, with its secret files among its variables, by
    their paths. The container that writes them is really run, into `folder`."""
    client = deployment.client("ecs")
    found: list[RunningContainer] = []
    for arn in client.list_task_definitions()["taskDefinitionArns"]:
        task = client.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        made = [
            RunningContainer(
                task["family"],
                container["name"],
                tuple(container.get("entryPoint", ())),
                tuple(container.get("command", ())),
                _environment(container, deployment),
            )
            for container in task["containerDefinitions"]
        ]
        writers = {container.name: container for container in made}
        for container in made:
            writer = writers.get(first_container(_WRITER, container.name))
            files = _written(writer, folder / task["family"]) if writer else {}
            found.append(replace(container, environment={**container.environment, **files}))
    return found


def _written(writer: RunningContainer, folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True)
    command = [part.replace(_SECRETS, str(folder)) for part in (*writer.entrypoint, *writer.command)]
    environment = {"PATH": os.environ["PATH"], **writer.environment}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return {f"{_SECRETS}/{file.name}": file.read_text() for file in folder.iterdir()}


def _environment(container: dict[str, Any], deployment: Deployment) -> dict[str, str]:
    values = {entry["name"]: str(entry["value"]) for entry in container.get("environment", [])}
    for secret in container.get("secrets", []):
        assert secret["name"] not in values, f"{secret['name']} is given twice"
        values[secret["name"]] = _secret(secret["valueFrom"], deployment)
    return values


def _secret(source: str, deployment: Deployment) -> str:
    """A secret as ECS reads it: the whole of it, or one key of its JSON (`ARN:KEY:STAGE:VERSION`)."""
    parts = source.split(":")
    arn, rest = ":".join(parts[:7]), parts[7:]
    text = str(deployment.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    if not rest:
        return text
    key, stage, version = rest
    assert (stage, version) == ("", ""), "a task takes the current secret"
    return str(json.loads(text)[key]) if key else text


def managed_services(deployment: Deployment) -> list[ManagedService]:
    """Every database and cache of the account."""
    return [*_clusters(deployment), *_instances(deployment), *_caches(deployment)]


def _clusters(deployment: Deployment) -> list[ManagedService]:
    return [
        ManagedService(
            cluster["DBClusterIdentifier"],
            _ENGINES[cluster["Engine"]],
            cluster["Endpoint"],
            cluster["Port"],
            cluster["MasterUsername"],
            cluster.get("DatabaseName"),
            _master_password(cluster["DBClusterIdentifier"], deployment),
        )
        # Amazon's interface tells DocumentDB's clusters here too.
        for cluster in deployment.client("rds").describe_db_clusters()["DBClusters"]
    ]


def _instances(deployment: Deployment) -> list[ManagedService]:
    return [
        ManagedService(
            instance["DBInstanceIdentifier"],
            _ENGINES[instance["Engine"]],
            instance["Endpoint"]["Address"],
            instance["Endpoint"]["Port"],
            instance["MasterUsername"],
            instance.get("DBName"),
            _master_password(instance["DBInstanceIdentifier"], deployment),
        )
        for instance in deployment.client("rds").describe_db_instances()["DBInstances"]
        if not instance.get("DBClusterIdentifier")
    ]


def _caches(deployment: Deployment) -> list[ManagedService]:
    found = []
    for group in deployment.client("elasticache").describe_replication_groups()["ReplicationGroups"]:
        assert not group["AuthTokenEnabled"], "a cache with a password: read it here too"
        endpoint = group["NodeGroups"][0]["PrimaryEndpoint"]
        found.append(ManagedService(group["ReplicationGroupId"], "redis", endpoint["Address"], endpoint["Port"]))
    return found


def _master_password(identifier: str, deployment: Deployment) -> str:
    """What the dynamic reference in the template makes of a password that nobody wrote."""
    for stack, template in deployment.templates.items():
        described = deployment.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        for resource in described:
            if resource["PhysicalResourceId"] == identifier:
                properties = template["Resources"][resource["LogicalResourceId"]]["Properties"]
                before, login, after = properties["MasterUserPassword"]["Fn::Join"][1]
                assert (before, after) == ("{{resolve:secretsmanager:", ":SecretString:password}}")
                return _secret(f"{deployment.physical(login['Ref'])}:password::", deployment)
    raise KeyError(identifier)
