"""A release whose containers run and exit at once, which ECS does not count as failed: what its deployment tells, while
it goes on and at the end."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from compose2aws.delivery import roll_out
from compose2aws.delivery.progress import RollOut
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.watch import loop_text
from compose2aws.rehearsal import Exit, RehearsalServer
from tests.bare_environment import bare_environment
from tests.delivery.situation import Recorder, Shop, use

WORDS = ("KeyError: 'GREETING'", "api ends")
WITHOUT = """
name: shop
services:
  api:
    image: ghcr.io/acme/api:1
    environment: {LOG_LEVEL: info}
"""
WITH = WITHOUT.replace("{", "{GREETING: hello, ")
_SECONDS = 60


class Loop:
    """Containers that exit with 1 where they have no GREETING. CloudFormation waits for them until `over`."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._end = time.monotonic() + _SECONDS

    def __call__(self, container: Mapping[str, Any]) -> Exit | None:
        if any(variable["name"] == "GREETING" for variable in container["environment"]):
            return None
        return Exit(1, WORDS, seconds=0.1, waits=lambda _: not self.over.is_set() and time.monotonic() < self._end)


class Following(Recorder):
    """Calls what it is given at each roll-out and each note."""

    def __init__(self, call: Callable[[Following], None]) -> None:
        super().__init__()
        self._call = call

    def roll_out(self, state: RollOut) -> None:
        super().roll_out(state)
        self._call(self)

    def note(self, text: str) -> None:
        super().note(text)
        self._call(self)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(roll_out, "_EVERY", 0.1)
    with RehearsalServer(background=True) as server:
        use(server, monkeypatch)
        yield Shop(tmp_path, server.use_services())


def follow(shop: Shop, monkeypatch: pytest.MonkeyPatch, call: Callable[[Following], None]) -> None:
    monkeypatch.setattr("tests.delivery.situation.Recorder", lambda: Following(call))


def ends_when_told(loop: Loop) -> Callable[[Following], None]:
    def call(told: Following) -> None:
        if told.notes and any(state.stopped for state in told.roll_outs):
            loop.over.set()

    return call


def test_a_first_release_that_exits_is_explained_while_it_goes_on_and_in_its_failure(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop()
    shop.server.on_container("api", loop)
    follow(shop, monkeypatch, ends_when_told(loop))
    with pytest.raises(DeliveryError) as failure:
        shop.deploy(WITHOUT)
    told = [state for state in shop.progress.roll_outs if state.stopped]
    assert told[0].stopped[0].exit_codes == (("api", 1, ""),)
    assert told[0].stopped[0].log_lines == WORDS
    assert {state.state for state in told} == {"IN_PROGRESS"}
    assert len(shop.progress.notes) == 1
    assert "aws cloudformation delete-stack --stack-name shop-app" in shop.progress.notes[0]
    said = str(failure.value)
    assert "did not stabilize" in said
    assert "stopped: Essential container in task exited\n    api: exit code 1" in said
    assert "".join(f"    | {line}\n" for line in WORDS) in said
    assert said.count(WORDS[0]) == 1, "tasks that ended alike are told once"
    assert "more stopped in the same way" in said
    assert "log group" not in said, "it went with the stack"
    assert shop.status("shop-app") == "ROLLBACK_COMPLETE"


def test_an_update_that_exits_can_be_given_up_as_its_note_says(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop()
    shop.server.on_container("api", loop)
    shop.deploy(WITH)

    cancelled: list[bool] = []

    def cancel(told: Following) -> None:
        if told.notes and not cancelled:
            cancelled.append(True)
            assert "aws cloudformation cancel-update-stack --stack-name shop-app" in told.notes[0]
            shop.client("cloudformation").cancel_update_stack(StackName="shop-app")

    follow(shop, monkeypatch, cancel)
    with pytest.raises(DeliveryError) as failure:
        shop.deploy(WITHOUT)
    assert "api: exit code 1" in str(failure.value)
    assert WORDS[1] in str(failure.value)
    assert "its whole log: the log group shop-app-ApiLogGroup" in str(failure.value)
    assert "shop-app is as it was before" in str(failure.value)
    assert shop.status("shop-app") == "UPDATE_ROLLBACK_COMPLETE"
    follow(shop, monkeypatch, lambda _: None)
    shop.deploy(WITH)
    assert all(not state.stopped for state in shop.progress.roll_outs), "what stopped before is no news"


def test_the_command_tells_reason_exit_code_and_last_words_before_it_fails(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WITHOUT)
    loop = Loop()
    with RehearsalServer(background=True) as server:
        server.use_services().on_container("api", loop)
        with subprocess.Popen(
            [sys.executable, "-m", "compose2aws", "--tier", "development", "deploy", "--yes"],
            cwd=tmp_path,
            env=bare_environment() | server.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            going_on = []
            for line in process.stderr:
                going_on.append(line.rstrip())
                if "Ctrl-C" in line:
                    break
            loop.over.set()
            end = process.stderr.read()
    said = "\n".join(going_on)
    assert process.returncode == 1, said + end
    assert "api: exit code 1" in said
    assert "stopped: Essential container in task exited" in said
    assert f"| {WORDS[0]}" in said
    assert "shop-app waits for api, whose tasks stop by themselves" in said
    failure = end[end.index("compose2aws: ") :]
    assert "api: exit code 1" in failure
    assert f"| {WORDS[1]}" in failure


@pytest.mark.parametrize(
    "status", ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "DELETE_COMPLETE"]
)
def test_a_stack_that_waits_for_nothing_is_not_said_to_wait(status: str) -> None:
    assert loop_text("api", 3, {"StackName": "shop-app", "StackStatus": status}) is None
