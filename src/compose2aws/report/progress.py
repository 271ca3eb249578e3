"""Which display of progress fits where the user sits: a tree on a terminal, lines everywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self, TextIO

from compose2aws.delivery.progress import Progress
from compose2aws.report.progress_plain import PlainProgress


class ProgressDisplay(Progress, Protocol):
    """A display, and whatever it has drawn is taken away when it is left."""

    def __enter__(self) -> Self:
        """Begins."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the step that is under way as failed, if there is one."""


def new_progress(stream: TextIO | None = None, environment: Mapping[str, str] | None = None) -> ProgressDisplay:
    """The display for a stream (standard error). `CI` and `TERM=dumb` ask for lines, `NO_COLOR` for no colours."""
    stream = sys.stderr if stream is None else stream
    given = os.environ if environment is None else environment
    if not stream.isatty() or given.get("CI") or given.get("TERM", "") in ("", "dumb"):
        return PlainProgress(stream)
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only a terminal needs it

    from compose2aws.report.progress_terminal import TerminalProgress  # noqa: PLC0415 - imports rich

    no_colour = bool(given.get("NO_COLOR"))
    return TerminalProgress(Console(file=stream, no_color=no_colour, highlight=False, markup=False, emoji=False))
