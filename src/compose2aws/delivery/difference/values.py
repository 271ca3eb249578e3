"""Where two evaluated values differ, as people read it: items by their names, lists without an order as sets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from compose2aws.delivery.difference.behaviour import Behaviour, Pattern, item_names
from compose2aws.delivery.difference.evaluation import references_in, scalar_text

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_VALUES = {"Value", "ValueFrom"}
_POLICY_LISTS = ("Action", "NotAction", "Resource", "NotResource")


class Difference(NamedTuple):
    """A place where two values differ. `pattern` is what tables name it by, `names` are all names that lead to it,
    `path` is for people. `follows` tells that the texts are the same and what they name is another."""

    pattern: Pattern
    names: tuple[str, ...]
    path: str
    before: Any
    after: Any
    follows: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    pattern: Pattern = ()
    names: tuple[str, ...] = ()
    path: str = ""

    def key(self, name: str) -> _Place:
        dotted = f"{self.path}.{name}" if self.path else name
        path = dotted if _PLAIN.fullmatch(name) else f'{self.path}["{name}"]'
        return _Place((*self.pattern, name), (*self.names, name), path)

    def item(self, name: str) -> _Place:
        label = name if re.fullmatch(r"[^\[\]\"\s]+", name) else json.dumps(name)
        return _Place((*self.pattern, "*"), (*self.names, name), f"{self.path}[{label}]")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the values of a resource are compared. `moved` says whether a name and its attribute stand for another thing
    than before (`("ApiTaskDefinition", "")`)."""

    behaviour: Behaviour
    moved: Callable[[str, str], bool] = lambda _name, _attribute: False

    def differences(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
        """Every place where two sets of properties differ, in the order of their names."""
        return list(self._compare(_policies(before), _policies(after), _Place()))

    def _compare(self, before: Any, after: Any, place: _Place) -> Iterator[Difference]:
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for name in sorted({*before, *after}):
                yield from self._compare(before.get(name), after.get(name), place.key(name))
        elif isinstance(before, list) and isinstance(after, list):
            yield from self._compare_lists(before, after, place)
        elif _naming(*(items := _as_lists(before, after))) is not None:
            yield from self._compare_lists(*items, place)
        elif not _same(before, after):
            yield Difference(place.pattern, place.names, place.path, before, after)
        elif self._follows(after):
            yield Difference(place.pattern, place.names, place.path, before, after, follows=True)

    def _follows(self, value: Any) -> bool:
        return isinstance(value, str) and any(self.moved(*reference) for reference in references_in(value))

    def _compare_lists(self, before: list[Any], after: list[Any], place: _Place) -> Iterator[Difference]:
        unordered = place.pattern in self.behaviour.unordered or _in_policy(place)
        name = _naming(before, after)
        if name is not None:
            yield from self._compare_named(before, after, name, place, unordered=unordered)
        elif _scalars(before) and _scalars(after):
            if _order(before, unordered) != _order(after, unordered):
                yield Difference(place.pattern, place.names, place.path, before, after)
                return
            for number, value in enumerate(after):
                if self._follows(value):
                    item = place.item(str(number))
                    yield Difference(item.pattern, item.names, item.path, value, value, follows=True)
        elif unordered:
            yield from self._compare_sets(before, after, place)
        else:
            yield from self._compare_sequences(before, after, place)

    def _compare_named(
        self, before: list[Any], after: list[Any], name: str, place: _Place, *, unordered: bool
    ) -> Iterator[Difference]:
        old = {scalar_text(item[name]): item for item in before}
        new = {scalar_text(item[name]): item for item in after}
        for key in sorted({*old, *new}):
            found = list(self._compare(old.get(key), new.get(key), place.item(key)))
            yield from _shortened(found, old.get(key), new.get(key), name, place.item(key))
        common_before = [key for key in old if key in new]
        common_after = [key for key in new if key in old]
        if not unordered and common_before != common_after:
            yield Difference(place.pattern, place.names, f"{place.path} (order)", common_before, common_after)

    def _compare_sets(self, before: list[Any], after: list[Any], place: _Place) -> Iterator[Difference]:
        left = {_text(item): item for item in before}
        right = {_text(item): item for item in after}
        for text in sorted(left.keys() & right.keys()):
            yield from self._compare(left[text], right[text], place.item(str(after.index(right[text]))))
        gone = [left[text] for text in sorted(left.keys() - right.keys())]
        come = [right[text] for text in sorted(right.keys() - left.keys())]
        for number in range(max(len(gone), len(come))):
            old = gone[number] if number < len(gone) else None
            new = come[number] if number < len(come) else None
            index = after.index(new) if new is not None else before.index(old)
            yield from self._compare(old, new, place.item(str(index)))

    def _compare_sequences(self, before: list[Any], after: list[Any], place: _Place) -> Iterator[Difference]:
        matcher = SequenceMatcher(None, [_text(item) for item in before], [_text(item) for item in after], False)
        for tag, start, stop, new_start, new_stop in matcher.get_opcodes():
            for number in range(max(stop - start, new_stop - new_start)):
                old = before[start + number] if start + number < stop else None
                new = after[new_start + number] if new_start + number < new_stop else None
                index = new_start + number if new is not None else start + number
                if tag != "equal" or old is not None:
                    yield from self._compare(old, new, place.item(str(index)))


def _shortened(found: list[Difference], old: Any, new: Any, name: str, item: _Place) -> Iterator[Difference]:
    """Of an item that is a name and one value (`{Name, Value}`), the value stands for the whole."""
    keys = {key for side in (old, new) if isinstance(side, Mapping) for key in side} - {name}
    if len(keys) != 1 or not keys <= _VALUES:
        yield from found
        return
    key = next(iter(keys))
    for one in found:
        if one.pattern == item.pattern:
            sides = (side[key] if isinstance(side, Mapping) else side for side in (one.before, one.after))
            yield one._replace(**dict(zip(("before", "after"), sides, strict=True)))
        elif one.pattern == (*item.pattern, key):
            yield one._replace(names=item.names, path=item.path)
        else:
            yield one


def _as_lists(before: Any, after: Any) -> tuple[list[Any], list[Any]]:
    """A list of named items that is missing on one side is as one without items there: each of them comes or goes."""
    if isinstance(before, list) and after is None:
        return before, []
    return ([], after) if isinstance(after, list) and before is None else ([], [])


def _naming(before: list[Any], after: list[Any]) -> str | None:
    """The key by which the items of both lists are told apart."""
    if not before and not after:
        return None
    for name in item_names():
        if all(_is_named(items, name) for items in (before, after)):
            return name
    return None


def _is_named(items: list[Any], name: str) -> bool:
    if any(not isinstance(item, Mapping) or isinstance(item.get(name), list | Mapping | None) for item in items):
        return False
    return len({scalar_text(item[name]) for item in items}) == len(items)


def _scalars(items: list[Any]) -> bool:
    return not any(isinstance(item, list | Mapping) for item in items)


def _order(items: list[Any], unordered: bool) -> list[str]:
    texts = [scalar_text(item) for item in items]
    return sorted(texts) if unordered else texts


def _same(before: Any, after: Any) -> bool:
    if before is None or after is None or isinstance(before, list | Mapping) or isinstance(after, list | Mapping):
        return bool(before is None and after is None)
    return scalar_text(before) == scalar_text(after)


def _text(value: Any) -> str:
    """A value as a text that is the same for values that mean the same."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(key)}:{_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(scalar_text(value))


def _in_policy(place: _Place) -> bool:
    """Whether a list stands in an IAM policy: none there has an order."""
    return "Statement" in place.pattern


def _policies(value: Any) -> Any:
    """IAM policies in one form: a list of one is written as its item, in statements and in what they name."""
    if isinstance(value, list):
        return [_policies(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _policies(item) for key, item in value.items()}
    if "Statement" in found:
        statements = found["Statement"] if isinstance(found["Statement"], list) else [found["Statement"]]
        found["Statement"] = [_statement(one) if isinstance(one, Mapping) else one for one in statements]
    return found


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(statement)
    for key in _POLICY_LISTS:
        if key in found:
            found[key] = _single(found[key])
    for key in ("Principal", "NotPrincipal"):
        if isinstance(found.get(key), Mapping):
            found[key] = {name: _single(item) for name, item in found[key].items()}
    if isinstance(found.get("Condition"), Mapping):
        found["Condition"] = {
            operator: {name: _single(item) for name, item in tests.items()} if isinstance(tests, Mapping) else tests
            for operator, tests in found["Condition"].items()
        }
    return found


def _single(value: Any) -> Any:
    """A set of texts: sorted, and one of a single text as that text."""
    if not isinstance(value, list) or not _scalars(value):
        return value
    texts = sorted(map(scalar_text, value))
    return texts[0] if len(texts) == 1 else texts
