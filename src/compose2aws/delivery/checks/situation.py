"""What the checks look at: the templates, the stacks that exist, and the account, asked with short time limits."""

from __future__ import annotations

import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config

from compose2aws.cloudformation import Stack, Templates, source_of
from compose2aws.compose.node import Position
from compose2aws.delivery.account import Account
from compose2aws.delivery.engine_version import WantedVersion
from compose2aws.delivery.stack import DeployedStack
from compose2aws.planning.ledger import Finding, Severity, people_path
from compose2aws.planning.model import Plan

_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a template. `source` is the compose path that it stands for (`services.api`)."""

    stack: Stack
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    source: str | None


@dataclass(frozen=True, slots=True)
class Situation:
    """`stacks` are those that exist, by name. `positions` are the places in the compose files by path. `versions` are
    the engines that the project asks for; with `upgrade_engines` also newer ones of the same major.

    `registries` and `name_server` say where to ask in place of the real ones: the base of the address by the
    registry's host, and (address, port).
    """

    account: Account
    templates: Templates
    stacks: Mapping[str, DeployedStack] = field(default_factory=dict)
    positions: Mapping[str, Position] = field(default_factory=dict)
    versions: tuple[WantedVersion, ...] = ()
    upgrade_engines: bool = False
    registries: Mapping[str, str] = field(default_factory=dict)
    name_server: tuple[str, int] | None = None
    clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def client(self, service: str) -> Any:
        """A boto3 client that gives up soon."""
        with self._lock:  # a session makes one client at a time
            if service not in self.clients:
                self.clients[service] = self.account.session.client(service, config=_CONFIG)
            return self.clients[service]

    @property
    def quick_account(self) -> Account:
        """The account, asked by these clients: for what is not only asked by checks."""
        return _QuickAccount(self)

    @property
    def base(self) -> Stack:
        """The stack that is deployed first."""
        return self.templates.stacks[0]

    @property
    def is_emulated(self) -> bool:
        """Whether the account is an emulator on this machine: it pulls no image, and no public DNS knows its zones."""
        host = urllib.parse.urlsplit(self.client("sts").meta.endpoint_url).hostname
        return host in ("localhost", "127.0.0.1", "::1")

    @property
    def has_public_names(self) -> bool:
        """Whether the account's zones are to be found in the DNS that is asked."""
        return self.name_server is not None or not self.is_emulated

    @property
    def pulls_images(self) -> bool:
        """Whether the registries that are asked are those that the account pulls from."""
        return bool(self.registries) or not self.is_emulated

    def resources(self, *types: str) -> Iterator[Resource]:
        """All resources of the templates, or those of some types."""
        for stack in self.templates.stacks:
            for logical_id, body in stack.template.get("Resources", {}).items():
                if not types or body["Type"] in types:
                    yield Resource(stack, logical_id, body["Type"], body.get("Properties") or {}, source_of(body))

    def new(self, *types: str) -> list[Resource]:
        """Those that the stacks do not have yet."""
        return [resource for resource in self.resources(*types) if not self.exists(resource)]

    def exists(self, resource: Resource) -> bool:
        """Whether the stack was deployed with this resource."""
        deployed = self.stacks.get(resource.stack.name)
        return deployed is not None and resource.logical_id in (deployed.template.get("Resources") or {})

    def property(self, resource: Resource, name: str) -> str | None:
        """A property of a resource as text, likewise."""
        value = resource.properties.get(name)
        return self.text(value, resource.stack) if value is not None else None

    def text(self, value: Any, stack: Stack) -> str | None:
        """A value of a template as text; None where it is known only after the deployment."""
        if isinstance(value, bool | int | float | str):
            return str(value).lower() if isinstance(value, bool) else str(value)
        if not isinstance(value, Mapping) or len(value) != 1:
            return None
        [(function, argument)] = value.items()
        if function == "Ref":
            return self._reference(str(argument), stack)
        if function == "Fn::Join":
            separator, parts = argument
            texts = [self.text(part, stack) for part in parts] if isinstance(parts, list) else [None]
            return None if None in texts else str(separator).join(str(text) for text in texts)
        return None

    def _reference(self, name: str, stack: Stack) -> str | None:
        if name == "AWS::StackName":
            return stack.name
        if name == "AWS::Region":
            return self.account.region
        if name == "AWS::AccountId":
            return self.account.identity.account
        if name == "AWS::Partition":
            return self.account.partition
        parameter = next((one for one in stack.parameters if one.name == name), None)
        if parameter is None or parameter.secret:
            return None
        deployed = self.stacks.get(stack.name)
        return (deployed.parameters.get(name) if deployed else None) or parameter.default

    def finding(self, code: str, severity: Severity, message: str, remedy: str, source: str | None = None) -> Finding:
        """A finding, at the place in the compose files that a path stands for, or the nearest above it."""
        place = source
        while place and place not in self.positions:
            place = place.rpartition(".")[0]
        return Finding(code, severity, message, remedy, None, self.positions.get(place or ""))


class _QuickAccount(Account):
    def __init__(self, situation: Situation) -> None:
        super().__init__(situation.account.session, situation.account.region)
        self._situation = situation

    def client(self, service: str) -> Any:
        return self._situation.client(service)


def positions_of(plan: Plan) -> dict[str, Position]:
    """The places of all decided paths of a plan."""
    return {people_path(one.path): one.position for one in plan.decisions if one.position is not None}
