"""Progress on a terminal: a tree that is drawn anew in its place, and a line that stays for each step."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from compose2aws.delivery.progress import ResourceEvent, RollOut
from compose2aws.report.clean import cleaned, cleaned_lines
from compose2aws.report.duration import elapsed
from compose2aws.report.progress_state import (
    Clock,
    ResourceState,
    StepState,
    now,
    roll_out_words,
    status_word,
    stopped_lines,
)

_PER_SECOND = 4
_BELOW = 2
"""Lines of the screen that the tree leaves free: what is printed above it must not push it out."""
_LEAST = 6
_OUTPUT = 5
_LOG_LINES = 3
_FIRST, _NEXT, _LATER, _LAST = range(4)
"""How important a line is: failures, what each part waits for, the rest of it, what is done."""
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAME = 0.1


class TerminalProgress:
    """Draws on a console until a step is done. `width` and `height` of it are asked for at each drawing."""

    def __init__(self, console: Console, *, clock: Clock = now, animated: bool = True) -> None:
        self._console = console
        self._clock = clock
        self._animated = animated
        self._step: StepState | None = None
        self._live: Live | None = None
        self._lock = threading.RLock()
        utf8 = (console.encoding or "").lower().startswith("utf")
        self._good, self._bad, self._spin = ("✓", "✗", _SPINNER) if utf8 else ("+", "x", "|/-\\")

    def step(self, title: str, stack: str | None = None, resources: int = 0) -> None:
        """The tree of a new step is drawn."""
        with self._quietly():
            self._stop()
            with self._lock:
                self._step = StepState(cleaned(title), stack, resources, self._clock())
            self._live = Live(
                _Drawing(self),
                console=self._console,
                refresh_per_second=_PER_SECOND,
                auto_refresh=self._animated,
                transient=True,
                vertical_overflow="crop",
            )
            self._live.start()

    def resource(self, event: ResourceEvent) -> None:
        """The tree shows it when it is next drawn."""
        with self._lock:
            self._step = self._step or StepState("", event.stack, 0, event.at)
            self._step.take(event)

    def roll_out(self, state: RollOut) -> None:
        """The tree shows it when it is next drawn."""
        with self._lock:
            if self._step is not None:
                self._step.roll_outs[state.logical_id] = state

    def output(self, line: str) -> None:
        """The last lines stand below the tree."""
        with self._lock:
            if self._step is not None:
                self._step.output.append(cleaned(line))

    def note(self, text: str) -> None:
        """The sentence stays, above the tree."""
        with self._quietly():
            for line in cleaned_lines(text):
                self._console.print(Text(line, style="yellow"), highlight=False)

    def done(self, *, failed: bool = False) -> None:
        """The tree goes, and a line stays; where the step failed, also the last that its program said."""
        self._end("failed" if failed else "")

    def _end(self, how: str) -> None:
        """`how` it ended otherwise than well."""
        with self._quietly():
            self._stop()
            with self._lock:
                step, self._step = self._step, None
            if step is None:
                return
            if how == "failed":
                for line in step.output:
                    self._console.print(Text(f"  {line}", style="dim"), highlight=False)
            self._console.print(self._summary(step, how), highlight=False)

    def __enter__(self) -> Self:
        """Nothing is drawn before the first step."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves the terminal as it was, whatever happened; a step that is under way was interrupted, or has failed."""
        if self._step is not None:
            self._end("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")

    def tree(self, width: int, height: int) -> Iterator[Text | Tree]:
        """What is drawn now, in at most so many lines, none wider than the screen."""
        with self._lock:
            if self._step is None:
                return
            step, moment = self._step, self._clock()
            output = list(step.output)[-_OUTPUT:] if height > _LEAST + _OUTPUT else []
            tree = Tree(self._header(step, moment, width), guide_style="dim")
            _fill(tree, self._branches(step, moment), max(_LEAST, height) - 1 - len(output))
        yield tree
        for line in output:
            yield _line(f"  {line}", "dim")

    def _header(self, step: StepState, moment: datetime, width: int) -> Text:
        left = _line("")
        left.append(f"{self._spin_now(moment)} ", "cyan")
        left.append(step.title, "bold")
        if "ROLLBACK" in step.own:
            left.append(f"  {status_word(step.own)}", "red")
        right = _counted(step) + elapsed((moment - step.began).total_seconds())
        left.truncate(max(8, width - len(right) - 2), overflow="ellipsis", pad=True)
        left.append(f"  {right}", "dim")
        return left

    def _branches(self, step: StepState, moment: datetime) -> list[_Branch]:
        """A branch for each part of the compose file that is not finished, and one line for those that are, last."""
        branches: list[_Branch] = []
        if "ROLLBACK" in step.own and step.own_reason:
            branches.append(_Branch(_line(step.own_reason, "red"), _FIRST))
        finished, parts = 0, 0
        for group, members in step.groups.items():
            unfinished = sorted((one for one in members if one.busy or one.failed), key=lambda one: one.began)
            done = len(members) - len(unfinished)
            if not unfinished:
                finished, parts = finished + done, parts + 1
                continue
            part = _Branch(_line(group, "bold"), _LAST)
            for number, one in enumerate(unfinished):
                part.below.append(self._resource(one, step, moment, _NEXT if number == 0 else _LATER))
            if done:
                part.below.append(_Branch(self._finished(f"{done} done"), _LAST))
            branches.append(part)
        if finished:
            words = f"{finished} done" + (f" in {parts} parts" if parts > 1 else "")
            branches.append(_Branch(self._finished(words), _FIRST))
        return branches

    def _resource(self, state: ResourceState, step: StepState, moment: datetime, importance: int) -> _Branch:
        line = _line("")
        if state.failed:
            line.append(f"{self._bad} {state.logical_id}  {status_word(state.status)}", "red")
            reason = [_Branch(_line(state.reason, "red"), _FIRST)] if state.reason else []
            return _Branch(line, _FIRST, reason)
        line.append(f"{self._spin_now(moment)} ", "cyan")
        line.append(f"{state.logical_id}  ")
        line.append(status_word(state.status), "yellow")
        line.append(f"  {elapsed((moment - state.began).total_seconds())}", "dim")
        branch = _Branch(line, importance)
        roll_out = step.roll_outs.get(state.logical_id)
        if roll_out:
            words = _line(f"{roll_out.service}  {roll_out_words(roll_out)}", "red" if roll_out.failed else "")
            said = stopped_lines(roll_out.stopped[-1], _LOG_LINES) if roll_out.stopped else []
            texts = [_line(text, "dim" if text.startswith("|") else "red") for text in said]
            below = [_Branch(text, _FIRST if number == 0 else _NEXT) for number, text in enumerate(texts)]
            branch.importance = _FIRST if roll_out.failed else importance
            branch.below.append(_Branch(words, branch.importance, below))
        return branch

    def _finished(self, words: str) -> Text:
        return _line(f"{self._good} {words}", "green")

    def _summary(self, step: StepState, how: str) -> Text:
        took = elapsed((self._clock() - step.began).total_seconds())
        colour = {"": "green", "failed": "red"}.get(how, "yellow")
        line = _line("")
        line.append(f"{self._bad if how else self._good} ", colour)
        line.append(step.title, "bold")
        counts = f"{step.done} resources, " if step.done > 1 else "1 resource, " if step.done else ""
        line.append(f"  {how}{', ' if how else ''}{counts}{took}", colour if how else "dim")
        return line

    def _spin_now(self, moment: datetime) -> str:
        return self._spin[int(moment.timestamp() / _FRAME) % len(self._spin)] if self._animated else self._spin[0]

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        """A terminal that went away is no reason to stop a deployment."""
        with contextlib.suppress(OSError, ValueError):
            yield


@dataclass(slots=True)
class _Branch:
    """A line of the tree, how important it is (the lowest number most), and what stands below it."""

    line: Text
    importance: int
    below: list[_Branch] = field(default_factory=list)

    def ways(self, above: tuple[_Branch, ...] = ()) -> Iterator[tuple[_Branch, ...]]:
        """The way from the top to this branch, and to each below it."""
        here = (*above, self)
        yield here
        for branch in self.below:
            yield from branch.ways(here)

    def draw(self, tree: Tree, shown: set[int]) -> None:
        """Adds those that are shown."""
        if id(self) in shown:
            own = tree.add(self.line)
            for branch in self.below:
                branch.draw(own, shown)


class _Drawing:
    """What is drawn each time: asked for anew, so that the times go on and a resized screen is filled."""

    def __init__(self, progress: TerminalProgress) -> None:
        self._progress = progress

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._progress.tree(options.max_width, console.height - _BELOW)


def _counted(step: StepState) -> str:
    if step.total:
        return f"{step.done}/{max(step.total, len(step.resources))}  "
    return f"{step.done} done  " if step.done else ""


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _fill(tree: Tree, branches: list[_Branch], room: int) -> None:
    """Adds branches in so many lines. Where they are too many, the more important ones are drawn, each with those that
    it stands under, and the others counted."""
    every = [way for branch in branches for way in branch.ways()]
    if len(every) > room:
        room -= 1
        shown: set[int] = set()
        for way in sorted(every, key=lambda way: way[-1].importance):
            missing = {id(branch) for branch in way} - shown
            if len(shown) + len(missing) <= room:
                shown |= missing
    else:
        shown = {id(way[-1]) for way in every}
    for branch in branches:
        branch.draw(tree, shown)
    if len(every) > len(shown):
        tree.add(_line(f"and {len(every) - len(shown)} more lines", "dim"))
