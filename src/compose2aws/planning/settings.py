"""`x-aws`: the settings of the project and of each service, checked against their schema.

Raises `ComposeError` with every error of every block: an unknown key, or one of the wrong type, with its position
and the nearest name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compose2aws.catalog.catalog import settings_schema
from compose2aws.compose.node import Mapping, Node, Path, Scalar, find, leaves, locate, plain
from compose2aws.compose.project import ComposeError, Diagnostic, Project
from compose2aws.planning.model import Tier
from compose2aws.planning.renaming import renaming_problems
from compose2aws.planning.schedule import expression_problem, zone_problem
from compose2aws.planning.setting_problem import setting_problem


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """`x-aws` of a service; None where it says nothing. `memory` in MiB, `cpu` in vCPU."""

    managed: bool | str | None = None
    public: bool | None = None
    host: str | None = None
    path: str | None = None
    priority: int | None = None
    protocol: str | None = None
    was: str | None = None
    registry_credentials: str | None = None
    cpu: float | None = None
    memory: int | None = None
    architecture: str | None = None
    spot: bool | None = None
    autoscale: dict[str, int] | None = None
    schedule: str | None = None
    time_zone: str | None = None
    policies: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """`x-aws` at the top, with `tier` and `discovery` decided. `vpc` is (id, public subnets, private subnets)."""

    tier: Tier
    domain: str | None
    hosted_zone: str | None
    certificate: str | None
    vpc: tuple[str, tuple[str, ...], tuple[str, ...]] | None
    connect: bool
    search_domain: str
    tls_required: bool
    alarms: str | None
    restore: dict[str, str]
    patches: tuple[dict[str, object], ...]
    services: dict[str, ServiceSettings]

    @property
    def production(self) -> bool:
        return self.tier == "production"

    @property
    def identities(self) -> dict[str, str]:
        """The name that each service's ids are made of: the first that it had on AWS."""
        return {name: service.was or name for name, service in self.services.items()}

    @property
    def retention(self) -> int:
        """How many days logs are kept."""
        return 365 if self.production else 7


def read_settings(project: Project, tier: str | None = None) -> Settings:
    """The settings of a project; `tier` is the command line's, which wins over the file's."""
    schema = settings_schema()
    service_schema = {**schema["$defs"]["service"], "$defs": schema["$defs"]}
    problems = list(_check(project, ("x-aws",), schema))
    top = _block(project, ("x-aws",))
    services = project.root.get("services")
    blocks: dict[str, dict[str, Any]] = {}
    for name in services if isinstance(services, Mapping) else ():
        path: Path = ("services", name, "x-aws")
        problems += _check(project, path, service_schema)
        blocks[name] = _block(project, path)
    problems += renaming_problems(project, blocks)
    restore = top.get("restore")
    for name in restore if isinstance(restore, dict) else ():
        if name not in blocks:
            problems.append(_unknown_service(project, name, list(blocks)))
    if problems:
        raise ComposeError(tuple(problems))
    chosen: Tier = "development" if (tier or top.get("tier", "production")) == "development" else "production"
    vpc = top.get("vpc")
    return Settings(
        tier=chosen,
        domain=top.get("domain"),
        hosted_zone=top.get("hosted-zone"),
        certificate=top.get("certificate"),
        vpc=(vpc["id"], tuple(vpc["public-subnets"]), tuple(vpc["private-subnets"])) if vpc else None,
        connect=top.get("discovery", "connect" if chosen == "production" else "dns") == "connect",
        search_domain=top.get("search-domain", "sidecar" if vpc else "dhcp"),
        tls_required=top.get("tls") == "required",
        alarms=top.get("alarms"),
        restore=dict(top.get("restore") or {}),
        patches=tuple(top.get("patches") or ()),
        services={name: _service(block) for name, block in blocks.items()},
    )


def _service(block: dict[str, Any]) -> ServiceSettings:
    known = {key.replace("-", "_"): value for key, value in block.items()}
    if "memory" in known:
        known["memory"] = mebibytes(str(known["memory"]))
    schedule = known.get("schedule")
    if isinstance(schedule, dict):
        known |= {"schedule": schedule["expression"], "time_zone": schedule.get("timezone")}
    known["policies"] = tuple(known.get("policies") or ())
    return ServiceSettings(**known)


_UNITS = {"": 1, "b": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2, "g": 1024**3, "gb": 1024**3}


def mebibytes(text: str) -> int | None:
    """`1GB`, `512m` or a number of bytes, in MiB rounded up; None where it is no size (Compose, "Specifying byte
    values")."""
    cleaned = text.strip().lower().replace("ib", "b")
    number = cleaned.rstrip("kmgtb")
    unit = cleaned[len(number) :]
    try:
        return max(1, -(-int(float(number) * _UNITS[unit]) // 1024**2))
    except (ValueError, KeyError, OverflowError):
        return None


def _block(project: Project, path: Path) -> dict[str, Any]:
    node: Any = project.root
    for step in path:
        node = node.get(str(step)) if isinstance(node, Mapping) else None
    value = plain(node) if node is not None else None
    return value if isinstance(value, dict) else {}


def _check(project: Project, path: Path, schema: dict[str, Any]) -> list[Diagnostic]:
    node: Any = project.root
    for step in path:
        node = node.get(str(step)) if isinstance(node, Mapping) else None
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return []
    import jsonschema_rs  # noqa: PLC0415 - only files with x-aws pay for it

    found: list[Diagnostic] = []
    for error in jsonschema_rs.validator_for(schema).iter_errors(plain(node)):
        at: Path = (*path, *error.instance_path)
        if error.kind.name == "additionalProperties":
            known = list(_properties(schema, error.schema_path))
            below = find(project.root, at)
            keys = [key for key in (below if isinstance(below, Mapping) else ()) if key not in known]
            found += [_unknown_key(project, (*at, key), key, known) for key in keys]
        else:
            message = setting_problem(error, schema, _given(find(project.root, at)))
            found.append(Diagnostic("invalid-setting", message, at, locate(project.root, at)))
    block = plain(node)
    found += _check_schedule(project, path, block)
    found += _check_range(project, path, block)
    memory = block.get("memory") if isinstance(block, dict) else None
    if isinstance(memory, str) and mebibytes(memory) is None:
        at = (*path, "memory")
        what = ", ".join(_given(find(project.root, at))) or repr(memory)
        message = f"found {what}, wanted a size such as 512MB or 2GB"
        found.append(Diagnostic("invalid-setting", message, at, locate(project.root, at)))
    return found


def _check_range(project: Project, path: Path, block: Any) -> Iterator[Diagnostic]:
    autoscale = block.get("autoscale") if isinstance(block, dict) else None
    least, most = (autoscale.get(key) for key in ("min", "max")) if isinstance(autoscale, dict) else (None, None)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        at = (*path, "autoscale", "min")
        given = _given(find(project.root, at)) + _given(find(project.root, (*path, "autoscale", "max")))
        what = f"the value of {', '.join(given)}" if given else f"found {least}"
        message = f"{what}, wanted {'a number' if given else most} or less: it is the fewest tasks, and `max` the most"
        yield Diagnostic("invalid-setting", message, at, locate(project.root, at))


def _check_schedule(project: Project, path: Path, block: Any) -> list[Diagnostic]:
    schedule = block.get("schedule") if isinstance(block, dict) else None
    texts: dict[Path, str | None] = {}
    if isinstance(schedule, dict):
        for key, problem_of in (("expression", expression_problem), ("timezone", zone_problem)):
            if isinstance(schedule.get(key), str):
                texts[*path, "schedule", key] = problem_of(schedule[key])
    elif isinstance(schedule, str):
        texts[*path, "schedule"] = expression_problem(schedule)
    found = []
    for at, problem in texts.items():
        given = ", ".join(_given(find(project.root, at)))
        if problem:
            message = f"the value of {given} is no schedule" if given else problem
            found.append(Diagnostic("invalid-setting", message, at, locate(project.root, at)))
    return found


def _given(node: Node | None) -> list[str]:
    """The variables whose values stand in a setting: what they hold may be a secret, and is not repeated."""
    parts = [part for _, leaf in leaves(node) if isinstance(leaf, Scalar) for part in leaf.parts] if node else []
    return list(dict.fromkeys(f"${{{part.variables[0]}}}" for part in parts if part.origin == "set" and part.variables))


def _properties(schema: dict[str, Any], path: list[str | int]) -> dict[str, Any]:
    node: Any = schema
    for step in path[:-1]:
        node = node[step]
        if isinstance(node, dict) and "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return dict(node.get("properties", {}))


def _unknown_key(project: Project, path: Path, key: str, known: list[str]) -> Diagnostic:
    near = difflib.get_close_matches(key, known, 1, 0.6)
    meant = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
    return Diagnostic("unknown-setting", f"unknown setting {key!r}{meant}", path, locate(project.root, path))


def _unknown_service(project: Project, name: str, known: list[str]) -> Diagnostic:
    path: Path = ("x-aws", "restore", name)
    near = difflib.get_close_matches(name, known, 1, 0.6)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return Diagnostic("unknown-service", f"there is no service {name!r}{meant}", path, locate(project.root, path))
