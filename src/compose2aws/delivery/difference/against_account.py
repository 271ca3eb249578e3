"""Comparing with the stacks of an account as they are: by their templates, or by change sets of CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.cloudformation import Stack, Templates
from compose2aws.delivery.account import Account
from compose2aws.delivery.difference.change_set import by_change_set
from compose2aws.delivery.difference.comparison import compare
from compose2aws.delivery.difference.folder import folders
from compose2aws.delivery.difference.model import StackDifference
from compose2aws.delivery.engine_version import WantedVersion, chosen_versions
from compose2aws.delivery.hosted_zone import find_zone
from compose2aws.delivery.parameter import NEW_IMAGE, Known, Settled, settle
from compose2aws.delivery.refusal import DeliveryError, explained
from compose2aws.delivery.stack import DeployedStack, existing_resources, read_stacks
from compose2aws.delivery.transition import imported

if TYPE_CHECKING:
    from compose2aws.delivery.request import Builder  # it knows differences

_UPDATABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
# The digest of an image that is not built yet. Only its form matters: the change set is never executed.
_SOME_DIGEST = f"sha256:{'0' * 64}"


def compare_with_account(
    account: Account,
    templates: Templates,
    versions: Collection[WantedVersion],
    tell: Callable[[str], None],
    *,
    images: Callable[[Account], Builder] | None = None,
    change_sets: bool = False,
    drift_aware: bool = False,
) -> tuple[StackDifference, ...]:
    """What a deployment would do to each stack of the project, those that are no longer made too.

    Engines keep their versions as a deployment would keep them. `images` gives whoever tells which images would be
    built; without it images keep the digests that they have. `tell` is given the
    sentences that a reader needs beside the result. With `change_sets` CloudFormation is asked, `drift_aware` with what
    the resources are now. Raises `DeliveryError` and botocore's exceptions.
    """
    wanted = {stack.name: stack for stack in templates.stacks}
    deployed = read_stacks(account, templates.project, wanted)
    base = templates.stacks[0]
    chosen = chosen_versions(account, deployed.get(base.name), base.template, versions, upgrade=False)
    known = Known(versions={parameter: version.value for parameter, version in chosen.items()})
    if images is not None and base.name in deployed:
        known = _with_images(known, images(account), tell)
    found = []
    for name in dict.fromkeys((*wanted, *deployed)):
        stack, there = wanted.get(name), deployed.get(name)
        settled = settle(stack, there, known) if stack is not None else Settled({})
        offline = by_templates(account, name, stack, there, settled, templates)
        if there is not None and there.status.endswith("_IN_PROGRESS") and there.template:
            tell(f"{name} is {there.status}: it is compared with the template that it is brought to now")
        if change_sets and stack is not None:
            ask = partial(_by_change_set, account, templates, stack, there, settled, offline, deployed, tell)
            found.append(ask(drift_aware=drift_aware))
        else:
            found.append(offline)
            _tell_of_secrets(stack, there, tell)
    return tuple(found)


def _with_images(known: Known, builder: Builder, tell: Callable[[str], None]) -> Known:
    try:
        digests = builder.known()
    except DeliveryError as error:
        tell(f"it is not known which images would be built: {error}")
        return known
    except (ClientError, BotoCoreError) as error:
        tell(f"it could not be asked which images ECR has, so they are taken to be unchanged: {explained(error)}")
        return known
    return replace(known, digests=dict(digests)).building(builder.to_build(digests))


def by_templates(
    account: Account,
    name: str,
    stack: Stack | None,
    there: DeployedStack | None,
    settled: Settled,
    templates: Templates,
) -> StackDifference:
    """What bringing one stack to its template would do, judged from the two templates and what the stack has. No
    `stack` is one that goes; `settled` are the values of its parameters, `templates` all that are wanted. Raises
    botocore's exceptions."""
    return compare(
        there.template if there is not None and there.template else None,
        stack.template if stack is not None else None,
        name=name,
        status=there.status if there is not None else None,
        before_parameters=there.parameters if there is not None else {},
        after_parameters=settled.values,
        existing=existing_resources(account, there) if there is not None and there.template else None,
        other_folders=folders(one.template for one in templates.stacks),
    )


def _by_change_set(
    account: Account,
    templates: Templates,
    stack: Stack,
    there: DeployedStack | None,
    settled: Settled,
    offline: StackDifference,
    deployed: Mapping[str, DeployedStack],
    tell: Callable[[str], None],
    *,
    drift_aware: bool,
) -> StackDifference:
    """By a change set, or by the templates alone where CloudFormation cannot make one; then `tell` is told why."""
    create = there is None or there.status == "REVIEW_IN_PROGRESS"
    parameters = dict(settled.values)
    built = {name for name, value in parameters.items() if value == NEW_IMAGE}
    parameters |= dict.fromkeys(built, _SOME_DIGEST)
    why = ""
    if there is not None and not create and there.status not in _UPDATABLE:
        why = f"it is {there.status}"
    for parameter in settled.missing:
        kind, _, what = parameter.source.partition(":")
        if kind == "image":
            built.add(parameter.name)
        value = _SOME_DIGEST if kind == "image" else find_zone(account, what) if kind == "hosted-zone" else None
        if value is None:
            why = why or f"nothing gives {what or parameter.name} a value"
        else:
            parameters[parameter.name] = value
    if missing := _missing_imports(account, stack.template, deployed):
        why = why or f"what it takes from other stacks is not there yet ({', '.join(missing[:3])})"
    if why:
        tell(f"{stack.name}: no change set can be made, since {why}; judged from the templates alone")
        return offline
    if built:
        tell(f"{stack.name}: images that are to be built stand for themselves with a digest of zeros")
    found = by_change_set(
        account,
        stack,
        templates.project,
        parameters,
        offline,
        there.template if there is not None else None,
        create=create,
        drift_aware=drift_aware,
        tags=there.tags if there is not None else {},
    )
    return replace(found, status=there.status if there is not None else None)


def _missing_imports(account: Account, template: Mapping[str, Any], deployed: Mapping[str, DeployedStack]) -> list[str]:
    own = {name for stack in deployed.values() for name in stack.exports}
    missing = set(imported(template)) - own
    if missing:
        pages = account.client("cloudformation").get_paginator("list_exports").paginate()
        missing -= {export["Name"] for page in pages for export in page["Exports"]}
    return sorted(missing)


def _tell_of_secrets(stack: Stack | None, there: DeployedStack | None, tell: Callable[[str], None]) -> None:
    """Values of secrets that the project gives and the stack has: nobody can say whether they are the same."""
    if stack is None or there is None:
        return
    names = sorted(
        one.source.partition(":")[2] if one.source.startswith(("variable:", "file:", "external:")) else one.name
        for one in stack.parameters
        if one.secret and one.value and one.name in there.parameters
    )
    if names:
        tell(
            f"{stack.name}: AWS shows no values of secrets, so it is not compared whether they changed: "
            f"{', '.join(names)}"
        )
