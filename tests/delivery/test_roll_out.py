"""What is told of ECS services on their way: which tasks stopped by themselves, found with few calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from compose2aws.delivery import roll_out
from compose2aws.delivery.account import Account
from compose2aws.delivery.progress import ResourceEvent, RollOut
from compose2aws.delivery.roll_out import RollOuts, cluster_of

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = "arn:aws:ecs:eu-west-1:1:task-definition/api:1", "arn:aws:ecs:eu-west-1:1:task-definition/api:2"
EXITED = "Essential container in task exited"
SCALED = "Scaling activity initiated by (deployment ecs-svc/1)"


def arn_of(service: str, cluster: str = "shop") -> str:
    return f"arn:aws:ecs:eu-west-1:1:service/{cluster}/{service}"


class Ecs:
    """ECS and its logs, with services as a test sets them. `calls` are what was asked: (operation, of what)."""

    def __init__(self) -> None:
        self.deployments: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[tuple[str, Any]] = []
        self.refused: dict[str, Exception] = {}

    def service(self, name: str, *, running: int = 0, desired: int = 1, state: str = "IN_PROGRESS") -> None:
        self.deployments[name] = {
            "status": "PRIMARY",
            "taskDefinition": NEW,
            "desiredCount": desired,
            "runningCount": running,
            "failedTasks": 0,
            "rolloutState": state,
        }

    def stop(
        self, service: str, number: int, *, definition: str = NEW, reason: str = EXITED, after: float = 60
    ) -> None:
        """Lets the task of that number stop, so many seconds after the deployment began."""
        task = {
            "taskArn": f"arn:aws:ecs:eu-west-1:1:task/shop/{number}",
            "taskDefinitionArn": definition,
            "lastStatus": "STOPPED",
            "stoppedReason": reason,
            "stoppedAt": BEGAN + timedelta(seconds=after),
            "containers": [{"name": "api", "exitCode": 1}],
        }
        self.tasks.setdefault(service, []).append(task)

    def asked(self, operation: str) -> list[Any]:
        return [what for name, what in self.calls if name == operation]

    def client(self, _: str) -> Any:
        return self

    def _note(self, operation: str, what: Any) -> None:
        self.calls.append((operation, what))
        if operation in self.refused:
            raise self.refused[operation]

    def describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
        self._note("DescribeServices", (cluster, services))
        names = [arn.rpartition("/")[2] for arn in services]
        found = [
            {"serviceArn": arn, "serviceName": name, "deployments": [{"status": "ACTIVE"}, self.deployments[name]]}
            for arn, name in zip(services, names, strict=True)
            if name in self.deployments
        ]
        return {"services": found}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, cluster: str, serviceName: str, desiredStatus: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        self._note("ListTasks", (cluster, serviceName))
        assert desiredStatus == "STOPPED"
        arns = [task["taskArn"] for task in self.tasks.get(serviceName, [])]
        for start in range(0, len(arns) or 1, 100):
            yield {"taskArns": arns[start : start + 100]}

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        self._note("DescribeTasks", tasks)
        assert 0 < len(tasks) <= 100, "ECS takes a hundred"
        every = [task for those in self.tasks.values() for task in those]
        return {"tasks": [task for task in every if task["taskArn"] in tasks]}

    def describe_task_definition(self, taskDefinition: str) -> dict[str, Any]:  # noqa: N803
        options = {"awslogs-group": "group", "awslogs-stream-prefix": "api"}
        container = {"name": "api", "logConfiguration": {"logDriver": "awslogs", "options": options}}
        return {"taskDefinition": {"containerDefinitions": [container], "taskDefinitionArn": taskDefinition}}

    def get_log_events(self, logStreamName: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        self._note("GetLogEvents", logStreamName)
        return {"events": [{"message": f"last words of {logStreamName}\n"}]}


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Ecs:
    monkeypatch.setattr(roll_out, "_EVERY", 0.0)
    ecs = Ecs()
    ecs.service("api")
    return ecs


def begun(logical_id: str = "ApiService", arn: str = "") -> ResourceEvent:
    arn = arn or arn_of("api")
    return ResourceEvent("shop-app", logical_id, "AWS::ECS::Service", "UPDATE_IN_PROGRESS", BEGAN, physical_id=arn)


def watched(ecs: Ecs, *events: ResourceEvent) -> tuple[RollOuts, list[RollOut]]:
    resources = {"ApiService": {"Metadata": {"compose2aws": {"source": "services.api"}}}}
    roll_outs = RollOuts(cast(Account, ecs), resources)
    return roll_outs, roll_outs.now(events or [begun()])


def numbers(state: RollOut) -> list[str]:
    return [task.task for task in state.stopped]


def test_a_task_that_ran_and_exited_is_told_though_ecs_counts_none_as_failed(ecs: Ecs) -> None:
    ecs.service("api", running=1)  # the next one runs already
    ecs.stop("api", 1)
    roll_outs, [state] = watched(ecs)
    assert (state.service, state.running, state.desired, state.failed) == ("api", 1, 1, 1)
    [task] = state.stopped
    assert (task.reason, task.exit_codes) == (EXITED, (("api", 1, ""),))
    assert task.log_lines == ("last words of api/api/1",)
    assert roll_outs.stopped == (("api", task),)


def test_nothing_is_asked_of_tasks_while_all_is_well(ecs: Ecs) -> None:
    ecs.service("api", running=2, desired=2, state="COMPLETED")
    ecs.stop("api", 1)
    _, [state] = watched(ecs)
    assert state.stopped == ()
    assert [name for name, _ in ecs.calls] == ["DescribeServices"]


def test_a_service_that_lost_a_task_after_its_roll_out_is_looked_at(ecs: Ecs) -> None:
    ecs.service("api", running=1, desired=2, state="COMPLETED")
    ecs.stop("api", 1)
    assert numbers(watched(ecs)[1][0]) == ["1"]


def test_looks_are_no_closer_than_their_interval(ecs: Ecs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_out, "_EVERY", 60.0)
    roll_outs, _ = watched(ecs)
    for _ in range(5):
        assert roll_outs.now([]) == []
    assert len(ecs.asked("ListTasks")) == 1


def test_a_failing_task_is_found_among_hundreds_that_a_release_took_away(ecs: Ecs) -> None:
    for number in range(250):
        ecs.stop("api", number, definition=OLD, reason=SCALED)
    ecs.stop("api", 999)
    _, [state] = watched(ecs)
    assert numbers(state) == ["999"]
    assert [len(tasks) for tasks in ecs.asked("DescribeTasks")] == [100, 100, 51]


def test_only_what_stopped_by_itself_in_this_deployment_is_told(ecs: Ecs) -> None:
    ecs.stop("api", 1, definition=OLD)
    ecs.stop("api", 2, reason=SCALED)
    ecs.stop("api", 3, reason="Task stopped by user")
    ecs.stop("api", 4, after=-1)  # before it began
    ecs.stop("api", 5, reason="Task failed container health checks")
    ecs.stop("api", 6, reason="CannotPullContainerError: ghcr.io/acme/deployment: not found")
    assert numbers(watched(ecs)[1][0]) == ["5", "6"]


def test_the_newest_five_are_told_in_the_order_in_which_they_stopped(ecs: Ecs) -> None:
    for number, after in enumerate((50, 10, 70, 30, 20, 60, 40)):
        ecs.stop("api", number, after=after)
    roll_outs, [state] = watched(ecs)
    assert numbers(state) == ["3", "6", "0", "5", "2"]
    assert state.failed == 7
    ecs.stop("api", 8, after=80)
    [state] = roll_outs.now([])
    assert numbers(state) == ["6", "0", "5", "2", "8"]
    assert state.failed == 8


def test_a_task_is_described_and_its_log_read_once(ecs: Ecs) -> None:
    ecs.stop("api", 1)
    roll_outs, _ = watched(ecs)
    ecs.stop("api", 2, reason=SCALED)
    assert roll_outs.now([]) == [], "nothing new"
    ecs.stop("api", 3, after=90)
    assert [numbers(state) for state in roll_outs.now([])] == [["1", "3"]]
    asked = [[arn.rpartition("/")[2] for arn in arns] for arns in ecs.asked("DescribeTasks")]
    assert asked == [["1"], ["2"], ["3"]]
    assert ecs.asked("GetLogEvents") == ["api/api/1", "api/api/3"]


def test_a_task_that_is_still_being_stopped_is_told_when_it_has_its_exit_code(ecs: Ecs) -> None:
    ecs.stop("api", 1)
    task = ecs.tasks["api"][0]
    task["lastStatus"], task["containers"] = "DEPROVISIONING", [{"name": "api"}]
    roll_outs, [state] = watched(ecs)
    assert state.stopped == ()
    task["lastStatus"], task["containers"] = "STOPPED", [{"name": "api", "exitCode": 3}]
    [state] = roll_outs.now([])
    assert state.stopped[0].exit_codes == (("api", 3, ""),)


def test_services_are_asked_for_in_their_own_cluster_ten_at_a_time(ecs: Ecs) -> None:
    events = []
    for number in range(23):
        ecs.service(f"s{number}", running=1, state="COMPLETED")
        events.append(begun(f"Service{number}", arn_of(f"s{number}", "other" if number == 22 else "shop")))
    assert len(watched(ecs, *events)[1]) == 23
    asked = [(cluster, len(arns)) for cluster, arns in ecs.asked("DescribeServices")]
    assert asked == [("shop", 10), ("shop", 10), ("shop", 2), ("other", 1)]


def test_the_cluster_is_read_from_the_arn_of_its_service() -> None:
    assert cluster_of("arn:aws:ecs:eu-west-1:1:service/shop-cluster/api") == "shop-cluster"
    assert cluster_of("arn:aws:ecs:eu-west-1:1:service/api") == "default"


def test_of_many_services_on_their_way_all_have_their_turn(ecs: Ecs) -> None:
    events = []
    for number in range(25):
        ecs.service(f"s{number}")
        events.append(begun(f"Service{number}", arn_of(f"s{number}")))
    ecs.deployments["s24"]["failedTasks"] = 2
    roll_outs, _ = watched(ecs, *events)
    first = [name for _, name in ecs.asked("ListTasks")]
    assert len(first) == 10
    assert "s24" in first, "those of which ECS knows come first"
    roll_outs.now([])
    roll_outs.now([])
    assert {name for _, name in ecs.asked("ListTasks")} == set(ecs.deployments) - {"api"}
    assert len(ecs.asked("ListTasks")) == 30


def refusal(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, operation)


@pytest.mark.parametrize("operation", ["DescribeServices", "ListTasks", "DescribeTasks", "GetLogEvents"])
def test_throttling_is_no_failure_and_what_it_hid_is_told_later(ecs: Ecs, operation: str) -> None:
    ecs.stop("api", 1)
    ecs.refused[operation] = refusal(operation)
    roll_outs, states = watched(ecs)
    counts = [(state.running, state.desired) for state in states]
    assert counts == ([] if operation == "DescribeServices" else [(0, 1)])
    ecs.refused.clear()
    told = roll_outs.now([]) or states
    assert numbers(told[-1]) == ["1"]


def test_an_answer_that_is_none_of_aws_is_no_failure(ecs: Ecs) -> None:
    ecs.refused["ListTasks"] = ResponseParserError("a proxy's page")
    assert [state.stopped for state in watched(ecs)[1]] == [()]


def test_a_service_whose_tasks_stop_again_and_again_is_told_once(ecs: Ecs) -> None:
    ecs.stop("api", 1)
    ecs.stop("api", 2)
    roll_outs, _ = watched(ecs)
    assert roll_outs.loops() == []
    ecs.stop("api", 3)
    roll_outs.now([])
    assert roll_outs.loops() == [("api", 3)]
    ecs.stop("api", 4)
    roll_outs.now([])
    assert roll_outs.loops() == []


def test_one_failed_start_of_each_of_many_tasks_is_no_loop(ecs: Ecs) -> None:
    ecs.service("api", running=0, desired=4)
    for number in range(4):
        ecs.stop("api", number)
    roll_outs, _ = watched(ecs)
    assert roll_outs.loops() == []
    ecs.stop("api", 9)
    roll_outs.now([])
    assert roll_outs.loops() == [("api", 5)]


def test_the_end_of_a_service_is_looked_at_at_once(ecs: Ecs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_out, "_EVERY", 60.0)
    roll_outs, _ = watched(ecs)
    ecs.stop("api", 1)
    failed = ResourceEvent(
        "shop-app", "ApiService", "AWS::ECS::Service", "UPDATE_FAILED", BEGAN, physical_id=arn_of("api")
    )
    assert [numbers(state) for state in roll_outs.now([failed])] == [["1"]]
