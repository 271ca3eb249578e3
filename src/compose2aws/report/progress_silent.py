"""No display of progress: for those who only want to know how it ended. Notes are kept."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from compose2aws.delivery.progress import ResourceEvent, RollOut


class SilentProgress:
    """Shows nothing; `notes` are what would have been told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was drawn."""

    def step(self, title: str, stack: str | None = None, resources: int = 0) -> None:
        """Not shown."""

    def resource(self, event: ResourceEvent) -> None:
        """Not shown."""

    def roll_out(self, state: RollOut) -> None:
        """Not shown."""

    def output(self, line: str) -> None:
        """Not shown."""

    def note(self, text: str) -> None:
        """Kept."""
        self.notes.append(text)

    def done(self, *, failed: bool = False) -> None:
        """Not shown."""
