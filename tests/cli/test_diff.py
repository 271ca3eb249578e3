"""`diff` against files, run as a process: neither credentials nor a network are needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command, Outcome

SHOP = """\
name: shop
services:
  api:
    image: ghcr.io/acme/api:{tag}
    environment:
      TOKEN: ${{TOKEN:-}}
  db:
    image: postgres:16
    environment: {{POSTGRES_PASSWORD: s3cr3t-canary}}
x-aws: {{tier: development}}
"""


@pytest.fixture
def shop(command: Command, tmp_path: Path) -> Path:
    """A folder with a project, and what `synth` made of it in `old`."""
    (tmp_path / "compose.yaml").write_text(SHOP.format(tag="1"))
    assert command("synth", "-o", "old").returncode == 0
    return tmp_path


def changed(shop: Path) -> None:
    (shop / "compose.yaml").write_text(SHOP.format(tag="2"))


def words(outcome: Outcome) -> str:
    return " ".join(outcome.stderr.split())


def test_the_same_project_differs_in_nothing(command: Command, shop: Path) -> None:
    outcome = command("diff", "--against", "old", "--detailed-exitcode")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "Nothing would change.\n", "")


def test_a_change_is_told_and_exits_with_2_where_that_is_asked_for(command: Command, shop: Path) -> None:
    changed(shop)
    assert command("diff", "--against", "old").returncode == 0
    outcome = command("diff", "--against", "old", "--detailed-exitcode")
    assert outcome.returncode == 2
    assert "~ services.api: image 1 → 2, new tasks, no interruption" in outcome.stdout
    assert outcome.stdout.endswith("0 to add, 2 to change, 0 to remove.\n")


def test_json_is_the_whole_of_standard_output(command: Command, shop: Path) -> None:
    changed(shop)
    data = json.loads(command("diff", "--against", "old", "--format", "json").stdout)
    assert [stack["name"] for stack in data["stacks"]] == ["shop-base", "shop-app"]
    task = next(c for c in data["stacks"][1]["changes"] if c["logical_id"] == "ApiTaskDefinition")
    assert task["properties"] == [
        {
            "path": "ContainerDefinitions[api].Image",
            "before": "ghcr.io/acme/api:1",
            "after": "ghcr.io/acme/api:2",
        }
    ]
    assert (task["action"], task["replacement"], task["stateful"]) == ("modify", "always", False)


def test_markdown_begins_with_the_mark_that_a_pipeline_looks_for(command: Command, shop: Path) -> None:
    changed(shop)
    outcome = command("diff", "--against", "old", "--format", "markdown")
    assert outcome.stdout.startswith("<!-- compose2aws diff shop -->\n")


def test_a_single_template_is_compared_with_its_own_stack(command: Command, shop: Path) -> None:
    changed(shop)
    assert command("diff", "--against", "old/shop-base.template.yaml").stdout == "Nothing would change.\n"
    (shop / "elsewhere.yaml").write_bytes((shop / "old" / "shop-app.template.yaml").read_bytes())
    assert "image 1 → 2" in command("diff", "--against", "elsewhere.yaml").stdout


def test_a_template_that_does_not_name_its_stack_is_known_by_its_file(command: Command, shop: Path) -> None:
    text = (
        (shop / "old" / "shop-app.template.yaml")
        .read_text()
        .replace("  compose2aws:\n    project", "  other:\n    project")
    )
    (shop / "shop-app.template.yaml").write_text(text)
    assert command("diff", "--against", "shop-app.template.yaml").stdout == "Nothing would change.\n"
    (shop / "what.yaml").write_text(text)
    outcome = command("diff", "--against", "what.yaml")
    assert outcome.returncode == 1
    assert "it does not say which stack it is of" in words(outcome)


def test_a_stack_that_is_no_longer_made_goes(command: Command, shop: Path) -> None:
    manifest = json.loads((shop / "old" / "manifest.json").read_text())
    manifest["stacks"].append({**manifest["stacks"][1], "name": "shop-app-2"})
    (shop / "old" / "manifest.json").write_text(json.dumps(manifest))
    data = json.loads(command("diff", "--against", "old", "--format", "json").stdout)
    assert {change["action"] for change in data["stacks"][2]["changes"]} == {"remove"}


def test_what_cannot_be_compared_with_is_told_in_a_sentence(command: Command, shop: Path) -> None:
    (shop / "x.yaml").write_text("a: [")
    outcome = command("diff", "--against", "x.yaml")
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("compose2aws: x.yaml, line 2: this is not a CloudFormation template")


def test_wrong_usage_exits_with_1_where_2_means_a_change(command: Command, shop: Path) -> None:
    for wrong in (["--nonsense"], ["--against", "missing"], ["--drift-aware"], ["--format", "xml"]):
        assert command("diff", *wrong).returncode == 2
        assert command("diff", "--detailed-exitcode", *wrong).returncode == 1


def test_a_refused_project_exits_with_1(command: Command, shop: Path) -> None:
    (shop / "compose.yaml").write_text("name: shop\nservices: {a: {image: }}\n")
    for options in ([], ["--detailed-exitcode"]):
        outcome = command("diff", "--against", "old", *options)
        assert (outcome.returncode, outcome.stdout) == (1, "")


def test_a_change_set_cannot_be_made_of_files(command: Command, shop: Path) -> None:
    outcome = command("diff", "--against", "old", "--change-set")
    assert outcome.returncode == 2
    assert "does not go with --against" in words(outcome)


def test_no_account_is_needed_and_no_boto3_loaded(command: Command, shop: Path) -> None:
    changed(shop)
    outcome = command("diff", "--against", "old", environment={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in outcome.stderr.splitlines() if "|" in line}
    assert "compose2aws.delivery.difference.comparison" in loaded
    assert not {"boto3", "moto", "cfnlint", "rich"} & loaded


def test_no_secret_is_in_any_output(command: Command, shop: Path) -> None:
    (shop / "compose.yaml").write_text(SHOP.format(tag="2").replace("s3cr3t-canary", "n3w-canary"))
    for format_ in ("text", "json", "markdown"):
        outcome = command("diff", "--against", "old", "--format", format_, environment={"TOKEN": "t0k3n-canary"})
        assert outcome.returncode == 0
        assert "canary" not in outcome.stdout + outcome.stderr


def test_without_an_account_the_reason_is_one_sentence(command: Command, shop: Path, tmp_path: Path) -> None:
    nobody = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "HOME": str(tmp_path)}
    outcome = command("diff", environment={**nobody, "AWS_EC2_METADATA_DISABLED": "true"})
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("compose2aws: no AWS region is set")
    outcome = command("diff", "--region", "eu-west-1", environment={**nobody, "AWS_EC2_METADATA_DISABLED": "true"})
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("compose2aws: no AWS credentials were found")
