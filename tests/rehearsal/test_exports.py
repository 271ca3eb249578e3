"""Exports and imports: what one stack gives another cannot change or go while it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Stacks


def _base(display: str = "one", *, exported: bool = True, value: Any = None) -> dict[str, Any]:
    template: dict[str, Any] = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": display}}}
    }
    if exported:
        output = {"Value": value or {"Ref": "Topic"}, "Export": {"Name": "base:Topic"}}
        template["Outputs"] = {"Topic": output}
    return template


APP: dict[str, Any] = {
    "Resources": {
        "Parameter": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "base:Topic"}},
        }
    }
}


@pytest.fixture
def linked(stacks: Stacks) -> Stacks:
    assert stacks.create("base", _base())["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.create("app", APP)["StackStatus"] == "CREATE_COMPLETE"
    return stacks


def test_an_import_gives_the_exported_value(linked: Stacks) -> None:
    value = linked.client("ssm").get_parameter(Name=linked.physical("app", "Parameter"))["Parameter"]["Value"]
    assert value == linked.physical("base", "Topic")


def test_exports_and_their_importers_are_listed(linked: Stacks) -> None:
    client = linked.client("cloudformation")
    [export] = client.list_exports()["Exports"]
    assert (export["Name"], export["Value"]) == ("base:Topic", linked.physical("base", "Topic"))
    assert client.list_imports(ExportName="base:Topic")["Imports"] == ["app"]
    assert linked.described("base")["Outputs"][0]["ExportName"] == "base:Topic"


def test_an_import_of_nothing_fails_the_stack(stacks: Stacks) -> None:
    assert stacks.create("app", APP)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "No export named base:Topic found" in stacks.reason("app", "Parameter")


def test_an_export_in_use_cannot_be_removed(linked: Stacks) -> None:
    assert linked.update("base", _base(exported=False))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [reason for _, status, reason in linked.events("base") if status == "UPDATE_ROLLBACK_IN_PROGRESS"]
    assert reasons == ["Export base:Topic cannot be deleted as it is in use by app"]
    assert "base:Topic" in str(linked.client("cloudformation").list_exports()["Exports"])


def test_an_export_in_use_cannot_change(linked: Stacks) -> None:
    changed = linked.update("base", _base(value={"Fn::GetAtt": ["Topic", "TopicName"]}))
    assert changed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [reason for _, _, reason in linked.events("base")]
    assert "Export base:Topic cannot be updated as it is in use by app" in reasons


def test_a_stack_whose_export_is_in_use_cannot_be_deleted(linked: Stacks) -> None:
    with pytest.raises(ClientError, match="Export base:Topic cannot be deleted as it is in use by app"):
        linked.client("cloudformation").delete_stack(StackName="base")
    assert linked.described("base")["StackStatus"] == "CREATE_COMPLETE"


def test_an_update_that_keeps_the_export_goes_through(linked: Stacks) -> None:
    assert linked.update("base", _base("two"))["StackStatus"] == "UPDATE_COMPLETE"


def test_once_nobody_imports_it_an_export_can_go(linked: Stacks) -> None:
    without = {
        "Resources": {"Parameter": {**APP["Resources"]["Parameter"], "Properties": {"Type": "String", "Value": "x"}}}
    }
    assert linked.update("app", without)["StackStatus"] == "UPDATE_COMPLETE"
    assert linked.update("base", _base(exported=False))["StackStatus"] == "UPDATE_COMPLETE"
    assert linked.client("cloudformation").list_exports()["Exports"] == []


def test_deleting_the_importer_frees_the_export(linked: Stacks) -> None:
    assert linked.delete("app")["StackStatus"] == "DELETE_COMPLETE"
    assert linked.delete("base")["StackStatus"] == "DELETE_COMPLETE"


def test_two_stacks_cannot_export_one_name(linked: Stacks) -> None:
    assert linked.create("other", _base())["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = " ".join(reason for _, _, reason in linked.events("other"))
    assert "Export with name base:Topic is already exported by stack base" in reasons


def test_an_import_that_failed_holds_no_export(stacks: Stacks) -> None:
    stacks.create("base", _base())
    broken = {"Resources": {**APP["Resources"], "Bad": {"Type": "AWS::SNS::Topic", "Properties": {"Nonsense": 1}}}}
    assert stacks.create("app", broken)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.delete("base")["StackStatus"] == "DELETE_COMPLETE"


def test_what_a_stack_imports_that_was_left_where_it_failed_is_in_use(stacks: Stacks) -> None:
    stacks.create("base", _base())
    broken = {
        "Resources": {
            **APP["Resources"],
            "Bad": {"Type": "AWS::SNS::Topic", "DependsOn": "Parameter", "Properties": {"Nonsense": 1}},
        }
    }
    assert stacks.create("app", broken, OnFailure="DO_NOTHING")["StackStatus"] == "CREATE_FAILED"
    with pytest.raises(ClientError, match="in use by app"):
        stacks.client("cloudformation").delete_stack(StackName="base")
