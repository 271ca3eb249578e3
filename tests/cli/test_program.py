"""Exit codes, options before and after the command, and what users see of a failure."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from compose2aws import __version__
from compose2aws.cli import synth
from compose2aws.cli.program import program, run
from compose2aws.cli.project_options import ProjectOptions
from compose2aws.compose.node import Position
from compose2aws.compose.project import ComposeError, Diagnostic, LoadOptions

from .conftest import Command

HEAVY = ("boto3", "botocore", "moto", "cfnlint", "rich")
ROOMS = ("compose2aws.compose", "compose2aws.planning", "compose2aws.cloudformation", "troposphere", "yaml")


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[LoadOptions]:
    """What the loader was asked for. It refuses everything."""
    asked: list[LoadOptions] = []

    def load(options: LoadOptions) -> None:
        asked.append(options)
        raise ComposeError((Diagnostic("x", "is not right", ("services", "my.app"), Position("c.yml", 3, 5)),))

    monkeypatch.setattr("compose2aws.compose.load", load, raising=False)
    monkeypatch.setattr("compose2aws.planning.plan", load, raising=False)
    return asked


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def load(options: LoadOptions) -> None:
        raise error

    monkeypatch.setattr("compose2aws.compose.load", load, raising=False)
    monkeypatch.setattr("compose2aws.planning.plan", load, raising=False)


def test_options_before_and_after_the_command_are_merged(loaded: list[LoadOptions]) -> None:
    before = ["-f", "a", "-p", "one", "--profile", "x", "--env-file", "e1", "--project-directory", "d"]
    after = ["-f", "b", "-f", "c", "--project-name", "two", "--profile", "*", "--env-file", "e2"]
    assert run([*before, "explain", *after]) == 1
    asked = loaded[0]
    assert (asked.files, asked.profiles, asked.env_files) == (("a", "b", "c"), ("x", "*"), ("e1", "e2"))
    assert (asked.project_name, asked.project_directory) == ("two", "d")
    assert asked.required_variables == "hole"


def test_config_takes_a_missing_required_variable_as_docker_does(loaded: list[LoadOptions]) -> None:
    run(["config"])
    assert loaded[0].required_variables == "error"


def test_the_later_tier_and_mappings_win() -> None:
    first = ProjectOptions(mappings=Path("a"), tier="production")
    assert first.followed_by(ProjectOptions()) == first
    assert first.followed_by(ProjectOptions(mappings=Path("b"), tier="development")).tier == "development"


def test_an_error_of_the_input_is_told_with_its_place(
    loaded: list[LoadOptions], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["synth"]) == 1
    captured = capsys.readouterr()
    assert captured.err == 'c.yml:3:5: services["my.app"]: is not right\n'
    assert captured.out == ""


def test_standard_input_that_is_no_text_is_refused_with_its_place(
    loaded: list[LoadOptions], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"services:\n  a\xff: {}\n")))
    assert run(["-f", "-", "config"]) == 1
    assert capsys.readouterr().err == "<stdin>:2:4: is not UTF-8 text\n"
    assert not loaded


def test_standard_input_reaches_the_loader(loaded: list[LoadOptions], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\ufeffservices: {ä: {}}".encode())))
    run(["config", "-f", "-"])
    assert loaded[0].stdin == "services: {ä: {}}"


def test_a_bug_is_owned_up_to_without_a_traceback_and_without_the_value_it_broke_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, KeyError("hunter2"))
    assert run(["explain"]) == 1
    said = capsys.readouterr().err
    assert "bug of compose2aws" in said
    assert "key error in cli/reading.py, line" in said
    assert "COMPOSE2AWS_DEBUG=1" in said
    assert len(said.splitlines()) == 1
    for word in ("hunter2", "Traceback", "KeyError"):
        assert word not in said


def test_a_bug_is_told_in_full_to_who_asks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COMPOSE2AWS_DEBUG", "1")
    fail_with(monkeypatch, RecursionError("deep"))
    assert run(["explain"]) == 1
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert "recursion error" in said


def test_an_interruption_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    assert run(["explain"]) == 130
    assert capsys.readouterr().err.strip() == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["synth", "--no-such-option"],
        ["synth", "argument"],
        ["synth", "--format", "toml"],
        ["synth", "-o", ""],
        ["synth", "-o"],
        ["--tier", "staging", "synth"],
        ["explain", "--mappings", "no/such/folder"],
        ["config", "--strict"],
        [],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert "Usage: compose2aws" in captured.err + captured.out or captured.err.startswith("Error: ")
    assert "Traceback" not in captured.err


def test_lint_without_the_linter_is_told_before_anything_is_read(
    loaded: list[LoadOptions], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cfnlint", None)
    assert run(["synth", "--lint"]) == 2
    assert "pip install 'compose2aws[lint]'" in capsys.readouterr().err
    assert not loaded


def test_help_names_every_command_and_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-h"]) == 0
    listed = capsys.readouterr().out
    for name in program.commands:
        assert f"  {name} " in listed
        assert run([name, "--help"]) == 0
        text = capsys.readouterr().out
        if name == "schema":  # it reads no project
            continue
        file = "--file" if name == "logs" else "-f, --file"  # its -f is --follow
        for option in (file, "-p, --project-name", "--project-directory", "--env-file", "--profile", "--tier"):
            assert option in text


def test_the_version_is_told(command: Command) -> None:
    told = command("--version")
    assert (told.returncode, told.stdout) == (0, f"compose2aws {__version__}\n")


@pytest.mark.parametrize("arguments", [["config"], ["synth", "--help"], ["--version"]])
def test_a_reader_that_went_away_is_no_error(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b}}")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        told = subprocess.run(
            [sys.executable, "-m", "compose2aws", *arguments],
            stdout=writing,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            check=False,
        )
    finally:
        os.close(writing)
    assert told.stderr == b""


def test_a_result_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b}}")
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "compose2aws", "config"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            check=False,
        )
    assert told.returncode == 1
    assert told.stderr == "compose2aws: cannot write to standard output: No space left on device\n"


def test_streams_that_are_closed_are_no_crash(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b}}")

    def closing(which: str) -> subprocess.CompletedProcess[str]:
        line = f'"$0" -m compose2aws config {which}'
        return subprocess.run(
            ["sh", "-c", line, sys.executable], capture_output=True, text=True, cwd=tmp_path, check=False
        )

    without_result = closing(">&-")
    assert without_result.returncode == 1
    assert without_result.stderr == "compose2aws: cannot write to standard output: Bad file descriptor\n"
    without_messages = closing("2>&-")
    assert without_messages.returncode == 0
    assert "image: b" in without_messages.stdout


def test_a_message_in_a_character_that_the_terminal_lacks_is_no_error(command: Command, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b, labels: {x: ü}}}", encoding="utf-8")
    told = command("config", environment={"PYTHONIOENCODING": "ascii"})
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"CI": "true"}, False)])
def test_colour_is_for_terminals_that_want_it(environment: dict[str, str], coloured: bool) -> None:
    script = "import click; from compose2aws.cli.terminal import say; say(click.style('x', bold=True))"
    controller, terminal = pty.openpty()
    kept = {"PATH": os.environ["PATH"], "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", script], stdout=terminal, env=kept | environment, check=True)
    os.close(terminal)
    assert (b"\x1b" in os.read(controller, 100)) is coloured
    os.close(controller)


def test_help_and_wrong_usage_need_no_room_and_nothing_heavy() -> None:
    script = f"import sys; import {synth.__name__}; print([m for m in {HEAVY + ROOMS!r} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
