"""Whether the parts of a project fit together: names that nothing has, values that contradict each other, cycles.

The checks that `docker compose config` makes last. Each looks at one service and notes all that it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from compose2aws.compose.journal import Journal
from compose2aws.compose.node import Mapping, Node, Path, Scalar, Sequence, locate
from compose2aws.compose.normalization import references
from compose2aws.compose.project import InactiveService
from compose2aws.compose.provenance import cut, partition, spelled, unset_variables

_SERVICE_PREFIX = "service:"


@dataclass(frozen=True, slots=True)
class _Service:
    """One service and what surrounds it."""

    name: str
    node: Mapping
    root: Mapping
    inactive: dict[str, InactiveService]
    journal: Journal

    @property
    def path(self) -> Path:
        return ("services", self.name)

    def part(self, key: str) -> Mapping:
        value = self.node.get(key)
        return value if isinstance(value, Mapping) else Mapping({}, self.node.position)

    def items(self, key: str) -> tuple[Node, ...]:
        value = self.node.get(key)
        return value.items if isinstance(value, Sequence) else ()

    def error(self, code: str, message: str, *below: str | int) -> None:
        path = (*self.path, *below)
        self.journal.error(code, message, path, locate(self.node, tuple(below)))

    def section(self, key: str) -> dict[str, Node]:
        value = self.root.get(key)
        return value.entries if isinstance(value, Mapping) else {}

    def wants(self, section: str, what: str, named: Node | str | None, *below: str | int) -> None:
        """Notes an error where a section has no such name."""
        known = self.section(section)
        if (named if isinstance(named, str) else _text(named)) not in known:
            name = spelled(named) if isinstance(named, Scalar) else str(named)
            offer = self.journal.meant(name, known)
            self.error(f"no-{what}", f"the {what} {name!r} is nowhere in `{section}`{offer}", *below)


def check(root: Mapping, inactive: tuple[InactiveService, ...], journal: Journal) -> None:
    """Notes everything that does not fit. Wants final shapes."""
    left_out = {service.name: service for service in inactive}
    services = root.get("services")
    entries = services.entries if isinstance(services, Mapping) else {}
    for name, node in entries.items():
        if isinstance(node, Mapping):
            service = _Service(name, node, root, left_out, journal)
            for rule in RULES:
                rule(service)
    _secrets(root, journal)
    _cycles(entries, journal)


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _number(node: Node | None) -> float | None:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, str):
        return float(value) if value.lstrip("-").isdigit() else None
    return None if isinstance(value, bool) else value


def _image_or_build(service: _Service) -> None:
    image = service.node.get("image")
    if {"build", "provider"}.intersection(service.node) or _text(image):
        return
    names = unset_variables(image) if isinstance(image, Scalar) else ()
    reason = f": the variable {names[0]!r} is not set" if names else ""
    service.error("no-image", f"the service {service.name!r} has neither `image` nor `build`{reason}")


def _build(service: _Service) -> None:
    build = service.part("build")
    if "dockerfile" in build and "dockerfile_inline" in build:
        service.error(
            "dockerfile", "`dockerfile` and `dockerfile_inline` exclude each other", "build", "dockerfile_inline"
        )
    contexts = build.get("additional_contexts")
    for name, context in contexts.entries.items() if isinstance(contexts, Mapping) else ():
        if not isinstance(context, Scalar) or not context.text.startswith(_SERVICE_PREFIX):
            continue
        other = cut(context, len(_SERVICE_PREFIX), len(context.text))
        service.wants("services", "service", other, "build", "additional_contexts", name)
        node = service.section("services").get(other.text)
        if isinstance(node, Mapping) and "build" not in node:
            message = f"the service {spelled(other)!r} has no `build`: it is no build context"
            service.error("no-build", message, "build", "additional_contexts", name)
    platforms, platform = build.get("platforms"), _text(service.node.get("platform"))
    if isinstance(platforms, Sequence) and platform and platform not in [_text(item) for item in platforms.items]:
        service.error("platform", "`build.platforms` must hold the service's `platform`", "build", "platforms")
    secrets = build.get("secrets")
    for at, grant in enumerate(secrets.items if isinstance(secrets, Sequence) else ()):
        if isinstance(grant, Mapping):
            service.wants("secrets", "secret", grant.get("source"), "build", "secrets", at)


def _networks(service: _Service) -> None:
    if "network_mode" in service.node and service.part("networks").entries:
        service.error("network-mode", "`network_mode` and `networks` exclude each other", "network_mode")
    for network in service.part("networks"):
        service.wants("networks", "network", network, "networks", network)


def _healthcheck(service: _Service) -> None:
    test = service.part("healthcheck").get("test")
    first = test.items[0] if isinstance(test, Sequence) and test.items else None
    if first is not None and _text(first) not in ("CMD", "CMD-SHELL", "NONE"):
        service.error(
            "healthcheck",
            "a list begins with CMD, CMD-SHELL or NONE; or write the command as a text",
            "healthcheck",
            "test",
        )


def _dependencies(service: _Service) -> None:
    known = service.section("services")
    named = {reference.named.text: reference for reference in references(service.node)}
    for name, dependency in service.part("depends_on").entries.items():
        if name in known:
            continue
        left_out = service.inactive.get(name)
        required = dependency.get("required") if isinstance(dependency, Mapping) else None
        if left_out is None and name in named:
            service.wants("services", "service", named[name].named, *named[name].path)
        elif left_out is None:
            service.error(
                "no-service", f"there is no service {name!r}{service.journal.meant(name, known)}", "depends_on", name
            )
        elif not (isinstance(required, Scalar) and required.value is False):
            service.error(
                "inactive-dependency",
                f"the service {name!r} is left out: none of its profiles is active ({', '.join(left_out.profiles)}); "
                "activate one, or set `required: false`",
                "depends_on",
                name,
            )


def _granted(service: _Service) -> None:
    for section, what in (("configs", "config"), ("secrets", "secret")):
        for at, grant in enumerate(service.items(section)):
            if isinstance(grant, Mapping):
                service.wants(section, what, grant.get("source"), section, at)
    for model in service.part("models"):
        service.wants("models", "model", model, "models", model)


def _volumes(service: _Service) -> None:
    for at, mount in enumerate(service.items("volumes")):
        if isinstance(mount, Mapping) and _text(mount.get("type")) == "volume" and _text(mount.get("source")):
            service.wants("volumes", "volume", mount.get("source"), "volumes", at)


def _one_mount_a_target(service: _Service) -> None:
    taken: dict[str, str] = {}
    for at, entry in enumerate(service.items("tmpfs")):
        if isinstance(entry, Scalar):
            _take(service, partition(entry, ":")[0], "tmpfs", at, taken)
    for at, mount in enumerate(service.items("volumes")):
        target = mount.get("target") if isinstance(mount, Mapping) else None
        if isinstance(target, Scalar):
            _take(service, target, "volumes", at, taken)


def _take(service: _Service, target: Scalar, key: str, at: int, taken: dict[str, str]) -> None:
    if target.text in taken:
        message = f"{spelled(target)!r} is already mounted by {taken[target.text]}"
        service.error("mounted-twice", message, key, at)
    else:
        taken[target.text] = f"{key}[{at}]"


def _scale(service: _Service) -> None:
    scale, replicas = _number(service.node.get("scale")), _number(service.part("deploy").get("replicas"))
    if scale is not None and replicas is not None and scale != replicas:
        service.error("scale", "`scale` and `deploy.replicas` differ", "scale")
    for value, below in ((scale, ("scale",)), (replicas, ("deploy", "replicas"))):
        if value is not None and value < 0:
            service.error("scale", "at least 0 is wanted here", *below)
    count = scale if scale is not None else replicas
    if count is not None and count > 1 and _text(service.node.get("container_name")):
        service.error("scale", "a service with a `container_name` cannot have several containers", "container_name")


_LIMITS = (
    ("cpus", "limits", "cpus"),
    ("mem_limit", "limits", "memory"),
    ("mem_reservation", "reservations", "memory"),
    ("pids_limit", "limits", "pids"),
)


def _limits(service: _Service) -> None:
    resources = service.part("deploy").get("resources")
    for key, kind, name in _LIMITS:
        own = _number(service.node.get(key))
        group = resources.get(kind) if isinstance(resources, Mapping) else None
        if own and isinstance(group, Mapping) and (_number(group.get(name)) or 0) != own:
            service.error("limits", f"`{key}` and `deploy.resources.{kind}.{name}` differ", key)


def _watches(service: _Service) -> None:
    watch = service.part("develop").get("watch")
    for at, rule in enumerate(watch.items if isinstance(watch, Sequence) else ()):
        if (
            isinstance(rule, Mapping)
            and "target" not in rule
            and _text(rule.get("action")) not in ("rebuild", "restart")
        ):
            service.error("watch", "a `target` is wanted for this action", "develop", "watch", at)


Rule: TypeAlias = Callable[[_Service], None]
RULES: tuple[Rule, ...] = (
    _image_or_build, _build, _networks, _healthcheck, _dependencies, _granted, _volumes, _one_mount_a_target, _scale,
    _limits, _watches,
)  # fmt: skip


def _secrets(root: Mapping, journal: Journal) -> None:
    secrets = root.get("secrets")
    for name, secret in secrets.entries.items() if isinstance(secrets, Mapping) else ():
        if isinstance(secret, Mapping) and not {"external", "file", "environment"}.intersection(secret.entries):
            journal.error(
                "no-content", "one of `file`, `environment` is wanted here", ("secrets", name), secret.position
            )


def _cycles(services: dict[str, Node], journal: Journal) -> None:
    """Notes one circle of dependencies, if there is one: depth first, without recursion."""
    done: set[str] = set()
    for start in sorted(services):
        trail: dict[str, Iterator[str]] = {start: _depended(services, start)} if start not in done else {}
        while trail:
            name = next(reversed(trail))
            other = next(trail[name], None)
            if other is None:
                done.add(name)
                del trail[name]
            elif other in trail:
                names = list(trail)
                circle = [*names[names.index(other) :], other]
                message = f"the services depend on each other in a circle: {' → '.join(circle)}"
                path: Path = ("services", name, "depends_on", other)
                journal.error("dependency-cycle", message, path, locate(services[name], path[2:]))
                return
            elif other not in done:
                trail[other] = _depended(services, other)


def _depended(services: dict[str, Node], name: str) -> Iterator[str]:
    node = services[name]
    depends_on = node.get("depends_on") if isinstance(node, Mapping) else None
    names = sorted(depends_on) if isinstance(depends_on, Mapping) else []
    return iter([other for other in names if other in services])
