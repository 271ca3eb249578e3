"""Cutting and joining strings without losing where their parts came from.

Canonical forms cut strings (`8080:80`, `KEY=value`, a command line) and merging joins them. Both work on the segments,
so that a variable is still a variable in the piece it ends up in.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as AbstractSequence
from dataclasses import replace

from compose2aws.compose.node import Position, Scalar, Segment

Span = tuple[int, int]
"""A stretch of a string: from the first index up to, not including, the second."""


def compact(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The segments with neighbouring literals made one and empty literals left out; nothing where all is literal."""
    kept: list[Segment] = []
    for segment in segments:
        plain = segment.origin == "literal"
        if plain and not segment.text:
            continue
        if plain and kept and kept[-1].origin == "literal":
            kept[-1] = Segment(kept[-1].text + segment.text)
        else:
            kept.append(segment)
    if all(segment.origin == "literal" for segment in kept):
        return ()
    return tuple(kept)


def of_segments(segments: Iterable[Segment], position: Position) -> Scalar:
    """A string made of segments."""
    parts = tuple(segments)
    return Scalar("".join(part.text for part in parts), position, compact(parts))


def with_value(scalar: Scalar, value: str | int | float | bool | None) -> Scalar:
    """The scalar as another value of the same origin: its segments stay as they were before the cast."""
    return Scalar(value, scalar.position, scalar.segments)


def with_text(scalar: Scalar, text: str) -> Scalar:
    """The scalar with a text computed from it (a cleaned path, an absolute one).

    Where the old text is still the end of the new one, what was added is a literal before the old segments; where
    nothing of it can be told apart any more, one segment names every variable that took part.
    """
    if not scalar.segments or text == scalar.value:
        return scalar if text == scalar.value else Scalar(text, scalar.position, scalar.segments)
    old = scalar.text
    if old and text.endswith(old):
        return of_segments((Segment(text[: len(text) - len(old)]), *scalar.segments), scalar.position)
    return Scalar(text, scalar.position, (mixed(scalar.segments, text),))


def mixed(segments: AbstractSequence[Segment], text: str) -> Segment:
    """One segment for a text that was computed from several: the origin of the first variable, the names of all."""
    foreign = [segment for segment in segments if segment.origin != "literal"]
    if not foreign:
        return Segment(text)
    names = tuple(dict.fromkeys(name for segment in foreign for name in segment.variables))
    return replace(foreign[0], text=text, variables=names)


def cut(scalar: Scalar, start: int, stop: int) -> Scalar:
    """The stretch of a string from `start` up to `stop`, with its segments."""
    text = scalar.text
    if not scalar.segments:
        return Scalar(text[start:stop], scalar.position)
    return gather(scalar, ((start, stop),))


def gather(scalar: Scalar, spans: Iterable[Span]) -> Scalar:
    """Several stretches of a string, joined (a shell word without its quotes). An unset variable has no length: it
    belongs to every stretch that touches it."""
    text = scalar.text
    wanted = tuple(spans)
    joined = "".join(text[start:stop] for start, stop in wanted)
    if not scalar.segments:
        return Scalar(joined, scalar.position)
    found: list[Segment] = []
    for start, stop in wanted:
        at = 0
        for segment in scalar.segments:
            end = at + len(segment.text)
            if at == end:
                if start <= at <= stop and (not found or found[-1] is not segment):
                    found.append(segment)
            elif at < stop and end > start:
                piece = segment.text[max(start - at, 0) : stop - at]
                found.append(replace(segment, text=piece))
            at = end
    return Scalar(joined, scalar.position, compact(found))


def partition(scalar: Scalar, separator: str) -> tuple[Scalar, Scalar | None]:
    """The string before the first separator and the string behind it; None behind where there is no separator."""
    at = scalar.text.find(separator)
    if at < 0:
        return (scalar if isinstance(scalar.value, str) else cut(scalar, 0, len(scalar.text))), None
    return cut(scalar, 0, at), cut(scalar, at + len(separator), len(scalar.text))


def split(scalar: Scalar, separator: str) -> list[Scalar]:
    """The string cut at every separator."""
    pieces: list[Scalar] = []
    at = 0
    for part in scalar.text.split(separator):
        pieces.append(cut(scalar, at, at + len(part)))
        at += len(part) + len(separator)
    return pieces


def join(parts: Iterable[Scalar | str], position: Position) -> Scalar:
    """Strings and literals put together, at the place of the whole."""
    segments: list[Segment] = []
    for part in parts:
        if isinstance(part, str):
            segments.append(Segment(part))
        else:
            segments.extend(part.parts)
    return of_segments(segments, position)


def spelled(scalar: Scalar) -> str:
    """A text as an error may show it: a variable's name in place of its value, which may be a secret."""
    return "".join(
        "${" + part.variables[-1] + "}" if part.origin == "set" and part.variables else part.text
        for part in scalar.parts
    )


def unset_variables(scalar: Scalar) -> tuple[str, ...]:
    """The variables of a string that had no value, in order: what an error about the string should name."""
    return tuple(dict.fromkeys(s.variables[-1] for s in scalar.segments if s.origin == "unset" and s.variables))
