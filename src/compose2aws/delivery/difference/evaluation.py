"""A template's values with all put in that is known: parameters, conditions, mappings, joined texts.

What only AWS knows stays as a text that names it, as `Fn::Sub` would write it: `${ApiTaskDefinition}`,
`${EncryptionKey.Arn}`, `${AWS::Region}`, `${import shop-base-VirtualPrivateCloud}`; a literal `${` becomes `${!`. So
the same text means the same value, however the template spells it. A secret is `${secret NAME}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "****"
"""What CloudFormation gives for the value of a no-echo parameter, and what is shown in the place of a secret."""

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_SECRET = "${secret "  # noqa: S105 - a mark, not a secret
_NAMED = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")


class _Missing:
    """`AWS::NoValue`: what holds it is left out."""


_MISSING = _Missing()


def is_no_echo(declaration: Any) -> bool:
    """Whether a parameter's value is shown to nobody."""
    return isinstance(declaration, Mapping) and str(declaration.get("NoEcho", "false")).lower() == "true"


def is_secret(text: str) -> bool:
    """Whether an evaluated text holds the value of a secret parameter."""
    return _SECRET in text


def references_in(text: str) -> list[tuple[str, str]]:
    """What an evaluated text names: (resource or parameter, attribute or empty)."""
    return [(match[1], match[2] or "") for match in _NAMED.finditer(text)]


def scalar_text(value: Any) -> str:
    """A scalar as CloudFormation reads it: `5` and `"5"`, `true` and `"true"` are the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class Evaluation:
    """One template with values for its parameters.

    `values` are the parameters' texts; None, or a mask, is not known. Those of `secrets` are never put in;
    `changed_secrets` are those whose values differ from the other side's, `side` tells the two apart.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        values: Mapping[str, str | None],
        secrets: frozenset[str],
        changed_secrets: frozenset[str] = frozenset(),
        side: str = "",
    ) -> None:
        self.template = template
        self.conditions: dict[str, bool | None] = {}
        self._declared: Mapping[str, Any] = template.get("Parameters") or {}
        self._values = values
        self._secrets = secrets
        self._changed = changed_secrets
        self._side = side
        self._revealing = False

    def decide(self, known: Mapping[str, bool]) -> None:
        """Finds out which conditions hold; `known` are those that something else tells. None is: nobody knows."""
        declared = self.template.get("Conditions") or {}
        self.conditions = {name: known.get(name) for name in declared}
        for _ in declared:  # one may name another that stands behind it
            open_ones = [name for name, truth in self.conditions.items() if truth is None]
            for name in open_ones:
                self.conditions[name] = self._truth(declared[name])
            if all(self.conditions[name] is None for name in open_ones):
                break

    def of(self, value: Any) -> Any:
        """The value with all put in that is known. A null, which CloudFormation takes nowhere, is left out."""
        found = self._of(value)
        return None if found is _MISSING else found

    def _of(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("${", "${!")
        if isinstance(value, list):
            return [item for item in map(self._of, value) if item is not _MISSING and item is not None]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in _FUNCTIONS:
                try:
                    found = _FUNCTIONS[name](self, argument)
                except (AttributeError, LookupError, TypeError, ValueError):
                    found = None  # a function that is not written as it should be stands for itself
                return {name: self._rest(argument)} if found is None else found
            if str(name).startswith("Fn::"):
                return {name: self._rest(argument)}
        found = {str(key): self._of(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not _MISSING and item is not None}

    def _rest(self, argument: Any) -> Any:
        found = self._of(argument)
        return None if found is _MISSING else found

    def _ref(self, name: Any) -> Any:
        if name == "AWS::NoValue":
            return _MISSING
        if name not in self._declared:
            return f"${{{name}}}"
        if name in self._secrets and not self._revealing:
            return f"${{secret {name}{self._side if name in self._changed else ''}}}"
        text = self._values.get(name)
        if text is None or (name in self._secrets and text == MASK):
            return f"${{{name}}}"
        literal = text.replace("${", "${!")
        kind = str(self._declared[name].get("Type", "String"))
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [part.strip() for part in literal.split(",")]
        return literal

    def _get_att(self, argument: Any) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else [self._of(part) for part in argument]
        return "${" + ".".join(map(str, parts)) + "}" if all(isinstance(part, str) for part in parts) else None

    def _join(self, argument: Any) -> Any:
        separator, items = argument
        parts = self._of(items)
        if not isinstance(parts, list) or any(isinstance(part, list | Mapping) for part in parts):
            return None
        return str(separator).join(map(scalar_text, parts))

    def _sub(self, argument: Any) -> Any:
        text, own = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
        known = {name: self._of(item) for name, item in own.items()}
        if any(isinstance(item, list | Mapping | _Missing) for item in known.values()):
            return None

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return match[0]
            if name in known:
                return scalar_text(known[name])
            found = self._get_att(name) if "." in name else self._ref(name)
            return match[0] if isinstance(found, list | _Missing) else scalar_text(found)

        return _PLACEHOLDER.sub(value, text)

    def _if(self, argument: Any) -> Any:
        name, yes, no = argument
        truth = self.conditions.get(name)
        return None if truth is None else self._of(yes if truth else no)

    def _select(self, argument: Any) -> Any:
        index, items = self._of(argument[0]), self._of(argument[1])
        return items[int(index)] if isinstance(items, list) else None

    def _split(self, argument: Any) -> Any:
        separator, text = argument[0], self._of(argument[1])
        return text.split(separator) if isinstance(text, str) and "${" not in text else None

    def _find_in_map(self, argument: Any) -> Any:
        name, first, second = (self._of(part) for part in argument[:3])
        return self._of(self.template["Mappings"][name][first][second])

    def _import(self, argument: Any) -> Any:
        name = self._of(argument)
        return f"${{import {name}}}" if isinstance(name, str) else None

    def _truth(self, condition: Any) -> bool | None:
        """Whether a condition's expression holds; None where that hangs on what nobody knows."""
        if not isinstance(condition, Mapping) or len(condition) != 1:
            return None
        name, argument = next(iter(condition.items()))
        if name == "Condition":
            return self.conditions.get(argument)
        if name == "Fn::Not":
            truth = self._truth(argument[0])
            return None if truth is None else not truth
        if name in ("Fn::And", "Fn::Or"):
            truths = [self._truth(part) for part in argument]
            decisive: bool = name == "Fn::Or"
            if decisive in truths:
                return decisive
            return None if None in truths else not decisive
        return self._equal(argument) if name == "Fn::Equals" else None

    def _equal(self, argument: Any) -> bool | None:
        self._revealing = True
        try:
            first, second = (self.of(part) for part in argument)
        finally:
            self._revealing = False
        if any(isinstance(side, list | Mapping) for side in (first, second)):
            return None
        first, second = scalar_text(first), scalar_text(second)
        known = not any(re.search(r"\$\{(?!!)", side) for side in (first, second))
        if known or first == second:
            return bool(first == second)
        return None


_FUNCTIONS = {
    "Ref": Evaluation._ref,
    "Fn::GetAtt": Evaluation._get_att,
    "Fn::Join": Evaluation._join,
    "Fn::Sub": Evaluation._sub,
    "Fn::If": Evaluation._if,
    "Fn::Select": Evaluation._select,
    "Fn::Split": Evaluation._split,
    "Fn::FindInMap": Evaluation._find_in_map,
    "Fn::ImportValue": Evaluation._import,
}
