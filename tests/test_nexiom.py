"""The main job, end to end: the nexiom example is synthesised by the command, created as stacks through boto3, and
found again through the interfaces of the services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("moto", reason="the rehearsal needs the extra `rehearsal`")

from compose2aws.rehearsal import RehearsalServer, missing_resources
from tests.deployment import DIGEST, Deployment, deploy, synthesise

EXAMPLE = Path(__file__).parent.parent / "examples" / "nexiom"
FILES = [EXAMPLE / "docker-compose.yml", EXAMPLE / "compose.aws.yaml"]


@pytest.fixture(scope="module", params=["production", "development"])
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    out = tmp_path_factory.mktemp("nexiom") / "aws.out"
    synthesise(FILES, out, "--format", "json", "--tier", request.param)
    with RehearsalServer() as server:
        yield deploy(out, server)


def tier(deployment: Deployment) -> str:
    return str(deployment.templates["nexiom-base"]["Metadata"]["compose2aws"]["tier"])


def test_every_resource_of_both_templates_is_there(deployment: Deployment) -> None:
    assert list(deployment.templates) == ["nexiom-base", "nexiom-app"]
    for stack in deployment.templates:
        assert missing_resources(deployment.server, stack) == []


def test_the_balancer_listens_on_443_and_redirects_80(deployment: Deployment) -> None:
    client = deployment.client("elbv2")
    (balancer,) = client.describe_load_balancers()["LoadBalancers"]
    listeners = client.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    assert {(listener["Port"], listener["Protocol"]) for listener in listeners} == {(443, "HTTPS"), (80, "HTTP")}
    plain = next(listener for listener in listeners if listener["Port"] == 80)
    assert plain["DefaultActions"][0]["Type"] == "redirect"
    assert plain["DefaultActions"][0]["RedirectConfig"]["Port"] == "443"


def test_the_api_answers_under_its_name_on_the_containers_port(deployment: Deployment) -> None:
    client = deployment.client("elbv2")
    arn = client.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    https = next(i for i in client.describe_listeners(LoadBalancerArn=arn)["Listeners"] if i["Port"] == 443)
    rules = client.describe_rules(ListenerArn=https["ListenerArn"])["Rules"]
    target_of = {
        value: rule["Actions"][0]["TargetGroupArn"]
        for rule in rules
        for condition in rule["Conditions"]
        for value in condition.get("HostHeaderConfig", {}).get("Values", condition.get("Values", []))
    }
    assert set(target_of) == {"api.nexiom.com", "web.nexiom.com"}
    cluster = deployment.client("ecs").list_clusters()["clusterArns"][0]
    services = deployment.client("ecs").describe_services(cluster=cluster, services=_services(deployment))["services"]
    attached = {
        (balancer["containerName"], balancer["containerPort"]): balancer["targetGroupArn"]
        for service in services
        for balancer in service["loadBalancers"]
    }
    assert attached == {("api", 3000): target_of["api.nexiom.com"], ("web", 80): target_of["web.nexiom.com"]}
    groups = client.describe_target_groups(TargetGroupArns=[target_of["api.nexiom.com"]])["TargetGroups"]
    assert groups[0]["HealthCheckPath"] == "/health"


def test_the_domain_has_a_certificate_and_records(deployment: Deployment) -> None:
    certificates = deployment.client("acm").list_certificates()["CertificateSummaryList"]
    assert [certificate["DomainName"] for certificate in certificates] == ["nexiom.com"]
    client = deployment.client("route53")
    zone = client.list_hosted_zones_by_name(DNSName="nexiom.com")["HostedZones"][0]["Id"]
    records = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert {"api.nexiom.com.", "web.nexiom.com."} <= {record["Name"] for record in records if record["Type"] == "A"}


def test_nothing_admits_the_world_but_the_balancer(deployment: Deployment) -> None:
    client = deployment.client("ec2")
    open_to_all = {
        group["GroupName"]: {permission["FromPort"] for permission in group["IpPermissions"]}
        for group in client.describe_security_groups()["SecurityGroups"]
        if any(r["CidrIp"] == "0.0.0.0/0" for permission in group["IpPermissions"] for r in permission["IpRanges"])
    }
    assert list(open_to_all.values()) == [{80, 443}]


def test_the_database_admits_the_networks_members_on_its_port_alone(deployment: Deployment) -> None:
    client = deployment.client("ec2")
    database = deployment.physical("PostgresSecurityGroup")
    (group,) = client.describe_security_groups(GroupIds=[database])["SecurityGroups"]
    (permission,) = group["IpPermissions"]
    assert (permission["FromPort"], permission["ToPort"], permission["IpProtocol"]) == (5432, 5432, "tcp")
    (peer,) = permission["UserIdGroupPairs"]
    cluster = deployment.client("ecs").list_clusters()["clusterArns"][0]
    for service in deployment.client("ecs").describe_services(cluster=cluster, services=_services(deployment))[
        "services"
    ]:
        assert peer["GroupId"] in service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]


def test_tasks_stand_where_the_tier_says(deployment: Deployment) -> None:
    production = tier(deployment) == "production"
    cluster = deployment.client("ecs").list_clusters()["clusterArns"][0]
    for service in deployment.client("ecs").describe_services(cluster=cluster, services=_services(deployment))[
        "services"
    ]:
        network = service["networkConfiguration"]["awsvpcConfiguration"]
        assert network["assignPublicIp"] == ("DISABLED" if production else "ENABLED")
        provider = service["capacityProviderStrategy"][0]["capacityProvider"]
        assert provider == ("FARGATE" if production else "FARGATE_SPOT")
    gateways = deployment.client("ec2").describe_nat_gateways()["NatGateways"]
    assert len(gateways) == (2 if production else 0)


def test_aurora_is_what_the_tag_asked_for(deployment: Deployment) -> None:
    production = tier(deployment) == "production"
    (cluster,) = deployment.client("rds").describe_db_clusters()["DBClusters"]
    assert cluster["Engine"] == "aurora-postgresql"
    assert cluster["EngineVersion"].startswith("16.")
    assert cluster["DatabaseName"] == "nexiom"
    assert cluster["StorageEncrypted"] is True
    assert cluster["BackupRetentionPeriod"] == (14 if production else 1)
    instances = deployment.client("rds").describe_db_instances()["DBInstances"]
    assert len(instances) == (2 if production else 1)


def test_the_cache_takes_plain_clients_and_is_encrypted(deployment: Deployment) -> None:
    (group,) = deployment.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    assert group["TransitEncryptionEnabled"] is True
    assert group["TransitEncryptionMode"] == "preferred"
    assert group["AtRestEncryptionEnabled"] is True


def test_the_database_url_reaches_aurora_with_the_generated_password(deployment: Deployment) -> None:
    environment = deployment.environment("api")
    url = urlsplit(environment["DATABASE_URL"])
    (cluster,) = deployment.client("rds").describe_db_clusters()["DBClusters"]
    assert (url.scheme, url.hostname, url.port, url.path) == ("postgresql", cluster["Endpoint"], 5432, "/nexiom")
    assert url.username == cluster["MasterUsername"]
    assert url.password and url.password != "postgres"
    login = deployment.client("secretsmanager").get_secret_value(SecretId=deployment.physical("PostgresMasterLogin"))
    assert url.password in login["SecretString"]


def test_the_app_finds_its_other_values_as_before(deployment: Deployment) -> None:
    environment = deployment.environment("api")
    (group,) = deployment.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    endpoint = group["NodeGroups"][0]["PrimaryEndpoint"]
    assert environment["REDIS_URL"] == f"redis://{endpoint['Address']}:6379"
    assert environment["NODE_ENV"] == "production"
    assert environment["JWT_SECRET"] == "value-of-JwtSecret"


def test_no_secret_stands_in_plain_environment(deployment: Deployment) -> None:
    container = deployment.container("api")
    assert {entry["name"] for entry in container["secrets"]} == {"DATABASE_URL", "JWT_SECRET"}
    assert not {"DATABASE_URL", "JWT_SECRET"} & {entry["name"] for entry in container["environment"]}


def test_tasks_run_the_built_images_by_digest(deployment: Deployment) -> None:
    repositories = {r["repositoryUri"] for r in deployment.client("ecr").describe_repositories()["repositories"]}
    assert len(repositories) == 2
    for service in ("api", "web"):
        repository, _, digest = deployment.container(service)["image"].partition("@")
        assert digest == DIGEST
        assert repository in repositories


def test_names_resolve_as_in_docker(deployment: Deployment) -> None:
    client = deployment.client("servicediscovery")
    namespaces = {n["Name"]: n["Id"] for n in client.list_namespaces()["Namespaces"]}
    assert "nexiom.internal" in namespaces
    services = {s["Name"]: s["DnsConfig"]["DnsRecords"][0]["Type"] for s in client.list_services()["Services"]}
    assert services == {"api": "A", "web": "A", "postgres": "CNAME", "redis": "CNAME"}
    options = deployment.client("ec2").describe_dhcp_options(DhcpOptionsIds=[deployment.physical("DhcpOptions")])
    configured = {c["Key"]: c["Values"][0]["Value"] for c in options["DhcpOptions"][0]["DhcpConfigurations"]}
    assert configured["domain-name"] == "nexiom.internal"


def test_the_urls_are_outputs_of_the_app(deployment: Deployment) -> None:
    assert set(deployment.outputs("nexiom-app").values()) == {"https://api.nexiom.com", "https://web.nexiom.com"}


def test_each_task_reads_its_own_secrets_and_no_others(deployment: Deployment) -> None:
    secrets = {entry["valueFrom"] for entry in deployment.container("api")["secrets"]}
    client = deployment.client("iam")
    role = re.sub(".*/", "", deployment.physical("ApiExecutionRole"))
    allowed: set[str] = set()
    for name in client.list_role_policies(RoleName=role)["PolicyNames"]:
        document = client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            if "secretsmanager:GetSecretValue" in actions:
                allowed |= set(statement["Resource"])
    assert allowed == secrets


def _services(deployment: Deployment) -> list[str]:
    client = deployment.client("ecs")
    return list(client.list_services(cluster=client.list_clusters()["clusterArns"][0])["serviceArns"])
