"""A project's whole life in an account made of moto: deployed, checked, compared, changed, destroyed.

    deploy ─▶ look at what was made ─▶ try every reference ─▶ no difference ─▶ a change ─▶ destroy

What runs is `delivery` as it is; only the account is another, and nothing leaves the process. Secrets that nobody gives
are made up, images are not built.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from boto3.session import Session

from compose2aws.cloudformation import Stack, Templates
from compose2aws.compose.project import Project
from compose2aws.delivery.account import Account
from compose2aws.delivery.deployment import deploy
from compose2aws.delivery.destruction import Removal, remove_stacks, what_stays
from compose2aws.delivery.difference import StackDifference
from compose2aws.delivery.difference.against_account import compare_with_account
from compose2aws.delivery.engine_version import wanted_versions
from compose2aws.delivery.parameter import GIVEN
from compose2aws.delivery.progress import Progress
from compose2aws.delivery.request import Request
from compose2aws.delivery.stack import read_stacks
from compose2aws.inspection import problems
from compose2aws.inspection.compose_calls import calls, neighbours
from compose2aws.planning.model import Parameter, Plan
from compose2aws.rehearsal.reference import Reference, references
from compose2aws.rehearsal.server import RehearsalAccount, missing_resources

_REHEARSED = "COMPOSE2AWS_REHEARSAL"
_STAYS = {"snapshot": "a last snapshot stays", "retained": "stays in the account"}
_TASK = "AWS::ECS::TaskDefinition"


class RehearsalFailed(Exception):  # noqa: N818 - what failed is the rehearsal
    """What was rehearsed went otherwise than it should: sentences."""

    def __init__(self, sentences: tuple[str, ...]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class Scene:
    """A part of a rehearsal that went well: what was done, and what there is to say of it."""

    title: str
    lines: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    differences: tuple[StackDifference, ...] = ()


class _Session:
    """Gives `Account` clients of the rehearsal, whatever it asks of them."""

    def __init__(self, account: RehearsalAccount) -> None:
        self._account = account

    def client(self, service: str, **_: Any) -> Any:
        return self._account.client(service)

    def get_partition_for_region(self, _: str) -> str:
        return "aws"


class _Agreeing:
    """Is shown everything and agrees to everything."""

    def show(self, differences: tuple[StackDifference, ...], *, by_cloudformation: bool) -> None:
        """Nothing is asked, so nothing is shown."""

    def agrees(self, question: str, *, unforeseen: bool = False) -> bool:  # noqa: ARG002 - a conversation's method
        """Always."""
        return True


@dataclass(frozen=True, slots=True)
class _NoBuilder:
    """Digests of images that nobody built."""

    templates: Templates

    def known(self) -> Mapping[str, str]:
        return {
            image.parameter: "sha256:" + hashlib.sha256(image.service.encode()).hexdigest()
            for image in self.templates.images
        }

    def to_build(self, known: Mapping[str, str]) -> frozenset[str]:  # noqa: ARG002 - a builder's method
        return frozenset()

    def digests(self, previous: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002 - a builder's method
        return self.known()


def perform(project: Project, plan: Plan, templates: Templates, progress: Progress) -> Iterator[Scene]:
    """Rehearses, and tells of each part when it has gone well.

    Raises `RehearsalFailed` with all that is wrong in a part, and what the deployment raises.
    """
    with RehearsalAccount() as rehearsal:
        rehearsal.use_services()
        _make_zones(rehearsal, templates)
        account = Account(cast(Session, _Session(rehearsal)), rehearsal.region)
        filled, made_up = _filled(templates)
        yield _deployed(account, rehearsal, plan, filled, progress, made_up)
        yield _looked_at(project, filled)
        yield _connected(account, project, plan)
        yield _compared(account, plan, filled)
        yield from _changed(account, plan, filled, progress)
        yield _destroyed(account, plan, progress)


def _deployed(
    account: Account,
    rehearsal: RehearsalAccount,
    plan: Plan,
    templates: Templates,
    progress: Progress,
    made_up: tuple[str, ...],
) -> Scene:
    _deploy(account, plan, templates, progress)
    missing = [
        f"{stack.name}: {name} was not made"
        for stack in templates.stacks
        for name in missing_resources(rehearsal, stack.name)
    ]
    if missing:
        raise RehearsalFailed(tuple(missing))
    count = sum(len(stack.template["Resources"]) for stack in templates.stacks)
    lines = [f"{', '.join(stack.name for stack in templates.stacks)}: {count} resources, all there"]
    if made_up:
        lines.append(f"made up for the rehearsal, to be given to a real deployment: {', '.join(made_up)}")
    return Scene("Deployed", tuple(lines))


def _deploy(account: Account, plan: Plan, templates: Templates, progress: Progress) -> bool:
    request = Request(
        templates=templates,
        versions=wanted_versions(plan.managed),
        protect=plan.tier == "production",
        builder=lambda _: _NoBuilder(templates),
        check=lambda _: None,
    )
    return deploy(account, request, progress, _Agreeing()).changed


def _looked_at(project: Project, templates: Templates) -> Scene:
    wrong = problems([stack.template for stack in templates.stacks], calls(project), neighbours(project))
    if wrong:
        raise RehearsalFailed(tuple(wrong))
    return Scene(
        "Looked at",
        (
            "every task can pull its images, write its logs and read its own secrets",
            "nothing but a balancer is open to the world; what holds data is kept when it goes",
        ),
    )


def _connected(account: Account, project: Project, plan: Plan) -> Scene:
    found = references(account, project, plan)
    wrong = tuple(f"{one.client} → {one.server}: {problem}" for one in found for problem in one.problems)
    if wrong:
        raise RehearsalFailed(wrong)
    lines = () if found else ("no service of the file names another",)
    return Scene("Connected", lines, references=found)


def _compared(account: Account, plan: Plan, templates: Templates) -> Scene:
    differences = _differences(account, plan, templates)
    if not all(one.is_empty for one in differences):
        raise RehearsalFailed(("what was deployed differs from what was wanted, right after the deployment",))
    return Scene("Compared", ("nothing differs from what the files say",))


def _changed(account: Account, plan: Plan, templates: Templates, progress: Progress) -> Iterator[Scene]:
    """One more variable for one container, as the next release would bring it."""
    other = _with_a_change(templates)
    if other is None:
        return
    before = _differences(account, plan, other)
    if not _deploy(account, plan, other, progress):
        raise RehearsalFailed(("a changed variable was deployed, and nothing changed",))
    if not all(one.is_empty for one in _differences(account, plan, other)):
        raise RehearsalFailed(("a changed variable was deployed, and the difference is still there",))
    yield Scene("Changed", ("one more variable in one container, and back to no difference",), differences=before)


def _destroyed(account: Account, plan: Plan, progress: Progress) -> Scene:
    stacks = read_stacks(account, plan.project)
    kept = [one for stack in stacks.values() for one in what_stays(account, stack)]
    remove_stacks(account, reversed(stacks.values()), progress, Removal())
    if read_stacks(account, plan.project):
        raise RehearsalFailed(("the stacks were removed, and something of them is still there",))
    lines = [f"{_STAYS[one.how]}: {one.logical_id} ({one.type})" for one in kept]
    return Scene("Destroyed", tuple(lines))


def _differences(account: Account, plan: Plan, templates: Templates) -> tuple[StackDifference, ...]:
    tell: Callable[[str], None] = lambda _: None  # noqa: E731 - nobody is there to be told
    return compare_with_account(account, templates, wanted_versions(plan.managed), tell)


def _with_a_change(templates: Templates) -> Templates | None:
    for place, stack in enumerate(templates.stacks):
        for name, body in stack.template["Resources"].items():
            if body["Type"] != _TASK:
                continue
            first, *rest = body["Properties"]["ContainerDefinitions"]
            environment = [*first.get("Environment", []), {"Name": _REHEARSED, "Value": "1"}]
            containers = [{**first, "Environment": environment}, *rest]
            changed = {**body, "Properties": {**body["Properties"], "ContainerDefinitions": containers}}
            template = {**stack.template, "Resources": {**stack.template["Resources"], name: changed}}
            stacks = (*templates.stacks[:place], replace(stack, template=template), *templates.stacks[place + 1 :])
            return replace(templates, stacks=stacks)
    return None


def _filled(templates: Templates) -> tuple[Templates, tuple[str, ...]]:
    """The templates with a value for each parameter that nobody gives, and the names of those."""
    made_up: dict[str, None] = {}

    def filled(parameter: Parameter) -> Parameter:
        if parameter.value or not parameter.required or not parameter.source.startswith(GIVEN):
            return parameter
        made_up[parameter.source.partition(":")[2]] = None
        return replace(parameter, value=f"rehearsed-{parameter.name}")

    stacks: tuple[Stack, ...] = tuple(
        replace(stack, parameters=tuple(filled(one) for one in stack.parameters)) for stack in templates.stacks
    )
    return replace(templates, stacks=stacks), tuple(made_up)


def _make_zones(rehearsal: RehearsalAccount, templates: Templates) -> None:
    """The public zones that the domain's owner has."""
    domains = {
        what
        for stack in templates.stacks
        for parameter in stack.parameters
        for kind, _, what in (parameter.source.partition(":"),)
        if kind == "hosted-zone"
    }
    for domain in sorted(domains):
        rehearsal.client("route53").create_hosted_zone(Name=domain, CallerReference=domain)
