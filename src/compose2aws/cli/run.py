"""`compose2aws run`: a one-off task of a service."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compose2aws.cli.account_options import account_options
from compose2aws.cli.deployed import read_deployed
from compose2aws.cli.project_options import project_options
from compose2aws.cli.terminal import colourful, say, warn

if TYPE_CHECKING:
    from compose2aws.delivery.one_off_task import OneOffTask


@click.command(
    "run",
    short_help="Run a one-off task of a service.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@project_options
@account_options
@click.option("-d", "--detach", is_flag=True, help="Do not wait: print the task's id.")
@click.argument("service")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[--] [COMMAND]...")
def run_(detach: bool, service: str, command: tuple[str, ...]) -> int:
    """Start a task as SERVICE's are, with COMMAND instead of its own, and wait for its end.

    It has the image, variables, volumes, rights and network of the service, and its entrypoint before COMMAND, but is
    behind no balancer and has no name. What it writes goes to standard output; its exit code is this command's. Ctrl-C
    stops it.
    """
    from compose2aws.delivery.one_off_task import start_task

    words = command[1:] if command[:1] == ("--",) else command
    task = start_task(read_deployed(), service, words)
    if detach:
        say(task.id)
        return 0
    warn(f"compose2aws: the task {task.id} of {service} starts; Ctrl-C stops it")
    return _to_its_end(task)


def _to_its_end(task: OneOffTask) -> int:
    from compose2aws.delivery.one_off_task import exit_code, output, stop_task
    from compose2aws.report.clean import cleaned_lines

    if task.container.logs is None:
        warn(f"compose2aws: its output goes to {task.container.driver}, not to CloudWatch Logs")
    try:
        for event in output(task):
            for line in cleaned_lines(event, colour=colourful(sys.stdout)):
                say(line)
        return exit_code(task)
    except KeyboardInterrupt:
        stop_task(task)
        warn(f"compose2aws: the task {task.id} is told to stop")
        raise
