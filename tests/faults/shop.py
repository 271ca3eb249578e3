"""The command as its users run it, against an account behind a proxy that breaks things."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compose2aws.rehearsal import RehearsalServer
from tests.bare_environment import bare_environment
from tests.delivery.situation import Shop
from tests.faults.proxy import Fault, Proxy

COMPOSE = """
name: shop
services:
  api:
    image: ghcr.io/acme/api:1
    ports: ["8080:8080"]
    depends_on: [db]
    environment:
      DATABASE_URL: postgres://app:secret@db:5432/app
      LOG_LEVEL: {level}
  db:
    image: postgres:16
    environment: {{POSTGRES_USER: app, POSTGRES_PASSWORD: secret, POSTGRES_DB: app}}
    volumes: ["data:/var/lib/postgresql/data"]
  files:
    image: ghcr.io/acme/files:1
    volumes: ["uploads:/uploads"]
volumes: {{data: {{}}, uploads: {{}}}}
"""
STATEFUL = ("AWS::RDS::DBCluster", "AWS::EFS::FileSystem", "AWS::KMS::Key", "AWS::SecretsManager::Secret")
_SECONDS = 120


@dataclass(frozen=True)
class Run:
    """How a run of the command ended."""

    code: int
    stdout: str
    stderr: str


class FaultyShop:
    """A project in a folder, an account in a server, and the command between them, run as a process."""

    def __init__(self, folder: Path, server: RehearsalServer) -> None:
        self._folder = folder
        self._server = server
        self._whole = Shop(folder, server)
        self.write("info")

    def write(self, level: str) -> None:
        """Another compose file: the app's log level changes, and nothing else."""
        self._text = COMPOSE.format(level=level)
        (self._folder / "compose.yaml").write_text(self._text)

    def deploy_undisturbed(self) -> None:
        """Deploys in this process, with nothing between it and the account. Raises what the deployment raises."""
        self._whole.deploy(self._text)

    def deploy(self, fault: Callable[[int], Fault | None] = lambda number: None, **environment: str) -> tuple[Run, int]:
        """Runs `deploy --yes`; how it ended, and how many requests it made."""
        with Proxy(self._server.endpoint, fault) as proxy:
            done = subprocess.run(
                self._command,
                cwd=self._folder,
                env=self._environment(proxy) | environment,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
            return Run(done.returncode, done.stdout, done.stderr), proxy.requests

    def interrupted(self, at: int, how: signal.Signals) -> Run:
        """Runs `deploy --yes` and sends it a signal when it makes the request of that number."""
        reached = threading.Event()

        def fault(number: int) -> None:
            if number == at:
                reached.set()

        with Proxy(self._server.endpoint, fault) as proxy:
            with subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment(proxy),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process:
                while process.poll() is None and not reached.wait(0.05):
                    pass
                if process.poll() is None:
                    process.send_signal(how)
                out, err = process.communicate(timeout=_SECONDS)
            return Run(process.returncode, out, err)

    @property
    def _command(self) -> list[str]:
        return [sys.executable, "-m", "compose2aws", "--tier", "development", "deploy", "--yes"]

    def _environment(self, proxy: Proxy) -> dict[str, str]:
        return bare_environment() | self._server.environment | {"AWS_ENDPOINT_URL": proxy.address}

    def stacks(self) -> dict[str, str]:
        """The statuses of the stacks that are there."""
        found = self._client("cloudformation").describe_stacks()["Stacks"]
        return {one["StackName"]: one["StackStatus"] for one in found}

    def data(self) -> dict[str, str]:
        """The physical ids, by logical ids, of what holds data and is made."""
        if "shop-base" not in self.stacks():
            return {}
        found = self._client("cloudformation").describe_stack_resources(StackName="shop-base")["StackResources"]
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in found
            if one["ResourceType"] in STATEFUL and one["ResourceStatus"].endswith("_COMPLETE")
        }

    def log_level(self) -> str | None:
        """What the app's deployed task is told."""
        client = self._client("ecs")
        arns = client.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
        for arn in reversed(arns):
            for container in client.describe_task_definition(taskDefinition=arn)["taskDefinition"][
                "containerDefinitions"
            ]:
                for variable in container.get("environment", []):
                    if variable["name"] == "LOG_LEVEL":
                        return str(variable["value"])
        return None

    def _client(self, name: str) -> Any:
        return self._server.client(name)
