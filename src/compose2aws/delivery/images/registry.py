"""The images that ECR holds, by tag and by digest. Raises botocore's exceptions, and `DeliveryError` where a repository
is missing."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import DeliveryError, code_of

_AT_ONCE = 8


def digests_of_tags(account: Account, tags: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """The digests of images by (repository, tag); the keys are the caller's. What is not there is left out."""
    wanted = {key: (repository, {"imageTag": tag}) for key, (repository, tag) in tags.items()}
    return _describe(account, wanted)


def held_digests(account: Account, digests: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Those of some images by (repository, digest) that are there."""
    wanted = {key: (repository, {"imageDigest": digest}) for key, (repository, digest) in digests.items()}
    return _describe(account, wanted)


def login(account: Account) -> str:
    """The `auth` of a Docker config for the account's registry: good for twelve hours, and a secret."""
    answer = account.client("ecr").get_authorization_token()
    return str(answer["authorizationData"][0]["authorizationToken"])


def _describe(account: Account, wanted: Mapping[str, tuple[str, dict[str, str]]]) -> dict[str, str]:
    if not wanted:
        return {}
    registry: Any = account.client("ecr")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda one: _digest(registry, *one), wanted.values())
        return {key: digest for key, digest in zip(wanted, found, strict=True) if digest is not None}


def _digest(registry: Any, repository: str, image: dict[str, str]) -> str | None:
    try:
        found = registry.describe_images(repositoryName=repository, imageIds=[image])["imageDetails"]
    except ClientError as error:
        if code_of(error) == "ImageNotFoundException":
            return None
        if code_of(error) == "RepositoryNotFoundException":
            raise DeliveryError(
                f"the repository {repository} is not there; it was deleted by hand: restore it, or destroy and deploy "
                "the base stack anew"
            ) from error
        raise
    return str(found[0]["imageDigest"]) if found else None
