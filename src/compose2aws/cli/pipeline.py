"""`compose2aws pipeline`: the files by which a team's CI compares and deploys a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from compose2aws import __version__
from compose2aws.cli.project_options import given_options, project_options
from compose2aws.cli.terminal import say, warn
from compose2aws.cli.translation import translate

if TYPE_CHECKING:
    from compose2aws.pipeline.model import System


@click.command(short_help="Write the CI files that compare and deploy.")
@click.argument("system", type=click.Choice(["github", "gitlab", "codepipeline"]))
@project_options
@click.option(
    "-o", "--output", metavar="DIR", help="Where the files go. Default: the repository that this folder is in."
)
@click.option("--branch", default="main", show_default=True, help="The branch that is deployed.")
@click.option("--repository", metavar="OWNER/NAME", help="The repository, which the roles trust.")
@click.option("--region", metavar="REGION", help="The AWS region. Default: what the CI system says.")
@click.option(
    "--environment", default="production", show_default=True, help="The environment whose reviewers approve losses."
)
@click.option("--host", default="gitlab.com", show_default=True, help="Where GitLab runs.")
@click.option(
    "--package", metavar="ADDRESS", help="Where CI gets compose2aws: git+https://… or https://…. Default: PyPI."
)
@click.option("--force", is_flag=True, help="Write over files that were changed.")
def pipeline(
    system: System,
    output: str | None,
    branch: str,
    repository: str | None,
    region: str | None,
    environment: str,
    host: str,
    package: str | None,
    force: bool,
) -> None:
    """Write the files that a team commits: a difference on each pull request, a deployment of the branch.

    CI takes roles by OIDC, whose template is among the files; there is no long-lived key. What would replace or lose
    data waits for an approval. Nothing is asked of AWS or of the CI system.
    """
    from compose2aws.cli.committed_files import write_committed
    from compose2aws.pipeline.files import Delivery, pipeline_files
    from compose2aws.pipeline.model import PipelineError
    from compose2aws.pipeline.steps import is_unchanged

    options = given_options()
    project, plan, templates = translate(options)
    here = Path.cwd()
    delivery = Delivery(branch, environment, repository, region, host, package)
    try:
        root = _repository(here)
        words = _project_options(root, here, project.files)
        directory = here.relative_to(root).as_posix()
        made = pipeline_files(system, project, plan, templates, delivery, words, directory)
    except PipelineError as error:
        raise click.ClickException(str(error)) from error
    target = root if output is None else Path(output)
    changed = write_committed(target, made.files, is_ours=is_unchanged, force=force)
    for name in made.files:
        warn(f"{target / name if output else name}{'' if name in changed else '  as it was'}")
    say(made.next_steps)
    if package is None and not _from_index():
        warn(
            f"CI installs compose2aws {__version__} from PyPI, and this one was not installed from there. Where PyPI "
            "lacks it, say where CI gets it: --package git+https://…@COMMIT"
        )


def _from_index() -> bool:
    """Whether this program was installed from a package index, and not from a folder or a repository. (PyPA,
    "Recording the Direct URL Origin of installed distributions")"""
    from importlib.metadata import distribution

    return distribution("compose2aws").read_text("direct_url.json") is None


def _repository(here: Path) -> Path:
    """The nearest folder above that is a git work tree; this folder where there is none."""
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def _project_options(root: Path, here: Path, files: tuple[str, ...]) -> tuple[str, ...]:
    """The options that say which project is meant, as they will be given in the same folder of a checkout. What stands
    in this process's environment alone (COMPOSE_FILE, COMPOSE_PROFILES) becomes options."""
    import os

    from compose2aws.pipeline.model import PipelineError

    def inside(path: str) -> str:
        if path == "-":
            raise PipelineError("CI cannot read the project from standard input: name its files with -f")
        absolute = Path(os.path.normpath(here / path))
        if not absolute.is_relative_to(root):
            raise PipelineError(f"{path} is outside of the repository {root}: a checkout does not have it")
        return Path(os.path.relpath(absolute, here)).as_posix()

    options = given_options()
    given = options.files or (files if os.environ.get("COMPOSE_FILE") else ())
    profiles = options.profiles or tuple(p for p in os.environ.get("COMPOSE_PROFILES", "").split(",") if p)
    pairs = [("--file", inside(file)) for file in given]
    if options.project_directory is not None:
        pairs.append(("--project-directory", inside(options.project_directory)))
    pairs += [("--env-file", inside(file)) for file in options.env_files]
    pairs += [("--profile", profile) for profile in profiles]
    if options.mappings is not None:
        pairs.append(("--mappings", inside(str(options.mappings))))
    if options.tier is not None:
        pairs.append(("--tier", options.tier))
    return tuple(word for pair in pairs for word in pair)
