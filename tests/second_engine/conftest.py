"""MiniStack as a process of its own, and small projects that are deployed into it by the deployment itself.

It is found by `SECOND_ENGINE` (the command) or on PATH; `make second-engine` puts it into an environment of its own,
since it holds botocore back. Without it these tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from compose2aws.cloudformation import Stack, Templates
from compose2aws.delivery.account import Account, open_account
from compose2aws.delivery.deployment import deploy
from compose2aws.delivery.mending import removed
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.request import Outcome, Request
from compose2aws.delivery.stack import read_stack
from compose2aws.delivery.watch import failure_text
from compose2aws.planning.model import Parameter
from tests.delivery.situation import Builder, Conversation, Recorder

PROJECT = "yard"
_SECONDS_TO_START = 60


@dataclass
class Yard:
    """The project `yard` in an empty account of the engine, deployed again and again as other templates."""

    progress: Recorder = field(default_factory=Recorder)
    conversation: Conversation = field(default_factory=Conversation)
    account: Account = field(default_factory=open_account)

    def deploy(
        self,
        base: Mapping[str, Any],
        app: Mapping[str, Any],
        *,
        parameters: tuple[Parameter, ...] = (),
        allow_data_loss: bool = False,
    ) -> Outcome:
        """Deploy two templates; those of `parameters` that one of them declares are its own."""
        self.progress, self.conversation = Recorder(), Conversation()
        stacks = (
            _stack("base", base, (), parameters),
            _stack("app", app, (f"{PROJECT}-base",), parameters),
        )
        templates = Templates(PROJECT, stacks, {}, ())
        request = Request(
            templates=templates,
            versions=(),
            protect=False,
            builder=lambda account: Builder(templates),
            check=lambda stacks: None,
            allow_data_loss=allow_data_loss,
        )
        return deploy(self.account, request, self.progress, self.conversation)

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def status(self, stack: str) -> str | None:
        try:
            found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError:
            return None
        return str(found[0]["StackStatus"])

    def resources(self, stack: str) -> dict[str, str]:
        """Physical ids by logical ids."""
        found = self.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def secret(self, physical_id: str) -> str:
        """The value of a secret."""
        return str(self.client("secretsmanager").get_secret_value(SecretId=physical_id)["SecretString"])

    def take(self, name: str) -> None:
        """Let somebody else have the setting of that name."""
        self.client("ssm").put_parameter(Name=name, Value="somebody else's", Type="String")

    def settings(self) -> dict[str, str]:
        """Every setting of the account, by name."""
        found = self.client("ssm").get_parameters_by_path(Path="/yard", Recursive=True)["Parameters"]
        return {one["Name"]: one["Value"] for one in found}

    def file_systems(self) -> dict[str, str]:
        """Every file system of the account: its mode by its id."""
        found = self.client("efs").describe_file_systems()["FileSystems"]
        return {one["FileSystemId"]: one["PerformanceMode"] for one in found}

    def secrets(self) -> set[str]:
        """Every secret of the account, by its physical id."""
        return {one["Name"] for one in self.client("secretsmanager").list_secrets()["SecretList"]}

    def remove(self, stack: str) -> str:
        """Delete a stack; its last status."""
        found = read_stack(self.account, stack)
        assert found is not None
        ended = removed(self.account, found, self.progress, f"Removing {stack}")
        if not ended.succeeded:
            raise DeliveryError(failure_text(stack, ended))
        return ended.status


def _stack(
    key: str, template: Mapping[str, Any], depends_on: tuple[str, ...], parameters: tuple[Parameter, ...]
) -> Stack:
    declared = template.get("Parameters") or {}
    return Stack(
        f"{PROJECT}-{key}",
        key,
        {**template, "Metadata": {"compose2aws": {"project": PROJECT, "stack": key}}},
        depends_on,
        tuple(one for one in parameters if one.name in declared),
    )


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running engine."""
    command = os.environ.get("SECOND_ENGINE") or shutil.which("ministack")
    if not command:
        pytest.skip("MiniStack is not installed: `make second-engine` installs it and runs these tests")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("ministack")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "DOCKER_HOST": f"unix://{folder}/no-docker.sock",
    }
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen([command], env=environment, cwd=folder, stdout=out, stderr=out)
        try:
            _await(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_ministack/health", timeout=2) as answer:  # noqa: S310 - our own
                json.load(answer)
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"MiniStack did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture
def yard(engine: str, monkeypatch: pytest.MonkeyPatch) -> Yard:
    """An empty account, and this process's boto3 talking to it and to nothing else."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": engine,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)
    request = urllib.request.Request(f"{engine}/_ministack/reset", method="POST")  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        pass
    return Yard()
