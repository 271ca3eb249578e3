"""Hosts of our own: a capacity provider, its group of instances, and what an instance may do.

Sources: Amazon ECS Developer Guide, "Amazon ECS capacity providers for EC2"; Amazon EC2 Auto Scaling User Guide.
"""

from __future__ import annotations

from troposphere import Base64, GetAtt, Join, Ref, autoscaling, ec2, ecs, iam

from compose2aws.cloudformation.expression import Expression, attribute, ref, subnets
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.policy import assume_role
from compose2aws.planning.model import HostFleet, Plan

# How full ECS keeps the instances, in percent: no spare ones.
_TARGET_CAPACITY = 100


def emit_fleet(graph: Graph, plan: Plan, fleet: HostFleet) -> None:
    """Add a fleet: its provider stands when its group does."""
    graph.add(
        iam.Role(
            fleet.role.logical_id,
            AssumeRolePolicyDocument=assume_role("ec2.amazonaws.com"),
            ManagedPolicyArns=[
                _managed_policy("service-role/AmazonEC2ContainerServiceforEC2Role"),
                _managed_policy("AmazonSSMManagedInstanceCore"),
            ],
        )
    )
    graph.add(iam.InstanceProfile(fleet.profile.logical_id, Roles=[Ref(fleet.role.logical_id)]))
    graph.add(_launch_template(fleet))
    graph.add(
        autoscaling.AutoScalingGroup(
            fleet.group.logical_id,
            MinSize="0",
            MaxSize=str(fleet.maximum),
            VPCZoneIdentifier=subnets(plan.network, "private"),
            LaunchTemplate=autoscaling.LaunchTemplateSpecification(
                LaunchTemplateId=ref(fleet.launch_template),
                Version=attribute(fleet.launch_template, "LatestVersionNumber"),
            ),
            # Managed scaling ends instances; protected from that, they would hang the deletion of the stack.
            NewInstancesProtectedFromScaleIn=False,
            Tags=[autoscaling.Tag("Name", f"{plan.project}-{fleet.name}", True)],
        )
    )
    graph.add(
        ecs.CapacityProvider(
            fleet.provider.logical_id,
            AutoScalingGroupProvider=ecs.AutoScalingGroupProvider(
                AutoScalingGroupArn=ref(fleet.group),
                ManagedDraining="ENABLED",
                ManagedScaling=ecs.ManagedScaling(Status="ENABLED", TargetCapacity=_TARGET_CAPACITY),
                ManagedTerminationProtection="DISABLED",
            ),
        )
    )


def _launch_template(fleet: HostFleet) -> ec2.LaunchTemplate:
    lines = ["#!/bin/bash\n", "echo ECS_CLUSTER=", Ref("ServiceCluster"), " >> /etc/ecs/ecs.config\n"]
    # a task speaks for itself by its role, never for its instance
    lines.append("echo ECS_AWSVPC_BLOCK_IMDS=true >> /etc/ecs/ecs.config\n")
    if fleet.gpu:
        lines.append("echo ECS_ENABLE_GPU_SUPPORT=true >> /etc/ecs/ecs.config\n")
    # under the account's own key for disks: another would have to admit the role of Auto Scaling
    disk = ec2.EBSBlockDevice(VolumeSize=fleet.disk, VolumeType="gp3", Encrypted=True)
    return ec2.LaunchTemplate(
        fleet.launch_template.logical_id,
        LaunchTemplateData=ec2.LaunchTemplateData(
            ImageId=f"{{{{resolve:ssm:{fleet.image_parameter}}}}}",
            InstanceType=fleet.instance_type,
            IamInstanceProfile=ec2.IamInstanceProfile(Arn=GetAtt(fleet.profile.logical_id, "Arn")),
            BlockDeviceMappings=[ec2.LaunchTemplateBlockDeviceMapping(DeviceName="/dev/xvda", Ebs=disk)],
            MetadataOptions=ec2.MetadataOptions(HttpTokens="required", HttpPutResponseHopLimit=1),
            Monitoring=ec2.Monitoring(Enabled=True),
            NetworkInterfaces=[
                ec2.NetworkInterfaces(
                    DeviceIndex=0,
                    AssociatePublicIpAddress=False,
                    Groups=[attribute(fleet.security_group, "GroupId")],
                )
            ],
            UserData=Base64(Join("", lines)),
        ),
    )


def _managed_policy(name: str) -> Expression:
    return Join("", ["arn:", Ref("AWS::Partition"), f":iam::aws:policy/{name}"])
