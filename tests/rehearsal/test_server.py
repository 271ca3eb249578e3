"""The account as a server: reachable by other processes, empty at each start, alone in its process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import boto3
import pytest

pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")

from compose2aws.rehearsal import RehearsalAccount, RehearsalServer, missing_resources

TOPIC: dict[str, Any] = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


def test_a_child_process_with_the_environment_reaches_the_account(server: RehearsalServer) -> None:
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    environment = {**os.environ, **server.environment}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "123456789012"


def test_the_server_listens_on_loopback_on_a_port_of_its_own(server: RehearsalServer) -> None:
    host, _, port = server.endpoint.removeprefix("http://").partition(":")
    assert host == "127.0.0.1"
    assert int(port) > 1024


def test_what_one_client_makes_another_sees(server: RehearsalServer) -> None:
    server.client("cloudformation").create_stack(StackName="a", TemplateBody=json.dumps(TOPIC))
    other = boto3.Session(aws_access_key_id="x", aws_secret_access_key="y", region_name="us-east-1")
    topics = other.client("sns", endpoint_url=server.endpoint).list_topics()["Topics"]
    assert len(topics) == 1


def test_an_account_is_empty_at_every_start() -> None:
    for _ in range(2):
        with RehearsalServer() as server:
            client = server.client("cloudformation")
            assert client.describe_stacks()["Stacks"] == []
            assert server.client("sns").list_topics()["Topics"] == []
            client.create_stack(StackName="a", TemplateBody=json.dumps(TOPIC))


def test_a_second_account_in_the_same_process_is_refused(account: RehearsalAccount) -> None:
    with pytest.raises(RuntimeError, match="already running"):
        RehearsalServer().start()
    assert account.client("sns").list_topics()["Topics"] == []


def test_a_stopped_server_has_no_endpoint() -> None:
    server = RehearsalServer()
    with server:
        assert server.endpoint
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.endpoint


def test_stopping_puts_moto_back_as_it_was() -> None:
    from moto.cloudformation import urls  # noqa: PLC0415
    from moto.ecs.responses import EC2ContainerServiceResponse  # noqa: PLC0415

    before = dict(urls.url_paths), dict(vars(EC2ContainerServiceResponse))
    with RehearsalAccount():
        assert dict(urls.url_paths) != before[0]
        assert dict(vars(EC2ContainerServiceResponse)) != before[1]
    assert (dict(urls.url_paths), dict(vars(EC2ContainerServiceResponse))) == before


def test_an_account_can_be_used_without_http(account: RehearsalAccount) -> None:
    account.client("cloudformation").create_stack(StackName="a", TemplateBody=json.dumps(TOPIC))
    assert len(account.client("sns").list_topics()["Topics"]) == 1


def test_regions_have_stacks_and_exports_of_their_own(account: RehearsalAccount) -> None:
    template = {**TOPIC, "Outputs": {"Topic": {"Value": {"Ref": "Topic"}, "Export": {"Name": "topic"}}}}
    for region in ("us-east-1", "eu-central-1"):
        account.client("cloudformation", region).create_stack(StackName="a", TemplateBody=json.dumps(template))
    values = [
        account.client("cloudformation", region).list_exports()["Exports"][0]["Value"]
        for region in ("us-east-1", "eu-central-1")
    ]
    assert [value.split(":")[3] for value in values] == ["us-east-1", "eu-central-1"]


def test_other_rooms_do_not_import_moto() -> None:
    program = (
        "import sys, compose2aws.compose, compose2aws.planning, compose2aws.cloudformation, compose2aws.cli;"
        "print([name for name in ('moto', 'compose2aws.rehearsal') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_resource_that_its_service_no_longer_knows_is_missed(account: RehearsalAccount) -> None:
    client = account.client("cloudformation")
    client.create_stack(StackName="a", TemplateBody=json.dumps(TOPIC))
    assert missing_resources(account, "a") == []
    account.client("sns").delete_topic(TopicArn=account.client("sns").list_topics()["Topics"][0]["TopicArn"])
    assert missing_resources(account, "a") == ["Topic"]


def test_a_server_can_work_behind_its_calls() -> None:
    with RehearsalServer(background=True, pause=0.2) as server:
        client = server.client("cloudformation")
        client.create_stack(StackName="a", TemplateBody=json.dumps(TOPIC))
        assert client.describe_stacks(StackName="a")["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
        with pytest.raises(client.exceptions.ClientError, match="CREATE_IN_PROGRESS state and can not be updated"):
            client.update_stack(StackName="a", TemplateBody=json.dumps(TOPIC))
        client.get_waiter("stack_create_complete").wait(StackName="a", WaiterConfig={"Delay": 1, "MaxAttempts": 20})


def test_an_update_that_runs_can_be_given_up() -> None:
    def template(word: str) -> str:
        properties = {"DisplayName": word}
        topics = {f"T{number}": {"Type": "AWS::SNS::Topic", "Properties": properties} for number in range(4)}
        return json.dumps({"Resources": topics})

    with RehearsalServer(background=True, pause=0.3) as server:
        client = server.client("cloudformation")
        client.create_stack(StackName="a", TemplateBody=template("old"))
        client.get_waiter("stack_create_complete").wait(StackName="a", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        client.update_stack(StackName="a", TemplateBody=template("new"))
        client.cancel_update_stack(StackName="a")
        client.get_waiter("stack_rollback_complete").wait(StackName="a", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        sns = server.client("sns")
        words = {
            sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]["DisplayName"]
            for topic in sns.list_topics()["Topics"]
        }
        assert words == {"old"}
