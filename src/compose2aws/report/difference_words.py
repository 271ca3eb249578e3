"""A difference in Compose's words: by the part of the compose file, what happens to each and what it costs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from compose2aws.delivery.difference.model import Change, PropertyChange, StackDifference
from compose2aws.report.layout import counted, listed, visible

Mark: TypeAlias = Literal["+", "~", "-", "!"]

PROJECT = "shared"
"""The title of what stands for no single part of the compose file."""

_TITLE = re.compile(r'[\w-]+(?:\.[\w-]+|\["(?:[^"\\]|\\.)*"\])?')
_DIGEST = re.compile(r"sha256:([0-9a-f]{12})[0-9a-f]{52}")
_SECTIONS = ("services", "volumes", "networks", "configs", "secrets")
_LATER = " (known after the change)"
_LONGEST = 160
_PHRASES = 4
_TASKS = "AWS::ECS::TaskDefinition"
_JOB = "AWS::CloudFormation::CustomResource"
_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type
_FOLDER = "AWS::EFS::AccessPoint"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the compose file, the changes that it stands for with the stack of each, and what they come to."""

    title: str
    changes: tuple[tuple[str, Change], ...]
    mark: Mark
    headline: str

    @property
    def loses_data(self) -> bool:
        """Whether something in it loses data."""
        return any(change.loses_data for _, change in self.changes)


@dataclass(frozen=True, slots=True)
class Count:
    """How many resources are added, changed and removed, and how many of these lose data."""

    add: int
    change: int
    remove: int
    lose: int
    may_lose: int


def parts(differences: Iterable[StackDifference]) -> tuple[Part, ...]:
    """The changes of all stacks by the part of the compose file: services first, the project's own last."""
    grouped: dict[str, list[tuple[str, Change]]] = {}
    for difference in differences:
        for change in difference.changes:
            grouped.setdefault(title_of(change), []).append((difference.name, change))
    return tuple(
        Part(title, tuple(grouped[title]), _mark([c for _, c in grouped[title]]), _headline(grouped[title]))
        for title in sorted(grouped, key=_order)
    )


def title_of(change: Change) -> str:
    """`services.api` of what stands for `services.api.ports[0]`; the file system stands for all volumes."""
    match = _TITLE.match(change.source or "")
    if match:
        return match[0]
    return "volumes" if change.type == "AWS::EFS::FileSystem" else PROJECT


def counts(differences: Iterable[StackDifference]) -> Count:
    """The counts over all stacks."""
    changes = [change for difference in differences for change in difference.changes]
    actions = [change.action for change in changes]
    return Count(
        actions.count("add"),
        actions.count("modify"),
        actions.count("remove"),
        sum(change.loses_data for change in changes),
        sum(change.may_lose_data for change in changes),
    )


def summary(differences: Sequence[StackDifference]) -> str:
    """`1 to add, 2 to change, 0 to remove; 1 loses data.`"""
    if all(difference.is_empty for difference in differences):
        return "Nothing would change."
    count = counts(differences)
    text = f"{count.add} to add, {count.change} to change, {count.remove} to remove"
    if count.lose:
        text += f"; {count.lose} {'loses' if count.lose == 1 else 'lose'} data"
    if count.may_lose:
        text += f"; {count.may_lose} may lose data"
    return f"{text}."


def output_lines(differences: Iterable[StackDifference]) -> list[str]:
    """A line a stack whose outputs change."""
    lines = []
    for difference in differences:
        marks = [f"{_output_mark(one)} {one.path.partition('.')[0]}" for one in difference.outputs]
        if marks:
            lines.append(f"Outputs of {difference.name}: {listed(dict.fromkeys(marks), 12)}")
    return lines


def mark_of(change: Change) -> Mark:
    """`!` for what loses data or may, else what is done to it."""
    return _mark([change])


def fate(change: Change) -> str:
    """What is told beside a resource's name; empty where its mark says all."""
    if change.action == "remove":
        return _removal(change) if change.stateful else ""
    if change.loses_data:
        return f"REPLACED, its data would be lost ({_kept(change)})"
    if change.may_lose_data:
        return f"may be REPLACED, its data would be lost then ({_kept(change)})"
    if change.type == _TASKS and change.action == "modify":
        return "a new revision"
    if change.action == "modify" and change.replacement != "never":
        return "replaced" if change.replacement == "always" else "may be replaced"
    return ""


def value_text(value: Any) -> str:
    """A value on one line, cut where it is long; digests are abbreviated."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        text = ", ".join(value_text(item) for item in value) or "[]"
    elif isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    else:
        text = str(value)
    text = visible(_DIGEST.sub(r"sha256:\1…", text)) or '""'
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def both_texts(one: PropertyChange) -> tuple[str, str]:
    """The values before and after as texts; the later one says where nobody knows it yet."""
    before = "" if one.before is None else value_text(one.before)
    if one.live:
        before += " (live)"
    if one.before is not None and one.after == f"{one.before}{_LATER}":
        return before, "known after the change"
    return before, "" if one.after is None else value_text(one.after)


def _order(title: str) -> tuple[int, str]:
    section = title.partition(".")[0].partition("[")[0]
    if title == PROJECT:
        return len(_SECTIONS) + 1, ""
    return (_SECTIONS.index(section) if section in _SECTIONS else len(_SECTIONS)), title


def _mark(changes: Sequence[Change]) -> Mark:
    if any(change.loses_data or change.may_lose_data for change in changes):
        return "!"
    actions = {change.action for change in changes}
    return {"add": "+", "remove": "-"}.get(actions.pop(), "~") if len(actions) == 1 else "~"  # type: ignore[return-value]


def _headline(placed: Sequence[tuple[str, Change]]) -> str:
    changes = [change for _, change in placed]
    actions = {change.action for change in changes}
    if actions == {"add"}:
        return f"added ({counted(len(changes), 'resource')})"
    if actions == {"remove"}:
        return _removals(changes) or f"removed ({counted(len(changes), 'resource')})"
    replaced = [change for change in changes if change.action == "modify"]
    data = dict.fromkeys(fate(change) for change in replaced if change.loses_data or change.may_lose_data)
    removed = _removals([change for change in changes if change.action == "remove"])
    phrases = [*data, *([removed] if removed else []), *_phrases(changes)]
    for action, word in (("add", "added"), ("remove", "removed")):
        number = sum(change.action == action and not change.loses_data for change in changes)
        if number:
            phrases.append(f"{counted(number, 'resource')} {word}")
    cost = _cost(changes)
    return ", ".join([*phrases, cost] if cost else phrases)


def _removals(changes: Sequence[Change]) -> str:
    """What becomes of the data of what is removed, the worst first; empty where it has none."""
    stateful = [change for change in changes if change.stateful]
    # A login that stays tells nothing where the database that it opens is told of.
    telling = [change for change in stateful if change.type != _SECRET] or stateful
    told = {_removal(change).removeprefix("removed ").removeprefix("removed; ") for change in telling}
    worst = sorted(told, key=lambda text: (not text.isupper(), text))
    if not worst:
        return ""
    return f"removed{' ' if worst[0].isupper() else '; '}{', '.join(worst)}"


def _removal(change: Change) -> str:
    if change.type == _FOLDER:
        return "removed; its files stay in the file system, and nothing leads to them"
    if change.retained == "snapshot":
        return "removed; a final snapshot is kept"
    return "removed; it stays in the account, unused" if change.retained == "retain" else "removed WITH ITS DATA"


def _kept(change: Change) -> str:
    if change.type == _FOLDER:
        return "its files stay in the old folder"
    kept = {"snapshot": "a snapshot is kept", "retain": "the old one stays in the account, unused"}
    return kept[change.retained] if change.retained else "nothing of it is kept"


def _phrases(changes: Sequence[Change]) -> list[str]:
    """What of it changes, in a few words: those that people have first."""
    named: dict[str, list[str]] = {}
    worded: list[str] = []
    rest: list[str] = []
    for change in changes:
        if change.action != "modify":
            continue
        kind = change.type.rpartition("::")[2]
        if change.replacement == "always" and not change.loses_data and change.type != _TASKS:
            rest.append(f"a new {kind}")
        for one in change.properties:
            if one.before is not None and one.after == f"{one.before}{_LATER}":
                continue
            if one.word in ("environment", "secret"):
                named.setdefault(one.word, []).append(_item(one.path))
            elif one.word:
                worded.append(_with_values(one.word, one))
            elif change.replacement != "always" or change.type == _TASKS or change.loses_data:
                rest.append(_with_values(f"{kind}.{one.path.partition('[')[0]}", one))
    worded += [f"{word} {listed(dict.fromkeys(names), 3)}" for word, names in named.items()]
    every = list(dict.fromkeys([*worded, *rest]))
    if len(every) <= _PHRASES:
        return every
    return [*every[: _PHRASES - 1], f"{len(every) - _PHRASES + 1} more settings"]


def _with_values(word: str, one: PropertyChange) -> str:
    scalars = not any(isinstance(value, list | dict) or value is None for value in (one.before, one.after))
    if not scalars or one.before == one.after or word.startswith("new "):
        return word
    before, after = _without_common_start(*both_texts(one))
    return f"{word} {before} → {after}" if len(before) + len(after) <= 60 else word


def _without_common_start(before: str, after: str) -> tuple[str, str]:
    """Of two references to images, what differs: `registry/app:1.4`, `registry/app:1.5` → `1.4`, `1.5`."""
    for sign in ("@", ":"):
        old, new = before.rpartition(sign), after.rpartition(sign)
        if sign == ":" and ("sha256:" in before or "sha256:" in after):
            continue
        if old[1] and old[0] == new[0] and "/" in old[0]:
            return old[2], new[2]
    return before, after


def _item(path: str) -> str:
    """The last name in brackets of a path."""
    return path.rpartition("[")[2].rstrip("]").strip('"')


def _cost(changes: Sequence[Change]) -> str:
    modified = [change for change in changes if change.action == "modify"]
    effects = {change.effect for change in changes if change.action != "add"}
    if any(change.loses_data for change in changes):
        return ""
    if "interruption" in effects:
        return "an interruption"
    if "tasks" in effects:
        return "new tasks, no interruption"
    if any(change.type == _JOB for change in modified):
        return "the job runs again"
    if any(change.type == _TASKS for change in modified):
        return "from its next run on"
    return "no interruption" if modified else ""


def _output_mark(one: PropertyChange) -> str:
    if one.before is None:
        return "+"
    return "-" if one.after is None else "~"
