"""A project and its plan, made by hand: what the views are tested on."""

from __future__ import annotations

import pytest

from compose2aws.compose.node import Mapping, Node, Position, Scalar, Sequence
from compose2aws.compose.project import InactiveService, Project
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import (
    AccessPoint,
    AuroraCluster,
    BakeTarget,
    Balancer,
    BuiltImage,
    CapacityShare,
    Container,
    EngineVersion,
    EnvironmentVariable,
    FileSystem,
    Job,
    Listener,
    ListenerRule,
    Logging,
    OwnNetwork,
    Parameter,
    Plan,
    PublicUrl,
    RegisteredName,
    RegistryImage,
    ReplicationGroup,
    SecurityGroup,
    Service,
    TargetAttachment,
    TargetGroup,
    Task,
    named,
    singleton,
)
from compose2aws.planning.text import Hole, Text

FILE = "docker-compose.yml"

SHOP = {
    "services": {
        "api": {
            "build": {"context": "/home/me/shop/apps/api"},
            "environment": {"DATABASE_URL": "postgresql://u:secret@postgres/shop", "JWT_SECRET": "hunter2"},
            "networks": {"inner": None},
            "ports": [
                {"mode": "ingress", "target": 3000, "published": "3001", "protocol": "tcp"},
                {"mode": "ingress", "host_ip": "127.0.0.1", "target": 9229, "published": "9229", "protocol": "tcp"},
            ],
            "volumes": [
                {"type": "volume", "source": "uploads", "target": "/uploads"},
                {"type": "bind", "source": "/home/me/shop/settings.json", "target": "/settings.json"},
            ],
        },
        "web": {
            "networks": {"inner": None, "outer": None},
            "ports": [{"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp"}],
        },
        "worker": {"networks": {"inner": None}},
        "migrate": {"networks": {"inner": None}},
        "postgres": {
            "networks": {"inner": None},
            "volumes": [{"type": "volume", "source": "postgres_data", "target": "/var/lib/postgresql/data"}],
        },
        "redis": {"networks": {"inner": None}},
        "adminer": {"networks": {"inner": None}},
    },
    "networks": {"inner": {}, "outer": {}},
    "volumes": {"postgres_data": {}, "uploads": {}},
}


def tree(value: object, line: int = 1) -> Node:
    """A value as the loader would give it, every part on a line of its own."""
    position = Position(FILE, line, 3)
    if isinstance(value, dict):
        entries = {str(key): tree(below, line + 1 + n) for n, (key, below) in enumerate(value.items())}
        return Mapping(entries, position, {key: node.position for key, node in entries.items()})
    if isinstance(value, list):
        return Sequence(tuple(tree(below, line + 1 + n) for n, below in enumerate(value)), position)
    assert value is None or isinstance(value, str | int | float | bool)
    return Scalar(value, position)


def task(
    service: str, cpu: int = 256, memory: int = 512, environment: tuple[EnvironmentVariable, ...] = (), beside: str = ""
) -> Task:
    logging = Logging(named("AWS::Logs::LogGroup", service, "LogGroup"), 365, service)
    names = (service, beside) if beside else (service,)
    containers = tuple(Container(n, RegistryImage(f"{n}:1"), logging, environment=environment) for n in names)
    return Task(service, cpu, memory, containers)


def service(name: str, work: Task, desired: int = 1, targets: tuple[TargetAttachment, ...] = ()) -> Service:
    return Service(
        name,
        work,
        desired,
        (CapacityShare("FARGATE"),),
        "private",
        (),
        100,
        200,
        True,
        targets=targets,
        source=("services", name),
    )


def balancer() -> Balancer:
    https = singleton("AWS::ElasticLoadBalancingV2::Listener", "HttpsListener")
    http = singleton("AWS::ElasticLoadBalancingV2::Listener", "RedirectListener")
    groups = {name: named("AWS::ElasticLoadBalancingV2::TargetGroup", name, "TargetGroup") for name in ("api", "web")}
    return Balancer(
        singleton("AWS::ElasticLoadBalancingV2::LoadBalancer", "ApplicationLoadBalancer"),
        "application",
        singleton("AWS::EC2::SecurityGroup", "BalancerSecurityGroup"),
        (Listener(https, 443, "HTTPS", "not-found"), Listener(http, 80, "HTTP", "redirect")),
        tuple(
            ListenerRule(
                named("AWS::ElasticLoadBalancingV2::ListenerRule", name, "ListenerRule"),
                https,
                100 + n,
                (f"{name}.example.com",),
                (),
                group,
            )
            for n, (name, group) in enumerate(groups.items())
        ),
        tuple(
            TargetGroup(group, "HTTP", "/", "200-499", 10, source=("services", name, "ports", 0))
            for name, group in groups.items()
        ),
        True,
        365,
    )


def shop_ledger(root: Mapping) -> Ledger:
    ledger = Ledger(root)
    cluster = named("AWS::RDS::DBCluster", "postgres", "Cluster")
    ledger.record(("services", "api", "ports", 0), "translated", balancer().rules[0].id)
    ledger.record(
        ("services", "api", "ports", 1),
        "adapted",
        code="loopback-port",
        reason="published on 127.0.0.1 only, so it stays inside",
    )
    ledger.record(("services", "postgres"), "translated", cluster)
    ledger.record(("volumes", "postgres_data"), "adapted", cluster)
    ledger.record(("volumes", "uploads"), "translated", named("AWS::EFS::AccessPoint", "uploads", "AccessPoint"))
    ledger.record(
        ("services", "api", "volumes", 1),
        "adapted",
        named("AWS::ECR::Repository", "api", "Repository"),
        code="files-baked",
        reason="copied into the image when it is built",
    )
    ledger.drop(
        ("services", "adminer"),
        "development-tool",
        "adminer is a development tool and is left out.",
        "Write `x-aws: {managed: false}` in the service to run it privately.",
    )
    for name in ("api", "web", "worker"):
        ledger.find("no-limit", "note", f"{name} has no memory limit: it gets 512 MB.", "", ("services", name))
    ledger.find("no-alarms", "note", "Nobody is told when something breaks.", "Set `x-aws.alarms` to an address.")
    return ledger


@pytest.fixture
def project() -> Project:
    root = tree(SHOP)
    assert isinstance(root, Mapping)
    inactive = tuple(
        InactiveService(name, ("debug", "dev"), Position(FILE, 90, 3)) for name in ("debugger", "profiler")
    )
    return Project("shop", "/home/me/shop", (FILE,), root, inactive=inactive)


@pytest.fixture
def plan(project: Project) -> Plan:
    ledger = shop_ledger(project.root)
    url = Text.of("postgresql://", Hole("user", "postgres"), ":", Hole("password", "postgres"), "@")
    url = Text.of(url, Hole("host", "postgres"), ":5432/shop")
    secret = named("AWS::SecretsManager::Secret", "api", "Stored")
    connection = EnvironmentVariable("DATABASE_URL", url, secret)
    host = EnvironmentVariable("DB_HOST", Text.of(Hole("host", "postgres")))
    password = EnvironmentVariable("DB_PASSWORD", Text.of(Hole("password", "postgres")), secret)
    plain = EnvironmentVariable("LOG_LEVEL", Text.of("info"))
    groups = {group.id: group for group in balancer().target_groups}
    targets = {
        name: (TargetAttachment(name, port, id_),)
        for (name, port), id_ in zip((("api", 3000), ("web", 80)), groups, strict=True)
    }
    return Plan(
        project="shop",
        tier="production",
        files=(FILE,),
        network=OwnNetwork("10.0.0.0/16", 2, False, "shop.internal", 365),
        namespace="shop.internal",
        log_retention=365,
        parameters=(
            Parameter("JwtSecret", "variable:JWT_SECRET", "", secret=True),
            Parameter("ApiToken", "compose:/services/api/environment/API_TOKEN", "", secret=True, value="hunter2"),
            Parameter("LogLevel", "variable:LOG_LEVEL", "", default=""),
            Parameter("ApiImage", "image:api", ""),
        ),
        security_groups=tuple(
            SecurityGroup(
                named("AWS::EC2::SecurityGroup", network, "SecurityGroup"), network, True, ("networks", network)
            )
            for network in ("inner", "outer")
        ),
        managed=(
            AuroraCluster(
                service="postgres",
                engine="aurora-postgresql",
                version=EngineVersion("PostgresEngineVersion", "16.9", "16"),
                family="aurora-postgresql16",
                parameters=(),
                port=5432,
                database="shop",
                user="u",
                minimum_capacity=0.5,
                maximum_capacity=16,
                auto_pause=None,
                reader=True,
                backup_retention=14,
                insights_retention=465,
                security_group=named("AWS::EC2::SecurityGroup", "postgres", "SecurityGroup"),
                source=("services", "postgres"),
            ),
            ReplicationGroup(
                service="redis",
                engine="valkey",
                version=EngineVersion("RedisEngineVersion", "8.1", "7"),
                family="valkey8",
                parameters=(),
                port=6379,
                node_type="cache.t4g.small",
                nodes=2,
                transit_encryption="preferred",
                snapshot_retention=7,
                security_group=named("AWS::EC2::SecurityGroup", "redis", "SecurityGroup"),
                source=("services", "redis"),
            ),
        ),
        images=(
            BuiltImage("api", "ApiImage", BakeTarget("api", "apps/api")),
            BuiltImage("web", "WebImage", BakeTarget("web", ".", dockerfile_inline="FROM base\nCOPY a /a\n")),
        ),
        file_system=FileSystem(
            (AccessPoint("uploads", "/uploads"),),
            named("AWS::EC2::SecurityGroup", "uploads", "SecurityGroup"),
            True,
        ),
        workloads=(
            service("api", task("api", 512, 1024, (connection, plain)), 2, targets["api"]),
            service("web", task("web"), 1, targets["web"]),
            service("worker", task("worker", environment=(connection, host, password))),
            Job("migrate", task("migrate"), "private", (), 3600),
        ),
        names=tuple(
            RegisteredName(ResourceId("AWS::ServiceDiscovery::Service", name), name) for name in ("api", "web")
        ),
        connect=True,
        balancers=(balancer(),),
        urls=(PublicUrl("api", "https", "api.example.com", 443), PublicUrl("web", "https", "web.example.com", 443)),
        decisions=ledger.decisions,
        findings=ledger.findings,
    )
