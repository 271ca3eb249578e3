"""Options of the whole suite: `--run-soak` runs the tests marked `soak` too, and gives every property more examples."""

from __future__ import annotations

import functools
import signal

import botocore.session
import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, so that a failure is the change's and not the day's; soaking looks for new ones.
settings.register_profile(
    "quick",
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("soak", settings.get_profile("quick"), max_examples=1_000, derandomize=False)


# One reader of botocore's models for all sessions of the process: each would read megabytes of JSON anew.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-soak", action="store_true", help="run the long versions of the tests too")


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what runs in the background with SIGINT ignored, nohup with SIGHUP; the commands that tests start
    # would inherit that, and could not be interrupted.
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    settings.load_profile("soak" if config.getoption("--run-soak") else "quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-soak"):
        return
    skip = pytest.mark.skip(reason="a long test: --run-soak runs it")
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(skip)
