"""Secrets that are known from one place, found in all others: the same text is the same secret.

A text counts only where it cannot be an ordinary word: a password `postgres` must not hide every `postgres` of the
file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SHORTEST = 6

# What people write where a password is wanted, and what is therefore none.
_COMMON = _words(
    "admin administrator airflow apache api app backend changeme change_me cluster compose database default "
    "demo dev development docker enabled example false frontend guest hello kubernetes localhost mariadb "
    "minioadmin mongo mongodb mysql nextcloud nginx node passw0rd password postgres postgresql prod "
    "production rabbitmq redis required root secret server service staging string system test testing ubuntu "
    "user username valkey wordpress disable disabled require 123456 1234567 12345678 123456789 1234567890 "
    "000000 111111"
)
_ADDRESS = re.compile(
    r"(?:https?://[^\s:/@]+|localhost|\d{1,3}(?:\.\d{1,3}){3}|[\w-]+(?:\.[\w-]+)*(?=:))(?::\d{1,5})?/?\Z"
)


@dataclass(slots=True)
class KnownSecrets:
    """An index of secret texts; `names` are the project's own words (services, hosts, users, databases), never
    secret."""

    names: frozenset[str]
    _texts: set[str] = field(default_factory=set)
    _lengths: dict[str, list[int]] = field(default_factory=dict)
    """The lengths of the texts that begin with these characters, the longest first."""

    def add(self, texts: Iterable[str]) -> None:
        for text in texts:
            if self.distinctive(text) and text not in self._texts:
                self._texts.add(text)
                lengths = self._lengths.setdefault(text[:_SHORTEST], [])
                if len(text) not in lengths:
                    lengths.append(len(text))
                    lengths.sort(reverse=True)

    def distinctive(self, text: str) -> bool:
        """Whether a secret's text can be told from an ordinary word."""
        return (
            len(text) >= _SHORTEST
            and text.lower() not in _COMMON
            and text not in self.names
            and not _ADDRESS.match(text)
            and text.strip() == text
        )

    def __contains__(self, text: str) -> bool:
        return text in self._texts

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where known secrets stand in a text, from left to right; the longest first where two begin together."""
        found: list[tuple[int, int]] = []
        at, last = 0, len(text) - _SHORTEST
        while at <= last:
            for length in self._lengths.get(text[at : at + _SHORTEST], ()):
                known = text[at : at + length]
                if known in self._texts and _stands_alone(text, at, known):
                    found.append((at, at + length))
                    at += length - 1
                    break
            at += 1
        return tuple(found)


def _stands_alone(text: str, at: int, known: str) -> bool:
    """A secret made of letters alone must not be a part of a longer word."""
    if not known.isalpha():
        return True
    before, after = text[at - 1 : at], text[at + len(known) : at + len(known) + 1]
    return not before.isalnum() and not after.isalnum()
