"""`.env` files: `NAME=value`, `NAME: value`, `export`, quotes, escapes, comments, and variables in values.

Compose Specification, "env_file" and "Interpolation". A value keeps its segments and the line that it stands on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from compose2aws.compose.node import Position, Scalar, Segment
from compose2aws.compose.provenance import of_segments
from compose2aws.compose.template import Lookup, TemplateError, expand

_BLANKS = "\t\v\f\r \x85\xa0"
_EXPORT = re.compile(r"export\s+")
_ESCAPE = re.compile(r'\\(?:[abcfnrtv$"\\]|0[0-9]{0,3})')
_OCTAL = re.compile(r"[0-3][0-7]{2}\Z")
_MOST_CHARACTERS = 4_000_000
_MOST_VARIABLES = 50_000
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}


@dataclass(frozen=True, slots=True)
class DotenvError(Exception):
    """A file that is no `.env` file: the line (from 1) and what is wrong there, without any value."""

    line: int
    message: str


def parse(
    text: str, file: str, lookup: Lookup, known: Callable[[str], Scalar | None] | None = None
) -> dict[str, Scalar]:
    """The variables of a `.env` text, in its order, with the place of each.

    A name alone on its line (`NAME`) takes its value from `lookup`, and is left out where that has none. Variables in
    values come from `lookup` first, then from the lines above, then from `known` (files read before). Raises
    `DotenvError`.
    """
    return _Parser(text.removeprefix("\ufeff"), file, lookup, known).variables()


class _Parser:
    def __init__(self, text: str, file: str, lookup: Lookup, known: Callable[[str], Scalar | None] | None) -> None:
        self._text = text
        self._at = 0
        self._file = file
        self._lookup = lookup
        self._known = known
        self._found: dict[str, Scalar] = {}
        self._length = 0
        self._counted, self._lines = 0, 1

    def variables(self) -> dict[str, Scalar]:
        while self._skip_to_statement():
            start = self._at
            if len(self._found) > _MOST_VARIABLES:
                raise DotenvError(self._line(start), f"the file has more than {_MOST_VARIABLES:,} variables")
            name, inherited = self._name()
            if " " in name:
                raise DotenvError(self._line(start), "a name cannot contain a space")
            if inherited:
                value = self._lookup(name)
                if value is not None:
                    self._found[name] = of_segments((Segment(value, (name,), "set"),), self._position(start))
                continue
            self._found[name] = self._value(self._position(start))
        return self._found

    def _line(self, at: int) -> int:
        # Places are asked for from top to bottom: each line break is counted once.
        if at >= self._counted:
            self._lines += self._text.count("\n", self._counted, at)
            self._counted = at
        return self._lines

    def _position(self, at: int) -> Position:
        return Position(self._file, self._line(at), at - self._text.rfind("\n", 0, at))

    def _skip_to_statement(self) -> bool:
        text, at = self._text, self._at
        while at < len(text):
            if text[at].isspace():
                at += 1
            elif text[at] == "#":
                end = text.find("\n", at)
                at = len(text) if end < 0 else end
            else:
                break
        self._at = at
        return at < len(text)

    def _name(self) -> tuple[str, bool]:
        text = self._text
        exported = _EXPORT.match(text, self._at)
        if exported:
            self._at += len("export")
            self._skip_blanks()
        start = at = self._at
        while at < len(text):
            char = text[at]
            if char in "=:\n":
                name = text[start:at].rstrip()
                self._at = at + 1
                self._skip_blanks()
                return name, char == "\n"
            if not (char in _BLANKS or char in "_.-[]" or char.isalpha() or char.isnumeric()):
                raise DotenvError(self._line(at), f"a name cannot contain {char!r}")
            at += 1
        if start == at:
            raise DotenvError(self._line(start), "a name is missing")
        self._at = at
        return text[start:at].rstrip(), True

    def _skip_blanks(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in _BLANKS:
            self._at += 1

    def _value(self, position: Position) -> Scalar:
        text, start = self._text, self._at
        quote = text[start : start + 1]
        if quote not in ("'", '"') or not quote:
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            self._at = min(end + 1, len(text))
            value = text[start:end].split(" #", 1)[0].rstrip()
            return self._expand(value, position)
        value = self._quoted(quote)
        if quote == "'":
            return Scalar(value, position)
        return self._expand(_ESCAPE.sub(_unescape, value), position)

    def _quoted(self, quote: str) -> str:
        text, at = self._text, self._at + 1
        chars: list[str] = []
        escaped = False
        while at < len(text):
            char = text[at]
            if char == quote and not escaped:
                self._at = at + 1
                return "".join(chars)
            if char == "\\" and not escaped:
                escaped = True
            else:
                if escaped and char != quote:
                    chars.append("\\")
                escaped = False
                chars.append(char)
            at += 1
        raise DotenvError(self._line(self._at), "a quote is opened and never closed")

    def _expand(self, value: str, position: Position) -> Scalar:
        if "$" not in value:
            return Scalar(value, position)
        try:
            expanded = of_segments(expand(value, self._variable), position)
            self._length += len(expanded.text)
            if self._length > _MOST_CHARACTERS:
                raise DotenvError(position.line, "the variables make the file far larger than it is written")
            return expanded
        except TemplateError as error:
            if error.kind == "required":
                message = f"the variable {error.variable!r} must be set: {error.message}"
            else:
                message = "a `${` begins no variable; write `$$` for a dollar sign"
            raise DotenvError(position.line, message) from None

    def _variable(self, name: str) -> str | None:
        value = self._lookup(name)
        if value is not None:
            return value
        found = self._found.get(name) or (self._known(name) if self._known else None)
        return None if found is None else found.text


def _unescape(found: re.Match[str]) -> str:
    code = found[0][1:]
    if code == "$":
        # Interpolation comes next: it makes one dollar sign of two.
        return "$$"
    if code[0] == "0":
        digits = code[1:]
        return chr(int(digits, 8)) if _OCTAL.match(digits) else found[0]
    return _ESCAPES.get(code, found[0])
