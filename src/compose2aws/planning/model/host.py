"""Hosts of our own, for what Fargate cannot run."""

from __future__ import annotations

from dataclasses import dataclass

from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model.base import Architecture, named


@dataclass(frozen=True, slots=True)
class HostFleet:
    """EC2 instances that ECS scales by need: a capacity provider with its group of instances in the private subnets.

    `name` tells the kind (`x86`, `arm`, `gpu`). `image_parameter` is the SSM parameter of the ECS-optimised image.
    `maximum` is the most instances; at rest there are none. `disk` in GiB.
    """

    name: str
    architecture: Architecture
    gpu: bool
    instance_type: str
    image_parameter: str
    maximum: int
    disk: int
    security_group: ResourceId

    @property
    def provider(self) -> ResourceId:
        return named("AWS::ECS::CapacityProvider", self.name, "CapacityProvider")

    @property
    def launch_template(self) -> ResourceId:
        return named("AWS::EC2::LaunchTemplate", self.name, "LaunchTemplate")

    @property
    def group(self) -> ResourceId:
        return named("AWS::AutoScaling::AutoScalingGroup", self.name, "HostGroup")

    @property
    def role(self) -> ResourceId:
        return named("AWS::IAM::Role", self.name, "HostRole")

    @property
    def profile(self) -> ResourceId:
        return named("AWS::IAM::InstanceProfile", self.name, "HostProfile")

    @property
    def resources(self) -> tuple[ResourceId, ...]:
        return (self.provider, self.group, self.launch_template, self.role, self.profile)
