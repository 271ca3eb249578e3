"""What a load has to tell: errors are gathered, so that one run shows all of a file's, and warnings are kept once."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NoReturn

from compose2aws.compose.node import Mapping, Node, Path, Position, Scalar, Sequence
from compose2aws.compose.project import ComposeError, Diagnostic

BUDGETS = {
    "characters by variables": 64_000_000,
    "pieces by variables": 200_000,
    "ports by ranges": 20_000,
    "included files": 1_000,
    "characters of env files": 16_000_000,
    "values of all files": 1_000_000,
    "values merged again": 500_000,
}
_MOST_ERRORS = 100
_MOST_SHOWN = 80
_MOST_OFFERS = 30
_MOST_COMPARED = 200


@dataclass(slots=True)
class Journal:
    """The errors and warnings of one load, in the order in which they were found."""

    errors: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    _erred: set[Path] = field(default_factory=set)
    _warned: set[tuple[str, str]] = field(default_factory=set)
    _offers: int = 0
    _spent: Counter[str] = field(default_factory=Counter)

    @property
    def full(self) -> bool:
        """Whether there are so many errors that no more are noted."""
        return len(self.errors) > _MOST_ERRORS

    def error(self, code: str, message: str, path: Path = (), position: Position | None = None) -> None:
        """Notes an error; `check` raises what was noted. Of a value the first error is enough, what follows follows
        from it; so are the first hundred of a file."""
        if path and path in self._erred:
            return
        self._erred.add(path)
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
            raise ComposeError(self._sorted())

    def fail(self, code: str, message: str, path: Path = (), position: Position | None = None) -> NoReturn:
        """Raises at once: what follows could not be read."""
        self.errors.append(Diagnostic(code, message, path, position))
        raise ComposeError(self._sorted())

    def _sorted(self) -> tuple[Diagnostic, ...]:
        """The errors file by file, and from top to bottom in each."""
        files: dict[str, int] = {}
        for error in self.errors:
            if error.position:
                files.setdefault(error.position.file, len(files))

        def place(error: Diagnostic) -> tuple[int, int, int]:
            at = error.position
            return (files[at.file], at.line, at.column) if at else (len(files), 0, 0)

        return tuple(sorted(dict.fromkeys(self.errors), key=place))


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
