"""The stacks of a project as they stand in the account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.cloudformation import stack_prefix
from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import DENIED, DeliveryError, code_of, message_of
from compose2aws.delivery.template_text import read_template

_GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED", "CREATE_FAILED")
PROJECT_TAG = "compose2aws:project"
_MOST_SHARDS = 16
"""So many are looked for one by one, where the stacks may not be listed: an app of 8,000 resources."""

MASK = "****"
"""What CloudFormation shows of the value of a no-echo parameter."""


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack that exists. `template` is the one it was last deployed with; `parameters` of no-echo are masked;
    `protected` is termination protection."""

    name: str
    id: str
    status: str
    reason: str
    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    exports: Mapping[str, str]
    """Values by the names under which they are exported."""
    tags: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False

    @property
    def was_whole(self) -> bool:
        """Whether it ever was: in a stack whose creation failed there is nothing to lose."""
        return self.status != "CREATE_FAILED"

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the template says of itself: `project`, `stack`, `tier`. Empty where it is not ours."""
        own = (self.template.get("Metadata") or {}).get("compose2aws")
        return own if isinstance(own, Mapping) else {}


def read_stack(account: Account, name: str) -> DeployedStack | None:
    """The stack of that name, or None. Raises botocore's exceptions."""
    described = describe(account, name)
    if described is None:
        return None
    return DeployedStack(
        name=described["StackName"],
        id=described["StackId"],
        status=described["StackStatus"],
        reason=described.get("StackStatusReason", ""),
        template=_template(account, described),
        parameters={item["ParameterKey"]: item.get("ParameterValue", "") for item in described.get("Parameters", [])},
        outputs={item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", [])},
        exports={
            item["ExportName"]: item["OutputValue"] for item in described.get("Outputs", []) if "ExportName" in item
        },
        tags={item["Key"]: item["Value"] for item in described.get("Tags", [])},
        protected=described.get("EnableTerminationProtection", False),
    )


def describe(account: Account, name_or_id: str) -> dict[str, Any] | None:
    """What DescribeStacks says of a stack; None where it does not exist, or is deleted."""
    try:
        found = account.client("cloudformation").describe_stacks(StackName=name_or_id)["Stacks"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    if not found or found[0]["StackStatus"] == "DELETE_COMPLETE":
        return None
    stack: dict[str, Any] = found[0]
    return stack


def is_missing(error: ClientError) -> bool:
    """Whether CloudFormation answers that there is no such stack."""
    return code_of(error) == "ValidationError" and "does not exist" in message_of(error)


def project_stacks(account: Account, prefix: str) -> tuple[str, ...]:
    """The names of all stacks that exist under a project's prefix: `PREFIX-base`, `PREFIX-app`, `PREFIX-app-2`, ….

    In the order in which they are deployed. Credentials that may look at these alone, not at all stacks of the account,
    are enough.
    """
    try:
        pages = account.client("cloudformation").get_paginator("describe_stacks").paginate()
        names = [stack["StackName"] for page in pages for stack in page["Stacks"]]
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        possible = ("base", "app", *(f"app-{number}" for number in range(2, _MOST_SHARDS + 1)))
        names = [name for key in possible if describe(account, name := f"{prefix}-{key}") is not None]
    return tuple(sorted((name for name in names if _key(name, prefix) is not None), key=lambda n: _key(n, prefix) or 0))


def _key(name: str, prefix: str) -> int | None:
    """Where a stack stands among its siblings; None for another project's."""
    rest = name.removeprefix(f"{prefix}-")
    if rest == name:
        return None
    if rest in ("base", "app"):
        return 0 if rest == "base" else 1
    number = rest.removeprefix("app-")
    return int(number) if number != rest and number.isdigit() and number[0] != "0" and number != "1" else None


def check_owner(stack: DeployedStack, project: str) -> None:
    """Raises `DeliveryError` where the stack was not made for this project: it is never touched then."""
    owner = stack.tags.get(PROJECT_TAG) or stack.metadata.get("project")
    if owner == project or (owner is None and not stack.template.get("Resources")):
        return
    whose = f"it belongs to the project {owner}" if owner else "compose2aws did not make it"
    raise DeliveryError(
        f"there is a stack {stack.name} in this account already, and {whose}: choose another project name with -p"
    )


def read_stacks(account: Account, project: str, wanted: Iterable[str] = ()) -> dict[str, DeployedStack]:
    """All stacks of a project that exist, by name: those `wanted` first, then the others in the order in which they
    are deployed.

    Raises `DeliveryError` where one of them is another project's, and botocore's exceptions.
    """
    found: dict[str, DeployedStack] = {}
    for name in dict.fromkeys((*wanted, *project_stacks(account, stack_prefix(project)))):
        stack = read_stack(account, name)
        if stack is not None:
            check_owner(stack, project)
            found[name] = stack
    return found


def stack_resources(account: Account, name_or_id: str) -> Iterator[dict[str, Any]]:
    """The resources of a stack that are made, as ListStackResources tells them. Raises botocore's exceptions."""
    for page in account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name_or_id):
        yield from (item for item in page["StackResourceSummaries"] if item.get("PhysicalResourceId"))


def existing_resources(account: Account, stack: DeployedStack) -> frozenset[str]:
    """The logical ids of what a stack has: its template may hold more, where a condition is not met."""
    made = stack_resources(account, stack.id)
    return frozenset(item["LogicalResourceId"] for item in made if item["ResourceStatus"] not in _GONE)


def _template(account: Account, described: dict[str, Any]) -> Mapping[str, Any]:
    if described["StackStatus"] == "REVIEW_IN_PROGRESS":
        return {}  # it has none yet
    body = account.client("cloudformation").get_template(StackName=described["StackId"], TemplateStage="Original")
    return read_template(body["TemplateBody"], described["StackName"])
