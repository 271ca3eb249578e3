"""Situations without an account: answers of AWS are given by the test and held against botocore's own model of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from compose2aws.catalog import Catalog, load_catalog
from compose2aws.cloudformation import Stack, emit
from compose2aws.compose import LoadOptions, load
from compose2aws.delivery.account import Account, Identity
from compose2aws.delivery.checks import Situation, positions_of
from compose2aws.delivery.engine_version import wanted_versions
from compose2aws.delivery.stack import DeployedStack
from compose2aws.planning.model import Plan
from compose2aws.planning.planner import plan
from compose2aws.rehearsal import RehearsalServer

Answer = dict[str, Any] | str | Callable[[dict[str, Any]], dict[str, Any]]
"""A response, the code of an error, or a function of the call's parameters."""

REGION = "us-east-1"


@dataclass
class Service:
    """A client whose calls are answered by the test; a call without an answer fails the test."""

    client: Any
    answers: dict[str, Answer]
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client.meta.events.register("before-parameter-build.*.*", self._note)
        self.client.meta.events.register("before-call.*.*", self._answer)

    def _note(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.calls.append((model.name, dict(params)))

    def _answer(self, model: Any, **_: object) -> tuple[Any, dict[str, Any]]:
        assert model.name in self.answers, f"{model.name} was not expected"
        answer = self.answers[model.name]
        if callable(answer):
            answer = answer(self.calls[-1][1])
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer, "Message": "refused by the test"}}, model.name)
        validate_parameters(answer, model.output_shape)
        return type("Http", (), {"status_code": 200})(), {**answer, "ResponseMetadata": {}}


@dataclass
class Shop:
    """A project on disk and what it is checked against."""

    folder: Path
    catalog: Catalog
    account: Account
    services: dict[str, Service] = field(default_factory=dict)

    def situation(
        self, compose: str, *, deployed: bool | str = False, status: str = "CREATE_COMPLETE", **options: Any
    ) -> Situation:
        """What is wanted, with what is deployed: nothing, the same, or what another compose file became."""
        made = self._plan(compose)
        versions = wanted_versions(made.managed)
        situation = Situation(self.account, emit(made), positions=positions_of(made), versions=versions, **options)
        if deployed:
            self.services.setdefault("cloudformation", self._cloudformation())
            before = emit(self._plan(deployed)) if isinstance(deployed, str) else situation.templates
            situation = replace(situation, stacks={one.name: _deployed(one, status) for one in before.stacks})
        for name, service in self.services.items():
            situation.clients[name] = service.client
        return situation

    def _plan(self, compose: str) -> Plan:
        (self.folder / "compose.yaml").write_text(compose)
        made = plan(
            load(LoadOptions(files=("compose.yaml",), project_name="shop", working_directory=str(self.folder))),
            self.catalog,
        )
        assert [decision for decision in made.decisions if decision.outcome == "refused"] == []
        return made

    def _cloudformation(self) -> Service:
        """It tells of no resource, so that nothing is asked for the version that it runs."""
        answers: dict[str, Answer] = {"ListStackResources": {"StackResourceSummaries": []}}
        return Service(self.account.session.client("cloudformation"), answers)

    def answers(self, service: str, **answers: Answer) -> Service:
        """What a service answers from now on, by operation."""
        client = self.account.session.client(service)
        self.services[service] = Service(client, answers)
        return self.services[service]

    def identity(self, arn: str) -> None:
        self.account.__dict__["identity"] = Identity("123456789012", arn)


def _deployed(stack: Stack, status: str) -> DeployedStack:
    parameters = {one.name: one.default for one in stack.parameters if one.default is not None}
    return DeployedStack(stack.name, stack.name, status, "", stack.template, parameters, {}, {})


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def shop(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    session = Session(aws_access_key_id="check", aws_secret_access_key="check", region_name=REGION)
    made = Shop(tmp_path, catalog, Account(session, REGION))
    made.identity("arn:aws:iam::123456789012:user/deployer")
    return made


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RehearsalServer]:
    with RehearsalServer() as running:
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running
