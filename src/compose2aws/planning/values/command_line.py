"""The words of a command with their segments, also of those that an unset variable would have removed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence as Sequence_
from dataclasses import replace

from compose2aws.compose.commands import split
from compose2aws.compose.node import Scalar, Segment, Sequence
from compose2aws.planning.values.secrecy import client_spans, connection_name, secret_name
from compose2aws.planning.values.written import UNSET, Written


def command_words(words: Sequence) -> tuple[Written, ...]:
    """The words of a command, entrypoint or health check.

    Docker leaves a word out that is nothing but an unset variable (`serve --token ${TOKEN}` loses its last). Here it
    stays where the variable is a secret or is required: its parameter holds something. Others go, as in Docker.
    """
    written = tuple(Written.of(item) for item in words.items if isinstance(item, Scalar))
    line = words.unsplit
    if line is None or not any(segment.origin == "unset" for segment in line.segments):
        return written
    if written and written[0].text == "CMD-SHELL":
        # a health check's string is a shell's, and was never cut
        return written
    # with a character in the place of each unset variable the shell's words come out as if it were set
    marked = tuple(replace(s, text=UNSET) if s.origin == "unset" else s for s in line.segments)
    try:
        again = split(Scalar("".join(segment.text for segment in marked), line.position, marked)).words
    except ValueError:
        return written
    found = tuple(Written.of(word) for word in again)
    if len(found) == len(written):
        return found
    return tuple(word for word in found if not word.unset or any(map(_wanted, word.segments)))


def client_secrets(words: Sequence_[Written]) -> dict[int, tuple[int, int]]:
    """Where clients that take a password by an option of one letter are given it (`[mysqladmin, -pSECRET]`): the word's
    number, and the stretch of it."""
    starts: list[int] = []
    line = ""
    for word in words:
        starts.append(len(line))
        line += word.text + " "
    found: dict[int, tuple[int, int]] = {}
    for start, stop in client_spans(line):
        at = bisect_right(starts, start) - 1
        if stop - starts[at] <= len(words[at].text) and not any(char.isspace() for char in words[at].text):
            found[at] = (start - starts[at], stop - starts[at])
    return found


def _wanted(segment: Segment) -> bool:
    name = segment.variables[0]
    return segment.message is not None or secret_name(name) or connection_name(name)
