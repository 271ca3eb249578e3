"""`compose2aws diff`: what deploying would change, in Compose's words, and what that costs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from compose2aws.cli.account_options import account_options, given_account
from compose2aws.cli.project_options import given_options, project_options
from compose2aws.cli.terminal import colourful, say, warn, width
from compose2aws.cli.translation import translate

if TYPE_CHECKING:
    from compose2aws.cloudformation import Templates
    from compose2aws.compose.project import Project
    from compose2aws.delivery.difference import StackDifference
    from compose2aws.planning.model import Plan

Format: TypeAlias = Literal["text", "json", "markdown"]

CHANGED = 2
"""The exit code of `--detailed-exitcode` where something would change."""


@click.command(short_help="Show what a deployment would change.")
@project_options
@account_options
@click.option(
    "--against",
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE|DIR",
    help="Compare with a template, or with what `synth -o DIR` wrote, instead of with the deployed stacks.",
)
@click.option("--change-set", is_flag=True, help="Ask CloudFormation, by change sets that are not kept.")
@click.option("--drift-aware", is_flag=True, help="With --change-set: compare with the resources as they are now.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 0: nothing to change, 2: something, 1: it failed.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def diff(against: Path | None, change_set: bool, drift_aware: bool, detailed_exitcode: bool, format_: Format) -> None:
    """Show what would change, and what that costs: nothing, new tasks, an interruption, a replacement, data.

    The templates are compared with those that are deployed; an image whose files changed is told as a new build.
    Nothing is changed.
    """
    if against is not None and change_set:
        raise click.UsageError("--change-set asks CloudFormation about deployed stacks; it does not go with --against")
    if drift_aware and not change_set:
        raise click.UsageError("--drift-aware goes with --change-set: CloudFormation looks at the resources")
    project, plan, templates = translate(given_options(), otherwise="Nothing was compared.")
    if against is not None:
        from compose2aws.delivery.difference.against_files import compare_with_files

        differences = compare_with_files(against, templates)
    else:
        differences = _with_account(project, plan, templates, change_set=change_set, drift_aware=drift_aware)
    _show(differences, plan.project, format_, None if against is None else str(against))
    if detailed_exitcode and not all(difference.is_empty for difference in differences):
        raise click.exceptions.Exit(CHANGED)


def _with_account(
    project: Project, plan: Plan, templates: Templates, *, change_set: bool, drift_aware: bool
) -> tuple[StackDifference, ...]:
    account = given_account()
    account.identity  # noqa: B018 - the first call: it fails soon, and says why
    from compose2aws.delivery.difference.against_account import compare_with_account
    from compose2aws.delivery.engine_version import wanted_versions
    from compose2aws.delivery.image_builder import ImageBuilder
    from compose2aws.report.progress_silent import SilentProgress

    return compare_with_account(
        account,
        templates,
        wanted_versions(plan.managed),
        warn,
        images=lambda where: ImageBuilder(where, project, templates, SilentProgress()),
        change_sets=change_set,
        drift_aware=drift_aware,
    )


def _show(differences: tuple[StackDifference, ...], project: str, format_: Format, against: str | None) -> None:
    if format_ == "json":
        from compose2aws.report.canonical import as_json
        from compose2aws.report.difference_json import difference_data

        say(as_json(difference_data(differences)))
    elif format_ == "markdown":
        from compose2aws.report.difference_markdown import difference_markdown

        say(difference_markdown(differences, project, against=against))
    else:
        from compose2aws.report.difference import difference_text

        say(difference_text(differences, colour=colourful(sys.stdout), width=width(), against=against))
