"""Lines of logs as docker compose prints them: who wrote it, in a colour of its own, then the line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING

import click

from compose2aws.report.clean import cleaned, cleaned_lines

if TYPE_CHECKING:
    from compose2aws.delivery.task_log import LogLine

_COLOURS = (
    "cyan",
    "yellow",
    "green",
    "magenta",
    "blue",
    "bright_cyan",
    "bright_yellow",
    "bright_green",
    "bright_magenta",
    "bright_blue",
)


class LogPrinter:
    """Knows the width of the names and the colour of each. `colour`: also keeps the colours of the lines themselves."""

    def __init__(self, labels: Sequence[str], *, timestamps: bool, colour: bool) -> None:
        self._width = max(map(len, labels), default=0)
        self._colours = {label: _COLOURS[place % len(_COLOURS)] for place, label in enumerate(labels)}
        self._timestamps = timestamps
        self._colour = colour

    def lines(self, line: LogLine) -> list[str]:
        """`api     | listening on 3000`, a line for each that the event has."""
        name = f"{cleaned(line.label).ljust(self._width)}  | "
        if self._colour:
            name = click.style(name, fg=self._colours.get(line.label))
        if self._timestamps:
            at = line.at.astimezone(UTC).replace(tzinfo=None)
            name += f"{at.isoformat(timespec='milliseconds')}Z "
        return [name + text for text in cleaned_lines(line.text, colour=self._colour)]
