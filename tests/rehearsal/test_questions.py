"""What a deployment asks an account before it touches anything: a rehearsal answers, and moto alone does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from compose2aws.rehearsal import RehearsalAccount, RehearsalServer


def test_whoever_calls_is_a_user_who_may_do_everything(account: RehearsalAccount) -> None:
    caller = account.client("sts").get_caller_identity()["Arn"]
    assert caller == "arn:aws:iam::123456789012:user/moto"
    answer = account.client("iam").simulate_principal_policy(
        PolicySourceArn=caller, ActionNames=["ec2:CreateVpc", "iam:CreateRole"]
    )
    decisions = {one["EvalActionName"]: one["EvalDecision"] for one in answer["EvaluationResults"]}
    assert decisions == {"ec2:CreateVpc": "allowed", "iam:CreateRole": "allowed"}


def test_the_quotas_are_those_of_a_new_account(account: RehearsalAccount) -> None:
    client = account.client("service-quotas")
    fargate = client.get_aws_default_service_quota(ServiceCode="fargate", QuotaCode="L-3032A538")["Quota"]
    assert fargate["Value"] == 6
    with pytest.raises(ClientError, match="NoSuchResource"):
        client.get_aws_default_service_quota(ServiceCode="fargate", QuotaCode="L-00000000")


@pytest.mark.parametrize(
    ("service", "engine", "version"),
    [("rds", "aurora-postgresql", "16.8"), ("rds", "mariadb", "12.3.3"), ("docdb", "docdb", "5.0.0")],
)
def test_engines_are_offered_in_the_versions_that_can_be_created(
    account: RehearsalAccount, service: str, engine: str, version: str
) -> None:
    client = account.client(service)
    pages = client.get_paginator("describe_db_engine_versions").paginate(Engine=engine)
    assert version in [one["EngineVersion"] for page in pages for one in page["DBEngineVersions"]]
    options = client.describe_orderable_db_instance_options(Engine=engine, DBInstanceClass="db.r6g.large")
    assert {one["DBInstanceClass"] for one in options["OrderableDBInstanceOptions"]} == {"db.r6g.large"}
    assert client.describe_db_engine_versions(Engine="access")["DBEngineVersions"] == []
    assert client.describe_orderable_db_instance_options(Engine="access")["OrderableDBInstanceOptions"] == []


def test_caches_are_offered_in_the_versions_that_can_be_created(account: RehearsalAccount) -> None:
    pages = account.client("elasticache").get_paginator("describe_cache_engine_versions").paginate(Engine="valkey")
    assert "8.0" in [one["EngineVersion"] for page in pages for one in page["CacheEngineVersions"]]


def _is_there(client: Any, kind: str, identifier: str) -> bool:
    try:
        found = client.get_resource(TypeName=kind, Identifier=identifier)
    except client.exceptions.ResourceNotFoundException:
        return False
    assert found["ResourceDescription"]["Identifier"] == identifier
    return True


def test_whether_a_name_is_taken_is_known(account: RehearsalAccount) -> None:
    client = account.client("cloudcontrol")
    assert not _is_there(client, "AWS::Logs::LogGroup", "/shop/api")
    account.client("logs").create_log_group(logGroupName="/shop/api")
    assert _is_there(client, "AWS::Logs::LogGroup", "/shop/api")
    assert not _is_there(client, "AWS::Logs::LogGroup", "/shop/ap")
    assert not _is_there(client, "AWS::No::Such", "x")


def test_whether_a_name_is_taken_is_known_over_http_too(server: RehearsalServer) -> None:
    client = server.client("cloudcontrol")
    assert not _is_there(client, "AWS::ECR::Repository", "shop/api")
    server.client("ecr").create_repository(repositoryName="shop/api")
    assert _is_there(client, "AWS::ECR::Repository", "shop/api")
