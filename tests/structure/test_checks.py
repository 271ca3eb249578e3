"""Each check of the checker catches what it is there for: a small good system, one thing of which is broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compose2aws.inspection import CHECKS, Call, problems
from compose2aws.inspection.system import System
from tests.structure.small import Small

CALLS = (Call("api", "db", 5432), Call("api", "db"))
Break = Callable[[Small], Any]


def in_container(**keys: Any) -> Break:
    return lambda small: small.container.update(keys)


def in_linux(**keys: Any) -> Break:
    return in_container(LinuxParameters=keys)


def in_resource(name: str, **keys: Any) -> Break:
    return lambda small: small.properties(name).update(keys)


def in_health(**keys: int) -> Break:
    return lambda small: small.container["HealthCheck"].update(keys)


def in_logs(**options: str) -> Break:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return lambda small: small.container["LogConfiguration"]["Options"].update(named)


def without(name: str) -> Break:
    return lambda small: small.drop(name)


def forbidding(role: str, action: str) -> Break:
    return lambda small: small.forbid(role, action)


def allowing(role: str, action: str, resource: Any) -> Break:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return lambda small: small.statements(role).append(statement)


def policy(name: str, key: str, value: str | None) -> Break:
    def broken(small: Small) -> None:
        template = small.base if name in small.base["Resources"] else small.app
        template["Resources"][name].pop(key, None)
        if value:
            template["Resources"][name][key] = value

    return broken


def another(name: str, of: str, **changes: Any) -> Break:
    """A second resource like one of the system, with some properties changed."""

    def broken(small: Small) -> None:
        kind = (small.base["Resources"] | small.app["Resources"])[of]["Type"]
        small.add(name, kind, **{**small.properties(of), **changes})

    return broken


def second_container(**keys: Any) -> Break:
    other = {"Name": "other", "Image": "nginx", "LogConfiguration": {"LogDriver": "splunk"}, **keys}
    return lambda small: small.properties("Task")["ContainerDefinitions"].append(other)


def both(*breaks: Break) -> Break:
    """One thing and another."""
    return lambda small: [one(small) for one in breaks]


def adding(name: str, kind: str) -> Break:
    return lambda small: small.add(name, kind)


def in_group(name: str) -> Break:
    """One security group more."""

    def broken(small: Small) -> None:
        small.add(name, "AWS::EC2::SecurityGroup")
        network = small.properties("Api")["NetworkConfiguration"]["AwsvpcConfiguration"]
        network["SecurityGroups"].append({"Ref": name})

    return broken


def many_resources(small: Small) -> None:
    small.base["Resources"] |= {f"More{n}": {"Type": "AWS::ECR::Repository"} for n in range(500)}


def many_references(small: Small) -> None:
    small.app["Description"] = "{{resolve:ssm:x}}" * 61


WRONG: dict[str, tuple[Break, str]] = {
    "an import of nothing": (lambda s: s.base["Outputs"].pop("Subnet"), "which no template exports"),
    "an id in two templates": (lambda s: s.base["Resources"].update(Api={"Type": "A"}), "Api is in two templates"),
    # permission
    "no execution role": (lambda s: s.properties("Task").pop("ExecutionRoleArn"), "has no execution role"),
    "an image of nobody": (
        in_container(Image={"Fn::Join": ["", ["1.dkr.ecr.eu.amazonaws.com", "/other/api@", "sha256:0"]]}),
        "pulls the image of api from a repository that is in no template",
    ),
    "an image not pulled": (forbidding("StartRole", "ecr:BatchGetImage"), "cannot pull the image of api"),
    "no registry login": (forbidding("StartRole", "ecr:GetAuthorizationToken"), "cannot log in to the registry"),
    "no log group": (without("Logs"), "writes to a log group that is in no template"),
    "logs not written": (forbidding("StartRole", "logs:PutLogEvents"), "cannot write to Logs"),
    "a secret of nobody": (without("Url"), "is read from a secret that is in no template"),
    "a secret not read": (forbidding("StartRole", "secretsmanager:GetSecretValue"), "cannot read Url"),
    "a secret too many": (
        both(
            adding("Other", "AWS::SecretsManager::Secret"),
            allowing("StartRole", "secretsmanager:GetSecretValue", {"Ref": "Other"}),
        ),
        "may read Other, which none of its containers wants",
    ),
    "all secrets": (allowing("StartRole", "secretsmanager:GetSecretValue", "*"), "may read *"),
    "a registry without a login": (
        in_container(RepositoryCredentials={"CredentialsParameter": "arn:registry"}),
        "cannot read the login of the registry of api",
    ),
    "a secret not decrypted": (forbidding("StartRole", "kms:Decrypt"), "cannot decrypt Url"),
    "an administrator": (
        in_resource("RunRole", ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        "has the policy of an administrator",
    ),
    "all actions": (allowing("RunRole", "*", "arn:x"), "RunRole may do *"),
    "all of a service": (allowing("RunRole", "s3:*", "arn:x"), "RunRole may do s3:*"),
    "everybody's": (allowing("RunRole", "s3:GetObject", "*"), "may do s3:GetObject to everything"),
    "no mount": (forbidding("RunRole", "elasticfilesystem:ClientMount"), "may not mount Point"),
    "a mount not through its point": (
        lambda s: s.statements("RunRole")[0].pop("Condition"),
        "may not mount Point",
    ),
    "no access point": (without("Point"), "has no file system or no access point"),
    "a point of another": (
        both(adding("Others", "AWS::EFS::FileSystem"), in_resource("Point", FileSystemId={"Ref": "Others"})),
        "is of another file system",
    ),
    "files in plain": (
        lambda s: s.properties("Task")["Volumes"][0]["EFSVolumeConfiguration"].pop("TransitEncryption"),
        "without encryption or without IAM",
    ),
    "a key without logs": (in_resource("Key", KeyPolicy={"Statement": []}), "does not let CloudWatch Logs use it"),
    # network
    "an open group": (
        lambda s: s.properties("ApiIngress").update(CidrIp="0.0.0.0/0"),
        "ApiGroup admits the world",
    ),
    "an open group of its own": (
        in_resource("DbGroup", SecurityGroupIngress=[{"CidrIpv6": "::/0", "IpProtocol": "-1"}]),
        "DbGroup admits the world",
    ),
    "no name": (without("DbName"), "no name leads to it"),
    "another port": (in_resource("DbIngress", FromPort=3306, ToPort=3306), "Db does not admit it on port 5432"),
    "no way in": (without("DbIngress"), "Db does not admit it"),
    "no way out of the group": (
        in_resource("ApiGroup", SecurityGroupEgress=[{"CidrIp": "127.0.0.1/32", "IpProtocol": "-1"}]),
        "no group of Api lets it out",
    ),
    "an address in a secret without a way in": (without("DbIngress"), "Db, which does not admit it on 5432"),
    "an address without a way in": (
        both(
            in_resource("Url", SecretString="x"),
            in_container(Environment=[{"Name": "DB_HOST", "Value": {"Fn::ImportValue": "base-Address"}}]),
            without("DbIngress"),
        ),
        "Db, which does not admit it on 5432",
    ),
    "an address without a way out": (
        in_resource("ApiGroup", SecurityGroupEgress=[{"CidrIp": "127.0.0.1/32", "IpProtocol": "-1"}]),
        "is given the address of Db, and no group lets it out",
    ),
    "no target group": (without("Targets"), "names a target group that is in no template"),
    "no listener": (without("Rule"), "Targets hangs on no listener"),
    "a closed balancer": (without("BalancerIngress"), "does not admit the world on the tcp port of Listener"),
    "a closed service": (without("ApiIngress"), "Api does not admit Balancer on port 3000"),
    "a closed health check": (in_resource("Targets", HealthCheckPort="9000"), "health checks of Targets on port 9000"),
    "no route": (without("Route"), "which has no way to"),
    "no route for a foreign image": (
        both(without("Route"), in_container(Image="nginx")),
        "which has no way to the image of api",
    ),
    "an address on a host": (
        lambda s: (
            s.properties("Task").update(RequiresCompatibilities=["EC2"]),
            s.properties("Api")["NetworkConfiguration"]["AwsvpcConfiguration"].update(AssignPublicIp="ENABLED"),
        ),
        "which only Fargate gives",
    ),
    "no mount target": (without("TargetA"), "no mount target in a zone of its tasks"),
    "a closed mount target": (without("FilesIngress"), "does not admit its tasks on port 2049"),
    # task
    "a large definition": (in_container(Command=["x" * 70_000]), "and ECS takes 65536"),
    "an odd size": (in_resource("Task", Cpu="256", Memory="4096"), "a pair that Fargate does not have"),
    "much storage": (in_resource("Task", EphemeralStorage={"SizeInGiB": 500}), "Fargate gives 21 to 200"),
    "more memory than the task": (in_container(Memory=1024), "more memory than its task has"),
    "extra hosts": (in_container(ExtraHosts=[]), "ExtraHosts, which tasks in a VPC do not take"),
    "a host name": (in_container(Hostname="x"), "Hostname, which tasks in a VPC do not take"),
    "a bridge on Fargate": (in_resource("Task", NetworkMode="bridge"), "is for Fargate and not in a VPC"),
    "the host's processes": (in_resource("Task", PidMode="host"), "PidMode, which Fargate does not take"),
    "the host's path": (
        lambda s: s.properties("Task")["Volumes"].append({"Name": "x", "Host": {"SourcePath": "/"}}),
        "mounts a path of its host",
    ),
    "privileges": (in_container(Privileged=True), "Privileged, which Fargate does not take"),
    "a device": (in_linux(Devices=[{}]), "Devices, which Fargate does not take"),
    "shared memory": (in_linux(SharedMemorySize=64), "SharedMemorySize, which Fargate does not take"),
    "a capability": (in_linux(Capabilities={"Add": ["NET_ADMIN"]}), "Fargate gives SYS_PTRACE alone"),
    "a long stop": (in_container(StopTimeout=121), "wants more than 120 s to stop"),
    "two of a name": (second_container(Name="api"), "not good or not different"),
    "a dotted name": (second_container(Name="my.app"), "not good or not different"),
    "nothing essential": (in_container(Essential=False), "no container that it is there for"),
    "a port twice": (second_container(PortMappings=[{"ContainerPort": 3000}]), "2 mappings of port 3000/tcp"),
    "no port": (second_container(PortMappings=[{"ContainerPort": 70000}]), "70000 is no port"),
    "a port name twice": (
        second_container(PortMappings=[{"ContainerPort": 1, "Name": "api-3000"}]),
        "names of its ports are not good or not different",
    ),
    "an unknown volume": (
        in_container(MountPoints=[{"SourceVolume": "x", "ContainerPath": "/x"}]),
        "which is no volume of its task",
    ),
    "two mounts at a place": (
        in_linux(Tmpfs=[{"ContainerPath": "/data", "Size": 1}]),
        "two mounts at /data",
    ),
    "a hurried check": (in_health(Interval=1), "Interval 1; ECS takes 5 to 300"),
    "a patient check": (in_health(Timeout=90), "Timeout 90; ECS takes 2 to 60"),
    "no retry": (in_health(Retries=0), "Retries 0; ECS takes 1 to 10"),
    "a late check": (in_health(StartPeriod=301), "StartPeriod 301; ECS takes 0 to 300"),
    "waiting for nobody": (
        in_container(DependsOn=[{"ContainerName": "x", "Condition": "START"}]),
        "waits for x, which is not in its task",
    ),
    "waiting for no health": (
        lambda s: (
            second_container()(s),
            s.container.update(DependsOn=[{"ContainerName": "other", "Condition": "HEALTHY"}]),
        ),
        "other, which has no health check",
    ),
    "waiting for the task's end": (
        lambda s: (
            second_container()(s),
            s.container.update(DependsOn=[{"ContainerName": "other", "Condition": "SUCCESS"}]),
        ),
        "waits for the end of other, which ends the task",
    ),
    "a log driver": (in_container(LogConfiguration={"LogDriver": "syslog"}), "logs with syslog"),
    "no log router": (
        in_container(LogConfiguration={"LogDriver": "awsfirelens"}),
        "a router that its task does not have",
    ),
    "a log option": (in_logs(tag="x"), "the log option tag, which awslogs does not know"),
    "a missing log option": (
        lambda s: s.container["LogConfiguration"]["Options"].pop("awslogs-stream-prefix"),
        "lacks the log option awslogs-stream-prefix",
    ),
    "a log buffer": (in_logs(max_buffer_size="25m"), "a log buffer that only non-blocking logs use"),
    "a silent parameter": (in_container(Command=[{"Ref": "Password"}]), "shows the value of Password"),
    "a resolved secret": (
        in_container(Environment=[{"Name": "X", "Value": "{{resolve:secretsmanager:x}}"}]),
        "shows the value of a secret",
    ),
    "a password in plain": (
        in_container(Environment=[{"Name": "DB_PASSWORD", "Value": "hunter2"}]),
        "DB_PASSWORD of api is a secret in plain text",
    ),
    # service
    "another container": (
        lambda s: s.properties("Api")["LoadBalancers"][0].update(ContainerName="web"),
        "which is no container of Task",
    ),
    "another container port": (
        lambda s: s.properties("Api")["LoadBalancers"][0].update(ContainerPort=80),
        "port 80, which Task does not map",
    ),
    "six target groups": (
        lambda s: s.properties("Api").update(LoadBalancers=s.properties("Api")["LoadBalancers"] * 6),
        "6 target groups; a service takes 5",
    ),
    "two registries": (
        lambda s: s.properties("Api")["ServiceRegistries"].append({"RegistryArn": "x"}),
        "more than one registry",
    ),
    "rebalancing at 100": (
        in_resource("Api", DeploymentConfiguration={"MinimumHealthyPercent": 0, "MaximumPercent": 100}),
        "rebalances its zones",
    ),
    "no deployment": (
        in_resource("Api", DeploymentConfiguration={"MinimumHealthyPercent": 100, "MaximumPercent": 100}),
        "can never be deployed",
    ),
    "less than nothing": (in_resource("Api", DesiredCount=-1), "wants less than no task"),
    "a long grace": (in_resource("Api", HealthCheckGracePeriodSeconds=3_000_000_000), "grace period of 3000000000"),
    "grace without a check": (
        lambda s: (s.properties("Api").pop("LoadBalancers"), s.container.pop("HealthCheck")),
        "a grace period and no health check",
    ),
    "a launch type": (
        in_resource("Api", LaunchType="FARGATE", CapacityProviderStrategy=[]),
        "which exclude each other",
    ),
    "six groups": (both(*(in_group(f"Group{n}") for n in range(5))), "has 6 security groups"),
    "no group": (
        lambda s: s.properties("Api")["NetworkConfiguration"]["AwsvpcConfiguration"].pop("SecurityGroups"),
        "has no security group",
    ),
    "an idle definition": (another("Idle", "Task"), "nothing starts Idle"),
    "a port without the name": (
        lambda s: s.container["PortMappings"][0].pop("Name"),
        "offers the port api-3000, which its task does not name",
    ),
    "an alias twice": (
        lambda s: s.properties("Api")["ServiceConnectConfiguration"]["Services"].append(
            {"PortName": "api-3000", "ClientAliases": [{"DnsName": "api", "Port": 3000}]}
        ),
        "offers api:3000 twice",
    ),
    "no namespace": (without("Namespace"), "in a namespace that is in no template"),
    "discovered twice": (another("Api2", "Api"), "2 services are discovered as api-3000"),
    "a check that overlaps": (in_resource("Targets", HealthCheckTimeoutSeconds=15), "which is not taken"),
    "a threshold": (in_resource("Targets", HealthyThresholdCount=1), "HealthyThresholdCount of 1"),
    "no path": (in_resource("Targets", HealthCheckPath="health"), "health, which is no path"),
    "instances": (in_resource("Targets", TargetType="instance"), "is not for addresses"),
    "a long delay": (
        in_resource(
            "Targets", TargetGroupAttributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "4000"}]
        ),
        "0 to 3600 are taken",
    ),
    "an unused target group": (lambda s: s.properties("Api").pop("LoadBalancers"), "Targets is used by 0 services"),
    "no certificate": (lambda s: s.properties("Listener").pop("Certificates"), "Listener has no certificate"),
    "a port of two listeners": (another("Listener2", "Listener"), "Balancer has 2 listeners on port 443"),
    "a priority twice": (another("Rule2", "Rule"), "Listener has 2 rules of the priority 7"),
    "a high priority": (in_resource("Rule", Priority=50_001), "1 to 50000 are taken"),
    "many values": (
        in_resource("Rule", Conditions=[{"PathPatternConfig": {"Values": list("abcdef")}}]),
        "6 values; one to five are taken",
    ),
    # template
    "data without a policy": (policy("Db", "DeletionPolicy", None), "Db keeps data and has no DeletionPolicy"),
    "data that is replaced": (policy("Files", "UpdateReplacePolicy", "Delete"), "Files keeps data"),
    "a snapshot of a member": (policy("DbWriter", "DeletionPolicy", "Snapshot"), "of which no snapshot is made"),
    "many resources": (many_resources, "Resources; CloudFormation takes 500"),
    "many references": (many_references, "61 dynamic references"),
    "a large template": (lambda s: s.app.update(Description="x" * 1_000_001), "bytes; CloudFormation takes 1000000"),
}


def test_the_small_system_has_nothing_wrong() -> None:
    assert problems(Small().templates, CALLS) == []


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found(what: str) -> None:
    small = Small()
    broken, expected = WRONG[what]
    broken(small)
    assert [problem for problem in problems(small.templates, CALLS) if expected in problem]


def test_every_check_is_broken_by_some_case() -> None:
    """A check that no case breaks could be empty."""
    idle = set(CHECKS)
    for broken, _ in WRONG.values():
        small = Small()
        broken(small)
        idle -= {check for check in idle if list(check(System.of(small.templates)))}
    assert idle == set()


def test_a_name_of_service_connect_is_followed_to_its_port() -> None:
    small = Small()
    another("Web", "Api", LoadBalancers=[])(small)
    small.properties("Web")["ServiceConnectConfiguration"] = {"Enabled": True, "Namespace": {"Ref": "Namespace"}}
    small.properties("Web")["TaskDefinition"] = {"Ref": "WebTask"}
    another("WebTask", "Task")(small)
    small.properties("WebTask")["ContainerDefinitions"] = [{**small.container, "Name": "web"}]
    call = [Call("web", "api", 3000)]
    assert any("does not admit it on port 3000" in problem for problem in problems(small.templates, call))
    small.properties("ApiIngress").update(SourceSecurityGroupId={"Ref": "ApiGroup"})
    assert not any("web calls api" in problem for problem in problems(small.templates, call))


def test_members_of_a_network_are_to_reach_each_other_whoever_is_known_to_call() -> None:
    small = Small()
    assert problems(small.templates, neighbours=[("api", "db"), ("api", "a-job")]) == []
    small.properties("Url")["SecretString"] = "x"
    small.drop("DbIngress")
    assert problems(small.templates) == []
    assert any("Db does not admit it" in problem for problem in problems(small.templates, neighbours=[("api", "db")]))


def test_a_secret_under_a_condition_is_allowed_under_the_same_one() -> None:
    small = Small()
    small.container["Secrets"] = [{"Fn::If": ["Given", small.container["Secrets"][0], {"Ref": "AWS::NoValue"}]}]
    statements = small.statements("StartRole")
    index = next(i for i, s in enumerate(statements) if s["Action"] == ["secretsmanager:GetSecretValue"])
    statements[index] = {"Fn::If": ["Given", statements[index], {"Ref": "AWS::NoValue"}]}
    assert problems(small.templates) == []
    statements[index]["Fn::If"][0] = "Other"
    assert any("cannot read Url" in problem for problem in problems(small.templates))
