"""The options that say which AWS account is meant; the rest is boto3's own chain."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from compose2aws.delivery.account import Account

_Command = TypeVar("_Command", bound=Callable[..., object])
_KEY = "compose2aws.account"


def account_options(command: _Command) -> _Command:
    """Gives a click command `--region` and `--aws-profile`. The command opens the account with `given_account`."""

    @click.option("--region", metavar="REGION", help="The AWS region. Default: AWS_REGION, or the profile's.")
    @click.option("--aws-profile", metavar="NAME", help="A profile of ~/.aws/config.")
    @functools.wraps(command)
    def with_options(region: str | None, aws_profile: str | None, **parameters: object) -> object:
        click.get_current_context().meta[_KEY] = (region, aws_profile)
        return command(**parameters)

    return with_options  # type: ignore[return-value]


def given_account() -> Account:
    """The account of the command that runs now. Nothing is called yet. Raises `DeliveryError`."""
    from compose2aws.delivery.account import open_account

    region, profile = click.get_current_context().meta[_KEY]
    return open_account(region or None, profile or None)
