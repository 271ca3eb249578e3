"""Repositories for the images that are built from the project."""

from __future__ import annotations

import json
import re

from troposphere import Ref, ecr

from compose2aws.cloudformation.expression import Expression, arn, encryption_key, joined
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.stack import stack_prefix
from compose2aws.planning.identity import digest
from compose2aws.planning.model import BuiltImage, Image, Parameter, Plan

# Amazon ECR API Reference, "CreateRepository": lower-case words, with one `.`, `_` or `-` between two.
_LONGEST_NAME = 256

_LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "Untagged images go after 30 days",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 30,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "description": "The newest 100 images stay",
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": ["*"],
                "countType": "imageCountMoreThan",
                "countNumber": 100,
            },
            "action": {"type": "expire"},
        },
    ]
}


def emit_repositories(graph: Graph, plan: Plan) -> None:
    """Add a repository for each built image, and the parameter that takes the image's digest."""
    for image in plan.images:
        graph.add(
            ecr.Repository(
                image.repository.logical_id,
                RepositoryName=repository_name(plan, image),
                ImageScanningConfiguration=ecr.ImageScanningConfiguration(ScanOnPush=True),
                ImageTagMutability="IMMUTABLE",
                EncryptionConfiguration=ecr.EncryptionConfiguration(EncryptionType="KMS", KmsKey=encryption_key()),
                LifecyclePolicy=ecr.LifecyclePolicy(
                    LifecyclePolicyText=json.dumps(_LIFECYCLE, separators=(",", ":")),
                ),
                # A repository that holds images does not go with its stack otherwise; the images can be built again.
                EmptyOnDelete=True,
            ),
            image.source,
        )
        graph.declare(
            Parameter(
                name=image.parameter,
                source=f"image:{image.service}",
                description=f"The digest of the image of {image.service} (sha256:...)",
            )
        )


def repository_name(plan: Plan, image: BuiltImage) -> str:
    """What a repository is called: `shop/api`. Its name is known, so that the app needs no export for each of them:
    a template has 200. Nothing in it outlives its stack, so that nobody else can have the name still."""
    project = re.sub(r"[^a-z0-9]+", "-", stack_prefix(plan.project).lower()).strip("-")
    if project != stack_prefix(plan.project):
        project += f"-{digest(plan.project)}"
    name = f"{project}/{image.repository.logical_id.removesuffix('Repository').lower()}"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 9]}-{digest(name)}"


def image_reference(plan: Plan, image: Image) -> Expression:
    """What a container names its image by: an own one by its digest, which never changes what it stands for."""
    if not isinstance(image, BuiltImage):
        return image.reference
    return joined(
        Ref("AWS::AccountId"),
        ".dkr.ecr.",
        Ref("AWS::Region"),
        ".",
        Ref("AWS::URLSuffix"),
        f"/{repository_name(plan, image)}@",
        Ref(image.parameter),
    )


def repository_arn(plan: Plan, image: BuiltImage) -> Expression:
    return arn("ecr", f"repository/{repository_name(plan, image)}")
