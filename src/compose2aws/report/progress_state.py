"""What is known of a step while it runs: its resources, roll-outs and last output. Knows nothing of screens."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from compose2aws.delivery.progress import ResourceEvent, RollOut, StoppedTask
from compose2aws.report.clean import cleaned

Clock = Callable[[], datetime]

SHARED = "shared"
"""What resources stand under that no part of the compose file became alone."""
_GROUP = re.compile(r'[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+|\["(?:[^"\\]|\\.)*"\])?')
_OUTPUT = 20
_DOING = {"CREATE": "creating", "UPDATE": "updating", "DELETE": "deleting", "IMPORT": "importing"}
_DONE = {"CREATE": "created", "UPDATE": "updated", "DELETE": "deleted", "IMPORT": "imported"}


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def status_word(status: str) -> str:
    """CloudFormation's status in a word or two: `creating`, `updated`, `delete failed`, `rolling back`."""
    if status == "DELETE_SKIPPED":
        return "kept"
    back = "ROLLBACK" in status
    verb = status.partition("_")[0]
    if status.endswith("_IN_PROGRESS"):
        return "cleaning up" if "CLEANUP" in status else "rolling back" if back else _DOING.get(verb, status.lower())
    if status.endswith("_COMPLETE"):
        return "rolled back" if back else _DONE.get(verb, status.lower())
    if status.endswith("_FAILED"):
        return "roll-back failed" if back else f"{verb.lower()} failed"
    return status.lower().replace("_", " ")


def roll_out_words(state: RollOut) -> str:
    """`1/2 running, rolling out, 3 failed`."""
    word = {"IN_PROGRESS": "rolling out", "COMPLETED": "rolled out", "FAILED": "roll-out failed"}.get(
        state.state, state.state.lower()
    )
    failed = f", {state.failed} failed" if state.failed else ""
    return f"{state.running}/{state.desired} running, {word}{failed}"


def stopped_lines(task: StoppedTask, log_lines: int | None = None) -> list[str]:
    """A task that stopped by itself: why, its exit codes, and its last words, so many of them as are asked for."""
    lines = [f"task {task.task[:8]} stopped: {cleaned(task.reason)}"]
    for container, code, reason in task.exit_codes:
        if code or reason:
            what = f"exit code {code}" if code is not None else "no exit code"
            lines.append(f"{container}: {what}" + (f", {cleaned(reason)}" if reason else ""))
    told = task.log_lines if log_lines is None else task.log_lines[-log_lines:] if log_lines else ()
    return lines + [f"| {cleaned(line)}" for line in told]


@dataclass(slots=True)
class ResourceState:
    """A resource that was told of. `began` is its first status of this step."""

    logical_id: str
    type: str
    group: str
    source: str | None
    status: str
    began: datetime
    changed: datetime
    reason: str = ""

    @property
    def busy(self) -> bool:
        """Whether it is on its way."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def failed(self) -> bool:
        """Whether it failed, by itself or because another did."""
        return self.status.endswith("_FAILED")


@dataclass(slots=True)
class StepState:
    """A step. `total` is how many resources it touches, 0 where nobody knows; `own` the status of the stack itself."""

    title: str
    stack: str | None
    total: int
    began: datetime
    own: str = ""
    own_reason: str = ""
    resources: dict[tuple[str, str], ResourceState] = field(default_factory=dict)
    roll_outs: dict[str, RollOut] = field(default_factory=dict)
    output: deque[str] = field(default_factory=lambda: deque(maxlen=_OUTPUT))

    def take(self, event: ResourceEvent) -> ResourceState | None:
        """Notes a resource's status; None where the event is the stack's own."""
        reason = cleaned(event.reason)
        if event.type == "AWS::CloudFormation::Stack" and event.logical_id == event.stack:
            self.own = event.status
            self.own_reason = reason or self.own_reason
            return None
        key = (event.stack, event.logical_id)
        state = self.resources.get(key)
        if state is None:
            group = group_of(event.source)
            state = ResourceState(event.logical_id, event.type, group, event.source, event.status, event.at, event.at)
            self.resources[key] = state
        if event.status.endswith("_IN_PROGRESS") and not state.busy:
            state.began = event.at
        state.status, state.changed = event.status, event.at
        state.reason = reason if state.failed else ""
        return state

    @property
    def done(self) -> int:
        """How many resources are where they should be."""
        return sum(not state.busy and not state.failed for state in self.resources.values())

    @property
    def groups(self) -> dict[str, list[ResourceState]]:
        """The resources by the part of the compose file that they stand for, those of nobody last."""
        groups: dict[str, list[ResourceState]] = {}
        for state in self.resources.values():
            groups.setdefault(state.group, []).append(state)
        return dict(sorted(groups.items(), key=lambda item: (item[0] == SHARED, item[0])))

    def busy(self) -> Iterator[ResourceState]:
        """Those on their way, the oldest first."""
        return iter(sorted((one for one in self.resources.values() if one.busy), key=lambda one: one.began))


def group_of(source: str | None) -> str:
    """`services.api.ports[0]` stands under `services.api`."""
    match = _GROUP.match(source or "")
    return match.group() if match else SHARED
