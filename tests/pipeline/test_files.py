"""The generated files: as those beside this test, as the CI systems and CloudFormation want them, and hard to break."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.pipeline.codepipeline import codepipeline
from compose2aws.pipeline.github import github
from compose2aws.pipeline.gitlab import gitlab
from compose2aws.pipeline.model import Images, Pipeline, PipelineError, Resources, System, Variable
from compose2aws.pipeline.quoting import scalar, words
from compose2aws.pipeline.steps import is_unchanged, with_header
from tests.pipeline.golden import GOLDEN, PROJECTS, SYSTEMS, produce

PLAIN = Pipeline(
    project="shop",
    stacks=("shop-base", "shop-app"),
    options=(),
    directory=".",
    branch="main",
    environment="production",
    version="1.0",
    resources=Resources(frozenset({"AWS::ECS::Cluster"})),
)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("example", PROJECTS)
def test_examples_are_as_expected(example: str, system: System) -> None:
    """`python -m tests.pipeline.golden` rewrites what is expected."""
    folder = GOLDEN / example / system
    expected = {file.name: file.read_text("utf-8") for file in folder.iterdir()}
    assert produce(example, system) == expected


@pytest.mark.parametrize(("system", "schema"), [("github", "vendor.github-workflows"), ("gitlab", "vendor.gitlab-ci")])
def test_files_fit_the_schema_of_their_system(system: str, schema: str) -> None:
    pytest.importorskip("check_jsonschema")
    files = [str(file) for file in GOLDEN.glob(f"*/{system}/*compose2aws.yml")]
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, len(files)) == (0, len(PROJECTS)), ran.stdout


def test_workflows_have_no_finding_of_zizmor() -> None:
    """Actions by their commits, no credentials kept, no expression in a script, the least permissions."""
    zizmor = Path(sys.executable).with_name("zizmor")
    if not zizmor.exists():
        pytest.skip("zizmor is not installed")
    files = [str(file) for file in GOLDEN.glob("*/github/compose2aws.yml")]
    ran = subprocess.run(
        [zizmor, "--offline", "--persona", "pedantic", "--no-progress", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_workflows_have_no_finding_of_actionlint() -> None:
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not installed")
    files = [str(file) for file in GOLDEN.glob("*/github/compose2aws.yml")]
    ran = subprocess.run(["actionlint", *files], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(
    "example",
    [pytest.param(name, marks=[] if name == "sports-analytics" else [pytest.mark.soak]) for name in PROJECTS],
)
def test_templates_have_no_complaint_of_cfn_lint(example: str) -> None:
    from cfnlint.api import ManualArgs, lint  # noqa: PLC0415 - it takes long

    for file in sorted(GOLDEN.glob(f"{example}/*/*.template.yaml")):
        complaints = lint(file.read_text("utf-8"), config=ManualArgs(regions=["eu-central-1"]))
        assert [str(one) for one in complaints] == [], file


PRINTABLE = st.text(
    st.characters(exclude_categories=("C", "Z")) | st.sampled_from(list(" '\"$`\\{}:#&*!|>%@-[],")), max_size=30
)


@given(PRINTABLE)
def test_a_scalar_reads_as_the_text_that_it_was(text: str) -> None:
    read = yaml.safe_load(f"key: {scalar(text)}\n")["key"]
    assert read.replace("${{ '${{' }}", "${{") == text
    assert "${{" not in read.replace("${{ '${{' }}", "")


@given(st.lists(PRINTABLE, max_size=3))
def test_words_are_the_words_that_they_were_for_a_shell_and_no_expression(texts: list[str]) -> None:
    line = words(texts)
    assert shlex.split(line) == texts
    assert "${{" not in line
    assert yaml.safe_load(f"run: |\n  {line}\n  echo\n")["run"] == f"{line}\necho\n"


@given(st.lists(PRINTABLE.filter(bool), min_size=1, max_size=3), PRINTABLE.filter(bool))
def test_odd_names_of_files_and_folders_change_no_step(files: list[str], directory: str) -> None:
    options = tuple(word for file in files for word in ("--file", file))
    odd = replace(PLAIN, options=options, directory=directory, images=Images(("linux/amd64", "linux/arm64")))
    plain = replace(PLAIN, options=("--file", "a"), directory="b", images=odd.images)
    for make in (github, gitlab):
        made, expected = (_parsed(make(one).files) for one in (odd, plain))
        assert _shape(made) == _shape(expected)
    made, expected = (_buildspecs(codepipeline(one).files) for one in (odd, plain))
    assert _shape(made) == _shape(expected)
    for script in _scripts(_parsed(github(odd).files)):
        for line in script.splitlines():
            if line.startswith("compose2aws "):
                assert shlex.split(line)[1 : 1 + len(options)] == list(options)


def _parsed(files: dict[str, str]) -> Any:
    return [_read(text) for name, text in files.items() if name.endswith(".yml")]


def _buildspecs(files: dict[str, str]) -> Any:
    [text] = files.values()
    resources = _read(text)["Resources"]
    names = ("PullRequestProject", "DifferenceProject", "DeployProject")
    return [_read(resources[name]["Properties"]["Source"]["BuildSpec"]) for name in names]


def _read(text: str) -> Any:
    return yaml.load(text, yaml.CSafeLoader)


def _shape(value: Any) -> Any:
    """What stands where, without texts; of a text, how many lines it has."""
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shape(one) for one in value]
    return value.count("\n") if isinstance(value, str) else value


def _scripts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["run"]] if isinstance(value.get("run"), str) else []
        return own + [script for one in value.values() for script in _scripts(one)]
    return [script for one in value for script in _scripts(one)] if isinstance(value, list) else []


@pytest.mark.parametrize("text", ["a\nb", "a\x00", "a\u2028b", "a\x85b", "a\x1b[0m"])
def test_what_cannot_be_printed_is_refused(text: str) -> None:
    for make in (github, gitlab, codepipeline):
        with pytest.raises(PipelineError, match="cannot be printed"):
            make(replace(PLAIN, options=("--file", text)))


def test_secrets_are_given_to_deployments_alone() -> None:
    variables = (
        Variable("GITHUB_TOKEN", "APP_GITHUB_TOKEN", secret=True, required=False),
        Variable("JWT_SECRET", "JWT_SECRET", secret=True, required=True),
        Variable("MODE", "MODE", secret=False, required=False),
    )
    [workflow] = _parsed(github(replace(PLAIN, variables=variables)).files)
    found = {
        job: {
            name: value
            for step in body["steps"]
            for name, value in step.get("env", {}).items()
            if name in _names(variables)
        }
        for job, body in workflow["jobs"].items()
    }
    compared = {"GITHUB_TOKEN": "${{ secrets.APP_GITHUB_TOKEN && 'given' }}", "MODE": "${{ vars.MODE }}"}
    deployed = {
        "GITHUB_TOKEN": "${{ secrets.APP_GITHUB_TOKEN }}",
        "JWT_SECRET": "${{ secrets.JWT_SECRET }}",
        "MODE": "${{ vars.MODE }}",
    }
    assert found == {
        "pull-request": compared,
        "difference": compared,
        "deploy": deployed,
        "deploy-approved": deployed,
    }


def _names(variables: tuple[Variable, ...]) -> set[str]:
    return {variable.name for variable in variables}


def test_images_for_arm_are_built_on_arm_and_mixed_ones_by_emulation() -> None:
    def made(*platforms: str) -> tuple[Any, str]:
        [workflow] = _parsed(github(replace(PLAIN, images=Images(platforms))).files)
        job = workflow["jobs"]["deploy"]
        return job["runs-on"], json.dumps(job["steps"])

    runner, steps = made()
    assert (runner, "buildx" in steps) == ("ubuntu-24.04", False)
    runner, steps = made("linux/arm64")
    assert (runner, "buildx" in steps, "qemu" in steps) == ("ubuntu-24.04-arm", True, False)
    runner, steps = made("linux/amd64", "linux/arm64")
    assert (runner, "buildx" in steps, "qemu" in steps) == ("ubuntu-24.04", True, True)


def test_nobody_can_start_a_deployment_that_loses_data_before_the_comparison() -> None:
    [workflow] = _parsed(github(PLAIN).files)
    jobs = workflow["jobs"]
    losing = [name for name, job in jobs.items() if "--allow-data-loss" in json.dumps(job)]
    assert losing == ["deploy-approved"]
    assert jobs["deploy-approved"]["environment"] == "production"
    assert jobs["deploy-approved"]["if"] == "needs.difference.outputs.approval == 'true'"
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    for job in jobs.values():
        assert job["timeout-minutes"] <= 115
        for step in job["steps"]:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step.get("uses", "a/b@" + "0" * 40))


@given(st.text())
def test_a_file_is_unchanged_until_somebody_changes_it(text: str) -> None:
    made = with_header(text, "github")
    assert is_unchanged(made)
    assert not is_unchanged(made + "x")
    assert not is_unchanged(text)
