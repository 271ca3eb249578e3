"""What Compose means without saying it: the default network, dependencies by reference, names.

Compose Specification: networks ("The default network"), services ("links", "network_mode", "volumes_from"), `name`.
"""

from __future__ import annotations

from dataclasses import dataclass

from compose2aws.compose.environment import with_values
from compose2aws.compose.forms import is_text, with_entry, without
from compose2aws.compose.merge import nothing
from compose2aws.compose.node import Mapping, Node, Path, Scalar, Sequence
from compose2aws.compose.provenance import cut, split
from compose2aws.compose.template import Lookup
from compose2aws.compose.volumes import clean_target

_SERVICE_PREFIX = "service:"
_NAMESPACES = ("network_mode", "ipc", "pid", "uts", "cgroup")
_NAMED_SECTIONS = ("networks", "volumes", "configs", "secrets")


def normalize(root: Mapping, project_name: str, lookup: Lookup) -> Mapping:
    """The project with what is implicit written out. Wants long forms and defaults."""
    services = root.get("services")
    if isinstance(services, Mapping):
        connected = {
            name: _connected(service) if isinstance(service, Mapping) else service
            for name, service in services.entries.items()
        }
        root = _with_default_network(root, connected)
        entries = {
            name: _service(service, lookup) if isinstance(service, Mapping) else service
            for name, service in connected.items()
        }
        root = with_entry(root, "services", Mapping(entries, services.position, services.keys))
    for section in _NAMED_SECTIONS:
        resources = root.get(section)
        if isinstance(resources, Mapping):
            root = with_entry(root, section, _named(resources, project_name))
    return root


def _connected(service: Mapping) -> Mapping:
    if "provider" in service or "network_mode" in service:
        return service
    networks = service.get("networks")
    if networks is None or (isinstance(networks, Mapping) and not networks.entries):
        position = service.position
        return with_entry(service, "networks", Mapping({"default": nothing(position)}, position, {"default": position}))
    return service


def _with_default_network(root: Mapping, services: dict[str, Node]) -> Mapping:
    users = [
        service
        for service in services.values()
        if isinstance(service, Mapping)
        and isinstance(networks := service.get("networks"), Mapping)
        and "default" in networks
        and "network_mode" not in service
        and "provider" not in service
    ]
    if not users:
        return root
    networks = root.get("networks")
    if not isinstance(networks, Mapping):
        networks = Mapping({}, root.position)
    if "default" in networks:
        return root
    return with_entry(root, "networks", with_entry(networks, "default", None, root.position))


def _service(service: Mapping, lookup: Lookup) -> Mapping:
    policy = service.get("pull_policy")
    if isinstance(policy, Scalar) and policy.value == "if_not_present":
        service = with_entry(service, "pull_policy", Scalar("missing", policy.position, policy.segments))
    build = service.get("build")
    if isinstance(build, Mapping):
        service = with_entry(service, "build", _build(build, lookup))
    environment = service.get("environment")
    if environment is not None:
        service = with_entry(service, "environment", with_values(environment, lookup))
    volumes = service.get("volumes")
    if isinstance(volumes, Sequence):
        items = tuple(clean_target(item) if isinstance(item, Mapping) else item for item in volumes.items)
        service = with_entry(service, "volumes", Sequence(items, volumes.position))
    return _with_hook_images(_with_dependencies(_with_replicas(service)))


def _with_replicas(service: Mapping) -> Mapping:
    """`scale` is the old word for `deploy.replicas`."""
    scale, deploy = service.get("scale"), service.get("deploy")
    if _is_null(scale) or scale is None or not isinstance(deploy, Mapping) or not _is_null(deploy.get("replicas")):
        return service
    return with_entry(service, "deploy", with_entry(deploy, "replicas", scale))


def _build(build: Mapping, lookup: Lookup) -> Mapping:
    if _is_null(build.get("context")):
        build = with_entry(build, "context", ".")
    if _is_null(build.get("dockerfile")) and _is_null(build.get("dockerfile_inline")):
        build = with_entry(build, "dockerfile", "Dockerfile")
    arguments = build.get("args")
    if arguments is not None:
        # An argument without a value is not passed to the build.
        build = with_entry(build, "args", with_values(arguments, lookup, keep_unset=False))
    return build


def _is_null(node: Node | None) -> bool:
    return node is None or (isinstance(node, Scalar) and node.value is None)


def _with_dependencies(service: Mapping) -> Mapping:
    """Whatever a service refers to, it depends on."""
    written = service.get("depends_on")
    depends_on = written if isinstance(written, Mapping) else Mapping({}, service.position)
    for reference in references(service):
        name, position = reference.named.text, reference.named.position
        if name not in depends_on:
            entries: dict[str, Node] = {
                "condition": Scalar("service_started", position),
                "restart": Scalar(reference.restart, position),
                "required": Scalar(True, position),
            }
            dependency = Mapping(entries, position, dict.fromkeys(entries, position))
            depends_on = with_entry(depends_on, name, dependency, position)
    return with_entry(service, "depends_on", depends_on) if depends_on.entries else without(service, "depends_on")


@dataclass(frozen=True, slots=True)
class Reference:
    """A service that another one names: whether it restarts with it, and the path below it that says so."""

    named: Scalar
    restart: bool
    path: Path


def references(service: Mapping) -> list[Reference]:
    """The services that a service names, but for those in `depends_on`."""
    found: list[Reference] = []
    for at, link in _texts(service.get("links")):
        parts = split(link, ":")
        found.append(Reference(parts[0] if len(parts) == 2 else link, True, ("links", at)))
    for key in _NAMESPACES:
        shared = service.get(key)
        if isinstance(shared, Scalar) and shared.text.startswith(_SERVICE_PREFIX):
            found.append(Reference(cut(shared, len(_SERVICE_PREFIX), len(shared.text)), True, (key,)))
    for at, origin in _texts(service.get("volumes_from")):
        if not origin.text.startswith("container:"):
            found.append(Reference(split(origin, ":")[0], False, ("volumes_from", at)))
    return found


def _texts(node: Node | None) -> list[tuple[int, Scalar]]:
    items = node.items if isinstance(node, Sequence) else ()
    return [(at, item) for at, item in enumerate(items) if isinstance(item, Scalar) and is_text(item)]


def _with_hook_images(service: Mapping) -> Mapping:
    hooks, image = service.get("pre_start"), service.get("image")
    if not isinstance(hooks, Sequence) or not isinstance(image, Scalar) or not image.text:
        return service
    items = tuple(
        with_entry(hook, "image", image) if isinstance(hook, Mapping) and "image" not in hook else hook
        for hook in hooks.items
    )
    return with_entry(service, "pre_start", Sequence(items, hooks.position))


def _named(resources: Mapping, project_name: str) -> Mapping:
    """Each resource with its name: its own, else its key, behind the project's name where the project makes it."""
    entries: dict[str, Node] = {}
    for key, resource in resources.entries.items():
        position = resources.keys.get(key, resource.position)
        mapping = resource if isinstance(resource, Mapping) else Mapping({}, position)
        if _is_null(mapping.get("name")):
            external = mapping.get("external")
            outside = isinstance(external, Scalar) and external.value is True
            mapping = with_entry(mapping, "name", key if outside else f"{project_name}_{key}", position)
        entries[key] = mapping
    return Mapping(entries, resources.position, resources.keys)
