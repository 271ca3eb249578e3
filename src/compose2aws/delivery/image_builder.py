"""The images of a deployment: those of the templates, in the repositories that the base stack has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from compose2aws.cloudformation import Templates
from compose2aws.compose.project import Project
from compose2aws.delivery.account import Account
from compose2aws.delivery.images import ImageRequest, build_environment, digests, known_digests
from compose2aws.delivery.progress import Progress
from compose2aws.delivery.stack import describe, stack_resources

_REPOSITORY = "AWS::ECR::Repository"


@dataclass(frozen=True, slots=True)
class ImageBuilder:
    """Builds what ECR lacks, and knows what it has. `build` is False for `--no-build`."""

    account: Account
    project: Project
    templates: Templates
    progress: Progress
    build: bool = True

    def known(self) -> Mapping[str, str]:
        """The digests of images whose inputs did not change, by parameter. Raises botocore's exceptions."""
        return known_digests(self._request()) if self.templates.images else {}

    def to_build(self, known: Mapping[str, str]) -> frozenset[str]:
        """The parameters of the images that would be built, where these digests are known."""
        missing = {image.parameter for image in self.templates.images} - known.keys()
        return frozenset(missing) if self.build else frozenset()

    def digests(self, previous: Mapping[str, str]) -> Mapping[str, str]:
        """All digests, by parameter, after building what is missing. Raises `DeliveryError`."""
        return digests(replace(self._request(), previous=previous), self.progress)

    def _request(self) -> ImageRequest:
        account = self.account
        return ImageRequest(
            templates=self.templates,
            folder=Path(self.project.folder),
            account=account,
            repositories=self._repositories(),
            registry=f"{account.identity.account}.dkr.ecr.{account.region}.{account.dns_suffix}",
            environment=build_environment(self.templates, self.project),
            build=self.build,
            secrets=self.templates.secret_values,
        )

    def _repositories(self) -> dict[str, str]:
        base = self.templates.stacks[0].name
        if describe(self.account, base) is None:
            return {}
        made = stack_resources(self.account, base)
        return {i["LogicalResourceId"]: i["PhysicalResourceId"] for i in made if i["ResourceType"] == _REPOSITORY}
