"""What keeps a base stack from losing data by an update, and stacks from being deleted."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import code_of
from compose2aws.delivery.stack import DeployedStack, describe, stack_resources

_ALL: dict[str, Any] = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
_DENIED: dict[str, Any] = {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*"}
_LONGEST = 16_384


def stateful(template: Mapping[str, Any]) -> tuple[str, ...]:
    """The logical ids of what holds data: what is not simply deleted with its stack."""
    keeping = ("Snapshot", "Retain", "RetainExceptOnCreate")
    return tuple(sorted(n for n, body in template["Resources"].items() if body.get("DeletionPolicy") in keeping))


def policy(template: Mapping[str, Any], letting: Collection[str] = ()) -> str:
    """The stack policy of base: updates may do all but replace or delete what holds data, `letting` these go.

    A policy that would be too long names types; where something is let go it cannot, and allows all. (AWS
    CloudFormation User Guide, "Prevent updates to stack resources": at most 16,384 bytes.)
    """
    kept = [name for name in stateful(template) if name not in letting]
    if not kept:
        return json.dumps({"Statement": [_ALL]})
    by_name = {**_DENIED, "Resource": [f"LogicalResourceId/{name}" for name in kept]}
    text = json.dumps({"Statement": [by_name, _ALL]})
    if len(text) <= _LONGEST:
        return text
    if letting:
        return json.dumps({"Statement": [_ALL]})
    types = sorted({template["Resources"][name]["Type"] for name in kept})
    by_type = {**_DENIED, "Resource": "*", "Condition": {"StringEquals": {"ResourceType": types}}}
    return json.dumps({"Statement": [by_type, _ALL]})


def set_policy(account: Account, stack: DeployedStack, text: str) -> bool:
    """Gives the stack a policy; whether it had another one."""
    client = account.client("cloudformation")
    now = client.get_stack_policy(StackName=stack.id).get("StackPolicyBody")
    if now and json.loads(now) == json.loads(text):
        return False
    client.set_stack_policy(StackName=stack.id, StackPolicyBody=text)
    return True


def protect_stack(account: Account, name: str, *, protected: bool) -> bool:
    """Switches termination protection; whether it was otherwise. A stack that is not there is left alone."""
    stack = describe(account, name)
    if stack is None or stack.get("EnableTerminationProtection", False) == protected:
        return False
    account.client("cloudformation").update_termination_protection(
        StackName=name, EnableTerminationProtection=protected
    )
    return True


def release(account: Account, stack: DeployedStack) -> None:
    """Switches the databases' own protection from deletion off one by one, where their stack takes no update."""
    for item in stack_resources(account, stack.id):
        body = stack.template["Resources"].get(item["LogicalResourceId"], {})
        call = _RELEASES.get(item["ResourceType"])
        if call is None or "DeletionProtection" not in body.get("Properties", {}):
            continue
        service, operation, name = call
        modify = getattr(account.client(service), operation)
        try:
            modify(**{name: item["PhysicalResourceId"]}, DeletionProtection=False, ApplyImmediately=True)
        except ClientError as error:
            if "NotFound" not in code_of(error):  # it went already
                raise


_RELEASES = {
    "AWS::RDS::DBCluster": ("rds", "modify_db_cluster", "DBClusterIdentifier"),
    "AWS::RDS::DBInstance": ("rds", "modify_db_instance", "DBInstanceIdentifier"),
    "AWS::DocDB::DBCluster": ("docdb", "modify_db_cluster", "DBClusterIdentifier"),
}
"""By type: the service, its call, and the argument that names the database."""
