"""The passes of a deployment: base, apps, and what goes only when nothing uses it any more."""

from __future__ import annotations

from typing import Any

from compose2aws.delivery.passes import Pass, Situation, passes


def _template(*names: str, exports: tuple[str, ...] = (), imports: tuple[str, ...] = ()) -> dict[str, Any]:
    resources: dict[str, Any] = {name: {"Type": "AWS::S3::Bucket", "Properties": {}} for name in names}
    if imports:
        resources["User"] = {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"Values": [{"Fn::ImportValue": name} for name in imports]},
        }
    outputs = {name: {"Value": {"Ref": name}, "Export": {"Name": f"base-{name}"}} for name in exports}
    return {"Resources": resources, "Outputs": outputs}


def _told(done: tuple[Pass, ...]) -> list[tuple[str, list[str] | None]]:
    return [(one.stack, None if one.template is None else sorted(one.template["Resources"])) for one in done]


def test_the_first_deployment_makes_base_then_app_and_protects_last() -> None:
    found = passes(Situation({"base": _template("Db"), "app": _template("Api")}, {}, protect=True))
    assert _told(found.before_images) == [("base", ["Db"])]
    assert found.before_images[0].protection is False
    assert _told(found.after_images) == [("app", ["Api"]), ("base", ["Db"])]
    assert found.after_images[-1].protection is True


def test_what_the_app_still_uses_leaves_base_after_the_app() -> None:
    found = passes(
        Situation(
            {"base": _template("Vpc", exports=("Vpc",)), "app": _template("Api", imports=("base-Vpc",))},
            {
                "base": _template("Vpc", "Cache", exports=("Vpc", "Cache")),
                "app": _template("Api", imports=("base-Vpc", "base-Cache")),
            },
        )
    )
    assert _told(found.before_images) == [("base", ["Cache", "Vpc"])]
    assert found.before_images[0].template is not None
    assert set(found.before_images[0].template["Outputs"]) == {"Vpc", "Cache"}
    assert _told(found.after_images) == [("app", ["Api", "User"]), ("base", ["Vpc"])]


def test_an_addition_and_a_removal_at_once_take_one_pass_more_and_no_other_order() -> None:
    found = passes(
        Situation(
            {"base": _template("New", exports=("New",)), "app": _template(imports=("base-New",))},
            {"base": _template("Old", exports=("Old",)), "app": _template(imports=("base-Old",))},
        )
    )
    assert _told(found.before_images) == [("base", ["New", "Old"])]
    assert _told(found.after_images) == [("app", ["User"]), ("base", ["New"])]


def test_the_address_of_what_is_made_anew_is_written_out_before_it_changes() -> None:
    found = passes(
        Situation(
            {"base": _template("Db", exports=("Db",)), "app": _template(imports=("base-Db",))},
            {"base": _template("Db", exports=("Db",)), "app": _template(imports=("base-Db",))},
            exported={"base-Db": "db.example"},
            made_anew={"Db"},
            lost={"Db"},
            protected=True,
        )
    )
    protection, written, base = found.before_images
    assert (protection.stack, protection.protection) == ("base", False)
    assert written.stack == "app"
    assert written.template is not None
    assert written.template["Resources"]["User"]["Properties"]["Values"] == ["db.example"]
    assert base.stack == "base"
    assert found.after_images[0].template is not None
    assert found.after_images[0].template["Resources"]["User"]["Properties"]["Values"] == [
        {"Fn::ImportValue": "base-Db"}
    ]


def test_what_becomes_another_type_goes_before_it_comes() -> None:
    old, new = _template("Db", "Vpc"), _template("Db", "Vpc")
    new["Resources"]["Db"]["Type"] = "AWS::DocDB::DBCluster"
    found = passes(Situation({"base": new, "app": _template()}, {"base": old, "app": _template()}, lost={"Db"}))
    assert _told(found.before_images) == [("base", ["Vpc"]), ("base", ["Db", "Vpc"])]


def test_a_major_upgrade_is_a_pass_of_its_own_after_a_snapshot() -> None:
    def base(group: str, size: str) -> dict[str, Any]:
        made = _template("Else")
        metadata = {"Metadata": {"compose2aws": {"source": "services.db"}}}
        made["Resources"]["Group"] = {"Type": "G", **metadata, "Properties": {"Family": group}}
        made["Resources"]["Db"] = {"Type": "D", **metadata, "Properties": {"EngineVersion": {"Ref": "V"}}}
        made["Resources"]["Else"]["Properties"] = {"Size": size}
        return made

    new = base("17", "large")
    found = passes(Situation({"base": new, "app": _template()}, {"base": base("16", "small")}, upgraded={"V"}))
    rest, upgrade = found.before_images
    assert rest.template is not None
    assert rest.template["Resources"]["Group"]["Properties"] == {"Family": "16"}
    assert rest.template["Resources"]["Else"]["Properties"] == {"Size": "large"}
    assert (upgrade.snapshots, upgrade.template) == (("Db",), new)


def test_a_shard_that_is_no_longer_needed_goes_after_the_apps() -> None:
    wanted = {"base": _template("Vpc"), "app": _template("Api")}
    deployed = {"base": _template("Vpc"), "app": _template("Api"), "app-2": _template("Worker")}
    assert _told(passes(Situation(wanted, deployed)).after_images) == [("app", ["Api"]), ("app-2", None)]


def test_what_shards_import_of_the_app_goes_after_them() -> None:
    app = _template("Api")
    shared = _template("Api", "Shared", exports=("Shared",))
    found = passes(
        Situation(
            {"base": _template("Vpc"), "app": app, "app-2": _template("Worker")},
            {"base": _template("Vpc"), "app": shared, "app-2": _template("Worker", imports=("base-Shared",))},
        )
    )
    assert _told(found.after_images) == [
        ("app", ["Api", "Shared"]),
        ("app-2", ["Worker"]),
        ("app", ["Api"]),
    ]


def test_a_name_that_changes_its_kind_is_freed_first_and_its_service_starts_anew() -> None:
    def app(kind: str) -> dict[str, Any]:
        name = {
            "Type": "AWS::ServiceDiscovery::Service",
            "Properties": {"Name": "db", "DnsConfig": {"DnsRecords": [{"Type": kind}]}},
        }
        service = {
            "Type": "AWS::ECS::Service",
            "Properties": {"ServiceRegistries": [{"RegistryArn": {"Fn::GetAtt": ["DbName", "Arn"]}}]},
        }
        return {"Resources": {"DbName": name, "Db": service}}

    base = _template("Vpc")
    found = passes(Situation({"base": base, "app": app("A")}, {"base": base, "app": app("SRV")}))
    freed, made = found.after_images
    assert _told((freed,)) == [("app", ["Db"])]
    assert made.force == ("Db",)
