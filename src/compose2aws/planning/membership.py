"""Small decisions on keys whose meaning follows from what other planners decided: membership in networks, exposed
ports, the sections at the end of the file, and settings that only say how."""

from __future__ import annotations

from collections.abc import Mapping

from compose2aws.compose import node as tree
from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import Managed
from compose2aws.planning.mount_point import Mounts
from compose2aws.planning.network import network_group
from compose2aws.planning.source import ServiceSource

_NOTHING_SHARED = {"pid": "processes", "ipc": "memory segments"}
# What ECS uses by itself: runc, and NVIDIA's on instances with GPUs.
_RUNTIMES = frozenset(("runc", "io.containerd.runc.v2", "nvidia"))


def decide_membership(
    project: Project,
    kinds: Mapping[str, Kind],
    mounts: Mapping[str, Mounts],
    managed: Mapping[str, Managed],
    ledger: Ledger,
) -> None:
    """Record the decisions on these keys of every service that runs, and on the sections."""
    for kind in kinds.values():
        if kind.runs:
            _decide_service(kind, ledger)
    _decide_volumes(project, kinds, mounts, managed, ledger)
    _decide_configs(project, kinds, mounts, ledger)
    _decide_settings(project, ledger)


def _decide_service(kind: Kind, ledger: Ledger) -> None:
    service = kind.source
    definition = service.definition
    for network in service.networks:
        path = service.at("networks", network)
        ledger.record(path, "translated", network_group(network), reason=f"a member of {network}'s security group")
        for key in service.entries("networks", network):
            if key in ("ipv4_address", "ipv6_address", "mac_address", "link_local_ips"):
                ledger.drop(
                    service.at("networks", network, key),
                    "fixed-address",
                    f"{service.name} cannot have a fixed address: a task has the one that AWS gives it",
                    "use the service's name",
                )
    for index in range(len(service.items("expose"))):
        ledger.record(service.at("expose", index), "translated", definition, reason="reached by the network's members")
    for key in ("container_name", "hostname"):
        if key in service.node and not ledger.covers(service.at(key)):
            own = service.text(key) == service.name
            ledger.record(service.at(key), "inert", reason="its own name" if own else "nobody calls it by that name")
    for index, link in enumerate(service.texts("links")):
        if not ledger.covers(service.at("links", index)):
            target = link.partition(":")[0]
            ledger.record(service.at("links", index), "inert", reason=f"{target} is reached by its own name anyway")
    if "platform" in service.node:
        platform = service.text("platform") or ""
        if platform.startswith("windows"):
            ledger.refuse(service.at("platform"), "windows", "Windows containers are not supported")
        elif "/" in platform and not platform.startswith("linux/"):
            ledger.refuse(
                service.at("platform"),
                "platform",
                f"{service.name} is for {platform}, and ECS runs Linux containers",
                "build it for linux/amd64 or linux/arm64, or leave it out: a service with a profile is started on "
                "request only",
            )
        else:
            ledger.record(service.at("platform"), "translated", definition)
    if service.text("network_mode") in ("bridge", "none", "default"):
        mode = service.text("network_mode")
        reason = "no network of the file: a security group of its own" if mode == "none" else "the default of Docker"
        ledger.record(service.at("network_mode"), "inert", reason=reason)
    elif (service.text("network_mode") or "").startswith("container:"):
        ledger.refuse(
            service.at("network_mode"),
            "container-network",
            f"{service.name} shares the network of a container outside of this file",
            "use `service:NAME`",
        )
    for key, what in _NOTHING_SHARED.items():
        shared = service.text(key) or ""
        if shared.startswith(("service:", "container:")):
            reason = f"{service.name} sees {what} of its own, not those of {shared.partition(':')[2]}"
            ledger.drop(service.at(key), f"shared-{key}", reason, "let them speak over the network or a volume")
        elif key in service.node and not ledger.covers(service.at(key)):
            ledger.record(service.at(key), "inert", reason=f"each task has {what} of its own")
    _decide_runtime(service, ledger)
    _decide_mode(kind, ledger)
    if "managed" in service.entries("x-aws"):
        ledger.record(service.at("x-aws", "managed"), "translated", definition, reason="kept as a container")
    _decide_idle_settings(service, ledger)
    if service.settings.was and not ledger.covers(service.at("x-aws", "was")):
        reason = f"what it became as {service.identity} stays as it is"
        ledger.record(service.at("x-aws", "was"), "translated", definition, reason=reason)


def _decide_mode(kind: Kind, ledger: Ledger) -> None:
    service = kind.source
    mode = service.text("deploy", "mode")
    path = service.at("deploy", "mode")
    if mode is None:
        return
    if mode == "replicated" and kind.what != "job":
        ledger.record(path, "translated", reason="as many tasks as `replicas` says")
    elif mode == "global":
        ledger.record(path, "adapted", reason="one task: there are no hosts of yours that each want one")
    else:
        ledger.record(path, "adapted", reason="it runs once for each revision")


def _decide_runtime(service: ServiceSource, ledger: Ledger) -> None:
    runtime = service.text("runtime")
    if runtime in _RUNTIMES:
        ledger.record(service.at("runtime"), "inert", reason="the runtime that ECS uses for it anyway")
    elif runtime:
        ledger.drop(service.at("runtime"), "runtime", f"{service.name} does not run in {runtime}: ECS uses runc")


def _decide_idle_settings(service: ServiceSource, ledger: Ledger) -> None:
    """Settings of `x-aws` that no planner had a use for."""
    needs = {
        "host": "a published HTTP port, and `domain` at the top",
        "path": "a published HTTP port, and `domain` at the top",
        "priority": "a published HTTP port, and `domain` at the top",
        "protocol": "a published port",
        "public": "a published port",
        "autoscale": "a service that keeps running",
        "spot": "a service that keeps running",
        "registry-credentials": "an image of a registry",
    }
    for key in service.entries("x-aws"):
        path = service.at("x-aws", key)
        if key in needs and not ledger.covers(path):
            ledger.drop(path, "setting-without-use", f"`{key}` of {service.name} has no effect: it needs {needs[key]}")


def _decide_volumes(
    project: Project,
    kinds: Mapping[str, Kind],
    mounts: Mapping[str, Mounts],
    managed: Mapping[str, Managed],
    ledger: Ledger,
) -> None:
    for found in mounts.values():
        for point in found.access_points:
            if point.source[:1] == ("volumes",):
                _tell_where_it_was(project, point.source, ledger)
                ledger.record(point.source, "adapted", point.id, reason="kept on EFS, encrypted and backed up")
    for name, item in managed.items():
        service = kinds[name].source
        for index in range(len(service.items("volumes"))):
            volume = service.text("volumes", index, "source")
            if service.text("volumes", index, "type") == "volume" and volume:
                ledger.record(
                    ("volumes", volume),
                    "adapted",
                    item.resources[0],
                    code="volume-absorbed",
                    reason=f"{name} is managed and keeps its own data",
                )


def _tell_where_it_was(project: Project, path: Path, ledger: Ledger) -> None:
    """A volume whose content lies elsewhere: another project's, or a file server's."""
    volume = tree.find(project.root, path)
    if not isinstance(volume, tree.Mapping):
        return
    external, options = volume.entries.get("external"), volume.entries.get("driver_opts")
    if isinstance(external, tree.Scalar) and external.value is True:
        reason = f"the volume {path[1]} is declared outside of this file; on AWS it is a new, empty folder"
        ledger.find("external-volume", "warning", reason, "copy its content there once", path)
    elif isinstance(options, tree.Mapping) and any(
        isinstance(option, tree.Scalar) and option.text for option in options.entries.values()
    ):
        reason = f"the options of the volume {path[1]} say where it lies here; on AWS it is a new, empty folder on EFS"
        ledger.find("volume-options", "warning", reason, "copy its content there once", path)


def _decide_configs(project: Project, kinds: Mapping[str, Kind], mounts: Mapping[str, Mounts], ledger: Ledger) -> None:
    declared = project.root.get("configs")
    for name, found in mounts.items():
        for file in (*found.baked, *(fill.file for fill in found.fills)):
            node = tree.find(project.root, (*file.path, "source")) if len(file.path) > 2 else None
            if file.path[2:3] == ("configs",) and isinstance(node, tree.Scalar) and isinstance(declared, tree.Mapping):
                definition = kinds[name].source.definition
                ledger.record(("configs", node.text), "adapted", definition, reason="part of the image")


def _decide_settings(project: Project, ledger: Ledger) -> None:
    """The project's own settings."""
    block = project.root.get("x-aws")
    for key in block.entries if isinstance(block, tree.Mapping) else ():
        if not ledger.covers(("x-aws", key)):
            ledger.record(("x-aws", key), "translated", reason="a setting of compose2aws")
