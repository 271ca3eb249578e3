"""From a project and how it is to be delivered to the files of a CI system."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from compose2aws import __version__
from compose2aws.cloudformation import Templates
from compose2aws.compose.project import Project
from compose2aws.pipeline.codepipeline import codepipeline
from compose2aws.pipeline.description import images_of, resources_of, variables_of
from compose2aws.pipeline.github import github
from compose2aws.pipeline.gitlab import gitlab
from compose2aws.pipeline.model import Output, Pipeline, PipelineError, System
from compose2aws.planning.model import Plan

_SYSTEMS: dict[System, Callable[[Pipeline], Output]] = {
    "github": github,
    "gitlab": gitlab,
    "codepipeline": codepipeline,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What only the user knows of a delivery. `repository` and `region` may be told later; `host` is GitLab's;
    `package` is where CI gets compose2aws from, None for the package index."""

    branch: str = "main"
    environment: str = "production"
    repository: str | None = None
    region: str | None = None
    host: str = "gitlab.com"
    package: str | None = None


# What each may hold: it stands in expressions and in patterns of trust, which have no quotes of their own.
_FORMS = {
    "branch": (r"[A-Za-z0-9_./@+-]+", "--branch takes the name of a branch: letters, digits and _ . / @ + -"),
    "environment": (r"[A-Za-z0-9_./ -]+", "--environment takes letters, digits, blanks and _ . / -"),
    "repository": (r"[\w.-]+(@\d+)?(/[\w.-]+(@\d+)?)+", "--repository takes OWNER/NAME"),
    "region": (r"[a-z]{2}(-[a-z]+)+-\d+", "--region takes the name of a region of AWS (eu-central-1)"),
    "package": (
        r"(git\+)?https://[\w.@:/?&=#%+~-]+",
        "--package takes an address that pip installs from (git+https://example.com/compose2aws.git@v1)",
    ),
    "host": (r"[A-Za-z0-9.-]+(:\d+)?", "--host takes the name of a host (gitlab.example.com)"),
}


def pipeline_files(
    system: System,
    project: Project,
    plan: Plan,
    templates: Templates,
    delivery: Delivery,
    options: tuple[str, ...] = (),
    directory: str = ".",
) -> Output:
    """The files and the next steps. `options` say which project is meant, when the command runs in `directory` of the
    repository. Nothing of the environment's values is in them. Raises `PipelineError`."""
    for name, (form, sentence) in _FORMS.items():
        value = getattr(delivery, name)
        if value is not None and not re.fullmatch(form, value, re.ASCII):
            raise PipelineError(f"{sentence}, not {value!r}")
    return _SYSTEMS[system](
        Pipeline(
            project=plan.project,
            stacks=tuple(stack.name for stack in templates.stacks),
            options=options,
            directory=directory,
            branch=delivery.branch,
            environment=delivery.environment,
            version=__version__,
            resources=resources_of(stack.template for stack in templates.stacks),
            repository=delivery.repository,
            region=delivery.region,
            host=delivery.host,
            package=delivery.package,
            variables=variables_of(plan, project),
            images=images_of(plan),
        )
    )
