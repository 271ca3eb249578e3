"""Bare names in a VPC that is not ours: its DHCP options stay as they are, so each task is told where to search.

A first container appends the namespace to the task's `resolv.conf`, which the containers of a task share.
Source: Amazon ECS Developer Guide, "Fargate task networking" (?): not verified on an account; docs/unverified.md.
"""

from __future__ import annotations

from dataclasses import replace

from compose2aws.planning.identity import first_container
from compose2aws.planning.model import Container, ContainerDependency, Image, Logging, named
from compose2aws.planning.text import Text

# The last `search` of a resolv.conf counts (resolv.conf(5)): what the network searches itself stays behind ours.
_SCRIPT = "echo \"search {} $(sed -n 's/^search //p' /etc/resolv.conf | tail -n 1)\" >> /etc/resolv.conf"


def with_search_domain(
    identity: str, containers: tuple[Container, ...], image: Image, namespace: str, retention: int
) -> tuple[Container, ...]:
    """The containers of a task, with one of the helper's `image` before them that sets the search domain."""
    name = first_container("names", identity)
    first = Container(
        name=name,
        image=image,
        logging=Logging(named("AWS::Logs::LogGroup", identity, "LogGroup"), retention, name),
        essential=False,
        entrypoint=(Text.of("sh"), Text.of("-ec")),
        command=(Text.of(_SCRIPT.format(namespace)),),
    )
    dependency = ContainerDependency(name, "SUCCESS")
    return (first, *(replace(container, depends_on=(dependency, *container.depends_on)) for container in containers))
