"""From options to templates: what every command starts with that needs more than the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import click

from compose2aws.cli.reading import read_plan
from compose2aws.cli.terminal import warn

if TYPE_CHECKING:
    from compose2aws.cli.project_options import ProjectOptions
    from compose2aws.cloudformation import Templates
    from compose2aws.compose.project import Project
    from compose2aws.planning.ledger import Finding
    from compose2aws.planning.model import Plan


def translate(
    options: ProjectOptions, *, strict: bool = False, otherwise: str = "Nothing was written."
) -> tuple[Project, Plan, Templates]:
    """The project, its plan and its templates. Where something is refused (`strict`: or dropped, or found to be an
    error), all of it is told, with `otherwise` as the last line, and the command ends with exit code 1."""
    from compose2aws.cloudformation import LimitError, PatchError, emit
    from compose2aws.compose.node import locate
    from compose2aws.planning.ledger import Finding
    from compose2aws.report.refusals import refusals

    project, plan = read_plan(options)
    if refused := refusals(plan.decisions, plan.findings, strict):
        _refuse(refused, plan, otherwise)
    try:
        templates = emit(plan)
    except LimitError as error:
        _refuse((Finding("limit", "error", str(error)),), plan, otherwise)
    except PatchError as error:
        path = ("x-aws", "patches", error.number)
        position = locate(project.root, path)
        _refuse((Finding("patch", "error", error.reason, path=path, position=position),), plan, otherwise)
    return project, plan, templates


def _refuse(refused: tuple[Finding, ...], plan: Plan, otherwise: str) -> NoReturn:
    from compose2aws.report.refusals import refusal_lines

    for line in refusal_lines(refused, plan.files):
        warn(line)
    warn(otherwise)
    raise click.exceptions.Exit(1)
