"""The function behind a job's custom resource. It runs on AWS Lambda: its text stands in the template.

It starts the job's task and waits for its end, invoking itself again before Lambda would cut it off. A job that fails
fails the deployment, with its exit code and log stream as the reason. In a rollback, and when the job is deleted, it
runs nothing and answers success.
"""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3

PAUSE = 5
RESERVE = 60  # seconds before Lambda's limit at which the wait is handed on
UNSEEN = 24  # looks at a task that ECS does not show yet
DENIALS = 12  # tries of what is not allowed yet: rights that were just given take seconds to be known everywhere


def handler(event: dict[str, Any], context: Any) -> None:
    try:
        if "Task" not in event:
            if event["RequestType"] == "Delete" or rolling_back(event["StackId"]):
                answer(event, "SUCCESS", "A job does not run in a rollback or a deletion")
                return
            job = event["ResourceProperties"]
            if prepared(event):
                answer(event, "SUCCESS", "The database is prepared already")
                return
            event = {**event, "Task": start(event), "Until": time.time() + int(job["Timeout"])}
        wait(event, context)
    except Exception as problem:
        answer(event, "FAILED", f"{type(problem).__name__}: {problem}")


def prepared(event: dict[str, Any]) -> bool:
    """Whether the job is one that runs once for its database, and has."""
    database = event["ResourceProperties"].get("Database")
    return bool(database) and database == event.get("OldResourceProperties", {}).get("Database")


def rolling_back(stack: str) -> bool:
    described = patiently(lambda: boto3.client("cloudformation").describe_stacks(StackName=stack))
    return "ROLLBACK" in described["Stacks"][0]["StackStatus"]


def patiently(call: Callable[[], Any]) -> Any:
    for left in reversed(range(DENIALS)):
        try:
            return call()
        except Exception as problem:
            code = getattr(problem, "response", {}).get("Error", {}).get("Code", "")
            if not code.startswith("AccessDenied") or not left:
                raise
        time.sleep(PAUSE)
    return None


def start(event: dict[str, Any]) -> str:
    """Start the task once, also when Lambda repeats the request."""
    job = event["ResourceProperties"]
    network = {}
    if "Subnets" in job:
        names = {"subnets": "Subnets", "securityGroups": "SecurityGroups", "assignPublicIp": "AssignPublicIp"}
        network = {"networkConfiguration": {"awsvpcConfiguration": {key: job[name] for key, name in names.items()}}}
    started = patiently(
        lambda: boto3.client("ecs").run_task(
            clientToken=event["RequestId"],
            cluster=job["Cluster"],
            taskDefinition=job["TaskDefinition"],
            capacityProviderStrategy=[{"capacityProvider": job["Capacity"], "weight": 1}],
            **network,
        )
    )
    if started.get("failures") or not started.get("tasks"):
        raise RuntimeError(f"the task did not start: {json.dumps(started.get('failures'))}")
    task: str = started["tasks"][0]["taskArn"]
    return task


def wait(event: dict[str, Any], context: Any) -> None:
    job = event["ResourceProperties"]
    ecs = boto3.client("ecs")
    unseen = 0
    while True:
        described = ecs.describe_tasks(cluster=job["Cluster"], tasks=[event["Task"]])["tasks"]
        unseen = 0 if described else unseen + 1
        if unseen > UNSEEN:
            answer(event, "FAILED", f"the task {event['Task']} is gone")
            return
        if described and described[0]["lastStatus"] == "STOPPED":
            answer(event, *outcome(event, described[0]))
            return
        if time.time() > event["Until"]:
            ecs.stop_task(cluster=job["Cluster"], task=event["Task"], reason="The job took too long")
            answer(event, "FAILED", f"the job took longer than {job['Timeout']} seconds; {output(event)}")
            return
        if context.get_remaining_time_in_millis() < RESERVE * 1000:
            boto3.client("lambda").invoke(
                FunctionName=context.invoked_function_arn, InvocationType="Event", Payload=json.dumps(event)
            )
            return
        time.sleep(PAUSE)


def outcome(event: dict[str, Any], task: dict[str, Any]) -> tuple[str, str]:
    name = event["ResourceProperties"]["Container"]
    code = next((c.get("exitCode") for c in task.get("containers", []) if c["name"] == name), None)
    if code == 0:
        return "SUCCESS", "The job is done"
    if code is None:
        return "FAILED", f"{name} did not run: {task.get('stoppedReason', 'no reason given')}; {output(event)}"
    return "FAILED", f"{name} ended with exit code {code}; {output(event)}"


def output(event: dict[str, Any]) -> str:
    job = event["ResourceProperties"]
    stream = f"{job['LogPrefix']}/{job['Container']}/{event['Task'].rpartition('/')[2]}"
    return f"its output is the log stream {stream} of {job['LogGroup']}"


def answer(event: dict[str, Any], status: str, reason: str) -> None:
    """Tell CloudFormation. The physical id never changes: another would delete the job that was."""
    body = {
        "Status": status,
        "Reason": reason[:2048],
        "PhysicalResourceId": event["LogicalResourceId"],
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    print(json.dumps(body))  # noqa: T201 - into the function's log
    request = urllib.request.Request(  # noqa: S310 - the address is CloudFormation's own
        event["ResponseURL"], data=json.dumps(body).encode(), headers={"content-type": ""}, method="PUT"
    )
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
