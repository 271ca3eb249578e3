"""What follows load and the clock: Application Auto Scaling, EventBridge Scheduler, Auto Scaling groups."""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

import json
from typing import Any

from compose2aws.rehearsal.resource_type import ApiResource, Context, Properties, by_id, by_ids, call, register


def _target(physical_id: str, _: Properties) -> dict[str, Any]:
    resource, dimension, namespace = physical_id.split("|")
    return {"ServiceNamespace": namespace, "ResourceIds": [resource], "ScalableDimension": dimension}


def _target_of(physical_id: str, _: Properties) -> dict[str, Any]:
    resource, dimension, namespace = physical_id.split("|")
    return {"ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension}


class ScalableTarget(ApiResource):
    """What may be scaled, and how far; `Ref` gives resource, dimension and namespace."""

    def create(self, properties: Properties, context: Context) -> str:
        """Register the target."""
        super().create(properties, context)
        parts = (properties["ResourceId"], properties["ScalableDimension"], properties["ServiceNamespace"])
        return "|".join(parts)


def _policy_request(properties: Properties, _: Context) -> Properties:
    adapted = dict(properties)
    target = adapted.pop("ScalingTargetId", None)
    if target is not None:
        adapted.update(_target_of(target, {}))
    return adapted


def _policy_of(_: str, properties: Properties) -> dict[str, Any]:
    named = _policy_request(properties, Context("", "", "", ""))
    names = ("ServiceNamespace", "ResourceId", "ScalableDimension")
    return {"PolicyName": properties["PolicyName"], **{name: named[name] for name in names}}


def _group_request(properties: Properties, _: Context) -> Properties:
    adapted = dict(properties)
    if isinstance(adapted.get("VPCZoneIdentifier"), list):
        adapted["VPCZoneIdentifier"] = ",".join(adapted["VPCZoneIdentifier"])
    tags = adapted.get("Tags") or []
    adapted["Tags"] = [
        {**tag, "PropagateAtLaunch": str(tag.get("PropagateAtLaunch", "false")).lower() == "true"} for tag in tags
    ]
    return adapted


class LaunchTemplate(ApiResource):
    """A launch template; a change is a new version."""

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Add a version and make it the default."""
        client = context.service("ec2")
        arguments = {"LaunchTemplateId": physical_id, "LaunchTemplateData": new["LaunchTemplateData"]}
        version = call(client, "create_launch_template_version", arguments)["LaunchTemplateVersion"]["VersionNumber"]
        call(client, "modify_launch_template", {"LaunchTemplateId": physical_id, "DefaultVersion": str(version)})
        return physical_id


def _schedule_request(properties: Properties, _: Context) -> Properties:
    adapted = dict(properties)
    target = adapted.get("Target")
    if isinstance(target, dict) and isinstance(target.get("Input"), dict):
        adapted["Target"] = {**target, "Input": json.dumps(target["Input"])}
    return adapted


def _schedule(physical_id: str, properties: Properties) -> dict[str, Any]:
    group = {"GroupName": properties["GroupName"]} if "GroupName" in properties else {}
    return {"Name": physical_id, **group}


register(
    ScalableTarget(
        type="AWS::ApplicationAutoScaling::ScalableTarget",
        api="application-autoscaling",
        create_with="register_scalable_target",
        made="ScalableTargetARN",
        read_with="describe_scalable_targets",
        ask=_target,
        found="ScalableTargets[0]",
        delete_with="deregister_scalable_target",
        delete_ask=_target_of,
        update_with="register_scalable_target",
        update_ask=_target_of,
        update_all=True,
        attributes={"Id": "Ref"},
    ),
    ApiResource(
        type="AWS::ApplicationAutoScaling::ScalingPolicy",
        api="application-autoscaling",
        create_with="put_scaling_policy",
        made="PolicyARN",
        before=_policy_request,
        elsewhere=frozenset({"ScalingTargetId"}),
        read_with="describe_scaling_policies",
        ask=lambda _, properties: {
            "ServiceNamespace": _policy_of("", properties)["ServiceNamespace"],
            "PolicyNames": [properties["PolicyName"]],
            "ResourceId": _policy_of("", properties)["ResourceId"],
        },
        found="ScalingPolicies[0]",
        delete_with="delete_scaling_policy",
        delete_ask=_policy_of,
        update_with="put_scaling_policy",
        update_ask=_policy_of,
        update_all=True,
        attributes={"Arn": "Ref"},
    ),
    ApiResource(
        type="AWS::Scheduler::Schedule",
        api="scheduler",
        create_with="create_schedule",
        name="Name",
        name_limit=64,
        before=_schedule_request,
        read_with="get_schedule",
        ask=_schedule,
        found="@",
        delete_with="delete_schedule",
        update_with="update_schedule",
        update_all=True,
    ),
    ApiResource(
        type="AWS::Scheduler::ScheduleGroup",
        api="scheduler",
        create_with="create_schedule_group",
        name="Name",
        name_limit=64,
        read_with="get_schedule_group",
        ask=by_id("Name"),
        found="@",
        delete_with="delete_schedule_group",
    ),
    LaunchTemplate(
        type="AWS::EC2::LaunchTemplate",
        api="ec2",
        create_with="create_launch_template",
        made="LaunchTemplate.LaunchTemplateId",
        name="LaunchTemplateName",
        name_limit=128,
        read_with="describe_launch_templates",
        ask=by_ids("LaunchTemplateIds"),
        found="LaunchTemplates[0]",
        delete_with="delete_launch_template",
        delete_ask=by_id("LaunchTemplateId"),
        attributes={
            "LatestVersionNumber": "to_string(LatestVersionNumber)",
            "DefaultVersionNumber": "to_string(DefaultVersionNumber)",
        },
    ),
    ApiResource(
        type="AWS::AutoScaling::AutoScalingGroup",
        api="autoscaling",
        create_with="create_auto_scaling_group",
        name="AutoScalingGroupName",
        before=_group_request,
        read_with="describe_auto_scaling_groups",
        ask=by_ids("AutoScalingGroupNames"),
        found="AutoScalingGroups[0]",
        delete_with="delete_auto_scaling_group",
        delete_ask=lambda physical_id, _: {"AutoScalingGroupName": physical_id, "ForceDelete": True},
        update_with="update_auto_scaling_group",
        update_ask=by_id("AutoScalingGroupName"),
    ),
)
