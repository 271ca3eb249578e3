"""What counts as a change of a template, and what AWS makes of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from compose2aws.delivery.difference import Change, StackDifference, compare
from compose2aws.delivery.template_text import read_template

Body = dict[str, Any]


def template(resources: dict[str, Body], **sections: Any) -> Body:
    return {**sections, "Resources": resources}


def difference(before: Body | None, after: Body | None, **options: Any) -> StackDifference:
    options.setdefault("before_parameters", {})
    options.setdefault("after_parameters", {})
    return compare(before, after, name="shop-app", status="UPDATE_COMPLETE", **options)


def changes(before: Body | None, after: Body | None, **options: Any) -> dict[str, Change]:
    return {one.logical_id: one for one in difference(before, after, **options).changes}


def paths(before: Body, after: Body, kind: str = "AWS::ECS::TaskDefinition", **options: Any) -> dict[str, Any]:
    """The changed paths of one resource with these properties before and after, with both values."""
    sides = (template({"It": {"Type": kind, "Properties": side}}) for side in (before, after))
    found = difference(*sides, **options).changes
    return {one.path: (one.before, one.after) for change in found for one in change.properties}


TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "a"}}


# What is no change


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Cpu": 256}, {"Cpu": "256"}),
        ({"EnableFaultInjection": True}, {"EnableFaultInjection": "true"}),
        ({"Cpu": 256.0}, {"Cpu": 256}),
        ({"Volumes": [{"Name": "a"}, {"Name": "b"}]}, {"Volumes": [{"Name": "b"}, {"Name": "a"}]}),
        ({"Family": {"Fn::Join": ["-", ["a", "b"]]}}, {"Family": "a-b"}),
        (
            {"Family": {"Fn::Join": ["", ["x-", {"Ref": "AWS::Region"}]]}},
            {"Family": {"Fn::Sub": "x-${AWS::Region}"}},
        ),
        ({"TaskRoleArn": {"Fn::GetAtt": "Role.Arn"}}, {"TaskRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}),
        ({"Family": "a", "Cpu": {"Ref": "AWS::NoValue"}}, {"Family": "a"}),
    ],
)
def test_the_same_meaning_is_no_change(before: Body, after: Body) -> None:
    assert paths(before, after) == {}


def test_metadata_descriptions_and_order_are_no_change() -> None:
    before = template({"A": {**TOPIC, "Metadata": {"compose2aws": {"source": "x"}}}, "B": TOPIC}, Description="one")
    after = template({"B": TOPIC, "A": {**TOPIC, "DependsOn": "B"}}, Description="two", Metadata={"a": 1})
    assert difference(before, after).is_empty


def test_short_forms_mean_the_same_as_long_ones() -> None:
    short = """
        Resources:
          A:
            Type: AWS::SNS::Topic
            Properties: {DisplayName: !Join ['', [!Ref AWS::Region, !GetAtt B.TopicName, !Sub 'x${B}']]}
          B: {Type: AWS::SNS::Topic}
    """
    long = """{"Resources": {"B": {"Type": "AWS::SNS::Topic"}, "A": {"Type": "AWS::SNS::Topic", "Properties": {
        "DisplayName": {"Fn::Sub": "${AWS::Region}${B.TopicName}x${B}"}}}}}"""
    assert difference(read_template(short, "a"), read_template(long, "b")).is_empty


def test_policies_are_sets_whatever_their_form() -> None:
    def role(document: Body) -> Body:
        return {"AssumeRolePolicyDocument": document, "Policies": [{"PolicyName": "p", "PolicyDocument": document}]}

    one = {"Statement": [{"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": ["*"]}, {"Effect": "Deny"}]}
    two = {"Statement": [{"Effect": "Deny"}, {"Resource": "*", "Action": ["a:C", "a:B"], "Effect": "Allow"}]}
    assert paths(role(one), role(two), "AWS::IAM::Role") == {}


def test_the_order_of_a_command_is_a_change() -> None:
    def container(*command: str) -> Body:
        return {"ContainerDefinitions": [{"Name": "api", "Command": list(command)}]}

    assert paths(container("a", "b"), container("b", "a")) == {
        "ContainerDefinitions[api].Command": (["a", "b"], ["b", "a"])
    }


def test_the_order_of_named_items_is_told_where_it_means_something() -> None:
    steps = [{"Name": "first"}, {"Name": "second"}]
    found = paths({"Steps": steps}, {"Steps": steps[::-1]}, "Custom::Thing")
    assert found == {"Steps (order)": (["first", "second"], ["second", "first"])}


# How a change is named


def test_items_are_named_by_their_names() -> None:
    def container(**variables: str) -> Body:
        environment = [{"Name": name, "Value": value} for name, value in variables.items()]
        return {"ContainerDefinitions": [{"Name": "side"}, {"Name": "api", "Environment": environment}]}

    assert paths(container(LOG="a", GONE="x", SAME="y"), container(NEW="z", SAME="y", LOG="b")) == {
        "ContainerDefinitions[api].Environment[GONE]": ("x", None),
        "ContainerDefinitions[api].Environment[LOG]": ("a", "b"),
        "ContainerDefinitions[api].Environment[NEW]": (None, "z"),
    }


def test_a_value_inserted_into_a_sequence_is_one_change() -> None:
    items = [{"Field": "path", "Values": [str(number)]} for number in range(4)]
    rules = {"X": [{"Values": item["Values"]} for item in items]}
    more = {"X": [rules["X"][0], {"Values": ["new"]}, *rules["X"][1:]]}
    assert paths(rules, more, "Custom::Thing") == {"X[1]": (None, {"Values": ["new"]})}


def test_a_key_with_dots_is_quoted() -> None:
    before, after = ({"ContainerDefinitions": [{"Name": "a", "DockerLabels": {"x.y": value}}]} for value in "12")
    assert paths(before, after) == {'ContainerDefinitions[a].DockerLabels["x.y"]': ("1", "2")}


# Parameters and conditions


def test_a_parameter_shows_where_it_is_used() -> None:
    one = template(
        {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Sub": "to ${Name}"}}}, "B": TOPIC},
        Parameters={"Name": {"Type": "String", "Default": "x"}},
    )
    found = changes(one, one, before_parameters={"Name": "x"}, after_parameters={"Name": "y"})
    assert [(p.path, p.before, p.after) for p in found["A"].properties] == [("DisplayName", "to x", "to y")]
    assert found.keys() == {"A"}


def test_a_parameter_given_as_none_keeps_its_last_value() -> None:
    one = template(
        {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Name"}}}},
        Parameters={"Name": {"Type": "String", "Default": "x"}},
    )
    assert not changes(one, one, before_parameters={"Name": "kept"}, after_parameters={"Name": None})
    assert changes(one, one, before_parameters={"Name": "kept"}, after_parameters={})


CONDITIONAL = template(
    {"A": {**TOPIC, "Condition": "Given"}, "B": TOPIC},
    Parameters={"Name": {"Type": "String", "Default": "", "NoEcho": True}},
    Conditions={"Given": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]}},
)


def test_a_condition_that_turns_false_removes_its_resources() -> None:
    found = changes(CONDITIONAL, CONDITIONAL, before_parameters={"Name": "x"}, after_parameters={"Name": ""})
    assert {id_: one.action for id_, one in found.items()} == {"A": "remove"}


def test_what_exists_tells_whether_a_masked_parameter_was_given() -> None:
    masked = {"before_parameters": {"Name": "****"}, "after_parameters": {"Name": "x"}}
    assert not changes(CONDITIONAL, CONDITIONAL, existing={"A", "B"}, **masked)
    added = changes(CONDITIONAL, CONDITIONAL, existing={"B"}, **masked)
    assert {id_: one.action for id_, one in added.items()} == {"A": "add"}


@pytest.mark.parametrize("existing", [{"A", "B"}, {"B"}, None])
def test_a_masked_parameter_that_is_kept_changes_nothing(existing: set[str] | None) -> None:
    kept = {"before_parameters": {"Name": "****"}, "after_parameters": {"Name": None}}
    assert not changes(CONDITIONAL, CONDITIONAL, existing=existing, **kept)


def test_a_resource_that_failed_to_be_made_is_still_to_be_added() -> None:
    both = template({"A": TOPIC, "B": TOPIC})
    assert changes(both, both, existing={"A"})["B"].action == "add"


# Secrets


SECRET = template(
    {"S": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": {"Fn::Sub": "a:${P}@b"}}}},
    Parameters={"P": {"Type": "String", "NoEcho": True}},
)


def test_a_secret_that_changes_is_told_and_not_shown() -> None:
    found = changes(SECRET, SECRET, before_parameters={"P": "canary1"}, after_parameters={"P": "canary2"})
    assert [(p.before, p.after) for p in found["S"].properties] == [("****", "****")]
    assert "canary" not in repr(found)


def test_a_secret_that_aws_masks_is_not_taken_for_changed() -> None:
    assert not changes(SECRET, SECRET, before_parameters={"P": "****"}, after_parameters={"P": "canary"})


def test_a_text_that_becomes_a_secret_is_hidden_on_both_sides() -> None:
    def side(secret: bool) -> Body:
        value = {"Name": "TOKEN_OF_MINE", "Value": {"Ref": "P"} if secret else "canary"}
        return template(
            {
                "T": {
                    "Type": "AWS::ECS::TaskDefinition",
                    "Properties": {"ContainerDefinitions": [{"Name": "a", "Environment": [value]}]},
                }
            },
            Parameters={"P": {"Type": "String", "NoEcho": True}},
        )

    found = changes(side(False), side(True), after_parameters={"P": "canary"})
    assert found["T"].properties
    assert "canary" not in repr(found)


def container(**members: Any) -> Body:
    return {"ContainerDefinitions": [{"Name": "a", **members}]}


MASTER = {"MasterUserOptions": {"MasterUserPassword": "canary-{}"}}
TASK = "AWS::ECS::TaskDefinition"


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::RDS::DBCluster", {"MasterUserPassword": "canary-{}"}),
        ("AWS::ElastiCache::ReplicationGroup", {"AuthToken": "canary-{}"}),
        ("AWS::AmazonMQ::Broker", {"Users": [{"Username": "a", "Password": "canary-{}"}]}),
        ("AWS::OpenSearchService::Domain", {"AdvancedSecurityOptions": MASTER}),
        ("AWS::SecretsManager::Secret", {"SecretString": "canary-{}"}),
        (TASK, container(Environment=[{"Name": "DB_PASSWORD", "Value": "canary-{}"}])),
        (TASK, container(Environment=[{"Name": "URL", "Value": "postgres://u:canary-{}@h/d"}])),
        (TASK, container(Command=["run", "--password=canary-{}"])),
        (TASK, container(LogConfiguration={"Options": {"splunk-token": "canary-{}"}})),
        ("AWS::Lambda::Function", {"Environment": {"Variables": {"API_KEY": "canary-{}"}}}),
    ],
)
def test_nothing_shows_in_a_place_of_secrets(kind: str, properties: Body) -> None:
    def written(value: Any, word: str) -> Any:
        if isinstance(value, dict):
            return {key: written(item, word) for key, item in value.items()}
        if isinstance(value, list):
            return [written(item, word) for item in value]
        return value.replace("{}", word) if isinstance(value, str) else value

    one, two = (template({"It": {"Type": kind, "Properties": written(properties, word)}}) for word in ("x1x", "y2y"))
    changed = difference(one, two).changes
    assert changed
    assert "canary" not in repr(changed)
    come = difference(template({"It": {"Type": kind, "Properties": {}}}), two).changes
    assert come
    assert "canary" not in repr(come)


def test_what_only_names_a_secret_is_shown() -> None:
    def role(action: str) -> Body:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        return {"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]}

    found = paths(role("secretsmanager:GetSecretValue"), role("secretsmanager:PutSecretValue"), "AWS::IAM::Role")
    assert "secretsmanager:GetSecretValue" in repr(found)


# What AWS makes of it


def cluster(**properties: Any) -> Body:
    body = {"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    return {**body, "Properties": {"Engine": "aurora-postgresql", "EngineVersion": "15.10", **properties}}


def test_an_engine_upgrade_is_an_interruption_in_place() -> None:
    found = changes(template({"Db": cluster()}), template({"Db": cluster(EngineVersion="16.8")}))["Db"]
    assert (found.replacement, found.effect, found.loses_data) == ("never", "interruption", False)


def test_a_create_only_property_replaces_and_loses_data_with_a_snapshot_kept() -> None:
    found = changes(template({"Db": cluster()}), template({"Db": cluster(KmsKeyId="k")}))["Db"]
    assert (found.replacement, found.stateful, found.loses_data) == ("always", True, True)
    assert found.retained == "snapshot"


def test_a_policy_that_is_in_one_template_only_is_not_counted_on() -> None:
    bare = {key: value for key, value in cluster(KmsKeyId="k").items() if key != "UpdateReplacePolicy"}
    found = changes(template({"Db": cluster()}), template({"Db": bare}))["Db"]
    assert found.retained is None
    assert "UpdateReplacePolicy" in {one.path for one in found.properties}


def test_a_removed_resource_is_kept_as_its_deployed_policy_says() -> None:
    found = changes(template({"Db": cluster(), "T": TOPIC}), template({"T": TOPIC}))["Db"]
    assert (found.action, found.loses_data, found.retained) == ("remove", True, "snapshot")


def test_a_member_of_a_cluster_holds_no_data() -> None:
    member = {"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": {"Ref": "Db"}}}
    found = changes(template({"Db": cluster(), "M": member}), template({"Db": cluster()}))["M"]
    assert not found.stateful


def task(image: str) -> Body:
    container = {"Name": "api", "Image": image}
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [container]}}


@pytest.mark.parametrize(("least", "effect"), [(100, "tasks"), (None, "tasks"), (0, "interruption")])
def test_a_new_task_definition_gives_new_tasks_as_the_deployment_configuration_says(
    least: int | None, effect: str
) -> None:
    service = {
        "Type": "AWS::ECS::Service",
        "Properties": {
            "TaskDefinition": {"Ref": "Task"},
            **({"DeploymentConfiguration": {"MinimumHealthyPercent": least}} if least is not None else {}),
        },
    }
    found = changes(template({"Task": task("a:1"), "S": service}), template({"Task": task("a:2"), "S": service}))
    assert found["Task"].replacement == "always"
    assert not found["Task"].loses_data
    assert (found["S"].replacement, found["S"].effect) == ("never", effect)


def test_a_replacement_goes_on_through_references() -> None:
    def stack(purpose: str) -> Body:
        return template(
            {
                "Fs": {"Type": "AWS::EFS::FileSystem", "Properties": {"PerformanceMode": purpose}},
                "Point": {"Type": "AWS::EFS::AccessPoint", "Properties": {"FileSystemId": {"Ref": "Fs"}}},
                "Task": {
                    "Type": "AWS::ECS::TaskDefinition",
                    "Properties": {"Volumes": [{"Name": "v", "AccessPointId": {"Fn::Sub": "${Point}"}}]},
                },
                "Other": TOPIC,
            }
        )

    found = changes(stack("generalPurpose"), stack("maxIO"))
    assert {id_: one.replacement for id_, one in found.items()} == dict.fromkeys(("Fs", "Point", "Task"), "always")
    assert found["Point"].loses_data  # the folder of another, empty file system


def test_an_access_point_that_changes_its_owner_keeps_its_folder() -> None:
    def point(user: str) -> Body:
        return template(
            {
                "P": {
                    "Type": "AWS::EFS::AccessPoint",
                    "Properties": {"RootDirectory": {"Path": "/a"}, "PosixUser": {"Uid": user, "Gid": "0"}},
                }
            }
        )

    found = changes(point("0"), point("1"))["P"]
    assert (found.replacement, found.loses_data) == ("always", False)


def test_a_volume_that_nothing_leads_to_any_more_is_lost_to_the_system() -> None:
    def stack(**points: str) -> Body:
        properties = {name: {"RootDirectory": {"Path": folder}} for name, folder in points.items()}
        made = {name: {"Type": "AWS::EFS::AccessPoint", "Properties": body} for name, body in properties.items()}
        return template({"Other": TOPIC, **made})

    removed = changes(stack(A="/a", B="/b"), stack(B="/b"))["A"]
    assert (removed.loses_data, removed.retained) == (True, "retain")
    assert not changes(stack(A="/a", B="/a"), stack(B="/a"))["A"].loses_data
    assert not changes(stack(A="/a"), stack(), other_folders=["/a"])["A"].loses_data  # it moves to another stack


def test_a_machine_template_that_changes_moves_its_version() -> None:
    def stack(image: str) -> Body:
        version = {"LaunchTemplateId": {"Ref": "L"}, "Version": {"Fn::GetAtt": ["L", "LatestVersionNumber"]}}
        return template(
            {
                "L": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {"ImageId": image}}},
                "G": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"LaunchTemplate": version}},
            }
        )

    found = changes(stack("ami-1"), stack("ami-2"))
    assert [one.path for one in found["G"].properties] == ["LaunchTemplate.Version"]
    assert (found["G"].replacement, found["G"].effect) == ("never", "tasks")


@pytest.mark.parametrize(("policy", "replacement"), [({"EnableVersionUpgrade": True}, "never"), (None, "always")])
def test_an_update_policy_decides_whether_a_search_domain_is_upgraded_or_replaced(
    policy: Body | None, replacement: str
) -> None:
    def domain(version: str) -> Body:
        body: Body = {"Type": "AWS::OpenSearchService::Domain", "Properties": {"EngineVersion": version}}
        return template({"D": {**body, "UpdatePolicy": policy} if policy else body})

    assert changes(domain("OpenSearch_1.3"), domain("OpenSearch_2.19"))["D"].replacement == replacement


def test_another_type_under_an_id_is_a_removal_and_an_addition() -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    found = difference(template({"A": TOPIC}), template({"A": queue})).changes
    assert [(one.action, one.type) for one in found] == [("add", "AWS::SQS::Queue"), ("remove", "AWS::SNS::Topic")]


def test_outputs_are_told_beside_the_changes() -> None:
    before = template({"A": TOPIC}, Outputs={"Old": {"Value": "1"}, "Same": {"Value": {"Ref": "A"}}})
    after = template({"A": TOPIC}, Outputs={"New": {"Value": "1"}, "Same": {"Value": {"Fn::Sub": "${A}"}}})
    found = difference(before, after)
    assert found.changes == ()
    assert {one.path for one in found.outputs} == {"Old", "New"}
    assert not found.is_empty


def test_a_stack_that_is_not_there_is_added_and_one_no_longer_made_is_removed() -> None:
    one = template({"A": TOPIC, "Db": cluster()})
    assert {change.action for change in difference(None, one).changes} == {"add"}
    assert {change.action for change in difference(one, None).changes} == {"remove"}


def test_comparing_changes_neither_template() -> None:
    one, two = CONDITIONAL, SECRET
    copies = copy.deepcopy((one, two))
    difference(one, two, before_parameters={"Name": "x"}, after_parameters={"P": "y"})
    assert (one, two) == copies


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Join": "x"},
        {"Fn::Sub": []},
        {"Fn::Select": [9, ["a"]]},
        {"Ref": 5},
        {"Fn::If": ["Nothing", 1]},
        {"Fn::GetAtt": 3},
        {"Fn::FindInMap": ["a", "b", "c"]},
    ],
)
def test_a_function_that_is_written_wrong_stands_for_itself(value: Body) -> None:
    assert paths({"Family": value}, {"Family": value}) == {}
    assert paths({"Family": value}, {"Family": "plain"}).keys() == {"Family"}
