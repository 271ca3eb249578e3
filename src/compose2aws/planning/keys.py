"""The key table at work: what no planner decided is decided by its row, and nothing stays undecided.

A key that has no row, or whose planner said nothing, is dropped with a finding that says so: that is a gap of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compose2aws.catalog import Catalog, KeyRow
from compose2aws.compose import node as tree
from compose2aws.compose.node import Node, Path
from compose2aws.compose.project import Project
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger, people_path
from compose2aws.planning.model import named

_SECTIONS = ("services", "networks", "volumes", "secrets", "configs", "models")


def apply_key_table(project: Project, kinds: Mapping[str, Kind], catalog: Catalog, ledger: Ledger) -> None:
    """Decide everything that is still open."""
    for key in project.root.entries:
        if key.startswith("x-") and key != "x-aws" and not ledger.covers((key,)):
            ledger.record((key,), "inert", code="extension", reason="an extension of the file's own")
    for section in _SECTIONS:
        node = project.root.get(section)
        for name in node.entries if isinstance(node, tree.Mapping) else ():
            path: Path = (section, name)
            if section == "services" and kinds[name].what in ("managed", "left-out"):
                continue  # one decision covers the whole service
            if section == "services":
                below = tree.find(project.root, path)
                for key in below.entries if isinstance(below, tree.Mapping) else ():
                    _decide((*path, key), project, kinds, catalog, ledger)
            elif not ledger.covers(path):
                _decide_section(path, _users(project, section, name, kinds), catalog, ledger)


def _decide(path: Path, project: Project, kinds: Mapping[str, Kind], catalog: Catalog, ledger: Ledger) -> None:
    """Decide a path, or what is below it where rows stand there."""
    if ledger.covers(path) and not _rows_below(path, catalog):
        return
    key = str(path[2])
    node = tree.find(project.root, path)
    if key.startswith("x-") and key != "x-aws":
        ledger.record(path, "inert", code="extension", reason="an extension of the file's own")
        return
    if _is_empty(node) and not ledger.covers(path):
        ledger.record(path, "inert", reason="nothing is said")
        return
    row = catalog.row(path)
    if row is not None and row.decided == "table" and not ledger.covers(path):
        _record(path, row, kinds, ledger)
        return
    below = list(_below(node, path))
    if below and (_rows_below(path, catalog) or (row is None and key != "x-aws") or key == "x-aws"):
        for further in below:
            if not ledger.covers(further) or _rows_below(further, catalog):
                _decide(further, project, kinds, catalog, ledger)
        return
    if ledger.covers(path) or any(ledger.covers(path[:end]) for end in range(3, len(path))):
        return
    if ledger.refused(("services", str(path[1]))):
        ledger.record(path, "dropped", code="service-refused", reason="the service is refused for another reason")
        return
    _decide_default(path, ledger)


def _below(node: Node | None, path: Path) -> Iterator[Path]:
    if isinstance(node, tree.Mapping):
        yield from ((*path, key) for key in node.entries)
    elif isinstance(node, tree.Sequence):
        yield from ((*path, index) for index in range(len(node.items)))


def _rows_below(path: Path, catalog: Catalog) -> bool:
    return catalog.has_rows_below(tuple(str(step) for step in path))


def _record(path: Path, row: KeyRow, kinds: Mapping[str, Kind], ledger: Ledger) -> None:
    service = str(path[1])
    becomes = tuple(id_ for type_ in row.types if (id_ := _resource(type_, service, kinds)) is not None)
    reason = row.how
    ledger.record(path, row.outcomes[0], becomes, code=row.code, reason=reason)
    if row.outcomes[0] == "refused":
        ledger.find(row.code, "error", f"{people_path(path)}: {reason}", row.remedy, path)
    elif row.severity:
        key = ".".join(str(step) for step in path[2:])
        ledger.find(row.code, row.severity, f"`{key}` of {service} is left out: {reason}", row.remedy, path)


def _resource(type_: str, service: str, kinds: Mapping[str, Kind]) -> ResourceId | None:
    """The resource of that type which the service, its job or its owner's task becomes."""
    kind = kinds[service]
    if type_ == "AWS::Logs::LogGroup":
        return named(type_, kind.source.identity, "LogGroup")
    if type_ == "AWS::ECS::TaskDefinition":
        return kind.source.definition
    if type_ == "AWS::ECS::Service" and kind.what == "service":
        return named(type_, kind.source.identity, "Service")
    return None


def _is_empty(node: Node | None) -> bool:
    if isinstance(node, tree.Scalar):
        return node.value is None
    return node is not None and len(node) == 0


def _decide_default(path: Path, ledger: Ledger) -> None:
    what = people_path(path)
    ledger.record(path, "dropped", code="not-translated", reason="compose2aws does not translate this yet")
    ledger.find("not-translated", "warning", f"{what} is left out: compose2aws does not translate it yet", "", path)


def _users(project: Project, section: str, name: str, kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    """The services that run and name something of a section."""
    found: list[str] = []
    for service, kind in kinds.items():
        node = tree.find(project.root, ("services", service, section)) if kind.runs else None
        items = node.items if isinstance(node, tree.Sequence) else ()
        sources = [tree.find(item, ("source",)) for item in items]
        if (isinstance(node, tree.Mapping) and name in node.entries) or any(
            isinstance(source, tree.Scalar) and source.text == name for source in sources
        ):
            found.append(service)
    return tuple(found)


def _decide_section(path: Path, users: tuple[str, ...], catalog: Catalog, ledger: Ledger) -> None:
    """Something of a section that no planner took: nobody uses it, or who does is refused or left without it."""
    section = str(path[0])
    row = catalog.row(path)
    if users and section != "volumes":
        reason = row.how if row and row.outcomes[0] == "dropped" else f"see why at {' and '.join(users)}"
        ledger.record(path, "dropped", code=row.code if row else "", reason=reason)
        return
    reasons = {
        "volumes": "no container on AWS mounts it",
        "networks": "no service is in it",
        "secrets": "no container on AWS reads it",
        "configs": "no container on AWS reads it",
        "models": "no service names it",
    }
    ledger.record(path, "inert", code=f"unused-{section.rstrip('s')}", reason=reasons[section])
