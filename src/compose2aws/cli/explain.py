"""`compose2aws explain`: what each part of the project becomes, and what its author should know."""

from __future__ import annotations

import click

from compose2aws.cli.project_options import given_options, project_options
from compose2aws.cli.reading import read_plan
from compose2aws.cli.terminal import say, width


@click.command(short_help="Show what each part becomes on AWS.")
@project_options
@click.option(
    "--format", "format_", type=click.Choice(["table", "markdown", "json"]), default="table", show_default=True
)
@click.option("--all", "full", is_flag=True, help="Tell every note and every decision. JSON always holds them all.")
def explain(format_: str, full: bool) -> None:
    """Show what each part of the project becomes on AWS, how it works there, and what to look at."""
    from compose2aws.report import explanation
    from compose2aws.report.canonical import as_json
    from compose2aws.report.explain_json import explanation as json_explanation

    project, plan = read_plan(given_options())
    if format_ == "json":
        say(as_json(json_explanation(plan.project, plan.decisions, plan.findings)))
    elif format_ == "markdown":
        say(explanation.as_markdown(plan, project, plan.findings, full=full))
    else:
        say(explanation.text(plan, project, plan.findings, width(), full=full))
