"""What the table is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Text between backticks is code."""

    local: str
    aws: str
    how: str

    @property
    def cells(self) -> tuple[str, str, str]:
        return self.local, self.aws, self.how


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together."""

    heading: str
    rows: tuple[Row, ...]
