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
        """What would change, in Compose's words. CloudFormation's own word is shown where somebody is asked about it,
        or would have to be."""
        if by_cloudformation and self._yes and not any(c.loses_data for one in differences for c in one.changes):
            return
        from compose2aws.report.difference import difference_text

        warn("CloudFormation says:" if by_cloudformation else "What would change:")
        warn(difference_text(differences, colour=colourful(sys.stderr), brief=True))

    def agrees(self, question: str, *, unforeseen: bool = False) -> bool:
        """Asks yes or no. Raises `click.UsageError` where there is nobody to answer, `click.ClickException` where
        there is nobody to be asked what `--yes` does not mean."""
        if self._yes and not unforeseen:
            return True
        if not sys.stdin.isatty():
            if self._yes:
                raise click.ClickException(
                    "this would lose data that was not told of before, and --yes does not agree to that. Nothing of it "
                    "was changed; run the same command in a terminal, where you are asked"
                )
            raise click.UsageError("there is no terminal to ask on: give --yes to deploy without being asked")
        return click.confirm(question, err=True)
