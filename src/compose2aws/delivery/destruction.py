"""Taking a project's stacks away: the app alone, or with the base and its data.

shards → app → (asked twice) base
"""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.cloudformation.writing import text_of
from compose2aws.delivery import change_set as change_sets
from compose2aws.delivery import protection
from compose2aws.delivery.account import Account
from compose2aws.delivery.change_set import Wanted, make_change_set
from compose2aws.delivery.mending import awaited, removed
from compose2aws.delivery.passes import PROTECTION
from compose2aws.delivery.progress import Progress, stepping
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.stack import DeployedStack, read_stack, stack_resources
from compose2aws.delivery.watch import Watch, failure_text

_KEY = "AWS::KMS::Key"


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays in the account after a stack is gone: `how` is `retained` or `snapshot`."""

    logical_id: str
    type: str
    physical_id: str
    how: str


def what_stays(account: Account, stack: DeployedStack) -> tuple[Kept, ...]:
    """What a stack's deletion leaves behind: what its template retains, and what it takes a last snapshot of."""
    kept = []
    for item in stack_resources(account, stack.id):
        policy = stack.template["Resources"].get(item["LogicalResourceId"], {}).get("DeletionPolicy", "Delete")
        if policy != "Delete":
            how = "snapshot" if policy == "Snapshot" else "retained"
            kept.append(Kept(item["LogicalResourceId"], item["ResourceType"], item["PhysicalResourceId"], how))
    return tuple(sorted(kept, key=lambda one: (one.how, one.type, one.logical_id)))


def remove_stack(account: Account, stack: DeployedStack, progress: Progress) -> None:
    """Removes one stack and sees it gone. Raises `DeliveryError` where it does not go."""
    if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
        ended = awaited(account, stack, progress)
        if ended.status == "DELETE_COMPLETE":
            return
        stack = read_stack(account, stack.name) or stack
    if stack.parameters.get(PROTECTION) == "true":
        if stack.status.endswith("_FAILED"):  # no update begins from there
            protection.release(account, stack)
        else:
            _let_go(account, stack, progress)
    protection.protect_stack(account, stack.name, protected=False)
    ended = removed(account, stack, progress, f"Removing {stack.name}")
    if not ended.succeeded:
        raise DeliveryError(
            f"{failure_text(stack.name, ended)}\nRemove by hand what hinders it, then run the same command again."
        )


def _let_go(account: Account, stack: DeployedStack, progress: Progress) -> None:
    """Switches the databases' own protection off: with it they refuse to go."""
    values = {name: "false" if name == PROTECTION else None for name in stack.parameters}
    project = str(stack.metadata.get("project", ""))
    wanted = Wanted(stack.name, project, text_of(dict(stack.template), "yaml"), values, stack.tags)
    found = make_change_set(account, wanted, create=False)
    if found is None:
        return
    title = f"Updating {stack.name}: letting go of the protection from deletion"
    with stepping(progress, title, stack.name, len(found.changes)) as step:
        watch = Watch(account, stack.id, stack.template, progress)
        change_sets.execute(account, found)
        ended = watch.until_end()
        step.failed = not ended.succeeded
    if not ended.succeeded:
        raise DeliveryError(f"{failure_text(stack.name, ended)}\nNothing was removed from {stack.name}.")


def snapshots_under(account: Account, key: str) -> tuple[str, ...]:
    """The names of the database snapshots that are encrypted under a key: they are lost where the key is deleted.

    What may not be listed is left out.
    """
    found: list[str] = []
    for service, operation, listed, name in _SNAPSHOTS:
        try:
            for page in account.client(service).get_paginator(operation).paginate():
                found += [item[name] for item in page[listed] if key in str(item.get("KmsKeyId", ""))]
        except (ClientError, BotoCoreError):
            continue
    return tuple(sorted(set(found)))


_SNAPSHOTS = (
    ("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", "DBClusterSnapshotIdentifier"),
    ("rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
    ("docdb", "describe_db_cluster_snapshots", "DBClusterSnapshots", "DBClusterSnapshotIdentifier"),
    ("elasticache", "describe_snapshots", "Snapshots", "SnapshotName"),
)


def key_of(kept: tuple[Kept, ...]) -> str | None:
    """The project's key, where it stays."""
    return next((one.physical_id for one in kept if one.type == _KEY), None)
