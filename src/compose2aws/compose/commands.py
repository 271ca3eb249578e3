"""A command line cut into words, as the reference cuts it (a shell's words, without a shell).

Compose Specification, services, "command": "The value can also be a list". An unquoted `;`, `&`, `|`, `<` or `>` ends
the reference's reading: what follows is dropped, without a word. Here too, but with a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from compose2aws.compose.node import Scalar
from compose2aws.compose.provenance import Span, gather, join

_OPERATORS = frozenset(";&|<>")
_SPACES = frozenset(" \t\r\n")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a command line; `dropped` is what an operator cut off (empty where nothing was)."""

    words: tuple[Scalar, ...]
    dropped: str = ""


@dataclass(slots=True)
class _Word:
    """A word in the making: the stretches of the line that it takes, and characters that an escape put in."""

    parts: list[Span | str] = field(default_factory=list)
    text: str = ""

    def take(self, at: int, char: str) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, tuple) and last[1] == at:
            self.parts[-1] = (last[0], at + 1)
        else:
            self.parts.append((at, at + 1))
        self.text += char

    def insert(self, char: str) -> None:
        self.parts.append(char)
        self.text += char


def split(line: Scalar) -> Words:
    """The words of a command line, with their segments. Raises `ValueError` where a quote or bracket is left open."""
    text = line.text
    words: list[Scalar] = []
    word = _Word()
    begun = escaped = double = single = back = dollar = False
    dropped = ""
    for at, char in enumerate(text):
        if escaped:
            if char in "tn":
                word.insert({"t": "\t", "n": "\n"}[char])
            else:
                word.take(at, char)
            escaped, begun = False, True
            continue
        if char == "\\":
            if single:
                word.take(at, char)
            else:
                escaped = True
            continue
        if char in _SPACES:
            if single or double or back or dollar:
                word.take(at, char)
            elif begun:
                words.append(_finished(line, word))
                word, begun = _Word(), False
            continue
        if char == "`" and not (single or double or dollar):
            back = not back
        elif char == ")" and not (single or double or back):
            if not dollar:
                raise ValueError("a bracket is closed that was never opened")
            dollar = False
        elif char == "(" and not (single or double or back):
            if dollar or not word.text.endswith("$"):
                raise ValueError("an unquoted bracket is shell syntax; put the command in a list")
            dollar = True
            word.take(at, char)
            continue
        elif char == '"' and not (single or dollar):
            begun = begun or double
            double = not double
            continue
        elif char == "'" and not (double or dollar):
            begun = begun or single
            single = not single
            continue
        elif char in _OPERATORS and not (single or double or back or dollar):
            if char == ">" and word.text[:1].isascii() and word.text[:1].isdigit():
                # `2>` names a stream, it is no word.
                begun = False
            dropped = text[at:]
            break
        begun = True
        word.take(at, char)
    if begun:
        words.append(_finished(line, word))
    if escaped or single or double or back or dollar:
        raise ValueError("a quote or bracket is opened and never closed")
    return Words(tuple(words), dropped)


def _finished(line: Scalar, word: _Word) -> Scalar:
    if not line.segments:
        return Scalar(word.text, line.position)
    pieces: list[Scalar | str] = []
    spans: list[Span] = []
    for part in [*word.parts, ""]:
        if isinstance(part, tuple):
            spans.append(part)
            continue
        if spans:
            pieces.append(gather(line, spans))
            spans = []
        if part:
            pieces.append(part)
    return join(pieces, line.position)
