"""What a stack would lose, gain and change, by its templates alone: nothing is asked of AWS."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from compose2aws.cloudformation import source_of
from compose2aws.cloudformation.lifecycle import policies
from compose2aws.delivery.difference.behaviour import Behaviour, Rule, behaviour
from compose2aws.delivery.difference.concealment import concealed
from compose2aws.delivery.difference.evaluation import MASK, Evaluation, is_no_echo, is_secret, references_in
from compose2aws.delivery.difference.folder import begins_empty, folder_of, folders
from compose2aws.delivery.difference.model import Change, Effect, PropertyChange, Replacement, StackDifference
from compose2aws.delivery.difference.values import Comparison, Difference
from compose2aws.delivery.version_number import is_older

_EFFECTS: tuple[Effect, ...] = ("none", "tasks", "interruption")
_REPLACEMENTS: tuple[Replacement, ...] = ("never", "conditional", "always")
_OTHER_PARTS = ("DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy")
_KNOWN_LATER = "(known after the change)"


def compare(
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    *,
    name: str,
    status: str | None,
    before_parameters: Mapping[str, str | None],
    after_parameters: Mapping[str, str | None],
    existing: Collection[str] | None = None,
    other_folders: Collection[str] = (),
) -> StackDifference:
    """What bringing a stack from one template to another would do. None is a stack that is not there, or no longer.

    A parameter without a value keeps its last one where `after_parameters` gives it as None; else it takes its default.
    `existing` are the logical ids that the stack has, where that is known; they tell which conditions hold.
    `other_folders` are those of the file system that access points of other stacks are to lead to.
    """
    sides = _Sides.of(before or {}, after or {}, before_parameters, after_parameters, existing, other_folders)
    changes = sorted(sides.changes(), key=lambda change: (change.logical_id, change.action))
    return StackDifference(name, status, tuple(changes), sides.outputs())


def secret_parameters(template: Mapping[str, Any]) -> frozenset[str]:
    """The names of a template's no-echo parameters."""
    return frozenset(name for name, body in (template.get("Parameters") or {}).items() if is_no_echo(body))


def is_stateful(logical_id: str, body: Mapping[str, Any]) -> bool:
    """Whether a resource holds what cannot be made again: it is one that the linker keeps from being deleted."""
    policy = policies(logical_id, {"Type": body["Type"], "Properties": body.get("Properties") or {}})
    return policy.get("DeletionPolicy", "Delete") != "Delete"


@dataclass(slots=True)
class _Sides:
    before: Evaluation
    after: Evaluation
    old: dict[str, dict[str, Any]]
    """The resources that are there, evaluated, by logical id."""
    new: dict[str, dict[str, Any]]
    reached: frozenset[str]
    """The folders of the file system that some access point is to lead to."""

    @classmethod
    def of(
        cls,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        before_parameters: Mapping[str, str | None],
        after_parameters: Mapping[str, str | None],
        existing: Collection[str] | None,
        other_folders: Collection[str],
    ) -> _Sides:
        secrets = secret_parameters(before) | secret_parameters(after)
        old_values = _values(before, before_parameters)
        new_values = _values(after, after_parameters, before_parameters)
        changed = frozenset(
            key
            for key in secrets & old_values.keys() & new_values.keys()
            if None not in (old_values[key], new_values[key])
            and MASK not in (old_values[key], new_values[key])
            and old_values[key] != new_values[key]
        )
        left = Evaluation(before, old_values, secrets, changed, " as it was")
        right = Evaluation(after, new_values, secrets, changed)
        _decide(left, right, existing)
        old = {
            id_: _evaluated(body, left)
            for id_, body in (before.get("Resources") or {}).items()
            if (id_ in existing if existing is not None else _exists(body, left) is not False)
        }
        new = {
            id_: _evaluated(body, right)
            for id_, body in (after.get("Resources") or {}).items()
            if (truth := _exists(body, right)) or (truth is None and (id_ in old or not before))
        }
        reached = folders([{"Resources": new}]).union(other_folders)
        return cls(left, right, old, new, reached)

    def changes(self) -> Iterator[Change]:
        modified = self._modified()
        for id_ in sorted({*self.old, *self.new}):
            old, new = self.old.get(id_), self.new.get(id_)
            if old is not None and (new is None or new["Type"] != old["Type"]):
                yield _removal(id_, old, self.reached)
            if new is not None and (old is None or new["Type"] != old["Type"]):
                yield _addition(id_, new)
            if id_ in modified:
                yield modified[id_]

    def _modified(self) -> dict[str, Change]:
        """The changes in place and the replacements, with those that follow from them."""
        common = [id_ for id_, body in self.old.items() if self.new.get(id_, {}).get("Type") == body["Type"]]
        users = _users({id_: self.new[id_] for id_ in common})
        found: dict[str, Change] = {}
        moved: dict[str, frozenset[str] | None] = {}
        waiting = sorted(common)
        while waiting:
            again: set[str] = set()
            for id_ in waiting:
                change = self._compare(id_, moved)
                if change is None:
                    continue
                found[id_] = change
                news = _moved_by(change)
                if moved.get(id_, frozenset()) != news:
                    moved[id_] = news
                    again |= users.get(id_, set())
            waiting = sorted(again)
        return found

    def _compare(self, id_: str, moved: Mapping[str, frozenset[str] | None]) -> Change | None:
        old, new = self.old[id_], self.new[id_]
        known = behaviour(new["Type"])

        def is_moved(name: str, attribute: str) -> bool:
            if name not in moved:
                return False
            attributes = moved[name]
            return attributes is None or attribute in attributes

        comparison = Comparison(known, is_moved)
        differences = comparison.differences(old.get("Properties") or {}, new.get("Properties") or {})
        others = Comparison(Behaviour()).differences(_others(old), _others(new))
        if not differences and not others:
            return None
        return modification(id_, old, new, known, differences, others)

    def outputs(self) -> tuple[PropertyChange, ...]:
        if not self.before.template or not self.after.template:
            return ()  # they come and go with their stack
        old, new = (_outputs(side) for side in (self.before, self.after))
        return tuple(
            _shown(one, "") for one in Comparison(Behaviour()).differences(old, new) if one.before != one.after
        )


def _values(
    template: Mapping[str, Any], given: Mapping[str, str | None], last: Mapping[str, str | None] | None = None
) -> dict[str, str | None]:
    """The text of each parameter: what is given, else what was given last, else its default; None is not known."""
    values: dict[str, str | None] = {}
    for name, body in (template.get("Parameters") or {}).items():
        value = given.get(name)
        if value is None and last is not None and name in given:
            value = last.get(name)
        if value is None and isinstance(body, Mapping) and body.get("Default") is not None:
            value = _default(body["Default"])
        values[name] = value
    return values


def _default(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decide(left: Evaluation, right: Evaluation, existing: Collection[str] | None) -> None:
    """Finds out which conditions hold on each side. One that nobody knows is as on the other side, where it is the
    same condition."""
    known: dict[str, bool] = {}
    for id_, body in (left.template.get("Resources") or {}).items():
        if existing is not None and "Condition" in body:
            known[body["Condition"]] = known.get(body["Condition"], False) or id_ in existing
    left.decide(known)
    right.decide({})
    declared = [side.template.get("Conditions") or {} for side in (left, right)]
    same = {name for name, body in declared[0].items() if declared[1].get(name) == body}
    before = {name: truth for name in same if (truth := left.conditions[name]) is not None}
    after = {name: truth for name in same if (truth := right.conditions[name]) is not None}
    left.decide({**after, **known, **before})
    right.decide({**before, **after})


def _exists(body: Mapping[str, Any], side: Evaluation) -> bool | None:
    return side.conditions.get(body["Condition"]) if "Condition" in body else True


def _evaluated(body: Mapping[str, Any], side: Evaluation) -> dict[str, Any]:
    found = dict(body)
    for part in ("Properties", *_OTHER_PARTS):
        if part in body:
            found[part] = side.of(body[part])
    return found


def _others(body: Mapping[str, Any]) -> dict[str, Any]:
    return {part: body[part] for part in _OTHER_PARTS if body.get(part) is not None}


def _outputs(side: Evaluation) -> dict[str, Any]:
    return {
        name: {"Value": side.of(body.get("Value")), "Export": side.of(body.get("Export"))}
        for name, body in (side.template.get("Outputs") or {}).items()
        if isinstance(body, Mapping) and _exists(body, side) is not False
    }


def _users(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """By resource, the others that name it in their properties."""
    users: dict[str, set[str]] = {}
    for id_, body in resources.items():
        for text in _texts(body.get("Properties")):
            for name, _ in references_in(text):
                users.setdefault(name, set()).add(id_)
    return users


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _moved_by(change: Change) -> frozenset[str] | None:
    """The attributes of a changed resource that are new; None is all of them, and its id: it is another one."""
    if change.replacement == "always":
        return None
    tops = {one.path.partition(".")[0].partition("[")[0] for one in change.properties}
    return frozenset(name for name, properties in behaviour(change.type).attributes if tops.intersection(properties))


def modification(
    id_: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    known: Behaviour,
    differences: list[Difference],
    others: list[Difference],
) -> Change:
    """The change of a resource that differs in its properties, and in its policies (`others`)."""
    update_policy = new.get("UpdatePolicy")
    switched_on = [
        name
        for name, value in (update_policy.items() if isinstance(update_policy, Mapping) else ())
        if str(value).lower() == "true"
    ]
    replacement: Replacement = "never"
    rules: list[Rule] = []
    properties = []
    for one in differences:
        made = known.replacement(one.pattern, switched_on)
        replacement = max(replacement, made, key=_REPLACEMENTS.index)
        rule = known.rule(one.pattern)
        if rule is not None:
            rules.append(rule)
        properties.append(_shown(one, rule.word if rule else ""))
    properties += [_shown(one, "") for one in others]
    if replacement == "always":
        rules.append(known.replaced)
    notes = [rule.note for rule in rules if rule.note]
    changed = {one.pattern: one for one in differences}
    version = changed.get(("EngineVersion",))
    if version is not None and ("Engine",) not in changed and is_older(version.after, version.before):
        notes.append("no engine goes back: a deployment keeps the version that runs, or refuses an older major")
    stateful = is_stateful(id_, new)
    retained = _retained(old, new) if stateful and replacement != "never" else None
    if begins_empty(new["Type"], [one.pattern for one in differences], replacement):
        stateful, retained = True, "retain"
    return Change(
        logical_id=id_,
        type=new["Type"],
        action="modify",
        replacement=replacement,
        stateful=stateful,
        source=source_of(new) or source_of(old),
        properties=tuple(properties),
        retained=retained,
        effect=effect_of(new, rules),
        notes=tuple(dict.fromkeys(notes)),
    )


def effect_of(body: Mapping[str, Any], rules: Iterable[Rule]) -> Effect:
    """What users notice of a change under these rules. `body` is the resource as it is wanted."""
    none: Effect = "none"
    effect = max((rule.effect for rule in rules), key=_EFFECTS.index, default=none)
    if body["Type"] == "AWS::ECS::Service" and effect == "tasks":
        deployment = (body.get("Properties") or {}).get("DeploymentConfiguration")
        least = deployment.get("MinimumHealthyPercent") if isinstance(deployment, Mapping) else None
        if str(least) == "0":
            return "interruption"  # the old tasks stop before the new ones start
    return effect


def _addition(id_: str, body: Mapping[str, Any]) -> Change:
    return Change(id_, body["Type"], "add", "never", is_stateful(id_, body), source_of(body))


def _removal(id_: str, body: Mapping[str, Any], reached: Collection[str]) -> Change:
    known = behaviour(body["Type"])
    folder = folder_of(body)
    left_behind = folder is not None and folder not in reached
    stateful = left_behind or is_stateful(id_, body)
    policy = "Retain" if left_behind else body.get("DeletionPolicy")
    return Change(
        id_,
        body["Type"],
        "remove",
        "never",
        stateful,
        source_of(body),
        retained=_kept(policy) if stateful else None,
        effect=known.replaced.effect,
    )


def _retained(old: Mapping[str, Any], new: Mapping[str, Any]) -> Literal["retain", "snapshot"] | None:
    """What stays of a resource that is replaced, by the policy of both templates: nobody says which of them counts."""
    kept = {_kept(body.get("UpdateReplacePolicy")) for body in (old, new)}
    return kept.pop() if len(kept) == 1 else None


def _kept(policy: Any) -> Literal["retain", "snapshot"] | None:
    if policy in ("Retain", "RetainExceptOnCreate"):
        return "retain"
    return "snapshot" if policy == "Snapshot" else None


def _shown(one: Difference, word: str) -> PropertyChange:
    before, after = concealed(one.before, one.names), concealed(one.after, one.names)
    if isinstance(one.before, str) and isinstance(one.after, str) and is_secret(one.before) != is_secret(one.after):
        before = after = MASK  # what is a parameter's secret now was one before
    if one.follows and after != MASK:
        after = f"{after} {_KNOWN_LATER}" if isinstance(after, str) else after
    return PropertyChange(one.path, _plain(before), _plain(after), word)


def _plain(value: Any) -> Any:
    """A value for people: a literal `${` is written as the template's author wrote it."""
    if isinstance(value, str):
        return value.replace("${!", "${")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value
