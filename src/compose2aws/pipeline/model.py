"""What the files of a pipeline are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

System: TypeAlias = Literal["github", "gitlab", "codepipeline"]


class PipelineError(Exception):
    """No pipeline can be written. A sentence for the user."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that the compose files take from the environment, or that stands in for `file`, a file of secrets that
    may not be in the repository. `stored` is what the CI system calls it."""

    name: str
    stored: str
    secret: bool
    required: bool
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Images:
    """What is built: `platforms` are those of all images (`linux/arm64`)."""

    platforms: tuple[str, ...] = ()

    @property
    def are_built(self) -> bool:
        return bool(self.platforms)

    @property
    def are_arm(self) -> bool:
        return self.platforms == ("linux/arm64",)

    @property
    def need_emulation(self) -> bool:
        return len(self.platforms) > 1


@dataclass(frozen=True, slots=True)
class Resources:
    """What the role that deploys must be able to make.

    `types` are those of the templates; `passed_to` the services that get roles; `policies` the managed policies that
    roles get, as expressions; `boundary` the permissions boundary that all roles of the templates have; `linked` the
    services whose own roles an account may lack; `repositories` the folder of the images' repositories.
    """

    types: frozenset[str]
    passed_to: tuple[str, ...] = ()
    policies: tuple[object, ...] = ()
    boundary: object | None = None
    linked: tuple[str, ...] = ()
    repositories: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A project and how it is delivered.

    `options` are the words that say which project is meant (`--file infra/compose.yaml`); they are given in
    `directory`, relative to the repository (`.`). `repository` is OWNER/NAME, None where it is told later. `region` is
    None where the CI system holds it. `host` is GitLab's. CI installs `version` of compose2aws from the package index,
    or what `package`, an address, names.
    """

    project: str
    stacks: tuple[str, ...]
    options: tuple[str, ...]
    directory: str
    branch: str
    environment: str
    version: str
    resources: Resources
    repository: str | None = None
    region: str | None = None
    host: str = "gitlab.com"
    package: str | None = None
    variables: tuple[Variable, ...] = ()
    images: Images = field(default_factory=Images)

    @property
    def prefix(self) -> str:
        """What the project's stacks begin with: the base stack is `PREFIX-base`."""
        return self.stacks[0].removesuffix("-base")


@dataclass(frozen=True, slots=True)
class Output:
    """The files, by their paths in the repository, and what is to be done with them."""

    files: dict[str, str]
    next_steps: str
