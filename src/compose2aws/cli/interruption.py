"""What ends a command from outside: Ctrl-C, SIGTERM (a cancelled CI job), SIGHUP (a terminal that was closed).

Each is an exception, so that what a command holds is given back, and the command's exit code says which it was.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Interrupted(KeyboardInterrupt):
    """A signal that is to end the command came. Whoever expects Ctrl-C gets it too."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP raise `Interrupted` in the main thread; what is ignored (`nohup`) stays ignored."""
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


def exit_code(interruption: BaseException) -> int:
    """128 and the signal's number, as shells tell it: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
    seen: BaseException | None = interruption
    while seen is not None:  # click makes an exception of its own of it
        if isinstance(seen, Interrupted):
            return 128 + seen.number
        seen = seen.__cause__ or seen.__context__
    return 128 + signal.SIGINT


def _interrupt(number: int, _: FrameType | None) -> None:
    raise Interrupted(number)
