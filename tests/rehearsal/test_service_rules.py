"""What the services themselves refuse: rules of AWS that a template can break and that moto lets pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Stacks

VPC: dict[str, Any] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
SUBNET: dict[str, Any] = {
    "Type": "AWS::EC2::Subnet",
    "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a"},
}
HTTP: dict[str, Any] = {"Type": "AWS::ServiceDiscovery::HttpNamespace", "Properties": {"Name": "connect"}}
CLUSTER: dict[str, Any] = {"Type": "AWS::ECS::Cluster"}
TASK: dict[str, Any] = {
    "Type": "AWS::ECS::TaskDefinition",
    "Properties": {
        "Family": "api",
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "Cpu": "256",
        "Memory": "512",
        "ContainerDefinitions": [
            {"Name": "api", "Image": "api", "PortMappings": [{"ContainerPort": 3000, "Name": "http"}]}
        ],
    },
}
TARGETS: dict[str, Any] = {
    "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
    "Properties": {"VpcId": {"Ref": "Vpc"}, "Port": 3000, "Protocol": "HTTP", "TargetType": "ip"},
}


def _service(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::ECS::Service",
        "Properties": {
            "Cluster": {"Ref": "Cluster"},
            "TaskDefinition": {"Ref": "Task"},
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [{"Ref": "Subnet"}], "SecurityGroups": []}},
            **properties,
        },
    }


def _app(service: dict[str, Any], **more: Any) -> dict[str, Any]:
    resources = {"Vpc": VPC, "Subnet": SUBNET, "Cluster": CLUSTER, "Task": TASK, "Http": HTTP, "It": service}
    return {"Resources": {**resources, **more}}


def _reason(stacks: Stacks, template: dict[str, Any]) -> str:
    assert stacks.create("a", template)["StackStatus"] == "ROLLBACK_COMPLETE"
    return stacks.reason("a", "It")


def _balanced(container: str = "api", port: int = 3000) -> dict[str, Any]:
    balancer = {"ContainerName": container, "ContainerPort": port, "TargetGroupArn": {"Ref": "Targets"}}
    return _service(LoadBalancers=[balancer])


def test_a_service_of_a_launch_type_shows_it(stacks: Stacks) -> None:
    assert stacks.create("a", _app(_service()))["StackStatus"] == "CREATE_COMPLETE"
    cluster, arn = stacks.physical("a", "Cluster"), stacks.physical("a", "It")
    [service] = stacks.client("ecs").describe_services(cluster=cluster, services=[arn])["services"]
    assert service["launchType"] == "FARGATE"
    assert service["deployments"][0]["launchType"] == "FARGATE"


def test_a_service_can_be_waited_for(stacks: Stacks) -> None:
    stacks.create("a", _app(_service(DesiredCount=3)))
    cluster, arn = stacks.physical("a", "Cluster"), stacks.physical("a", "It")
    stacks.client("ecs").get_waiter("services_stable").wait(cluster=cluster, services=[arn])


def test_a_launch_type_and_a_strategy_together_are_refused(stacks: Stacks) -> None:
    strategy = [{"CapacityProvider": "FARGATE", "Weight": 1}]
    assert "both a launch type and capacity provider strategy" in _reason(
        stacks, _app(_service(CapacityProviderStrategy=strategy))
    )


def test_a_container_that_the_task_does_not_have_is_refused(stacks: Stacks) -> None:
    assert "The container web does not exist" in _reason(stacks, _app(_balanced("web"), Targets=TARGETS))


def test_a_port_that_the_container_does_not_have_is_refused(stacks: Stacks) -> None:
    assert "did not have a container port 80" in _reason(stacks, _app(_balanced(port=80), Targets=TARGETS))


def test_a_target_group_that_no_listener_leads_to_is_refused(stacks: Stacks) -> None:
    assert "does not have an associated load balancer" in _reason(stacks, _app(_balanced(), Targets=TARGETS))


def test_two_registries_are_refused(stacks: Stacks) -> None:
    registries = [{"RegistryArn": "arn:1"}, {"RegistryArn": "arn:2"}]
    assert "at most 1 registry" in _reason(stacks, _app(_service(ServiceRegistries=registries)))


def test_a_registry_that_is_not_there_is_refused(stacks: Stacks) -> None:
    assert "does not exist" in _reason(stacks, _app(_service(ServiceRegistries=[{"RegistryArn": "arn:1"}])))


def _connected(port_name: str = "http", discovery: str = "api") -> dict[str, Any]:
    configuration = {
        "Enabled": True,
        "Namespace": {"Fn::GetAtt": ["Http", "Arn"]},
        "Services": [{"PortName": port_name, "DiscoveryName": discovery}],
    }
    return _service(ServiceConnectConfiguration=configuration)


def test_service_connect_wants_a_port_of_the_task(stacks: Stacks) -> None:
    assert "the port name grpc does not exist" in _reason(stacks, _app(_connected("grpc")))


def test_service_connect_wants_a_name_that_no_other_service_has(stacks: Stacks) -> None:
    first = _connected()
    second = {**_connected(), "DependsOn": "First"}
    assert "SC service is already used" in _reason(stacks, _app(second, First=first))


def test_service_connect_wants_a_name_that_is_new_in_its_namespace(stacks: Stacks) -> None:
    named = {
        "Type": "AWS::ServiceDiscovery::Service",
        "Properties": {"Name": "api", "NamespaceId": {"Ref": "Http"}, "Type": "HTTP"},
    }
    template = _app({**_connected(), "DependsOn": "Named"}, Named=named)
    assert "exists in the namespace already" in _reason(stacks, template)


def test_a_service_that_is_replaced_meets_its_own_name_in_service_connect(stacks: Stacks) -> None:
    # The new one is made before the old one goes, as aws-cli users find out.
    stacks.create("a", _app(_connected()))
    renamed = _connected()
    renamed["Properties"]["ServiceName"] = "renamed"
    assert stacks.update("a", _app(renamed))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "SC service is already used" in stacks.reason("a", "It")


def _names(**services: Any) -> dict[str, Any]:
    namespace = {
        "Type": "AWS::ServiceDiscovery::PrivateDnsNamespace",
        "Properties": {"Name": "shop.internal", "Vpc": {"Ref": "Vpc"}},
    }
    return {"Resources": {"Vpc": VPC, "Namespace": namespace, **services}}


def _named(name: str, **more: Any) -> dict[str, Any]:
    dns = {"DnsRecords": [{"Type": "A", "TTL": 10}]}
    properties = {"Name": name, "NamespaceId": {"Ref": "Namespace"}, "DnsConfig": dns}
    return {"Type": "AWS::ServiceDiscovery::Service", "Properties": properties, **more}


def test_a_name_can_be_given_once_in_a_namespace(stacks: Stacks) -> None:
    template = _names(First=_named("api"), It=_named("api", DependsOn="First"))
    assert "Service already exists" in _reason(stacks, template)


def test_a_vpc_can_have_two_namespaces(stacks: Stacks) -> None:
    second = {
        "Type": "AWS::ServiceDiscovery::PrivateDnsNamespace",
        "Properties": {"Name": "other.internal", "Vpc": {"Ref": "Vpc"}},
    }
    assert stacks.create("a", _names(Second=second))["StackStatus"] == "CREATE_COMPLETE"


def test_a_namespace_with_services_does_not_go(stacks: Stacks) -> None:
    stacks.create("a", _names())
    stacks.client("servicediscovery").create_service(Name="x", NamespaceId=stacks.physical("a", "Namespace"))
    assert stacks.delete("a")["StackStatus"] == "DELETE_FAILED"
    assert "associated services" in stacks.reason("a", "Namespace")


def test_a_service_with_instances_does_not_go(stacks: Stacks) -> None:
    stacks.create("a", _names(It=_named("api")))
    stacks.client("servicediscovery").register_instance(
        ServiceId=stacks.physical("a", "It"), InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"}
    )
    assert stacks.delete("a")["StackStatus"] == "DELETE_FAILED"
    assert "contains registered instances" in stacks.reason("a", "It")


def test_an_endpoint_that_is_registered_anew_is_there_once_and_goes_with_its_stack(stacks: Stacks) -> None:
    def pointing_to(target: str) -> dict[str, Any]:
        attributes = {
            "ServiceId": {"Ref": "It"},
            "InstanceId": "i",
            "InstanceAttributes": {"AWS_INSTANCE_IPV4": target},
        }
        return _names(It=_named("api"), Target={"Type": "AWS::ServiceDiscovery::Instance", "Properties": attributes})

    stacks.create("a", pointing_to("10.0.0.1"))
    stacks.update("a", pointing_to("10.0.0.2"))
    found = stacks.client("servicediscovery").list_instances(ServiceId=stacks.physical("a", "It"))["Instances"]
    assert [one["Attributes"]["AWS_INSTANCE_IPV4"] for one in found] == ["10.0.0.2"]
    assert stacks.delete("a")["StackStatus"] == "DELETE_COMPLETE"


def _aurora(**properties: Any) -> dict[str, Any]:
    given = {"Engine": "aurora-postgresql", "MasterUsername": "app", "MasterUserPassword": "not-a-secret"}
    return {"Resources": {"It": {"Type": "AWS::RDS::DBCluster", "Properties": {**given, **properties}}}}


@pytest.mark.parametrize("name", ["DBSubnetGroupName", "DBClusterParameterGroupName"])
def test_a_cluster_wants_groups_that_exist(stacks: Stacks, name: str) -> None:
    assert "none" in _reason(stacks, _aurora(**{name: "none"}))


def test_a_cluster_with_members_does_not_go(stacks: Stacks) -> None:
    stacks.create("a", _aurora())
    stacks.client("rds").create_db_instance(
        DBInstanceIdentifier="extra",
        DBClusterIdentifier=stacks.physical("a", "It"),
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
    )
    assert stacks.delete("a")["StackStatus"] == "DELETE_FAILED"


def test_a_documentdb_password_must_be_long_enough(stacks: Stacks) -> None:
    properties = {"MasterUsername": "app", "MasterUserPassword": "short"}
    template = {"Resources": {"It": {"Type": "AWS::DocDB::DBCluster", "Properties": properties}}}
    assert "at least 8 characters" in _reason(stacks, template)


@pytest.mark.parametrize("name", ["CacheSubnetGroupName", "CacheParameterGroupName"])
def test_a_cache_wants_groups_that_exist(stacks: Stacks, name: str) -> None:
    properties = {"ReplicationGroupDescription": "x", "CacheNodeType": "cache.t4g.micro", name: "none"}
    template = {"Resources": {"It": {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": properties}}}
    assert "none" in _reason(stacks, template)


@pytest.mark.parametrize(
    ("encryption", "words"),
    [
        ({"TransitEncryptionEnabled": True, "TransitEncryptionMode": "preferred"}, "preferred is not supported"),
        ({"TransitEncryptionEnabled": False}, "AUTH token"),
    ],
)
def test_a_cache_takes_a_password_only_where_it_refuses_plain_text(
    stacks: Stacks, encryption: dict[str, Any], words: str
) -> None:
    def template(**given: Any) -> dict[str, Any]:
        common = {"ReplicationGroupDescription": "it", "Engine": "valkey", "CacheNodeType": "cache.t4g.micro"}
        return {"Resources": {"It": {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": {**common, **given}}}}

    password = {"AuthToken": "sixteen-or-more-characters"}
    assert words in _reason(stacks, template(**password, **encryption))
    assert stacks.create("b", template(**encryption))["StackStatus"] == "CREATE_COMPLETE"
    refusing = {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "required"}
    assert stacks.create("c", template(**password, **refusing))["StackStatus"] == "CREATE_COMPLETE"


def test_a_record_that_is_there_is_refused_and_one_that_was_deleted_is_not(stacks: Stacks) -> None:
    def record(name: str) -> dict[str, Any]:
        properties = {
            "HostedZoneName": "example.com.",
            "Name": name,
            "Type": "A",
            "TTL": "60",
            "ResourceRecords": ["192.0.2.1"],
        }
        return {"Resources": {"It": {"Type": "AWS::Route53::RecordSet", "Properties": properties}}}

    stacks.client("route53").create_hosted_zone(Name="example.com", CallerReference="x")
    stacks.create("first", record("a.example.com"))
    assert "already exists" in _reason(stacks, record("a.example.com"))
    stacks.delete("first")
    assert stacks.create("second", record("a.example.com"))["StackStatus"] == "CREATE_COMPLETE"


def test_a_file_system_with_mount_targets_does_not_go(stacks: Stacks) -> None:
    files = {"Type": "AWS::EFS::FileSystem", "Properties": {"Encrypted": True}}
    stacks.create("a", {"Resources": {"Vpc": VPC, "Subnet": SUBNET, "It": files}})
    stacks.client("efs").create_mount_target(
        FileSystemId=stacks.physical("a", "It"), SubnetId=stacks.physical("a", "Subnet")
    )
    assert stacks.delete("a")["StackStatus"] == "DELETE_FAILED"
    assert "has mount targets" in stacks.reason("a", "It")


def test_a_parameter_naming_a_hosted_zone_wants_one_that_exists(stacks: Stacks) -> None:
    template = {
        "Parameters": {"Zone": {"Type": "AWS::Route53::HostedZone::Id"}},
        "Resources": {"Vpc": VPC},
    }
    with pytest.raises(ClientError, match="does not exist"):
        stacks.create("a", template, Parameters=[{"ParameterKey": "Zone", "ParameterValue": "Z123"}])


def test_a_policy_of_amazon_is_known_by_its_arn_and_no_other(stacks: Stacks) -> None:
    def role(arn: str) -> dict[str, Any]:
        properties = {"AssumeRolePolicyDocument": {"Statement": []}, "ManagedPolicyArns": [arn]}
        return {"Resources": {"It": {"Type": "AWS::IAM::Role", "Properties": properties}}}

    good = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    assert stacks.create("good", role(good))["StackStatus"] == "CREATE_COMPLETE"
    assert "does not exist" in _reason(stacks, role("arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy"))
    document = stacks.client("iam").get_policy(PolicyArn=good)["Policy"]
    assert document["PolicyName"] == "AmazonECSTaskExecutionRolePolicy"
