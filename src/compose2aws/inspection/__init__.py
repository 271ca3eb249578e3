"""A checker of what was made, which reads templates alone and never the plan that they were made of: whether a system
hangs together on AWS where linters do not look.

`problems` gives what is wrong as sentences. Each rule stands in the module of its subject, with its source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from compose2aws.inspection import network, permission, service, task, template
from compose2aws.inspection.network import Call
from compose2aws.inspection.system import System

__all__ = ["CHECKS", "Call", "problems"]

CHECKS: tuple[Callable[[System], Iterator[str]], ...] = (
    template.policy_problems,
    template.limit_problems,
    permission.start_problems,
    permission.administrator_problems,
    permission.mount_problems,
    permission.key_problems,
    network.world_problems,
    network.balancer_problems,
    network.address_problems,
    network.way_out_problems,
    network.mount_target_problems,
    task.size_problems,
    task.fargate_problems,
    task.container_problems,
    task.log_problems,
    task.secrecy_problems,
    service.service_problems,
    service.connect_problems,
    service.target_group_problems,
    service.listener_problems,
)


def problems(
    templates: Iterable[dict[str, Any]], calls: Iterable[Call] = (), neighbours: Iterable[tuple[str, str]] = ()
) -> list[str]:
    """What is wrong with the templates of one project. `calls` are what its compose file says of who calls whom,
    `neighbours` the services that share a network."""
    system = System.of(templates)
    found = [problem for check in CHECKS for problem in check(system)]
    found += network.path_problems(system, calls)
    found += network.neighbour_problems(system, neighbours)
    return list(dict.fromkeys([*system.faults, *found]))
