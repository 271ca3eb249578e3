"""Bare names in a VPC that is not ours: its DHCP options stay as they are, so each task is told where to search.

A first container appends the namespace to the task's `resolv.conf`, which the containers of a task share.
Source: Amazon ECS Developer Guide, "Fargate task networking" (?): not verified on an account; docs/unverified.md.
"""

from __future__ import annotations

from dataclasses import replace

from compose2aws.planning.identity import first_container
from compose2aws.planning.image import helper_image
from compose2aws.planning.model import Container, ContainerDependency, Logging, RegistryImage, named
from compose2aws.planning.text import Text


def with_search_domain(
    service: str, containers: tuple[Container, ...], namespace: str, retention: int
) -> tuple[Container, ...]:
    """The containers of a task, with one before them that sets the search domain."""
    name = first_container("names", service)
    first = Container(
        name=name,
        image=RegistryImage(helper_image()),
        logging=Logging(named("AWS::Logs::LogGroup", service, "LogGroup"), retention, name),
        essential=False,
        entrypoint=(Text.of("sh"), Text.of("-ec")),
        command=(Text.of(f"echo 'search {namespace}' >> /etc/resolv.conf"),),
    )
    dependency = ContainerDependency(name, "SUCCESS")
    return (first, *(replace(container, depends_on=(dependency, *container.depends_on)) for container in containers))
