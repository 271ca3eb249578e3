"""What starts after what: `depends_on` between tasks, and between the containers of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from compose2aws.planning.identity import ResourceId, container_name
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger, Outcome
from compose2aws.planning.model import ContainerDependency, named
from compose2aws.planning.parts import Parts
from compose2aws.planning.source import ServiceSource

# A service is about a dozen resources, of which a stack has 500: an app of more services than this may be split.
_ONE_STACK = 40


def needed_before(
    kind: Kind, kinds: Mapping[str, Kind], parts: Parts, id_: ResourceId, ledger: Ledger
) -> tuple[ResourceId, ...]:
    """What must stand before: depends_on and, with Service Connect, who is used; and the service's own listener
    rules."""
    service = kind.source
    waits: dict[ResourceId, None] = {}
    for name in service.dependencies:
        other = kinds.get(name)
        if other is None:
            reason = f"{name} is not there: none of its profiles is active"
            ledger.record(service.at("depends_on", name), "dropped", code="depends-on-nothing", reason=reason)
            continue
        owner = kinds.get(kinds[name].source.owner) if name in kinds else None
        if owner is None or owner.source.name == service.name:
            continue  # inside the task
        if _decide_dependency(service, name, other, owner, _is_one_stack(kinds), id_, ledger):
            waits[_resource_of(owner)] = None
    for name in parts.discovery.waits_for.get(service.name, ()):
        if name in kinds and kinds[name].what == "service":
            waits[_resource_of(kinds[name])] = None
    waits |= dict.fromkeys(parts.ports.waits_for.get(service.name, ()))
    waits |= dict.fromkeys(parts.waits_for_databases.get(service.name, ()))
    return tuple(sorted(waits))


def _is_one_stack(kinds: Mapping[str, Kind]) -> bool:
    """Whether all workloads surely stand in one stack, so that each can wait for any other."""
    return sum(kind.what in ("service", "job") for kind in kinds.values()) <= _ONE_STACK


def tell_split(kinds: Mapping[str, Kind], ledger: Ledger) -> None:
    """Tell how far `depends_on` orders an app that may be split into stacks."""
    waiting = [n for n, k in kinds.items() if k.what == "service" and any(o in kinds for o in k.source.dependencies)]
    if waiting and not _is_one_stack(kinds):
        ledger.find(
            "order-across-stacks",
            "note",
            f"an app of {sum(kind.runs for kind in kinds.values())} containers may be split into several stacks, one "
            "made after the other: `depends_on` orders what stands in one; a job and what waits for it always do",
            "let services try again until what they need answers",
        )


def _decide_dependency(
    service: ServiceSource, name: str, other: Kind, owner: Kind, in_one_stack: bool, id_: ResourceId, ledger: Ledger
) -> bool:
    """Record what a depends_on on another task becomes; whether the other's resource is to stand before."""
    path = service.at("depends_on", name)
    if other.what == "left-out":
        ledger.record(path, "dropped", code="depends-on-nothing", reason=f"{name} is left out")
        return False
    if other.what == "managed":
        ledger.record(path, "translated", id_, reason=f"{name} is managed and stands before the app is made")
        return False
    if owner.what == "job":
        ledger.record(path, "translated", id_, reason=f"made when {name} has ended well")
        return owner.source.settings.schedule is None
    where = "" if in_one_stack else ", where both stand in one stack"
    ledger.record(path, "translated", id_, reason=f"made when {name} is steady{where}")
    return True


def inside_task(
    kind: Kind, owner: str, kinds: Mapping[str, Kind], checked: set[str], id_: ResourceId, ledger: Ledger
) -> tuple[ContainerDependency, ...]:
    """The order of containers inside one task: a depends_on whose both ends stand in it. What a sidecar depends on
    elsewhere does not hold up its task."""
    found: list[ContainerDependency] = []
    service = kind.source
    for name, condition in service.dependencies.items():
        path = service.at("depends_on", name)
        if name not in kinds:
            continue
        if kinds[name].source.owner == owner:
            found.append(ContainerDependency(container_name(name), _condition(condition, name in checked)))
            ledger.record(path, "translated", id_, reason="the order of the containers of one task")
        elif service.name != owner:
            outcome: Outcome = "dropped" if kinds[name].what == "left-out" else "adapted"
            ledger.record(path, outcome, id_, reason=f"it starts with {owner}'s task and does not wait for {name}")
    return tuple(found)


def _condition(condition: str, checked: bool) -> Literal["START", "HEALTHY", "SUCCESS"]:
    if condition == "service_completed_successfully":
        return "SUCCESS"
    return "HEALTHY" if condition == "service_healthy" and checked else "START"


def _resource_of(kind: Kind) -> ResourceId:
    identity = kind.source.identity
    if kind.what == "job":
        return named("AWS::CloudFormation::CustomResource", identity, "Job")
    return named("AWS::ECS::Service", identity, "Service")
