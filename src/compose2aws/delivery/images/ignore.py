"""Which files of a build context Docker does not send: `.dockerignore`.

The rules are moby/patternmatcher's, which BuildKit uses: patterns begin at the context's root, the last that matches
wins, what matches a folder matches all in it, letters count as they are written. The Docker SDK for Python has the
rules of the classic builder, which takes `*.LOG` for `*.log` and knows no `!**/kept` inside of what is ignored: files
that are part of the image would be missed. pathspec has git's.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from compose2aws.delivery.refusal import DeliveryError


@dataclass(frozen=True, slots=True)
class Pattern:
    """A line: what it matches, whether it takes files back in (`!`), and its beginning up to the first wildcard."""

    expression: re.Pattern[str]
    exception: bool
    beginning: str
    literal: bool


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The patterns in their order. `matched` of a folder is what `ignores` gave for it; pass () for the root's."""

    patterns: tuple[Pattern, ...] = ()

    def ignores(self, path: str, parent: tuple[bool, ...] = ()) -> tuple[bool, tuple[bool, ...]]:
        """Whether a path (with slashes, relative to the context) is left out, and which patterns matched it."""
        ignored = False
        matched = list(parent) or [False] * len(self.patterns)
        for index, pattern in enumerate(self.patterns):
            if not matched[index]:
                if pattern.exception != ignored:
                    continue
                matched[index] = pattern.expression.fullmatch(path) is not None
            if matched[index]:
                ignored = not pattern.exception
        return ignored, tuple(matched)

    def keeps_within(self, folder: str) -> bool:
        """Whether something in an ignored folder may be taken back in."""
        below = f"{folder}/"
        return any(
            pattern.exception
            and (
                f"{pattern.beginning}/".startswith(below)
                if pattern.literal
                else below.startswith(pattern.beginning) or pattern.beginning.startswith(below)
            )
            for pattern in self.patterns
        )


def ignore_rules(text: str, name: str) -> IgnoreRules:
    """Read a `.dockerignore`. `name` says in an error which file is meant. Raises `DeliveryError`."""
    patterns = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        written = "" if line.startswith("#") else line.strip()
        if not written:
            continue
        exception = written.startswith("!")
        cleaned = _clean(written[1:].strip() if exception else written)
        try:
            if not cleaned:
                raise ValueError("nothing follows the `!`")
            patterns.append(_pattern(cleaned, exception))
        except ValueError as error:
            raise DeliveryError(f"{name}, line {number}: {line.strip()!r} is no pattern: {error}") from error
    return IgnoreRules(tuple(patterns))


def _clean(pattern: str) -> str:
    """The shortest form of a path, without the slash in front."""
    if not pattern:
        return ""
    cleaned = posixpath.normpath(pattern)
    return re.sub(r"^/+(?=.)", "", cleaned)


def _pattern(text: str, exception: bool) -> Pattern:
    beginning = re.split(r"[*?\[\\]", text, maxsplit=1)[0]
    try:
        expression = re.compile(_expression(text), re.DOTALL)
    except re.error as error:
        raise ValueError(str(error)) from error
    return Pattern(expression, exception, beginning, beginning == text)


def _expression(text: str) -> str:
    """The pattern as a regular expression: `*` and `?` stay within a name, `**` crosses folders."""
    made, at = "", 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*" and text[at : at + 1] == "*":
            at += 1
            at += text[at : at + 1] == "/"
            made += ".*" if at >= len(text) else "(?:.*/)?"
        elif char == "*":
            made += "[^/]*"
        elif char == "?":
            made += "[^/]"
        elif char == "\\" and at < len(text):
            made += re.escape(text[at])
            at += 1
        elif char == "[":
            end = text.find("]", at + (text[at : at + 1] == "^") + 1)
            if end < 0:
                raise ValueError("a `[` without its `]`")
            negated = text[at] == "^"
            inner = re.sub(r"([\[\]&~|])", r"\\\1", text[at + negated : end])
            made += f"[{'^' if negated else ''}{inner}]"
            at = end + 1
        else:
            made += re.escape(char)
    return made
