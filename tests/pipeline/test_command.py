"""The command, run as users run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from compose2aws.planning.identity import secret_variable
from tests.bare_environment import bare_environment

COMPOSE = """\
name: shop
services:
  api:
    build: .
    environment:
      JWT_SECRET: ${JWT_SECRET:?}
      MODE: ${MODE:-calm}
      WHERE: ${AWS_REGION:-here}
"""
WORKFLOW = ".github/workflows/compose2aws.yml"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "infra" / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compose2aws", *arguments],
        cwd=folder,
        env=bare_environment() | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def files(repository: Path) -> set[str]:
    return {str(f.relative_to(repository)) for f in repository.rglob("*") if f.is_file()} - {
        "infra/compose.yaml",
        "infra/Dockerfile",
    }


def test_files_go_to_the_repository_and_run_in_the_folder_of_the_project(repository: Path) -> None:
    ran = run(repository / "infra", "pipeline", "github", JWT_SECRET="canary-of-the-secret")
    assert ran.returncode == 0, ran.stderr
    assert files(repository) == {WORKFLOW, "shop-deploy-role.template.yaml"}
    workflow = (repository / WORKFLOW).read_text()
    assert "working-directory: infra\n" in workflow
    assert "compose2aws --project-name shop diff" in workflow
    assert "gh secret set JWT_SECRET\n" in ran.stdout
    assert "gh variable set MODE  # may stay unset" in ran.stdout
    assert "WHERE" not in ran.stdout
    assert "CI installs compose2aws" in ran.stderr  # the tests run what was installed from a folder
    assert "set AWS_REGION --body REGION" in ran.stdout
    assert "canary" not in ran.stdout + ran.stderr + workflow


def test_the_same_command_gives_the_same_bytes_and_a_changed_file_is_kept(repository: Path) -> None:
    assert run(repository / "infra", "pipeline", "github").returncode == 0
    before = (repository / WORKFLOW).read_text()
    again = run(repository / "infra", "pipeline", "github")
    assert f"{WORKFLOW}  as it was" in again.stderr
    (repository / WORKFLOW).write_text(before.replace("timeout-minutes: 15", "timeout-minutes: 20"))
    (repository / "shop-deploy-role.template.yaml").unlink()
    refused = run(repository / "infra", "pipeline", "github")
    assert refused.returncode == 1
    assert f"{WORKFLOW}: not made by this command, or changed since; nothing was written" in refused.stderr
    assert files(repository) == {WORKFLOW}
    forced = run(repository / "infra", "pipeline", "github", "--force")
    assert forced.returncode == 0
    assert (repository / WORKFLOW).read_text() == before
    # What an older version made, and nobody changed, is brought up to date.
    other = run(repository / "infra", "pipeline", "github", "--branch", "release")
    assert other.returncode == 0
    assert "branches: [release]" in (repository / WORKFLOW).read_text()


@pytest.mark.parametrize("system", ["github", "gitlab", "codepipeline"])
def test_ci_gets_the_program_from_where_it_is_told(repository: Path, system: str) -> None:
    address = "git+https://example.com/acme/compose2aws.git@v1"
    ran = run(repository / "infra", "pipeline", system, "-o", "out", "--repository", "acme/shop", "--package", address)
    assert ran.returncode == 0, ran.stderr
    assert "CI installs compose2aws" not in ran.stderr
    written = "".join(file.read_text() for file in (repository / "infra" / "out").rglob("*") if file.is_file())
    assert f"'compose2aws[lint] @ {address}'" in written
    assert "compose2aws==" not in written.replace("compose2aws[lint]==", "compose2aws==")


def test_options_are_given_again_as_they_are_for_a_checkout(repository: Path) -> None:
    given = ("-f", str(repository / "infra" / "compose.yaml"), "--profile", "a b", "--tier", "development")
    ran = run(repository, *given, "pipeline", "gitlab", "--host", "git.example.com", "--region", "eu-west-1")
    assert ran.returncode == 0, ran.stderr
    jobs = (repository / ".gitlab-ci.compose2aws.yml").read_text()
    words = "compose2aws --file infra/compose.yaml --profile 'a b' --tier development --project-name shop deploy --yes"
    assert words in jobs
    assert "AWS_REGION: eu-west-1" in jobs
    assert "git.example.com:aud" in (repository / "shop-deploy-role.template.yaml").read_text()
    environment = run(repository, "pipeline", "github", "-o", "out", COMPOSE_FILE="infra/compose.yaml")
    assert environment.returncode == 0, environment.stderr
    assert "compose2aws --file infra/compose.yaml --project-name shop" in (repository / "out" / WORKFLOW).read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-f", "../outside.yaml", "pipeline", "github"), "is outside of the repository"),
        (("pipeline", "github", "--branch", "a b"), "--branch takes the name of a branch"),
        (("pipeline", "github", "--branch", "*"), "--branch takes the name of a branch"),
        (("pipeline", "github", "--repository", "acme"), "--repository takes OWNER/NAME"),
        (("pipeline", "github", "--package", "git+https://x.example/$(id)"), "--package takes an address"),
        (("pipeline", "github", "--region", "here"), "--region takes the name of a region"),
    ],
)
def test_what_cannot_be_delivered_is_refused_in_a_sentence(
    repository: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (repository.parent / "outside.yaml").write_text(COMPOSE)
    ran = run(repository, *(arguments if "-f" in arguments else ("-f", "infra/compose.yaml", *arguments)))
    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert files(repository) == set()


def test_secrets_of_files_and_of_builds_are_asked_for_and_given_to_deployments(repository: Path) -> None:
    text = COMPOSE.replace("build: .", "build: {context: ., secrets: [npm, cert]}\n    secrets: [signing, license]")
    text += "secrets:\n  npm: {environment: NPM_AUTH}\n  cert: {file: ./cert.txt}\n  signing: {file: ./signing.txt}\n"
    (repository / "infra" / "compose.yaml").write_text(text + "  license: {external: true}\n")
    (repository / "infra" / "signing.txt").write_text("canary-of-the-file")
    wanted = ("COMPOSE2AWS_SECRET_SIGNING", "COMPOSE2AWS_SECRET_LICENSE", "COMPOSE2AWS_SECRET_CERT", "NPM_AUTH")
    for system in ("github", "gitlab", "codepipeline"):
        ran = run(repository / "infra", "pipeline", system, JWT_SECRET="canary-of-the-secret")
        assert ran.returncode == 0, ran.stderr
        assert all(name in ran.stdout for name in wanted)
        assert "may stay unset where ./signing.txt is in the repository" in ran.stdout
        assert "canary" not in ran.stdout + "".join(f.read_text() for f in repository.rglob("*.y*ml"))
    assert (
        "gh secret set COMPOSE2AWS_SECRET_SIGNING < ./signing.txt"
        in run(repository / "infra", "pipeline", "github").stdout
    )
    workflow = yaml.safe_load((repository / WORKFLOW).read_text())
    steps = [step.get("env", {}) for step in workflow["jobs"]["deploy"]["steps"]]
    assert all(any(env.get(name) == f"${{{{ secrets.{name} }}}}" for env in steps) for name in wanted)
    compared = [step.get("env", {}) for step in workflow["jobs"]["pull-request"]["steps"]]
    assert not any("COMPOSE2AWS_SECRET_SIGNING" in env for env in compared)


def test_a_key_that_is_mounted_itself_is_asked_for_and_one_of_a_folder_is_not(repository: Path) -> None:
    volumes = "    volumes: ['./tls/a.key:/etc/a.key:ro', './folder:/etc/folder:ro']\n"
    (repository / "infra" / "compose.yaml").write_text(COMPOSE + volumes)
    for name in ("tls/a.key", "folder/b.key"):
        (repository / "infra" / name).parent.mkdir()
        (repository / "infra" / name).write_text("canary-of-the-key")
    ran = run(repository / "infra", "pipeline", "github", JWT_SECRET="canary-of-the-secret")
    assert ran.returncode == 0, ran.stderr
    assert f"gh secret set {secret_variable('./tls/a.key')} < ./tls/a.key" in ran.stdout
    assert secret_variable("./folder/b.key") not in ran.stdout


def test_standard_input_is_no_project_of_a_checkout(repository: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "compose2aws", "-f", "-", "pipeline", "github"],
        cwd=repository,
        input=COMPOSE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "CI cannot read the project from standard input" in ran.stderr


def test_a_folder_that_cannot_be_written_leaves_nothing(repository: Path) -> None:
    (repository / ".github").write_text("a file in the place of a folder")
    ran = run(repository / "infra", "pipeline", "github")
    assert ran.returncode == 1
    assert "nothing was written" in ran.stderr
    assert files(repository) == {".github"}
