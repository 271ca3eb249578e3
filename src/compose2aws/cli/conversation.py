"""What a deployment shows and asks, on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compose2aws.cli.terminal import colourful, warn

if TYPE_CHECKING:
    from compose2aws.delivery.difference import StackDifference


class TerminalConversation:
    """Shows differences on stderr and asks there. `yes` agrees to everything."""

    def __init__(self, *, yes: bool) -> None:
        self._yes = yes

    def show(self, differences: tuple[StackDifference, ...], *, by_cloudformation: bool) -> None:
        """What would change, in Compose's words. CloudFormation's own word is shown where it is asked about."""
        if by_cloudformation and self._yes:
            return
        from compose2aws.report.difference import difference_text

        warn("CloudFormation says:" if by_cloudformation else "What would change:")
        warn(difference_text(differences, colour=colourful(sys.stderr), brief=True))

    def agrees(self, question: str) -> bool:
        """Asks yes or no. Raises `click.UsageError` where there is nobody to answer."""
        if self._yes:
            return True
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on: give --yes to deploy without being asked")
        return click.confirm(question, err=True)
