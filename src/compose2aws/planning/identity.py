"""What things are called on AWS: logical ids, parameter names and names with a limited length.

Every function here is injective and looks at the thing's own name alone, so that adding, removing or reordering
services never renames (and on AWS: replaces) another.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

_LOSSLESS = re.compile(r"[a-z][a-z0-9]*")
_WORD = re.compile(r"[A-Za-z0-9]+")
_HASH_LENGTH = 8
SECRET_VARIABLE = "COMPOSE2AWS_SECRET_"  # noqa: S105 - what a variable's name begins with
# A name that ends like a hash carries one itself: so nobody's own name is another's with its hash.
_ENDS_LIKE_A_HASH = re.compile(rf".*[0-9a-f]{{{_HASH_LENGTH}}}", re.DOTALL)


# What a named thing (a service, network, volume, variable) is on AWS: the last word of its logical ids. None of them is
# an ending that variables like to have (Secret, Key, Url, Name, Password, Token, Host, Port, User).
Role: TypeAlias = Literal[
    "AccessPoint",
    "Alias",
    "AliasInstance",
    "Alarm",
    "Broker",
    "CapacityProvider",
    "Cluster",
    "ClusterParameterGroup",
    "Connection",
    "Domain",
    "DomainLogs",
    "Egress",
    "EngineVersion",
    "ExecutionRole",
    "HostGroup",
    "HostProfile",
    "HostRole",
    "HttpListener",
    "Image",
    "Ingress",
    "Instance",
    "Job",
    "LaunchTemplate",
    "ListenerRule",
    "LogGroup",
    "MasterLogin",
    "NetworkListener",
    "NetworkSecurityGroup",
    "ParameterGroup",
    "Reader",
    "Record",
    "Registry",
    "ReplicationGroup",
    "Repository",
    "ScalableTarget",
    "ScalingPolicy",
    "Schedule",
    "ScheduleRole",
    "SecretFile",
    "SecurityGroup",
    "Service",
    "Stored",
    "SubnetGroup",
    "TargetGroup",
    "TaskDefinition",
    "TaskRole",
    "Writer",
]
ROLES: tuple[str, ...] = get_args(Role)

# What a project has one of.
Singleton: TypeAlias = Literal[
    "AlarmSubscription",
    "AlarmTopic",
    "ApplicationLoadBalancer",
    "BalancerSecurityGroup",
    "BalancerLogBucket",
    "BalancerLogBucketPolicy",
    "DomainCertificate",
    "ConnectNamespace",
    "DeletionProtection",
    "DhcpOptions",
    "DhcpOptionsAssociation",
    "ElasticFileSystem",
    "EncryptionKey",
    "EncryptionKeyAlias",
    "FileSystemSecurityGroup",
    "FlowLog",
    "FlowLogGroup",
    "FlowLogRole",
    "HostSecurityGroup",
    "HostedZoneId",
    "HttpsListener",
    "DatabaseMonitoringRole",
    "EcrApiInterfaceEndpoint",
    "EcrRegistryInterfaceEndpoint",
    "InterfaceEndpointSecurityGroup",
    "InternetGateway",
    "InternetGatewayAttachment",
    "JobRunnerFunction",
    "JobRunnerInvocationPolicy",
    "JobRunnerLogGroup",
    "JobRunnerLostCalls",
    "JobRunnerRole",
    "LogsInterfaceEndpoint",
    "NetworkLoadBalancer",
    "NetworkBalancerSecurityGroup",
    "PrivateNamespace",
    "RedirectListener",
    "S3GatewayEndpoint",
    "SearchLogPolicy",
    "SecretsInterfaceEndpoint",
    "SecretsRevision",
    "ServiceCluster",
    "ServiceClusterCapacityProviders",
    "SessionInterfaceEndpoint",
    "VirtualPrivateCloud",
]

# What each zone of the network has one of; the zone's letter follows.
ZoneRole: TypeAlias = Literal[
    "FileSystemMountTarget",
    "IsolatedRouteTable",
    "IsolatedRouteTableAssociation",
    "IsolatedSubnet",
    "NatAddress",
    "NatGateway",
    "PrivateDefaultRoute",
    "PrivateRouteTable",
    "PrivateRouteTableAssociation",
    "PrivateSubnet",
    "PublicDefaultRoute",
    "PublicRouteTable",
    "PublicRouteTableAssociation",
    "PublicSubnet",
]
ZONES = ("A", "B")
SINGLETONS: frozenset[str] = frozenset(get_args(Singleton)) | {r + z for r in get_args(ZoneRole) for z in ZONES}


def zone_id(role: ZoneRole, zone: str) -> str:
    """The logical id of a zone's resource: `("PublicSubnet", "A")` → `PublicSubnetA`."""
    return role + zone


@dataclass(frozen=True, slots=True, order=True)
class ResourceId:
    """A resource of a template: its CloudFormation type and its logical id."""

    type: str
    logical_id: str

    def __str__(self) -> str:
        return f"{self.type}/{self.logical_id}"


def digest(name: str, length: int = _HASH_LENGTH) -> str:
    """The first hexadecimal digits of the name's SHA-256."""
    return hashlib.sha256(name.encode()).hexdigest()[:length]


def camel(name: str) -> str:
    """`my-app` → `MyApp`."""
    return "".join(word[:1].upper() + word[1:] for word in _WORD.findall(name))


def logical_id(name: str, role: Role) -> str:
    """The logical id of what a named thing becomes: `("api", "Service")` → `ApiService`.

    A name that is not `[a-z][a-z0-9]*` loses characters on the way and carries a hash of itself (as does one that looks
    as if it did, or whose id a singleton has), so that `my-app` and `my_app` stay apart; the hash also keeps `api` +
    `ServiceRegistry` and `api-service` + `Registry` apart.
    """
    plain = name[:1].upper() + name[1:] + role
    if _LOSSLESS.fullmatch(name) and not _ENDS_LIKE_A_HASH.fullmatch(name) and plain not in SINGLETONS:
        return plain
    return camel(name) + digest(name) + role


def variable_id(variable: str) -> str:
    """The name of the parameter for a variable: `JWT_SECRET` → `JwtSecret`.

    A variable that could not be read back from it (`jwt_secret`, `A_1`), or whose name a resource could have
    (`API_SERVICE` beside a service `api`), carries a hash of itself.
    """
    name = "".join(word.capitalize() for word in _WORD.findall(variable))
    readable = "_".join(re.findall(r"[A-Z][a-z0-9]*", name)).upper() == variable
    if readable and name not in SINGLETONS and not name.endswith(ROLES) and not _ENDS_LIKE_A_HASH.fullmatch(name):
        return name
    return name + digest(variable)


def secret_variable(name: str) -> str:
    """The environment variable that stands in for a secret's file: `db_password` → `COMPOSE2AWS_SECRET_DB_PASSWORD`.

    A name that could not be read back from it (`db-password`, `./certs/server.key`) carries a hash of itself.
    """
    words = "_".join(_WORD.findall(name)).upper()
    readable = words.lower() == name and not _ENDS_LIKE_A_HASH.fullmatch(name)
    return f"{SECRET_VARIABLE}{words}" if readable else f"{SECRET_VARIABLE}{words}_{digest(name).upper()}"


def first_container(what: Literal["secrets", "files", "names", "volumes", "health", "logs"], service: str) -> str:
    """The name of a container that prepares a service's task, or stands beside it. It ends in a hash, so that no
    service is called so."""
    return f"{what}-{digest(service)}"


def container_name(service: str) -> str:
    """The name of a service's own container: letters, digits, `-` and `_` (Amazon ECS API Reference,
    "ContainerDefinition"); one that loses characters carries a hash of itself."""
    legal = re.sub(r"[^A-Za-z0-9_-]", "-", service)
    return legal if legal == service else f"{legal}-{digest(service)}"


def limited(name: str, length: int) -> str:
    """A name of at most `length` characters; one that was cut ends in a hash of the whole."""
    if len(name) <= length:
        return name
    return f"{name[: length - _HASH_LENGTH - 1].rstrip('-')}-{digest(name)}"
