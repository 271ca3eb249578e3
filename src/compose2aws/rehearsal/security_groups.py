"""Security groups and their rules, written in the group or as resources of their own."""

from __future__ import annotations

from typing import Any

from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.resource_type import (
    ApiResource,
    Context,
    Properties,
    ResourceType,
    by_id,
    by_ids,
    call,
    register,
)


def _permission(rule: Properties) -> dict[str, Any]:
    permission: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    for name in ("FromPort", "ToPort"):
        if name in rule:
            permission[name] = int(rule[name])
    note = {"Description": rule["Description"]} if "Description" in rule else {}
    group = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
    prefixes = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if "CidrIp" in rule:
        permission["IpRanges"] = [{"CidrIp": rule["CidrIp"], **note}]
    elif "CidrIpv6" in rule:
        permission["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **note}]
    elif group:
        permission["UserIdGroupPairs"] = [{"GroupId": group, **note}]
    elif prefixes:
        permission["PrefixListIds"] = [{"PrefixListId": prefixes, **note}]
    else:
        raise ResourceFailed("Exactly one of CidrIp, CidrIpv6, a security group or a prefix list must be given")
    return permission


_EVERYTHING = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}


class SecurityGroup(ApiResource):
    """A group with the rules that stand in it."""

    def create(self, properties: Properties, context: Context) -> str:
        """Make the group; rules for the way out replace the one that lets all out."""
        physical_id = super().create(properties, context)
        if properties.get("SecurityGroupEgress"):
            self._change("revoke_security_group_egress", physical_id, [_EVERYTHING], context)
        self._change("authorize_security_group_ingress", physical_id, properties.get("SecurityGroupIngress"), context)
        self._change("authorize_security_group_egress", physical_id, properties.get("SecurityGroupEgress"), context)
        return physical_id

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Take away the rules that went and add those that came."""
        for name, way in (("SecurityGroupIngress", "ingress"), ("SecurityGroupEgress", "egress")):
            before, after = old.get(name) or [], new.get(name) or []
            gone = [rule for rule in before if rule not in after]
            come = [rule for rule in after if rule not in before]
            self._change(f"revoke_security_group_{way}", physical_id, gone, context)
            self._change(f"authorize_security_group_{way}", physical_id, come, context)
        return super().update(physical_id, old, new, context)

    @staticmethod
    def _change(operation: str, physical_id: str, rules: Any, context: Context) -> None:
        if rules:
            arguments = {"GroupId": physical_id, "IpPermissions": [_permission(rule) for rule in rules]}
            call(context.service("ec2"), operation, arguments)


class SecurityGroupRule(ResourceType):
    """A rule as a resource of its own; `Ref` gives the rule's id."""

    def __init__(self, way: str) -> None:
        self.type = f"AWS::EC2::SecurityGroup{way.title()}"
        self._way = way

    def create(self, properties: Properties, context: Context) -> str:
        """Add the rule to its group."""
        arguments = {"GroupId": properties["GroupId"], "IpPermissions": [_permission(properties)]}
        answer = call(context.service("ec2"), f"authorize_security_group_{self._way}", arguments)
        return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Write the rule anew; only its description can differ."""
        self.delete(physical_id, old, context)
        return self.create(new, context)

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Take the rule out of its group, if the group is still there."""
        if self.describe(physical_id, properties, context) is not None:
            arguments = {"GroupId": properties["GroupId"], "IpPermissions": [_permission(properties)]}
            call(context.service("ec2"), f"revoke_security_group_{self._way}", arguments)

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the rule as EC2 lists it."""
        filters = [{"Name": "group-id", "Values": [properties["GroupId"]]}]
        rules = call(context.service("ec2"), "describe_security_group_rules", {"Filters": filters})
        for rule in rules["SecurityGroupRules"]:
            if rule["SecurityGroupRuleId"] == physical_id:
                return {**rule, "Id": physical_id}
        return None


register(
    SecurityGroup(
        type="AWS::EC2::SecurityGroup",
        api="ec2",
        create_with="create_security_group",
        name="GroupName",
        made="GroupId",
        renames={"GroupDescription": "Description"},
        elsewhere=frozenset({"SecurityGroupIngress", "SecurityGroupEgress"}),
        read_with="describe_security_groups",
        ask=by_ids("GroupIds"),
        found="SecurityGroups[0]",
        delete_with="delete_security_group",
        delete_ask=by_id("GroupId"),
        attributes={"Id": "Ref", "GroupId": "Ref"},
    ),
    SecurityGroupRule("ingress"),
    SecurityGroupRule("egress"),
)
