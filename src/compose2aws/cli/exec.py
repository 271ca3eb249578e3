"""`compose2aws exec`: a command in a running container."""

from __future__ import annotations

import click

from compose2aws.cli.account_options import account_options
from compose2aws.cli.deployed import read_deployed
from compose2aws.cli.project_options import project_options


@click.command(
    "exec",
    short_help="Run a command in a running container.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@project_options
@account_options
@click.option("--task", metavar="ID", help="The task whose id begins so. Default: the newest one.")
@click.option("--container", metavar="NAME", help="Another container of the task.")
@click.argument("service")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] COMMAND...")
def exec_(task: str | None, container: str | None, service: str, command: tuple[str, ...]) -> int:
    """Run COMMAND in a running task of SERVICE, through ECS Exec.

    It needs Amazon's session-manager-plugin. The exit code is the plugin's: ECS Exec does not tell that of the
    command (`run` does).
    """
    from compose2aws.delivery.exec_session import exec_command

    words = command[1:] if command[0] == "--" else command
    if not words:
        raise click.UsageError("a command is missing behind --")
    return exec_command(read_deployed(), service, words, task=task, container=container)
