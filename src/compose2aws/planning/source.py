"""A compose service as the planners read it: typed looks into its canonical node, each with its path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from compose2aws.compose.node import Mapping, Node, Path, Scalar, Sequence, find
from compose2aws.compose.project import Project
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import named
from compose2aws.planning.settings import ServiceSettings, Settings

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|µs|ms|ns|h|m|s|d|w)")
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}


def seconds(text: str) -> float | None:
    """A duration as Compose writes it (`1m30s`), in seconds; None where it is none."""
    if not text or _DURATION.sub("", text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))


@dataclass(frozen=True, slots=True)
class ServiceSource:
    """One service of the canonical project. Every look takes the keys below `services.NAME`.

    `owner` is the service whose task its container stands in: itself, but for one that shares another's network. `task`
    is the owner's `identity`.
    """

    name: str
    node: Mapping
    settings: ServiceSettings
    owner: str
    task: str

    @property
    def identity(self) -> str:
        """The name that ids are made of: the first that the service had on AWS."""
        return self.settings.was or self.name

    @property
    def path(self) -> Path:
        return ("services", self.name)

    def at(self, *steps: str | int) -> Path:
        """The path of something below this service."""
        return ("services", self.name, *steps)

    def get(self, *steps: str | int) -> Node | None:
        return find(self.node, steps)

    def text(self, *steps: str | int) -> str | None:
        """The scalar's text; None where there is none or it is null."""
        node = self.get(*steps)
        return node.text if isinstance(node, Scalar) and node.value is not None else None

    def flag(self, *steps: str | int) -> bool:
        node = self.get(*steps)
        return isinstance(node, Scalar) and node.value is True

    def number(self, *steps: str | int) -> float | None:
        text = self.text(*steps)
        try:
            return float(text) if text is not None else None
        except ValueError:
            return None

    def whole(self, *steps: str | int) -> int | None:
        number = self.number(*steps)
        return int(number) if number is not None else None

    def duration(self, *steps: str | int) -> float | None:
        """Seconds."""
        text = self.text(*steps)
        return seconds(text) if text is not None else None

    def entries(self, *steps: str | int) -> dict[str, Node]:
        """The entries of a mapping; none where there is no mapping."""
        node = self.get(*steps)
        return node.entries if isinstance(node, Mapping) else {}

    def items(self, *steps: str | int) -> tuple[Node, ...]:
        """The items of a list; none where there is no list."""
        node = self.get(*steps)
        return node.items if isinstance(node, Sequence) else ()

    def texts(self, *steps: str | int) -> tuple[str, ...]:
        return tuple(item.text for item in self.items(*steps) if isinstance(item, Scalar))

    @property
    def definition(self) -> ResourceId:
        """The task definition that its container stands in."""
        return named("AWS::ECS::TaskDefinition", self.task, "TaskDefinition")

    @property
    def networks(self) -> tuple[str, ...]:
        """The Compose networks it is in."""
        return tuple(self.entries("networks"))

    @property
    def network_service(self) -> str | None:
        """The service whose network it shares (`network_mode: service:x`)."""
        mode = self.text("network_mode") or ""
        return mode.removeprefix("service:") if mode.startswith("service:") else None

    @property
    def dependencies(self) -> dict[str, str]:
        """The services it depends on, with the condition."""
        return {
            name: (entry.entries["condition"].text if isinstance(entry.entries.get("condition"), Scalar) else "")  # type: ignore[union-attr]
            for name, entry in self.entries("depends_on").items()
            if isinstance(entry, Mapping)
        }


def first_name(root: Mapping, service: str) -> str:
    """The name that a service's ids are made of: the first that it had on AWS (`x-aws.was`)."""
    was = find(root, ("services", service, "x-aws", "was"))
    return was.text if isinstance(was, Scalar) and was.text else service


def sources(project: Project, settings: Settings) -> Iterator[ServiceSource]:
    """The services of a project, in the order of the file."""
    services = project.root.get("services")
    nodes = services.entries if isinstance(services, Mapping) else {}
    for name, node in nodes.items():
        if isinstance(node, Mapping):
            owner = _owner(name, nodes)
            own = settings.services.get(name, ServiceSettings())
            yield ServiceSource(name, node, own, owner, settings.identities.get(owner, owner))


def _owner(name: str, nodes: dict[str, Node]) -> str:
    """Follows `network_mode: service:x`; the loader refuses circles, and a step that leads nowhere ends it."""
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        mode = find(nodes[name], ("network_mode",))
        other = mode.text.removeprefix("service:") if isinstance(mode, Scalar) else ""
        if isinstance(mode, Scalar) and mode.text.startswith("service:") and other in nodes:
            name = other
    return name
