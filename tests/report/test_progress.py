"""What a deployment shows while it runs: on a terminal, and where there is none."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from compose2aws.delivery.progress import Progress, ResourceEvent, RollOut, StoppedTask
from compose2aws.report.progress import new_progress
from compose2aws.report.progress_plain import PlainProgress
from compose2aws.report.progress_state import group_of, status_word
from compose2aws.report.progress_terminal import TerminalProgress

BEGIN = datetime(2026, 1, 31, 14, 3, 0, tzinfo=UTC)
STACK = "AWS::CloudFormation::Stack"
LOST = StoppedTask(
    "5b1c2d3e4f",
    "Essential container in task exited",
    (("web", 1, ""), ("proxy", 0, "")),
    ("Traceback:", "KeyError: 'DATABASE_URL'"),
    "shop-app-WebLogGroup",
)


class Clock:
    """Stands where it is set, in seconds after the beginning."""

    seconds = 0.0

    def __call__(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)


def event(seconds: float, logical_id: str, status: str, source: str | None = None, reason: str = "") -> ResourceEvent:
    type_ = STACK if logical_id == "shop-app" else "AWS::X::Y"
    return ResourceEvent("shop-app", logical_id, type_, status, BEGIN + timedelta(seconds=seconds), reason, "", source)


def release(progress: Progress, clock: Clock) -> None:
    """A release that gets stuck: what every display is shown."""
    progress.step("Updating shop-app", "shop-app", 9)
    for told in (
        event(0, "shop-app", "UPDATE_IN_PROGRESS", None, "User Initiated"),
        event(2, "ApiTaskRole", "CREATE_IN_PROGRESS", "services.api"),
        event(20, "ApiTaskRole", "CREATE_COMPLETE", "services.api"),
        event(21, "ApiService", "UPDATE_IN_PROGRESS", "services.api"),
        event(22, "ApiRule", "CREATE_IN_PROGRESS", "services.api.ports[0]"),
        event(25, "ApiRule", "CREATE_COMPLETE", "services.api.ports[0]"),
        event(25, "WebService", "UPDATE_IN_PROGRESS", "services.web"),
        event(26, "Namespace", "CREATE_IN_PROGRESS"),
        event(66, "Namespace", "CREATE_COMPLETE"),
        event(67, "QueueRule", "CREATE_IN_PROGRESS", "services.queue"),
        event(68, "QueueRule", "CREATE_FAILED", "services.queue", "Invalid \x1b[2Jpriority\n(Service: Elb)"),
    ):
        progress.resource(told)
    clock.seconds = 125
    progress.roll_out(RollOut("api", "ApiService", 2, 2, 0, "IN_PROGRESS"))
    progress.roll_out(RollOut("web", "WebService", 2, 1, 3, "IN_PROGRESS", (LOST,)))


def drawn(progress: TerminalProgress, width: int = 80, height: int = 24) -> list[str]:
    """The lines of the tree, as a person sees them."""
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None, force_terminal=True)
    for part in progress.tree(width, height):
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def terminal(clock: Clock, height: int = 24) -> tuple[TerminalProgress, io.StringIO]:
    file = io.StringIO()
    console = Console(file=file, width=80, height=height, color_system=None, force_terminal=True, highlight=False)
    return TerminalProgress(console, clock=clock, animated=False), file


def test_a_terminal_shows_the_resources_by_what_they_stand_for() -> None:
    clock = Clock()
    progress, _ = terminal(clock)
    release(progress, clock)
    assert drawn(progress) == [
        "⠋ Updating shop-app                                               3/9  2 min 5 s",
        "├── services.api",
        "│   ├── ⠋ ApiService  updating  1 min 44 s",
        "│   │   └── api  2/2 running, rolling out",
        "│   └── ✓ 2 done",
        "├── services.queue",
        "│   └── ✗ QueueRule  create failed",
        "│       └── Invalid priority (Service: Elb)",
        "├── services.web",
        "│   └── ⠋ WebService  updating  1 min 40 s",
        "│       └── web  1/2 running, rolling out, 3 failed",
        "│           ├── task 5b1c2d3e stopped: Essential container in task exited",
        "│           ├── web: exit code 1",
        "│           ├── | Traceback:",
        "│           └── | KeyError: 'DATABASE_URL'",
        "└── ✓ 1 done",
    ]
    progress.done()


def test_a_low_terminal_shows_what_failed_first_and_counts_the_rest() -> None:
    clock = Clock()
    progress, _ = terminal(clock)
    release(progress, clock)
    assert drawn(progress, height=11) == [
        "⠋ Updating shop-app                                               3/9  2 min 5 s",
        "├── services.queue",
        "│   └── ✗ QueueRule  create failed",
        "│       └── Invalid priority (Service: Elb)",
        "├── services.web",
        "│   └── ⠋ WebService  updating  1 min 40 s",
        "│       └── web  1/2 running, rolling out, 3 failed",
        "│           ├── task 5b1c2d3e stopped: Essential container in task exited",
        "│           └── web: exit code 1",
        "├── ✓ 1 done",
        "└── and 6 more lines",
    ]
    progress.done()


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=120)


@given(
    st.lists(
        st.tuples(NAMES, st.sampled_from(["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_FAILED"]), NAMES),
        max_size=60,
    ),
    st.integers(20, 160),
    st.integers(7, 60),
)
def test_no_drawing_is_wider_or_higher_than_the_screen(
    told: list[tuple[str, str, str]], width: int, height: int
) -> None:
    clock = Clock()
    progress, _ = terminal(clock)
    progress.step("Creating " + "shop" * 40)
    for number, (name, status, text) in enumerate(told):
        progress.resource(event(1, f"R{number}", status, f"services.{name}", text))
        progress.output(text)
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None, force_terminal=True)
    lines = [line for part in progress.tree(width, height) for line in console.render_lines(part, pad=False)]
    assert len(lines) <= height
    assert all(sum(segment.cell_length for segment in line) <= width for line in lines)
    assert all(c.isprintable() for line in lines for segment in line if not segment.control for c in segment.text)
    progress.done()


def test_one_line_stays_of_a_step_and_of_a_failed_one_what_its_program_said() -> None:
    clock = Clock()
    progress, file = terminal(clock)
    with progress:
        progress.step("Building 2 images")
        progress.output("#1 loading")
        clock.seconds = 61
        progress.done()
        progress.step("Updating shop-app")
        progress.note("The database will restart.")
        progress.output("#2 \x1b[31merror\x1b[0m")
        clock.seconds = 62
    stayed = _screen(file.getvalue())
    assert stayed == [
        "✓ Building 2 images  1 min 1 s",
        "The database will restart.",
        "  #2 error",
        "✗ Updating shop-app  failed, 1 s",
    ]


def test_lines_where_there_is_no_terminal() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = PlainProgress(stream, clock=clock, zone=UTC)
    release(progress, clock)
    progress.roll_out(RollOut("web", "WebService", 2, 1, 3, "FAILED", (LOST,)))
    progress.resource(event(125, "shop-app", "UPDATE_ROLLBACK_IN_PROGRESS", None, "QueueRule failed"))
    progress.output("#1 loading")
    progress.note("The database will restart.")
    progress.done(failed=True)
    assert stream.getvalue().splitlines() == [
        "14:03:00 Updating shop-app (9 resources)",
        "14:03:00 shop-app  UPDATE_IN_PROGRESS",
        "14:03:20 shop-app  ApiTaskRole (services.api)  CREATE_COMPLETE  18 s",
        "14:03:25 shop-app  ApiRule (services.api.ports[0])  CREATE_COMPLETE  3 s",
        "14:04:06 shop-app  Namespace  CREATE_COMPLETE  40 s",
        "14:04:08 shop-app  QueueRule (services.queue)  CREATE_FAILED  1 s",
        "           Invalid priority (Service: Elb)",
        "14:05:05 api  2/2 running, rolling out",
        "14:05:05 web  1/2 running, rolling out, 3 failed",
        "           task 5b1c2d3e stopped: Essential container in task exited",
        "           web: exit code 1",
        "           | Traceback:",
        "           | KeyError: 'DATABASE_URL'",
        "14:05:05 web  1/2 running, roll-out failed, 3 failed",
        "14:05:05 shop-app  UPDATE_ROLLBACK_IN_PROGRESS",
        "           QueueRule failed",
        "           #1 loading",
        "14:05:05 The database will restart.",
        "14:05:05 Updating shop-app: failed after 2 min 5 s",
    ]


def test_a_long_silence_is_broken_by_what_is_waited_for() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = PlainProgress(stream, clock=clock, zone=UTC)
    release(progress, clock)
    before = stream.getvalue()
    clock.seconds = 184
    progress.heartbeat()
    assert stream.getvalue() == before
    clock.seconds = 185
    progress.heartbeat()
    assert stream.getvalue().removeprefix(before) == (
        "14:06:05 Updating shop-app: waiting for ApiService (services.api) for 2 min 44 s, "
        "WebService (services.web) for 2 min 40 s (3 min 5 s in all)\n"
    )
    progress.done()


def test_the_sign_of_life_comes_by_itself_and_ends_with_the_step() -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream, zone=UTC, silence=0.05)
    progress.step("Waiting")
    _wait_until(lambda: "still at it" in stream.getvalue())
    progress.done()
    written = stream.getvalue()
    time.sleep(0.2)
    assert stream.getvalue() == written


def test_a_stream_that_is_gone_stops_nothing() -> None:
    stream = io.StringIO()
    clock = Clock()
    shown: list[PlainProgress | TerminalProgress] = [
        PlainProgress(stream, clock=clock),
        TerminalProgress(Console(file=stream, force_terminal=True), clock=clock),
    ]
    stream.close()
    for progress in shown:
        release(progress, clock)
        progress.note("a sentence")
        progress.output("a line")
        progress.done(failed=True)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "kind"),
    [
        (_Terminal(), {"TERM": "xterm"}, TerminalProgress),
        (_Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, TerminalProgress),
        (_Terminal(), {"TERM": "xterm", "CI": "true"}, PlainProgress),
        (_Terminal(), {"TERM": "dumb"}, PlainProgress),
        (_Terminal(), {}, PlainProgress),
        (io.StringIO(), {"TERM": "xterm"}, PlainProgress),
        (io.StringIO(), {"TERM": "xterm", "NO_COLOR": "1"}, PlainProgress),
    ],
)
def test_the_display_fits_where_it_is_shown(stream: io.StringIO, environment: dict[str, str], kind: type) -> None:
    assert type(new_progress(stream, environment)) is kind


def test_where_a_resource_stands_and_the_words_of_its_status() -> None:
    assert group_of("services.api.ports[0]") == group_of("services.api") == "services.api"
    assert group_of('services["my.app"].image') == 'services["my.app"]'
    assert (group_of("x-aws"), group_of(None)) == ("x-aws", "shared")
    words = {
        "CREATE_IN_PROGRESS": "creating",
        "UPDATE_COMPLETE": "updated",
        "DELETE_FAILED": "delete failed",
        "DELETE_SKIPPED": "kept",
        "UPDATE_ROLLBACK_IN_PROGRESS": "rolling back",
        "UPDATE_ROLLBACK_COMPLETE": "rolled back",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "cleaning up",
    }
    assert {status: status_word(status) for status in words} == words


SCRIPT = """
import sys, time
from datetime import UTC, datetime
from compose2aws.delivery.progress import ResourceEvent
from compose2aws.report.progress import new_progress
with new_progress() as progress:
    progress.step("Creating shop-app", "shop-app", 80)
    for round in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"):
        for number in range(80):
            source = f"services.{'long-name-' * 12}{number % 40}"
            progress.resource(ResourceEvent("shop-app", f"R{number}" + "x" * 100, "T", round, datetime.now(UTC),
                "", "", source))
            time.sleep(0.005)
        time.sleep(0.3)
    progress.done()
"""


def test_on_a_real_terminal_nothing_wraps_or_scrolls_away(tmp_path: Path) -> None:
    """The cursor, followed through what was written, never leaves the screen at its right or its bottom: only then does
    a terminal wrap or scroll."""
    controller, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=screen,
        stdout=screen,
        stderr=screen,
        env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
        cwd=tmp_path,
    )
    os.close(screen)
    written = b"".join(_read(controller))
    assert process.wait(timeout=30) == 0
    os.close(controller)
    text = written.decode()
    lowest, widest, frames = _extent(text)
    assert frames > 5
    assert lowest < 24
    assert widest <= 80
    assert [line for line in _screen(text) if line][-1].startswith("✓ Creating shop-app  80 resources, ")
    assert "\x1b[?25h" in text.rpartition("\x1b[?25l")[2]  # the cursor is shown again


def _read(controller: int) -> Iterator[bytes]:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        ready, _, _ = select.select([controller], [], [], 0.5)
        if not ready:
            continue
        try:
            data = os.read(controller, 65536)
        except OSError:  # the other end is closed
            return
        if not data:
            return
        yield data


_TOKEN = re.compile(r"\x1b\[(?P<number>[0-9;?]*)(?P<final>[A-Za-z])|(?P<plain>.)", re.DOTALL)


def _moves(text: str) -> Iterator[tuple[int, int, str]]:
    """Row, column and what is done there, from the first row on; `K` erases the row."""
    row = column = 0
    for token in _TOKEN.finditer(text):
        plain, final = token["plain"], token["final"]
        if plain == "\n":
            row, column = row + 1, 0
        elif plain == "\r":
            column = 0
        elif plain is not None:
            yield row, column, plain
            column += 1
        elif final == "A":
            row -= int(token["number"] or 1)
            yield row, column, "\x1b"
        elif final == "K":
            yield row, column, "K\x1b"


def _extent(text: str) -> tuple[int, int, int]:
    """The lowest row and the widest column that were written to, and how often it was drawn anew."""
    moves = list(_moves(text))
    cells = [(row, column) for row, column, what in moves if "\x1b" not in what]
    frames = sum(what == "\x1b" for _, _, what in moves)
    return max(row for row, _ in cells), max(column for _, column in cells) + 1, frames


def _screen(text: str) -> list[str]:
    """What stands on the screen at the end."""
    rows: dict[int, dict[int, str]] = {}
    for row, column, what in _moves(text):
        if what == "K\x1b":
            rows.pop(row, None)
        elif what != "\x1b":
            rows.setdefault(row, {})[column] = what
    return [
        "".join(cells.get(place, " ") for place in range(max(cells) + 1)).rstrip() for _, cells in sorted(rows.items())
    ]


def _wait_until(holds: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while callable(holds) and not holds() and time.monotonic() < end:
        time.sleep(0.01)
    assert callable(holds) and holds()
