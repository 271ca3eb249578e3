"""`diff` against deployed stacks, run as a process that talks to a rehearsal server over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from compose2aws.catalog import load_catalog
from compose2aws.cloudformation import emit
from compose2aws.compose import LoadOptions, load
from compose2aws.delivery.account import Account
from compose2aws.delivery.images import ImageRequest, content_tags
from compose2aws.planning.planner import plan
from tests.delivery.images.docker_stand_in import MANIFEST
from tests.deployment import DIGEST, deploy, synthesise

from .conftest import Command, Outcome

pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")

from compose2aws.rehearsal import RehearsalServer

SHOP = """\
name: shop
services:
  api:
    image: ghcr.io/acme/api:1
    environment:
      JWT_SECRET: ${JWT_SECRET:?}
      DATABASE_URL: postgresql://app:app@db:5432/app
  worker:
    build: worker
  db:
    image: postgres:15
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: app, POSTGRES_DB: app}
x-aws: {tier: development}
"""


class Shop:
    """A project, and the account that it is deployed to."""

    def __init__(self, folder: Path, server: RehearsalServer, command: Command) -> None:
        self.folder, self.server, self.command = folder, server, command
        (folder / "worker").mkdir()
        (folder / "worker" / "Dockerfile").write_text("FROM scratch\n")
        self.write(SHOP)

    def write(self, text: str) -> None:
        (self.folder / "compose.yaml").write_text(text)

    def deploy(self) -> None:
        synthesise([self.folder / "compose.yaml"], self.folder / "old", "--format", "json")
        deploy(self.folder / "old", self.server)
        self.push()

    def push(self) -> None:
        """Gives the registry the image that is deployed, under the tag of the files that it is made of."""
        options = LoadOptions(files=("compose.yaml",), working_directory=str(self.folder), required_variables="hole")
        templates = emit(plan(load(options), load_catalog(), None))
        request = ImageRequest(templates, self.folder, cast(Account, None), {}, "registry")
        repository = self.cloudformation.describe_stack_resource(
            StackName="shop-base", LogicalResourceId="WorkerRepository"
        )["StackResourceDetail"]["PhysicalResourceId"]
        self.server.client("ecr").put_image(
            repositoryName=repository,
            imageTag=content_tags(request)["WorkerImage"],
            imageManifest=json.dumps(MANIFEST),
            imageDigest=DIGEST,
        )

    def diff(self, *options: str, **environment: str) -> Outcome:
        return self.command("diff", *options, environment={**self.server.environment, **environment})

    def changes(self, *options: str, **environment: str) -> dict[str, dict[str, Any]]:
        outcome = self.diff("--format", "json", *options, **environment)
        assert outcome.returncode == 0, outcome.stderr
        data = json.loads(outcome.stdout)
        return {change["logical_id"]: change for stack in data["stacks"] for change in stack["changes"]}

    @property
    def cloudformation(self) -> Any:
        return self.server.client("cloudformation")

    def traces(self) -> list[str]:
        """Stacks that were begun, and change sets that were left."""
        stacks = self.cloudformation.describe_stacks()["Stacks"]
        begun = [stack["StackName"] for stack in stacks if stack["StackStatus"] == "REVIEW_IN_PROGRESS"]
        left = [
            one["ChangeSetName"]
            for stack in stacks
            for one in self.cloudformation.list_change_sets(StackName=stack["StackName"])["Summaries"]
        ]
        return begun + left


@pytest.fixture
def shop(tmp_path: Path, command: Command) -> Iterator[Shop]:
    """A project in an empty account."""
    with RehearsalServer() as server:
        yield Shop(tmp_path, server, command)


@pytest.fixture
def deployed(shop: Shop) -> Shop:
    """A project that is deployed."""
    shop.deploy()
    return shop


def test_nothing_deployed_means_that_all_is_added(shop: Shop) -> None:
    found = shop.changes()
    assert {change["action"] for change in found.values()} == {"add"}
    by_change_set = shop.diff("--change-set", "--format", "json", JWT_SECRET="s3cr3t-canary")
    data = json.loads(by_change_set.stdout)
    assert [stack["status"] for stack in data["stacks"]] == [None, None]
    assert {c["logical_id"] for stack in data["stacks"] for c in stack["changes"]} == set(found)
    assert "shop-app: no change set can be made" in by_change_set.stderr
    assert "canary" not in by_change_set.stdout + by_change_set.stderr
    assert shop.cloudformation.describe_stacks()["Stacks"] == []


def test_what_is_deployed_differs_in_nothing_and_a_release_is_told_in_the_same_words_both_ways(deployed: Shop) -> None:
    for options in ([], ["--change-set"]):
        outcome = deployed.diff("--detailed-exitcode", *options)
        assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "Nothing would change.\n", "")
    release = SHOP.replace("api:1", "api:2").replace("postgres:15", "postgres:16")
    deployed.write(release.replace("    build: worker", "    image: busybox"))
    for options in ([], ["--change-set"], ["--change-set", "--drift-aware"]):
        outcome = deployed.diff("--detailed-exitcode", *options)
        assert outcome.returncode == 2, outcome.stderr
        assert "~ services.api: image 1 → 2, new tasks, no interruption" in outcome.stdout
        assert "~ services.db: engine 15.19 → 16.15" in outcome.stdout
        assert "an interruption" in " ".join(outcome.stdout.split())
        assert "- WorkerRepository (AWS::ECR::Repository) in shop-base" in outcome.stdout
    assert deployed.traces() == []


def test_images_and_engine_versions_are_kept_as_a_deployment_keeps_them(deployed: Shop) -> None:
    described = deployed.cloudformation.describe_stacks(StackName="shop-base")["Stacks"][0]
    deployed.cloudformation.update_stack(
        StackName="shop-base",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": p["ParameterKey"], "ParameterValue": "15.10"} for p in described["Parameters"]],
        Capabilities=["CAPABILITY_IAM"],
    )
    assert deployed.changes() == {}
    app = {p["ParameterKey"]: p["ParameterValue"] for p in _parameters(deployed, "shop-app")}
    assert app["WorkerImage"] == DIGEST
    assert app["JwtSecret"] == "****"


def _parameters(shop: Shop, stack: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = shop.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
    return found


def test_a_secret_cannot_be_compared_and_that_is_said_where_one_is_given(deployed: Shop) -> None:
    silent = deployed.diff()
    assert silent.stderr == ""
    told = deployed.diff(JWT_SECRET="another-canary")
    assert told.stdout == "Nothing would change.\n"
    assert "it is not compared whether they changed: JWT_SECRET" in told.stderr
    assert "canary" not in told.stderr
    # CloudFormation knows the value that it has.
    asked = deployed.diff("--change-set", JWT_SECRET="another-canary")
    assert "JwtSecretStored" in asked.stdout
    assert "canary" not in asked.stdout + asked.stderr


def test_a_stack_that_is_no_longer_made_is_all_removals(deployed: Shop) -> None:
    template = {
        "Metadata": {"compose2aws": {"project": "shop", "stack": "app-3"}},
        "Resources": {"Old": {"Type": "AWS::SNS::Topic"}},
    }
    deployed.cloudformation.create_stack(StackName="shop-app-3", TemplateBody=json.dumps(template))
    found = deployed.changes()
    assert {id_: change["action"] for id_, change in found.items()} == {"Old": "remove"}


def test_a_stack_of_another_project_is_not_compared(shop: Shop) -> None:
    template = {"Resources": {"Old": {"Type": "AWS::SNS::Topic"}}}
    shop.cloudformation.create_stack(StackName="shop-app", TemplateBody=json.dumps(template))
    outcome = shop.diff("--detailed-exitcode")
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("compose2aws: there is a stack shop-app in this account already")


def test_a_base_that_is_to_export_more_leaves_the_app_to_the_templates(deployed: Shop) -> None:
    deployed.write(
        SHOP.replace("  worker:", "  cache:\n    image: redis:7\n  worker:").replace(
            "      JWT", "      REDIS_URL: redis://cache:6379\n      JWT"
        )
    )
    outcome = deployed.diff("--change-set", "--detailed-exitcode")
    assert outcome.returncode == 2
    assert (
        "shop-app: no change set can be made, since what it takes from other stacks is not there yet" in outcome.stderr
    )
    assert "+ services.cache: added" in outcome.stdout
    assert "environment REDIS_URL" in outcome.stdout
    assert deployed.traces() == []


def test_what_cloudformation_refuses_is_told_in_a_sentence_and_leaves_nothing(deployed: Shop) -> None:
    wrong = "  patches: [{stack: app, op: add, path: /Resources/Wrong, value: {Type: 'AWS::No::Such'}}]\n"
    deployed.write(SHOP.replace("x-aws: {tier: development}\n", f"x-aws:\n  tier: development\n{wrong}"))
    outcome = deployed.diff("--change-set", "--detailed-exitcode")
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("compose2aws: AWS refuses CreateChangeSet: ")
    assert outcome.stdout == ""
    assert deployed.traces() == []
