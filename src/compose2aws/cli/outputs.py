"""`compose2aws outputs`: what the stacks put out."""

from __future__ import annotations

import click

from compose2aws.cli.account_options import account_options
from compose2aws.cli.deployed import read_deployed
from compose2aws.cli.project_options import project_options
from compose2aws.cli.terminal import say, width


@click.command(short_help="Show the outputs of the stacks: URLs first.")
@project_options
@account_options
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--all", "every", is_flag=True, help="Also what is there for other stacks alone.")
def outputs(format_: str, every: bool) -> None:
    """Show the outputs of the stacks, the URLs first."""
    from compose2aws.delivery.stack_outputs import read_outputs
    from compose2aws.report.canonical import as_json
    from compose2aws.report.status import outputs_data, outputs_text

    found = read_outputs(read_deployed())
    shown = [one for one in found if every or one.export is None]
    say(as_json(outputs_data(shown)) if format_ == "json" else outputs_text(shown, len(found) - len(shown), width()))
