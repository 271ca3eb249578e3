"""Deployments into MiniStack: what moto's own stacks cannot show, and our rehearsal shows by rules of our own writing.

That both engines, written by different people, take the same course is what these tests say. Where MiniStack (1.5.33)
does otherwise than AWS documents, a test's docstring says so and nothing is asserted of it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from compose2aws.delivery.change_set import ChangeSet, Wanted, make_change_set
from compose2aws.delivery.refusal import DeliveryError
from tests.second_engine.conftest import PROJECT, Yard

BASE = f"{PROJECT}-base"
APP = f"{PROJECT}-app"


def _base(**more: Any) -> dict[str, Any]:
    """A login, a text that is built with its password, and the login's name for the app."""
    login = {
        "Type": "AWS::SecretsManager::Secret",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "GenerateSecretString": {
                "SecretStringTemplate": '{"username":"app"}',
                "GenerateStringKey": "password",
                "PasswordLength": 32,
                "ExcludePunctuation": True,
            }
        },
    }
    address = "postgres://app:{{resolve:secretsmanager:${Login}:SecretString:password}}@db:5432/app"
    return {
        "Resources": {
            "Login": login,
            "Address": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": {"Fn::Sub": address}}},
            **more,
        },
        "Outputs": {"Login": {"Value": {"Ref": "Login"}, "Export": {"Name": f"{PROJECT}:Login"}}},
    }


def _app(*, image: str = "nginx:1", level: str = "info", name: str = "/yard/level", **more: Any) -> dict[str, Any]:
    """A setting, a task definition that reads base's secret, and what else is given."""
    container = {
        "Name": "web",
        "Image": image,
        "Essential": True,
        "Memory": 128,
        "Secrets": [{"Name": "LOGIN", "ValueFrom": {"Fn::ImportValue": f"{PROJECT}:Login"}}],
    }
    return {
        "Resources": {
            "Level": _setting(name, level),
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {"Family": "web", "ContainerDefinitions": [container]},
            },
            **more,
        },
        "Outputs": {"Task": {"Value": {"Ref": "Task"}}},
    }


def _setting(name: str, value: Any = "x", **more: Any) -> dict[str, Any]:
    """A named value: in place, its value can change and its name cannot; a name that is taken is refused."""
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Name": name, "Value": value}, **more}


def _files(mode: str) -> dict[str, Any]:
    return {
        "Type": "AWS::EFS::FileSystem",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"Encrypted": True, "PerformanceMode": mode},
    }


def _change_set(yard: Yard, stack: str, template: dict[str, Any]) -> ChangeSet:
    found = make_change_set(yard.account, Wanted(stack, PROJECT, json.dumps(template), {}), create=False)
    assert found is not None
    return found


def _replacements(found: ChangeSet) -> dict[str, tuple[str, str | None]]:
    return {one["LogicalResourceId"]: (one["Action"], one.get("Replacement")) for one in found.changes}


def test_a_first_deployment_makes_both_stacks(yard: Yard) -> None:
    outcome = yard.deploy(_base(), _app())
    assert outcome.changed
    assert yard.progress.steps == [f"Creating {BASE}", f"Creating {APP}"]
    assert (yard.status(BASE), yard.status(APP)) == ("CREATE_COMPLETE", "CREATE_COMPLETE")
    assert outcome.outputs == {"Task": yard.resources(APP)["Task"]}
    finished = {event.logical_id for event in yard.progress.events if event.status == "CREATE_COMPLETE"}
    assert {"Login", "Address", "Level", "Task"} <= finished


def test_a_second_deployment_of_the_same_does_nothing(yard: Yard) -> None:
    yard.deploy(_base(), _app())
    outcome = yard.deploy(_base(), _app())
    assert not outcome.changed
    assert (yard.progress.steps, yard.conversation.questions) == ([], [])


def test_a_secret_in_another_one_is_resolved_to_the_password_that_was_made(yard: Yard) -> None:
    yard.deploy(_base(), _app())
    made = yard.resources(BASE)
    password = json.loads(yard.secret(made["Login"]))["password"]
    assert len(password) == 32
    assert yard.secret(made["Address"]) == f"postgres://app:{password}@db:5432/app"


def test_a_change_in_place_keeps_the_resource(yard: Yard) -> None:
    yard.deploy(_base(), _app(level="info"))
    before = yard.resources(APP)
    assert _replacements(_change_set(yard, APP, _app(level="debug"))) == {"Level": ("Modify", "False")}
    yard.deploy(_base(), _app(level="debug"))
    assert yard.progress.steps == [f"Updating {APP}"]
    assert yard.status(APP) == "UPDATE_COMPLETE"
    assert yard.resources(APP) == before
    assert yard.settings() == {"/yard/level": "debug"}


def test_a_change_of_what_is_create_only_makes_the_resource_anew(yard: Yard) -> None:
    yard.deploy(_base(), _app(name="/yard/level"))
    assert _replacements(_change_set(yard, APP, _app(name="/yard/words"))) == {"Level": ("Modify", "True")}
    yard.deploy(_base(), _app(name="/yard/words"))
    assert yard.resources(APP)["Level"] == "/yard/words"
    assert set(yard.settings()) == {"/yard/words"}


def test_a_new_image_is_a_new_task_definition(yard: Yard) -> None:
    """AWS's change set says `True` of it; MiniStack does not know this type's rules and says `Conditional`."""
    yard.deploy(_base(), _app(image="nginx:1"))
    before = yard.resources(APP)
    yard.deploy(_base(), _app(image="nginx:2"))
    after = yard.resources(APP)
    assert after["Task"] != before["Task"]
    assert after["Level"] == before["Level"]


def test_what_holds_data_is_not_replaced_unasked_and_stays_in_the_account_when_it_is(yard: Yard) -> None:
    yard.deploy(_base(Files=_files("generalPurpose")), _app())
    old = yard.resources(BASE)["Files"]
    with pytest.raises(DeliveryError, match=r"would lose data(?s:.)*Files"):
        yard.deploy(_base(Files=_files("maxIO")), _app())
    assert yard.resources(BASE)["Files"] == old
    assert _replacements(_change_set(yard, BASE, _base(Files=_files("maxIO")))) == {"Files": ("Modify", "True")}
    yard.deploy(_base(Files=_files("maxIO")), _app(), allow_data_loss=True)
    new = yard.resources(BASE)["Files"]
    assert new != old
    assert yard.file_systems() == {old: "generalPurpose", new: "maxIO"}


def test_an_update_that_fails_is_rolled_back_and_nothing_is_other_than_before(yard: Yard) -> None:
    yard.deploy(_base(), _app(level="info"))
    before = yard.resources(APP)
    yard.take("/yard/taken")
    wanted = _app(level="debug", image="nginx:2", Taken=_setting("/yard/taken", DependsOn=["Level", "Task"]))
    with pytest.raises(DeliveryError) as refused:
        yard.deploy(_base(), wanted)
    said = str(refused.value)
    assert f"{APP} is UPDATE_ROLLBACK_COMPLETE" in said
    assert "Taken: " in said
    assert f"{APP} is as it was before" in said
    assert yard.status(APP) == "UPDATE_ROLLBACK_COMPLETE"
    assert yard.resources(APP) == before
    assert yard.settings() == {"/yard/level": "info", "/yard/taken": "somebody else's"}


def test_after_a_roll_back_the_mended_template_deploys(yard: Yard) -> None:
    yard.deploy(_base(), _app())
    yard.take("/yard/taken")
    with pytest.raises(DeliveryError, match="UPDATE_ROLLBACK_COMPLETE"):
        yard.deploy(_base(), _app(More=_setting("/yard/taken")))
    assert yard.deploy(_base(), _app(More=_setting("/yard/free"))).changed
    assert yard.status(APP) == "UPDATE_COMPLETE"
    assert yard.resources(APP)["More"] == "/yard/free"


def test_an_app_whose_creation_failed_is_made_anew_by_the_next_deployment(yard: Yard) -> None:
    yard.take("/yard/taken")
    with pytest.raises(DeliveryError, match=rf"{APP} is ROLLBACK_COMPLETE(?s:.)*Taken: "):
        yard.deploy(_base(), _app(Taken=_setting("/yard/taken", DependsOn=["Level", "Task"])))
    assert (yard.status(BASE), yard.status(APP)) == ("CREATE_COMPLETE", "ROLLBACK_COMPLETE")
    assert set(yard.settings()) == {"/yard/taken"}
    login = yard.resources(BASE)["Login"]
    yard.deploy(_base(), _app())
    assert any("ROLLBACK_COMPLETE" in note and "made anew" in note for note in yard.progress.notes)
    assert yard.progress.steps == [f"Removing {APP}", f"Creating {APP}"]
    assert yard.status(APP) == "CREATE_COMPLETE"
    assert yard.resources(BASE)["Login"] == login


def test_a_base_whose_creation_failed_goes_on_from_what_is_there(yard: Yard) -> None:
    yard.take("/yard/taken")
    wanted = _base(Files=_files("generalPurpose"), Taken=_setting("/yard/taken", DependsOn=["Files"]))
    with pytest.raises(DeliveryError, match=rf"{BASE} is CREATE_FAILED(?s:.)*it goes on from there"):
        yard.deploy(wanted, _app())
    files = yard.resources(BASE)["Files"]
    yard.client("ssm").delete_parameter(Name="/yard/taken")
    yard.deploy(wanted, _app())
    assert yard.resources(BASE)["Files"] == files
    assert yard.status(APP) == "CREATE_COMPLETE"


def test_a_stack_whose_export_is_in_use_is_not_deleted(yard: Yard) -> None:
    """MiniStack lets an update take an export away, or change it, that is in use; AWS refuses that too."""
    yard.deploy(_base(), _app())
    login = yard.resources(BASE)["Login"]
    with pytest.raises((DeliveryError, ClientError), match=r"in use by|imported by"):
        yard.remove(BASE)
    assert yard.status(BASE) == "CREATE_COMPLETE"
    assert login in yard.secrets()


def test_a_destroyed_project_leaves_what_holds_data_and_nothing_else(yard: Yard) -> None:
    """`Ref` of a secret is its name in MiniStack; AWS documents its ARN."""
    yard.deploy(_base(Files=_files("generalPurpose")), _app())
    files, login = (yard.resources(BASE)[name] for name in ("Files", "Login"))
    assert yard.remove(APP) == "DELETE_COMPLETE"
    assert yard.remove(BASE) == "DELETE_COMPLETE"
    assert (yard.status(BASE), yard.status(APP)) == (None, None)
    assert yard.settings() == {}
    assert set(yard.file_systems()) == {files}
    assert yard.secrets() == {login}


def test_what_the_app_still_imports_leaves_base_after_the_app(yard: Yard) -> None:
    def base(name: str) -> dict[str, Any]:
        made = _base(**{name: _setting(f"/yard/{name}")})
        made["Outputs"][name] = {"Value": {"Ref": name}, "Export": {"Name": f"{PROJECT}:{name}"}}
        return made

    def app(name: str) -> dict[str, Any]:
        return _app(Use=_setting("/yard/use", {"Fn::ImportValue": f"{PROJECT}:{name}"}))

    yard.deploy(base("Old"), app("Old"))
    yard.deploy(base("New"), app("New"))
    assert yard.progress.steps == [
        f"Updating {BASE}",
        f"Updating {APP}",
        f"Updating {BASE}: removing what nothing uses any more",
    ]
    assert "Old" not in yard.resources(BASE)
    assert yard.settings() == {"/yard/level": "info", "/yard/New": "x", "/yard/use": "/yard/New"}
