"""A compose file brought to a rehearsal server by the deployment itself, with everything that it told and asked."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from compose2aws.catalog import load_catalog
from compose2aws.cloudformation import Templates, emit
from compose2aws.compose import LoadOptions, load
from compose2aws.delivery.account import Account, open_account
from compose2aws.delivery.deployment import deploy
from compose2aws.delivery.difference import StackDifference
from compose2aws.delivery.engine_version import wanted_versions
from compose2aws.delivery.progress import ResourceEvent, RollOut
from compose2aws.delivery.request import Outcome, Request
from compose2aws.planning.model import Plan
from compose2aws.planning.planner import plan
from compose2aws.rehearsal import RehearsalServer

DIGEST = "sha256:" + "1" * 64


@dataclass
class Recorder:
    """A display that remembers what it was told."""

    steps: list[str] = field(default_factory=list)
    events: list[ResourceEvent] = field(default_factory=list)
    roll_outs: list[RollOut] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def step(self, title: str, stack: str | None = None, resources: int = 0) -> None:
        self.steps.append(title)

    def resource(self, event: ResourceEvent) -> None:
        self.events.append(event)

    def roll_out(self, state: RollOut) -> None:
        self.roll_outs.append(state)

    def output(self, line: str) -> None:
        self.lines.append(line)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def done(self, *, failed: bool = False) -> None:
        if failed:
            self.steps.append("failed")


@dataclass
class Conversation:
    """Agrees, or does not, and remembers what it was shown and asked."""

    answer: bool = True
    shown: list[tuple[StackDifference, ...]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    unforeseen: list[str] = field(default_factory=list)

    def show(self, differences: tuple[StackDifference, ...], *, by_cloudformation: bool) -> None:
        self.shown.append(differences)

    def agrees(self, question: str, *, unforeseen: bool = False) -> bool:
        self.questions.append(question)
        if unforeseen:
            self.unforeseen.append(question)
        return self.answer


@dataclass(frozen=True)
class Builder:
    """Every image has one digest, and is there already or not."""

    templates: Templates
    digest: str = DIGEST

    def known(self) -> Mapping[str, str]:
        return {image.parameter: self.digest for image in self.templates.images}

    def to_build(self, known: Mapping[str, str]) -> frozenset[str]:
        return frozenset()

    def digests(self, previous: Mapping[str, str]) -> Mapping[str, str]:
        return self.known()


@dataclass
class Shop:
    """The project `shop` in one account, deployed again and again from different files."""

    folder: Path
    server: RehearsalServer
    progress: Recorder = field(default_factory=Recorder)
    conversation: Conversation = field(default_factory=Conversation)

    @functools.cached_property
    def account(self) -> Account:
        return open_account()  # one for all deployments: reading botocore's models is what takes time

    def translate(self, text: str, tier: str = "development", **environment: str) -> tuple[Plan, Templates]:
        (self.folder / "compose.yaml").write_text(textwrap.dedent(text))
        options = LoadOptions(
            files=("compose.yaml",),
            project_name="shop",
            working_directory=str(self.folder),
            environment=environment,
            required_variables="hole",
        )
        made = plan(load(options), load_catalog(), tier)
        refused = [decision for decision in made.decisions if decision.outcome == "refused"]
        assert not refused, refused
        return made, emit(made)

    def deploy(
        self,
        text: str,
        *,
        tier: str = "development",
        allow_data_loss: bool = False,
        upgrade_engines: bool = False,
        digest: str = DIGEST,
        **environment: str,
    ) -> Outcome:
        self.progress, self.conversation = Recorder(), Conversation(self.conversation.answer)
        made, templates = self.translate(text, tier, **environment)
        request = Request(
            templates=templates,
            versions=wanted_versions(made.managed),
            protect=made.tier == "production",
            builder=lambda account: Builder(templates, digest),
            check=lambda stacks: None,
            allow_data_loss=allow_data_loss,
            upgrade_engines=upgrade_engines,
        )
        return deploy(self.account, request, self.progress, self.conversation)

    def client(self, name: str) -> Any:
        return self.server.client(name)

    def status(self, stack: str) -> str | None:
        found = [one for one in self.client("cloudformation").describe_stacks()["Stacks"] if one["StackName"] == stack]
        return found[0]["StackStatus"] if found else None

    def resources(self, stack: str) -> dict[str, str]:
        """Physical ids by logical ids."""
        found = self.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def parameters(self, stack: str) -> dict[str, str]:
        described = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {one["ParameterKey"]: one["ParameterValue"] for one in described["Parameters"]}


def use(server: RehearsalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this process's boto3 talk to the server and to nothing else."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
