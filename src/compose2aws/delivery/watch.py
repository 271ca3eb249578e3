"""A stack's operation, seen to its end: events to whoever shows them, roll-outs, and why it failed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from compose2aws.cloudformation import source_of
from compose2aws.delivery.account import Account
from compose2aws.delivery.progress import Progress, ResourceEvent, StoppedTask
from compose2aws.delivery.refusal import THROTTLED, UNWELL, code_of
from compose2aws.delivery.roll_out import RollOuts
from compose2aws.delivery.stack import is_missing

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 3.0
_PATIENCE = 10 * 60
"""Seconds for which AWS may be unreachable while an operation runs there: it goes on without us."""
_GOING_BACK = frozenset(
    {"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"}
)
_CANCELLED = ("cancelled", "canceled")


@dataclass(frozen=True, slots=True)
class Ended:
    """How an operation ended: the stack's last status, the resources that failed by themselves, the tasks that
    stopped."""

    status: str
    reason: str
    failures: tuple[ResourceEvent, ...] = ()
    stopped: tuple[tuple[str, StoppedTask], ...] = ()
    """(Compose service, task)"""

    @property
    def succeeded(self) -> bool:
        """Whether the stack is what was wanted."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE", "IMPORT_COMPLETE")


class Watch:
    """Follows one stack from now on, or from the start of what runs already. Begin it before what it is to see."""

    def __init__(
        self,
        account: Account,
        stack_id: str,
        template: Mapping[str, Any],
        progress: Progress,
        *,
        from_start: bool = False,
    ) -> None:
        self._account = account
        self._id = stack_id
        self._progress = progress
        self._resources: Mapping[str, Any] = template.get("Resources") or {}
        self._seen: set[str] = set()
        self._failures: list[ResourceEvent] = []
        self._why = ""
        self._removed: set[str] = set()
        self._roll_outs = RollOuts(account, self._resources)
        if not from_start:
            self._new_events()
            self._failures.clear()
            self._why = ""

    def until_end(self, *, begun: bool = True) -> Ended:
        """Waits until the stack rests. `begun`: an operation was started, so a stack at rest that shows no new event
        has not yet begun.

        Raises botocore's exceptions where AWS refuses to tell, or cannot be reached for a long time.
        """
        pause = _FIRST_PAUSE
        moved = not begun
        lost_since: float | None = None
        while True:
            try:
                events = self._new_events()
                stack = self._described()
                lost_since = None
            except (ClientError, BotoCoreError, ResponseParserError) as error:
                lost_since = lost_since or time.monotonic()
                if not passes(error) or time.monotonic() - lost_since > _PATIENCE:
                    raise
                time.sleep(_LONGEST_PAUSE)
                continue
            for event in events:
                self._progress.resource(event)
            moved = moved or bool(events)
            for state in self._roll_outs.now(events):
                self._progress.roll_out(state)
            for service, number in self._roll_outs.loops():
                if note := loop_text(service, number, stack):
                    self._progress.note(note)
            moved = moved or stack["StackStatus"] == "DELETE_COMPLETE"  # the stack of a change set alone tells no more
            if not stack["StackStatus"].endswith("_IN_PROGRESS") and moved:
                break
            time.sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE)
        for event in self._new_events():
            self._progress.resource(event)
        return Ended(
            stack["StackStatus"],
            self._why or str(stack.get("StackStatusReason", "")),
            tuple(self._failures),
            tuple((service, self._as_left(task)) for service, task in self._roll_outs.stopped),
        )

    def _as_left(self, task: StoppedTask) -> StoppedTask:
        """A roll-back takes the log groups with it of services that it takes away."""
        return replace(task, log_group=None) if task.log_group in self._removed else task

    def _described(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._account.client("cloudformation").describe_stacks(StackName=self._id)[
                "Stacks"
            ][0]
        except ClientError as error:
            if is_missing(error):
                return {"StackStatus": "DELETE_COMPLETE"}
            raise
        return found

    def _new_events(self) -> list[ResourceEvent]:
        """What happened since the last look, the oldest first. Where we join late: since the operation's own start."""
        fresh: list[dict[str, Any]] = []
        try:
            for page in (
                self._account.client("cloudformation")
                .get_paginator("describe_stack_events")
                .paginate(StackName=self._id)
            ):
                new = [event for event in page["StackEvents"] if event["EventId"] not in self._seen]
                fresh += new
                if len(new) < len(page["StackEvents"]) or any(_starts(event) for event in new):
                    break
        except ClientError as error:
            if not is_missing(error):
                raise
        if any(_starts(event) for event in fresh):
            first = next(place for place, event in enumerate(fresh) if _starts(event))
            self._seen |= {event["EventId"] for event in fresh[first + 1 :]}
            fresh = fresh[: first + 1]
        self._seen |= {event["EventId"] for event in fresh}
        events = [self._event(event) for event in reversed(fresh)]
        self._failures += [event for event in events if _is_failure(event, self._id)]
        self._removed |= {event.physical_id for event in events if event.status == "DELETE_COMPLETE"}
        for event in events:
            # The reason stands where the roll-back begins, and is gone from the stack when it has ended.
            if event.physical_id == self._id and event.reason and event.status in _GOING_BACK:
                self._why = self._why or event.reason
        return events

    def _event(self, event: Mapping[str, Any]) -> ResourceEvent:
        resource = self._resources.get(event["LogicalResourceId"]) or {}
        source = source_of(resource)
        return ResourceEvent(
            stack=event["StackName"],
            logical_id=event["LogicalResourceId"],
            type=event["ResourceType"],
            status=event["ResourceStatus"],
            at=event["Timestamp"],
            reason=event.get("ResourceStatusReason", ""),
            physical_id=event.get("PhysicalResourceId", ""),
            source=source,
        )


def failure_text(stack: str, ended: Ended) -> str:
    """What a failed operation is told as: the resources that failed by themselves and why, tasks with last words."""
    lines = [f"{stack} is {ended.status}" + (f": {ended.reason}" if ended.reason and not ended.failures else "")]
    lines += [f"  {_named(event)}: {event.reason}" for event in ended.failures]
    for service, task, alike in _told_once(ended.stopped):
        lines.append(f"  {service}: task {task.task} stopped: {task.reason}")
        for container, code, reason in task.exit_codes:
            what = f"exit code {code}" if code is not None else "no exit code"
            lines.append(f"    {container}: {what}" + (f", {reason}" if reason else ""))
        lines += [f"    | {line}" for line in task.log_lines]
        if alike:
            lines.append(f"    {alike} more stopped in the same way")
        if task.log_group:
            lines.append(f"    its whole log: the log group {task.log_group}")
    return "\n".join(lines)


def _told_once(stopped: Iterable[tuple[str, StoppedTask]]) -> Iterator[tuple[str, StoppedTask, int]]:
    """Of the tasks of a service that ended in the same way the last whose log could be read, and how many more there
    are."""
    alike: dict[Any, list[tuple[str, StoppedTask]]] = {}
    for service, task in stopped:
        alike.setdefault((service, task.reason, task.exit_codes), []).append((service, task))
    for those in alike.values():
        service, task = next((one for one in reversed(those) if one[1].log_lines), those[-1])
        yield service, task, len(those) - 1


def loop_text(service: str, number: int, stack: Mapping[str, Any]) -> str | None:
    """What to know and to do where a stack waits for a service whose tasks stop; None where it goes back already.

    ECS counts a task as failed that does not come to run, or whose health check fails. One that runs and then exits is
    none, so the circuit breaker may not act, and CloudFormation gives a service three hours. (AWS re:Post, "ECS
    deployment roll back failure"; aws/containers-roadmap#1206; aws-toolkit-visual-studio#293)
    """
    command = {"CREATE_IN_PROGRESS": "delete-stack", "UPDATE_IN_PROGRESS": "cancel-update-stack"}.get(
        stack["StackStatus"]
    )
    if command is None:
        return None
    name = stack["StackName"]
    return (
        f"{name} waits for {service}, whose tasks stop by themselves ({number} so far) and are started again.\n"
        "ECS gives up, and the stack rolls back, after some tasks that do not start or fail their health check. Those "
        "that run and then exit may not count: CloudFormation then waits up to three hours before it rolls back.\n"
        "Ctrl-C ends this command, not the deployment. To give that up now: Ctrl-C, then\n"
        f"  aws cloudformation {command} --stack-name {name}"
    )


def _named(event: ResourceEvent) -> str:
    return f"{event.logical_id} ({event.source})" if event.source else event.logical_id


def wait(account: Account, stack_id: str, template: Mapping[str, Any], progress: Progress) -> Ended:
    """Sees an operation to its end that runs already, whoever started it."""
    return Watch(account, stack_id, template, progress, from_start=True).until_end(begun=False)


def _starts(event: Mapping[str, Any]) -> bool:
    """Whether an operation begins with this event: it is the stack's own, and `User Initiated`."""
    return (
        event.get("PhysicalResourceId") == event.get("StackId")
        and event.get("ResourceStatusReason") == "User Initiated"
    )


def _is_failure(event: ResourceEvent, stack_id: str) -> bool:
    if not event.status.endswith("_FAILED") or event.physical_id == stack_id:
        return False
    return not any(word in event.reason.lower() for word in _CANCELLED)


def passes(error: Exception) -> bool:
    """Whether a call that failed so may well succeed later: no answer, throttling, AWS unwell; not a refusal."""
    if isinstance(error, ResponseParserError):
        return True
    if isinstance(error, BotoCoreError):
        return type(error).__name__ in (
            "EndpointConnectionError",
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "ConnectionClosedError",
            "HTTPClientError",
            "ProxyConnectionError",
        )
    code = code_of(error)
    return code in THROTTLED or code in UNWELL
