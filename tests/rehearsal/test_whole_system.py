"""Two stacks with every type that compose2aws writes, asserted through the services' own APIs over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")

from compose2aws.rehearsal import RehearsalServer, missing_resources

TEMPLATES = Path(__file__).parent / "system"


@dataclass
class System:
    """The two stacks, and what they say they are."""

    server: RehearsalServer
    base: dict[str, str]
    app: dict[str, str]

    def client(self, name: str) -> Any:
        """Return a client over HTTP."""
        return self.server.client(name)

    def physical(self, stack: str, logical_id: str) -> str:
        """Return the physical id of a resource."""
        answer = self.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
        physical_id: str = answer["StackResourceDetail"]["PhysicalResourceId"]
        return physical_id


def _create(server: RehearsalServer, name: str, template: str) -> dict[str, str]:
    client = server.client("cloudformation")
    storage = server.client("s3")
    storage.create_bucket(Bucket=f"{name}-artefacts")
    storage.put_object(Bucket=f"{name}-artefacts", Key="t.json", Body=(TEMPLATES / template).read_bytes())
    client.create_stack(
        StackName=name,
        TemplateURL=f"https://{name}-artefacts.s3.us-east-1.amazonaws.com/t.json",
        Capabilities=["CAPABILITY_IAM"],
        OnFailure="DO_NOTHING",
        Tags=[{"Key": "project", "Value": "shop"}],
    )
    stack = client.describe_stacks(StackName=name)["Stacks"][0]
    failures = [
        (event["LogicalResourceId"], event.get("ResourceStatusReason"))
        for event in client.describe_stack_events(StackName=name)["StackEvents"]
        if event["ResourceStatus"].endswith("FAILED")
    ]
    assert stack["StackStatus"] == "CREATE_COMPLETE", failures
    return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with RehearsalServer() as server:
        yield System(server, _create(server, "shop-base", "base.json"), _create(server, "shop-app", "app.json"))


@pytest.mark.parametrize("stack", ["shop-base", "shop-app"])
def test_every_resource_of_the_templates_is_known_to_its_service(system: System, stack: str) -> None:
    assert missing_resources(system.server, stack) == []


def test_nothing_that_the_templates_say_is_dropped_on_the_way_to_the_services(system: System) -> None:
    assert system.server.uncarried_properties == []


def test_the_vpc_has_its_subnets_routes_and_dns_settings(system: System) -> None:
    ec2 = system.client("ec2")
    vpc = system.base["Vpc"]
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
        assert answer[name[0].upper() + name[1:]]["Value"] is True
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    assert {subnet["CidrBlock"]: subnet["MapPublicIpOnLaunch"] for subnet in subnets} == {
        "10.0.0.0/24": True,
        "10.0.1.0/24": False,
    }
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    tables = ec2.describe_route_tables(RouteTableIds=[system.physical("shop-base", "TableB")])["RouteTables"]
    gateways = {route.get("DestinationCidrBlock"): route.get("NatGatewayId") for route in tables[0]["Routes"]}
    assert gateways["0.0.0.0/0"] == system.physical("shop-base", "Nat")
    assert [association["SubnetId"] for association in tables[0]["Associations"]] == [system.base["SubnetB"]]


def test_the_nat_gateway_has_the_elastic_address(system: System) -> None:
    gateway = system.client("ec2").describe_nat_gateways()["NatGateways"][0]
    assert gateway["NatGatewayAddresses"][0]["PublicIp"] == system.base["EipAddr"]


def test_the_vpc_hands_out_its_own_search_domain(system: System) -> None:
    ec2 = system.client("ec2")
    options = ec2.describe_vpcs(VpcIds=[system.base["Vpc"]])["Vpcs"][0]["DhcpOptionsId"]
    found = ec2.describe_dhcp_options(DhcpOptionsIds=[options])["DhcpOptions"][0]["DhcpConfigurations"]
    assert {item["Key"]: item["Values"][0]["Value"] for item in found} == {
        "domain-name": "shop.internal",
        "domain-name-servers": "AmazonProvidedDNS",
    }


def test_security_groups_hold_exactly_the_rules_of_the_template(system: System) -> None:
    ec2 = system.client("ec2")
    data = ec2.describe_security_groups(GroupIds=[system.physical("shop-base", "DataGroup")])["SecurityGroups"][0]
    app = ec2.describe_security_groups(GroupIds=[system.base["AppGroup"]])["SecurityGroups"][0]
    [rule] = data["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"]) == (5432, 5432)
    assert rule["UserIdGroupPairs"][0]["GroupId"] == system.base["AppGroup"]
    # Rules for the way out take the place of the one that lets all out.
    assert [one["IpProtocol"] for one in data["IpPermissionsEgress"]] == ["icmp"]
    assert sorted(one["IpProtocol"] for one in app["IpPermissionsEgress"]) == ["-1", "tcp"]


def test_flow_logs_go_to_the_log_group(system: System) -> None:
    [log] = system.client("ec2").describe_flow_logs()["FlowLogs"]
    assert log["ResourceId"] == system.base["Vpc"]
    assert log["LogGroupName"] == system.physical("shop-base", "FlowLogs")


def test_endpoints_are_of_the_kinds_that_were_asked_for(system: System) -> None:
    endpoints = system.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    kinds = {one["ServiceName"].rpartition("us-east-1.")[2]: one["VpcEndpointType"] for one in endpoints}
    assert kinds == {"s3": "Gateway", "ecr.api": "Interface"}


def test_aurora_has_its_member_groups_and_scaling(system: System) -> None:
    [cluster] = system.client("rds").describe_db_clusters(DBClusterIdentifier=system.physical("shop-base", "Cluster"))[
        "DBClusters"
    ]
    assert (cluster["Engine"], cluster["EngineVersion"], cluster["DatabaseName"]) == (
        "aurora-postgresql",
        "16.8",
        "app",
    )
    assert cluster["MasterUsername"] == "app"  # a dynamic reference in the template
    assert cluster["StorageEncrypted"] is True
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 4.0}
    assert [member["DBInstanceIdentifier"] for member in cluster["DBClusterMembers"]] == [
        system.physical("shop-base", "Writer")
    ]
    assert cluster["VpcSecurityGroups"][0]["VpcSecurityGroupId"] == system.physical("shop-base", "DataGroup")
    parameters = system.client("rds").describe_db_cluster_parameters(
        DBClusterParameterGroupName=cluster["DBClusterParameterGroup"]
    )["Parameters"]
    assert {one["ParameterName"]: one["ParameterValue"] for one in parameters}["rds.force_ssl"] == "0"


@pytest.mark.parametrize(
    ("output", "shape"),
    [
        ("DbHost", r"shop-base-cluster-\w+\.cluster-\w+\.us-east-1\.rds\.amazonaws\.com"),
        ("DbRead", r"shop-base-cluster-\w+\.cluster-ro-\w+\.us-east-1\.rds\.amazonaws\.com"),
        ("DbPort", "5432"),
        ("DbArn", r"arn:aws:rds:us-east-1:123456789012:cluster:shop-base-cluster-\w+"),
        ("DbRes", r"cluster-[A-Z0-9]{26}"),
        ("WriterHost", r"shop-base-writer-\w+\.\w+\.us-east-1\.rds\.amazonaws\.com"),
        ("MariaHost", r"shop-base-maria-\w+\.\w+\.us-east-1\.rds\.amazonaws\.com"),
        ("MariaPort", "3306"),
        ("CacheHost", r"master\.shop-base-cache-\w+\.\w+\.use1\.cache\.amazonaws\.com"),
        ("CacheRead", r"replica\.shop-base-cache-\w+\.\w+\.use1\.cache\.amazonaws\.com"),
        ("CachePort", "6379"),
        ("MemHost", r"shop-base-memcached-\w+\.cfg\.\w+\.cfg\.us-east-1\.cache\.amazonaws\.com"),
        ("MemPort", "11211"),
        ("DocHost", r"shop-base-doc-\w+\.cluster-\w+\.us-east-1\.docdb\.amazonaws\.com"),
        ("DocRead", r"shop-base-doc-\w+\.cluster-ro-\w+\.us-east-1\.docdb\.amazonaws\.com"),
        ("DocPort", "27017"),
        ("DocMem", r"shop-base-docmember-\w+\.\w+\.us-east-1\.docdb\.amazonaws\.com"),
        ("Amqp", r"amqps://b-\w+-1\.mq\.us-east-1\.amazonaws\.com:5671"),
        ("MqArn", r"arn:aws:mq:us-east-1:123456789012:broker:\w+"),
        ("SearchHost", r"shop-base-searc-\w+\.us-east-1\.es\.amazonaws\.com"),
        ("SearchArn", r"arn:aws:es:us-east-1:123456789012:domain/shop-base-searc-\w+"),
        ("Master", r"arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-base-Master-\w+-\w{6}"),
        ("KeyArn", r"arn:aws:kms:us-east-1:123456789012:key/[0-9a-f-]{36}"),
        ("RepoUri", r"123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com/shop-base-repo-\w+"),
        ("RepoArn", r"arn:aws:ecr:us-east-1:123456789012:repository/shop-base-repo-\w+"),
        ("Files", r"fs-\w+"),
        ("FilesArn", r"arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-\w+"),
        ("PointArn", r"arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-\w+"),
        ("BucketDomain", r"shop-base-logs-\w+\.s3\.us-east-1\.amazonaws\.com"),
        ("TopicArn", r"arn:aws:sns:us-east-1:123456789012:shop-base-Topic-\w+"),
        ("TopicName", r"shop-base-Topic-\w+"),
        ("AlarmArn", r"arn:aws:cloudwatch:us-east-1:123456789012:alarm:shop-base-Alarm-\w+"),
        ("FlowArn", r"arn:aws:logs:us-east-1:123456789012:log-group:shop-base-FlowLogs-\w+:\*"),
        ("VpcCidr", r"10\.0\.0\.0/16"),
        ("DefaultSg", r"sg-\w+"),
    ],
)
def test_attributes_of_the_base_look_as_on_aws(system: System, output: str, shape: str) -> None:
    assert re.fullmatch(shape, system.base[output])


@pytest.mark.parametrize(
    ("output", "shape"),
    [
        ("Dns", r"shop-app-Alb-\w+-\d+\.us-east-1\.elb\.amazonaws\.com"),
        ("Full", r"app/shop-app-Alb-\w+/\w{16}"),
        ("Tgf", r"targetgroup/shop-app-Tg-\w+/\w{16}"),
        ("Svc", r"arn:aws:ecs:us-east-1:123456789012:service/shop-app-Ecs-\w+/shop-app-Service-\w+"),
        ("SvcName", r"shop-app-Service-\w+"),
        ("EcsArn", r"arn:aws:ecs:us-east-1:123456789012:cluster/shop-app-Ecs-\w+"),
        ("NsArn", r"arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-\w+"),
        ("NsZone", r"[A-Z0-9]+"),
        ("NameArn", r"arn:aws:servicediscovery:us-east-1:123456789012:service/srv-\w+"),
        ("Inst", "postgres"),
        ("ScaleId", r"service/shop-app-Ecs-\w+/shop-app-Service-\w+\|ecs:service:DesiredCount\|ecs"),
        ("PolicyArn", r"arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:.+:policyName/cpu"),
        ("SchArn", r"arn:aws:scheduler:us-east-1:123456789012:schedule/default/shop-app-Cron-\w+"),
        ("Task", r"arn:aws:ecs:us-east-1:123456789012:task-definition/shop-api:1"),
        ("FnArn", r"arn:aws:lambda:us-east-1:123456789012:function:shop-app-Fn-\w+"),
        ("Cert", r"arn:aws:acm:us-east-1:123456789012:certificate/[0-9a-f-]{36}"),
        ("Zone", r"[A-Z0-9]+"),
        ("LtId", r"lt-\w+"),
    ],
)
def test_attributes_of_the_app_look_as_on_aws(system: System, output: str, shape: str) -> None:
    assert re.fullmatch(shape, system.app[output])


def test_the_cache_has_the_members_groups_and_parameters_of_the_template(system: System) -> None:
    cache = system.client("elasticache")
    identifier = system.physical("shop-base", "Cache")
    [group] = cache.describe_replication_groups(ReplicationGroupId=identifier)["ReplicationGroups"]
    assert len(group["MemberClusters"]) == 2
    assert (group["TransitEncryptionEnabled"], group["AuthTokenEnabled"]) == (True, True)
    [member] = cache.describe_cache_clusters(CacheClusterId=group["MemberClusters"][0])["CacheClusters"]
    assert member["CacheSubnetGroupName"] == system.physical("shop-base", "CacheSubnets")
    assert member["SecurityGroups"][0]["SecurityGroupId"] == system.physical("shop-base", "DataGroup")
    name = member["CacheParameterGroup"]["CacheParameterGroupName"]
    [parameter] = cache.describe_cache_parameters(CacheParameterGroupName=name)["Parameters"]
    assert (parameter["ParameterName"], parameter["ParameterValue"]) == ("maxmemory-policy", "allkeys-lru")


def test_a_documentdb_cluster_is_one_through_its_own_client(system: System) -> None:
    [cluster] = system.client("docdb").describe_db_clusters(DBClusterIdentifier=system.physical("shop-base", "Doc"))[
        "DBClusters"
    ]
    assert (cluster["Engine"], cluster["EngineVersion"], cluster["Port"]) == ("docdb", "5.0.0", 27017)
    assert len(cluster["DBClusterMembers"]) == 1


def test_a_broker_and_a_search_domain_stand_in_the_vpc(system: System) -> None:
    broker = system.client("mq").describe_broker(BrokerId=system.physical("shop-base", "Broker"))
    assert (broker["EngineType"], broker["SubnetIds"]) == ("RABBITMQ", [system.base["SubnetB"]])
    domain = system.client("opensearch").describe_domain(DomainName=system.physical("shop-base", "Search"))
    assert domain["DomainStatus"]["VPCOptions"]["SubnetIds"] == [system.base["SubnetB"]]


def test_the_generated_password_is_long_random_and_json(system: System) -> None:
    text = system.client("secretsmanager").get_secret_value(SecretId=system.base["Master"])["SecretString"]
    secret = json.loads(text)
    assert secret["username"] == "app"
    assert re.fullmatch(r"[A-Za-z0-9]{32}", secret["password"])


def test_a_built_connection_string_holds_the_generated_password(system: System) -> None:
    secrets = system.client("secretsmanager")
    password = json.loads(secrets.get_secret_value(SecretId=system.base["Master"])["SecretString"])["password"]
    url = secrets.get_secret_value(SecretId=system.app["Url"])["SecretString"]
    assert url == f"postgresql://app:{password}@{system.base['DbHost']}:5432/app"


def test_names_lead_to_services_and_databases(system: System) -> None:
    discovery = system.client("servicediscovery")
    namespace = discovery.get_namespace(Id=system.app["NsId"])["Namespace"]
    assert (namespace["Name"], namespace["Type"]) == ("shop.internal", "DNS_PRIVATE")
    services = {
        one["Name"]: one
        for one in discovery.list_services(
            Filters=[{"Name": "NAMESPACE_ID", "Values": [system.app["NsId"]], "Condition": "EQ"}]
        )["Services"]
    }
    assert set(services) == {"api", "postgres"}
    assert services["api"]["DnsConfig"]["DnsRecords"] == [{"Type": "A", "TTL": 10}]
    [instance] = discovery.list_instances(ServiceId=services["postgres"]["Id"])["Instances"]
    assert instance["Attributes"]["AWS_INSTANCE_CNAME"] == system.base["DbHost"]


def test_the_service_shows_where_and_how_it_runs(system: System) -> None:
    [service] = system.client("ecs").describe_services(cluster=system.app["EcsArn"], services=[system.app["Svc"]])[
        "services"
    ]
    assert "launchType" not in service
    assert [one["capacityProvider"] for one in service["capacityProviderStrategy"]] == ["FARGATE", "FARGATE_SPOT"]
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert network["securityGroups"] == [system.base["AppGroup"]]
    assert set(network["subnets"]) == {system.base["SubnetA"], system.base["SubnetB"]}
    assert service["serviceRegistries"][0]["registryArn"] == system.app["NameArn"]
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service["enableExecuteCommand"] is True
    [deployment] = service["deployments"]
    connect = deployment["serviceConnectConfiguration"]
    assert connect["services"][0]["clientAliases"] == [{"port": 3000, "dnsName": "api"}]
    assert (deployment["rolloutState"], service["runningCount"]) == ("COMPLETED", 2)


def test_the_task_definition_keeps_what_its_container_needs(system: System) -> None:
    task = system.client("ecs").describe_task_definition(taskDefinition=system.app["Task"])["taskDefinition"]
    [container] = task["containerDefinitions"]
    assert container["image"] == f"{system.base['RepoUri']}:1"
    assert container["portMappings"] == [
        {"containerPort": 3000, "name": "http", "appProtocol": "http", "protocol": "tcp"}
    ]
    assert container["secrets"] == [{"name": "DATABASE_URL", "valueFrom": system.app["Url"]}]
    assert container["healthCheck"]["command"] == ["CMD-SHELL", "true"]
    assert task["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert task["volumes"][0]["efsVolumeConfiguration"]["fileSystemId"] == system.base["Files"]


def test_a_cluster_has_its_capacity_providers(system: System) -> None:
    [cluster] = system.client("ecs").describe_clusters(clusters=[system.app["EcsArn"]])["clusters"]
    assert cluster["capacityProviders"] == ["FARGATE", "FARGATE_SPOT", system.app["Cp"]]
    assert cluster["defaultCapacityProviderStrategy"][0]["capacityProvider"] == "FARGATE"


def test_listeners_lead_to_the_target_group(system: System) -> None:
    balancers = system.client("elbv2")
    arn = system.physical("shop-app", "Alb")
    listeners = {one["Port"]: one for one in balancers.describe_listeners(LoadBalancerArn=arn)["Listeners"]}
    assert (listeners[443]["Protocol"], listeners[80]["DefaultActions"][0]["Type"]) == ("HTTPS", "redirect")
    rules = balancers.describe_rules(ListenerArn=listeners[443]["ListenerArn"])["Rules"]
    targets = {rule["Priority"]: rule["Actions"][0].get("TargetGroupArn") for rule in rules}
    assert targets["10"] == system.physical("shop-app", "Tg")
    certificates = balancers.describe_listener_certificates(ListenerArn=listeners[443]["ListenerArn"])
    assert len(certificates["Certificates"]) == 2
    attributes = balancers.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    assert {one["Key"]: one["Value"] for one in attributes}["idle_timeout.timeout_seconds"] == "120"


def test_records_lead_to_the_balancer(system: System) -> None:
    records = system.client("route53").list_resource_record_sets(HostedZoneId=system.app["Zone"])
    found = {one["Name"]: one for one in records["ResourceRecordSets"]}
    assert found["api.shop.example.com."]["AliasTarget"]["DNSName"].rstrip(".") == system.app["Dns"]
    assert found["x.shop.example.com."]["ResourceRecords"] == [{"Value": system.app["Dns"]}]


def test_certificates_are_issued(system: System) -> None:
    certificate = system.client("acm").describe_certificate(CertificateArn=system.app["Cert"])["Certificate"]
    assert certificate["Status"] == "ISSUED"
    assert "api.shop.example.com" in certificate["SubjectAlternativeNames"]


def test_the_service_scales_and_the_job_runs_on_time(system: System) -> None:
    scaling = system.client("application-autoscaling")
    [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 60.0
    schedule = system.client("scheduler").get_schedule(Name=system.app["SchArn"].rpartition("/")[2])
    assert schedule["Target"]["EcsParameters"]["TaskDefinitionArn"] == system.app["Task"]


def test_machines_start_from_the_image_that_amazon_recommends(system: System) -> None:
    versions = system.client("ec2").describe_launch_template_versions(LaunchTemplateId=system.app["LtId"])
    data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert re.fullmatch(r"ami-\w+", data["ImageId"])
    [group] = system.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (group["MinSize"], group["MaxSize"]) == (0, 4)


def test_roles_have_their_policies(system: System) -> None:
    iam = system.client("iam")
    role = system.physical("shop-app", "ExecRole")
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [one["PolicyName"] for one in attached] == ["AmazonECSTaskExecutionRolePolicy"]
    policy = iam.get_role_policy(RoleName=role, PolicyName="secrets")["PolicyDocument"]
    assert policy["Statement"][0]["Resource"] == system.app["Url"]
    assert policy["Statement"][0]["Condition"] == {"StringEquals": {"aws:ResourceAccount": "123456789012"}}


def test_files_logs_and_keys_are_as_written(system: System) -> None:
    [files] = system.client("efs").describe_file_systems(FileSystemId=system.base["Files"])["FileSystems"]
    assert (files["Encrypted"], files["KmsKeyId"]) == (True, system.base["KeyArn"])
    groups = {one["logGroupName"]: one for one in system.client("logs").describe_log_groups()["logGroups"]}
    assert groups["/shop/api"]["retentionInDays"] == 14
    key = system.physical("shop-base", "Key")
    assert system.client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    assert "kms:*" in system.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]


def test_the_log_bucket_is_closed_and_lets_the_balancer_write(system: System) -> None:
    storage = system.client("s3")
    bucket = system.base["BucketName"]
    block = storage.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    assert "logdelivery" in storage.get_bucket_policy(Bucket=bucket)["Policy"]
    [rule] = storage.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Expiration"] == {"Days": 30}


def test_stack_tags_reach_the_resources(system: System) -> None:
    [cluster] = system.client("rds").describe_db_clusters(DBClusterIdentifier=system.physical("shop-base", "Cluster"))[
        "DBClusters"
    ]
    assert {"Key": "project", "Value": "shop"} in cluster["TagList"]
    [vpc] = system.client("ec2").describe_vpcs(VpcIds=[system.base["Vpc"]])["Vpcs"]
    assert {"Key": "project", "Value": "shop"} in vpc["Tags"]
