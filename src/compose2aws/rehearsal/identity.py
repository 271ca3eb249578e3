"""IAM: roles, policies, instance profiles."""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

import json
from typing import Any

from compose2aws.rehearsal.resource_type import ApiResource, Context, Properties, ResourceType, by_id, call, register


def _document(policy: Any) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


class Role(ApiResource):
    """A role with its inline and attached policies."""

    def create(self, properties: Properties, context: Context) -> str:
        """Make the role and give it its policies."""
        physical_id = super().create(properties, context)
        self._put(physical_id, {}, properties, context)
        return physical_id

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Change who may assume it and what it may do."""
        client = context.service("iam")
        if old["AssumeRolePolicyDocument"] != new["AssumeRolePolicyDocument"]:
            arguments = {"RoleName": physical_id, "PolicyDocument": _document(new["AssumeRolePolicyDocument"])}
            call(client, "update_assume_role_policy", arguments)
        self._put(physical_id, old, new, context)
        return physical_id

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Take its own policies away, then the role."""
        self._put(physical_id, properties, {}, context)
        super().delete(physical_id, properties, context)

    @staticmethod
    def _put(physical_id: str, old: Properties, new: Properties, context: Context) -> None:
        client = context.service("iam")
        attached = set(new.get("ManagedPolicyArns") or [])
        for arn in sorted(set(old.get("ManagedPolicyArns") or []) - attached):
            call(client, "detach_role_policy", {"RoleName": physical_id, "PolicyArn": arn})
        for arn in sorted(attached - set(old.get("ManagedPolicyArns") or [])):
            call(client, "attach_role_policy", {"RoleName": physical_id, "PolicyArn": arn})
        names = {policy["PolicyName"] for policy in new.get("Policies") or []}
        for policy in old.get("Policies") or []:
            if policy["PolicyName"] not in names:
                arguments = {"RoleName": physical_id, "PolicyName": policy["PolicyName"]}
                call(client, "delete_role_policy", arguments)
        for policy in new.get("Policies") or []:
            arguments = {
                "RoleName": physical_id,
                "PolicyName": policy["PolicyName"],
                "PolicyDocument": _document(policy["PolicyDocument"]),
            }
            call(client, "put_role_policy", arguments)


class Policy(ResourceType):
    """An inline policy that stands apart from the roles it is put into."""

    type = "AWS::IAM::Policy"

    def create(self, properties: Properties, context: Context) -> str:
        """Put the policy into each role."""
        for role in properties.get("Roles") or []:
            arguments = {
                "RoleName": role,
                "PolicyName": properties["PolicyName"],
                "PolicyDocument": _document(properties["PolicyDocument"]),
            }
            call(context.service("iam"), "put_role_policy", arguments)
        return context.generated_name(64)

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Write it anew, and take it out of roles that are no longer named."""
        gone = set(old.get("Roles") or []) - set(new.get("Roles") or [])
        if old["PolicyName"] != new["PolicyName"]:
            gone = set(old.get("Roles") or [])
        self.delete(physical_id, {**old, "Roles": sorted(gone)}, context)
        self.create(new, context)
        return physical_id

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Take the policy out of its roles."""
        client = context.service("iam")
        for role in properties.get("Roles") or []:
            if properties["PolicyName"] in client.list_role_policies(RoleName=role)["PolicyNames"]:
                call(client, "delete_role_policy", {"RoleName": role, "PolicyName": properties["PolicyName"]})

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the policy while every role has it."""
        client = context.service("iam")
        for role in properties.get("Roles") or []:
            if properties["PolicyName"] not in client.list_role_policies(RoleName=role)["PolicyNames"]:
                return None
        return {"Id": physical_id}


class InstanceProfile(ApiResource):
    """What gives a machine its role."""

    def create(self, properties: Properties, context: Context) -> str:
        """Make the profile with its role."""
        physical_id = super().create(properties, context)
        self._add(physical_id, properties, context)
        return physical_id

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Give it another role."""
        self._remove(physical_id, old, context)
        self._add(physical_id, new, context)
        return physical_id

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Take its role out, then the profile."""
        self._remove(physical_id, properties, context)
        super().delete(physical_id, properties, context)

    @staticmethod
    def _add(physical_id: str, properties: Properties, context: Context) -> None:
        for role in properties["Roles"]:
            arguments = {"InstanceProfileName": physical_id, "RoleName": role}
            call(context.service("iam"), "add_role_to_instance_profile", arguments)

    @staticmethod
    def _remove(physical_id: str, properties: Properties, context: Context) -> None:
        for role in properties["Roles"]:
            arguments = {"InstanceProfileName": physical_id, "RoleName": role}
            call(context.service("iam"), "remove_role_from_instance_profile", arguments)


def _detach_everywhere(physical_id: str, _: Properties, context: Context) -> None:
    client = context.service("iam")
    for role in client.list_entities_for_policy(PolicyArn=physical_id)["PolicyRoles"]:
        call(client, "detach_role_policy", {"RoleName": role["RoleName"], "PolicyArn": physical_id})


def _attach(physical_id: str, properties: Properties, context: Context) -> None:
    for role in properties.get("Roles") or []:
        call(context.service("iam"), "attach_role_policy", {"RoleName": role, "PolicyArn": physical_id})


register(
    Role(
        type="AWS::IAM::Role",
        api="iam",
        create_with="create_role",
        name="RoleName",
        name_limit=64,
        read_with="get_role",
        ask=by_id("RoleName"),
        found="Role",
        delete_with="delete_role",
        elsewhere=frozenset({"Policies", "ManagedPolicyArns"}),
    ),
    Policy(),
    InstanceProfile(
        type="AWS::IAM::InstanceProfile",
        api="iam",
        create_with="create_instance_profile",
        name="InstanceProfileName",
        read_with="get_instance_profile",
        ask=by_id("InstanceProfileName"),
        found="InstanceProfile",
        delete_with="delete_instance_profile",
        elsewhere=frozenset({"Roles"}),
    ),
    ApiResource(
        type="AWS::IAM::ManagedPolicy",
        api="iam",
        create_with="create_policy",
        made="Policy.Arn",
        name="ManagedPolicyName",
        name_limit=128,
        renames={"ManagedPolicyName": "PolicyName"},
        read_with="get_policy",
        ask=by_id("PolicyArn"),
        found="Policy",
        delete_with="delete_policy",
        elsewhere=frozenset({"Roles"}),
        attributes={"PolicyArn": "Arn"},
        after=_attach,
        before_delete=_detach_everywhere,
    ),
)
