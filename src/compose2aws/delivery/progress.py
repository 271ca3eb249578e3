"""What a deployment tells while it runs. Whoever shows it implements `Progress`; the deployment prints nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """A resource of a stack took a status (`CREATE_IN_PROGRESS`). `source` is the compose path that it stands for; the
    stack itself has its own name as its logical id."""

    stack: str
    logical_id: str
    type: str
    status: str
    at: datetime
    reason: str = ""
    physical_id: str = ""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class StoppedTask:
    """A task that stopped by itself: why, the exit code of each container, and the last lines that it logged."""

    task: str
    reason: str
    exit_codes: tuple[tuple[str, int | None, str], ...]
    """(container, exit code, reason)"""
    log_lines: tuple[str, ...] = ()
    log_group: str | None = None


@dataclass(frozen=True, slots=True)
class RollOut:
    """How far an ECS service is: how many tasks run of how many wanted, and what failed."""

    service: str
    """the Compose service's name"""
    logical_id: str
    desired: int
    running: int
    failed: int
    state: str
    """ECS's rolloutState: IN_PROGRESS, COMPLETED, FAILED"""
    stopped: tuple[StoppedTask, ...] = ()


class Progress(Protocol):
    """Is told of what happens, in order. A call must return at once and raise nothing."""

    def step(self, title: str, stack: str | None = None, resources: int = 0) -> None:
        """A step begins: its title (`Updating shop-app`), and how many resources it touches, where that is known."""

    def resource(self, event: ResourceEvent) -> None:
        """A resource took a status."""

    def roll_out(self, state: RollOut) -> None:
        """An ECS service got further, or a task of it failed."""

    def output(self, line: str) -> None:
        """A line of a program that runs for the step (`docker buildx bake`)."""

    def note(self, text: str) -> None:
        """A sentence that the user should read, whatever the display."""

    def done(self, *, failed: bool = False) -> None:
        """The step ended."""


@dataclass(slots=True)
class Step:
    """A step that runs: it has failed unless whoever runs it says otherwise."""

    failed: bool = True


@contextlib.contextmanager
def stepping(progress: Progress, title: str, stack: str | None = None, resources: int = 0) -> Iterator[Step]:
    """A step from its begin to its end, also where an exception ends it. One that is interrupted has not failed: what
    it began goes on, and whoever shows it is left with it under way."""
    progress.step(title, stack, resources)
    step = Step()
    try:
        yield step
    except KeyboardInterrupt:
        raise
    except BaseException:
        progress.done(failed=step.failed)
        raise
    progress.done(failed=step.failed)
