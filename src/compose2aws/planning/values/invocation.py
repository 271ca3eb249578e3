"""Commands with secrets in them: a secret becomes `"$NAME"`, and a shell of the container puts its value in.

A template's command is readable by everyone who may describe a task definition, so no secret ever stands in it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from compose2aws.planning.text import Hole, Text

Words = tuple[Text, ...]
Naming = Callable[[Hole], str]
"""Gives the environment variable that holds what fills a hole."""

_SHELL = re.compile(r"(?:\S*/)?(?:ba|da|a|z|k)?sh\Z")
_SCRIPT_FLAG = re.compile(r"-[a-z]*c[a-z]*\Z")


@dataclass(frozen=True, slots=True)
class Invocation:
    """An entrypoint and a command, None where the image's own counts."""

    entrypoint: Words | None
    command: Words | None


def with_variables(invocation: Invocation, name: Naming) -> Invocation | None:
    """The same invocation with its secrets in variables; None where no shell can be put in.

    A shell's script is changed in place. Else the words are run by `sh -c 'exec …'`, which asks for an entrypoint that
    is known: an image's own might not run its arguments.
    """
    entrypoint, command = invocation.entrypoint, invocation.command
    words = (*(entrypoint or ()), *(command or ()))
    if not any(word.sensitive for word in words):
        return invocation
    script = script_at(words)
    if script is not None and not any(word.sensitive for at, word in enumerate(words) if at != script):
        changed = (*words[:script], injected(words[script], name), *words[script + 1 :])
        cut = len(entrypoint or ())
        return Invocation(
            changed[:cut] if entrypoint is not None else None, changed[cut:] if command is not None else None
        )
    if entrypoint is None:
        return None
    line = Text.of("exec " + run_line(words, name))
    if not entrypoint:
        return Invocation((), (Text.of("sh"), Text.of("-c"), line))
    return Invocation((Text.of("sh"), Text.of("-c")), (line,))


def script_at(words: Words) -> int | None:
    """Where the script of `sh -c SCRIPT` stands among the words; None where no shell is called so."""
    first = words[0].literal if words else None
    if first is None or not _SHELL.match(first):
        return None
    for at, word in enumerate(words[1:], 1):
        flag = word.literal
        if flag is None or not flag.startswith("-"):
            return None
        if _SCRIPT_FLAG.match(flag):
            return at + 1 if at + 1 < len(words) else None
    return None


def injected(script: Text, name: Naming, every: bool = False) -> Text:
    """A shell's script with its sensitive holes (`every`: all) as variables, quoted as the place asks for."""
    parts: list[str | Hole] = []
    quote = ""
    for part in script.parts:
        if isinstance(part, str):
            quote = _quote_after(part, quote)
            parts.append(part)
        elif not (part.sensitive or every):
            parts.append(part)
        else:
            variable = f"${{{name(part)}}}"
            parts.append({"": f'"{variable}"', '"': variable, "'": f"'\"{variable}\"'"}[quote])
    return Text.of(*parts)


def run_line(words: Words, name: Naming) -> str:
    """The words as one line of a shell, every hole a variable."""
    line: list[str] = []
    for word in words:
        pieces = [shlex.quote(part) if isinstance(part, str) else f'"${{{name(part)}}}"' for part in word.parts]
        line.append("".join(pieces) or "''")
    return " ".join(line)


def _quote_after(text: str, quote: str) -> str:
    """The quote that is open behind a stretch of shell, given the one that is open before it."""
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
    return quote
