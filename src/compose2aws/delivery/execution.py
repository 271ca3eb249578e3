"""The passes of a deployment, each brought about by a change set: made, held against what was agreed to, executed, and
seen to its end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.cloudformation import Stack
from compose2aws.cloudformation.writing import text_of
from compose2aws.delivery import change_set as change_sets
from compose2aws.delivery import protection
from compose2aws.delivery.account import Account
from compose2aws.delivery.change_set import ChangeSet, Wanted, make_change_set
from compose2aws.delivery.difference.change_set import difference_of, without_echoes
from compose2aws.delivery.hiding import HidingProgress
from compose2aws.delivery.mending import removed, unmade
from compose2aws.delivery.parameter import Known, last_revision, missing_text, settle
from compose2aws.delivery.passes import PROTECTION, Pass
from compose2aws.delivery.progress import stepping
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.request import Conversation, Declined, Request
from compose2aws.delivery.roll_out import cluster_of
from compose2aws.delivery.snapshot import has_snapshots, take_snapshot
from compose2aws.delivery.stack import DeployedStack, read_stack
from compose2aws.delivery.transition import Template
from compose2aws.delivery.watch import Ended, Watch, failure_text

_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type's name


@dataclass(slots=True)
class Execution:
    """The stacks of a project while passes are run on them. `lost` are the logical ids of what holds data that may be
    lost; `agreed` whether the user has agreed to what comes; `changed` whether anything was done yet."""

    account: Account
    request: Request
    progress: HidingProgress
    conversation: Conversation
    stacks: dict[str, DeployedStack]
    known: Known
    lost: frozenset[str] = frozenset()
    agreed: bool = False
    changed: bool = False
    _wanted: dict[str, Stack] = field(init=False)
    _policy: protection.PolicyGuard = field(init=False)

    def __post_init__(self) -> None:
        self._wanted = {stack.name: stack for stack in self.request.templates.stacks}
        base = self.stacks.get(self._base)
        self._policy = protection.PolicyGuard(self.account, self.progress, base.template if base else None)

    @property
    def _base(self) -> str:
        return self.request.templates.stacks[0].name

    def ask(self, question: str, *, unforeseen: bool = False) -> None:
        """Asks once. Raises `Declined` where the user does not want it."""
        if self.agreed:
            return
        if not self.conversation.agrees(question, unforeseen=unforeseen):
            raise Declined
        self.agreed = True

    def run(self, one: Pass) -> None:
        """Runs a pass. Raises `DeliveryError` where it fails, `Declined`, and botocore's exceptions."""
        if one.template is None:
            self._remove(one.stack)
            return
        for logical_id in one.snapshots:
            self._snapshot(one.template, logical_id)
        if not self._bring(one):
            return
        self.changed = True
        if one.stack == self._base:
            self.guard()
        for logical_id in one.force:
            self._start_anew(one.stack, logical_id)

    def _bring(self, one: Pass) -> bool:
        """Brings one stack to a template; whether that changed anything."""
        template = one.template or {}
        known = replace(self.known, protection=one.protection)
        found = self._change_set(one, template, known)
        if found is not None and _changes_a_secret(found):
            # Tasks read their secrets when they start: they must start anew.
            change_sets.give_up(self.account, found.arn, found.stack_id)
            last = last_revision(self.stacks.values()) or 0
            self.known = known = replace(known, revision=last + 1)
            self.known = replace(self.known, protection=None)
            found = self._change_set(one, template, known)
        if found is None:
            return False
        try:
            self._accept(found, template)
        except BaseException:
            change_sets.give_up(self.account, found.arn, found.stack_id)
            raise
        ended = self._execute(one, found, template)
        if ended.status == "DELETE_COMPLETE":
            raise DeliveryError(f"somebody deleted {one.stack} while it was brought to its template; deploy again")
        if not ended.succeeded:
            raise DeliveryError(self._failure(one.stack, found, ended))
        stack = read_stack(self.account, one.stack)
        if stack is not None:
            self.stacks[one.stack] = stack
        return True

    def _change_set(self, one: Pass, template: Template, known: Known) -> ChangeSet | None:
        deployed = self.stacks.get(one.stack)
        wanted = Wanted(
            one.stack,
            self.request.templates.project,
            text_of(dict(template), "yaml"),
            self._values(one.stack, template, known, one.keep),
            deployed.tags if deployed is not None else {},
        )
        if deployed is None:
            on_failure = "DO_NOTHING" if one.stack == self._base else "ROLLBACK"
            return make_change_set(self.account, wanted, create=True, on_failure=on_failure)  # type: ignore[arg-type]
        found = make_change_set(self.account, wanted, create=False)
        if not deployed.was_whole and (found is None or found.replacements):
            # A stack that failed at its creation takes no replacement; nothing used it yet, so it is made anew.
            if found is not None:
                change_sets.give_up(self.account, found.arn, found.stack_id)
            self._begin_anew(deployed, known)
            return self._change_set(one, template, known)
        return found

    def _values(self, name: str, template: Template, known: Known, keep: Collection[str] = ()) -> dict[str, str | None]:
        """A value for each parameter that this template declares; what only the old one has keeps its value."""
        deployed = self.stacks.get(name)
        settled = settle(self._wanted[name], deployed, known) if name in self._wanted else None
        values = dict(settled.values) if settled is not None else {}
        if known.protection is not None:  # also where the wanted template has nothing to protect any more
            values[PROTECTION] = str(known.protection).lower()
        declared = template.get("Parameters") or {}
        if settled is not None and (missing := [one for one in settled.missing if one.name in declared]):
            raise DeliveryError(missing_text(tuple(missing)))
        return {key: None if key in keep else values.get(key) for key in declared}

    def _begin_anew(self, stack: DeployedStack, known: Known) -> None:
        if missing := settle(self._wanted[stack.name], None, known).missing:  # what the stack was given goes with it
            raise DeliveryError(missing_text(missing))
        self.progress.note(
            f"{stack.name} cannot go on from {stack.status}: it is removed and made anew; nothing used it yet"
        )
        ended = unmade(self.account, stack, self.progress)
        if not ended.succeeded:
            raise DeliveryError(failure_text(stack.name, ended))
        self.stacks.pop(stack.name, None)

    def _accept(self, found: ChangeSet, template: Template) -> None:
        """Holds CloudFormation's own word against what the user agreed to."""
        kept = set(protection.stateful(template))
        there = self.stacks.get(found.stack)
        deployed = there if there is not None and there.was_whole else None
        if deployed is None:
            kept = set()
        else:
            kept |= set(protection.stateful(deployed.template))
        losses = [
            str(change["LogicalResourceId"])
            for change in found.changes
            if change["LogicalResourceId"] in kept - self.lost
            and (change["Action"] == "Remove" or change.get("Replacement") == "True")
        ]
        if losses and not self.request.allow_data_loss:
            names = ", ".join(sorted(losses))
            raise DeliveryError(
                f"CloudFormation would replace or remove what holds data in {found.stack}: {names}. "
                f"{found.stack} was not changed; --allow-data-loss lets it happen"
            )
        if losses:
            self.agreed = False  # whoever agreed did not know of these
        if not self.agreed:
            before = deployed.template if deployed is not None else None
            said = difference_of(
                found.stack, found.changes, template, before=before, secrets=self.request.templates.secret_values
            )
            self.conversation.show((said,), by_cloudformation=True)
            question = f"Change {found.stack} so?" if found.kind == "UPDATE" else f"Create {found.stack}?"
            if losses:
                question = f"Change {found.stack} so? The data of {', '.join(sorted(losses))} would be lost."
            self.ask(question, unforeseen=bool(losses))
        self.lost |= frozenset(losses)

    def _execute(self, one: Pass, found: ChangeSet, template: Template) -> Ended:
        deployed = self.stacks.get(one.stack)
        verb = "Creating" if found.kind == "CREATE" else "Updating"
        title = f"{verb} {one.stack}" + (f": {one.why}" if one.why else "")
        going_on = deployed is not None and not deployed.was_whole
        if self.lost and one.stack == self._base:
            self.guard()
        with stepping(self.progress, title, one.stack, len(found.changes)) as step:
            watch = Watch(self.account, found.stack_id, template, self.progress)
            change_sets.execute(self.account, found, keep_what_fails=going_on)
            ended = watch.until_end()
            step.failed = not ended.succeeded
        for event in ended.failures if ended.succeeded else ():
            # An update that has come to its end cleans up, and forgets what it cannot remove.
            self.progress.note(
                f"{event.logical_id} ({event.type} {event.physical_id}) could not be removed and stays in the account, "
                f"outside of {one.stack}: {event.reason}"
            )
        return ended

    def _remove(self, name: str) -> None:
        stack = self.stacks.get(name)
        if stack is None:
            return
        protection.protect_stack(self.account, name, protected=False)
        ended = removed(self.account, stack, self.progress, f"Removing {name}, which is no longer needed")
        if not ended.succeeded:
            raise DeliveryError(failure_text(name, ended))
        del self.stacks[name]
        self.changed = True

    def _snapshot(self, template: Template, logical_id: str) -> None:
        kind = template["Resources"][logical_id]["Type"]
        if not has_snapshots(kind):
            self.progress.note(f"AWS takes no snapshot of {logical_id}: what it holds is not copied before the upgrade")
            return
        physical = self._physical(self._base, logical_id)
        with stepping(self.progress, f"Taking a snapshot of {logical_id} before its engine is upgraded") as step:
            name = take_snapshot(self.account, kind, physical)
            step.failed = False
        self.progress.note(f"the snapshot {name} holds what {logical_id} was before the upgrade")

    def _start_anew(self, stack: str, logical_id: str) -> None:
        arn = self._physical(stack, logical_id)
        try:
            self.account.client("ecs").update_service(cluster=cluster_of(arn), service=arn, forceNewDeployment=True)
        except (ClientError, BotoCoreError):
            self.progress.note(f"{logical_id} could not be told to start its tasks anew: its name may resolve late")

    def _physical(self, stack: str, logical_id: str) -> str:
        described = self.account.client("cloudformation").describe_stack_resource(
            StackName=stack, LogicalResourceId=logical_id
        )
        return str(described["StackResourceDetail"]["PhysicalResourceId"])

    def guard(self) -> None:
        """Sets base's stack policy: what holds data is neither replaced nor removed, but for what may be lost."""
        stack = self.stacks.get(self._base)
        if stack is not None:
            self._policy.hold(stack, self.lost)

    def let_nothing_go(self) -> None:
        """Base is guarded again, also after a failure, and what failed stays what is told."""
        if not self.lost:
            return
        self.lost = frozenset()
        try:
            self.guard()
        except (ClientError, BotoCoreError):
            self.progress.note(f"the stack policy of {self._base} could not be set again; the next deploy sets it")

    def _failure(self, name: str, found: ChangeSet, ended: Ended) -> str:
        text = failure_text(name, ended)
        if found.kind == "UPDATE" and ended.status == "UPDATE_ROLLBACK_COMPLETE":
            return f"{text}\n{name} is as it was before. Mend the cause and deploy again."
        if found.kind == "CREATE" and name == self._base:
            return f"{text}\nWhat was made is kept. Mend the cause and deploy again: it goes on from there."
        if found.kind == "CREATE":
            return (
                f"{text}\nThe base with its data stays; {name} is made anew by the next deploy. "
                "Mend the cause and deploy again."
            )
        return f"{text}\nMend the cause and deploy again: the next deploy brings the stack to rest first."


def _changes_a_secret(found: ChangeSet) -> bool:
    changes = without_echoes(found.changes)
    return any(change["ResourceType"] == _SECRET and change["Action"] == "Modify" for change in changes)
