"""Templates between the deployed one and the wanted one."""

from __future__ import annotations

from typing import Any

from compose2aws.delivery import transition


def _bucket(source: str = "services.a", **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Metadata": {"compose2aws": {"source": source}}, "Properties": properties}


def test_united_keeps_what_the_new_template_lacks_with_what_that_needs() -> None:
    old: dict[str, Any] = {
        "Parameters": {"Size": {"Type": "String"}, "Unused": {"Type": "String"}},
        "Conditions": {"Large": {"Fn::Equals": [{"Ref": "Size"}, "large"]}},
        "Resources": {
            "Kept": _bucket(),
            "Going": {**_bucket(BucketName={"Fn::If": ["Large", "large", "small"]}), "DependsOn": "Kept"},
        },
        "Outputs": {"GoingArn": {"Value": {"Fn::GetAtt": ["Going", "Arn"]}, "Export": {"Name": "base-Going-Arn"}}},
    }
    new = {"Resources": {"Kept": _bucket(BucketName="new")}}
    both = transition.united(new, old)
    assert both is not None
    assert both["Resources"]["Kept"]["Properties"] == {"BucketName": "new"}
    assert both["Resources"]["Going"] == old["Resources"]["Going"]
    assert set(both["Parameters"]) == {"Size"}
    assert both["Conditions"] == old["Conditions"]
    assert both["Outputs"] == old["Outputs"]


def test_united_is_nothing_where_nothing_goes() -> None:
    old = {"Resources": {"A": _bucket()}}
    assert transition.united({"Resources": {"A": _bucket(), "B": _bucket()}}, old) is None


def test_without_takes_along_what_cannot_be_there_alone() -> None:
    template = {
        "Resources": {
            "Cluster": {"Type": "AWS::RDS::DBCluster", "Properties": {}},
            "Writer": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": {"Ref": "Cluster"}}},
            "Other": {"Type": "AWS::S3::Bucket", "DependsOn": ["Writer", "Third"], "Properties": {}},
            "Third": {"Type": "AWS::S3::Bucket", "Properties": {}},
        },
        "Outputs": {
            "Host": {"Value": {"Fn::GetAtt": ["Cluster", "Endpoint.Address"]}},
            "Third": {"Value": {"Ref": "Third"}},
        },
    }
    left = transition.without(template, ["Cluster"])
    assert set(left["Resources"]) == {"Other", "Third"}
    assert left["Resources"]["Other"]["DependsOn"] == ["Third"]
    assert set(left["Outputs"]) == {"Third"}


def test_a_service_whose_name_goes_stays_and_registers_no_more() -> None:
    template = {
        "Resources": {
            "ApiName": {"Type": "AWS::ServiceDiscovery::Service", "Properties": {"Name": "api"}},
            "Api": {
                "Type": "AWS::ECS::Service",
                "Properties": {
                    "Cluster": "c",
                    "ServiceRegistries": [{"RegistryArn": {"Fn::GetAtt": ["ApiName", "Arn"]}}],
                },
            },
        }
    }
    left = transition.without(template, ["ApiName"])
    # Said with an empty list: AWS keeps what it is told nothing of.
    kept = {"Cluster": "c", "ServiceRegistries": []}
    assert left["Resources"] == {"Api": {"Type": "AWS::ECS::Service", "Properties": kept}}
    assert transition.registrants(template, ["ApiName"]) == {"Api"}


def test_frozen_writes_the_addresses_out_and_is_a_change_for_cloudformation() -> None:
    template = {
        "Resources": {
            "A": _bucket(
                BucketName={"Fn::Join": ["", ["x", {"Fn::ImportValue": "base-Db"}]]}, Other={"Fn::ImportValue": "o"}
            )
        }
    }
    left = transition.frozen(template, {"base-Db": "db.example", "unused": "u"})
    assert left is not None
    assert left["Resources"]["A"]["Properties"] == {
        "BucketName": {"Fn::Join": ["", ["x", "db.example"]]},
        "Other": {"Fn::ImportValue": "o"},
    }
    assert list(transition.imported(left)) == ["o"]
    assert left["Outputs"]
    assert transition.frozen(template, {"unused": "u"}) is None


def _name(name: str, kind: str = "A") -> dict[str, Any]:
    return {
        "Type": "AWS::ServiceDiscovery::Service",
        "Properties": {"Name": name, "DnsConfig": {"DnsRecords": [{"Type": kind, "TTL": "10"}]}},
    }


def test_a_name_that_gets_other_records_is_in_the_way_of_itself() -> None:
    old = {"app": {"Resources": {"DbName": _name("db"), "ApiName": _name("api")}}}
    new = {"app": {"Resources": {"DbName": _name("db", "CNAME"), "ApiName": _name("api")}}}
    assert transition.in_the_way(new, old) == {"app": {"DbName"}}


def test_a_name_under_another_id_is_in_the_way() -> None:
    old = {"app": {"Resources": {"DbName": _name("db")}}}
    assert transition.in_the_way({"app": {"Resources": {"DbAlias": _name("db", "CNAME")}}}, old) == {"app": {"DbName"}}


def test_a_rule_of_the_same_priority_is_in_the_way_only_on_its_own_listener() -> None:
    def rule(listener: str) -> dict[str, Any]:
        return {
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Properties": {"ListenerArn": {"Ref": listener}, "Priority": 7},
        }

    old = {"app": {"Resources": {"Old": rule("Https")}}}
    assert transition.in_the_way({"app": {"Resources": {"New": rule("Https")}}}, old) == {"app": {"Old"}}
    assert transition.in_the_way({"app": {"Resources": {"New": rule("Http")}}}, old) == {}


def test_grafted_leaves_a_database_as_it_was_and_brings_all_else() -> None:
    old = {
        "Parameters": {"V": {"Type": "String"}},
        "Resources": {
            "Group16": {"Type": "AWS::RDS::DBClusterParameterGroup", "Properties": {"Family": "16"}},
            "Db": {"Type": "AWS::RDS::DBCluster", "Properties": {"EngineVersion": {"Ref": "V"}}},
            "Else": _bucket(),
        },
    }
    new = {
        "Parameters": {"V": {"Type": "String"}},
        "Resources": {
            "Group16": {"Type": "AWS::RDS::DBClusterParameterGroup", "Properties": {"Family": "17"}},
            "Db": {"Type": "AWS::RDS::DBCluster", "Properties": {"EngineVersion": {"Ref": "V"}, "Port": 1}},
            "Else": _bucket(BucketName="x"),
        },
    }
    both = transition.grafted(new, old, {"Group16", "Db"})
    assert both["Resources"]["Db"] == old["Resources"]["Db"]
    assert both["Resources"]["Group16"] == old["Resources"]["Group16"]
    assert both["Resources"]["Else"] == new["Resources"]["Else"]
