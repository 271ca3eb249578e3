"""`compose2aws logs`: what the containers wrote."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from compose2aws.cli.account_options import account_options
from compose2aws.cli.deployed import read_deployed
from compose2aws.cli.project_options import project_options_without_f
from compose2aws.cli.terminal import colourful, warn

if TYPE_CHECKING:
    from compose2aws.delivery.account import Account
    from compose2aws.delivery.task_log import LogLine, LogSources
    from compose2aws.report.log_lines import LogPrinter

_SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_USUAL = timedelta(minutes=10)


def _since(context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """A point in time, as docker takes it: a span before now (`10m`, `1h30m`), or a date with or without a time."""
    if text is None:
        return None
    if text and _PART.sub("", text) == "":
        return _before(timedelta(seconds=sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(text))))
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        wanted = "a span like 10m or 1h30m, or a time like 2026-01-31T09:00:00Z"
        raise click.BadParameter(f"{text!r} is not {wanted}", context, parameter) from error


def _before(span: timedelta) -> datetime:
    try:
        return datetime.now(UTC) - span
    except OverflowError:
        return datetime.fromtimestamp(0, UTC)


@click.command(short_help="Show what the containers wrote.")
@project_options_without_f
@account_options
@click.option("-f", "--follow", is_flag=True, help="Go on with what they write from now on, until Ctrl-C.")
@click.option("--since", callback=_since, metavar="TIME", help="10m, 1h30m, or 2026-01-31T09:00:00Z. Default: 10m.")
@click.option("-n", "--tail", type=click.IntRange(min=0), metavar="N", help="The last N lines of each container.")
@click.option("-t", "--timestamps", is_flag=True, help="Each line with its time.")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
def logs(follow: bool, since: datetime | None, tail: int | None, timestamps: bool, services: tuple[str, ...]) -> None:
    """Show what the containers of the services and jobs wrote, all of them or those that are named.

    After the command -f is --follow; compose files are named before it, or with --file.
    """
    from compose2aws.delivery.task_log import Follower, log_sources, read_lines
    from compose2aws.report.log_lines import LogPrinter

    project = read_deployed()
    sources = log_sources(project, services)
    for label, driver in sources.elsewhere:
        warn(f"compose2aws: the output of {label} goes to {driver}, not to CloudWatch Logs")
    printer = LogPrinter(sources.labels, timestamps=timestamps, colour=colourful(sys.stdout))
    begin = since or _before(_USUAL)
    try:
        if tail is not None:
            _print_last(project.account, sources, tail, since, printer, follow=follow)
        elif follow:
            _print(Follower(project.account, sources, begin).lines(), printer)
        elif not _print(read_lines(project.account, sources, begin), printer) and sources.sources:
            warn(f"compose2aws: nothing was written since {begin.isoformat(timespec='seconds')}: try --since or --tail")
    except BrokenPipeError:
        return  # whoever read them has enough


def _print_last(
    account: Account, sources: LogSources, number: int, since: datetime | None, printer: LogPrinter, *, follow: bool
) -> None:
    from compose2aws.delivery.task_log import Follower, last_lines

    lines = last_lines(account, sources, number, since) if number else iter(())
    if not follow:
        _print(lines, printer)
        return
    follower = Follower(account, sources, datetime.now(UTC))
    _print(follower.skip(lines), printer)
    _print(follower.lines(), printer)


def _print(lines: Iterable[LogLine], printer: LogPrinter) -> int:
    """How many lines there were."""
    number = 0
    for line in lines:
        for text in printer.lines(line):
            click.echo(text, color=colourful(sys.stdout))
            number += 1
    return number
