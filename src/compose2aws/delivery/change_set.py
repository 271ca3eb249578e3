"""Change sets: what CloudFormation says that a template would do to a stack, kept until it is executed or given up."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.artefact import template_argument
from compose2aws.delivery.refusal import DeliveryError, code_of
from compose2aws.delivery.stack import PROJECT_TAG, describe

_PREFIX = "compose2aws"
_LONGEST_WAIT = 15 * 60
_GOING = ("DELETE_PENDING", "DELETE_IN_PROGRESS", "DELETE_COMPLETE")
_NOTHING = ("didn't contain changes", "No updates are to be performed", "no changes")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack is to become: the text of its template, and a value for each parameter (None keeps the last one).
    `tags` are those that it has: an update takes away what it does not name."""

    stack: str
    project: str
    text: str
    parameters: Mapping[str, str | None]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that can be executed. `changes` are CloudFormation's own (`ResourceChange`), all pages of them."""

    arn: str
    stack_id: str
    stack: str
    kind: Literal["CREATE", "UPDATE"]
    changes: tuple[Mapping[str, Any], ...]

    @property
    def replacements(self) -> tuple[Mapping[str, Any], ...]:
        """The changes by which a resource is, or may be, made anew."""
        return tuple(change for change in self.changes if change.get("Replacement") in ("True", "Conditional"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change set that a stack holds, and when it was made."""

    arn: str
    name: str
    made: datetime | None


def make_change_set(
    account: Account,
    wanted: Wanted,
    *,
    create: bool,
    on_failure: Literal["DO_NOTHING", "ROLLBACK"] = "ROLLBACK",
    values: bool = False,
    revert_drift: bool = False,
) -> ChangeSet | None:
    """A change set for a stack, ready to be executed; None where there is nothing to change.

    `create` makes a new stack, `on_failure` says what becomes of it when that fails; `values` asks for the properties
    before and after; `revert_drift` compares with the resources as they are, not as they were deployed. Raises
    `DeliveryError` where CloudFormation refuses the template or the parameters, and botocore's exceptions. What was
    begun is then given up again.
    """
    client = account.client("cloudformation")
    kind: Literal["CREATE", "UPDATE"] = "CREATE" if create else "UPDATE"
    name = f"{_PREFIX}-{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
    tags = {key: value for key, value in wanted.tags.items() if not key.startswith("aws:")}
    tags[PROJECT_TAG] = wanted.project
    arguments: dict[str, Any] = {"OnStackFailure": on_failure} if create else {}
    if revert_drift:
        arguments["DeploymentMode"] = "REVERT_DRIFT"
    try:
        made = client.create_change_set(
            StackName=wanted.stack,
            ChangeSetName=name,
            ChangeSetType=kind,
            ClientToken=name,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            Parameters=[_parameter(key, value) for key, value in sorted(wanted.parameters.items())],
            Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())],
            **template_argument(account, wanted.text, wanted.stack),
            **arguments,
        )
    except ClientError as error:
        if code_of(error) != "AlreadyExistsException":
            raise
        # Either the answer to a first try was lost, or somebody else makes the stack at the same time.
        try:
            made = client.describe_change_set(StackName=wanted.stack, ChangeSetName=name)
        except ClientError:
            raise error from None
        made = {"Id": made["ChangeSetId"], "StackId": made["StackId"]}
    try:
        return _ready(account, made["Id"], made["StackId"], wanted.stack, kind, values=values)
    except BaseException:
        give_up(account, made["Id"], made["StackId"])
        raise


def execute(account: Account, change_set: ChangeSet, *, keep_what_fails: bool = False) -> None:
    """Begins to do what a change set says; `delivery.watch` sees it to its end. `keep_what_fails` leaves a failing
    update as it stands instead of rolling it back: the only way to go on with a stack whose creation failed."""
    # A change set that makes a stack says itself what becomes of a failure; both together are refused.
    options = {"DisableRollback": keep_what_fails} if change_set.kind == "UPDATE" else {}
    token = change_set.arn.split("/")[1]
    try:
        account.client("cloudformation").execute_change_set(
            ChangeSetName=change_set.arn, ClientRequestToken=token, **options
        )
    except ClientError as error:
        # The answer to a first try may have been lost, and the change set is executed already.
        if code_of(error) != "InvalidChangeSetStatus" or not _was_executed(account, change_set):
            raise


def give_up(account: Account, arn: str, stack_id: str) -> None:
    """Forgets a change set, and the stack that was begun for it alone: one that holds another change set stays, since
    somebody may be about to execute that. Failing at all this is no harm."""
    client = account.client("cloudformation")
    with contextlib.suppress(ClientError, BotoCoreError):
        client.delete_change_set(ChangeSetName=arn)
    with contextlib.suppress(ClientError, BotoCoreError):
        stack = describe(account, stack_id)
        if stack is None or stack["StackStatus"] != "REVIEW_IN_PROGRESS":
            return
        if not any(other.arn != arn for other in waiting_change_sets(account, stack_id)):
            client.delete_stack(StackName=stack_id)


def waiting_change_sets(account: Account, stack_id: str) -> tuple[Waiting, ...]:
    """The change sets that a stack holds, the oldest first. Raises botocore's exceptions."""
    pages = account.client("cloudformation").get_paginator("list_change_sets").paginate(StackName=stack_id)
    found = [
        Waiting(one["ChangeSetId"], one["ChangeSetName"], one.get("CreationTime"))
        for page in pages
        for one in page["Summaries"]
        if one.get("Status") not in _GOING
    ]
    return tuple(sorted(found, key=lambda one: (str(one.made or ""), one.name)))


def _ready(
    account: Account, arn: str, stack_id: str, stack: str, kind: Literal["CREATE", "UPDATE"], *, values: bool
) -> ChangeSet | None:
    client = account.client("cloudformation")
    end = time.monotonic() + _LONGEST_WAIT
    pause = 0.2
    options = {"IncludePropertyValues": True} if values else {}
    while True:
        described = client.describe_change_set(ChangeSetName=arn, **options)
        status = described["Status"]
        if status == "CREATE_COMPLETE":
            break
        if status == "FAILED":
            reason = str(described.get("StatusReason", ""))
            if any(words in reason for words in _NOTHING):
                give_up(account, arn, stack_id)
                return None
            said = "".join(f"\n  {line}" for line in _validation(account, arn, reason))
            raise DeliveryError(f"CloudFormation refuses what is wanted of {stack}: {reason}{said}")
        if time.monotonic() > end:
            raise DeliveryError(
                f"CloudFormation did not finish the change set of {stack} in {_LONGEST_WAIT // 60} minutes"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 3.0)
    changes = [*described.get("Changes", [])]
    while token := described.get("NextToken"):
        described = client.describe_change_set(ChangeSetName=arn, NextToken=token, **options)
        changes += described.get("Changes", [])
    found = tuple(change["ResourceChange"] for change in changes if "ResourceChange" in change)
    return ChangeSet(arn, stack_id, stack, kind, found)


def _validation(account: Account, arn: str, reason: str) -> list[str]:
    """What CloudFormation's own validation found in a change set, a sentence each: the reason that it gives does not
    say it, and points to DescribeEvents. None where that may not be called, or this botocore does not know it."""
    client = account.client("cloudformation")
    if "DescribeEvents" not in reason or not hasattr(client, "describe_events"):
        return []
    try:
        pages = client.get_paginator("describe_events").paginate(ChangeSetName=arn, Filters={"FailedEvents": True})
        events = [event for page in pages for event in page["OperationEvents"]]
    except (ClientError, BotoCoreError):
        return []
    found = []
    for event in events:
        why = event.get("ValidationStatusReason") or event.get("HookStatusReason")
        if why:
            where = event.get("ValidationPath") or event.get("LogicalResourceId") or event.get("HookType") or ""
            found.append(f"{where}: {why}" if where else str(why))
    return list(dict.fromkeys(found))


def _was_executed(account: Account, change_set: ChangeSet) -> bool:
    described = account.client("cloudformation").describe_change_set(ChangeSetName=change_set.arn)
    return described["ExecutionStatus"] in ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE")


def _parameter(name: str, value: str | None) -> dict[str, Any]:
    if value is None:
        return {"ParameterKey": name, "UsePreviousValue": True}
    return {"ParameterKey": name, "ParameterValue": value}
