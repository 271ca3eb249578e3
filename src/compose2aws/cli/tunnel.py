"""`compose2aws tunnel`: a local port to a database or service."""

from __future__ import annotations

import click

from compose2aws.cli.account_options import account_options
from compose2aws.cli.deployed import read_deployed
from compose2aws.cli.project_options import project_options
from compose2aws.cli.terminal import say


@click.command(short_help="Open a local port to a database or service.")
@project_options
@account_options
@click.argument("service")
@click.argument("port", required=False, metavar="[[LOCAL:]PORT]")
def tunnel(service: str, port: str | None) -> int:
    """Open a port of this machine that leads to SERVICE, until Ctrl-C.

    The way goes through a running task that may reach it, by a session that ECS Exec's agent takes; nothing is made
    public. It needs Amazon's session-manager-plugin. A single PORT on which SERVICE does not listen is the local one.
    """
    from compose2aws.delivery.tunnel import open_tunnel, password_command, plan_tunnel
    from compose2aws.report.tunnel import tunnel_text

    way = plan_tunnel(read_deployed(), service, port)
    say(tunnel_text(way, password_command(way)))
    return open_tunnel(way)
