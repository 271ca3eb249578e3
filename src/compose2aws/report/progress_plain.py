"""Progress as lines, for logs and pipes: one for each event that matters, and a sign of life in a long silence."""

from __future__ import annotations

import contextlib
import threading
from datetime import datetime, tzinfo
from types import TracebackType
from typing import Self, TextIO

from compose2aws.delivery.progress import ResourceEvent, RollOut
from compose2aws.report.clean import cleaned, cleaned_lines
from compose2aws.report.duration import elapsed
from compose2aws.report.layout import counted
from compose2aws.report.progress_state import Clock, StepState, now, roll_out_words, stopped_lines

_SILENCE = 60.0
"""Seconds after which a sign of life is given."""
_WAITED_FOR = 3


class PlainProgress:
    """Writes to a stream, each line with its time. Nothing else is written: no colour, no control character."""

    def __init__(
        self, stream: TextIO, *, clock: Clock = now, zone: tzinfo | None = None, silence: float = _SILENCE
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._zone = zone
        self._silence = silence
        self._step: StepState | None = None
        self._told: set[str] = set()
        self._last = clock()
        self._lock = threading.RLock()
        self._ended = threading.Event()

    def step(self, title: str, stack: str | None = None, resources: int = 0) -> None:
        """A line with the title."""
        self._end_watch()
        with self._lock:
            self._step = StepState(cleaned(title), stack, resources, self._clock())
            self._write(self._step.title + (f" ({counted(resources, 'resource')})" if resources else ""))
            ended = self._ended = threading.Event()
        threading.Thread(target=self._watch, args=(ended,), daemon=True).start()

    def resource(self, event: ResourceEvent) -> None:
        """A line where something ended; of the stack itself, each status."""
        with self._lock:
            step = self._step = self._step or StepState("", event.stack, 0, event.at)
            state = step.take(event)
            if state is not None and state.busy:
                return
            name = event.logical_id if state is None else self._name(event)
            took = "" if state is None else elapsed((state.changed - state.began).total_seconds())
            words = [event.stack] if state is None else [event.stack, name]
            self._write("  ".join(filter(None, (*words, event.status, took))), event.at)
            if event.reason and ("FAILED" in event.status or (state is None and "ROLLBACK" in event.status)):
                self._write_below(cleaned(event.reason))

    def roll_out(self, state: RollOut) -> None:
        """A line, and what a task that stopped left behind, once."""
        with self._lock:
            if self._step is not None:
                self._step.roll_outs[state.logical_id] = state
            self._write(f"{state.service}  {roll_out_words(state)}")
            for task in state.stopped:
                if task.task not in self._told:
                    self._told.add(task.task)
                    for line in stopped_lines(task):
                        self._write_below(line)

    def output(self, line: str) -> None:
        """The line as it is, indented."""
        with self._lock:
            self._write_below(cleaned(line))

    def note(self, text: str) -> None:
        """The sentence, on its own lines."""
        with self._lock:
            for line in cleaned_lines(text):
                self._write(line)

    def done(self, *, failed: bool = False) -> None:
        """A line that says how long it took."""
        self._end("failed" if failed else "done")

    def __enter__(self) -> Self:
        """Nothing is written before the first step."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A step that is under way was interrupted, or has failed."""
        if self._step is not None:
            self._end("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")

    def _end(self, how: str) -> None:
        self._end_watch()
        with self._lock:
            if self._step is not None:
                took = elapsed((self._clock() - self._step.began).total_seconds())
                self._write(f"{self._step.title}: {how} after {took}")
            self._step = None

    def heartbeat(self) -> None:
        """Says what is waited for, where nothing was said for a while."""
        with self._lock:
            moment = self._clock()
            if self._step is None or (moment - self._last).total_seconds() < self._silence:
                return
            waiting = [
                f"{one.logical_id}{f' ({one.source})' if one.source else ''} for {_since(one.began, moment)}"
                for one in self._step.busy()
            ]
            more = f" and {len(waiting) - _WAITED_FOR} more" if len(waiting) > _WAITED_FOR else ""
            what = f"waiting for {', '.join(waiting[:_WAITED_FOR])}{more}" if waiting else "still at it"
            self._write(f"{self._step.title}: {what} ({_since(self._step.began, moment)} in all)")

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(self._silence / 4):
            self.heartbeat()

    def _end_watch(self) -> None:
        with self._lock:
            self._ended.set()

    def _name(self, event: ResourceEvent) -> str:
        return f"{event.logical_id} ({event.source})" if event.source else event.logical_id

    def _write(self, text: str, at: datetime | None = None) -> None:
        moment = at or self._clock()
        self._last = self._clock()
        self._put(f"{moment.astimezone(self._zone):%H:%M:%S} {text}")

    def _write_below(self, text: str) -> None:
        self._last = self._clock()
        self._put(f"           {text}")

    def _put(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a reader that went away is no reason to stop
            self._stream.write(line + "\n")
            self._stream.flush()


def _since(then: datetime, moment: datetime) -> str:
    return elapsed((moment - then).total_seconds())
