"""A value as its author wrote it: text in which every character knows its segment, and edits of it.

An unset variable has no text of its own; here it is one placeholder character, so that a parser sees that *something*
stands there: in `postgres://app:${PASSWORD}@db/app` it is the password, set or not. Parsers work on `text`, answer in
offsets and change it by `Edit`s; what no edit touches keeps its origin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from compose2aws.compose.node import Scalar, Segment
from compose2aws.planning.text import Hole, Text

UNSET = "\ue000"
"""The placeholder of an unset variable: the first character of Unicode's private use area."""

Parts = tuple[str | Hole, ...]


@dataclass(frozen=True)
class Written:
    """A text and its segments, in order. Segments of origin `unset` are `UNSET` in the text."""

    segments: tuple[Segment, ...]

    @cached_property
    def text(self) -> str:
        return "".join(UNSET if s.origin == "unset" else s.text for s in self.segments)

    @classmethod
    def of(cls, scalar: Scalar) -> Written:
        parts = scalar.parts
        if any(UNSET in part.text for part in parts if part.origin != "unset"):
            # a placeholder must be ours; U+FFFD is what Unicode has for a character that cannot be shown
            parts = tuple(replace(part, text=part.text.replace(UNSET, "\ufffd")) for part in parts)
        if scalar.segments and "".join(part.text for part in parts) != scalar.text:
            # a cast changed the text (`0x10`, `1e3`): what the container sees counts
            variables = tuple(dict.fromkeys(name for part in parts for name in part.variables))
            if not any(part.origin == "unset" for part in parts):
                parts = (replace(parts[-1], text=scalar.text, variables=variables),)
        return cls(tuple(part for part in parts if part.text or part.origin != "literal"))

    @classmethod
    def literal(cls, text: str) -> Written:
        return cls((Segment(text),) if text else ())

    def stretches(self, start: int, stop: int) -> Iterator[Segment]:
        """The segments of a stretch, cut to it."""
        at = 0
        for segment in self.segments:
            length = 1 if segment.origin == "unset" else len(segment.text)
            end = at + length
            if (at < stop and end > start) or (not length and start <= at < stop):
                piece = segment.text[max(start - at, 0) : stop - at]
                yield segment if segment.origin == "unset" or piece == segment.text else replace(segment, text=piece)
            at = end
            if at >= stop and length:
                break

    def cut(self, start: int, stop: int) -> Written:
        """The stretch from `start` up to `stop`."""
        return Written(tuple(self.stretches(start, stop)))

    @property
    def variables(self) -> frozenset[str]:
        """The variables that took part: the outermost name of each segment, and the one that its value came from."""
        names = [name for s in self.segments if s.variables for name in (s.variables[0], s.variables[-1])]
        return frozenset(names)

    @property
    def whole_variable(self) -> Segment | None:
        """The one variable that all of the value came from; None where anything stands beside it."""
        only = self.segments[0] if len(self.segments) == 1 else None
        return only if only is not None and only.origin != "literal" else None

    @property
    def unset(self) -> bool:
        """Whether nothing but unset variables stands here."""
        return bool(self.segments) and all(s.origin == "unset" for s in self.segments)

    @property
    def known(self) -> str | None:
        """The text where no part of it is unset."""
        return None if any(s.origin == "unset" for s in self.segments) else self.text

    def masked(self, secret: Callable[[Segment], bool]) -> str:
        """The text, as long as it is, with the characters of secret variables replaced by letters: a password may
        hold what a parser takes for an end (`/`, `@`, a space)."""
        return "".join(
            "x" * len(s.text)
            if s.origin in ("set", "default") and "://" not in s.text and secret(s)
            else UNSET
            if s.origin == "unset"
            else s.text
            for s in self.segments
        )


def of_entry(key: str, scalar: Scalar) -> Written:
    """The value of an entry. A bare `KEY` whose variable is not set is that variable, unset."""
    if scalar.value is None and not scalar.segments:
        return Written((Segment("", (key,), "unset"),))
    return Written.of(scalar)


@dataclass(frozen=True, slots=True)
class Edit:
    """The stretch from `start` up to `stop` becomes `parts`. `hides`: what stood there is never to be shown."""

    start: int
    stop: int
    parts: Parts
    hides: bool = False

    @property
    def sensitive(self) -> bool:
        return self.hides or any(isinstance(part, Hole) and part.sensitive for part in self.parts)


def in_order(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits from left to right; of two that overlap the one that begins first (and, there, the longer) stays."""
    kept: list[Edit] = []
    end = 0
    for edit in sorted(edits, key=lambda e: (e.start, e.start != e.stop, -e.stop)):
        if edit.start >= end and edit not in kept[-1:]:
            kept.append(edit)
            end = edit.stop
    return tuple(kept)


def rewritten(written: Written, edits: Iterable[Edit], untouched: Callable[[Segment], Parts]) -> Text:
    """The text with the edits made; `untouched` gives what becomes of a stretch of one segment that none touches."""
    parts: list[str | Hole] = []
    at = 0
    for edit in (*in_order(edits), Edit(len(written.text), len(written.text), ())):
        for piece in written.stretches(at, edit.start):
            parts += untouched(piece)
        parts += edit.parts
        at = max(at, edit.stop)
    return Text.of(*parts)


def shown(written: Written, edits: Iterable[Edit], untouched: Callable[[Segment], Parts]) -> str:
    """The value as it was, for people: what became a secret is `****`, an unset variable is `${NAME}`."""
    parts: list[str] = []
    at = 0

    def show(piece: Segment) -> str:
        became = untouched(piece)
        if any(isinstance(part, Hole) and part.sensitive for part in became):
            return "".join(part if isinstance(part, str) else "****" for part in became)
        return f"${{{piece.variables[0]}}}" if piece.origin == "unset" and piece.variables else piece.text

    for edit in (*in_order(edits), Edit(len(written.text), len(written.text), ())):
        parts += [show(piece) for piece in written.stretches(at, edit.start)]
        if edit.sensitive and edit.stop > edit.start:
            parts.append("****")
        else:
            for piece in written.stretches(edit.start, edit.stop):
                unset = piece.origin == "unset" and piece.variables
                parts.append(f"${{{piece.variables[0]}}}" if unset else piece.text)
        at = max(at, edit.stop)
    return "".join(parts)
