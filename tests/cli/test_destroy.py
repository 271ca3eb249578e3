"""`destroy` as a process where somebody else has a part in the stacks: imports, protection set by hand, change sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compose2aws.cli import program
from compose2aws.delivery import foreign_import
from compose2aws.rehearsal import RehearsalServer
from tests.cli.test_deploy import SHOP, Project
from tests.delivery.situation import use
from tests.delivery.test_foreign_import import exported, import_it

TOPIC = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        yield Project(tmp_path, server.use_services())


def test_nothing_is_removed_while_a_stack_of_others_imports_what_would_go(project: Project) -> None:
    project.shop.deploy(SHOP, tier="production")
    export = exported(project.shop, "CacheReplicationGroup")[0]
    import_it(project.shop, export)
    app = project.shop.resources("shop-app")
    done = project("destroy", "--with-data", "--yes", "--confirm", "shop")
    assert done.returncode == 1
    assert f"the stack other imports the export {export}; remove the import there first" in done.stderr
    assert "would be removed" not in done.stderr
    assert project.shop.resources("shop-app") == app
    assert project.shop.client("rds").describe_db_clusters()["DBClusters"][0]["DeletionProtection"]
    assert all(one["EnableTerminationProtection"] for one in _stacks(project) if one["StackName"] != "other")
    app_alone = project("destroy", "--yes")
    assert app_alone.returncode == 0, app_alone.stderr
    assert project.shop.status("shop-app") is None


def test_protection_that_is_to_be_switched_off_is_told_before_it_is_asked(project: Project) -> None:
    project.shop.deploy(SHOP)
    project.shop.client("cloudformation").update_termination_protection(
        StackName="shop-app", EnableTerminationProtection=True
    )
    unasked = project("destroy")
    assert unasked.returncode == 2
    assert "Termination protection of shop-app is on: it is switched off first." in unasked.stderr
    assert {one["StackName"]: one["EnableTerminationProtection"] for one in _stacks(project)}["shop-app"]
    assert project("destroy", "--yes").returncode == 0
    assert project.shop.status("shop-app") is None


def test_a_removal_that_is_refused_tells_what_is_no_longer_protected(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The import comes between the look and the removal."""
    project.shop.deploy(SHOP, tier="production")
    import_it(project.shop, exported(project.shop, "DbCluster")[0])
    monkeypatch.setattr(foreign_import, "check_removal", lambda *_: None)
    assert program.run(["-p", "shop", "destroy", "--with-data", "--yes", "--confirm", "shop"]) == 1
    told = capsys.readouterr().err
    assert "in use by other" in told
    assert "The protection of the databases of shop-base from deletion is off" in told
    assert "Termination protection of shop-base is off: `compose2aws deploy` switches it on again." in told


def test_a_change_set_of_somebody_else_is_named_before_its_stack_goes(project: Project) -> None:
    project.shop.client("cloudformation").create_change_set(
        StackName="shop-app",
        ChangeSetName="waiting-for-a-word",
        ChangeSetType="CREATE",
        TemplateBody=TOPIC,
        Tags=[{"Key": "compose2aws:project", "Value": "shop"}],
    )
    unasked = project("destroy", text=SHOP)
    assert unasked.returncode == 2
    assert "shop-app holds nothing but the change set waiting-for-a-word" in unasked.stderr
    assert project.shop.status("shop-app") == "REVIEW_IN_PROGRESS"
    assert project("destroy", "--yes").returncode == 0
    assert project.shop.status("shop-app") is None


def _stacks(project: Project) -> list[dict[str, object]]:
    found: list[dict[str, object]] = project.server.client("cloudformation").describe_stacks()["Stacks"]
    return found
