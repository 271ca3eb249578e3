"""Runs the shell steps of generated CI files as the CI system would, but here: in their order, with its expressions
replaced by what they would be, until one fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from compose2aws.rehearsal import RehearsalServer

HERE = Path(__file__).parent
DOCKER = HERE.parent / "delivery" / "images" / "docker_stand_in.py"
COMMANDS = HERE / "gh_stand_in.py"
KEY = "AKIACOMMAND"
"""The key by which calls of the commands are told from those that the account makes itself."""


@dataclass
class Ran:
    """How a job ended: the exit code of the last step that ran, all output, and what the job told the system."""

    code: int
    text: str
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


@dataclass
class Runner:
    """A machine of a CI system. `project` is the checkout; `endpoint` stands before the server's where it is given."""

    project: Path
    folder: Path
    server: RehearsalServer
    endpoint: str = ""

    def __post_init__(self) -> None:
        tools = self.folder / "tools"
        tools.mkdir()
        # Its push is an API call, which Docker's own is not.
        credentials = f"AWS_ACCESS_KEY_ID={KEY} AWS_SECRET_ACCESS_KEY={KEY} AWS_DEFAULT_REGION={self.server.region}"
        self._tool("docker", f'{credentials} exec "{sys.executable}" "{DOCKER}" "$@"')
        self._tool("gh", f'exec "{sys.executable}" "{COMMANDS}" gh "$@"')
        self._tool("curl", f'exec "{sys.executable}" "{COMMANDS}" curl "$@"')
        self._tool("compose2aws", f'exec "{sys.executable}" -m compose2aws "$@"')
        self._tool("python3", f'exec "{sys.executable}" "$@"')
        for name in ("pip", "apk"):
            self._tool(name, f'echo {name} "$@"')

    def _tool(self, name: str, line: str) -> None:
        tool = self.folder / "tools" / name
        tool.write_text(f"#!/bin/sh\n{line}\n")
        tool.chmod(0o755)

    @property
    def comments(self) -> list[dict[str, Any]]:
        file = self.folder / "comments.json"
        found: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
        return found

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """That of a runner: no credentials in it, only where AWS is."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint or self.server.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PATH": f"{self.folder / 'tools'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "CI": "true",
            "COMMENTS": str(self.folder / "comments.json"),
            "STAND_IN_RECORD": str(self.folder / "docker.jsonl"),
            "STAND_IN_ACCESSKEYID": KEY,
            "STAND_IN_SECRETACCESSKEY": KEY,
            "STAND_IN_TOKEN": KEY,
            "AWS_MAX_ATTEMPTS": "1",  # the account has no quotas, and answers so with errors
            **more,
        }

    def run(self, command: list[str], environment: Mapping[str, str], folder: Path) -> tuple[int, str]:
        """The exit code, and everything that was said."""
        ran = subprocess.run(
            command,
            cwd=folder,
            env=self.environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=300,
        )
        return ran.returncode, ran.stdout


def github_job(
    runner: Runner, name: str, *, secrets: Mapping[str, str], event: Mapping[str, str], lint: bool = False
) -> Ran:
    """Runs a job of the workflow. `event` gives the values of expressions (`vars.AWS_REGION`); what it does not give is
    an empty text, as GitHub has it."""
    workflow = yaml.safe_load((runner.project / ".github/workflows/compose2aws.yml").read_text())
    job = workflow["jobs"][name]
    given = {**{f"secrets.{key}": value for key, value in secrets.items()}, **event}
    outputs, summary = runner.folder / "outputs", runner.folder / "summary"
    for file in (outputs, summary):
        file.write_text("")
    base = {"RUNNER_TEMP": str(runner.folder), "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
    base |= {"GITHUB_REPOSITORY": "acme/shop"}
    base |= {key: _evaluated(value, given) for key, value in {**workflow["env"], **job.get("env", {})}.items()}
    folder = runner.project / job["defaults"]["run"]["working-directory"]
    text = ""
    code = 0
    for step in job["steps"]:
        if step.get("if") == "env.TRUSTED == 'true'" and base["TRUSTED"] != "true":
            continue
        if "configure-aws-credentials" in step.get("uses", ""):
            _profile(runner, step["with"], given)
        if "run" not in step:
            continue
        own = {key: _evaluated(value, given) for key, value in step.get("env", {}).items()}
        assert "${{" not in step["run"]
        script = runner.folder / "step.sh"
        script.write_text(_quicker(step["run"], lint))
        # GitHub's own line for `shell: bash`
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        code, said = runner.run(command, {**base, **own}, folder)
        text += said
        if code:
            break
    told = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return Ran(code, text, told, summary.read_text())


def _profile(runner: Runner, given: Mapping[str, Any], expressions: Mapping[str, str]) -> None:
    """What the action leaves: a profile, and nothing in the environment."""
    assert _evaluated(given["role-to-assume"], expressions).startswith("arn:aws:iam::")
    folder = runner.folder / ".aws"
    folder.mkdir(exist_ok=True)
    keys = f"aws_access_key_id = {KEY}\naws_secret_access_key = {KEY}\n"
    (folder / "credentials").write_text(f"[{given['aws-profile']}]\n{keys}")


def _evaluated(value: object, given: Mapping[str, str]) -> str:
    """A text with its expressions replaced: names, `NAME && 'word'`, and what is given whole."""

    def one(match: re.Match[str]) -> str:
        expression = match[1].strip()
        if expression in given:
            return given[expression]
        name, _, word = expression.partition(" && ")
        if word:
            assert re.fullmatch(r"'\w+'", word), expression
            return word.strip("'") if given.get(name) else ""
        assert re.fullmatch(r"[\w.]+", expression), f"{expression} is not known here"
        return ""

    return re.sub(r"\$\{\{(.+?)\}\}", one, str(value))


def gitlab_job(runner: Runner, name: str, variables: Mapping[str, str]) -> Ran:
    """Runs a job of the included file, in the shell that GitLab takes where an image has no bash."""
    jobs = yaml.safe_load((runner.project / ".gitlab-ci.compose2aws.yml").read_text())
    job = _extended(jobs, name)
    environment = dict(variables)
    for key, value in job["variables"].items():
        environment[key] = re.sub(r"\$(\w+)", lambda match: environment.get(match[1], ""), str(value))
    lines = [line for part in (*job["before_script"], *job["script"]) for line in _flat(part)]
    # GitLab's own: all lines in one shell, that ends at the first that fails
    script = "set -eo pipefail\n" + "\n".join(lines).replace("python3 -m venv /tmp/compose2aws", "true")
    shell = "sh" if _has_pipefail() else "bash"
    code, text = runner.run([shell, "-c", _here(script, runner)], environment, runner.project)
    return Ran(code, text)


def _quicker(script: str, lint: bool) -> str:
    """cfn-lint takes long, so that it runs in one test alone."""
    return script if lint else script.replace(" --lint ", " ")


def _here(script: str, runner: Runner) -> str:
    """A container's own /tmp is a folder of this test."""
    return _quicker(script.replace("/tmp/", f"{runner.folder}/"), False)


def _extended(jobs: Mapping[str, Any], name: str) -> dict[str, Any]:
    own = jobs[name]
    base = _extended(jobs, own["extends"]) if "extends" in own else {}
    merged = {**base, **own}
    merged["variables"] = {**base.get("variables", {}), **own.get("variables", {})}
    return merged


def _flat(part: Any) -> list[str]:
    return [line for one in part for line in _flat(one)] if isinstance(part, list) else [part]


def _has_pipefail() -> bool:
    return subprocess.run(["sh", "-c", "set -o pipefail"], check=False, capture_output=True).returncode == 0


def codebuild_job(runner: Runner, project: str, variables: Mapping[str, str]) -> Ran:
    """Runs the commands of a build of the pipeline's template; `outputs` are its exported variables."""
    [file] = runner.project.glob("*-pipeline.template.yaml")
    template = yaml.safe_load(file.read_text())
    buildspec = yaml.safe_load(template["Resources"][project]["Properties"]["Source"]["BuildSpec"])
    assert buildspec["env"]["shell"] == "bash"
    environment = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials", "AWS_REGION": runner.server.region}
    environment |= {name: variables[name] for name in buildspec["env"].get("secrets-manager", {})}
    environment |= {name: value for name, value in variables.items() if name == "APPROVAL"}
    told = runner.folder / "exported"
    lines = [line for phase in ("install", "build") for line in buildspec["phases"][phase]["commands"]]
    exported = buildspec["env"].get("exported-variables", [])
    script = _here("\n".join(f"{line}\n[ $? -eq 0 ] || exit 1" for line in map(str.rstrip, lines)), runner)
    script += "".join(f'\necho "{name}=${name}" >> "{told}"' for name in exported)
    told.write_text("")
    code, text = runner.run(["bash", "-c", script], environment, runner.project)
    return Ran(code, text, dict(line.split("=", 1) for line in told.read_text().splitlines()))
