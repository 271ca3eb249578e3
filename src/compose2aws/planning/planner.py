"""The planner: puts the stages together. Each takes what those before it decided; the order is legible here.

settings → kinds → managed services → values → mounts, secret files, images → ports → groups → names → discovery
→ workloads → what no planner decided (the key table)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from compose2aws.catalog import Catalog
from compose2aws.compose import node as tree
from compose2aws.compose.project import Project
from compose2aws.planning.alarm import plan_alarms
from compose2aws.planning.browser_address import rewrite_browser_addresses
from compose2aws.planning.container import known_ports
from compose2aws.planning.discovery import plan_discovery
from compose2aws.planning.dockerfile import dockerfile_text
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.filling import plan_filling
from compose2aws.planning.full_name import FullNames, write_names_in_full
from compose2aws.planning.host import hosts, plan_names
from compose2aws.planning.hosting import hosted_services, plan_fleets
from compose2aws.planning.identity import ResourceId, limited
from compose2aws.planning.image import choose_image
from compose2aws.planning.initialisation import Initialisation, plan_initialisation, waits_for_database
from compose2aws.planning.keys import apply_key_table
from compose2aws.planning.kind import Kind, classify
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.log_driver import LogDrivers, plan_log_drivers
from compose2aws.planning.managed import move
from compose2aws.planning.membership import decide_membership
from compose2aws.planning.model import (
    AccessPoint,
    BuiltImage,
    Connection,
    FileSystem,
    Image,
    Parameter,
    Plan,
    Service,
    StoredSecret,
    Workload,
)
from compose2aws.planning.mount import plan_mounts
from compose2aws.planning.mount_point import Mounts
from compose2aws.planning.mounted_address import mounted_addresses
from compose2aws.planning.mounted_login import tell_of_mounted_logins
from compose2aws.planning.network import (
    balancer_groups,
    file_system_group,
    host_groups,
    internal_networks,
    plan_groups,
    plan_vpc,
    subnets_of,
    usual_subnets,
)
from compose2aws.planning.parts import Parts
from compose2aws.planning.ports import asked_paths, plan_ports, spoken
from compose2aws.planning.secret_file import SecretFiles, plan_secret_files, shared_passwords
from compose2aws.planning.settings import Settings, read_settings
from compose2aws.planning.source import sources
from compose2aws.planning.unset_variable import empty_texts
from compose2aws.planning.values import Values, plan_values
from compose2aws.planning.values.host_names import host_names
from compose2aws.planning.verbatim import refuse_dynamic_references
from compose2aws.planning.workload import grace_periods, plan_workloads


def plan(project: Project, catalog: Catalog, tier: str | None = None) -> Plan:
    """Decide what a project becomes. `tier` is the command line's and wins over the file's.

    Refusals are decisions of the plan, not errors. Raises `ComposeError` where `x-aws` is not what its schema says.
    """
    settings = read_settings(project, tier)
    ledger = Ledger(project.root)
    services = tuple(sources(project, settings))
    kinds = classify(services, catalog, ledger)
    retention = settings.retention
    namespace = f"{limited(re.sub(r'[^a-z0-9-]', '-', project.name.lower()).strip('-') or 'project', 63)}.internal"

    moved = move(project, kinds, hosts(kinds), settings, catalog, ledger)
    running = {name: kind for name, kind in kinds.items() if kind.runs}
    passwords = shared_passwords(kinds, moved.endpoints)
    given = frozenset(passwords[s] for k in running.values() for s in _secrets_of(k) if s in passwords)
    known_entrypoints = {
        name: kind.mapping.entrypoint
        for name, kind in running.items()
        if kind.mapping and kind.mapping.entrypoint is not None and "build" not in kind.source.node
    }
    values = plan_values(project, ledger, tuple(running), moved.endpoints, given, known_entrypoints)
    refuse_dynamic_references(values.by_service, ledger)
    hosted = hosted_services(running, project, ledger)
    internal = internal_networks(project)
    subnets = {name: subnets_of(kind.source, internal, settings, bool(hosted)) for name, kind in running.items()}
    mounts = {name: plan_mounts(kind.source, project, ledger) for name, kind in running.items()}
    secret_files = {
        name: plan_secret_files(
            kind.source, mounts[name], project, passwords, subnets[name] == "isolated", retention, ledger
        )
        for name, kind in running.items()
    }
    images: dict[str, Image] = {}
    for name, kind in running.items():
        isolated = subnets[name] == "isolated"
        baked = (*mounts[name].baked, *secret_files[name].links)
        image = choose_image(kind.source, kind.image, baked, project, catalog, isolated, ledger, values.holds_secret)
        if image is not None:
            images[name] = image

    fillings = {
        name: plan_filling(running[name].source, mounts[name], image, project, retention)
        for name, image in images.items()
    }
    logs = plan_log_drivers(kinds, namespace, ledger)
    called = host_names(project.root, moved.endpoints)
    ports = plan_ports(
        kinds,
        _health_paths(running),
        grace_periods(running, hosted),
        frozenset(logs.ports),
        settings,
        spoken(project, running, called),
        ledger,
    )
    told = rewrite_browser_addresses(values.by_service, ports.urls, running, ledger)
    file_system = _file_system(mounts, settings)
    groups = plan_groups(
        project,
        kinds,
        moved.items,
        {service for service, *_ in ports.admitted},
        file_system,
        {kind.source.owner for name, kind in running.items() if mounts[name].access_points},
        internal,
        ledger,
    )
    public = balancer_groups(ports, kinds)
    for kind in running.values():
        tell_of_mounted_logins(kind.source, project, called, moved.endpoints, ledger)
    addresses = {name: mounted_addresses(kind.source, project, called) for name, kind in running.items()}
    known = _known_ports(running, values, addresses, project)
    ecs_services = tuple(
        name
        for name, kind in kinds.items()
        if kind.what == "service" and name in images and kind.source.text("network_mode") != "host"
    )
    discovery = plan_discovery(
        ecs_services,
        known,
        {
            name: frozenset(r.service for r in values.by_service[name].references) | {s for s, _ in addresses[name]}
            for name in running
        },
        {name: frozenset(kind.source.dependencies) for name, kind in running.items()},
        settings.connect,
        ledger,
        settings.identities,
    )
    names = plan_names(kinds, moved.items, _called(project), namespace, ledger)
    in_full = settings.search_domain == "sidecar"
    if in_full:
        full_names = FullNames.of(namespace, names, project.root, discovery)
        told, stored = write_names_in_full(told, values.secrets, full_names, ledger)
        values = replace(values, secrets=stored)
    init = plan_initialisation(
        project,
        kinds,
        moved.items,
        moved.endpoints,
        usual_subnets(settings, bool(hosted)),
        settings,
        catalog,
        ledger,
    )
    parts = Parts(
        images=images,
        values=told,
        mounts=mounts,
        secret_files=secret_files,
        fillings=fillings,
        search_domain=namespace if in_full else None,
        groups=groups.of_service,
        subnets=subnets,
        known_ports=known,
        ports=ports,
        discovery=discovery,
        hosted=hosted,
        waits_for_databases=_waits_for_databases(running, values, kinds, init),
        log_drivers=logs,
        project=project,
    )
    workloads = (*init.jobs.values(), *plan_workloads(kinds, parts, settings, ledger))
    network = plan_vpc(settings, namespace, "isolated" in subnets.values(), bool(hosted))
    on_hosts = [
        (kinds[w.name].source, w.task, _count(w))
        for w in workloads
        if w.name in kinds and w.task.compatibility == "EC2"
    ]
    fleets = plan_fleets(on_hosts, ledger)
    alarms, alarm_topic = plan_alarms(moved.items.values(), ports.balancers, workloads, settings, catalog, ledger)
    decide_membership(project, kinds, mounts, moved.items, ledger)
    apply_key_table(project, kinds, catalog, ledger)
    _tell_what_is_left_out(project, ledger)

    return Plan(
        project=project.name,
        tier=settings.tier,
        files=project.files,
        network=network,
        namespace=namespace,
        log_retention=retention,
        parameters=_parameters(moved.parameters, values, init, secret_files.values(), logs),
        secrets=_secrets(values, init, secret_files.values(), logs),
        security_groups=(*groups.groups, *public.groups, *host_groups(fleets)),
        ingress=(*groups.ingress, *public.ingress),
        managed=tuple(moved.items.values()),
        images=_built_images(workloads),
        file_system=file_system,
        fleets=fleets,
        workloads=workloads,
        names=names,
        connect=bool(discovery.parts),
        connections=_connections(values, addresses, known, moved.endpoints),
        balancers=ports.balancers,
        certificate=ports.certificate,
        zone=settings.hosted_zone,
        records=ports.records,
        urls=tuple(dict.fromkeys(ports.urls)),
        alarms=alarms,
        alarm_topic=alarm_topic,
        patches=settings.patches,
        decisions=ledger.decisions,
        findings=ledger.findings,
    )


# Warnings of the loader that change nothing on AWS.
_NOTES = ("unset-variable", "version")


def _called(project: Project) -> str:
    """All that could call another container by its name: the texts of the services, and of the files they read."""
    services = project.root.get("services")
    texts: list[str] = []
    for name, service in services.entries.items() if isinstance(services, tree.Mapping) else ():
        for path, leaf in tree.leaves(service, (name,)):
            if isinstance(leaf, tree.Scalar) and path[1:2] not in (("container_name",), ("hostname",)):
                texts.append(leaf.text)
    texts += [fact.text for fact in project.facts.values() if fact.text]
    return "\n".join(texts)


def _health_paths(running: Mapping[str, Kind]) -> dict[str, dict[int, str]]:
    return {name: asked_paths(kind.source.texts("healthcheck", "test")) for name, kind in running.items()}


def _secrets_of(kind: Kind) -> list[str]:
    service = kind.source
    return [service.text("secrets", index, "source") or "" for index in range(len(service.items("secrets")))]


def _waits_for_databases(
    running: Mapping[str, Kind], values: Values, kinds: Mapping[str, Kind], init: Initialisation
) -> dict[str, tuple[ResourceId, ...]]:
    uses = {
        name: frozenset(kind.source.dependencies) | {r.service for r in values.by_service[name].references}
        for name, kind in running.items()
    }
    known = frozenset(database for found in uses.values() for database in found)
    return {name: waits_for_database(name, uses[name], kinds, known, init.jobs) for name in running}


def _known_ports(
    running: Mapping[str, Kind],
    values: Values,
    addresses: Mapping[str, tuple[tuple[str, int], ...]],
    project: Project,
) -> dict[str, tuple[int, ...]]:
    referenced: dict[str, set[int]] = {}
    for service, port in (address for found in addresses.values() for address in found):
        referenced.setdefault(service, set()).add(port)
    for found in values.by_service.values():
        for reference in found.references:
            if reference.port is not None:
                referenced.setdefault(reference.service, set()).add(reference.port)
    frozen = {name: frozenset(numbers) for name, numbers in referenced.items()}
    return {
        name: known_ports(kind.source, frozen, dockerfile_text(kind.source, project)) for name, kind in running.items()
    }


def _connections(
    values: Values,
    addresses: Mapping[str, tuple[tuple[str, int], ...]],
    known: Mapping[str, tuple[int, ...]],
    endpoints: Mapping[str, Endpoint],
) -> tuple[Connection, ...]:
    """Who names whom, each pair of port and server once."""
    found: dict[Connection, None] = {}
    for client, told in values.by_service.items():
        named = [(r.service, r.port) for r in told.references]
        for server, port in (*named, *addresses[client]):
            if server == client:
                continue
            if server in endpoints:
                endpoint = endpoints[server]
                found[Connection(client, server, dict(endpoint.further_ports).get(port or 0, endpoint.aws_port))] = None
            else:
                only = known[server][0] if len(known.get(server, ())) == 1 else None
                found[Connection(client, server, port or only)] = None
    return tuple(found)


def _file_system(mounts: Mapping[str, Mounts], settings: Settings) -> FileSystem | None:
    points: dict[str, AccessPoint] = {}
    for found in mounts.values():
        for point in found.access_points:
            points.setdefault(point.id.logical_id, point)
    if not points:
        return None
    return FileSystem(tuple(points.values()), file_system_group(), backups=settings.production)


def _count(workload: Workload) -> int:
    """The most tasks of a workload that run at rest."""
    if not isinstance(workload, Service):
        return 1
    return max(workload.desired, workload.autoscaling.maximum if workload.autoscaling else 0)


def _built_images(workloads: Iterable[Workload]) -> tuple[BuiltImage, ...]:
    images = (container.image for workload in workloads for container in workload.task.containers)
    return tuple(dict.fromkeys(image for image in images if isinstance(image, BuiltImage)))


def _parameters(
    managed: tuple[Parameter, ...],
    values: Values,
    init: Initialisation,
    files: Iterable[SecretFiles],
    logs: LogDrivers,
) -> tuple[Parameter, ...]:
    found: dict[str, Parameter] = {}
    of_files = (parameter for file in files for parameter in file.parameters)
    for parameter in (*managed, *values.parameters, *init.parameters, *of_files, *logs.parameters):
        before = found.get(parameter.name, parameter)
        secret = before.secret or parameter.secret
        found[parameter.name] = replace(
            before,
            secret=secret,
            default=None if parameter.required else before.default,
            value=parameter.value if before.value is None else before.value,
        )
    return tuple(found.values())


def _secrets(
    values: Values, init: Initialisation, files: Iterable[SecretFiles], logs: LogDrivers
) -> tuple[StoredSecret, ...]:
    found: dict[str, StoredSecret] = {}
    for secret in (*values.secrets, *init.secrets, *(s for f in files for s in f.secrets), *logs.secrets):
        before = found.get(secret.id.logical_id, secret)
        found[secret.id.logical_id] = before if secret.only_if else replace(before, only_if=None)
    return tuple(found.values())


def _tell_what_is_left_out(project: Project, ledger: Ledger) -> None:
    for service in project.inactive:
        ledger.find(
            "profile-inactive",
            "note",
            f"{service.name} is left out: none of its profiles ({', '.join(service.profiles)}) is active",
            f"`--profile {service.profiles[0]}` takes it in" if service.profiles else "",
        )
    inactive = {service.name for service in project.inactive}
    empty = empty_texts(project)
    for warning in project.warnings:
        if warning.path[:1] == ("services",) and warning.path[1] in inactive:
            continue  # it is left out as a whole
        place = empty.get(warning, warning.path)
        if place is None:
            continue  # a stack parameter, not an empty text
        path = place if place and tree.find(project.root, place) is not None else None
        ledger.find(warning.code, "note" if warning.code in _NOTES else "warning", warning.message, "", path)
