"""Bringing a project's templates to an account: from what is there, in passes, to what is wanted.

    look ─▶ check ─▶ show and ask ─▶ base ─▶ images ─▶ app ─▶ what may go ─▶ protection

Every run starts from the stacks as they are, so a run that was interrupted, by whatever, is taken up by the next one.
Nothing here prints: a `Progress` is told what happens, a `Conversation` is shown what would and is asked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.cloudformation import Stack, stack_prefix
from compose2aws.cloudformation.writing import text_of
from compose2aws.delivery import change_set as change_sets
from compose2aws.delivery import protection
from compose2aws.delivery.account import Account
from compose2aws.delivery.change_set import ChangeSet, Wanted, make_change_set
from compose2aws.delivery.difference import Change, StackDifference
from compose2aws.delivery.difference.change_set import difference_of, without_echoes
from compose2aws.delivery.difference.comparison import compare
from compose2aws.delivery.engine_version import choose, engines, live_versions
from compose2aws.delivery.hiding import HidingProgress, hiding, mask_of
from compose2aws.delivery.hosted_zone import find_zone, holds
from compose2aws.delivery.mending import mended, removed, unmade
from compose2aws.delivery.parameter import Known, last_revision, missing_text, settle
from compose2aws.delivery.passes import PROTECTION, Pass, Situation, passes
from compose2aws.delivery.progress import Progress, stepping
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.request import Conversation, Declined, Outcome, Request
from compose2aws.delivery.snapshot import take_snapshot
from compose2aws.delivery.stack import DeployedStack, check_owner, existing_resources, project_stacks, read_stack
from compose2aws.delivery.transition import Template
from compose2aws.delivery.watch import Ended, Watch, failure_text
from compose2aws.planning.model import Parameter

_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type's name


def deploy(account: Account, request: Request, progress: Progress, conversation: Conversation) -> Outcome:
    """Deploys. Raises `DeliveryError` where it cannot, `Declined`, and botocore's exceptions; whatever was begun in the
    account goes on there, and the next call takes it up."""
    shown = HidingProgress(progress, mask_of(request.templates))
    return _Deployment(account, request, shown, conversation).run()


@dataclass(slots=True)
class _Deployment:
    account: Account
    request: Request
    progress: HidingProgress
    conversation: Conversation
    stacks: dict[str, DeployedStack] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    agreed: bool = False
    changed: bool = False
    lost: frozenset[str] = frozenset()
    _wanted: dict[str, Stack] = field(default_factory=dict)

    @property
    def _project(self) -> str:
        return self.request.templates.project

    @property
    def _base(self) -> str:
        return self.request.templates.stacks[0].name

    def run(self) -> Outcome:
        self._wanted = {stack.name: stack for stack in self.request.templates.stacks}
        self._look()
        first = self._used(self._base) is None
        self.request.check(self.stacks)
        upgraded = self._know()
        self._require_parameters()
        differences = self._differences()
        self._refuse_losses(differences)
        if any(difference.changes for difference in differences):
            self.conversation.show(differences, by_cloudformation=False)
            self._ask("Deploy this?")
        plan = passes(self._situation(differences, upgraded))
        try:
            for one in plan.before_images:
                self._run(one)
            self._build()
            if first:
                self.agreed = False  # what the app becomes is known only now, by CloudFormation's own word
            for one in plan.after_images:
                self._run(one)
        finally:
            self._let_nothing_go()
        self._protect()
        return Outcome(self.changed, self._outputs())

    # What there is, and what is known

    def _look(self) -> None:
        prefix = stack_prefix(self._project)
        names = dict.fromkeys((*self._wanted, *project_stacks(self.account, prefix)))
        found: dict[str, DeployedStack] = {}
        for name in names:
            stack = read_stack(self.account, name)
            if stack is not None:
                check_owner(stack, self._project)
                found[name] = stack
        for name in found:
            stack = mended(self.account, name, self.progress, is_base=name == self._base)
            if stack is not None:
                self.stacks[name] = stack
        order = [*self._wanted, *sorted(self.stacks.keys() - self._wanted.keys())]
        self.stacks = {name: self.stacks[name] for name in order if name in self.stacks}

    def _know(self) -> frozenset[str]:
        """Fills in versions, zones and the digests that are known; gives the engines whose major changes."""
        base = self.stacks.get(self._base)
        live = live_versions(self.account, base) if base is not None else {}
        engines_now = engines(base.template) if base is not None else {}
        engines_then = engines(self._wanted[self._base].template)
        versions: dict[str, str] = {}
        upgraded: set[str] = set()
        for wanted in self.request.versions:
            same = engines_now.get(wanted.parameter) == engines_then.get(wanted.parameter)
            previous = base.parameters.get(wanted.parameter) if base is not None and same else None
            chosen = choose(wanted, previous, live.get(wanted.parameter), upgrade=self.request.upgrade_engines)
            versions[wanted.parameter] = chosen.value
            if chosen.major_upgrade:
                upgraded.add(wanted.parameter)
        digests = dict(self.request.builder(self.account).known()) if base is not None else {}
        self.known = Known(
            digests=digests,
            versions=versions,
            zones=self._zones(),
            revision=last_revision(self.stacks.values()),
        )
        return frozenset(upgraded)

    def _zones(self) -> dict[str, str]:
        zones: dict[str, str] = {}
        for stack in self._wanted.values():
            for parameter in stack.parameters:
                kind, _, domain = parameter.source.partition(":")
                deployed = self.stacks.get(stack.name)
                if kind != "hosted-zone" or domain in zones:
                    continue
                last = deployed.parameters.get(parameter.name) if deployed is not None else None
                if last and holds(self.account, last, domain):
                    zones[domain] = last
                elif (found := find_zone(self.account, domain)) is not None:
                    zones[domain] = found
        return zones

    def _require_parameters(self) -> None:
        missing = []
        kept: dict[str, Parameter] = {}
        for name, stack in self._wanted.items():
            settled = settle(stack, self.stacks.get(name), self.known)
            # What is built gets its digest on the way.
            missing += [one for one in settled.missing if not one.source.startswith("image:")]
            kept |= {one.name: one for one in settled.kept}
        if missing:
            raise DeliveryError(missing_text(tuple(missing)))
        if kept:
            names = ", ".join(sorted(one.source.partition(":")[2] for one in kept.values()))
            self.progress.note(f"kept from the last deployment, since nothing gives them now: {names}")

    def _differences(self) -> tuple[StackDifference, ...]:
        found = []
        for name in dict.fromkeys((*self._wanted, *self.stacks)):
            stack, deployed = self._wanted.get(name), self._used(name)
            after: dict[str, str] = {}
            if stack is not None:
                for key, value in settle(stack, deployed, self.known).values.items():
                    last = deployed.parameters.get(key, "") if deployed is not None else ""
                    after[key] = last if value is None else value
            found.append(
                compare(
                    deployed.template if deployed is not None else None,
                    stack.template if stack is not None else None,
                    name=name,
                    status=deployed.status if deployed is not None else None,
                    before_parameters=dict(deployed.parameters) if deployed is not None else {},
                    after_parameters=after,
                    existing=existing_resources(self.account, deployed) if deployed is not None else None,
                )
            )
        return tuple(found)

    def _refuse_losses(self, differences: tuple[StackDifference, ...]) -> None:
        losses = [change for difference in differences for change in difference.changes if change.loses_data]
        if losses and not self.request.allow_data_loss:
            raise DeliveryError(_losses_text(losses))
        self.lost = frozenset(change.logical_id for change in losses)

    def _situation(self, differences: tuple[StackDifference, ...], upgraded: Collection[str]) -> Situation:
        base = self.stacks.get(self._base)
        made_anew = {
            change.logical_id
            for difference in differences
            if difference.name == self._base
            for change in difference.changes
            if change.action == "modify" and change.replacement != "never"
        }
        return Situation(
            wanted={name: stack.template for name, stack in self._wanted.items()},
            deployed={name: stack.template for name in self.stacks if (stack := self._used(name)) is not None},
            exported={name: value for stack in self.stacks.values() for name, value in stack.exports.items()},
            made_anew=made_anew,
            lost=self.lost,
            upgraded=upgraded,
            protected=base is not None and base.parameters.get(PROTECTION) == "true",
            protect=self.request.protect and self._declares_protection(),
        )

    def _used(self, name: str) -> DeployedStack | None:
        """The stack where it was ever whole: in one whose creation failed there is nothing to lose."""
        stack = self.stacks.get(name)
        return None if stack is not None and stack.status == "CREATE_FAILED" else stack

    def _declares_protection(self) -> bool:
        return any(parameter.name == PROTECTION for parameter in self._wanted[self._base].parameters)

    # Doing it

    def _run(self, one: Pass) -> None:
        with hiding(self.progress.mask):
            self._do(one)

    def _do(self, one: Pass) -> None:
        if one.template is None:
            self._remove(one.stack)
            return
        for logical_id in one.snapshots:
            self._snapshot(one.template, logical_id)
        if not self._bring(one):
            return
        self.changed = True
        if one.stack == self._base:
            self._set_policy()
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
            self._project,
            text_of(dict(template), "yaml"),
            self._values(one.stack, template, known, one.keep),
        )
        if deployed is None:
            on_failure = "DO_NOTHING" if one.stack == self._base else "ROLLBACK"
            return make_change_set(self.account, wanted, create=True, on_failure=on_failure)  # type: ignore[arg-type]
        found = make_change_set(self.account, wanted, create=False)
        if deployed.status == "CREATE_FAILED" and (found is None or found.replacements):
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
        deployed = self._used(found.stack)
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
        self.lost |= frozenset(losses)
        if not self.agreed:
            before = deployed.template if deployed is not None else None
            said = difference_of(found.stack, found.changes, template, before=before, secrets=self._secrets())
            self.conversation.show((said,), by_cloudformation=True)
            self._ask(f"Change {found.stack} so?" if found.kind == "UPDATE" else f"Create {found.stack}?")

    def _secrets(self) -> frozenset[str]:
        """The values that must not be shown, wherever they stand."""
        return frozenset(p.value for stack in self._wanted.values() for p in stack.parameters if p.secret and p.value)

    def _execute(self, one: Pass, found: ChangeSet, template: Template) -> Ended:
        deployed = self.stacks.get(one.stack)
        verb = "Creating" if found.kind == "CREATE" else "Updating"
        title = f"{verb} {one.stack}" + (f": {one.why}" if one.why else "")
        going_on = deployed is not None and deployed.status == "CREATE_FAILED"
        if self.lost and one.stack == self._base:
            self._set_policy()
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

    def _build(self) -> None:
        if not self.request.templates.images:
            return
        previous = {
            parameter.name: deployed.parameters[parameter.name]
            for name, stack in self._wanted.items()
            if (deployed := self.stacks.get(name)) is not None
            for parameter in stack.parameters
            if parameter.source.startswith("image:") and parameter.name in deployed.parameters
        }
        digests = self.request.builder(self.account).digests(previous)
        self.known = replace(self.known, digests=dict(digests))

    def _snapshot(self, template: Template, logical_id: str) -> None:
        kind = template["Resources"][logical_id]["Type"]
        physical = self._physical(self._base, logical_id)
        with stepping(self.progress, f"Taking a snapshot of {logical_id} before its engine is upgraded") as step:
            name = take_snapshot(self.account, kind, physical)
            step.failed = False
        if name is not None:
            self.progress.note(f"the snapshot {name} holds what {logical_id} was before the upgrade")

    def _start_anew(self, stack: str, logical_id: str) -> None:
        arn = self._physical(stack, logical_id)
        parts = arn.rpartition(":")[2].split("/")
        cluster = parts[1] if len(parts) == 3 else "default"
        try:
            self.account.client("ecs").update_service(cluster=cluster, service=arn, forceNewDeployment=True)
        except (ClientError, BotoCoreError):
            self.progress.note(f"{logical_id} could not be told to start its tasks anew: its name may resolve late")

    def _physical(self, stack: str, logical_id: str) -> str:
        described = self.account.client("cloudformation").describe_stack_resource(
            StackName=stack, LogicalResourceId=logical_id
        )
        return str(described["StackResourceDetail"]["PhysicalResourceId"])

    # Afterwards

    def _set_policy(self) -> None:
        stack = self.stacks.get(self._base)
        if stack is not None:
            protection.set_policy(self.account, stack, protection.policy(stack.template, self.lost))

    def _let_nothing_go(self) -> None:
        """Base is guarded again, also after a failure, and what failed stays what is told."""
        if not self.lost:
            return
        self.lost = frozenset()
        try:
            self._set_policy()
        except (ClientError, BotoCoreError):
            self.progress.note(f"the stack policy of {self._base} could not be set again; the next deploy sets it")

    def _protect(self) -> None:
        self._set_policy()
        for name in self._wanted:
            changed = protection.protect_stack(self.account, name, protected=self.request.protect)
            self.changed = self.changed or changed

    def _outputs(self) -> dict[str, str]:
        return {
            key: value
            for name in self._wanted
            if (stack := self.stacks.get(name)) is not None
            for key, value in stack.outputs.items()
            if "Export" not in (stack.template.get("Outputs") or {}).get(key, {})
        }

    def _ask(self, question: str) -> None:
        if self.agreed:
            return
        if not self.conversation.agrees(question):
            raise Declined
        self.agreed = True

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


def _losses_text(losses: list[Change]) -> str:
    lines = ["this deployment would lose data, and --allow-data-loss was not given; nothing was changed:"]
    for change in losses:
        what = "would be removed" if change.action == "remove" else "would be replaced by an empty one"
        kept = {
            "snapshot": "; a final snapshot of it is kept",
            "retain": "; the old one stays in the account, unused",
            None: "",
        }[change.retained]
        lines.append(f"  {change.source or change.logical_id} ({change.type} {change.logical_id}) {what}{kept}")
    return "\n".join(lines)
