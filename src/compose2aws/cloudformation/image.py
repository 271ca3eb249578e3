"""Repositories for the images that are built from the project."""

from __future__ import annotations

import json

from troposphere import Ref, ecr

from compose2aws.cloudformation.expression import Expression, arn, encryption_key, joined
from compose2aws.cloudformation.graph import Graph
from compose2aws.planning.model import BuiltImage, Image, Parameter, Plan

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


def image_reference(image: Image) -> Expression:
    """What a container names its image by: an own one by its digest, which never changes what it stands for."""
    if not isinstance(image, BuiltImage):
        return image.reference
    return joined(
        Ref("AWS::AccountId"),
        ".dkr.ecr.",
        Ref("AWS::Region"),
        ".",
        Ref("AWS::URLSuffix"),
        "/",
        Ref(image.repository.logical_id),
        "@",
        Ref(image.parameter),
    )


def repository_arn(image: BuiltImage) -> Expression:
    """Made of the name, so that the repository has one export and not three."""
    return arn("ecr", "repository/", Ref(image.repository.logical_id))
