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

# What may follow a dollar sign: another one, a name, or a brace with a name and an operator or the closing brace.
_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<named>[_a-zA-Z][_a-zA-Z0-9]*)"
    r"|\{(?P<braced>[_a-zA-Z][_a-zA-Z0-9]*)(?:(?P<operator>:?[-+?])|\})|(?P<invalid>\{))"
)
_BRACE = re.compile(r"[{}]")
_MOST_NESTING = 10
_MOST_SEGMENTS = 50_000


@dataclass(frozen=True, slots=True)
class TemplateError(Exception):
    """A string that cannot be interpolated: `invalid` where its form is wrong, `large` where it has too many variables,
    `required` where a variable that the file demands is not set. `message` is the file's own, with the names of
    variables in place of their values."""

    kind: Literal["invalid", "required", "large"]
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
    line = _Line(text)
    while found := _VARIABLE.search(text, at):
        if len(segments) > _MOST_SEGMENTS:
            raise TemplateError("large")
        if found.start() > at:
            segments.append(Segment(text[at : found.start()]))
        at = found.end()
        if found["invalid"]:
            raise TemplateError("invalid")
        if found["escaped"]:
            segments.append(Segment("$"))
            continue
        name = found["named"] or found["braced"]
        value = lookup(name)
        if found["operator"]:
            end = line.closing_brace(found.start() + 1)
            word = text[at:end]
            at = end + 1
            segments += _operated(name, value, found["operator"], word, lookup, required_is_hole, depth)
        else:
            segments.append(Segment("", (name,), "unset") if value is None else Segment(value, (name,), "set"))
    if at < len(text):
        segments.append(Segment(text[at:]))
    return segments


def readable(segments: list[Segment]) -> str:
    """The text of segments for people: a variable's name stands in place of its value, which may be a secret."""
    return "".join(
        "${" + segment.variables[-1] + "}" if segment.origin == "set" and segment.variables else segment.text
        for segment in segments
    )


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
                return [Segment(value or "", (name,), "set", readable(expand(word, lookup, True, depth + 1)))]
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


class _Line:
    """Finds the braces that close variables; a variable ends on the line on which it begins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = -1
        self._last = -1

    def closing_brace(self, opening: int) -> int:
        """The index of the brace that closes the one at `opening`. Raises `TemplateError` where there is none.

        As in the reference, what follows an opening brace is part of a name and not looked at; where braces do not
        balance, the line's last one closes.
        """
        text = self._text
        if opening >= self._end:
            end = text.find("\n", opening)
            self._end = len(text) if end < 0 else end
            self._last = text.rfind("}", opening, self._end)
        if self._last < opening:
            raise TemplateError("invalid")
        opened = 0
        skipped = -1
        for brace in _BRACE.finditer(text, opening, self._last + 1):
            at = brace.start()
            if at == skipped:
                continue
            if brace[0] == "{":
                opened += 1
                skipped = at + 1
            else:
                opened -= 1
                if opened == 0:
                    return at
        return self._last
