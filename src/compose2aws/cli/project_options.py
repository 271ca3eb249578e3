"""The options that say which project is meant, before the command or after it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeAlias, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class ProjectOptions:
    """Which project is read, and for which tier. The fields are named like click's parameters."""

    files: tuple[str, ...] = ()
    project_name: str | None = None
    project_directory: str | None = None
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    mappings: Path | None = None
    tier: str | None = None

    def followed_by(self, later: ProjectOptions) -> ProjectOptions:
        """Both together: what can be repeated is put together, of what cannot the later wins."""
        return ProjectOptions(
            files=self.files + later.files,
            project_name=self.project_name if later.project_name is None else later.project_name,
            project_directory=self.project_directory if later.project_directory is None else later.project_directory,
            env_files=self.env_files + later.env_files,
            profiles=self.profiles + later.profiles,
            mappings=later.mappings or self.mappings,
            tier=later.tier or self.tier,
        )


_Option: TypeAlias = Callable[[Callable[..., object]], Callable[..., object]]


def _file_option(*names: str) -> _Option:
    return click.option(
        *names,
        "files",
        multiple=True,
        metavar="FILE",
        help="A compose file, or - for standard input. Repeatable: later files are merged over earlier ones.",
    )


_OTHERS = (
    click.option("-p", "--project-name", metavar="NAME", help="The project's name."),
    click.option("--project-directory", metavar="DIR", help="What relative paths in the compose files start from."),
    click.option("--env-file", "env_files", multiple=True, metavar="FILE", help="Instead of .env. Repeatable."),
    click.option("--profile", "profiles", multiple=True, metavar="NAME", help="An active profile; '*' is all."),
    click.option(
        "--mappings",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="A folder of mappings of your own, which stand before the built-in ones.",
    ),
    click.option(
        "--tier", type=click.Choice(["development", "production"]), help="What it is for. Default: production."
    ),
)


def project_options(command: _Command) -> _Command:
    """Gives a click command the project options. The command finds them, merged, with `given_options`."""
    return _with(command, (_file_option("-f", "--file"), *_OTHERS))


def project_options_without_f(command: _Command) -> _Command:
    """The same for a command to which `-f` says something else, as it does to docker's `logs`: `--file` is left."""
    return _with(command, (_file_option("--file"), *_OTHERS))


def _with(command: _Command, options: Sequence[_Option]) -> _Command:
    @functools.wraps(command)
    def with_options(**parameters: object) -> object:
        context = click.get_current_context()
        before = context.find_object(ProjectOptions) or ProjectOptions()
        own = ProjectOptions(**{field.name: parameters.pop(field.name) for field in fields(ProjectOptions)})  # type: ignore[arg-type]
        context.obj = before.followed_by(own)
        return command(**parameters)

    decorated: object = with_options
    for option in reversed(options):
        decorated = option(decorated)  # type: ignore[arg-type]
    return decorated  # type: ignore[return-value]


def given_options() -> ProjectOptions:
    """The project options of the command that runs now."""
    return click.get_current_context().find_object(ProjectOptions) or ProjectOptions()
