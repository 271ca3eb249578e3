"""exec, run and tunnel as processes: the account is a rehearsal server, the session's plugin a script that tells what
it was given."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from moto.core.responses import ActionResult
from moto.ecs.responses import EC2ContainerServiceResponse

from compose2aws.cli import program
from tests.shop import PASSWORD, Shop, open_shop

from .conftest import Outcome

TOKEN = "token-canary"
PLUGIN = """#!{python}
import json, os, signal, sys
if sys.argv[1:] == ["--version"]:
    print(os.environ.get("PLUGIN_VERSION", "1.2.707.0"))
    sys.exit(0)
with open(os.environ["PLUGIN_RECORD"], "w") as file:
    json.dump({{"arguments": sys.argv[1:], "response": os.environ.get("AWS_SSM_START_SESSION_RESPONSE")}}, file)
print("hello from there", flush=True)
if os.environ.get("PLUGIN_STAYS"):
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("terminated", flush=True)
sys.exit(int(os.environ.get("PLUGIN_EXIT", "0")))
"""


@dataclass
class Terminal:
    """Where commands are typed: the shop's account, and the plugin on the path."""

    shop: Shop
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def record(self) -> dict[str, Any]:
        """What the plugin was given."""
        found: dict[str, Any] = json.loads((self.folder / "record.json").read_text())
        return found

    def refused(self, *arguments: str, path: str | None = None) -> str:
        """The sentence with which a command is refused, in this process, which is quicker."""
        self.capsys.readouterr()
        with self.monkeypatch.context() as patch:
            for name, value in self.shop.server.environment.items():
                patch.setenv(name, value)
            patch.delenv("AWS_PROFILE", raising=False)
            patch.setenv("PATH", f"{self.folder / 'bin'}:{os.environ['PATH']}" if path is None else path)
            code = program.run(["-p", "shop", *arguments])
        said = self.capsys.readouterr()
        assert (code, said.out) == (1, "")
        assert len(said.err.splitlines()) == 1
        return said.err

    def begin(self, *arguments: str, path: str | None = None, **more: str) -> subprocess.Popen[str]:
        """`compose2aws -p shop ARGUMENTS…`, which goes on while the test does."""
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}" if path is None else path
        return subprocess.Popen(
            [sys.executable, "-m", "compose2aws", "-p", "shop", *arguments],
            env={
                **kept, **self.shop.server.environment, "PATH": path, "PYTHONUNBUFFERED": "1",
                "PLUGIN_RECORD": str(self.folder / "record.json"), **more,
            },
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def end(self, process: subprocess.Popen[str], with_signal: int | None = None) -> Outcome:
        """Its outcome; `with_signal` ends it."""
        if with_signal is not None:
            process.send_signal(with_signal)
        out, err = process.communicate(timeout=60)
        return Outcome(process.args, process.returncode, out, err)

    def type(self, *arguments: str, path: str | None = None, **more: str) -> Outcome:
        """The outcome of a command that ends by itself."""
        return self.end(self.begin(*arguments, path=path, **more))


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
def terminal(
    deployed: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    deployed.clear()
    plugin = tmp_path / "bin" / "session-manager-plugin"
    plugin.parent.mkdir()
    plugin.write_text(PLUGIN.format(python=sys.executable))
    plugin.chmod(0o755)
    return Terminal(deployed, tmp_path, monkeypatch, capsys)


def until(holds: Callable[[], object], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_exec_hands_the_session_to_the_plugin_as_the_aws_cli_does(terminal: Terminal) -> None:
    shop = terminal.shop
    task = shop.start("api")
    outcome = terminal.type("exec", "api", "--", "sh", "-c", "echo 'a b'", PLUGIN_EXIT="3")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (3, "hello from there\n", "")
    assert shop.sessions == [
        (
            "ExecuteCommand",
            {
                "cluster": shop.cluster,
                "task": task.task_arn,
                "container": "api",
                "command": "sh -c 'echo '\"'\"'a b'\"'\"''",
                "interactive": True,
            },
        )
    ]
    target = f"ecs:{shop.cluster}_{task.id}_{task.id[:8]}-api"
    assert terminal.record["arguments"] == [
        "AWS_SSM_START_SESSION_RESPONSE",
        "us-east-1",
        "StartSession",
        "",
        json.dumps({"Target": target}),
        shop.server.endpoint,
    ]
    response = {"SessionId": "ecs-execute-1", "StreamUrl": "wss://stream", "TokenValue": TOKEN}
    assert json.loads(terminal.record["response"]) == response


def test_an_old_plugin_is_given_the_session_as_an_argument(terminal: Terminal) -> None:
    terminal.shop.start("api")
    assert terminal.type("exec", "api", "ls", PLUGIN_VERSION="1.2.497.0").returncode == 0
    assert json.loads(terminal.record["arguments"][0])["TokenValue"] == TOKEN


def test_exec_takes_the_newest_task_or_the_named_one_and_sidecars_by_their_own_name(terminal: Terminal) -> None:
    old, new = terminal.shop.start("api"), terminal.shop.start("api")
    old.started_at -= timedelta(hours=1)
    terminal.type("exec", "api", "ls")
    terminal.type("exec", "--task", old.id[:6], "api", "ls")
    terminal.type("exec", "metrics", "ls", "-l")
    terminal.type("exec", "--container", "metrics", "api", "ls")
    asked = [
        (given["task"].rpartition("/")[2], given["container"], given["command"]) for _, given in terminal.shop.sessions
    ]
    assert asked == [
        (new.id, "api", "ls"),
        (old.id, "api", "ls"),
        (new.id, "metrics", "ls -l"),
        (new.id, "metrics", "ls"),
    ]


def test_a_container_that_takes_no_session_is_told_why(terminal: Terminal) -> None:
    shop = terminal.shop
    shop.start("worker")
    shop.start("edge", exec_=False)
    shop.start("api").containers[0].managed_agents = [
        {"name": "ExecuteCommandAgent", "lastStatus": "STOPPED", "reason": "it ended"}
    ]
    for service, words in (
        ("worker", "worker takes no session: its root filesystem is read-only (read_only: true)"),
        ("edge", "its task was started without ECS Exec"),
        ("api", "the agent of ECS Exec in it is stopped: it ended"),
        ("migrate", "migrate is a job: its tasks take no sessions"),
        ("db", "db runs in no container: it is a managed service of AWS"),
        ("aip", "no service aip of shop is deployed: did you mean api?"),
    ):
        assert words in terminal.refused("exec", service, "ls")
    assert shop.sessions == []


def test_without_a_running_task_or_the_plugin_or_a_command_there_is_a_sentence(terminal: Terminal) -> None:
    assert "no task of api runs now" in terminal.refused("exec", "api", "ls")
    for command in (("exec", "api", "ls"), ("tunnel", "db")):
        missing = terminal.refused(*command, path="/usr/bin:/bin")
        assert "session-manager-plugin, which is not on the PATH" in missing and "https://" in missing
    assert terminal.type("exec", "api", "--").returncode == 2


def test_run_starts_a_task_as_the_service_has_it_and_ends_with_its_exit_code(terminal: Terminal) -> None:
    shop = terminal.shop
    process = terminal.begin("run", "api", "--", "./manage", "--all", "a b")
    until(shop.tasks)
    (task,) = shop.tasks()
    given = task.overrides["containerOverrides"]
    assert given == [{"name": "api", "command": ["./manage", "--all", "a b"]}]
    service = next(
        one
        for one in shop.client("ecs").describe_services(
            cluster=shop.cluster, services=[shop.deployment.physical("ApiService")]
        )["services"]
    )
    assert task.network_configuration == service["networkConfiguration"]
    assert task.task_definition_arn == service["taskDefinition"]
    assert (task.capacity_provider_name, task.started_by) == ("FARGATE", "compose2aws-run")
    shop.write("api", "first\x1b[2J", "second", task=task.id)
    time.sleep(2)
    shop.write("api", "last", task=task.id, ago=0)
    shop.stop(task, 3)
    outcome = terminal.end(process)
    assert (outcome.returncode, outcome.stdout) == (3, "first\nsecond\nlast\n")
    assert outcome.stderr == f"compose2aws: the task {task.id} of api starts; Ctrl-C stops it\n"


def test_a_task_that_never_ran_is_told_with_what_ecs_says(terminal: Terminal) -> None:
    process = terminal.begin("run", "migrate")
    until(terminal.shop.tasks)
    (task,) = terminal.shop.tasks()
    assert task.overrides["containerOverrides"] == [{"name": "migrate"}]
    terminal.shop.stop(task, None, "CannotPullContainerError: \x1b[2Jpull access denied")
    outcome = terminal.end(process)
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert "compose2aws: migrate did not run: CannotPullContainerError: pull access denied\n" in outcome.stderr


def test_detached_prints_the_task_and_leaves_it(terminal: Terminal) -> None:
    outcome = terminal.type("run", "-d", "api", "sleep", "60")
    (task,) = terminal.shop.tasks()
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, f"{task.id}\n", "")
    assert task.last_status == "RUNNING"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_a_run_stops_its_task(terminal: Terminal, number: int) -> None:
    process = terminal.begin("run", "api", "sleep", "60")
    assert process.stderr is not None
    said = process.stderr.readline()
    assert "starts; Ctrl-C stops it" in said
    time.sleep(0.5)
    outcome = terminal.end(process, number)
    (task,) = terminal.shop.tasks()
    assert outcome.returncode == 128 + number
    assert (task.last_status, task.stopped_reason) == ("STOPPED", "Interrupted by its user")


def test_a_task_that_ecs_does_not_place_is_told_why(terminal: Terminal) -> None:
    def run_task(_: Any) -> Any:
        failures = [{"arn": "a", "reason": "RESOURCE:MEMORY"}, {"reason": "Capacity is unavailable at this time"}]
        return ActionResult({"tasks": [], "failures": failures})

    with mock.patch.object(EC2ContainerServiceResponse, "run_task", run_task):
        refusal = terminal.refused("run", "api", "true")
    assert refusal == (
        "compose2aws: ECS starts no task of api: no instance of the cluster has memory left for it (RESOURCE:MEMORY); "
        "Capacity is unavailable at this time\n"
    )


def test_a_tunnel_goes_through_a_task_that_the_database_lets_in(terminal: Terminal) -> None:
    shop = terminal.shop
    for service in ("edge", "worker"):
        shop.start(service)
    task = shop.start("api")
    free = _free_port()
    process = terminal.begin("tunnel", "db", f"{free}", PLUGIN_STAYS="1")
    until((terminal.folder / "record.json").exists)
    time.sleep(0.5)
    outcome = terminal.end(process, _to_group(process))
    database = shop.client("rds").describe_db_clusters()["DBClusters"][0]
    operation, given = shop.sessions[0]
    assert operation == "StartSession"
    assert given == {
        "Target": f"ecs:{shop.cluster}_{task.id}_{task.id[:8]}-api",
        "DocumentName": "AWS-StartPortForwardingSessionToRemoteHost",
        "Parameters": {
            "host": [database["Endpoint"]],
            "portNumber": ["5432"],
            "localPortNumber": [str(free)],
        },
    }
    assert json.loads(terminal.record["arguments"][4]) == given
    secret = shop.deployment.physical("DbMasterLogin")
    assert outcome.stdout.splitlines() == [
        "db (Aurora PostgreSQL), through a task of api:",
        "  host      127.0.0.1",
        f"  port      {free}",
        "  user      app",
        "  database  app",
        f"  TLS name  {database['Endpoint']}",
        "  password  is in the secret that this prints:",
        f"    aws secretsmanager get-secret-value --secret-id {secret} --query SecretString --output text"
        " --region us-east-1",
        "Ctrl-C closes it.",
        "hello from there",
        "terminated",
    ]
    assert outcome.returncode == 130
    value = json.loads(shop.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])["password"]
    for text in (outcome.stdout, outcome.stderr, json.dumps(terminal.record["arguments"])):
        assert value not in text and PASSWORD not in text and TOKEN not in text


def test_a_tunnel_to_a_service_ends_at_its_task(terminal: Terminal) -> None:
    terminal.shop.start("api")
    free = _free_port()
    assert terminal.type("tunnel", "api", f"{free}:9090").returncode == 0
    _, given = terminal.shop.sessions[0]
    assert given["DocumentName"] == "AWS-StartPortForwardingSession"
    assert given["Parameters"] == {"portNumber": ["9090"], "localPortNumber": [str(free)]}


def test_a_tunnel_that_cannot_be_is_told_why(terminal: Terminal) -> None:
    shop = terminal.shop
    shop.start("edge")
    shop.start("worker")
    nobody = terminal.refused("tunnel", "db")
    assert "no task that may reach db takes a session" in nobody
    assert "no task of api runs now" in nobody and "worker takes no session" in nobody
    assert "edge" not in nobody
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"the port {port} of this machine is taken" in terminal.refused("tunnel", "db", f"{port}:5432")
    for wrong in ("0", "70000", "a", "1:2:3", "5432:"):
        assert "is no port" in terminal.refused("tunnel", "db", wrong)
    assert shop.sessions == []


def _to_group(process: subprocess.Popen[str]) -> int:
    """Ctrl-C goes to all of a terminal's processes: here to the plugin first, then to the command."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGINT)
    return signal.SIGINT


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
