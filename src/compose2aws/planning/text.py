"""Text with holes: a value of a container whose parts are known only on AWS.

`postgresql://{user of postgres}:{password of postgres}@{host of postgres}:5432/app` is a `Text`. One with a sensitive
hole reaches its container as a secret, one without as plain environment. A secret that stands in a compose file is a
hole too (the value of a no-echo parameter), so that no literal part is ever sensitive and a `Text` can be printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Fact: TypeAlias = Literal[
    "host", "reader-host", "port", "user", "password", "database", "parameter", "secret-parameter"
]
"""What fills a hole: a fact of a managed service, or the value of a stack parameter (no-echo or not)."""

SENSITIVE: frozenset[Fact] = frozenset({"password", "secret-parameter"})


@dataclass(frozen=True, slots=True, order=True)
class Hole:
    """`fact` of `of`: of a managed service (by its Compose name), or of a parameter (by its name in the template)."""

    fact: Fact
    of: str

    @property
    def sensitive(self) -> bool:
        return self.fact in SENSITIVE

    def __str__(self) -> str:
        return f"{{{self.fact.replace('-', ' ')} of {self.of}}}"


@dataclass(frozen=True, slots=True)
class Text:
    """Literal parts and holes, in order. Two literals never stand side by side and none is empty."""

    parts: tuple[str | Hole, ...] = ()

    @classmethod
    def of(cls, *parts: str | Hole | Text) -> Text:
        """The parts joined; neighbouring literals become one."""
        joined: list[str | Hole] = []
        for part in _flat(parts):
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += part
            elif part != "":
                joined.append(part)
        return cls(tuple(joined))

    @property
    def holes(self) -> tuple[Hole, ...]:
        return tuple(part for part in self.parts if isinstance(part, Hole))

    @property
    def sensitive(self) -> bool:
        return any(hole.sensitive for hole in self.holes)

    @property
    def literal(self) -> str | None:
        """The text, where it has no hole."""
        return None if self.holes else "".join(part for part in self.parts if isinstance(part, str))

    def __str__(self) -> str:
        """For people: the holes in braces. Holds no secret."""
        return "".join(str(part) for part in self.parts)


def _flat(parts: Iterable[str | Hole | Text]) -> Iterator[str | Hole]:
    for part in parts:
        if isinstance(part, Text):
            yield from part.parts
        else:
            yield part
