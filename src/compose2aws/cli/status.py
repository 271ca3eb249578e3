"""`compose2aws status`: how what is deployed is."""

from __future__ import annotations

import click

from compose2aws.cli.account_options import account_options
from compose2aws.cli.deployed import read_deployed
from compose2aws.cli.project_options import project_options
from compose2aws.cli.terminal import say, width


@click.command(short_help="Show how what is deployed is.")
@project_options
@account_options
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
def status(format_: str) -> None:
    """Show the stacks, services, databases and jobs of the project, tasks that stopped and alarms that ring.

    With -p NAME no compose file is needed. A project that is not deployed is an error.
    """
    from compose2aws.delivery.status import read_status
    from compose2aws.report.canonical import as_json
    from compose2aws.report.status import status_data, status_text

    now = read_status(read_deployed())
    say(as_json(status_data(now)) if format_ == "json" else status_text(now, width()))
