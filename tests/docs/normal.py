"""What a command shows, with everything that differs from one run to the next put in one form."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FORMS = (
    (re.compile(r"arn:aws:\S*"), "ARN"),
    (re.compile(r"\b[0-9A-Z]{12}-1\.us-east-1\.elb\b"), "ID.elb"),
    (re.compile(r"-[0-9a-z]{12}\.(?:cluster-)?[0-9a-z]+\b"), "-ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "CLOCK"),
    (re.compile(r"\b(?:vpc|subnet|sg|fs|eni|i)-[0-9a-f]{8,}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{32,}\b"), "ID"),
    (re.compile(r"\b(?:just now|\d+ (?:seconds?|minutes?) ago)\b"), "AGO"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:s|seconds?)\b|\b\d+ min \d+ s\b"), "DURATION"),
    (re.compile(r"(?:/[\w.-]+)*/\d+/(?:guestbook|empty)\b"), "FOLDER"),
    (re.compile(r" +"), " "),
)
ANY = "…"


def normal(lines: Sequence[str]) -> list[str]:
    """The lines in one form, without empty ones at the end."""
    found = []
    for line in lines:
        for pattern, form in _FORMS:
            line = pattern.sub(form, line)  # noqa: PLW2901 - each form in turn
        found.append(line.rstrip())
    while found and not found[-1]:
        found.pop()
    return found


def agrees(shown: Sequence[str], text: str) -> bool:
    """Whether what a page shows is what a command said. A line `…` stands for any lines."""
    wanted, said = normal(shown), normal(text.splitlines())
    return _agrees(wanted, said)


def _agrees(wanted: list[str], said: list[str]) -> bool:
    if not wanted:
        return not said
    if wanted[0] == ANY:
        return any(_agrees(wanted[1:], said[place:]) for place in range(len(said) + 1))
    return bool(said) and wanted[0] == said[0] and _agrees(wanted[1:], said[1:])
