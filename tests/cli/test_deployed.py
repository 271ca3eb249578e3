"""status, outputs and logs as processes, on a shop that is deployed in a rehearsal server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compose2aws.cli import program
from compose2aws.delivery.task_log import LogLine
from tests.bare_environment import bare_environment
from tests.shop import PASSWORD, Shop, open_shop

from .conftest import Outcome

WIDTH = 80


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
def shop(deployed: Shop) -> Shop:
    deployed.clear()
    return deployed


def environment(shop: Shop, more: Mapping[str, str] | None = None) -> dict[str, str]:
    return bare_environment() | shop.server.environment | dict(more or {})


Run = Callable[..., Outcome]


@pytest.fixture
def process(shop: Shop, tmp_path: Path) -> Run:
    """Runs `compose2aws -p shop ARGUMENTS…` as a process, where there is no compose file."""

    def start(*arguments: str) -> Outcome:
        return subprocess.run(
            [sys.executable, "-m", "compose2aws", "-p", "shop", *arguments],
            env=environment(shop),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return start


@pytest.fixture
def run(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The same in this process, which is quicker; `more` are further variables of the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_PROFILE", raising=False)

    def call(*arguments: str, project: str = "shop", more: Mapping[str, str] | None = None) -> Outcome:
        with monkeypatch.context() as patch:
            for name, value in environment(shop, more).items():
                patch.setenv(name, value)
            capsys.readouterr()
            code = program.run(["-p", project, *arguments])
        said = capsys.readouterr()
        return Outcome(list(arguments), code, said.out, said.err)

    return call


def test_status_tells_of_services_jobs_databases_and_tasks_that_stopped(shop: Shop, process: Run) -> None:
    shop.start("api").health_status = "HEALTHY"
    shop.stop(shop.start("migrate"), 0)
    shop.stop(shop.start("worker"), 137, "OutOfMemoryError: Container killed due to memory usage")
    outcome = process("status")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    lines = [line.split() for line in outcome.stdout.splitlines()]
    assert ["shop-base", "CREATE_COMPLETE", "just", "now"] in lines
    assert ["api", "1/1", "done", "1", "healthy", "0.5", "vCPU,", "1", "GB", "just", "now"] in lines
    assert ["migrate", "each", "release", "just", "now", "exit", "code", "0"] in lines
    assert ["report", "cron(0", "3", "*", "*", "?", "*)", "-", "has", "not", "run", "yet"] in lines
    assert ["db", "Aurora", "PostgreSQL", "available"] in lines
    assert "OutOfMemoryError" in outcome.stdout and "137" in outcome.stdout
    assert all(len(line) <= WIDTH for line in outcome.stdout.splitlines())


def test_a_job_that_succeeded_is_no_stopped_task_and_one_that_failed_is(shop: Shop, run: Run) -> None:
    shop.stop(shop.start("migrate"), 0)
    assert json.loads(run("status", "--format", "json").stdout)["stopped"] == []
    shop.stop(shop.start("migrate"), 3)
    stopped = json.loads(run("status", "--format", "json").stdout)["stopped"]
    assert [(one["service"], one["exit_codes"]) for one in stopped] == [("migrate", {"migrate": 3})]


def test_status_as_json_has_what_scripts_need(shop: Shop, run: Run) -> None:
    shop.write("report", "done", ago=7200)
    found = json.loads(run("status", "--format", "json").stdout)
    assert (found["project"], found["region"], found["account"]) == ("shop", "us-east-1", "123456789012")
    assert [one["name"] for one in found["stacks"]] == ["shop-base", "shop-app"]
    services = {one["service"]: one for one in found["services"]}
    assert set(services) == {"api", "edge", "worker"}
    assert (services["api"]["running"], services["api"]["desired"], services["api"]["rollout"]) == (1, 1, "COMPLETED")
    assert services["api"]["urls"][0].startswith("http://")
    database = found["managed"][0]
    assert (database["service"], database["status"], database["port"]) == ("db", "available", 5432)
    report = next(one for one in found["jobs"] if one["service"] == "report")
    assert report["last_run"] is not None and report["exit_code"] is None
    assert PASSWORD not in json.dumps(found)


def test_an_alarm_that_rings_is_told(shop: Shop, run: Run) -> None:
    alarms = shop.client("cloudwatch")
    name = alarms.describe_alarms()["MetricAlarms"][0]["AlarmName"]
    alarms.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    try:
        found = json.loads(run("status", "--format", "json").stdout)["alarms"]
        assert [one["name"] for one in found] == [name]
    finally:
        alarms.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")


def test_outputs_show_what_is_for_people_and_all_of_them_when_asked(run: Run) -> None:
    shown = run("outputs")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("ApiServiceUrl  (shop-app)\n")
    few = json.loads(run("outputs", "--format", "json").stdout)
    every = json.loads(run("outputs", "--format", "json", "--all").stdout)
    assert [one["name"] for one in few] == ["ApiServiceUrl"]
    assert every[0] == few[0] and len(every) > 1
    assert all(one["export"] for one in every[1:])


@pytest.mark.parametrize("command", [("status",), ("outputs",), ("logs",), ("run", "api", "true")])
def test_what_is_not_deployed_there_is_a_sentence(run: Run, command: tuple[str, ...]) -> None:
    other = run(*command, project="nothing")
    elsewhere = (
        run(*command, "--region", "eu-west-1")
        if len(command) == 1
        else run(command[0], "--region=eu-west-1", *command[1:])
    )
    for outcome, words in ((other, "the project nothing is not deployed in us-east-1"), (elsewhere, "in eu-west-1")):
        assert (outcome.returncode, outcome.stdout) == (1, "")
        assert words in outcome.stderr and len(outcome.stderr.splitlines()) == 1


def test_no_credentials_no_region_and_no_account_are_sentences(run: Run) -> None:
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
    for more, words in (
        (none, "no AWS credentials were found"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "no AWS region is set"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "nothing answers at http://127.0.0.1:9"),
    ):
        outcome = run("status", more=more)
        assert (outcome.returncode, outcome.stdout) == (1, "")
        assert outcome.stderr.startswith(f"compose2aws: {words}")
        assert len(outcome.stderr.splitlines()) == 1


def test_the_region_may_stand_in_either_variable(run: Run) -> None:
    assert run("status", more={"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"}).returncode == 0
    assert run("status", more={"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": ""}).returncode == 0


def test_the_name_of_the_project_comes_from_the_compose_file(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("name: shop\nservices: {api: {image: a}}\n")
    outcome = subprocess.run(
        [sys.executable, "-m", "compose2aws", "outputs"],
        env=environment(shop), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert outcome.returncode == 0 and "ApiServiceUrl" in outcome.stdout


def test_f_names_a_file_before_the_command_and_follows_after_it(
    shop: Shop, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.yaml").write_text("name: other\nservices: {api: {image: a}}\n")
    for name, value in environment(shop).items():
        monkeypatch.setenv(name, value)
    for arguments in (["-f", "other.yaml", "logs", "api"], ["logs", "--file", "other.yaml", "api"]):
        assert program.run(arguments) == 1
        assert "the project other is not deployed" in capsys.readouterr().err
    line = LogLine("1", datetime.now(UTC), "api", "t", "followed")
    monkeypatch.setattr("compose2aws.delivery.task_log.Follower.lines", lambda _: iter((line,)))
    assert run("logs", "-f", "api").stdout == "api  | followed\n"


def test_logs_are_merged_by_time_with_the_name_of_each_service(shop: Shop, process: Run) -> None:
    shop.write("api", "one", ago=9)
    shop.write("api", "three", ago=8)
    shop.write("edge", "two", ago=8.5)
    shop.write("metrics", "a sidecar's", ago=5)
    shop.write("migrate", "a job's", ago=4)
    outcome = process("logs")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.splitlines() == [
        "api      | one",
        "edge     | two",
        "api      | three",
        "metrics  | a sidecar's",
        "migrate  | a job's",
    ]


def test_logs_of_one_service_since_then_and_the_last_of_them(shop: Shop, run: Run) -> None:
    shop.write("api", *(f"line {number}" for number in range(5)), ago=60)
    shop.write("api", "yesterday", task="t0", ago=86_400)
    shop.write("edge", "not asked for", ago=60)
    assert [line.partition("| ")[2] for line in run("logs", "api").stdout.splitlines()] == [
        f"line {number}" for number in range(5)
    ]
    assert run("logs", "--since", "2d", "api").stdout.splitlines()[0] == "api  | yesterday"
    assert run("logs", "--tail", "2", "api").stdout.splitlines() == ["api  | line 3", "api  | line 4"]
    assert len(run("logs", "-n", "6", "api").stdout.splitlines()) == 6
    assert run("logs", "--since", "30s", "api").stdout == ""


def test_a_line_cannot_command_the_terminal_and_has_its_time_when_asked(shop: Shop, run: Run) -> None:
    shop.write("api", "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2Jcleared\ttab", "two\nlines")
    assert run("logs", "api").stdout.splitlines() == ["api  | red cleared tab", "api  | two", "api  | lines"]
    stamped = run("logs", "-t", "api").stdout.splitlines()[0]
    time_, _, rest = stamped.removeprefix("api  | ").partition("Z ")
    assert len(time_) == len("2026-01-31T09:00:00.000") and rest == "red cleared tab"


def test_an_unknown_service_has_a_nearest_name_and_a_database_none(run: Run) -> None:
    near, managed = run("logs", "wroker"), run("logs", "db")
    assert (near.returncode, near.stdout, near.stderr) == (
        1, "", "compose2aws: no service wroker of shop is deployed: did you mean worker?\n",
    )  # fmt: skip
    assert managed.returncode == 1 and "db runs in no container: AWS manages it" in managed.stderr
    assert run("logs", "--since", "tomorrow").returncode == 2


def test_following_tells_each_line_once_until_interrupted(shop: Shop, tmp_path: Path) -> None:
    shop.write("api", "before", ago=20)
    process = subprocess.Popen(
        [sys.executable, "-m", "compose2aws", "-p", "shop", "logs", "-f", "api"],
        env=environment(shop, {"PYTHONUNBUFFERED": "1"}), cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()))
    reader.start()
    try:
        _until(lambda: len(lines) >= 1)
        shop.write("api", "after", ago=-1)
        _until(lambda: len(lines) >= 2)
        shop.write("api", "late", ago=10)
        _until(lambda: len(lines) >= 3)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=30)
        reader.join()
        process.stdout.close()
    assert code == 130
    assert lines == ["api  | before\n", "api  | after\n", "api  | late\n"]


def test_a_reader_that_has_enough_ends_it_quietly(shop: Shop, tmp_path: Path) -> None:
    shop.write("api", *("x" * 1000 for _ in range(500)), ago=5)
    process = subprocess.Popen(
        [sys.executable, "-m", "compose2aws", "-p", "shop", "logs"],
        env=environment(shop), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=30) == 0


def _until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
