"""Containers that run and exit at once: what the account shows of them, and how their service is given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compose2aws.rehearsal import Exit

if TYPE_CHECKING:
    from .conftest import Stacks

LOGS = {"LogDriver": "awslogs", "Options": {"awslogs-group": {"Ref": "Logs"}, "awslogs-stream-prefix": "api"}}


def _task(variable: str) -> dict[str, Any]:
    environment = [{"Name": variable, "Value": "1"}]
    containers = [
        {"Name": "api", "Image": "api", "Environment": environment, "LogConfiguration": LOGS},
        {"Name": "proxy", "Image": "proxy"},
    ]
    return {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "Family": "api",
            "NetworkMode": "awsvpc",
            "RequiresCompatibilities": ["FARGATE"],
            "Cpu": "256",
            "Memory": "512",
            "ContainerDefinitions": containers,
        },
    }


def _template(variable: str) -> dict[str, Any]:
    subnet = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}
    network = {"AwsvpcConfiguration": {"Subnets": [{"Ref": "Subnet"}], "SecurityGroups": []}}
    service = {
        "Cluster": {"Ref": "Cluster"},
        "TaskDefinition": {"Ref": "Task"},
        "LaunchType": "FARGATE",
        "NetworkConfiguration": network,
    }
    return {
        "Resources": {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": subnet},
            "Cluster": {"Type": "AWS::ECS::Cluster"},
            "Logs": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"},
            "Task": _task(variable),
            "Api": {"Type": "AWS::ECS::Service", "Properties": service},
            "Other": {"Type": "AWS::ECS::Service", "Properties": service | {"ServiceName": "other"}},
        }
    }


def _exits_if_broken(container: Mapping[str, Any]) -> Exit | None:
    broken = any(one["name"] == "BROKEN" for one in container["environment"])
    return Exit(3, ("first", "last"), waits=lambda number: number < 120) if broken else None


def _stopped(stacks: Stacks, **more: Any) -> Any:
    cluster = stacks.physical("a", "Cluster")
    return stacks.client("ecs").list_tasks(cluster=cluster, desiredStatus="STOPPED", **more)


def test_a_release_that_exits_is_rolled_back_and_leaves_its_tasks(stacks: Stacks) -> None:
    stacks.account.on_container("api", _exits_if_broken)
    assert stacks.create("a", _template("WHOLE"))["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.update("a", _template("BROKEN"))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "did not stabilize" in stacks.reason("a", "Api")
    ecs, cluster, service = stacks.client("ecs"), stacks.physical("a", "Cluster"), stacks.physical("a", "Api")
    [deployment] = ecs.describe_services(cluster=cluster, services=[service])["services"][0]["deployments"]
    assert deployment["taskDefinition"] == stacks.physical("a", "Task")
    assert (deployment["rolloutState"], deployment["runningCount"]) == ("COMPLETED", 1)
    arns = _stopped(stacks, serviceName=service)["taskArns"]
    [task] = ecs.describe_tasks(cluster=cluster, tasks=arns[:1])["tasks"]
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert {one["name"]: one["exitCode"] for one in task["containers"]} == {"api": 3, "proxy": 137}
    stream = f"api/api/{arns[0].rpartition('/')[2]}"
    logs = stacks.client("logs").get_log_events(logGroupName=stacks.physical("a", "Logs"), logStreamName=stream)
    assert [event["message"] for event in logs["events"]] == ["first", "last"]
    assert stacks.delete("a")["StackStatus"] == "DELETE_COMPLETE"


def test_ecs_counts_none_of_them_as_failed_and_says_the_roll_out_goes_on(stacks: Stacks) -> None:
    stacks.account.on_container("api", _exits_if_broken)
    stacks.create("a", _template("BROKEN"), OnFailure="DO_NOTHING")
    cluster = stacks.physical("a", "Cluster")
    services = stacks.client("ecs").list_services(cluster=cluster)["serviceArns"]
    assert len(services) == 1, "the first that does not come up is the last that is made"
    found = stacks.client("ecs").describe_services(cluster=cluster, services=services)["services"]
    [deployment] = found[0]["deployments"]
    assert (deployment["failedTasks"], deployment["runningCount"]) == (0, 0)
    assert deployment["rolloutState"] == "IN_PROGRESS"


def test_tasks_are_listed_by_their_service_and_in_pages(stacks: Stacks) -> None:
    stacks.account.on_container("api", _exits_if_broken)
    stacks.create("a", _template("WHOLE"))
    stacks.update("a", _template("BROKEN"))
    first = _stopped(stacks, serviceName=stacks.physical("a", "Api"))
    assert len(first["taskArns"]) == 100
    rest = _stopped(stacks, serviceName=stacks.physical("a", "Api"), nextToken=first["nextToken"])
    assert (len(rest["taskArns"]), rest.get("nextToken")) == (20, None)
    assert len(_stopped(stacks, serviceName=stacks.physical("a", "Api"), maxResults=7)["taskArns"]) == 7
    assert _stopped(stacks, serviceName="other")["taskArns"] == []
