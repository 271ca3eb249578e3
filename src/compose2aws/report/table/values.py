"""What containers are told: the addresses of managed services, secrets, and what is asked for at a deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compose2aws.planning.identity import secret_variable
from compose2aws.planning.model import EnvironmentVariable, Job, Managed, Plan, Workload
from compose2aws.planning.text import Fact, Text
from compose2aws.report.layout import listed
from compose2aws.report.managed import backups, described, title
from compose2aws.report.table.row import Row
from compose2aws.report.table.workloads import containers

_MANAGED_FACTS: frozenset[Fact] = frozenset({"host", "reader-host", "port", "user", "password", "database"})
_STORES = {True: "Secrets Manager", False: "task definition"}
# What the planner calls the variables by which a command is told an address.
_IN_COMMANDS = "COMPOSE2AWS_"
_ROWS = 3
_FEW = 2
_SERVICES = 4
_NAMES = 8


def managed_rows(plan: Plan) -> Iterator[Row]:
    """What AWS runs; services that become the same together."""
    same: dict[tuple[str, str, str], list[Managed]] = {}
    for item in plan.managed:
        same.setdefault((title(item), described(item), backups(item)), []).append(item)
    for (product, what, kept), items in same.items():
        each = "each managed" if len(items) > 1 else "managed"
        yield Row(containers([item.service for item in items]), product, f"{each}: {what}; {kept}")


def connection_rows(plan: Plan, *, brief: bool) -> Iterator[Row]:
    """Variables that name a managed service: those that are one fact of it (its host, its password) together, those
    that are a whole address each with its text; `brief`: many without it."""
    users: dict[tuple[str, Text, bool], list[str]] = {}
    commands: dict[str, dict[str, None]] = {}
    for workload, variable in _variables(plan.workloads):
        managed = [hole for hole in variable.text.holes if hole.fact in _MANAGED_FACTS]
        if managed and variable.name.startswith(_IN_COMMANDS):
            commands.setdefault(workload.name, {}).update(dict.fromkeys(hole.of for hole in managed))
        elif managed:
            users.setdefault((variable.name, variable.text, variable.secret is not None), []).append(workload.name)
    yield from _command_rows(plan, commands)
    facts: dict[tuple[str, str], dict[str, tuple[str, bool]]] = {}
    addresses: dict[tuple[str, str, bool], list[str]] = {}
    for (name, text, secret), names in users.items():
        services = listed(dict.fromkeys(names), _SERVICES)
        if len(text.parts) == 1:
            hole = text.holes[0]
            facts.setdefault((services, hole.of), {})[name] = (hole.fact.replace("-", " "), secret)
        else:
            addresses.setdefault((services, str(text), secret), []).append(name)
    if brief and len(facts) + len(addresses) > _ROWS:
        yield _together(users)
        return
    for (services, owner), filled in facts.items():
        stores = [_STORES[secret] for secret in (True, False) if secret in {s for _, s in filled.values()}]
        wanted = listed(dict.fromkeys(fact for fact, _ in filled.values()))
        yield Row(
            _of(filled, services),
            listed(stores),
            f"the same {_noun(filled)}, with the {wanted} of {_title_of(plan, owner)}",
        )
    for (services, address, secret), same in addresses.items():
        yield Row(_of(same, services), _STORES[secret], f"the same {_noun(same)}, with the new address: `{address}`")


def _command_rows(plan: Plan, commands: dict[str, dict[str, None]]) -> Iterator[Row]:
    """Commands and health checks in which managed services are named."""
    users: dict[tuple[str, ...], list[str]] = {}
    for service, owners in commands.items():
        users.setdefault(tuple(owners), []).append(service)
    for named, services in users.items():
        products = listed(_title_of(plan, owner) for owner in named)
        yield Row(
            f"commands of {listed(services, _SERVICES)}",
            "task definition",
            f"the same commands, with the address of {products} filled in when the container starts",
        )


def _together(users: dict[tuple[str, Text, bool], list[str]]) -> Row:
    """All rewritten variables in one row."""
    names = dict.fromkeys(f"`{name}`" for name, _, _ in users)
    services = dict.fromkeys(service for found in users.values() for service in found)
    owners = dict.fromkeys(hole.of for _, text, _ in users for hole in text.holes if hole.fact in _MANAGED_FACTS)
    stores = [_STORES[secret] for secret in (True, False) if secret in {s for _, _, s in users}]
    return Row(
        listed(names, _NAMES),
        listed(stores),
        f"the same variables, with the new addresses and logins of {listed(owners)}, "
        f"in {listed(services, _SERVICES)} (`explain --all` shows each)",
    )


def _noun(variables: Iterable[str]) -> str:
    return "variable" if len(list(variables)) == 1 else "variables"


def _of(variables: Iterable[str], services: str) -> str:
    return f"{listed(f'`{name}`' for name in variables)} of {services}"


def _title_of(plan: Plan, service: str) -> str:
    """What AWS calls what a service moved to; the service's own name where it did not."""
    return next((f"{title(item)} for {service}" for item in plan.managed if item.service == service), service)


def _variables(workloads: Iterable[Workload]) -> Iterator[tuple[Workload, EnvironmentVariable]]:
    for workload in workloads:
        if isinstance(workload, Job) and workload.once_for:
            continue  # the job is ours, and what it is told is no variable of the author's
        for container in workload.task.containers:
            for variable in container.environment:
                yield workload, variable


def missing_values(plan: Plan) -> list[str]:
    """Variables without which nothing can be deployed, and that are not set now."""
    required = (p for p in plan.parameters if p.required and not p.value)
    return list(dict.fromkeys(name for p in required if (name := _given_by(p.source))))


def _given_by(source: str) -> str:
    """The variable that gives a parameter its value; nothing where none does."""
    kind, _, what = source.partition(":")
    return secret_variable(what) if kind in ("file", "external") else _name(source, "variable:")


def secret_rows(plan: Plan, *, brief: bool) -> Iterator[Row]:
    """Values that the user's own files or environment fill."""
    for names, aws, how in (
        (
            _asked(plan, "variable:", secret=True),
            "Secrets Manager",
            "taken from your environment or `.env` when you deploy",
        ),
        (
            _asked(plan, "file:", secret=True),
            "Secrets Manager",
            "what its file holds when you deploy, or the variable that `deploy` names where there is none",
        ),
        (_asked(plan, "external:", secret=True), "Secrets Manager", "taken from a variable that `deploy` names"),
        (_asked(plan, "compose:", secret=True), "Secrets Manager", "taken from the compose file when you deploy"),
        (_asked(plan, "variable:", secret=False), "stack parameter", "taken from your environment or `.env`, if set"),
    ):
        if names:
            never = "; never in a template" if aws == "Secrets Manager" else ""
            told = listed((f"`{name}`" for name in names), _NAMES if brief else None)
            if len(names) > _FEW:
                yield Row(f"{len(names)} variables", aws, f"{how}{never}: {told}")
            else:
                yield Row(told, aws, how + never)


def _asked(plan: Plan, origin: str, *, secret: bool) -> list[str]:
    names = (_name(p.source, origin) for p in plan.parameters if p.secret == secret)
    return list(dict.fromkeys(name for name in names if name))


def _name(source: str, origin: str) -> str:
    """The last word of `variable:NAME` or `compose:/services/api/environment/NAME`, all of a file's; nothing for
    another origin."""
    if not source.startswith(origin):
        return ""
    name = source.partition(":")[2]
    if origin == "file:":
        return name.removeprefix("./")
    name = name.rsplit("/", 1)[-1]
    return name.replace("~1", "/").replace("~0", "~")
