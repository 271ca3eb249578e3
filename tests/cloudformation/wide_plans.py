"""A plan of all the families that `full_plan` has nothing of: one large template, so that cfn-lint runs once."""

from __future__ import annotations

from dataclasses import replace

from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model import (
    AccessPoint,
    Autoscaling,
    Balancer,
    ContainerDependency,
    DatabaseInstance,
    DocumentCluster,
    EngineVersion,
    EnvironmentVariable,
    ExistingNetwork,
    FileSystem,
    HealthCheck,
    Job,
    Listener,
    MemcachedCluster,
    MessageBroker,
    OwnNetwork,
    Parameter,
    Plan,
    PortMapping,
    PublicUrl,
    RegistryImage,
    SearchDomain,
    SecurityGroup,
    Service,
    StoredSecret,
    TargetAttachment,
    TargetGroup,
    Task,
    TaskVolume,
    Tier,
    Tmpfs,
    Ulimit,
    VolumeMount,
    named,
    singleton,
)
from compose2aws.planning.text import Hole, Text

from .plans import NETWORK_GROUP, aurora, bare_plan, cache, container, group_of, network, service, stored

NETWORK_BALANCER = singleton("AWS::ElasticLoadBalancingV2::LoadBalancer", "NetworkLoadBalancer")
NETWORK_BALANCER_GROUP = singleton("AWS::EC2::SecurityGroup", "NetworkBalancerSecurityGroup")
FILES_GROUP = singleton("AWS::EC2::SecurityGroup", "FileSystemSecurityGroup")
CREDENTIALS = "arn:aws:secretsmanager:us-east-1:123456789012:secret:registry-AbCdEf"
UPLOADS = AccessPoint("uploads", "/uploads", ("volumes", "uploads"))


def mongo(tier: Tier = "production") -> DocumentCluster:
    return DocumentCluster(
        service="mongo",
        version=EngineVersion("MongoEngineVersion", "5.0.0", "5"),
        family="docdb5.0",
        parameters=(("audit_logs", "enabled"), ("tls", "disabled")),
        port=27017,
        user="root",
        instance_class="db.t4g.medium",
        instances=2 if tier == "production" else 1,
        backup_retention=14,
        security_group=group_of("mongo"),
        source=("services", "mongo"),
    )


def maria(tier: Tier = "production") -> DatabaseInstance:
    production = tier == "production"
    return DatabaseInstance(
        service="maria",
        engine="mariadb",
        version=EngineVersion("MariaEngineVersion", "11.4", "11.4"),
        family="mariadb11.4",
        parameters=(("require_secure_transport", "0"),),
        port=3306,
        database="blog",
        user="blog",
        instance_class="db.t4g.medium",
        storage=20,
        maximum_storage=100,
        multi_az=production,
        backup_retention=14,
        insights_retention=None,
        security_group=group_of("maria"),
        source=("services", "maria"),
    )


def memcached(tier: Tier = "production") -> MemcachedCluster:
    return MemcachedCluster(
        service="memory",
        version=EngineVersion("MemoryEngineVersion", "1.6.22", "1.6"),
        family="memcached1.6",
        parameters=(("max_item_size", "4194304"),),
        port=11211,
        node_type="cache.t4g.small" if tier == "production" else "cache.t4g.micro",
        tls=False,
        security_group=group_of("memory"),
        source=("services", "memory"),
    )


def rabbit(tier: Tier = "production") -> MessageBroker:
    return MessageBroker(
        service="rabbit",
        version=EngineVersion("RabbitEngineVersion", "4.2", "4.2"),
        port=5671,
        management_port=443,
        user="guest_app",
        instance_type="mq.m7g.large" if tier == "production" else "mq.m7g.medium",
        security_group=group_of("rabbit"),
        source=("services", "rabbit"),
    )


def search(tier: Tier = "production", *, secured: bool = True) -> SearchDomain:
    production = tier == "production"
    return SearchDomain(
        service="search",
        version=EngineVersion("SearchEngineVersion", "2.19", "2.19"),
        port=443,
        user="admin",
        secured=secured,
        instance_type="m7g.large.search" if production else "t3.small.search",
        nodes=2 if production else 1,
        masters="m7g.medium.search" if production else None,
        storage=50 if production else 10,
        log_retention=365,
        security_group=group_of("search"),
        source=("services", "search"),
    )


_MANAGED = ("mongo", "maria", "redis", "memory", "rabbit", "search")


def _target(name: str) -> ResourceId:
    return named("AWS::ElasticLoadBalancingV2::TargetGroup", name, "TargetGroup")


def _network_balancer() -> Balancer:
    groups = (
        TargetGroup(_target("broker"), "TCP", None, None, 30, source=("services", "broker", "ports", 0)),
        TargetGroup(_target("dns"), "UDP", None, None, 30, health_port=8080, source=("services", "dns", "ports", 0)),
    )
    listeners = tuple(
        Listener(
            named("AWS::ElasticLoadBalancingV2::Listener", name, "NetworkListener"),
            port,
            group.protocol if group.protocol == "UDP" else "TCP",
            group.id,
            group.source,
        )
        for name, port, group in (("broker", 1883, groups[0]), ("dns", 53, groups[1]))
    )
    return Balancer(NETWORK_BALANCER, "network", NETWORK_BALANCER_GROUP, listeners, (), groups, True, 365)


def _writer() -> Service:
    """A service with a volume, a sidecar, limits, and a secret that may not be there."""
    main = container(
        "writer",
        image=RegistryImage("registry.example.com/writer:2", CREDENTIALS),
        entrypoint=(Text.of("/bin/sh"), Text.of("-c")),
        command=(Text.of("exec writer --to ", Hole("host", "mongo")),),
        environment=(
            EnvironmentVariable(
                "LICENSE", Text.of(Hole("secret-parameter", "License")), stored("license"), None, "License"
            ),
            EnvironmentVariable("LEVEL", Text.of("v", Hole("parameter", "Level")), only_if="Level", when_empty="empty"),
        ),
        mounts=(VolumeMount("uploads", "/srv/uploads"), VolumeMount("scratch", "/scratch", read_only=True)),
        depends_on=(ContainerDependency("prepare", "SUCCESS"),),
        user="1000:1000",
        working_directory="/srv",
        init=True,
        stop_timeout=60,
        memory_reservation=256,
        cpu=128,
        ulimits=(Ulimit("nofile", 65536, 65536),),
        tmpfs=(Tmpfs("/run", 64, ("noexec",)),),
        capabilities_added=("SYS_PTRACE",),
        capabilities_dropped=("NET_RAW",),
        system_controls=(("net.core.somaxconn", "1024"),),
        labels=(("team", Text.of("storage")),),
    )
    prepare = replace(
        container("prepare", mounts=(VolumeMount("uploads", "/srv/uploads"),)), essential=False, logging=main.logging
    )
    task = Task(
        service="writer",
        cpu=512,
        memory=1024,
        containers=(main, prepare),
        architecture="ARM64",
        volumes=(TaskVolume("uploads", access_point=UPLOADS.id), TaskVolume("scratch")),
        ephemeral_storage=30 * 1024,
        policies=("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",),
    )
    return service("writer", task, minimum_healthy=0, maximum=100, zone_rebalancing=False)


def _network_service(name: str, port: int, protocol: str) -> Service:
    ports = (PortMapping(port, "udp" if protocol == "udp" else "tcp"), PortMapping(8080))
    check = HealthCheck(("CMD-SHELL", "true"), 30, 5, 3, 60)
    only = container(name, ports=ports, health_check=check)
    return service(
        name,
        Task(service=name, cpu=256, memory=512, containers=(only,), exec=False),
        targets=(TargetAttachment(name, port, _target(name)),),
        autoscaling=Autoscaling(1, 4, cpu=60, memory=70) if name == "broker" else None,
    )


def job(name: str = "migrate", **changes: object) -> Job:
    """A job of one container."""
    plain = Job(
        name=name,
        task=Task(service=name, cpu=256, memory=512, containers=(container(name),)),
        subnets="private",
        security_groups=(NETWORK_GROUP,),
        timeout=1800,
        source=("services", name),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def wide_plan(tier: Tier = "production") -> Plan:
    """mongo, mariadb, a cache with a password, volumes, jobs, TCP and UDP ports, isolated subnets, autoscaling."""
    own = network(tier)
    assert isinstance(own, OwnNetwork)
    migrate = job(depends_on=(mongo().cluster, maria().instance))
    isolated = service("vault", subnets="isolated", depends_on=(migrate.id,))
    groups = (NETWORK_GROUP, NETWORK_BALANCER_GROUP, FILES_GROUP, *map(group_of, _MANAGED))
    return bare_plan(
        tier,
        network=replace(own, isolated=True, nat_gateways=1),
        parameters=(
            Parameter("License", "variable:LICENSE", "LICENSE of writer", secret=True, default=""),
            Parameter("Level", "variable:LEVEL", "LEVEL of writer", default=""),
        ),
        secrets=(
            StoredSecret(stored("license"), Text.of(Hole("secret-parameter", "License")), "LICENSE", only_if="License"),
            StoredSecret(
                stored("redis-url"),
                Text.of("redis://:", Hole("password", "redis"), "@", Hole("host", "redis"), ":6379"),
                "REDIS_URL",
            ),
            StoredSecret(
                stored("amqp-url"),
                Text.of("amqps://guest_app:", Hole("password", "rabbit"), "@", Hole("host", "rabbit"), ":5671"),
                "AMQP_URL",
            ),
        ),
        security_groups=tuple(SecurityGroup(group, f"Group {group.logical_id}", True) for group in groups),
        managed=(
            mongo(tier),
            maria(tier),
            replace(cache(tier), generated_password=True),
            memcached(tier),
            rabbit(tier),
            search(tier),
        ),
        file_system=FileSystem((UPLOADS,), FILES_GROUP, backups=True),
        workloads=(
            _writer(),
            _network_service("broker", 1883, "tcp"),
            _network_service("dns", 53, "udp"),
            migrate,
            job("nightly", schedule="cron(0 3 * * ? *)"),
            isolated,
        ),
        balancers=(_network_balancer(),),
        urls=(PublicUrl("broker", "tcp", None, 1883),),
    )


def guest_plan() -> Plan:
    """A project in a network that is there already, its database made of a snapshot."""
    existing = ExistingNetwork(
        "vpc-0123456789abcdef0",
        ("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
        ("subnet-0123456789abcdef2", "subnet-0123456789abcdef3", "subnet-0123456789abcdef4"),
    )
    return bare_plan(
        project="my_shop",
        network=existing,
        security_groups=tuple(
            SecurityGroup(g, "A group", True) for g in (NETWORK_GROUP, FILES_GROUP, group_of("postgres"))
        ),
        managed=(replace(aurora(), snapshot="arn:aws:rds:us-east-1:123456789012:cluster-snapshot:before"),),
        file_system=FileSystem((UPLOADS,), FILES_GROUP, backups=False),
        workloads=(service("api"),),
    )
