"""What a load has to tell: errors are gathered, so that one run shows all of a file's, and warnings are kept once."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NoReturn

from compose2aws.compose.node import Mapping, Node, Path, Position, Scalar, Sequence
from compose2aws.compose.project import ComposeError, Diagnostic

_PLAIN_STEP = re.compile(r"[A-Za-z0-9_-]+\Z")
BUDGETS = {
    "characters by variables": 64_000_000,
    "pieces by variables": 200_000,
    "ports by ranges": 20_000,
    "included files": 1_000,
    "values of all files": 1_000_000,
    "values merged again": 500_000,
}
_MOST_ERRORS = 100
_MOST_SHOWN = 80
_MOST_OFFERS = 50
_MOST_COMPARED = 500


@dataclass(slots=True)
class Journal:
    """The errors and warnings of one load, in the order in which they were found."""

    errors: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    _warned: set[tuple[str, str]] = field(default_factory=set)
    _offers: int = 0
    _spent: Counter[str] = field(default_factory=Counter)

    @property
    def full(self) -> bool:
        """Whether there are so many errors that no more are noted."""
        return len(self.errors) > _MOST_ERRORS

    def error(self, code: str, message: str, path: Path = (), position: Position | None = None) -> None:
        """Notes an error; `check` raises what was noted. Of a file with very many, the first are enough."""
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append(Diagnostic(code, message, path, position))
        elif len(self.errors) == _MOST_ERRORS:
            self.errors.append(Diagnostic("more-errors", f"there are more than {_MOST_ERRORS} errors"))

    def warn(self, code: str, message: str, path: Path = (), position: Position | None = None) -> None:
        """Notes a warning, unless the same words were said before."""
        if (code, message) not in self._warned:
            self._warned.add((code, message))
            self.warnings.append(Diagnostic(code, message, path, position))

    def meant(self, name: str, known: Iterable[str]) -> str:
        """The end of a sentence that offers the known name that was most likely meant; empty where none is near.

        Offers are few a load: to find one takes time, and a file with very many errors needs other help.
        """
        self._offers += 1
        names = list(islice(known, _MOST_COMPARED))
        close = difflib.get_close_matches(name[:100], names, n=1) if self._offers <= _MOST_OFFERS else []
        return f"; did you mean {close[0]!r}?" if close else ""

    def spend(self, what: str, amount: int, path: Path = (), position: Position | None = None) -> None:
        """Counts what a small file can make large; raises where it is far more than any project needs."""
        self._spent[what] += amount
        if self._spent[what] > BUDGETS[what]:
            self.fail("too-large", f"the file makes more than {BUDGETS[what]:,} {what}", path, position)

    def spent(self, what: str) -> int:
        """How much was counted so far."""
        return self._spent[what]

    def check(self) -> None:
        """Raises a `ComposeError` with every error so far, where there is one."""
        if self.errors:
            raise ComposeError(tuple(dict.fromkeys(self.errors)))

    def fail(self, code: str, message: str, path: Path = (), position: Position | None = None) -> NoReturn:
        """Raises at once: what follows could not be read."""
        self.error(code, message, path, position)
        raise ComposeError(tuple(dict.fromkeys(self.errors)))


def path_text(path: Path) -> str:
    """A path for people: `services.api.ports[0]`, with `["…"]` around a part that is not a plain word."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_STEP.match(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def kind_of(node: Node) -> str:
    """What a value is, in a sentence: `a list`, `a number`. Never the value itself, which may be a secret."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    return scalar_kind(node)


def scalar_kind(node: Scalar) -> str:
    """What a scalar is, in a sentence."""
    value = node.value
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    return "a whole number" if isinstance(value, int) else "a number"


def quoted(text: str) -> str:
    """A text in quotes, of a length that a person reads."""
    return repr(text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…")
