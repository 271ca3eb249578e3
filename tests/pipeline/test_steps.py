"""The steps of the generated files, run: a pull request is commented, the branch deployed, losses wait for a word."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipeline.conftest import SECRETS, SHOP, WITHOUT_DATABASE, generate
from tests.pipeline.workflow import KEY, Ran, Runner, codebuild_job, github_job, gitlab_job

TRUSTED = (
    "github.event.pull_request.head.repo.full_name == github.repository && "
    "github.event.pull_request.user.login != 'dependabot[bot]'"
)
EVENT = {
    "vars.AWS_REGION": "us-east-1",
    "env.AWS_REGION": "us-east-1",
    "vars.AWS_DIFFERENCE_ROLE": "arn:aws:iam::123456789012:role/difference",
    "vars.AWS_DEPLOY_ROLE": "arn:aws:iam::123456789012:role/deploy",
    "github.token": "gh-token",
    "github.event.pull_request.number": "7",
    TRUSTED: "true",
}
MERGE_REQUEST = {
    "AWS_REGION": "us-east-1",
    "AWS_TOKEN": "id-token",
    "AWS_DIFFERENCE_ROLE": "arn:aws:iam::123456789012:role/difference",
    "AWS_DEPLOY_ROLE": "arn:aws:iam::123456789012:role/deploy",
    "CI_JOB_ID": "1",
    "CI_PROJECT_DIR": "/builds",
    "CI_PROJECT_PATH": "acme/shop",
    "CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop",
    "CI_MERGE_REQUEST_PROJECT_ID": "1",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_API_V4_URL": "https://gitlab.com/api/v4",
    "COMPOSE2AWS_NOTE_TOKEN": "note-token",
}


def github(runner: Runner, job: str, **event: str) -> Ran:
    return github_job(runner, job, secrets=SECRETS, event=EVENT | event)


def stacks(runner: Runner) -> dict[str, str]:
    described = runner.server.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in described}


def parameters(runner: Runner, stack: str) -> dict[str, str]:
    described: Any = runner.server.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {one["ParameterKey"]: one["ParameterValue"] for one in described.get("Parameters", [])}


def clusters(runner: Runner) -> int:
    return len(runner.server.client("rds").describe_db_clusters()["DBClusters"])


def test_github_comments_deploys_and_asks_before_data_is_lost(runner: Runner) -> None:
    generate(runner, "github")
    pull_request = github(runner, "pull-request")
    assert pull_request.code == 0, pull_request.text
    [comment] = runner.comments
    assert comment["body"].startswith("<!-- compose2aws diff shop -->\n")
    assert "services.db" in comment["body"]
    assert stacks(runner) == {}

    compared = github(runner, "difference")
    assert (compared.code, compared.outputs) == (0, {"approval": "false"}), compared.text
    assert "services.db" in compared.summary
    deployed = github(runner, "deploy")
    assert deployed.code == 0, deployed.text
    assert stacks(runner) == {"shop-base": "CREATE_COMPLETE", "shop-app": "CREATE_COMPLETE"}
    # An app that takes AWS_ACCESS_KEY_ID must not be given the runner's.
    assert KEY not in parameters(runner, "shop-app").values()

    again = github(runner, "pull-request")
    assert again.code == 0, again.text
    [comment] = runner.comments
    assert "Nothing would change." in comment["body"]

    (runner.project / "compose.yaml").write_text(WITHOUT_DATABASE)
    compared = github(runner, "difference")
    assert compared.outputs == {"approval": "true"}
    assert "Data would be lost" in compared.summary
    refused = github(runner, "deploy")
    assert refused.code == 1
    assert "would lose data" in refused.text
    assert clusters(runner) == 1
    approved = github(runner, "deploy-approved")
    assert approved.code == 0, approved.text
    assert clusters(runner) == 0
    assert "canary" not in "".join(ran.text for ran in (pull_request, compared, deployed, again, refused, approved))


def test_github_checks_a_fork_offline_alone(runner: Runner) -> None:
    generate(runner, "github")
    ran = github_job(runner, "pull-request", secrets={}, event={**EVENT, TRUSTED: "false"}, lint=True)
    assert ran.code == 0, ran.text
    assert "cfn-lint" in ran.text
    assert runner.comments == []


def test_a_project_that_is_refused_fails_each_job(runner: Runner) -> None:
    generate(runner, "github")
    generate(runner, "gitlab", "--force")
    generate(runner, "codepipeline")
    (runner.project / "compose.yaml").write_text(SHOP.replace("build: .", "buildd: ."))
    for job in ("pull-request", "difference", "deploy"):
        ran = github(runner, job)
        assert ran.code == 1
        assert "buildd" in ran.text
    assert gitlab_job(runner, "compose2aws merge request", MERGE_REQUEST).code == 1
    assert gitlab_job(runner, "compose2aws deploy", MERGE_REQUEST).code == 1
    assert codebuild_job(runner, "DifferenceProject", SECRETS).code == 1
    assert codebuild_job(runner, "DeployProject", {**SECRETS, "APPROVAL": "false"}).code == 1


@pytest.mark.soak
def test_gitlab_notes_deploys_and_leaves_losses_to_a_person(runner: Runner) -> None:
    generate(runner, "gitlab")
    merge_request = gitlab_job(runner, "compose2aws merge request", MERGE_REQUEST)
    assert merge_request.code == 0, merge_request.text
    [note] = runner.comments
    assert note["body"].startswith("<!-- compose2aws diff shop -->\n")
    deployed = gitlab_job(runner, "compose2aws deploy", MERGE_REQUEST | SECRETS)
    assert deployed.code == 0, deployed.text
    assert stacks(runner) == {"shop-base": "CREATE_COMPLETE", "shop-app": "CREATE_COMPLETE"}
    again = gitlab_job(runner, "compose2aws merge request", MERGE_REQUEST)
    assert again.code == 0, again.text
    [note] = runner.comments
    assert "Nothing would change." in note["body"]

    (runner.project / "compose.yaml").write_text(WITHOUT_DATABASE)
    waiting = gitlab_job(runner, "compose2aws deploy", MERGE_REQUEST | SECRETS)
    assert waiting.code == 3, waiting.text
    assert "once somebody starts it" in waiting.text
    assert clusters(runner) == 1
    approved = gitlab_job(runner, "compose2aws deploy approved", MERGE_REQUEST | SECRETS)
    assert approved.code == 0, approved.text
    assert clusters(runner) == 0


def test_gitlab_takes_no_role_for_a_fork_and_says_where_no_note_is_written(runner: Runner) -> None:
    generate(runner, "gitlab")
    fork = gitlab_job(
        runner, "compose2aws merge request", {**MERGE_REQUEST, "CI_PROJECT_PATH": "somebody/shop", "AWS_TOKEN": ""}
    )
    assert (fork.code, runner.comments) == (0, [])
    assert "This is a fork" in fork.text
    silent = gitlab_job(runner, "compose2aws merge request", {**MERGE_REQUEST, "COMPOSE2AWS_NOTE_TOKEN": ""})
    assert (silent.code, runner.comments) == (0, []), silent.text
    assert "COMPOSE2AWS_NOTE_TOKEN is not set" in silent.text


@pytest.mark.soak
def test_codepipeline_deploys_and_says_what_needs_an_approval(runner: Runner) -> None:
    generate(runner, "codepipeline")
    compared = codebuild_job(runner, "DifferenceProject", SECRETS)
    assert (compared.code, compared.outputs) == (0, {"APPROVAL": "false"}), compared.text
    deployed = codebuild_job(runner, "DeployProject", {**SECRETS, "APPROVAL": "false"})
    assert deployed.code == 0, deployed.text
    assert stacks(runner) == {"shop-base": "CREATE_COMPLETE", "shop-app": "CREATE_COMPLETE"}
    (runner.project / "compose.yaml").write_text(WITHOUT_DATABASE)
    compared = codebuild_job(runner, "DifferenceProject", SECRETS)
    assert (compared.code, compared.outputs) == (0, {"APPROVAL": "true"}), compared.text
    refused = codebuild_job(runner, "DeployProject", {**SECRETS, "APPROVAL": "false"})
    assert (refused.code, clusters(runner)) == (1, 1)
    approved = codebuild_job(runner, "DeployProject", {**SECRETS, "APPROVAL": "true"})
    assert (approved.code, clusters(runner)) == (0, 0), approved.text
