"""From options to a `Project` and a `Plan`: what every command starts with."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from compose2aws.cli.project_options import ProjectOptions

if TYPE_CHECKING:
    from compose2aws.compose.project import ComposeError, LoadOptions, Project
    from compose2aws.planning.model import Plan


def read_what_is_there(options: ProjectOptions) -> tuple[Project, ComposeError | None]:
    """The project as docker reads it, and which required variables are missing: they are empty in it.

    Raises `ComposeError` where anything else is wrong.
    """
    from compose2aws.compose import load
    from compose2aws.compose.project import ComposeError

    asked = _load_options(options, "error")
    try:
        return load(asked), None
    except ComposeError as error:
        if any(diagnostic.code != "required-variable" for diagnostic in error.diagnostics):
            raise
        return load(replace(asked, required_variables="hole")), error


def read_plan(options: ProjectOptions) -> tuple[Project, Plan]:
    """The project, and what it becomes on AWS. Raises `ComposeError` and `MappingError`."""
    from compose2aws.catalog import load_catalog
    from compose2aws.compose import load
    from compose2aws.planning.planner import plan

    project = load(_load_options(options, "hole"))
    catalog = load_catalog(own=[options.mappings] if options.mappings else [])
    return project, plan(project, catalog, options.tier)


def read_project_name(options: ProjectOptions) -> str:
    """The name of the project that the options mean. Raises `ComposeError`."""
    from compose2aws.compose import load

    return load(_load_options(options, "hole")).name


def _load_options(options: ProjectOptions, required_variables: Literal["error", "hole"]) -> LoadOptions:
    from compose2aws.compose.project import LoadOptions

    return LoadOptions(
        files=options.files,
        project_name=options.project_name,
        project_directory=options.project_directory,
        env_files=options.env_files,
        profiles=options.profiles,
        environment=dict(os.environ),
        working_directory=_working_directory(),
        stdin=_read_stdin() if "-" in options.files else None,
        required_variables=required_variables,
    )


def _working_directory() -> str:
    try:
        return str(Path.cwd())
    except OSError as error:
        raise click.ClickException(f"the working folder cannot be read: {error.strerror}") from error


def _read_stdin() -> str:
    from compose2aws.compose.node import Position
    from compose2aws.compose.project import ComposeError, Diagnostic

    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        position = Position("<stdin>", line, column)
        raise ComposeError((Diagnostic("not-text", "is not UTF-8 text", (), position),)) from error
