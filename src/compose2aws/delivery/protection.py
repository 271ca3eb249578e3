"""What keeps a base stack from losing data by an update, and stacks from being deleted.

What somebody set by hand stays: a stack policy that is not ours, and termination protection, which is only switched off
for a stack that is to go.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.cloudformation.lifecycle import KEPT_TYPES
from compose2aws.delivery.account import Account
from compose2aws.delivery.progress import Progress
from compose2aws.delivery.refusal import code_of
from compose2aws.delivery.stack import DeployedStack, describe, stack_resources

_ALL: dict[str, Any] = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
_DENIED: dict[str, Any] = {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*"}
_LONGEST = 16_384
_NAMED = "LogicalResourceId/"
_PRODUCTION = "production"


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
    by_name = {**_DENIED, "Resource": [_NAMED + name for name in kept]}
    text = json.dumps({"Statement": [by_name, _ALL]})
    if len(text) <= _LONGEST:
        return text
    if letting:
        return json.dumps({"Statement": [_ALL]})
    types = sorted({template["Resources"][name]["Type"] for name in kept})
    by_type = {**_DENIED, "Resource": "*", "Condition": {"StringEquals": {"ResourceType": types}}}
    return json.dumps({"Statement": [by_type, _ALL]})


def is_ours(text: str, templates: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a stack policy is one that `policy` writes, for one of these templates or for what is no longer in them.

    A statement more, other actions, or a resource that holds no data make it somebody else's. (A stack policy has no
    place for a name of its own.)
    """
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError):
        return False
    if statements == [_ALL]:
        return True
    if not isinstance(statements, list) or len(statements) != len((_DENIED, _ALL)) or statements[1] != _ALL:
        return False
    if not isinstance(statements[0], dict):
        return False
    denied = dict(statements[0])
    resource, condition = denied.pop("Resource", None), denied.pop("Condition", None)
    if denied != _DENIED:
        return False
    known = list(templates)
    if condition is None:
        return isinstance(resource, list) and all(_holds_data(name, known) for name in resource)
    types = _types_of(condition)
    kept = {template["Resources"][name]["Type"] for template in known for name in stateful(template)} | KEPT_TYPES
    return resource == "*" and types is not None and kept.issuperset(types)


def _holds_data(resource: Any, templates: Collection[Mapping[str, Any]]) -> bool:
    """Whether a named resource is held back by our policies; what is in no template any more was."""
    if not isinstance(resource, str) or not resource.startswith(_NAMED):
        return False
    name = resource.removeprefix(_NAMED)
    there = [template for template in templates if name in template["Resources"]]
    return not there or any(name in stateful(template) for template in there)


def _types_of(condition: Any) -> list[str] | None:
    match condition:
        case {"StringEquals": {"ResourceType": list() as types}} if all(isinstance(one, str) for one in types):
            return types
    return None


@dataclass(slots=True)
class PolicyGuard:
    """Keeps base's stack policy while a deployment runs. `before` is base's template when it began. A policy that is
    not ours stays, and is told of once."""

    account: Account
    progress: Progress
    before: Mapping[str, Any] | None
    _told: bool = field(default=False, init=False)
    _told_lost: frozenset[str] = field(default=frozenset(), init=False)

    def hold(self, base: DeployedStack, lost: frozenset[str]) -> None:
        """What holds data is neither replaced nor removed, but for what may be lost. Raises botocore's exceptions."""
        text = policy(base.template, lost)
        known = [template for template in (base.template, self.before) if template]
        now = _policy_of(self.account, base)
        if now is None or is_ours(now, known):
            set_policy(self.account, base, text)
        else:
            self._tell(base.name, lost)

    def _tell(self, name: str, lost: frozenset[str]) -> None:
        if not self._told:
            self.progress.note(
                f"the stack policy of {name} is not the one that compose2aws sets: it stays as it is, and "
                "CloudFormation refuses what it denies. One that allows everything (Update:*) is taken for ours again"
            )
        if new := lost - self._told_lost:
            self.progress.note(
                f"that policy is not lifted for what may be lost ({', '.join(sorted(new))}): where it denies that, "
                f"CloudFormation refuses the update, and {name} goes back to what it was"
            )
        self._told, self._told_lost = True, self._told_lost | lost


def set_policy(account: Account, stack: DeployedStack, text: str) -> bool:
    """Gives the stack a policy; whether it had another one."""
    now = _policy_of(account, stack)
    if now and json.loads(now) == json.loads(text):
        return False
    account.client("cloudformation").set_stack_policy(StackName=stack.id, StackPolicyBody=text)
    return True


def _policy_of(account: Account, stack: DeployedStack) -> str | None:
    return account.client("cloudformation").get_stack_policy(StackName=stack.id).get("StackPolicyBody") or None


def staying_text(stacks: Iterable[DeployedStack]) -> str | None:
    """What to say where production becomes development: termination protection that is on stays. None where no stack
    was production's, or none is protected."""
    there = list(stacks)
    protected = [stack.name for stack in there if stack.protected]
    if not protected or all(stack.metadata.get("tier") != _PRODUCTION for stack in there):
        return None
    return (
        f"termination protection of {' and '.join(protected)} stays on, although the project is no longer production: "
        f"`{protection_command('STACK', protected=False)}` switches it off"
    )


def protection_command(stack: str, *, protected: bool) -> str:
    """The AWS CLI's command that switches a stack's termination protection."""
    option = "--enable-termination-protection" if protected else "--no-enable-termination-protection"
    return f"aws cloudformation update-termination-protection {option} --stack-name {stack}"


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
