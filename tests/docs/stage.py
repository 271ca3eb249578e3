"""What the pages are tried on: an account of moto behind a server, stand-ins for docker and the plugin of sessions.

Commands run in this process where they can, which is quicker; through a shell where they are more than one command, or
where a program writes for them.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import click.termui
from moto.ecs import models
from moto.ecs.models import ecs_backends

from compose2aws.cli import program
from compose2aws.rehearsal import RehearsalServer
from tests.docs.pages import ROOT, Setting
from tests.shop import live_tasks

DOCKER = ROOT / "tests" / "delivery" / "images" / "docker_stand_in.py"
_PLUGIN = """import os, sys
print("1.2.707.0" if sys.argv[1:] == ["--version"] else os.environ.get("PLUGIN_PRINTS", ""))
"""
_KEPT = ("HOME", "LANG")
_OUTSIDE = {"exec", "tunnel"}
"""The plugin writes for them. `rehearse` opens an account of its own, and a process has but one."""
_WITHOUT_ACCOUNT = {"synth", "explain", "config", "graph", "schema", "pipeline", "rehearse", "--against"}
_SHELL = set("|<>;&`$*")
_SERVING = "process_request_thread"
_ONE_OFF = "compose2aws-run"
_SECONDS = 120


class _Screen(io.StringIO):
    """What stands for both streams of a terminal. The server's own threads write of what moto lacks: not on it."""

    def write(self, text: str) -> int:
        return len(text) if _SERVING in threading.current_thread().name else super().write(text)


@dataclass
class Outcome:
    """How a command ended, and what it showed on both streams."""

    code: int
    text: str


@dataclass
class Stage:
    """A folder, an account, and the variables that were exported."""

    place: Path
    open_account: contextlib.ExitStack
    exported: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    task_prints: list[str] = field(default_factory=list)
    folder: Path = Path()
    _number: int = 0
    _server: RehearsalServer | None = None

    @property
    def server(self) -> RehearsalServer:
        """The account, empty when it is first asked for."""
        if self._server is None:
            self._server = self.open_account.enter_context(RehearsalServer()).use_services()
            self.open_account.enter_context(live_tasks([]))
            self.open_account.enter_context(mock.patch.object(models.Task, "__init__", self._new_task()))
        return self._server

    def set_up(self, setting: Setting) -> None:
        """Does what a comment of the page says."""
        match setting.word:
            case "project":
                self._begin(setting.text)
            case "deployed":
                outcome = self.run("compose2aws deploy --yes")
                assert outcome.code == 0, outcome.text
            case "running":
                for service in setting.text.split(", "):
                    self._start(service)
            case "prints":
                service, _, line = setting.text.partition(": ")
                self._write(self._group(service), f"{service}/{service}/t1", line)
            case "task prints":
                self.task_prints.append(setting.text)
            case "session prints":
                self.exported["PLUGIN_PRINTS"] = setting.text
            case "zone":
                name = setting.text
                self.server.client("route53").create_hosted_zone(Name=name, CallerReference=name)
            case "docker":
                self.exported["STAND_IN"] = setting.text
            case "unset":
                self.exported.pop(setting.text, None)
                file = self.folder / ".env"
                kept = [line for line in file.read_text().splitlines() if not line.startswith(f"{setting.text}=")]
                file.write_text("\n".join(kept) + "\n")
            case "answers":
                self.answers = setting.text.split(", ")

    def write(self, name: str, text: str) -> None:
        """Writes a file of the project."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, text: str) -> Outcome:
        """Types a line."""
        if text.startswith("export "):
            for word in shlex.split(text)[1:]:
                name, _, value = word.partition("=")
                self.exported[name] = value
            return Outcome(0, "")
        if text.startswith("cd "):
            self.folder = (self.folder / text.removeprefix("cd ")).resolve()
            return Outcome(0, "")
        words = shlex.split(text)
        if "compose2aws" in words and not _WITHOUT_ACCOUNT & set(words):
            self.server  # noqa: B018 - opens it
        outside = _OUTSIDE | ({"rehearse"} if self._server is not None else set())
        if words[0] == "compose2aws" and not outside & set(words) and not _SHELL & set(text):
            return self._inside(words[1:])
        return self._outside(text)

    @property
    def environment(self) -> dict[str, str]:
        """All variables that a command sees."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        tools = {
            "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}",
            "STAND_IN_RECORD": str(self.place / "record"),
            "COLUMNS": "80",
        }
        account = self._server.environment if self._server is not None else {}
        # What moto lacks fails at each try alike.
        return kept | tools | account | {"AWS_MAX_ATTEMPTS": "1"} | self.exported

    def _begin(self, name: str) -> None:
        self._number += 1
        self.folder = self.place / str(self._number) / Path(name).name
        if name == "empty":
            self.folder.mkdir(parents=True)
        else:
            shutil.copytree(ROOT / name, self.folder)
        example = self.folder / ".env.example"
        if example.is_file() and not (self.folder / ".env").exists():
            shutil.copy(example, self.folder / ".env")

    def _inside(self, arguments: list[str]) -> Outcome:
        screen = _Screen()

        def typed(prompt: str = "") -> str:
            answer = self.answers.pop(0) if self.answers else "y"
            screen.write(f"{prompt}{answer}\n")
            return answer

        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch.object(sys, "stdin", mock.Mock(isatty=lambda: True)),
            mock.patch.object(click.termui, "visible_prompt_func", typed),
            contextlib.redirect_stdout(screen),
            contextlib.redirect_stderr(screen),
        ):
            code = program.run(arguments)
        return Outcome(code, screen.getvalue())

    def _outside(self, text: str) -> Outcome:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", text],
            cwd=self.folder,
            env=self.environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return Outcome(done.returncode, done.stdout)

    # The account

    def _group(self, service: str) -> str:
        return self._physical(f"{_camel(service)}LogGroup")

    def _physical(self, logical_id: str) -> str:
        cloudformation = self.server.client("cloudformation")
        for stack in cloudformation.describe_stacks()["Stacks"]:
            for one in cloudformation.describe_stack_resources(StackName=stack["StackName"])["StackResources"]:
                if one["LogicalResourceId"] == logical_id:
                    return str(one["PhysicalResourceId"])
        raise KeyError(logical_id)

    def _start(self, service: str) -> None:
        ecs = self.server.client("ecs")
        named = self._physical(f"{_camel(service)}Service").rpartition("/")[2]
        arn = ecs.run_task(
            cluster=self._physical("ServiceCluster"),
            taskDefinition=self._physical(f"{_camel(service)}TaskDefinition"),
            launchType="FARGATE",
            group=f"service:{named}",
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": [self._physical("PrivateSubnetA")], "securityGroups": []}
            },
        )["tasks"][0]["taskArn"]
        task = next(one for one in _tasks(self.server.region) if one.task_arn == arn)
        task.enable_execute_command = True
        task.started_at = datetime.now(UTC)

    def _write(self, group: str, stream: str, *lines: str) -> None:
        logs = self.server.client("logs")
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        at = int(datetime.now(UTC).timestamp() * 1000)
        events = [{"timestamp": at + place, "message": line} for place, line in enumerate(lines)]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def _new_task(self) -> Callable[..., None]:
        live = models.Task.__init__

        def new_task(task: Any, *arguments: Any, **named: Any) -> None:
            live(task, *arguments, **named)
            if task.started_by == _ONE_OFF:
                threading.Timer(0.3, self._end_task, [task]).start()

        return new_task

    def _end_task(self, task: Any) -> None:
        """Lets a one-off task write what the page says, and end well."""
        container = next(
            one for one in task.containers if one.name in {o["name"] for o in task.overrides["containerOverrides"]}
        )
        lines, self.task_prints = self.task_prints, []
        if lines:
            self._write(self._group(container.name), f"{container.name}/{container.name}/{task.id}", *lines)
        container.exitCode = 0
        task.stopped_at = datetime.now(UTC)
        task.stopped_reason = "Essential container in task exited"
        task.last_status = task.desired_status = "STOPPED"


def _tasks(region: str) -> list[Any]:
    backend = ecs_backends["123456789012"][region]
    return [task for tasks in backend.tasks.values() for task in tasks.values()]


def _camel(service: str) -> str:
    return "".join(part.capitalize() for part in service.split("-"))


@contextlib.contextmanager
def open_stage(place: Path) -> Iterator[Stage]:
    """An empty account, and a place on the disk for folders and programs."""
    binaries = place / "bin"
    binaries.mkdir(parents=True)
    (place / "plugin.py").write_text(_PLUGIN)
    for name, program_ in (
        ("docker", str(DOCKER)),
        ("session-manager-plugin", str(place / "plugin.py")),
        ("compose2aws", "-m compose2aws"),
    ):
        file = binaries / name
        file.write_text(f'#!/bin/sh\nexec {sys.executable} {program_} "$@"\n')
        file.chmod(0o755)
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)  # of calls that moto lacks: the command tells of them
    with contextlib.ExitStack() as account:
        yield Stage(place, account)
