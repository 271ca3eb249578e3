"""Plans as the planner would make them, for the tests of this room.

`full_plan` is a project with a database, a cache, an api and a web front end that are both published.
"""

from __future__ import annotations

from dataclasses import replace

from compose2aws.planning.identity import ResourceId, Role, logical_id
from compose2aws.planning.model import (
    AliasName,
    AuroraCluster,
    BakeTarget,
    Balancer,
    BuiltImage,
    CapacityShare,
    Certificate,
    ConnectAlias,
    Container,
    EngineVersion,
    EnvironmentVariable,
    HealthCheck,
    IngressRule,
    Listener,
    ListenerRule,
    Logging,
    OwnNetwork,
    Parameter,
    Plan,
    PortMapping,
    PublicRecord,
    PublicUrl,
    RegisteredName,
    RegistryImage,
    ReplicationGroup,
    SecurityGroup,
    Service,
    ServiceConnect,
    StoredSecret,
    TargetAttachment,
    TargetGroup,
    Task,
    Tier,
    named,
    singleton,
)
from compose2aws.planning.text import Hole, Text

NETWORK_GROUP = named("AWS::EC2::SecurityGroup", "backend", "SecurityGroup")
BALANCER_GROUP = singleton("AWS::EC2::SecurityGroup", "BalancerSecurityGroup")
BALANCER = singleton("AWS::ElasticLoadBalancingV2::LoadBalancer", "ApplicationLoadBalancer")
HTTPS = singleton("AWS::ElasticLoadBalancingV2::Listener", "HttpsListener")


def group_of(name: str) -> ResourceId:
    return named("AWS::EC2::SecurityGroup", name, "SecurityGroup")


def stored(variable: str) -> ResourceId:
    return named("AWS::SecretsManager::Secret", variable, "Stored")


def built(service: str) -> BuiltImage:
    """An image that is built from the project."""
    return BuiltImage(
        service=service,
        parameter=logical_id(service, "Image"),
        target=BakeTarget(name=service, context=f"./apps/{service}"),
        source=("services", service, "build"),
    )


def container(name: str, **changes: object) -> Container:
    """A container of a public image, with a log group of its own."""
    group = named("AWS::Logs::LogGroup", name, "LogGroup")
    plain = Container(
        name=name, image=RegistryImage("public.ecr.aws/docker/library/nginx:1.27"), logging=Logging(group, 30, name)
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def service(name: str, task: Task | None = None, **changes: object) -> Service:
    """A service of one container, on Fargate, in the private subnets."""
    plain = Service(
        name=name,
        task=task or Task(service=name, cpu=256, memory=512, containers=(container(name),)),
        desired=1,
        capacity=(CapacityShare("FARGATE"),),
        subnets="private",
        security_groups=(NETWORK_GROUP,),
        minimum_healthy=100,
        maximum=200,
        zone_rebalancing=True,
        source=("services", name),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def aurora(tier: Tier = "production") -> AuroraCluster:
    production = tier == "production"
    return AuroraCluster(
        service="postgres",
        engine="aurora-postgresql",
        version=EngineVersion("PostgresEngineVersion", "16.8", "16"),
        family="aurora-postgresql16",
        parameters=(("rds.force_ssl", "0"),),
        port=5432,
        database="app",
        user="postgres",
        minimum_capacity=0.5 if production else 0,
        maximum_capacity=16 if production else 2,
        auto_pause=None if production else 300,
        reader=production,
        backup_retention=14 if production else 1,
        insights_retention=465 if production else None,
        security_group=group_of("postgres"),
        source=("services", "postgres"),
    )


def cache(tier: Tier = "production") -> ReplicationGroup:
    return ReplicationGroup(
        service="redis",
        engine="valkey",
        version=EngineVersion("RedisEngineVersion", "8.0", "8"),
        family="valkey8",
        parameters=(("maxmemory-policy", "noeviction"),),
        port=6379,
        node_type="cache.t4g.small",
        nodes=2 if tier == "production" else 1,
        transit_encryption="preferred",
        snapshot_retention=7 if tier == "production" else 1,
        security_group=group_of("redis"),
        source=("services", "redis"),
    )


def network(tier: Tier = "production") -> OwnNetwork:
    production = tier == "production"
    return OwnNetwork(
        cidr="10.0.0.0/16",
        nat_gateways=2 if production else 0,
        isolated=False,
        search_domain="shop.internal",
        flow_log_retention=365 if production else None,
    )


def bare_plan(tier: Tier = "production", **changes: object) -> Plan:
    """A plan of a network and nothing in it."""
    plain = Plan(
        project="shop",
        tier=tier,
        files=("docker-compose.yml",),
        network=network(tier),
        namespace="shop.internal",
        log_retention=365 if tier == "production" else 7,
        security_groups=(SecurityGroup(NETWORK_GROUP, "Members of backend", open_egress=True),),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def _ingress(name: str, group: ResourceId, peer: ResourceId | str, port: int, role: Role = "Ingress") -> IngressRule:
    rule = named("AWS::EC2::SecurityGroupIngress", name, role)
    return IngressRule(rule, group, peer, "tcp", port, port, f"{name} on {port}")


def _database_url() -> Text:
    return Text.of(
        "postgresql://",
        Hole("user", "postgres"),
        ":",
        Hole("password", "postgres"),
        "@",
        Hole("host", "postgres"),
        ":",
        Hole("port", "postgres"),
        "/",
        Hole("database", "postgres"),
    )


def _api_environment() -> tuple[EnvironmentVariable, ...]:
    redis = Text.of("redis://", Hole("host", "redis"), ":", Hole("port", "redis"))
    jwt = Text.of(Hole("secret-parameter", "JwtSecret"))
    optional = Text.of(Hole("secret-parameter", "SmtpPassword"))
    return (
        EnvironmentVariable("NODE_ENV", Text.of("production")),
        EnvironmentVariable("DATABASE_URL", _database_url(), secret=stored("database-url")),
        EnvironmentVariable("PGPASSWORD", Text.of(Hole("password", "postgres")), aurora().login, "password"),
        EnvironmentVariable("REDIS_URL", redis),
        EnvironmentVariable("JWT_SECRET", jwt, secret=stored("jwt-secret")),
        EnvironmentVariable(
            "SMTP_PASSWORD", optional, stored("smtp-password"), only_if="SmtpPassword", when_empty="empty"
        ),
        EnvironmentVariable("TZ", Text.of(Hole("parameter", "Timezone")), only_if="Timezone"),
        EnvironmentVariable("TEMPLATE", Text.of("keeps ${braces} and 'quotes'")),
    )


def _published(name: str, port: int, tier: Tier, image: BuiltImage, **changes: object) -> Service:
    production = tier == "production"
    target = named("AWS::ElasticLoadBalancingV2::TargetGroup", name, "TargetGroup")
    port_name = f"{name}-{port}"
    only = container(
        name,
        image=image,
        ports=(PortMapping(port, name=port_name if production else None),),
        health_check=HealthCheck(("CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/"), 15, 5, 3, 60),
        environment=_api_environment() if name == "api" else (),
    )
    made = service(
        name,
        Task(service=name, cpu=256, memory=512, containers=(only,)),
        capacity=(CapacityShare("FARGATE" if production else "FARGATE_SPOT"),),
        subnets="private" if production else "public",
        security_groups=(NETWORK_GROUP, group_of(name)),
        registry=named("AWS::ServiceDiscovery::Service", name, "Registry"),
        connect=ServiceConnect((ConnectAlias(port_name, port_name, name, port),)) if production else None,
        targets=(TargetAttachment(name, port, target),),
        health_grace=120,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _balancer(tier: Tier) -> Balancer:
    names = ("api", "web")
    groups = tuple(
        TargetGroup(
            named("AWS::ElasticLoadBalancingV2::TargetGroup", name, "TargetGroup"),
            "HTTP",
            "/health" if name == "api" else "/",
            "200-499",
            30,
            source=("services", name, "ports", 0),
        )
        for name in names
    )
    rules = tuple(
        ListenerRule(
            named("AWS::ElasticLoadBalancingV2::ListenerRule", name, "ListenerRule"),
            HTTPS,
            100 + index,
            (f"{name}.example.com",),
            (),
            groups[index].id,
            source=("services", name, "ports", 0),
        )
        for index, name in enumerate(names)
    )
    redirect = singleton("AWS::ElasticLoadBalancingV2::Listener", "RedirectListener")
    listeners = (
        Listener(HTTPS, 443, "HTTPS", "not-found"),
        Listener(redirect, 80, "HTTP", "redirect"),
        Listener(named("AWS::ElasticLoadBalancingV2::Listener", "api", "HttpListener"), 3001, "HTTP", groups[0].id, ()),
    )
    return Balancer(BALANCER, "application", BALANCER_GROUP, listeners, rules, groups, tier == "production", 365)


def full_plan(tier: Tier = "production") -> Plan:
    """postgres, redis, api and web, at https://api.example.com and https://web.example.com."""
    production = tier == "production"
    images = (built("api"), built("web"))
    needs = (aurora().cluster, aurora().writer, cache().group)
    api = _published("api", 3000, tier, images[0], depends_on=needs)
    web = _published("web", 80, tier, images[1], depends_on=(api.id,))
    if production:
        web = replace(web, connect=replace(web.connect, client_of=("api:3000",)))  # type: ignore[type-var]
    groups = (
        SecurityGroup(NETWORK_GROUP, "Members of backend", True, ("networks", "backend")),
        SecurityGroup(BALANCER_GROUP, "The balancer", True),
        *(SecurityGroup(group_of(name), f"{name} itself", True, ("services", name)) for name in ("api", "web")),
        *(SecurityGroup(group_of(name), f"{name} itself", False, ("services", name)) for name in ("postgres", "redis")),
    )
    ingress = (
        _ingress("postgres", group_of("postgres"), NETWORK_GROUP, 5432),
        _ingress("redis", group_of("redis"), NETWORK_GROUP, 6379),
        _ingress("api", group_of("api"), BALANCER_GROUP, 3000),
        _ingress("web", group_of("web"), BALANCER_GROUP, 80),
        _ingress("https", BALANCER_GROUP, "0.0.0.0/0", 443),
        _ingress("http", BALANCER_GROUP, "0.0.0.0/0", 80),
        _ingress("plain", BALANCER_GROUP, "0.0.0.0/0", 3001),
        IngressRule(
            named("AWS::EC2::SecurityGroupIngress", "backend", "Ingress"),
            NETWORK_GROUP,
            NETWORK_GROUP,
            "-1",
            0,
            65535,
            "Members speak to each other",
        ),
    )
    secret = Parameter("JwtSecret", "variable:JWT_SECRET", "JWT_SECRET of api", secret=True, value="cnry-never-written")
    return bare_plan(
        tier,
        parameters=(
            secret,
            Parameter("SmtpPassword", "variable:SMTP_PASSWORD", "SMTP_PASSWORD", secret=True, default=""),
            Parameter("Timezone", "variable:TZ", "TZ of api", default=""),
            Parameter("Unused", "variable:UNUSED", "Nothing reads it", default=""),
            Parameter("HostedZoneId", "hosted-zone:example.com", "The zone of example.com"),
        ),
        secrets=(
            StoredSecret(stored("database-url"), _database_url(), "DATABASE_URL of api"),
            StoredSecret(stored("jwt-secret"), Text.of(Hole("secret-parameter", "JwtSecret")), "JWT_SECRET of api"),
            StoredSecret(
                stored("smtp-password"),
                Text.of(Hole("secret-parameter", "SmtpPassword")),
                "SMTP_PASSWORD of api",
                only_if="SmtpPassword",
            ),
        ),
        security_groups=groups,
        ingress=ingress,
        managed=(aurora(tier), cache(tier)),
        images=images,
        workloads=(api, web),
        names=(
            *(
                RegisteredName(named("AWS::ServiceDiscovery::Service", name, "Registry"), name, ("services", name))
                for name in ("api", "web")
            ),
            *(
                AliasName(
                    named("AWS::ServiceDiscovery::Service", name, "Alias"),
                    named("AWS::ServiceDiscovery::Instance", name, "AliasInstance"),
                    name,
                    Text.of(Hole("host", name)),
                    name,
                    ("services", name),
                )
                for name in ("postgres", "redis")
            ),
        ),
        connect=production,
        balancers=(_balancer(tier),),
        certificate=Certificate(("example.com", "*.example.com")),
        records=tuple(
            PublicRecord(named("AWS::Route53::RecordSet", name, "Record"), f"{name}.example.com", BALANCER)
            for name in ("api", "web")
        ),
        urls=(PublicUrl("api", "https", "api.example.com", 443), PublicUrl("api", "http", None, 3001)),
    )
