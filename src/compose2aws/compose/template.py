"""`${…}` in a string: one text and an environment in, segments out.

Compose Specification, "Interpolation": `$NAME`, `${NAME}`, `:-`, `-` (default), `:+`, `+` (replacement), `:?`, `?`
(required), nested, and `$$` for a dollar sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from compose2aws.compose.node import Segment

Lookup: TypeAlias = Callable[[str], str | None]
"""A variable's value, or None where it is not set."""

_NAME = r"[_a-zA-Z][_a-zA-Z0-9]*"
# The braced form reaches to the last brace of the line; where it really ends, `_closing_brace` says.
_VARIABLE = re.compile(
    rf"\$(?:(?P<escaped>\$)|(?P<named>{_NAME})|\{{(?:(?P<braced>{_NAME})(?:(?P<operator>:?[-+?])(?P<word>.*))?\}}|(?P<invalid>)))"
)
_MOST_NESTING = 50


@dataclass(frozen=True, slots=True)
class TemplateError(Exception):
    """A string that cannot be interpolated: `invalid` where its form is wrong, `required` where a variable that the
    file demands is not set. `message` is the file's own, with the names of variables in place of their values."""

    kind: Literal["invalid", "required"]
    variable: str = ""
    message: str = ""


def substitute(text: str, lookup: Lookup) -> str:
    """The text with its variables replaced. Raises `TemplateError`."""
    return "".join(segment.text for segment in expand(text, lookup))


def expand(text: str, lookup: Lookup, required_is_hole: bool = False, depth: int = 0) -> list[Segment]:
    """The segments of a text.

    With `required_is_hole` an unset `${NAME:?message}` is an `unset` segment that carries its message; else it raises
    `TemplateError`, as does a `${` that begins nothing.
    """
    if depth > _MOST_NESTING:
        raise TemplateError("invalid")
    segments: list[Segment] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        if found.start() > at:
            segments.append(Segment(text[at : found.start()]))
        at = found.end()
        segments.extend(_replacement(found[0], lookup, required_is_hole, depth))
    if at < len(text):
        segments.append(Segment(text[at:]))
    return segments


def readable(segments: list[Segment]) -> str:
    """The text of segments for people: a variable's name stands in place of its value, which may be a secret."""
    return "".join(
        "${" + segment.variables[-1] + "}" if segment.origin == "set" and segment.variables else segment.text
        for segment in segments
    )


def _replacement(found: str, lookup: Lookup, required_is_hole: bool, depth: int) -> list[Segment]:
    closing = _closing_brace(found)
    rest = found[closing + 1 :] if closing >= 0 else ""
    match = _VARIABLE.search(found[: closing + 1] if closing >= 0 else found)
    if match is None or match["invalid"] is not None:
        raise TemplateError("invalid")
    if match["escaped"]:
        return [Segment("$")]
    name = match["named"] or match["braced"]
    value = lookup(name)
    operator, word = match["operator"], match["word"]
    if operator is None:
        return [_unset(name) if value is None else Segment(value, (name,), "set")]
    segments = _operated(name, value, operator, word, lookup, required_is_hole, depth)
    return segments + (expand(rest, lookup, required_is_hole, depth + 1) if rest else [])


def _operated(
    name: str, value: str | None, operator: str, word: str, lookup: Lookup, required_is_hole: bool, depth: int
) -> list[Segment]:
    # A colon makes an empty value count as none.
    present = value is not None and (operator[0] != ":" or value != "")

    def expanded() -> list[Segment]:
        return expand(word, lookup, required_is_hole, depth + 1)

    match operator[-1]:
        case "-":
            return [Segment(value or "", (name,), "set")] if present else _default(name, expanded())
        case "+":
            return _default(name, expanded()) if present else [Segment("", (name,), "default")]
        case _:
            if present:
                return [Segment(value or "", (name,), "set")]
            message = readable(expanded())
            if required_is_hole:
                return [Segment("", (name,), "unset", message)]
            raise TemplateError("required", name, message)


def _default(name: str, word: list[Segment]) -> list[Segment]:
    """The segments of a default: its literal text is a default of the variable, its own variables stand behind it."""
    if not word:
        return [Segment("", (name,), "default")]
    return [
        replace(
            segment,
            variables=(name, *segment.variables),
            origin="default" if segment.origin == "literal" else segment.origin,
        )
        for segment in word
    ]


def _unset(name: str) -> Segment:
    return Segment("", (name,), "unset")


def _closing_brace(text: str) -> int:
    """The index of the brace that closes the first one. What follows an opening brace is part of a name and not looked
    at, as in the reference."""
    opened = 0
    at = 0
    while at < len(text):
        if text[at] == "}":
            opened -= 1
            if opened == 0:
                return at
        if text[at] == "{":
            opened += 1
            at += 1
        at += 1
    return -1
