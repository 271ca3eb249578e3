"""CloudFormation's own word: what its change sets tell as a difference, and that the templates alone tell the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from compose2aws.delivery.difference import Replacement, compare
from compose2aws.delivery.difference.change_set import difference_of
from tests.diff_cases import cases, read_side

Body = dict[str, Any]
TASK = {"Type": "AWS::ECS::TaskDefinition", "Metadata": {"compose2aws": {"source": "services.api"}}}
DATABASE = {
    "Type": "AWS::RDS::DBCluster",
    "Metadata": {"compose2aws": {"source": "services.db"}},
    "DeletionPolicy": "Snapshot",
    "UpdateReplacePolicy": "Snapshot",
}
TEMPLATE: Body = {"Resources": {"Task": TASK, "Db": DATABASE, "Topic": {"Type": "AWS::SNS::Topic"}}}


def change(logical_id: str, action: str = "Modify", **members: Any) -> Body:
    kind = TEMPLATE["Resources"][logical_id]["Type"]
    return {"LogicalResourceId": logical_id, "ResourceType": kind, "Action": action, **members}


def context(**properties: Any) -> str:
    return json.dumps({"Properties": properties})


def detail(name: str, recreation: str = "Never", cause: str | None = None, **target: Any) -> Body:
    made = {"Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation, **target}}
    return {**made, **({"CausingEntity": cause, "Evaluation": "Dynamic"} if cause else {"Evaluation": "Static"})}


def test_whole_resources_before_and_after_are_compared() -> None:
    containers = [[{"Name": "api", "Image": image, "Cpu": 1}] for image in ("a:1", "a:2")]
    found = difference_of(
        "s",
        [
            change(
                "Task",
                Replacement="True",
                Scope=["Properties"],
                BeforeContext=context(ContainerDefinitions=containers[0]),
                AfterContext=context(ContainerDefinitions=containers[1]),
            )
        ],
        TEMPLATE,
    ).changes[0]
    assert [(p.path, p.before, p.after) for p in found.properties] == [
        ("ContainerDefinitions[api].Image", "a:1", "a:2")
    ]
    assert (found.source, found.replacement, found.loses_data) == ("services.api", "always", False)


def test_what_cloudformation_does_with_the_old_one_is_told() -> None:
    wanted = {"ReplaceAndSnapshot": "snapshot", "ReplaceAndRetain": "retain", "ReplaceAndDelete": None}
    for action, retained in wanted.items():
        one = change("Db", Replacement="True", PolicyAction=action, Details=[detail("KmsKeyId", "Always")])
        found = difference_of("s", [one], TEMPLATE).changes[0]
        assert (found.loses_data, found.retained) == (True, retained)
    gone = difference_of("s", [change("Db", "Remove", PolicyAction="Snapshot")], {"Resources": {}}, before=TEMPLATE)
    assert (gone.changes[0].action, gone.changes[0].retained) == ("remove", "snapshot")
    assert gone.changes[0].source == "services.db"


def test_values_of_single_properties_are_taken_with_their_paths() -> None:
    target = detail(
        "ContainerDefinitions", Path="/Properties/ContainerDefinitions/0/Image", BeforeValue="a", AfterValue="b"
    )
    found = difference_of("s", [change("Task", Replacement="True", Details=[target])], TEMPLATE).changes[0]
    assert [(p.path, p.before, p.after) for p in found.properties] == [("ContainerDefinitions[0].Image", "a", "b")]


def test_a_conditional_replacement_is_certain_where_it_hangs_on_one_that_is() -> None:
    anew = change("Task", Replacement="True", Details=[detail("Cpu", "Always")])
    follows = change("Db", Replacement="Conditional", Details=[detail("KmsKeyId", "Always", cause="Task.Arn")])
    open_one = change("Db", Replacement="Conditional", Details=[detail("KmsKeyId", "Always", cause="Topic")])
    found = {one.logical_id: one.replacement for one in difference_of("s", [anew, follows], TEMPLATE).changes}
    assert found == {"Task": "always", "Db": "always"}
    assert difference_of("s", [anew, open_one], TEMPLATE).changes[0].replacement == "conditional"
    assert difference_of("s", [anew, open_one], TEMPLATE).changes[0].may_lose_data


def attribute_detail(name: str, recreation: str, attribute: str) -> Body:
    return {**detail(name, recreation, cause=attribute), "ChangeSource": "ResourceAttribute"}


def test_what_only_might_follow_from_an_attribute_that_stays_is_no_change() -> None:
    in_place = change("Topic", Replacement="False", Details=[detail("DisplayName")])
    echo = change("Db", Replacement="Conditional", Details=[attribute_detail("KmsKeyId", "Always", "Topic.TopicArn")])
    its_echo = change("Task", Replacement="Conditional", Details=[attribute_detail("Cpu", "Always", "Db.Endpoint")])
    found = difference_of("s", [in_place, echo, its_echo], TEMPLATE).changes
    assert [one.logical_id for one in found] == ["Topic"]
    anew = change("Topic", Replacement="True", Details=[detail("TopicName", "Always")])
    found = difference_of("s", [anew, echo, its_echo], TEMPLATE).changes
    assert {one.logical_id: one.replacement for one in found} == {"Topic": "always", "Db": "always", "Task": "always"}


def test_of_a_change_with_an_echo_the_rest_is_told() -> None:
    in_place = change("Topic", Replacement="False", Details=[detail("DisplayName")])
    both = change(
        "Db",
        Replacement="Conditional",
        BeforeContext=context(KmsKeyId="a", Port=1),
        AfterContext=context(KmsKeyId="{{changeSet:KNOWN_AFTER_APPLY}}", Port=2),
        Details=[
            attribute_detail("KmsKeyId", "Always", "Topic.TopicArn"),
            detail("Port", BeforeValue="1", AfterValue="2"),
        ],
    )
    found = {one.logical_id: one for one in difference_of("s", [in_place, both], TEMPLATE).changes}
    assert found["Db"].replacement == "never"
    assert [(one.path, one.before, one.after) for one in found["Db"].properties] == [("Port", "1", "2")]


def test_an_attribute_that_moves_in_place_is_no_echo() -> None:
    kind = "AWS::EC2::LaunchTemplate"
    changes = [
        change("Topic", Replacement="False", Details=[detail("LaunchTemplateData")]) | {"ResourceType": kind},
        change(
            "Task", Details=[attribute_detail("Cpu", "Always", "Topic.LatestVersionNumber")], Replacement="Conditional"
        ),
    ]
    found = {one.logical_id: one.replacement for one in difference_of("s", changes, TEMPLATE).changes}
    assert found == {"Topic": "never", "Task": "conditional"}


def test_metadata_alone_and_synchronised_drift_are_no_change() -> None:
    changes = [change("Task", Scope=["Metadata"]), change("Topic", "SyncWithActual", Scope=["Properties"])]
    assert difference_of("s", changes, TEMPLATE).changes == ()


def test_a_value_that_was_changed_by_hand_is_shown_as_it_is_now() -> None:
    target = detail(
        "BackupRetentionPeriod", BeforeValue="1", AfterValue="7", Drift={"PreviousValue": "1", "ActualValue": "3"}
    )
    found = difference_of("s", [change("Db", Replacement="False", Details=[target])], TEMPLATE).changes[0]
    assert [(p.before, p.after, p.live) for p in found.properties] == [("3", "7", True)]


def test_values_that_cloudformation_cut_are_left_to_the_names() -> None:
    one = change(
        "Db", Replacement="False", BeforeContext='{"Prop', AfterContext="{}", Details=[detail("EngineVersion")]
    )
    found = difference_of("s", [one], TEMPLATE).changes[0]
    assert [p.path for p in found.properties] == ["EngineVersion"]
    assert found.effect == "interruption"


def test_no_secret_is_shown_wherever_cloudformation_puts_it() -> None:
    sides = [context(Cpu=f"x canary-{side}", MasterUserPassword=f"pw-{side}") for side in ("one", "two")]
    changes = [
        change("Db", Replacement="False", BeforeContext=sides[0], AfterContext=sides[1]),
        change("Topic", Details=[detail("DisplayName", BeforeValue="canary-one", AfterValue="canary-two")]),
    ]
    found = repr(difference_of("s", changes, TEMPLATE, secrets=["canary-one", "canary-two"]))
    assert "canary" not in found
    assert "pw-" not in found
    assert "****" in found


# The rehearsal's change sets and the judgement by the templates alone agree.

MUTATIONS: dict[str, list[tuple[str, Any]]] = {
    "AWS::RDS::DBCluster": [("Port", 5433), ("KmsKeyId", "alias/a"), ("EngineVersion", "16.9"), ("DatabaseName", "b")],
    "AWS::ECS::Service": [("DesiredCount", 7), ("ServiceName", "named"), ("SchedulingStrategy", "DAEMON")],
    "AWS::ECS::TaskDefinition": [("Cpu", "1024"), ("Family", "other")],
    "AWS::EC2::SecurityGroup": [("GroupDescription", "another"), ("Tags", [{"Key": "a", "Value": "b"}])],
    "AWS::EC2::VPC": [("CidrBlock", "10.9.0.0/16"), ("EnableDnsSupport", False)],
    "AWS::EC2::Subnet": [("CidrBlock", "10.0.200.0/24"), ("MapPublicIpOnLaunch", True)],
    "AWS::ElasticLoadBalancingV2::TargetGroup": [("Port", 81), ("HealthCheckPath", "/h")],
    "AWS::ElasticLoadBalancingV2::LoadBalancer": [("Scheme", "internal"), ("IpAddressType", "dualstack")],
    "AWS::ElasticLoadBalancingV2::Listener": [("Port", 8081)],
    "AWS::ElastiCache::ReplicationGroup": [("Port", 6380), ("CacheNodeType", "cache.t4g.small")],
    "AWS::EFS::FileSystem": [("PerformanceMode", "maxIO"), ("ThroughputMode", "bursting")],
    "AWS::EFS::AccessPoint": [("RootDirectory", {"Path": "/elsewhere"}), ("PosixUser", {"Uid": "1", "Gid": "1"})],
    "AWS::ServiceDiscovery::Service": [("Name", "other"), ("Description", "new")],
    "AWS::ServiceDiscovery::PrivateDnsNamespace": [("Name", "other.internal")],
    "AWS::KMS::Key": [("Description", "new"), ("EnableKeyRotation", False)],
    "AWS::Logs::LogGroup": [("RetentionInDays", 30), ("LogGroupName", "named")],
    "AWS::IAM::Role": [("Path", "/p/"), ("Description", "new")],
    "AWS::SecretsManager::Secret": [("Name", "named"), ("Description", "new")],
}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """CloudFormation of a rehearsal account in which the `before` of some cases is deployed."""
    pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
    pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")
    from compose2aws.rehearsal import RehearsalAccount  # noqa: PLC0415

    with RehearsalAccount() as account:
        cloudformation = account.client("cloudformation")
        for case in ("engine-upgrade", "image-change", "volume-replaced", "redis-removed"):
            for name, template, parameters in _stacks(case):
                cloudformation.create_stack(
                    StackName=f"{name}",
                    TemplateBody=json.dumps(template),
                    Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
                    Capabilities=["CAPABILITY_IAM"],
                )
                status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
                assert status == "CREATE_COMPLETE", name
        yield cloudformation


def _stacks(case: str) -> list[tuple[str, Body, dict[str, str]]]:
    """The stacks of a case's `before`, named apart from other cases'."""
    folder = next(folder for folder in cases() if folder.name == case)
    side = read_side(folder, "before")
    assert side is not None
    made = []
    for stack in side.templates.stacks:
        text = json.dumps(stack.template).replace('"shop-', f'"{case}-').replace("/shop/", f"/{case}/")
        declared = {one.name for one in stack.parameters}
        values = {key: value for key, value in side.parameters.items() if key in declared}
        made.append((stack.name.replace("shop", case), json.loads(text), values))
    return made


def _mutations() -> Iterator[tuple[str, str, str, Any]]:
    """(case, stack, logical id, the mutated template): one of each type and property."""
    seen: set[tuple[str, str]] = set()
    for case in ("engine-upgrade", "image-change", "volume-replaced", "redis-removed"):
        for name, template, _ in _stacks(case):
            for logical_id, body in template["Resources"].items():
                for key, value in MUTATIONS.get(body["Type"], ()):
                    if (body["Type"], key) in seen or body.get("Properties", {}).get(key) == value:
                        continue
                    seen.add((body["Type"], key))
                    yield case, name, logical_id, (key, value)


@pytest.mark.parametrize(
    ("case", "stack", "logical_id", "mutation"),
    [pytest.param(*one, id=f"{one[2]}.{one[3][0]}") for one in _mutations()],
)
def test_the_templates_alone_tell_what_the_change_set_tells(
    client: Any, case: str, stack: str, logical_id: str, mutation: tuple[str, Any]
) -> None:
    _, template, parameters = next(one for one in _stacks(case) if one[0] == stack)
    mutated = copy.deepcopy(template)
    mutated["Resources"][logical_id].setdefault("Properties", {})[mutation[0]] = mutation[1]
    client.create_change_set(
        StackName=stack,
        ChangeSetName="c",
        TemplateBody=json.dumps(mutated),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    described = client.describe_change_set(StackName=stack, ChangeSetName="c")
    client.delete_change_set(StackName=stack, ChangeSetName="c")
    said = difference_of(stack, [one["ResourceChange"] for one in described["Changes"]], mutated, before=template)
    judged = compare(
        template, mutated, name=stack, status=None, before_parameters=parameters, after_parameters=parameters
    )

    def told(changes: Any) -> dict[str, tuple[str, Replacement, bool, str | None]]:
        return {one.logical_id: (one.action, one.replacement, one.loses_data, one.retained) for one in changes}

    assert logical_id in told(judged.changes)
    assert told(judged.changes) == told(said.changes)
