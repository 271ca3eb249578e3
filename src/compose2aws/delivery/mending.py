"""A stack that an earlier operation left in a state from which nothing can be deployed: brought to rest, or explained.

(AWS CloudFormation User Guide, "Stack status codes", "Continue rolling back an update", "Stack failure options".)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compose2aws.delivery.account import Account
from compose2aws.delivery.progress import Progress, stepping
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.stack import DeployedStack, read_stack
from compose2aws.delivery.watch import Ended, Watch, failure_text, wait

_USABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
_NEVER_MADE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})
_ROUNDS = 6
"""More states than these in a row are a loop."""


def mended(account: Account, stack: DeployedStack, progress: Progress, *, is_base: bool) -> DeployedStack | None:
    """The stack at rest and ready to be updated, as it is then; None where it is not there any more.

    One that has only a change set is as good as none, and is left for the next change set: it may be another
    deployment's that is about to execute its own. A base whose creation failed stays as it is (CREATE_FAILED): its
    deployment goes on with what is there. Raises `DeliveryError` where a person must help.
    """
    name = stack.name
    now: DeployedStack | None = stack
    for _ in range(_ROUNDS):
        if now is None or now.status == "REVIEW_IN_PROGRESS":
            return None
        if now.status in _USABLE or (is_base and not now.was_whole):
            return now
        _bring_on(account, now, progress, is_base=is_base)
        now = read_stack(account, name)
    raise DeliveryError(f"the stack {name} does not come to rest; look at its events in the CloudFormation console")


def removed(
    account: Account,
    stack: DeployedStack,
    progress: Progress,
    title: str,
    beginning: Callable[[], None] = lambda: None,
) -> Ended:
    """Deletes a stack and sees it go. What it retains stays. `beginning` is called when the deletion is asked for."""
    with stepping(progress, title, stack.name, len(stack.template.get("Resources") or {})) as step:
        watch = Watch(account, stack.id, stack.template, progress)
        beginning()
        account.client("cloudformation").delete_stack(StackName=stack.id)
        ended = watch.until_end()
        step.failed = not ended.succeeded
    return ended


def unmade(account: Account, stack: DeployedStack, progress: Progress) -> Ended:
    """Takes a stack away that is CREATE_FAILED, with all that it made: its roll-back also removes what its deletion
    would leave in the account (`RetainExceptOnCreate`)."""
    ended = _run(account, stack, progress, "rollback_stack", f"Rolling {stack.name} back")
    if ended.status == "DELETE_COMPLETE":
        return ended
    return removed(account, stack, progress, f"Removing {stack.name}")


def awaited(account: Account, stack: DeployedStack, progress: Progress) -> Ended:
    """Sees the operation to its end that runs on a stack already, whoever started it."""
    progress.note(f"{stack.name} is {stack.status}: an operation runs already; waiting for its end")
    with stepping(progress, f"Waiting for {stack.name}", stack.name) as step:
        ended = wait(account, stack.id, stack.template, progress)
        step.failed = not ended.succeeded
    return ended


def _bring_on(account: Account, stack: DeployedStack, progress: Progress, *, is_base: bool) -> None:
    status = stack.status
    if status.endswith("_IN_PROGRESS"):
        awaited(account, stack, progress)
    elif status in _NEVER_MADE or (status in ("CREATE_FAILED", "DELETE_FAILED") and not is_base):
        progress.note(
            f"{stack.name} is {status}: it never ran, so it is removed and made anew"
            if status in _NEVER_MADE
            else f"{stack.name} is {status}: it holds no data, so it is removed and made anew"
        )
        _remove(account, stack, progress)
    elif status == "UPDATE_FAILED":
        progress.note(f"{stack.name} is UPDATE_FAILED: it is rolled back first")
        _run(account, stack, progress, "rollback_stack", f"Rolling {stack.name} back")
    elif status == "UPDATE_ROLLBACK_FAILED":
        progress.note(f"{stack.name} is UPDATE_ROLLBACK_FAILED: its roll-back is tried again")
        ended = _run(account, stack, progress, "continue_update_rollback", f"Rolling {stack.name} back")
        if ended.status == "UPDATE_ROLLBACK_FAILED":
            raise DeliveryError(_stuck(stack, ended))
    elif status == "DELETE_FAILED":
        raise DeliveryError(
            f"the stack {stack.name} was being destroyed and could not be ({stack.reason or 'no reason is given'}): "
            "finish that with `compose2aws destroy --with-data`, then deploy again"
        )
    else:
        raise DeliveryError(f"the stack {stack.name} is {status}, from which nothing can be deployed: {stack.reason}")


def _remove(account: Account, stack: DeployedStack, progress: Progress) -> None:
    ended = removed(account, stack, progress, f"Removing {stack.name}")
    if not ended.succeeded:
        raise DeliveryError(
            f"{failure_text(stack.name, ended)}\nRemove by hand what hinders it, then run the same command again."
        )


def _run(account: Account, stack: DeployedStack, progress: Progress, operation: str, title: str) -> Ended:
    with stepping(progress, title, stack.name) as step:
        watch = Watch(account, stack.id, stack.template, progress)
        call: Any = getattr(account.client("cloudformation"), operation)
        call(StackName=stack.id)
        ended = watch.until_end()
        step.failed = ended.status.endswith("_FAILED")
    return ended


def _stuck(stack: DeployedStack, ended: Ended) -> str:
    names = " ".join(dict.fromkeys(event.logical_id for event in ended.failures))
    return (
        f"{failure_text(stack.name, ended)}\nThe roll-back cannot go on. Mend what it stumbles over and run the same "
        "command again; or give those resources up with\n  aws cloudformation continue-update-rollback "
        f"--stack-name {stack.name} --resources-to-skip {names or 'LOGICAL_ID…'}"
    )
