"""A small system that has nothing wrong with it, and what tests break of it."""

from __future__ import annotations

import copy
from typing import Any, TypeAlias

Body: TypeAlias = dict[str, Any]


def _allow(actions: list[str], *resources: Any, **more: Any) -> Body:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources), **more}


def _role(*statements: Body) -> Body:
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}] if statements else []
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}


def _arn(name: str) -> Body:
    return {"Fn::GetAtt": [name, "Arn"]}


def _group(name: str) -> Body:
    return {"Fn::GetAtt": [name, "GroupId"]}


def _security_group() -> Body:
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"SecurityGroupEgress": [{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}]},
    }


def _ingress(group: str, port: int, **peer: Any) -> Body:
    return {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {"GroupId": _group(group), "IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer},
    }


def _base() -> Body:
    zones: Body = {}
    for index, zone in enumerate("AB"):
        zones |= {
            f"Subnet{zone}": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {"AvailabilityZone": {"Fn::Select": [index, {"Fn::GetAZs": ""}]}},
            },
            f"Association{zone}": {
                "Type": "AWS::EC2::SubnetRouteTableAssociation",
                "Properties": {"SubnetId": {"Ref": f"Subnet{zone}"}, "RouteTableId": {"Ref": "Table"}},
            },
            f"Target{zone}": {
                "Type": "AWS::EFS::MountTarget",
                "Properties": {
                    "FileSystemId": {"Ref": "Files"},
                    "SubnetId": {"Ref": f"Subnet{zone}"},
                    "SecurityGroups": [_group("FilesGroup")],
                },
            },
        }
    kept = {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    resources: Body = {
        **zones,
        "Table": {"Type": "AWS::EC2::RouteTable"},
        "Route": {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": "Table"},
                "DestinationCidrBlock": "0.0.0.0/0",
                "NatGatewayId": {"Ref": "Nat"},
            },
        },
        "Nat": {"Type": "AWS::EC2::NatGateway"},
        "Key": {
            "Type": "AWS::KMS::Key",
            **kept,
            "DeletionPolicy": "RetainExceptOnCreate",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "KeyPolicy": {"Statement": [{"Principal": {"Service": {"Fn::Join": ["", ["logs.", "eu", ".aws"]]}}}]}
            },
        },
        "Repository": {"Type": "AWS::ECR::Repository"},
        "Files": {
            "Type": "AWS::EFS::FileSystem",
            "DeletionPolicy": "RetainExceptOnCreate",
            "UpdateReplacePolicy": "Retain",
        },
        "Point": {"Type": "AWS::EFS::AccessPoint", "Properties": {"FileSystemId": {"Ref": "Files"}}},
        "FilesGroup": _security_group(),
        "FilesIngress": _ingress("FilesGroup", 2049, SourceSecurityGroupId=_group("ApiGroup")),
        "BalancerGroup": _security_group(),
        "BalancerIngress": _ingress("BalancerGroup", 443, CidrIp="0.0.0.0/0"),
        "ApiGroup": _security_group(),
        "ApiIngress": _ingress("ApiGroup", 3000, SourceSecurityGroupId=_group("BalancerGroup")),
        "DbGroup": _security_group(),
        "DbIngress": _ingress("DbGroup", 5432, SourceSecurityGroupId=_group("ApiGroup")),
        "Db": {
            "Type": "AWS::RDS::DBCluster",
            **kept,
            "Properties": {"Engine": "aurora-postgresql", "VpcSecurityGroupIds": [_group("DbGroup")]},
        },
        "DbWriter": {
            "Type": "AWS::RDS::DBInstance",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {"DBClusterIdentifier": {"Ref": "Db"}},
        },
    }
    exported = {"Repository": {"Ref": "Repository"}, "Subnet": {"Ref": "SubnetA"}, "Address": _arn("Db")}
    return {
        "Metadata": {"compose2aws": {"stack": "base"}},
        "Resources": resources,
        "Outputs": {name: {"Value": value, "Export": {"Name": f"base-{name}"}} for name, value in exported.items()},
    }


def _app() -> Body:
    through = {"Condition": {"StringEquals": {"elasticfilesystem:AccessPointArn": [{"Ref": "Point"}]}}}
    mount = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    logs = {"awslogs-group": {"Ref": "Logs"}, "awslogs-region": "eu", "awslogs-stream-prefix": "api"}
    container = {
        "Name": "api",
        "Image": {"Fn::Join": ["", ["registry/", {"Fn::ImportValue": "base-Repository"}]]},
        "LogConfiguration": {"LogDriver": "awslogs", "Options": logs},
        "PortMappings": [{"ContainerPort": 3000, "Name": "api-3000"}],
        "Secrets": [{"Name": "URL", "ValueFrom": {"Ref": "Url"}}],
        "Environment": [{"Name": "PASSWORD_FILE", "Value": "/run/secrets/password"}],
        "MountPoints": [{"SourceVolume": "data", "ContainerPath": "/data"}],
        "HealthCheck": {"Interval": 30, "Timeout": 5, "Retries": 3, "StartPeriod": 60},
    }
    volume = {
        "Name": "data",
        "EFSVolumeConfiguration": {
            "FilesystemId": {"Ref": "Files"},
            "TransitEncryption": "ENABLED",
            "AuthorizationConfig": {"AccessPointId": {"Ref": "Point"}, "IAM": "ENABLED"},
        },
    }
    connect = {
        "Enabled": True,
        "Namespace": _arn("Namespace"),
        "Services": [
            {
                "PortName": "api-3000",
                "DiscoveryName": "api-3000",
                "ClientAliases": [{"DnsName": "api", "Port": 3000}],
            }
        ],
    }
    resources: Body = {
        "Namespace": {"Type": "AWS::ServiceDiscovery::HttpNamespace"},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"KmsKeyId": _arn("Key")}},
        "Url": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "KmsKeyId": _arn("Key"),
                "SecretString": {"Fn::Join": ["", ["postgres://", {"Fn::ImportValue": "base-Address"}]]},
            },
        },
        "StartRole": _role(
            _allow(["ecr:GetAuthorizationToken"], "*"),
            _allow(
                ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                {"Ref": "Repository"},
            ),
            _allow(["logs:CreateLogStream", "logs:PutLogEvents"], _arn("Logs")),
            _allow(["secretsmanager:GetSecretValue"], {"Ref": "Url"}),
            _allow(["kms:Decrypt"], _arn("Key")),
        ),
        "RunRole": _role(_allow(mount, {"Ref": "Files"}, **through)),
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "RequiresCompatibilities": ["FARGATE"],
                "NetworkMode": "awsvpc",
                "Cpu": "256",
                "Memory": "512",
                "ExecutionRoleArn": _arn("StartRole"),
                "TaskRoleArn": _arn("RunRole"),
                "ContainerDefinitions": [container],
                "Volumes": [volume],
            },
        },
        "Api": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "TaskDefinition": {"Ref": "Task"},
                "DeploymentConfiguration": {"MinimumHealthyPercent": 100, "MaximumPercent": 200},
                "NetworkConfiguration": {
                    "AwsvpcConfiguration": {
                        "Subnets": [{"Fn::ImportValue": "base-Subnet"}],
                        "SecurityGroups": [_group("ApiGroup")],
                    }
                },
                "LoadBalancers": [
                    {"ContainerName": "api", "ContainerPort": 3000, "TargetGroupArn": {"Ref": "Targets"}}
                ],
                "HealthCheckGracePeriodSeconds": 120,
                "ServiceConnectConfiguration": connect,
                "ServiceRegistries": [{"RegistryArn": _arn("ApiName")}],
            },
        },
        "ApiName": {"Type": "AWS::ServiceDiscovery::Service", "Properties": {"Name": "api"}},
        "DbName": {"Type": "AWS::ServiceDiscovery::Service", "Properties": {"Name": "db"}},
        "DbNameInstance": {
            "Type": "AWS::ServiceDiscovery::Instance",
            "Properties": {
                "ServiceId": {"Ref": "DbName"},
                "InstanceAttributes": {"AWS_INSTANCE_CNAME": {"Fn::ImportValue": "base-Address"}},
            },
        },
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"SecurityGroups": [_group("BalancerGroup")]},
        },
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": {"Ref": "Balancer"},
                "Port": 443,
                "Protocol": "HTTPS",
                "Certificates": [{"CertificateArn": "arn"}],
                "DefaultActions": [{"Type": "fixed-response"}],
            },
        },
        "Rule": {
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Properties": {
                "ListenerArn": {"Ref": "Listener"},
                "Priority": 7,
                "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["api.example.com"]}}],
                "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
            },
        },
        "Targets": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {
                "Protocol": "HTTP",
                "TargetType": "ip",
                "HealthCheckPath": "/",
                "HealthCheckIntervalSeconds": 15,
                "HealthCheckTimeoutSeconds": 5,
                "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}],
            },
        },
    }
    parameters = {"Password": {"Type": "String", "NoEcho": True}, "Name": {"Type": "String"}}
    return {"Metadata": {"compose2aws": {"stack": "app"}}, "Parameters": parameters, "Resources": resources}


_MADE = (_base(), _app())


class Small:
    """The two templates of the small system, to be broken."""

    def __init__(self) -> None:
        self.base, self.app = copy.deepcopy(_MADE)

    @property
    def templates(self) -> list[Body]:
        return [self.base, self.app]

    def properties(self, name: str) -> Body:
        found: Body = (self.base["Resources"] | self.app["Resources"])[name].setdefault("Properties", {})
        return found

    @property
    def container(self) -> Body:
        found: Body = self.properties("Task")["ContainerDefinitions"][0]
        return found

    def statements(self, role: str) -> list[Body]:
        found: list[Body] = self.properties(role)["Policies"][0]["PolicyDocument"]["Statement"]
        return found

    def forbid(self, role: str, action: str) -> None:
        """Take an action out of a role."""
        for statement in self.statements(role):
            statement["Action"] = [one for one in statement["Action"] if one != action]

    def add(self, name: str, kind: str, **properties: Any) -> None:
        self.app["Resources"][name] = {"Type": kind, "Properties": properties}

    def drop(self, name: str) -> None:
        for template in self.templates:
            template["Resources"].pop(name, None)
