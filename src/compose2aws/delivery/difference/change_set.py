"""CloudFormation's own word as a difference: a change set is made, read and given up again."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from compose2aws.cloudformation import Stack, source_of
from compose2aws.cloudformation.writing import text_of
from compose2aws.delivery.account import Account
from compose2aws.delivery.change_set import Wanted, give_up, make_change_set
from compose2aws.delivery.difference.behaviour import behaviour
from compose2aws.delivery.difference.comparison import effect_of, is_stateful, modification
from compose2aws.delivery.difference.concealment import concealed
from compose2aws.delivery.difference.evaluation import MASK
from compose2aws.delivery.difference.folder import begins_empty
from compose2aws.delivery.difference.model import Action, Change, Effect, PropertyChange, Replacement, StackDifference
from compose2aws.delivery.difference.values import Comparison
from compose2aws.delivery.refusal import DeliveryError

_ACTIONS: dict[str, Action] = {
    "Add": "add",
    "Import": "add",
    "Modify": "modify",
    "Dynamic": "modify",
    "Remove": "remove",
}
_EFFECTS: tuple[Effect, ...] = ("none", "tasks", "interruption")
_REPLACEMENTS: dict[str, Replacement] = {"True": "always", "Conditional": "conditional"}
_SHORTEST_SECRET = 4  # a shorter one would be found in every other number


def by_change_set(
    account: Account,
    stack: Stack,
    project: str,
    parameters: Mapping[str, str | None],
    offline: StackDifference,
    before: Mapping[str, Any] | None,
    *,
    create: bool,
    drift_aware: bool = False,
    tags: Mapping[str, str],
) -> StackDifference:
    """What CloudFormation says that the template would do to the stack. Nothing of it stays in the account.

    `parameters` are as for a deployment (None keeps the last one); `offline` is what the templates alone tell, `before`
    the template that is deployed, `tags` those that the stack has. Raises `DeliveryError` where CloudFormation refuses,
    and botocore's exceptions.
    """
    client = account.client("cloudformation")
    if drift_aware:
        known = client.meta.service_model.operation_model("CreateChangeSet").input_shape.members
        if "DeploymentMode" not in known:
            raise DeliveryError("this botocore knows no drift-aware change sets: pip install --upgrade boto3")
    wanted = Wanted(stack.name, project, text_of(stack.template, "yaml"), parameters, tags)
    made = make_change_set(account, wanted, create=create, values=True, revert_drift=drift_aware and not create)
    if made is None:
        return replace(offline, changes=(), outputs=())
    give_up(account, made.arn, made.stack_id)
    secrets = {
        value
        for parameter in stack.parameters
        if parameter.secret and (value := parameters.get(parameter.name)) is not None
    }
    found = difference_of(stack.name, made.changes, stack.template, offline=offline, before=before, secrets=secrets)
    return replace(found, status=offline.status, outputs=offline.outputs)


def difference_of(
    name: str,
    changes: Collection[Mapping[str, Any]],
    template: Mapping[str, Any],
    *,
    offline: StackDifference | None = None,
    before: Mapping[str, Any] | None = None,
    secrets: Collection[str] = (),
) -> StackDifference:
    """A change set's changes (`ResourceChange`) as a difference of the stack `name`.

    `template` is the wanted one, `before` the deployed one. What the change set does not tell (values, where
    CloudFormation gives none) is taken from `offline`. `secrets` are values that must not be shown wherever they stand.
    """
    changes = without_echoes(changes)
    judged = {(one.logical_id, one.action): one for one in offline.changes} if offline else {}
    anew = _anew(changes)
    found = []
    for change in changes:
        action = _ACTIONS.get(change["Action"])
        if action is None or set(change.get("Scope") or ("Properties",)) == {"Metadata"}:
            continue
        one = _change(change, action, template, before or {}, judged.get((change["LogicalResourceId"], action)), anew)
        found.append(_without(one, secrets))
    found.sort(key=lambda one: (one.logical_id, one.action))
    return StackDifference(name, None, tuple(found))


def without_echoes(changes: Collection[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A change set's changes without those that nothing comes of.

    CloudFormation does not look into a resource: whatever uses an attribute of one that changes is listed with it, as
    `Dynamic`; a database whose key gets another policy is said to be replaced, perhaps. Executed, the attribute is as
    it was and nothing happens. Which attributes do move is known (`Behaviour.attributes`).
    """
    names = [change["LogicalResourceId"] for change in changes]
    kept: list[Mapping[str, Any] | None] = [*changes]
    while True:
        moving = {name: _moving(change) for name, change in zip(names, kept, strict=True)}
        left = [change and _heard(change, moving) for change in kept]
        if left == kept:
            return [change for change in kept if change is not None]
        kept = left


def _moving(change: Mapping[str, Any] | None) -> Collection[str] | None:
    """The attributes of a resource that are, or may be, new after its change; None is all of them, and its id."""
    if change is None:
        return ()
    if change["Action"] != "Modify" or change.get("Replacement") in _REPLACEMENTS:
        return None
    changed = {(detail.get("Target") or {}).get("Name") for detail in change.get("Details") or ()}
    known = behaviour(change["ResourceType"]).attributes
    return frozenset(name for name, properties in known if changed.intersection(properties))


def _heard(change: Mapping[str, Any], moving: Mapping[str, Collection[str] | None]) -> Mapping[str, Any] | None:
    """The change without what only echoes another's; None where nothing is left of it."""
    details = change.get("Details") or ()
    left = [detail for detail in details if not _is_echo(detail, moving)]
    if len(left) == len(details):
        return change
    if not left and set(change.get("Scope") or ("Properties",)) == {"Properties"}:
        return None
    found = {(detail["Target"].get("RequiresRecreation"), detail.get("Evaluation")) for detail in left}
    open_ones = any(recreation in ("Always", "Conditionally") for recreation, _ in found)
    said = "True" if ("Always", "Static") in found else "Conditional" if open_ones else "False"
    # The contexts show the echo as well.
    rest = {key: value for key, value in change.items() if key not in ("BeforeContext", "AfterContext")}
    return {**rest, "Details": left, "Replacement": said}


def _is_echo(detail: Mapping[str, Any], moving: Mapping[str, Collection[str] | None]) -> bool:
    resource, _, attribute = str(detail.get("CausingEntity") or "").partition(".")
    if detail.get("Evaluation") != "Dynamic" or not resource or detail.get("ChangeSource") == "ParameterReference":
        return False
    attributes = moving.get(resource)
    return attributes is not None and attribute not in attributes


def _change(
    change: Mapping[str, Any],
    action: Action,
    template: Mapping[str, Any],
    before: Mapping[str, Any],
    judged: Change | None,
    anew: Collection[str],
) -> Change:
    logical_id, kind = change["LogicalResourceId"], change["ResourceType"]
    bodies = [(side.get("Resources") or {}).get(logical_id) for side in (before, template)]
    old, new = ({**(body or {}), "Type": kind} for body in bodies)
    stateful = is_stateful(logical_id, old if action == "remove" else new)
    told = judged or Change(logical_id, kind, action, "never", stateful, source_of(new) or source_of(old))
    if action == "remove":
        told = replace(told, effect=behaviour(kind).replaced.effect)
    if action == "modify":
        replacement = _replacement(change, anew)
        told = _by_contexts(told, change, old, new) or _by_targets(told, change, new, replacement)
        told = replace(told, replacement=replacement, stateful=told.stateful or stateful)
    if stateful and action != "add":
        told = replace(told, retained=_retained(change, told))
    return told


def _anew(changes: Collection[Mapping[str, Any]]) -> Collection[str]:
    """The logical ids of what is made anew, for sure or because another one is."""
    anew: set[str] = set()
    while True:
        found = {change["LogicalResourceId"] for change in changes if _replacement(change, anew) == "always"}
        if found == anew:
            return anew
        anew = found


def _replacement(change: Mapping[str, Any], anew: Collection[str]) -> Replacement:
    """CloudFormation's word, and `always` where it leaves open only what another replacement settles: the id of what is
    made anew is another one."""
    said = _REPLACEMENTS.get(str(change.get("Replacement")), "never")
    if said != "conditional":
        return said
    for detail in change.get("Details") or ():
        cause = str(detail.get("CausingEntity", "")).partition(".")[0]
        if (detail.get("Target") or {}).get("RequiresRecreation") == "Always" and cause in anew:
            return "always"
    return said


def _retained(change: Mapping[str, Any], told: Change) -> Any:
    if told.action == "modify" and told.replacement == "never":
        return None
    policy = change.get("PolicyAction")
    if policy is None:
        return told.retained
    return {"Retain": "retain", "Snapshot": "snapshot"}.get(str(policy).removeprefix("ReplaceAnd"))


def _by_contexts(
    told: Change, change: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Change | None:
    """The change by the whole resource before and after, where CloudFormation gives both."""
    before, after = (_context(change.get(key)) for key in ("BeforeContext", "AfterContext"))
    if before is None or after is None:
        return None
    known = behaviour(told.type)
    old, new = {**old, **before}, {**new, **after}
    differences = Comparison(known).differences(old.get("Properties") or {}, new.get("Properties") or {})
    if not differences:
        return None
    made = modification(told.logical_id, old, new, known, differences, [])
    live = _live_paths(change)
    properties = tuple(replace(one, live=one.path in live) for one in made.properties)
    return replace(made, properties=properties, source=told.source)


def _by_targets(told: Change, change: Mapping[str, Any], new: Mapping[str, Any], replacement: Replacement) -> Change:
    """The change by the properties that CloudFormation names; their values are those of `told` where it gives none."""
    known = behaviour(told.type)
    properties: dict[str, PropertyChange] = {}
    rules = [known.replaced] if replacement == "always" else []
    tops = []
    for target in _targets(change):
        top = str(target.get("Name") or target.get("Attribute") or "")
        tops.append((top,))
        below = [one for one in told.properties if re.split(r"[.\[]", one.path, maxsplit=1)[0] == top]
        rule = known.rule((top,))
        if rule is not None:
            rules.append(rule)
        if "BeforeValue" in target or "AfterValue" in target or not below:
            below = [_property(target, top, rule.word if rule else "")]
        properties |= {one.path: one for one in below}
    if begins_empty(told.type, tops, replacement) and not told.notes:
        told = replace(told, stateful=True, retained="retain")
    effect = max(told.effect, effect_of(new, rules), key=_EFFECTS.index)
    notes = dict.fromkeys([*told.notes, *(rule.note for rule in rules if rule.note)])
    return replace(told, properties=tuple(properties.values()), effect=effect, notes=tuple(notes))


def _property(target: Mapping[str, Any], top: str, word: str) -> PropertyChange:
    pointer = str(target.get("Path") or "")
    names = tuple(part for part in pointer.removeprefix("/Properties").split("/") if part) or (top,)
    path = "".join(f"[{name}]" if name.isdigit() else f".{name}" for name in names).removeprefix(".")
    drift = target.get("Drift") or {}
    live = drift.get("ActualValue") is not None and drift.get("ActualValue") != drift.get("PreviousValue")
    before = drift.get("ActualValue") if live else target.get("BeforeValue")
    return PropertyChange(
        path,
        concealed(before, names),
        concealed(target.get("AfterValue"), names),
        word,
        live,
    )


def _live_paths(change: Mapping[str, Any]) -> set[str]:
    """The paths of the properties that were changed outside of CloudFormation."""
    return {
        _property(target, str(target.get("Name") or ""), "").path
        for target in _targets(change)
        if target.get("Drift") and target["Drift"].get("ActualValue") != target["Drift"].get("PreviousValue")
    }


def _targets(change: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        detail["Target"]
        for detail in change.get("Details") or ()
        if detail.get("Target")
        and detail["Target"].get("Attribute") != "Metadata"
        and detail["Target"].get("AttributeChangeType") != "SyncWithActual"
    ]


def _context(text: Any) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:  # a long one may have been cut
        return None
    return found if isinstance(found, Mapping) else None


def _without(change: Change, secrets: Collection[str]) -> Change:
    """The change with known secrets taken out of its values."""
    hidden = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    if not hidden:
        return change
    return replace(
        change,
        properties=tuple(
            replace(one, before=_hiding(one.before, hidden), after=_hiding(one.after, hidden))
            for one in change.properties
        ),
    )


def _hiding(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
        return value
    if isinstance(value, list):
        return [_hiding(item, secrets) for item in value]
    if isinstance(value, Mapping):
        return {key: _hiding(item, secrets) for key, item in value.items()}
    return value
