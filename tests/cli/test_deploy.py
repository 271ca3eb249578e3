"""`deploy` and `destroy` as processes against a rehearsal server: output, exit codes, and what is in the account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose2aws.rehearsal import RehearsalServer
from compose2aws.rehearsal.stack import store
from tests.bare_environment import bare_environment
from tests.delivery.images.conftest import STAND_IN
from tests.delivery.situation import Shop, use

SHOP = """
name: shop
services:
  api:
    image: ghcr.io/acme/api:1
    ports: ["8080:8080"]
    environment:
      DATABASE_URL: postgres://app:canary-password@db:5432/app
      REDIS_URL: redis://cache:6379/0
      LOG_LEVEL: info
      JWT_SECRET: canary-token-of-the-shop
  db:
    image: postgres:16
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: canary-password, POSTGRES_DB: app}
  cache:
    image: redis:7
"""
WITHOUT_CACHE = SHOP.replace("      REDIS_URL: redis://cache:6379/0\n", "").replace(
    "  cache:\n    image: redis:7\n", ""
)


class Project:
    """A project in a folder, the command on it, and the account."""

    def __init__(self, folder: Path, server: RehearsalServer) -> None:
        self.folder = folder
        self.server = server
        self.shop = Shop(folder, server)

    def __call__(
        self, *arguments: str, text: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        if text is not None:
            (self.folder / "compose.yaml").write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "compose2aws", "--tier", "development", *arguments],
            cwd=self.folder,
            env=bare_environment() | self.server.environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr
        assert "canary" not in done.stdout + done.stderr
        return done


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        yield Project(tmp_path, server.use_services())


def test_a_first_deployment_tells_what_it_makes_and_where_the_app_is(project: Project) -> None:
    done = project("deploy", "--yes", text=SHOP)
    assert done.returncode == 0, done.stderr
    assert "shop (development) → account 123456789012, us-east-1" in done.stderr
    assert "services.db: added" in done.stderr
    assert "Creating shop-base" in done.stderr
    assert "Creating shop-app" in done.stderr
    assert done.stdout.startswith("ApiServiceUrl8080  http://")
    assert project.shop.status("shop-base") == project.shop.status("shop-app") == "CREATE_COMPLETE"
    again = project("deploy", "--yes")
    assert again.returncode == 0
    assert "Nothing to change" in again.stderr
    assert again.stdout == done.stdout


def test_everything_that_is_asked_before_is_answered(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    done = project("deploy", "--yes", text=SHOP)
    assert done.returncode == 0, done.stderr
    assert "could not be checked" not in done.stderr
    assert "may not be allowed" not in done.stderr
    account = capfd.readouterr()
    assert "Error on request" not in account.err
    assert "Unable to find" not in account.out


def test_a_name_that_is_taken_is_told_before_anything_is_touched(project: Project) -> None:
    keys = project.server.client("kms")
    keys.create_alias(AliasName="alias/shop-base", TargetKeyId=keys.create_key()["KeyMetadata"]["KeyId"])
    done = project("--tier", "production", "deploy", "--yes", text=SHOP)
    assert done.returncode == 1
    assert "there is a AWS::KMS::Alias called alias/shop-base in this account already" in done.stderr
    assert project.shop.status("shop-base") is None


def test_without_a_terminal_and_without_yes_nothing_is_touched(project: Project) -> None:
    done = project("deploy", text=SHOP)
    assert done.returncode == 2
    assert "give --yes" in done.stderr
    assert project.shop.status("shop-base") is None


def test_an_update_tells_the_change_in_the_words_of_the_file(project: Project) -> None:
    project.shop.deploy(SHOP)
    done = project("deploy", "--yes", text=SHOP.replace("LOG_LEVEL: info", "LOG_LEVEL: debug"))
    assert done.returncode == 0, done.stderr
    assert "~ services.api: environment LOG_LEVEL, new tasks, no interruption" in done.stderr
    assert "Updating shop-app" in done.stderr
    assert "shop-base" not in done.stderr


def test_an_update_that_fails_says_why_and_exits_with_1(project: Project) -> None:
    project.shop.deploy(SHOP)
    before = project.shop.resources("shop-app")
    operation = {
        "stack": "app",
        "op": "replace",
        "path": "/Resources/ApiExecutionRole/Properties/Policies/0/PolicyDocument",
        "value": {"Version": "1999-01-01", "Statement": []},
    }
    done = project("deploy", "--yes", text=SHOP + f"\nx-aws: {json.dumps({'patches': [operation]})}\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "ApiExecutionRole (services.api): Syntax errors in policy" in done.stderr
    assert "shop-app is as it was before" in done.stderr
    assert project.shop.resources("shop-app") == before


def test_a_removal_that_loses_data_needs_its_flag(project: Project) -> None:
    project.shop.deploy(SHOP)
    refused = project("deploy", "--yes", text=WITHOUT_CACHE)
    assert refused.returncode == 1
    assert "would lose data" in refused.stderr
    assert "services.cache" in refused.stderr
    assert "CacheReplicationGroup" in project.shop.resources("shop-base")
    done = project("deploy", "--yes", "--allow-data-loss")
    assert done.returncode == 0, done.stderr
    assert "CacheReplicationGroup" not in project.shop.resources("shop-base")


def test_values_that_nobody_gives_are_named_at_once(project: Project) -> None:
    text = SHOP.replace("canary-token-of-the-shop", "${JWT_SECRET}").replace(
        "info", "info\n      API_TOKEN: ${API_TOKEN}"
    )
    done = project("deploy", "--yes", text=text)
    assert done.returncode == 1
    assert "set JWT_SECRET in the environment or in .env" in done.stderr
    assert "set API_TOKEN in the environment or in .env" in done.stderr
    assert project.shop.status("shop-base") is None
    (project.folder / ".env").write_text("JWT_SECRET=canary-one-of-the-file\nAPI_TOKEN=canary-two-of-the-file\n")
    assert project("deploy", "--yes").returncode == 0
    (project.folder / ".env").unlink()
    kept = project("deploy", "--yes")
    assert kept.returncode == 0
    assert "Nothing to change" in kept.stderr


def test_what_would_stop_it_half_way_is_told_before_anything_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        done = Project(tmp_path, server)("deploy", "--yes", text=SHOP)
        assert done.returncode == 1
        assert "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com" in done.stderr
        assert server.client("cloudformation").describe_stacks()["Stacks"] == []


def test_destroy_keeps_the_data_unless_it_is_asked_for_twice(project: Project) -> None:
    project.shop.deploy(SHOP)
    base = project.shop.resources("shop-base")
    done = project("destroy", "--yes")
    assert done.returncode == 0, done.stderr
    assert project.shop.status("shop-app") is None
    assert project.shop.resources("shop-base") == base
    assert "shop-base with its data stays" in done.stderr
    wrong = project("destroy", "--with-data", "--yes", "--confirm", "shopp")
    assert wrong.returncode == 1
    assert project.shop.resources("shop-base") == base
    unasked = project("destroy", "--with-data", "--yes")
    assert unasked.returncode == 2
    assert project.shop.resources("shop-base") == base
    gone = project("destroy", "--with-data", "--confirm", "shop")
    assert gone.returncode == 0, gone.stderr
    assert project.shop.status("shop-base") is None
    assert "AWS::KMS::Key" in gone.stderr
    assert "they are lost where it is deleted" in gone.stderr
    nothing = project("destroy", "--yes")
    assert nothing.returncode == 0
    assert "Nothing of shop to remove" in nothing.stderr


def test_a_protected_production_can_be_destroyed_with_its_data(project: Project) -> None:
    project.shop.deploy(SHOP, tier="production")
    assert project("destroy", "--with-data", "--yes", "--confirm", "shop").returncode == 0
    assert project.server.client("cloudformation").describe_stacks()["Stacks"] == []
    assert project.server.client("rds").describe_db_clusters()["DBClusters"] == []


def test_a_production_whose_removal_failed_half_way_can_be_destroyed(project: Project) -> None:
    project.shop.deploy(SHOP, tier="production")
    project("destroy", "--yes")
    base = store(project.server.region).find("shop-base")
    assert base is not None
    base.set_status("DELETE_FAILED", "the databases were protected when the stack was deleted in the console")
    done = project("destroy", "--with-data", "--yes", "--confirm", "shop")
    assert done.returncode == 0, done.stderr
    assert project.shop.status("shop-base") is None
    assert project.server.client("rds").describe_db_clusters()["DBClusters"] == []


def test_images_are_built_once_pushed_and_taken_by_digest(project: Project, tmp_path: Path) -> None:
    binaries, record = tmp_path / "bin", tmp_path / "record"
    binaries.mkdir()
    docker = binaries / "docker"
    docker.write_text(f"#!{sys.executable}\n" + STAND_IN.read_text())
    docker.chmod(0o755)
    environment = {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "STAND_IN_RECORD": str(record)}
    for name in ("web", "worker"):
        (project.folder / name).mkdir()
        (project.folder / name / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
        (project.folder / name / "code").write_text("first")
    text = """
        name: shop
        services:
          web: {build: web, ports: ["80:80"]}
          worker: {build: worker, restart: always}
        """
    unbuilt = project("deploy", "--yes", "--no-build", text=textwrap.dedent(text), **environment)
    assert unbuilt.returncode == 1
    assert "web" in unbuilt.stderr
    assert "worker" in unbuilt.stderr
    assert project.shop.status("shop-app") is None
    done = project("deploy", "--yes", **environment)
    assert done.returncode == 0, done.stderr
    assert "Building and pushing 2 images" in done.stderr
    first = project.shop.parameters("shop-app")
    assert first["WebImage"].startswith("sha256:")
    again = project("deploy", "--yes", **environment)
    assert again.returncode == 0
    assert "Nothing to change" in again.stderr
    assert len(record.read_text().splitlines()) == 1
    (project.folder / "worker" / "code").write_text("second")
    told = project("diff", "--detailed-exitcode", **environment)
    assert told.returncode == 2
    assert "services.worker: image" in told.stdout
    assert "(a new build)" in told.stdout
    assert "services.web" not in told.stdout
    assert "stand for themselves with a digest of zeros" in project("diff", "--change-set", **environment).stderr
    asked = project("deploy", **environment)
    assert asked.returncode == 2
    assert "services.worker: image" in asked.stderr
    assert len(record.read_text().splitlines()) == 1
    changed = project("deploy", "--yes", **environment)
    assert changed.returncode == 0, changed.stderr
    assert "Building and pushing 1 image" in changed.stderr
    second = project.shop.parameters("shop-app")
    assert second["WebImage"] == first["WebImage"]
    assert second["WorkerImage"] != first["WorkerImage"]
    assert json.loads(record.read_text().splitlines()[-1])["targets"] == ["worker"]


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "no AWS region is set"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""},
            "no AWS credentials were found",
        ),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "nothing answers at http://127.0.0.1:9"),
        ({"AWS_PROFILE": "nobody"}, "there is no AWS profile 'nobody'"),
    ],
)
def test_what_is_missing_to_reach_aws_is_one_sentence(
    project: Project, environment: dict[str, str], sentence: str
) -> None:
    done = project("deploy", "--yes", text=SHOP, **environment)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("compose2aws:")]) == 1
