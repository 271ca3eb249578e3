"""Secrets that are files, as processes against a rehearsal server: from the project's files into Secrets Manager."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose2aws.planning.identity import logical_id, secret_variable, variable_id
from compose2aws.rehearsal import RehearsalServer
from tests.bare_environment import bare_environment
from tests.cli.test_deploy import Project
from tests.delivery.situation import use

TEXT = """
name: shop
services:
  web:
    image: ghcr.io/acme/web:1
    ports: ["80:80"]
    secrets: [signing, token]
secrets:
  signing: {file: ./secrets/signing.txt}
  token: {environment: SHOP_TOKEN}
"""
SEVERAL_LINES = "canary-line-one\n\n  canary-line-two \\ \"quoted\" $HOME 'and' %s\n"
TOKEN = "canary-of-the-environment"
SIGNING = f"{logical_id('signing', 'SecretFile')}Stored"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        yield Project(tmp_path, server.use_services())


def written(project: Project, content: str) -> Path:
    file = project.folder / "secrets" / "signing.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content.encode())
    return file


def held(project: Project, logical: str) -> str:
    """What a secret of the app holds in the account."""
    described = project.server.client("cloudformation").describe_stack_resource(
        StackName="shop-app", LogicalResourceId=logical
    )
    secret = described["StackResourceDetail"]["PhysicalResourceId"]
    return str(project.server.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])


def test_a_deployment_takes_secrets_from_files_and_variables_to_the_last_byte(project: Project) -> None:
    file = written(project, SEVERAL_LINES)
    done = project("deploy", "--yes", text=TEXT, SHOP_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert held(project, SIGNING) == SEVERAL_LINES
    assert held(project, f"{variable_id('SHOP_TOKEN')}Stored") == TOKEN

    file.unlink()
    kept = project("deploy", "--yes")
    assert kept.returncode == 0, kept.stderr
    assert "kept from the last deployment, since nothing gives them now: SHOP_TOKEN, signing" in kept.stderr
    assert "Nothing to change" in kept.stderr
    assert held(project, SIGNING) == SEVERAL_LINES

    written(project, "canary-of-the-second-release")
    changed = project("deploy", "--yes", SHOP_TOKEN=TOKEN)
    assert changed.returncode == 0, changed.stderr
    assert held(project, SIGNING) == "canary-of-the-second-release"
    assert project.shop.parameters("shop-app")["SecretsRevision"] == "1"


def test_what_nobody_gives_is_named_with_the_file_and_the_variable_that_stands_in_for_it(project: Project) -> None:
    missing = project("deploy", "--yes", text=TEXT)
    assert missing.returncode == 1
    assert "set SHOP_TOKEN in the environment or in .env" in missing.stderr
    assert f"add its file, or set {secret_variable('signing')} in the environment or in .env" in missing.stderr
    assert "./secrets/signing.txt" in missing.stderr
    assert project.shop.status("shop-base") is None
    given = project("deploy", "--yes", SHOP_TOKEN=TOKEN, COMPOSE2AWS_SECRET_SIGNING=SEVERAL_LINES)
    assert given.returncode == 0, given.stderr
    assert held(project, SIGNING) == SEVERAL_LINES


def test_the_variable_goes_before_the_file(project: Project) -> None:
    written(project, "canary-for-development")
    done = project("deploy", "--yes", text=TEXT, SHOP_TOKEN=TOKEN, COMPOSE2AWS_SECRET_SIGNING="canary-of-production")
    assert done.returncode == 0, done.stderr
    assert held(project, SIGNING) == "canary-of-production"


def test_a_secret_that_is_declared_elsewhere_is_given_in_its_variable(project: Project) -> None:
    text = "name: shop\nservices:\n  web: {image: acme/web, secrets: [license]}\nsecrets: {license: {external: true}}\n"
    missing = project("deploy", "--yes", text=text)
    assert "set COMPOSE2AWS_SECRET_LICENSE in the environment or in .env" in missing.stderr
    given = project("deploy", "--yes", COMPOSE2AWS_SECRET_LICENSE="canary-license")
    assert given.returncode == 0, given.stderr
    assert held(project, f"{logical_id('license', 'SecretFile')}Stored") == "canary-license"


def test_a_mounted_key_is_deployed_as_a_secret(project: Project) -> None:
    key = "-----BEGIN PRIVATE KEY-----\ncanary/of/a/key\n-----END PRIVATE KEY-----\n"
    (project.folder / "server.key").write_text(key)
    text = "name: shop\nservices:\n  web:\n    image: acme/web\n    volumes: ['./server.key:/etc/web/server.key:ro']\n"
    wanted = project("deploy", "--yes", "--no-build", text=text)
    assert "leave --no-build out" in wanted.stderr
    (project.folder / "server.key").unlink()
    asked = project("deploy", "--yes", "--no-build")
    assert f"add its file, or set {secret_variable('./server.key')}" in asked.stderr


@pytest.mark.soak
def test_a_rehearsal_takes_what_is_given_and_makes_up_the_rest(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(TEXT)

    def rehearsed(**environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "compose2aws", "--tier", "development", "rehearse"],
            cwd=tmp_path,
            env=bare_environment() | environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "canary" not in done.stdout + done.stderr
        return done.stdout

    told = rehearsed()
    assert "made up for the rehearsal, to be given to a real deployment: " in told
    assert "SHOP_TOKEN" in told
    assert "signing" in told
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "signing.txt").write_text("canary-of-the-file")
    assert "made up" not in rehearsed(SHOP_TOKEN=TOKEN)


def test_explain_lists_the_secrets_that_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(TEXT)
    done = subprocess.run(
        [sys.executable, "-m", "compose2aws", "explain", "--format", "markdown"],
        cwd=tmp_path,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    to_give = next(line for line in done.stdout.splitlines() if "To give" in line)
    assert "COMPOSE2AWS_SECRET_SIGNING" in to_give.replace("\\_", "_")
    assert "SHOP_TOKEN" in to_give.replace("\\_", "_")
    assert "what its file holds when you deploy" in done.stdout
