"""`compose2aws synth`: the templates of a project, their manifest and the bake file of its images, in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import click

from compose2aws.cli.output import write_files
from compose2aws.cli.project_options import given_options, project_options
from compose2aws.cli.terminal import say, warn
from compose2aws.cli.translation import translate

Format: TypeAlias = Literal["yaml", "json"]

_NEXT = (
    ("compose2aws explain", "what each part became, and what to look at"),
    ("compose2aws rehearse", "its deployment, an update and its end, without an AWS account"),
    ("compose2aws deploy", "the stacks and the images, in your account"),
)


@click.command(short_help="Write the CloudFormation templates.")
@project_options
@click.option("-o", "--output", metavar="DIR", default="aws.out", show_default=True, help="Where the files go.")
@click.option("--format", "format_", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@click.option("--strict", is_flag=True, help="Refuse also what would be left out, and what is found to be an error.")
@click.option("--lint", is_flag=True, help="Run cfn-lint on the templates.")
def synth(output: str, format_: Format, strict: bool, lint: bool) -> None:
    """Write the CloudFormation templates, and tell what was made and found."""
    from compose2aws.cloudformation import render
    from compose2aws.report import made
    from compose2aws.report.findings import finding_lines

    if not output:
        raise click.BadParameter("is empty; a folder is wanted", param_hint="-o")
    if lint:
        _require_linter()
    _, plan, templates = translate(given_options(), strict=strict)
    files = render(templates, format_)
    removed = write_files(Path(output), files)
    for line in finding_lines(plan.findings, plan.project):
        warn(line)
    resources = {stack.file(format_): len(stack.template["Resources"]) for stack in templates.stacks}
    say(made.text(plan, output, tuple(files), resources, removed, _NEXT))
    if lint and not _passes_lint(Path(output), files):
        raise click.exceptions.Exit(1)


def _require_linter() -> None:
    import importlib.util

    if importlib.util.find_spec("cfnlint") is None:
        raise click.UsageError("--lint needs cfn-lint, which is not installed: pip install 'compose2aws[lint]'")


def _passes_lint(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Prints what cfn-lint says of the templates; whether it found no error."""
    from compose2aws.cli.linter import lint

    complaints = lint(folder, files)
    for complaint in complaints:
        warn(str(complaint))
    warn(f"cfn-lint: {len(complaints)} complaints" if complaints else "cfn-lint: nothing to complain about")
    return not any(complaint.is_error for complaint in complaints)
