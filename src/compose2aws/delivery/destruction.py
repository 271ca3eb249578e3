"""Taking a project's stacks away: the app alone, or with the base and its data.

shards → app → (asked twice) base
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.cloudformation.writing import text_of
from compose2aws.delivery import change_set as change_sets
from compose2aws.delivery import protection
from compose2aws.delivery.account import Account
from compose2aws.delivery.change_set import Wanted, make_change_set
from compose2aws.delivery.mending import awaited, removed
from compose2aws.delivery.passes import PROTECTION
from compose2aws.delivery.progress import Progress, stepping
from compose2aws.delivery.refusal import DENIED, DeliveryError, code_of
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
    bodies = stack.template.get("Resources") or {}
    for item in stack_resources(account, stack.id):
        policy = bodies.get(item["LogicalResourceId"], {}).get("DeletionPolicy", "Delete")
        if policy != "Delete":
            how = "snapshot" if policy == "Snapshot" else "retained"
            kept.append(Kept(item["LogicalResourceId"], item["ResourceType"], item["PhysicalResourceId"], how))
    return tuple(sorted(kept, key=lambda one: (one.how, one.type, one.logical_id)))


@dataclass(slots=True)
class Removal:
    """How far the removal of a project's stacks has come, for whoever tells of it when it ends early."""

    waiting: list[DeployedStack] = field(default_factory=list)
    """Those whose removal was not begun, in order."""
    going: str | None = None
    """The stack whose deletion was asked for: it goes on in the account."""
    gone: list[str] = field(default_factory=list)
    """Those that are removed."""
    updating: str | None = None
    """The stack whose databases are being let go by an update, which goes on in the account."""
    unprotected: list[DeployedStack] = field(default_factory=list)
    """Those that wait, and whose termination protection is off now."""
    databases: DeployedStack | None = None
    """The stack that waits, and whose databases no longer refuse to be deleted."""


def remove_stacks(account: Account, stacks: Iterable[DeployedStack], progress: Progress, removal: Removal) -> None:
    """Removes stacks one after the other and sees each gone; `removal` is told how far that is.

    Raises `DeliveryError` where one does not go, and botocore's exceptions.
    """
    removal.waiting = list(stacks)
    while removal.waiting:
        stack = removal.waiting[0]
        _remove(account, stack, progress, removal)
        removal.gone.append(stack.name)
        removal.going, removal.databases = None, None
        removal.waiting = removal.waiting[1:]


def _remove(account: Account, stack: DeployedStack, progress: Progress, removal: Removal) -> None:
    if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
        ended = awaited(account, stack, progress)
        if ended.status == "DELETE_COMPLETE":
            return
        stack = read_stack(account, stack.name) or stack
    if stack.parameters.get(PROTECTION) == "true":
        if stack.status.endswith("_FAILED"):  # no update begins from there
            removal.databases = stack
            protection.release(account, stack)
        else:
            _let_go(account, stack, progress, removal)
    if stack.protected:
        removal.unprotected = [stack]
    protection.protect_stack(account, stack.name, protected=False)

    def beginning() -> None:
        removal.going, removal.unprotected = stack.name, []

    try:
        ended = removed(account, stack, progress, f"Removing {stack.name}", beginning)
    except ClientError as error:
        if error.operation_name == "DeleteStack":  # it was refused
            removal.going, removal.unprotected = None, [stack] if stack.protected else []
        raise
    if not ended.succeeded:
        raise DeliveryError(
            f"{failure_text(stack.name, ended)}\nRemove by hand what hinders it, then run the same command again."
        )


def _let_go(account: Account, stack: DeployedStack, progress: Progress, removal: Removal) -> None:
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
        removal.updating, removal.databases = stack.name, stack
        change_sets.execute(account, found)
        ended = watch.until_end()
        step.failed = not ended.succeeded
    removal.updating = None
    if not ended.succeeded:
        removal.databases = None  # the update went back
        raise DeliveryError(f"{failure_text(stack.name, ended)}\nNothing was removed from {stack.name}.")


def interrupted_text(removal: Removal) -> str:
    """What is so in the account when a removal was interrupted, and how to go on."""
    said = ["Interrupted."]
    if removal.gone:
        said.append(f"{_listed(removal.gone)} {'are' if len(removal.gone) > 1 else 'is'} gone.")
    if removal.going:
        said.append(f"The removal of {removal.going} was begun and goes on in the account.")
    elif removal.updating:
        said.append(f"The update of {removal.updating} was begun and goes on in the account; it removes nothing.")
    waiting = [stack.name for stack in removal.waiting if stack.name != removal.going]
    if waiting:
        said.append(f"Not begun: the removal of {_listed(waiting)}.")
    if off := unprotected_text(removal):
        said.append(off)
    said.append("`compose2aws status` shows what is left; the same destroy command takes it up.")
    return " ".join(said)


def unprotected_text(removal: Removal) -> str:
    """What is no longer protected from deletion although it stays for now, and how that comes back; empty where
    nothing is."""
    said = []
    if removal.databases is not None and removal.databases.name != removal.going:
        said.append(
            f"The protection of the databases of {removal.databases.name} from deletion "
            f"{'is being switched' if removal.updating else 'is'} off: `compose2aws deploy` switches it on again."
        )
    for stack in removal.unprotected:
        again = (
            "`compose2aws deploy` switches"
            if stack.metadata.get("tier") == "production"
            else f"`{protection.protection_command(stack.name, protected=True)}` switches"
        )
        said.append(f"Termination protection of {stack.name} is off: {again} it on again.")
    return " ".join(said)


def waiting_text(account: Account, stack: DeployedStack) -> str | None:
    """What to say before a stack is removed that holds nothing but change sets nobody executed. None for others.

    Raises botocore's exceptions.
    """
    if stack.status != "REVIEW_IN_PROGRESS":
        return None
    try:
        found = change_sets.waiting_change_sets(account, stack.id)
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        return f"Whether {stack.name}, which has no resources, holds somebody's change set could not be asked."
    if not found:
        return None
    names = [one.name + (f" of {one.made:%Y-%m-%d %H:%M} UTC" if one.made else "") for one in found]
    held = f"the change set{'s' if len(names) > 1 else ''} {_listed(names)}"
    return (
        f"{stack.name} holds nothing but {held}, which nobody has executed yet: somebody else's first deployment may "
        "be about to, and fails then."
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


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
