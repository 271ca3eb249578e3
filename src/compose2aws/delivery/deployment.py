"""Bringing a project's templates to an account: from what is there, in passes, to what is wanted.

    look ─▶ check ─▶ show and ask ─▶ base ─▶ images ─▶ app ─▶ what may go ─▶ protection

Every run starts from the stacks as they are, so a run that was interrupted, by whatever, is taken up by the next one.
Nothing here prints: a `Progress` is told what happens, a `Conversation` is shown what would and is asked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from compose2aws.cloudformation import Stack
from compose2aws.delivery import protection
from compose2aws.delivery.account import Account
from compose2aws.delivery.difference import Change, StackDifference
from compose2aws.delivery.difference.against_account import by_templates
from compose2aws.delivery.difference.folder import ACCESS_POINT
from compose2aws.delivery.engine_version import chosen_versions
from compose2aws.delivery.execution import Execution
from compose2aws.delivery.foreign_import import check_deployment, leaving
from compose2aws.delivery.hiding import HidingProgress, hiding, mask_of
from compose2aws.delivery.hosted_zone import find_zone, holds
from compose2aws.delivery.mending import mended
from compose2aws.delivery.parameter import Known, Settled, last_revision, missing_text, settle
from compose2aws.delivery.passes import PROTECTION, Situation, passes
from compose2aws.delivery.progress import Progress
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.request import Builder, Conversation, Outcome, Request
from compose2aws.delivery.stack import DeployedStack, read_stacks
from compose2aws.planning.model import Parameter


def deploy(account: Account, request: Request, progress: Progress, conversation: Conversation) -> Outcome:
    """Deploys. Raises `DeliveryError` where it cannot, `Declined`, and botocore's exceptions; whatever was begun in the
    account goes on there, and the next call takes it up."""
    shown = HidingProgress(progress, mask_of(request.templates))
    with hiding(shown.mask):
        return _Deployment(account, request, shown, conversation).run()


@dataclass(slots=True)
class _Deployment:
    account: Account
    request: Request
    progress: HidingProgress
    conversation: Conversation
    stacks: dict[str, DeployedStack] = field(init=False)
    known: Known = field(init=False)
    expected: Known = field(init=False)
    """What is known, with the images that would be built."""
    builder: Builder = field(init=False)
    _wanted: dict[str, Stack] = field(init=False)

    def __post_init__(self) -> None:
        self._wanted = {stack.name: stack for stack in self.request.templates.stacks}
        self.builder = self.request.builder(self.account)

    @property
    def _base(self) -> Stack:
        return self.request.templates.stacks[0]

    def run(self) -> Outcome:
        self.stacks = self._at_rest()
        first = self._used(self._base.name) is None
        self.request.check(self.stacks)
        upgraded = self._know()
        self._require_parameters()
        differences = self._differences()
        lost = self._losses(differences)
        situation = self._situation(differences, lost, upgraded)
        plan = passes(situation)
        check_deployment(self.account, leaving(situation, plan, differences), self.stacks, self.progress.note)
        if not self.request.protect and (staying := protection.staying_text(self.stacks.values())):
            self.progress.note(staying)
        doing = Execution(
            self.account, self.request, self.progress, self.conversation, self.stacks, self.known, lost=lost
        )
        if any(difference.changes for difference in differences):
            self.conversation.show(differences, by_cloudformation=False)
            doing.ask("Deploy this?")
        try:
            for one in plan.before_images:
                doing.run(one)
            doing.known = replace(doing.known, digests=self._built())
            if first:
                doing.agreed = False  # what the app becomes is known only now, by CloudFormation's own word
            for one in plan.after_images:
                doing.run(one)
        finally:
            doing.let_nothing_go()
        doing.guard()
        protected = [
            protection.protect_stack(self.account, name, protected=True)
            for name in (self._wanted if self.request.protect else ())
        ]
        return Outcome(doing.changed or any(protected), self._outputs())

    def _at_rest(self) -> dict[str, DeployedStack]:
        found = [
            mended(self.account, stack, self.progress, is_base=name == self._base.name)
            for name, stack in read_stacks(self.account, self.request.templates.project, self._wanted).items()
        ]
        return {stack.name: stack for stack in found if stack is not None}

    def _know(self) -> frozenset[str]:
        """Fills in versions, zones and the digests that are known; gives the engines whose major changes."""
        base = self.stacks.get(self._base.name)
        chosen = chosen_versions(
            self.account, base, self._base.template, self.request.versions, upgrade=self.request.upgrade_engines
        )
        self.known = Known(
            digests=dict(self.builder.known()),  # also before there is a registry: what cannot be built is told now
            versions={parameter: version.value for parameter, version in chosen.items()},
            zones=self._zones(),
            revision=last_revision(self.stacks.values()),
        )
        deployed = base is not None
        self.expected = self.known.building(self.builder.to_build(self.known.digests) if deployed else ())
        return frozenset(parameter for parameter, version in chosen.items() if version.major_upgrade)

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
            settled = settle(stack, deployed, self.expected) if stack is not None else Settled({})
            found.append(by_templates(self.account, name, stack, deployed, settled, self.request.templates))
        return tuple(found)

    def _losses(self, differences: tuple[StackDifference, ...]) -> frozenset[str]:
        """The logical ids of what would lose data. Raises `DeliveryError` where that was not allowed."""
        losses = [change for difference in differences for change in difference.changes if change.loses_data]
        if losses and not self.request.allow_data_loss:
            raise DeliveryError(_losses_text(losses))
        # What may be replaced is let go with the rest, where that is allowed; else the stack policy keeps it, and an
        # update that would replace it fails and is rolled back.
        doubtful = [change for difference in differences for change in difference.changes if change.may_lose_data]
        if doubtful and not self.request.allow_data_loss:
            names = ", ".join(change.source or change.logical_id for change in doubtful)
            self.progress.note(
                f"AWS may replace {names} to make this change. It is kept from doing so: then the update is "
                "rolled back, and --allow-data-loss lets it happen"
            )
            doubtful = []
        return frozenset(change.logical_id for change in (*losses, *doubtful))

    def _situation(
        self, differences: tuple[StackDifference, ...], lost: Collection[str], upgraded: Collection[str]
    ) -> Situation:
        base = self.stacks.get(self._base.name)
        made_anew = {
            change.logical_id
            for difference in differences
            if difference.name == self._base.name
            for change in difference.changes
            if change.action == "modify" and change.replacement != "never"
        }
        return Situation(
            wanted={name: stack.template for name, stack in self._wanted.items()},
            deployed={name: stack.template for name in self.stacks if (stack := self._used(name)) is not None},
            exported={name: value for stack in self.stacks.values() for name, value in stack.exports.items()},
            made_anew=made_anew,
            lost=lost,
            upgraded=upgraded,
            protected=base is not None and base.parameters.get(PROTECTION) == "true",
            protect=self.request.protect and any(p.name == PROTECTION for p in self._base.parameters),
        )

    def _used(self, name: str) -> DeployedStack | None:
        """The stack where it was ever whole."""
        stack = self.stacks.get(name)
        return stack if stack is not None and stack.was_whole else None

    def _built(self) -> dict[str, str]:
        """The digests of all images, by parameter."""
        if not self.request.templates.images:
            return {}
        previous = {
            parameter.name: deployed.parameters[parameter.name]
            for name, stack in self._wanted.items()
            if (deployed := self.stacks.get(name)) is not None
            for parameter in stack.parameters
            if parameter.source.startswith("image:") and parameter.name in deployed.parameters
        }
        return dict(self.builder.digests(previous))

    def _outputs(self) -> dict[str, str]:
        return {
            key: value
            for name in self._wanted
            if (stack := self.stacks.get(name)) is not None
            for key, value in stack.outputs.items()
            if "Export" not in (stack.template.get("Outputs") or {}).get(key, {})
        }


def _losses_text(losses: list[Change]) -> str:
    lines = ["this deployment would lose data, and --allow-data-loss was not given; nothing was changed:"]
    for change in losses:
        what = "would be removed" if change.action == "remove" else "would be replaced by an empty one"
        left = "the old one stays in the account, unused"
        if change.type == ACCESS_POINT:
            left = "its files stay in the file system, and nothing leads to them"
        kept = {
            "snapshot": "; a final snapshot of it is kept",
            "retain": f"; {left}",
            None: "",
        }[change.retained]
        lines.append(f"  {change.source or change.logical_id} ({change.type} {change.logical_id}) {what}{kept}")
    return "\n".join(lines)
