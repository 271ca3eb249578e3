"""How AWS takes a change of each property: the tables `update-replacement.yaml` and `update-effects.yaml`, as rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from compose2aws.catalog.catalog import read_table
from compose2aws.delivery.difference.model import Effect, Replacement

Pattern: TypeAlias = tuple[str, ...]
"""The path of a property; `*` stands for any item of a list or any key."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of a property and all below it. `unless` names an update policy by which it changes in place."""

    pattern: Pattern
    word: str = ""
    effect: Effect = "none"
    replacement: Replacement | None = None
    unless: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A resource type. `replaced` is the rule of the whole resource; `attributes` are those that are new where one of
    the named properties changes."""

    replaces: tuple[Pattern, ...] = ()
    may_replace: tuple[Pattern, ...] = ()
    unordered: frozenset[Pattern] = frozenset()
    rules: tuple[Rule, ...] = ()
    replaced: Rule = Rule(())
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def rule(self, path: Pattern) -> Rule | None:
        """The first rule whose pattern is the path or leads to it."""
        return next((rule for rule in self.rules if leads_to(rule.pattern, path)), None)

    def replacement(self, path: Pattern, policies: Iterable[str] = ()) -> Replacement:
        """What a change at the path makes of the resource. `policies` are the update policies that are switched on."""
        rule = next((r for r in self.rules if r.replacement and (leads_to(r.pattern, path))), None)
        if rule is not None and rule.replacement is not None:
            return "never" if rule.unless in tuple(policies) else rule.replacement
        if any(meets(pattern, path) for pattern in self.replaces):
            return "always"
        if any(meets(pattern, path) for pattern in self.may_replace):
            return "conditional"
        return "never"


def leads_to(pattern: Pattern, path: Pattern) -> bool:
    """Whether the path is the pattern's or one below it."""
    return len(pattern) <= len(path) and _same(pattern, path)


def meets(pattern: Pattern, path: Pattern) -> bool:
    """Whether one is the other or above it: what changes there changes the pattern's property too."""
    return _same(pattern, path)


def _same(pattern: Pattern, path: Pattern) -> bool:
    return all("*" in (a, b) or a == b for a, b in zip(pattern, path, strict=False))


@cache
def behaviour(resource_type: str) -> Behaviour:
    """The behaviour of a type; an empty one for a type that the tables do not know."""
    replacement, effects = _tables()
    derived: dict[str, list[str]] = replacement["types"].get(resource_type, {})
    by_hand: dict[str, Any] = effects["properties"].get(resource_type, {})
    unordered = [*derived.get("unordered", ()), *effects["unordered"].get(resource_type, ())]
    attributes: dict[str, list[str]] = effects["attributes"].get(resource_type, {})
    return Behaviour(
        replaces=_patterns(derived.get("replaces", ())),
        may_replace=_patterns(derived.get("may-replace", ())),
        unordered=frozenset(_patterns(unordered)),
        rules=tuple(_rule(path, row) for path, row in by_hand.items()),
        replaced=_rule("", effects["replaced"].get(resource_type, {})),
        attributes=tuple((name, tuple(properties)) for name, properties in attributes.items()),
    )


def knows(resource_type: str) -> bool:
    """Whether the tables say anything of a type."""
    return resource_type in _tables()[0]["types"]


@cache
def item_names() -> tuple[str, ...]:
    """The keys by which items of a list are told apart, the best first."""
    return tuple(_tables()[1]["names"])


@cache
def _tables() -> tuple[dict[str, Any], dict[str, Any]]:
    return read_table("update-replacement"), read_table("update-effects")


def _patterns(paths: Iterable[str]) -> tuple[Pattern, ...]:
    return tuple(tuple(path.split("/")) for path in paths)


def _rule(path: str, row: dict[str, Any]) -> Rule:
    return Rule(
        pattern=tuple(path.split("/")) if path else (),
        word=row.get("word", ""),
        effect=row.get("effect", "none"),
        replacement=row.get("replacement"),
        unless=row.get("unless"),
        note=row.get("note", ""),
    )
