"""`compose2aws graph`: the system as a picture, and as a report that opens in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import click

from compose2aws.cli.output import OutputError
from compose2aws.cli.project_options import ProjectOptions, given_options, project_options
from compose2aws.cli.reading import read_plan
from compose2aws.cli.terminal import say

if TYPE_CHECKING:
    from compose2aws.compose.project import Project
    from compose2aws.planning.model import Plan, Tier

Format: TypeAlias = Literal["mermaid", "svg", "html"]

_EXTENSIONS: dict[str, Format] = {
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
}


@click.command(short_help="Draw the system as a picture.")
@project_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(get_args(Format)),
    help="Default: what the file's name ends in, else mermaid. html is a report with the picture in it.",
)
@click.option("-o", "--output", metavar="FILE", help="Where the picture goes. Default: standard output.")
def graph(format_: Format | None, output: str | None) -> None:
    """Draw the system on AWS: who talks to whom, what is public, where each part stands."""
    from compose2aws.report.picture.arrangement import MissingLibraryError

    if output == "":
        raise click.BadParameter("is empty; a file is wanted", param_hint="-o")
    chosen = format_ or _format_of(output)
    options = given_options()
    project, plan = read_plan(options)
    try:
        drawn = _drawn(chosen, plan, project, options)
    except MissingLibraryError as error:
        raise click.UsageError(str(error)) from error
    if output is None or output == "-":
        say(drawn)
        return
    try:
        Path(output).write_text(drawn, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror or 'it failed'}") from error


def _format_of(output: str | None) -> Format:
    """The format that a file's name asks for."""
    ending = Path(output or "").suffix.lower()
    if not ending:
        return "mermaid"
    if ending not in _EXTENSIONS:
        known = ", ".join(_EXTENSIONS)
        raise click.BadParameter(
            f"{output}: no format is known by {ending}; give --format, or one of {known}", param_hint="-o"
        )
    return _EXTENSIONS[ending]


def _planned(project: Project, options: ProjectOptions, tier: Tier) -> Plan:
    """What the project becomes in another tier."""
    from compose2aws.catalog import load_catalog
    from compose2aws.planning.planner import plan

    return plan(project, load_catalog(own=[options.mappings] if options.mappings else []), tier)


def _drawn(chosen: Format, plan: Plan, project: Project, options: ProjectOptions) -> str:
    from compose2aws.report.picture.composition import picture

    if chosen == "html":
        from compose2aws.planning.model import Tier
        from compose2aws.report.picture.page import as_html

        others = (tier for tier in get_args(Tier) if tier != plan.tier)
        tiers = {plan.tier: plan} | {tier: _planned(project, options, tier) for tier in others}
        return as_html(plan, project, tiers)
    if chosen == "svg":
        from compose2aws.report.picture.svg import as_svg

        return as_svg(picture(plan, project))
    from compose2aws.report.picture.mermaid import as_mermaid

    return as_mermaid(picture(plan, project))
