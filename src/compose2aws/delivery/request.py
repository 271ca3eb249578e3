"""What a deployment is asked for, whom it asks, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from compose2aws.cloudformation import Templates
from compose2aws.delivery.account import Account
from compose2aws.delivery.difference import StackDifference
from compose2aws.delivery.engine_version import WantedVersion
from compose2aws.delivery.stack import DeployedStack


class Declined(Exception):  # noqa: N818 - it is no error
    """The user did not agree; nothing was changed after that."""


class Conversation(Protocol):
    """Shows what would change, and asks."""

    def show(self, differences: tuple[StackDifference, ...], *, by_cloudformation: bool) -> None:
        """What would change: judged from the templates, or by CloudFormation's own word."""

    def agrees(self, question: str, *, unforeseen: bool = False) -> bool:
        """Whether the user wants it. `unforeseen`: it loses data of which nobody told before, so who agreed in advance
        did not agree to this."""


class Builder(Protocol):
    """Builds images and gives their digests; knows those that are in the registry already."""

    def known(self) -> Mapping[str, str]:
        """The digests of images whose inputs did not change, by parameter."""

    def to_build(self, known: Mapping[str, str]) -> Collection[str]:
        """The parameters of the images that would be built, where these digests are known."""

    def digests(self, previous: Mapping[str, str]) -> Mapping[str, str]:
        """All digests, by parameter, after building what is missing. `previous` are those deployed last."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be deployed. `versions` are the engines that the project asks for; `check` is run before anything is
    touched, with the stacks that exist, and raises `DeliveryError`."""

    templates: Templates
    versions: tuple[WantedVersion, ...]
    protect: bool
    builder: Callable[[Account], Builder]
    check: Callable[[Mapping[str, DeployedStack]], None]
    allow_data_loss: bool = False
    upgrade_engines: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a deployment did. `outputs` are those of the app stacks that are no exports."""

    changed: bool
    outputs: Mapping[str, str]
