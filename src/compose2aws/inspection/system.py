"""The templates of a project as one system: imports are followed to what they stand for, so that every value below a
resource says which other resource it means. Nothing but templates is read here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from compose2aws.cloudformation import source_of
from compose2aws.cloudformation.reference import references

Body: TypeAlias = dict[str, Any]
TASK = "AWS::ECS::TaskDefinition"
SERVICE = "AWS::ECS::Service"
REPOSITORY = "AWS::ECR::Repository"


@dataclass(frozen=True)
class Resource:
    """A resource of any template, its imports followed."""

    id: str
    body: Body

    @property
    def type(self) -> str:
        return str(self.body["Type"])

    @property
    def properties(self) -> Body:
        found: Body = self.body.get("Properties", {})
        return found

    @property
    def source(self) -> str:
        return source_of(self.body) or ""


@dataclass(frozen=True)
class Workload:
    """Something that starts tasks: an ECS service, a job's custom resource, a schedule."""

    resource: Resource
    task: Resource
    subnets: tuple[Any, ...]
    groups: frozenset[str]
    public_address: bool

    @property
    def connects(self) -> bool:
        """Whether its tasks resolve the aliases of Service Connect."""
        configuration = self.resource.properties.get("ServiceConnectConfiguration", {})
        return bool(configuration.get("Enabled"))


@dataclass
class System:
    """All templates of a project; `faults` are what is wrong with the way they hang together."""

    templates: list[Body]
    resources: dict[str, Resource] = field(default_factory=dict)
    parameters: Body = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, templates: Iterable[Body]) -> System:
        made = cls(list(templates))
        exports = {
            json.dumps(output["Export"]["Name"]): output["Value"]
            for template in made.templates
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }
        for template in made.templates:
            made.parameters |= template.get("Parameters", {})
            for name, body in template.get("Resources", {}).items():
                if name in made.resources:
                    made.faults.append(f"{name} is in two templates")
                made.resources[name] = Resource(name, made._followed(body, exports, name))
        return made

    def _followed(self, value: Any, exports: Body, owner: str) -> Any:
        if isinstance(value, list):
            return [self._followed(item, exports, owner) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::ImportValue"}:
            name = json.dumps(value["Fn::ImportValue"])
            if name not in exports:
                self.faults.append(f"{owner} imports {name}, which no template exports")
                return value
            return exports[name]
        return {key: self._followed(item, exports, owner) for key, item in value.items()}

    def all(self, *types: str) -> list[Resource]:
        return [resource for resource in self.resources.values() if resource.type in types]

    def under(self, value: Any, *types: str) -> list[Resource]:
        """The resources of some types that a value names, however deep: by reference, or a repository by its name."""
        named = dict.fromkeys(reference.name for reference in references(value))
        if REPOSITORY in types:
            text = json.dumps(value)
            named |= dict.fromkeys(r.id for r in self.all(REPOSITORY) if _is_named(r, text))
        return [self.resources[name] for name in named if name in self.resources and self.resources[name].type in types]

    def one(self, value: Any, *types: str) -> Resource | None:
        return next(iter(self.under(value, *types)), None)

    @cached_property
    def workloads(self) -> list[Workload]:
        found = []
        for resource in self.resources.values():
            properties = resource.properties
            if resource.type == SERVICE:
                task, network = properties.get("TaskDefinition"), _awsvpc(properties)
            elif resource.type == "AWS::Scheduler::Schedule":
                parameters = properties["Target"].get("EcsParameters", {})
                task, network = parameters.get("TaskDefinitionArn"), _awsvpc(parameters)
            elif "TaskDefinition" in properties:
                task, network = properties["TaskDefinition"], properties
            else:
                continue
            definition = self.one(task, TASK)
            if definition is None:
                self.faults.append(f"{resource.id} starts tasks of a definition that is in no template")
                continue
            found.append(self._workload(resource, definition, network))
        return found

    def _workload(self, resource: Resource, definition: Resource, network: Body) -> Workload:
        groups = network.get("SecurityGroups", [])
        if definition.properties.get("NetworkMode") != "awsvpc":
            groups = [template.properties for template in self.all("AWS::EC2::LaunchTemplate")]
        return Workload(
            resource,
            definition,
            tuple(network.get("Subnets", [])),
            frozenset(group.id for group in self.under(groups, "AWS::EC2::SecurityGroup")),
            network.get("AssignPublicIp") == "ENABLED",
        )

    def running(self, task: Resource) -> list[Workload]:
        return [workload for workload in self.workloads if workload.task.id == task.id]

    def tasks_with(self, service: str) -> list[Resource]:
        """The task definitions that have the container of a compose service."""
        sources = (f"services.{service}", f'services["{service}"]')
        found = [task for task in self.all(TASK) if service in container_names(task)]
        return found or [task for task in self.all(TASK) if task.source in sources]


def containers(task: Resource) -> list[Body]:
    found: list[Body] = task.properties.get("ContainerDefinitions", [])
    return found


def container_names(task: Resource) -> list[str]:
    return [container["Name"] for container in containers(task)]


def items(value: Any) -> Iterator[tuple[str | None, Any]]:
    """The items of a list with the condition under which each is there; of `Fn::If` both branches."""
    for item in value or []:
        if isinstance(item, dict) and set(item) == {"Fn::If"}:
            condition, given, otherwise = item["Fn::If"]
            yield from ((condition, one) for _, one in items([given]))
            yield from ((f"not {condition}", one) for _, one in items([otherwise]))
        elif item != {"Ref": "AWS::NoValue"}:
            yield None, item


def listed(value: Any) -> list[Any]:
    """What may be written alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]


def _is_named(repository: Resource, text: str) -> bool:
    name = repository.properties.get("RepositoryName")
    return isinstance(name, str) and (f'"/{name}@' in text or f'repository/{name}"' in text)


def _awsvpc(properties: Body) -> Body:
    found: Body = properties.get("NetworkConfiguration", {}).get("AwsvpcConfiguration", {})
    return found
