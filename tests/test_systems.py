"""The other example systems: synthesised by the command, created in a rehearsal, and what each promises is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("moto", reason="the rehearsal needs the extra `rehearsal`")

from compose2aws.rehearsal import RehearsalServer, missing_resources
from tests.deployment import Deployment, deploy, synthesise

EXAMPLES = Path(__file__).parent.parent / "examples"
TIERS = ["production", "development"]
SYSTEMS: dict[str, tuple[str, ...]] = {
    "lambda-lite": ("infra/docker-compose.yml",),
    "sports-analytics": ("docker-compose.yml", "compose.aws.yaml"),
    "edgechat": ("docker-compose.yml", "compose.aws.yaml"),
    "fastapi-db": ("docker-compose.yml", "compose.aws.yaml"),
    "fastapi-db-production": ("docker-compose.prod.yml", "compose.aws.yaml"),
    "fastapi-db-merged": ("docker-compose.yml", "docker-compose.prod.yml", "compose.aws.yaml"),
}


def files(system: str) -> list[Path]:
    folder = EXAMPLES / system.removesuffix("-production").removesuffix("-merged")
    return [folder / name for name in SYSTEMS[system]]


@pytest.fixture(scope="module", params=[(s, t) for s in SYSTEMS for t in TIERS], ids=lambda p: f"{p[0]}-{p[1]}")
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Deployment]]:
    system, tier = request.param
    out = tmp_path_factory.mktemp(system) / "aws.out"
    synthesise(files(system), out, "--format", "json", "--tier", tier)
    with RehearsalServer() as server:
        yield system, deploy(out, server)


def test_every_resource_is_there(deployment: tuple[str, Deployment]) -> None:
    _, made = deployment
    for stack in made.templates:
        assert missing_resources(made.server, stack) == []


def test_every_app_connects_to_what_its_databases_became(deployment: tuple[str, Deployment]) -> None:
    system, made = deployment
    if system == "sports-analytics":
        _assert_postgres(made, made.environment("backend")["DATABASE_URL"], "postgresql", "/sports_analytics")
    elif system == "edgechat":
        environment = made.environment("app")
        _assert_postgres(made, environment["DATABASE_URL"], "postgresql+asyncpg", "/postgres")
        _assert_mongo(made, environment["MONGODB_URL"])
        group = made.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
        address = group["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
        assert environment["REDIS_URL"] == f"redis://{address}:6379/0"
    elif system == "lambda-lite":
        for service in ("backend", "worker"):
            _assert_mongo(made, made.environment(service)["MONGODB_URL"])
    elif system == "fastapi-db":
        _assert_postgres(made, made.environment("api")["DATABASE_URL"], None, None)


def test_a_url_from_outside_is_asked_for_and_kept_secret(deployment: tuple[str, Deployment]) -> None:
    system, made = deployment
    if system not in ("fastapi-db-production", "fastapi-db-merged"):
        pytest.skip("this system brings its URL itself")
    container = made.container("api")
    assert "DATABASE_URL" in {entry["name"] for entry in container["secrets"]}
    assert "DATABASE_URL" not in {entry["name"] for entry in container.get("environment", [])}


def test_no_database_is_published(deployment: tuple[str, Deployment]) -> None:
    _, made = deployment
    client = made.client("elbv2")
    ports = {
        listener["Port"]
        for balancer in client.describe_load_balancers()["LoadBalancers"]
        for listener in client.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    }
    assert not ports & {5432, 27017, 6379}


def _assert_postgres(made: Deployment, url: str, scheme: str | None, path: str | None) -> None:
    parts = urlsplit(url)
    # Amazon's interface tells DocumentDB's clusters here too
    clusters = made.client("rds").describe_db_clusters()["DBClusters"]
    (cluster,) = [cluster for cluster in clusters if cluster["Engine"] == "aurora-postgresql"]
    assert (parts.hostname, parts.port or 5432) == (cluster["Endpoint"], 5432)
    assert parts.username == cluster["MasterUsername"]
    assert parts.path == f"/{cluster['DatabaseName']}"
    assert (scheme or parts.scheme, path or parts.path) == (parts.scheme, parts.path)
    assert parts.password and len(parts.password) >= 24


def _assert_mongo(made: Deployment, url: str) -> None:
    parts = urlsplit(url)
    (cluster,) = made.client("docdb").describe_db_clusters(Filters=[{"Name": "engine", "Values": ["docdb"]}])[
        "DBClusters"
    ]
    assert parts.hostname == cluster["Endpoint"]
    assert parts.username == cluster["MasterUsername"]
    assert parts.password
    options = parse_qs(parts.query)
    assert options == {"replicaSet": ["rs0"], "retryWrites": ["false"], "authSource": ["admin"]}


def test_what_needs_a_docker_socket_runs_on_an_instance_of_the_project(deployment: tuple[str, Deployment]) -> None:
    system, made = deployment
    if system != "lambda-lite":
        pytest.skip("this system needs no host")
    ecs = made.client("ecs")
    cluster = ecs.list_clusters()["clusterArns"][0]
    services = ecs.describe_services(cluster=cluster, services=ecs.list_services(cluster=cluster)["serviceArns"])
    providers = {
        s["taskDefinition"]: s["capacityProviderStrategy"][0]["capacityProvider"] for s in services["services"]
    }
    on_hosts = [task for task, provider in providers.items() if not provider.startswith("FARGATE")]
    assert len(providers) == 4
    assert [task.rpartition("/")[2].partition(":")[0] for task in on_hosts] == ["lambda-lite-worker"]
    assert made.container("worker")["mountPoints"][0]["containerPath"] == "/var/run/docker.sock"
    (group,) = made.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (group["MinSize"], group["NewInstancesProtectedFromScaleIn"]) == (0, False)
    # instances stand in private subnets, which need a way out in development too
    tier = made.templates["lambda-lite-base"]["Metadata"]["compose2aws"]["tier"]
    assert len(made.client("ec2").describe_nat_gateways()["NatGateways"]) == (2 if tier == "production" else 1)
    template = made.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=group["LaunchTemplate"]["LaunchTemplateId"]
    )["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert template["MetadataOptions"]["HttpTokens"] == "required"
