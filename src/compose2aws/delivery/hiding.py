"""Secrets in what AWS says: a refusal may repeat a value, a task may log one. None of them reaches whoever reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from compose2aws.cloudformation import Templates
from compose2aws.delivery.images.masking import Mask
from compose2aws.delivery.progress import Progress, ResourceEvent, RollOut, StoppedTask
from compose2aws.delivery.refusal import DeliveryError, explained


def mask_of(templates: Templates) -> Mask:
    """Hides the secrets that a project gives, and each line of one that has several."""
    secrets = templates.secret_values
    return Mask({line.strip() for value in secrets for line in (value, " ".join(value.split()), *value.splitlines())})


@contextlib.contextmanager
def hiding(mask: Mask) -> Iterator[None]:
    """Whatever is refused in here is told without secrets. An answer of AWS that holds one becomes a
    `DeliveryError`."""
    try:
        yield
    except DeliveryError as error:
        raise DeliveryError(mask(str(error))) from None
    except ClientError as error:
        said = explained(error)
        if mask(said) == said:
            raise
        raise DeliveryError(mask(said)) from None


@dataclass(frozen=True, slots=True)
class HidingProgress:
    """Tells a progress what it is told, without secrets."""

    progress: Progress
    mask: Mask

    def step(self, title: str, stack: str | None = None, resources: int = 0) -> None:
        self.progress.step(title, stack, resources)

    def resource(self, event: ResourceEvent) -> None:
        self.progress.resource(replace(event, reason=self.mask(event.reason)))

    def roll_out(self, state: RollOut) -> None:
        self.progress.roll_out(replace(state, stopped=tuple(map(self._stopped, state.stopped))))

    def output(self, line: str) -> None:
        self.progress.output(self.mask(line))

    def note(self, text: str) -> None:
        self.progress.note(self.mask(text))

    def done(self, *, failed: bool = False) -> None:
        self.progress.done(failed=failed)

    def _stopped(self, task: StoppedTask) -> StoppedTask:
        return replace(task, reason=self.mask(task.reason), log_lines=tuple(map(self.mask, task.log_lines)))
