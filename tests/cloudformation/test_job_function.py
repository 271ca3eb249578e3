"""The function behind a job, run here against an account made of a few answers."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from compose2aws.cloudformation import job_function
from compose2aws.cloudformation.job import job_function_text

TASK = "arn:aws:ecs:us-east-1:123456789012:task/cluster/0123"


class Account:
    """ECS, CloudFormation and Lambda: what they are asked is noted, what they answer is set."""

    def __init__(self) -> None:
        self.status = "UPDATE_IN_PROGRESS"
        self.looks: list[dict[str, Any]] = []
        self.started: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        self.invoked: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.start: dict[str, Any] = {"tasks": [{"taskArn": TASK}], "failures": []}

    def client(self, service: str) -> Any:
        return {"ecs": self, "lambda": self, "cloudformation": self}[service]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        return {"Stacks": [{"StackStatus": self.status}]}

    def run_task(self, **request: Any) -> dict[str, Any]:
        self.started.append(request)
        return self.start

    def describe_tasks(self, **request: Any) -> dict[str, Any]:
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return {"tasks": [look] if look else []}

    def stop_task(self, **request: Any) -> None:
        self.stopped.append(request["task"])

    def invoke(self, **request: Any) -> None:
        self.invoked.append(json.loads(request["Payload"]))


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()

    def put(request: Any, timeout: int) -> Any:
        assert request.get_method() == "PUT"
        made.answers.append(json.loads(request.data))
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr("boto3.client", made.client)
    monkeypatch.setattr("urllib.request.urlopen", put)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return made


def event(kind: str = "Create", timeout: int = 600) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": "https://cloudformation.example.com/answer",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-app/1",
        "RequestId": "request-1",
        "LogicalResourceId": "MigrateJob",
        "ResourceProperties": {
            "Cluster": "cluster",
            "TaskDefinition": "migrate:1",
            "Capacity": "FARGATE",
            "Container": "migrate",
            "Timeout": str(timeout),
            "LogGroup": "group",
            "LogPrefix": "migrate",
            "Subnets": ["subnet-1"],
            "SecurityGroups": ["sg-1"],
            "AssignPublicIp": "DISABLED",
        },
    }


def context(seconds: int = 900) -> Any:
    return SimpleNamespace(get_remaining_time_in_millis=lambda: seconds * 1000, invoked_function_arn="arn:function")


def stopped(code: int | None) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "migrate"}
    if code is not None:
        container["exitCode"] = code
    side = {"name": "proxy", "exitCode": 137}
    return {"lastStatus": "STOPPED", "stoppedReason": "Essential container exited", "containers": [side, container]}


def run(account: Account, *looks: dict[str, Any], **changes: Any) -> dict[str, Any]:
    account.looks = list(looks)
    job_function.handler(event(**changes), context())
    (answer,) = account.answers
    return answer


def test_a_job_that_ends_well_is_done(account: Account) -> None:
    answer = run(account, {}, {"lastStatus": "RUNNING"}, stopped(0))
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "MigrateJob")
    assert account.started[0]["clientToken"] == "request-1"
    assert "launchType" not in account.started[0]


def test_a_job_that_fails_tells_its_exit_code_and_log_stream(account: Account) -> None:
    answer = run(account, stopped(3))
    assert answer["Status"] == "FAILED"
    assert "exit code 3" in answer["Reason"]
    assert "migrate/migrate/0123 of group" in answer["Reason"]


def test_a_missing_exit_code_is_a_failure(account: Account) -> None:
    answer = run(account, stopped(None))
    assert answer["Status"] == "FAILED"
    assert "Essential container exited" in answer["Reason"]


def test_a_task_that_does_not_start_is_a_failure(account: Account) -> None:
    account.start = {"tasks": [], "failures": [{"reason": "RESOURCE:ENI"}]}
    answer = run(account, {})
    assert answer["Status"] == "FAILED"
    assert "RESOURCE:ENI" in answer["Reason"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [("Delete", "DELETE_IN_PROGRESS"), ("Update", "UPDATE_ROLLBACK_IN_PROGRESS"), ("Create", "ROLLBACK_IN_PROGRESS")],
)
def test_nothing_runs_in_a_rollback_or_a_deletion(account: Account, kind: str, status: str) -> None:
    account.status = status
    answer = run(account, stopped(1), kind=kind)
    assert answer["Status"] == "SUCCESS"
    assert account.started == []


def test_an_update_runs_the_job_again_under_the_same_id(account: Account) -> None:
    assert run(account, stopped(0), kind="Update")["PhysicalResourceId"] == "MigrateJob"
    assert len(account.started) == 1


def test_a_job_that_takes_too_long_is_stopped(account: Account) -> None:
    answer = run(account, {"lastStatus": "RUNNING"}, timeout=-1)
    assert answer["Status"] == "FAILED"
    assert account.stopped == [TASK]


def test_a_task_that_vanishes_is_a_failure(account: Account) -> None:
    assert "is gone" in run(account, {})["Reason"]


def test_a_long_wait_is_handed_on_and_starts_nothing_twice(account: Account) -> None:
    account.looks = [{"lastStatus": "RUNNING"}]
    job_function.handler(event(), context(seconds=30))
    assert account.answers == []
    (handed,) = account.invoked
    account.looks = [stopped(0)]
    job_function.handler(handed, context())
    assert account.answers[0]["Status"] == "SUCCESS"
    assert len(account.started) == 1


class DeniedError(Exception):
    response: ClassVar = {"Error": {"Code": "AccessDeniedException"}}


def test_rights_that_are_new_are_waited_for(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    known, refusals = account.run_task, [DeniedError(), DeniedError()]

    def at_last(**request: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return known(**request)

    monkeypatch.setattr(account, "run_task", at_last)
    assert run(account, stopped(0))["Status"] == "SUCCESS"


def test_rights_that_never_come_are_told(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(**request: Any) -> Any:
        raise DeniedError("no ecs:RunTask")

    monkeypatch.setattr(account, "run_task", never)
    assert "no ecs:RunTask" in run(account, stopped(0))["Reason"]


def test_a_surprise_is_answered_so_that_nobody_waits_an_hour(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**request: Any) -> None:
        raise KeyError("missing")

    monkeypatch.setattr(account, "run_task", broken)
    assert "KeyError" in run(account, {})["Reason"]


def test_the_text_in_the_template_is_the_function() -> None:
    text = job_function_text()
    compile(text, "index.py", "exec")
    assert "def handler(" in text


def test_a_job_that_prepares_a_database_runs_once_for_it(account: Account) -> None:
    asked = event("Update")
    asked["ResourceProperties"]["Database"] = "cluster-1"
    asked["OldResourceProperties"] = {"Database": "cluster-1"}
    job_function.handler(asked, SimpleNamespace())
    assert account.started == []
    assert account.answers[0]["Status"] == "SUCCESS"


def test_a_new_database_is_prepared_again(account: Account) -> None:
    account.looks = [{"lastStatus": "STOPPED", "containers": [{"name": "migrate", "exitCode": 0}]}]
    asked = event("Update")
    asked["ResourceProperties"]["Database"] = "cluster-2"
    asked["OldResourceProperties"] = {"Database": "cluster-1"}
    job_function.handler(asked, SimpleNamespace(get_remaining_time_in_millis=lambda: 800_000))
    assert len(account.started) == 1
    assert account.answers[0]["Status"] == "SUCCESS"


def test_a_job_runs_on_the_capacity_that_it_is_given(account: Account) -> None:
    account.looks = [{"lastStatus": "STOPPED", "containers": [{"name": "migrate", "exitCode": 0}]}]
    asked = event()
    asked["ResourceProperties"]["Capacity"] = "X86CapacityProvider"
    job_function.handler(asked, SimpleNamespace(get_remaining_time_in_millis=lambda: 800_000))
    assert account.started[0]["capacityProviderStrategy"][0]["capacityProvider"] == "X86CapacityProvider"
