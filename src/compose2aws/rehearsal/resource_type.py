"""How the account makes, changes, describes and removes one type of resource: by the calls of its service's API.

Most types are a few facts (`ApiResource`): which operation creates one, what `Ref` gives, how it is found again.
The modules by noun (databases, caches, network, …) hold those facts; `known_type` looks a type up.
"""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, Shape

from compose2aws.rehearsal.calls import ACCOUNT, fit, input_shape, members_of, service
from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.schema import schema_of

Properties = dict[str, Any]
_SUFFIX = string.ascii_lowercase + string.digits

uncarried: set[tuple[str, str]] = set()
"""Properties that AWS has and the rehearsal's service APIs do not take: (type, property), since the server's start."""


@dataclass(frozen=True)
class Context:
    """Where a resource is being made, and for whom."""

    region: str
    stack_name: str
    stack_id: str
    logical_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    account: str = ACCOUNT

    def service(self, name: str) -> Any:
        """Return a client of a service of this account and region."""
        return service(name, self.region)

    def arn(self, service_name: str, rest: str) -> str:
        """Return an ARN of this account and region."""
        return f"arn:aws:{service_name}:{self.region}:{self.account}:{rest}"

    def generated_name(self, limit: int = 255, *, lower: bool = False) -> str:
        """Return the name that CloudFormation gives a resource that has none: stack, logical id and a random end."""
        suffix = "".join(random.choices(_SUFFIX, k=12))  # noqa: S311 - a name, not a secret
        start = f"{self.stack_name}-{self.logical_id}"[: limit - 13].rstrip("-")
        name = f"{start}-{suffix if lower else suffix.upper()}"
        return name.lower() if lower else name


class ResourceType:
    """One type of resource. Subclasses say how; what they raise is the reason that the stack's events show."""

    type: str

    def create(self, properties: Properties, context: Context) -> str:
        """Make one and return its physical id, which is what `Ref` gives."""
        raise NotImplementedError

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Change one in place and return its physical id."""
        raise NotImplementedError

    def stabilise(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Wait until one that was made or changed is as it should be. Most are at once."""

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Remove one."""
        raise NotImplementedError

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return what the service says of it; None when the service does not know it."""
        raise NotImplementedError

    def snapshot(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Keep a copy of its data before it is removed."""
        raise ResourceFailed(f"{self.type} does not support snapshots")

    def attribute(self, name: str, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return what `Fn::GetAtt` gives."""
        value = self.find_attribute(name, physical_id, properties, context)
        if value is None:
            raise ResourceFailed(f"Attribute '{name}' does not exist on {context.logical_id} ({self.type})")
        return value

    def find_attribute(self, name: str, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return an attribute's value, or None where there is none."""
        description = self.describe(physical_id, properties, context)
        return jmespath.search(name, description)

    def replaced_by(self, old: Properties, new: Properties) -> set[str]:
        """Return the properties whose change makes a new resource instead of changing this one."""
        schema = schema_of(self.type)
        paths = [name.split(".") for name in schema.create_only] if schema else []
        return {path[0] for path in paths if _at(old, path) != _at(new, path)}


def _at(value: Any, path: list[str]) -> Any:
    """Return what stands at a path of names; `*` goes into every item of a list."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if name == "*":
        return [_at(item, rest) for item in value] if isinstance(value, list) else None
    return _at(value[name], rest) if isinstance(value, dict) and name in value else None


def changed(old: Properties, new: Properties) -> set[str]:
    """Return the names of the properties that differ."""
    return {name for name in {*old, *new} if old.get(name) != new.get(name)}


def call(client: Any, operation: str, arguments: Mapping[str, Any]) -> Any:
    """Call an operation; what the service refuses fails the resource with the service's own words."""
    try:
        return getattr(client, operation)(**arguments)
    except ClientError as problem:
        error = problem.response["Error"]
        name = client.meta.service_model.service_id
        raise ResourceFailed(f"{error.get('Message')} (Service: {name}, Code: {error.get('Code')})") from problem
    except BotoCoreError as problem:
        raise ResourceFailed(f"Model validation failed: {problem}") from problem


Ask = Callable[[str, Properties], dict[str, Any]]


def by_id(parameter: str) -> Ask:
    """Return how a call names one resource: by its physical id in a parameter."""
    return lambda physical_id, _: {parameter: physical_id}


def by_ids(parameter: str) -> Ask:
    """Return how a call names one resource that takes several: by a list of its physical id."""
    return lambda physical_id, _: {parameter: [physical_id]}


Hook = Callable[[str, Properties, Context], None]


@dataclass(frozen=True, kw_only=True)
class ApiResource(ResourceType):
    """A type that one operation creates, one describes and one deletes."""

    type: str
    api: str
    create_with: str
    read_with: str
    ask: Ask
    """What names it in a call: the parameters of `read_with`, and of the others unless they say otherwise."""
    found: str
    """JMESPath to its one description in the answer of `read_with`; `$ID` stands for the physical id."""
    made: str = ""
    """JMESPath to the physical id in the answer of `create_with`; empty: its name is its id."""
    name: str = ""
    name_limit: int = 255
    name_lower: bool = False
    delete_with: str = ""
    delete_ask: Ask | None = None
    update_with: str = ""
    update_ask: Ask | None = None
    update_all: bool = False
    """Whether an update sends every property, not only those that changed."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """Properties under another name in the API."""
    elsewhere: frozenset[str] = frozenset()
    """Properties that a hook deals with."""
    constants: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, str | Callable[[Any], Any]] = field(default_factory=dict)
    """JMESPath of attributes in the description, or how to make them of it, where their name is not it."""
    before: Callable[[Properties, Context], Properties] | None = None
    after: Hook | None = None
    """Called when one was made or changed, for what takes calls of its own."""
    before_delete: Hook | None = None
    snapshot_with: Hook | None = None
    forgiven: frozenset[str] = frozenset()
    """Codes of a refusal to delete that mean that it is gone already."""

    def create(self, properties: Properties, context: Context) -> str:
        """Make one with `create_with`."""
        properties = dict(properties)
        if self.name and self.name not in properties:
            properties[self.name] = context.generated_name(self.name_limit, lower=self.name_lower)
        client = context.service(self.api)
        answer = call(client, self.create_with, self._arguments(self.create_with, properties, context))
        physical_id: Any = jmespath.search(self.made, answer) if self.made else properties[self.name]
        if not isinstance(physical_id, str):
            raise ResourceFailed(f"{self.create_with} gave no {self.made}")
        if self.api == "ec2":
            _tag_machine_resource(physical_id, properties, context)
        if self.after is not None:
            self.after(physical_id, properties, context)
        return physical_id

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Change one with `update_with`, where the type has it, and let the hook do the rest."""
        if self.update_with:
            names = set(new) if self.update_all else changed(old, new) & set(new)
            arguments = self._arguments(self.update_with, {name: new[name] for name in names}, context, update=True)
            ask = self.update_ask or self.ask
            identity = ask(physical_id, new)
            if self.update_all or set(arguments) - set(identity) - set(self.constants):
                call(context.service(self.api), self.update_with, {**arguments, **identity})
        if self.api == "ec2":
            _tag_machine_resource(physical_id, new, context)
        if self.after is not None:
            self.after(physical_id, new, context)
        return physical_id

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Remove one with `delete_with`."""
        if self.before_delete is not None:
            self.before_delete(physical_id, properties, context)
        if not self.delete_with:
            return
        ask = self.delete_ask or self.ask
        try:
            getattr(context.service(self.api), self.delete_with)(**ask(physical_id, properties))
        except ClientError as problem:
            code = problem.response["Error"].get("Code", "")
            if code in self.forgiven or _says_gone(code):
                return
            raise ResourceFailed(f"{problem.response['Error'].get('Message')} (Code: {code})") from problem

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return its description; None when the service has none of that name."""
        try:
            answer = getattr(context.service(self.api), self.read_with)(**self.ask(physical_id, properties))
        except ClientError as problem:
            if _says_gone(problem.response["Error"].get("Code", "")):
                return None
            raise ResourceFailed(str(problem)) from problem
        return jmespath.search(self.found.replace("$ID", physical_id), answer)

    def find_attribute(self, name: str, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return an attribute from the description."""
        path = self.attributes.get(name, name)
        if path == "Ref":
            return physical_id
        description = self.describe(physical_id, properties, context)
        if description is None:
            return None
        return jmespath.search(path, description) if isinstance(path, str) else path(description)

    def snapshot(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Take a snapshot where the type can."""
        if self.snapshot_with is None:
            super().snapshot(physical_id, properties, context)
        else:
            self.snapshot_with(physical_id, properties, context)

    def _arguments(
        self, operation: str, properties: Properties, context: Context, *, update: bool = False
    ) -> dict[str, Any]:
        if self.before is not None:
            properties = self.before(properties, context)
        shape = input_shape(self.api, context.region, operation)
        known = members_of(shape)
        renamed = {self.renames.get(name, name): value for name, value in properties.items()}
        if "tags" in known and not update:
            tags = _with_stack_tags(renamed.get("Tags"), context)
            renamed["Tags"] = _in_its_spelling(tags, shape.members[known["tags"]])
            if not tags:
                del renamed["Tags"]
        if not update:
            for name in properties:
                if self.renames.get(name, name).lower() not in known and name not in self.elsewhere | {"Tags"}:
                    uncarried.add((self.type, name))
        arguments: dict[str, Any] = fit(renamed, shape)
        return {**{name: value for name, value in self.constants.items() if name.lower() in known}, **arguments}


def _says_gone(code: str) -> bool:
    return "NotFound" in code or code.startswith("NoSuch") or code in ("404", "DBClusterParameterGroupNotFound")


def _with_stack_tags(tags: Any, context: Context) -> Any:
    if isinstance(tags, dict):
        return {**context.tags, **tags}
    own = list(tags or [])
    keys = {tag.get("Key") for tag in own}
    return [{"Key": key, "Value": value} for key, value in context.tags.items() if key not in keys] + own


def _in_its_spelling(tags: Any, shape: Shape) -> Any:
    # KMS calls them TagKey and TagValue.
    if isinstance(shape, ListShape) and "TagKey" in getattr(shape.member, "members", ()) and isinstance(tags, list):
        return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]
    return tags


def _tag_machine_resource(physical_id: str, properties: Properties, context: Context) -> None:
    tags = _with_stack_tags(properties.get("Tags"), context)
    # What has no id of its own (a route, an association) has no tags either.
    if tags and "-" in physical_id and "|" not in physical_id:
        call(context.service("ec2"), "create_tags", {"Resources": [physical_id], "Tags": tags})


_known: dict[str, ResourceType] = {}


def register(*types: ResourceType) -> None:
    """Add types that the account can make."""
    _known.update({one.type: one for one in types})


def known_type(resource_type: str) -> ResourceType | None:
    """Return how a type is made; None when the account cannot make it."""
    return _known.get(resource_type)
