"""What the other planners decided of each service that runs: what workloads are put together from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compose2aws.compose.project import Project
from compose2aws.planning.discovery import Discovery
from compose2aws.planning.filling import Filling
from compose2aws.planning.hosting import Wish
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.log_driver import LogDrivers
from compose2aws.planning.model import Image, SubnetKind
from compose2aws.planning.mount_point import Mounts
from compose2aws.planning.ports import Ports
from compose2aws.planning.secret_file import SecretFiles
from compose2aws.planning.values import ContainerValues


@dataclass(frozen=True, slots=True)
class Parts:
    """What was decided of each service that runs, by name."""

    images: Mapping[str, Image]
    values: Mapping[str, ContainerValues]
    mounts: Mapping[str, Mounts]
    secret_files: Mapping[str, SecretFiles]
    fillings: Mapping[str, Filling]
    search_domain: str | None
    groups: Mapping[str, tuple[ResourceId, ...]]
    subnets: Mapping[str, SubnetKind]
    known_ports: Mapping[str, tuple[int, ...]]
    ports: Ports
    discovery: Discovery
    hosted: Mapping[str, tuple[Wish, ...]]
    waits_for_databases: Mapping[str, tuple[ResourceId, ...]]
    log_drivers: LogDrivers
    project: Project
