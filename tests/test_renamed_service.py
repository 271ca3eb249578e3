"""A deployed project whose services are renamed: the update keeps what is there, and the new names lead to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto", reason="the rehearsal needs the extra `rehearsal`")

from compose2aws.rehearsal import RehearsalServer
from tests.deployment import Deployment, deploy, synthesise

CASE = Path(__file__).parent / "golden" / "renamed-service"
OLD = {"backend": "api", "database": "db", "queue": "q"}


def first_names(text: str) -> str:
    """The case before anything was renamed."""
    for new, old in OLD.items():
        text = text.replace(f"    x-aws: {{was: {old}}}\n", "").replace(f"  {new}:\n", f"  {old}:\n")
    return text.replace("[database]", "[db]").replace("@database:", "@db:")


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], Deployment]]:
    """The physical ids before the renaming, and the deployment after it."""
    folder = tmp_path_factory.mktemp("renamed") / "renamed-service"
    shutil.copytree(CASE, folder)
    text = (CASE / "compose.yaml").read_text().replace("  hosted-zone: Z0123456789ABCDEFGHIJ\n", "")
    (folder / "compose.yaml").write_text(first_names(text))
    synthesise([folder / "compose.yaml"], folder / "before", "--format", "json")
    (folder / "compose.yaml").write_text(text)
    synthesise([folder / "compose.yaml"], folder / "after", "--format", "json")
    with RehearsalServer() as server:
        made = deploy(folder / "before", server)
        ids = physical_ids(made)
        made.manifest = json.loads((folder / "after" / "manifest.json").read_text())
        for stack in made.manifest["stacks"]:
            update(made, stack, (folder / "after" / stack["template"]).read_text())
        yield ids, made


def update(made: Deployment, stack: dict[str, Any], text: str) -> None:
    """Update a stack with the parameters that it has."""
    storage, cloudformation = made.client("s3"), made.client("cloudformation")
    storage.create_bucket(Bucket="updates")
    storage.put_object(Bucket="updates", Key=stack["name"], Body=text.encode())
    had = made.passed[stack["name"]]
    assert {p["name"] for p in stack["parameters"] if p["required"]} == had.keys()
    cloudformation.update_stack(
        StackName=stack["name"],
        TemplateURL=f"https://updates.s3.amazonaws.com/{stack['name']}",
        Parameters=[{"ParameterKey": name, "UsePreviousValue": True} for name in had],
        Capabilities=["CAPABILITY_IAM"],
    )
    status = cloudformation.describe_stacks(StackName=stack["name"])["Stacks"][0]["StackStatus"]
    assert status == "UPDATE_COMPLETE"
    made.templates[stack["name"]] = json.loads(text)


def physical_ids(made: Deployment) -> dict[str, str]:
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for stack in made.templates
        for resource in made.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        if resource["ResourceType"] != "AWS::ECS::TaskDefinition"
    }


def test_all_that_was_there_is_still_there(updated: tuple[dict[str, str], Deployment]) -> None:
    before, made = updated
    after = physical_ids(made)
    assert {id_ for id_, physical in before.items() if after.get(id_) != physical} == set()
    assert {"DbCluster", "QReplicationGroup", "ApiService", "ApiRepository"} <= before.keys()


def test_the_app_reaches_its_database_with_the_password_that_it_had(
    updated: tuple[dict[str, str], Deployment],
) -> None:
    _, made = updated
    (cluster,) = made.client("rds").describe_db_clusters()["DBClusters"]
    login = made.client("secretsmanager").get_secret_value(SecretId=made.physical("DbMasterLogin"))
    url = made.environment("backend")["DATABASE_URL"]
    assert (
        url == f"postgresql://postgres:{json.loads(login['SecretString'])['password']}@{cluster['Endpoint']}:5432/app"
    )
