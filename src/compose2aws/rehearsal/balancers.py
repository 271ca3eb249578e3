"""Load balancers, listeners, rules, certificates and target groups."""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

from typing import Any

from compose2aws.rehearsal.calls import as_text
from compose2aws.rehearsal.resource_type import (
    ApiResource,
    Context,
    Hook,
    Properties,
    ResourceType,
    by_id,
    by_ids,
    call,
    register,
)


def _set_attributes(operation: str, identifier: str, property_name: str) -> Hook:
    def hook(physical_id: str, properties: Properties, context: Context) -> None:
        given = properties.get(property_name) or []
        attributes = [{"Key": item["Key"], "Value": str(as_text(item["Value"]))} for item in given]
        if attributes:
            call(context.service("elbv2"), operation, {identifier: physical_id, "Attributes": attributes})

    return hook


class LoadBalancer(ApiResource):
    """A load balancer; its groups and subnets change by operations of their own."""

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Give it other groups, subnets and attributes."""
        client = context.service("elbv2")
        if "SecurityGroups" in new and old.get("SecurityGroups") != new["SecurityGroups"]:
            arguments = {"LoadBalancerArn": physical_id, "SecurityGroups": new["SecurityGroups"]}
            call(client, "set_security_groups", arguments)
        if "Subnets" in new and old.get("Subnets") != new["Subnets"]:
            call(client, "set_subnets", {"LoadBalancerArn": physical_id, "Subnets": new["Subnets"]})
        return super().update(physical_id, old, new, context)


class ListenerCertificate(ResourceType):
    """More certificates for a listener."""

    type = "AWS::ElasticLoadBalancingV2::ListenerCertificate"

    def create(self, properties: Properties, context: Context) -> str:
        """Add them."""
        call(context.service("elbv2"), "add_listener_certificates", self._arguments(properties))
        return context.generated_name()

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Take away the old ones and add the new."""
        self.delete(physical_id, old, context)
        call(context.service("elbv2"), "add_listener_certificates", self._arguments(new))
        return physical_id

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Take them away."""
        call(context.service("elbv2"), "remove_listener_certificates", self._arguments(properties))

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the listener's certificates while these are among them."""
        arguments = {"ListenerArn": properties["ListenerArn"]}
        answer = call(context.service("elbv2"), "describe_listener_certificates", arguments)
        present = {item["CertificateArn"] for item in answer["Certificates"]}
        wanted = {item["CertificateArn"] for item in properties["Certificates"]}
        return {"Id": physical_id, **answer} if wanted <= present else None

    @staticmethod
    def _arguments(properties: Properties) -> dict[str, Any]:
        certificates = [{"CertificateArn": item["CertificateArn"]} for item in properties["Certificates"]]
        return {"ListenerArn": properties["ListenerArn"], "Certificates": certificates}


def _target_group(physical_id: str, properties: Properties, context: Context) -> None:
    _set_attributes("modify_target_group_attributes", "TargetGroupArn", "TargetGroupAttributes")(
        physical_id, properties, context
    )
    targets = [
        {"Id": target["Id"], **({"Port": int(target["Port"])} if "Port" in target else {})}
        for target in properties.get("Targets") or []
    ]
    if targets:
        call(context.service("elbv2"), "register_targets", {"TargetGroupArn": physical_id, "Targets": targets})


register(
    LoadBalancer(
        type="AWS::ElasticLoadBalancingV2::LoadBalancer",
        api="elbv2",
        create_with="create_load_balancer",
        made="LoadBalancers[0].LoadBalancerArn",
        name="Name",
        name_limit=32,
        read_with="describe_load_balancers",
        ask=by_ids("LoadBalancerArns"),
        found="LoadBalancers[0]",
        delete_with="delete_load_balancer",
        delete_ask=by_id("LoadBalancerArn"),
        elsewhere=frozenset({"LoadBalancerAttributes"}),
        attributes={
            "CanonicalHostedZoneID": "CanonicalHostedZoneId",
            "LoadBalancerFullName": lambda found: found["LoadBalancerArn"].partition(":loadbalancer/")[2],
            "LoadBalancerArn": "Ref",
        },
        after=_set_attributes("modify_load_balancer_attributes", "LoadBalancerArn", "LoadBalancerAttributes"),
    ),
    ApiResource(
        type="AWS::ElasticLoadBalancingV2::TargetGroup",
        api="elbv2",
        create_with="create_target_group",
        made="TargetGroups[0].TargetGroupArn",
        name="Name",
        name_limit=32,
        read_with="describe_target_groups",
        ask=by_ids("TargetGroupArns"),
        found="TargetGroups[0]",
        delete_with="delete_target_group",
        delete_ask=by_id("TargetGroupArn"),
        update_with="modify_target_group",
        update_ask=by_id("TargetGroupArn"),
        elsewhere=frozenset({"TargetGroupAttributes", "Targets"}),
        attributes={
            "TargetGroupFullName": lambda found: found["TargetGroupArn"].rpartition(":")[2],
            "TargetGroupArn": "Ref",
        },
        after=_target_group,
    ),
    ApiResource(
        type="AWS::ElasticLoadBalancingV2::Listener",
        api="elbv2",
        create_with="create_listener",
        made="Listeners[0].ListenerArn",
        read_with="describe_listeners",
        ask=by_ids("ListenerArns"),
        found="Listeners[0]",
        delete_with="delete_listener",
        delete_ask=by_id("ListenerArn"),
        update_with="modify_listener",
        update_ask=by_id("ListenerArn"),
        elsewhere=frozenset({"ListenerAttributes"}),
        attributes={"ListenerArn": "Ref"},
        after=_set_attributes("modify_listener_attributes", "ListenerArn", "ListenerAttributes"),
    ),
    ApiResource(
        type="AWS::ElasticLoadBalancingV2::ListenerRule",
        api="elbv2",
        create_with="create_rule",
        made="Rules[0].RuleArn",
        read_with="describe_rules",
        ask=by_ids("RuleArns"),
        found="Rules[0]",
        delete_with="delete_rule",
        delete_ask=by_id("RuleArn"),
        update_with="modify_rule",
        update_ask=by_id("RuleArn"),
        attributes={"RuleArn": "Ref"},
    ),
    ListenerCertificate(),
)
