"""Exports of a project that stacks of others import: CloudFormation neither drops nor changes them, and would say so
only half-way through.

(AWS CloudFormation API Reference, ListImports; User Guide, "Get exported outputs from a deployed CloudFormation
stack".)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from compose2aws.cloudformation import source_of
from compose2aws.cloudformation.reference import references
from compose2aws.delivery import transition
from compose2aws.delivery.account import Account
from compose2aws.delivery.difference import StackDifference
from compose2aws.delivery.passes import Passes, Situation
from compose2aws.delivery.refusal import DENIED, DeliveryError, code_of
from compose2aws.delivery.stack import DeployedStack
from compose2aws.delivery.transition import Template

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Leaving:
    """An export that a deployment would drop, if only for a while, or (`changes`) give another value. `source` is the
    part of the compose file that it is an address of."""

    name: str
    stack: str
    source: str | None
    changes: bool


def leaving(situation: Situation, plan: Passes, differences: Iterable[StackDifference]) -> tuple[Leaving, ...]:
    """The exports that are there now and would not outlast the passes of a deployment as they are."""
    steps = (*plan.before_images, *plan.after_images)
    changed = {one.name: one for one in differences}
    found = []
    for name, old in situation.deployed.items():
        templates = [one.template for one in steps if one.stack == name]
        going = {
            export
            for _, export in transition.exports(old)
            if any(template is None or export not in _exported(template) for template in templates)
        }
        moving = transition.exports_of(old, _made_anew(changed.get(name), old, situation.wanted.get(name))) - going
        found += [Leaving(export, name, _source(old, export), export in moving) for export in sorted(going | moving)]
    return tuple(found)


def check_deployment(account: Account, exports: Iterable[Leaving], own: Collection[str], tell: Tell) -> None:
    """Raises `DeliveryError` where a stack that is not the project's (`own`) imports one of the exports; botocore's
    exceptions. `tell` is told where it may not be asked."""
    importers = _importers(account, [one.name for one in exports], own, tell)
    if not importers:
        return
    groups: dict[tuple[str, str | None, bool, tuple[str, ...]], list[str]] = {}
    for one in exports:
        if one.name in importers:
            groups.setdefault((one.stack, one.source, one.changes, importers[one.name]), []).append(one.name)
    lines = []
    for (stack, source, changes, by), names in groups.items():
        fate = "would get another value" if changes else "would go"
        kept = f", or {'leave' if changes else 'keep'} {source}{' as it is' if changes else ''}" if source else ""
        lines.append(f"{_exports(names)} of {stack} {fate}, and {_stacks(by)}: remove the import there first{kept}")
    raise DeliveryError("\n".join(lines) + "\nNothing was changed.")


def check_removal(account: Account, stacks: Iterable[DeployedStack], own: Collection[str], tell: Tell) -> None:
    """Likewise for all exports of stacks that are to be removed."""
    there = list(stacks)
    importers = _importers(account, [name for stack in there for name in stack.exports], own, tell)
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for stack in there:
        for name in sorted(stack.exports.keys() & importers.keys()):
            groups.setdefault((stack.name, importers[name]), []).append(name)
    if groups:
        lines = [
            f"{stack} cannot be removed: {_stacks(by, names)}; remove the import there first"
            for (stack, by), names in groups.items()
        ]
        raise DeliveryError("\n".join(lines) + "\nNothing was removed.")


def _importers(
    account: Account, exports: Iterable[str], own: Collection[str], tell: Tell
) -> Mapping[str, tuple[str, ...]]:
    """The stacks that import an export and are not the project's, by the export's name."""
    client = account.client("cloudformation")
    found = {}
    for name in exports:
        try:
            pages = client.get_paginator("list_imports").paginate(ExportName=name)
            by = sorted({stack for page in pages for stack in page["Imports"]} - set(own))
        except ClientError as error:
            if code_of(error) in DENIED:
                tell(
                    "whether stacks of others import what goes could not be asked (cloudformation:ListImports): where "
                    "one does, CloudFormation refuses it half-way"
                )
                return {}
            if code_of(error) != "ValidationError":
                raise
            continue  # that is how it says that nobody imports it
        if by:
            found[name] = tuple(by)
    return found


def _made_anew(difference: StackDifference | None, old: Template, new: Template | None) -> set[str]:
    changes = difference.changes if difference is not None else ()
    replaced = {one.logical_id for one in changes if one.action == "modify" and one.replacement == "always"}
    return replaced | (transition.retyped(new, old) if new is not None else set())


def _exported(template: Template) -> set[str]:
    return {name for _, name in transition.exports(template)}


def _source(template: Template, export: str) -> str | None:
    key = next(key for key, name in transition.exports(template) if name == export)
    named = (found.name for found in references(template["Outputs"][key].get("Value")))
    sources = (source_of(template["Resources"][name]) for name in named if name in template["Resources"])
    return next((source for source in sources if source), None)


def _exports(names: list[str]) -> str:
    return f"the export{'s' if len(names) > 1 else ''} {_listed(names)}"


def _stacks(names: Collection[str], exports: list[str] | None = None) -> str:
    many = len(names) > 1
    what = _exports(exports) if exports else "it"
    return f"the stack{'s' if many else ''} {_listed(list(names))} import{'' if many else 's'} {what}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
