"""The values of a stack's parameters: what the project gives, what the account knows, what was given last time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from compose2aws.cloudformation import Stack
from compose2aws.delivery.stack import DeployedStack
from compose2aws.planning.identity import secret_variable
from compose2aws.planning.model import Parameter

GIVEN = ("variable:", "compose:", "file:", "external:")
"""What the sources of parameters begin with whose values the project gives."""

_REVISION = "SecretsRevision"

NEW_IMAGE = "(a new build)"
"""What stands for the digest of an image that a deployment would build."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the project. `digests` and `versions` are by parameter, `zones` by domain; `protection` and
    `revision` are those wanted now, None keeps the last ones."""

    digests: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    protection: bool | None = None
    revision: int | None = None

    def building(self, images: Iterable[str]) -> Known:
        """The same, with `NEW_IMAGE` for these parameters of images."""
        return replace(self, digests={**self.digests, **dict.fromkeys(images, NEW_IMAGE)})


@dataclass(frozen=True, slots=True)
class Settled:
    """A value for each parameter that the template declares (None: the last one), those that nobody gives, and those
    that the project gave last time and does not give now."""

    values: Mapping[str, str | None]
    missing: tuple[Parameter, ...] = ()
    kept: tuple[Parameter, ...] = ()


def settle(stack: Stack, deployed: DeployedStack | None, known: Known) -> Settled:
    """The values for a stack. What the project gives goes before what was given last time; then comes the default."""
    values: dict[str, str | None] = {}
    missing: list[Parameter] = []
    kept: list[Parameter] = []
    for parameter in stack.parameters:
        previous = deployed is not None and parameter.name in deployed.parameters
        given = _given(parameter, known)
        if given is not None:
            values[parameter.name] = given
        elif previous:
            values[parameter.name] = None
            if parameter.source.startswith(GIVEN) and _told(parameter, deployed):
                kept.append(parameter)
        elif parameter.default is not None:
            values[parameter.name] = parameter.default
        else:
            missing.append(parameter)
    return Settled(values, tuple(missing), tuple(kept))


def _given(parameter: Parameter, known: Known) -> str | None:
    kind, _, what = parameter.source.partition(":")
    if kind == "image":
        return known.digests.get(parameter.name)
    if kind == "hosted-zone":
        return known.zones.get(what)
    if kind == "engine":
        return known.versions.get(parameter.name)
    if parameter.source == "setting:deletion-protection":
        return None if known.protection is None else str(known.protection).lower()
    if parameter.source == "setting:secrets-revision":
        return None if known.revision is None else str(known.revision)
    if parameter.value == "" and parameter.required:
        return None  # an empty text is no secret
    return parameter.value


def _told(parameter: Parameter, deployed: DeployedStack | None) -> bool:
    """Whether a value was given last time that is not the default."""
    return deployed is not None and deployed.parameters.get(parameter.name) not in (parameter.default, "", None)


def last_revision(stacks: Iterable[DeployedStack]) -> int | None:
    """The newest revision of the secrets that any stack was given; None where none was given one. All of them are to
    have it: one that was not reached when the secrets changed has tasks that still hold the old ones."""
    given = [stack.parameters.get(_REVISION, "") for stack in stacks]
    return max((int(value) for value in given if value.isdigit()), default=None)


def missing_text(missing: tuple[Parameter, ...]) -> str:
    """One sentence a parameter that nobody gives, all of them at once."""
    lines = ["these values are needed, and neither the environment nor .env nor an earlier deployment gives them:"]
    seen = dict.fromkeys(missing)
    for parameter in seen:
        kind, _, what = parameter.source.partition(":")
        how = {
            "variable": f"set {what} in the environment or in .env",
            "file": f"add its file, or set {secret_variable(what)} in the environment or in .env",
            "external": f"set {secret_variable(what)} in the environment or in .env",
            "hosted-zone": f"there is no public hosted zone of {what}: make it in Route 53, or set x-aws.hosted-zone",
            "image": f"build the image of {what} (leave --no-build out)",
        }.get(kind, f"give the parameter {parameter.name}")
        lines.append(f"  {parameter.name}: {how}")
        if parameter.description and kind not in ("hosted-zone", "image"):
            lines.append(f"    {parameter.description}")
    return "\n".join(lines)
