"""What keeps a base stack from losing data by an update, and stacks from being deleted."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from compose2aws.delivery.account import Account
from compose2aws.delivery.stack import DeployedStack, describe

_ALL: dict[str, Any] = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}


def policy(stateful: Collection[str], *, lifted: bool = False) -> str:
    """The stack policy of base: updates may do all but replace or delete these types of resources; `lifted`: all.

    (AWS CloudFormation User Guide, "Prevent updates to stack resources".)
    """
    statements = [_ALL]
    if stateful and not lifted:
        denied = {
            "Effect": "Deny",
            "Action": ["Update:Replace", "Update:Delete"],
            "Principal": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": sorted(stateful)}},
        }
        statements = [denied, _ALL]
    return json.dumps({"Statement": statements})


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
