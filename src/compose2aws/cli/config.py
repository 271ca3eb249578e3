"""`compose2aws config`: the canonical project, as `docker compose config` prints it."""

from __future__ import annotations

from typing import Literal

import click

from compose2aws.cli.project_options import given_options, project_options
from compose2aws.cli.reading import read_what_is_there
from compose2aws.cli.terminal import say, warn


@click.command(short_help="Print the compose files as one.")
@project_options
@click.option("--format", "format_", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def config(format_: Literal["yaml", "json"]) -> None:
    """Print the compose files as one, with every default and every variable filled in.

    Alone of all commands it prints secrets, as docker's does. What it prints as YAML is a compose file, in which a
    `$` is written `$$`; JSON holds the values as they are.
    """
    from compose2aws.compose import canonical
    from compose2aws.report.canonical import as_compose_file, as_json
    from compose2aws.report.findings import diagnostic_line

    project, missing = read_what_is_there(given_options())
    for warning in project.warnings:
        warn(diagnostic_line(warning, project.name))
    value = canonical(project, format_)
    say(as_json(value) if format_ == "json" else as_compose_file(value))
    if missing:
        raise missing
