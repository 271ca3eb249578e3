"""Signals that end `deploy` and `destroy` while something goes on: the exit code, what is said, what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compose2aws.cli.interruption import Interrupted, exit_code, interruptible
from compose2aws.rehearsal import RehearsalServer, operations
from tests.bare_environment import bare_environment
from tests.cli.test_deploy import SHOP
from tests.delivery.situation import Shop, use

_PATIENCE = 60
BUILT = """
name: shop
services:
  web: {build: web, ports: ["80:80"]}
"""
DOCKER = """#!/bin/sh
[ "$2" = version ] && exit 0
sleep 300 &
echo "$$ $!" > "$STARTED.new"
mv "$STARTED.new" "$STARTED"
wait
"""
"""A build that does not end, and that starts another process as docker starts buildx."""


class Project:
    """A project in a folder, an account whose operations take their time, and the command as a process."""

    def __init__(self, folder: Path, server: RehearsalServer) -> None:
        self.folder = folder
        self.server = server
        self.shop = Shop(folder, server)
        self.temporary = folder / "tmp"
        self.temporary.mkdir()

    def slowly(self) -> None:
        """From now on each resource takes a while, behind the call that begins it."""
        operations.pace.background, operations.pace.pause = True, 0.05

    @contextmanager
    def begun(self, *arguments: str, tier: str = "production", **environment: str) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [sys.executable, "-m", "compose2aws", "--tier", tier, *arguments],
            cwd=self.folder,
            env=bare_environment() | self.server.environment | {"TMPDIR": str(self.temporary)} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def destroyed(self, until: Callable[[str], bool], how: signal.Signals) -> tuple[int, str]:
        """`destroy --with-data`, which is sent a signal when a line is told; its exit code, and all that it told."""
        with self.begun("destroy", "--with-data", "--yes", "--confirm", "shop") as process:
            assert process.stderr is not None
            told = []
            for line in process.stderr:
                told.append(line)
                if until(line):
                    process.send_signal(how)
                    break
            out, rest = process.communicate(timeout=_PATIENCE)
            assert out == ""
            said = "".join(told) + rest
            assert "Traceback" not in said
            return process.returncode, said

    @contextmanager
    def building(self, docker: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
        """`deploy` while a `docker` builds, and the ids of what that started."""
        binaries, started = self.folder / "bin", self.folder / "started"
        for file, text in (
            (binaries / "docker", docker),
            (self.folder / "web" / "Dockerfile", "FROM scratch\n"),
            (self.folder / "compose.yaml", BUILT),
        ):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        (binaries / "docker").chmod(0o755)
        environment = {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "STARTED": str(started)}
        with self.begun("deploy", "--yes", tier="development", **environment) as process:
            end = time.monotonic() + _PATIENCE
            while not started.exists():
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < end
                time.sleep(0.05)
            yield process, [int(number) for number in started.read_text().split()]

    def rest(self) -> None:
        """Waits until nothing goes on in the account."""
        end = time.monotonic() + _PATIENCE
        while any((self.shop.status(name) or "").endswith("_IN_PROGRESS") for name in ("shop-base", "shop-app")):
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        yield Project(tmp_path, server.use_services())


def test_an_interrupted_removal_says_what_goes_on_and_what_was_not_begun(project: Project) -> None:
    project.shop.deploy(SHOP, tier="production")
    project.slowly()
    code, said = project.destroyed(lambda line: "DELETE_IN_PROGRESS" in line, signal.SIGINT)
    assert code == 130
    assert "Removing shop-app: interrupted after" in said
    assert "failed" not in said
    assert "The removal of shop-app was begun and goes on in the account." in said
    assert "Not begun: the removal of shop-base." in said
    assert "off" not in said.partition("Interrupted.")[2]
    project.rest()
    assert project.shop.status("shop-app") is None
    assert project.shop.client("rds").describe_db_clusters()["DBClusters"][0]["DeletionProtection"]


def test_an_interruption_while_the_databases_are_let_go_says_how_they_are_protected_again(project: Project) -> None:
    project.shop.deploy(SHOP, tier="production")
    project.slowly()
    letting_go = "Updating shop-base: letting go"
    code, said = project.destroyed(lambda line: "shop-base  UPDATE_IN_PROGRESS" in line, signal.SIGTERM)
    assert code == 143
    assert f"{letting_go} of the protection from deletion: interrupted" in said
    assert "shop-app is gone." in said
    assert "The update of shop-base was begun and goes on in the account; it removes nothing." in said
    assert "Not begun: the removal of shop-base." in said
    assert "protection of the databases of shop-base from deletion is being switched off" in said
    project.rest()
    databases = project.shop.client("rds").describe_db_clusters
    assert not databases()["DBClusters"][0]["DeletionProtection"]
    operations.pace.background = False
    assert "`compose2aws deploy` switches it on again" in said
    project.shop.deploy(SHOP, tier="production")
    assert databases()["DBClusters"][0]["DeletionProtection"]


STUBBORN = DOCKER.replace("sleep 300 &", "trap '' TERM\nsleep 300 &").replace("wait\n", "wait\nsleep 300\n")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_an_interrupted_build_leaves_no_login_and_no_process(project: Project, how: signal.Signals, code: int) -> None:
    with project.building(DOCKER) as (process, started):
        assert list(project.temporary.glob("*/build/docker/config.json"))
        process.send_signal(how)
        _, said = process.communicate(timeout=_PATIENCE)
    assert process.returncode == code, said
    assert "Interrupted. What was begun in the account goes on there." in said
    assert "Building and pushing 1 image: interrupted after" in said
    assert "Traceback" not in said
    assert list(project.temporary.iterdir()) == []
    assert all(_ended(number) for number in started)


def test_a_second_signal_ends_a_build_by_force_that_does_not_stop(project: Project) -> None:
    """As a CI runner sends them: first Ctrl-C, some seconds later SIGTERM."""
    with project.building(STUBBORN) as (process, started):
        process.send_signal(signal.SIGINT)
        time.sleep(2)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 143, said
    assert list(project.temporary.iterdir()) == []
    assert all(_ended(number) for number in started)


def test_a_signal_is_an_interruption_within_and_its_own_again_after() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt) as raised, interruptible():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
    assert exit_code(raised.value) == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_exception_made_of_an_interruption_has_its_exit_code() -> None:
    def wrapped(error: BaseException) -> BaseException:
        try:
            try:
                raise error
            except KeyboardInterrupt as interruption:
                raise RuntimeError from interruption
        except RuntimeError as made:
            return made

    assert exit_code(wrapped(Interrupted(signal.SIGHUP))) == 129
    assert exit_code(wrapped(KeyboardInterrupt())) == 130


def _ended(number: int) -> bool:
    """Whether a process has ended, also where nobody has asked for its exit code."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            os.kill(number, 0)
            state = Path(f"/proc/{number}/stat")
            if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False
