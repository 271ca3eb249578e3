"""The digest of each image of a project: of what ECR has already, or of what is built now."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from compose2aws.delivery.images.bake import Built, push
from compose2aws.delivery.images.content import content_tags
from compose2aws.delivery.images.registry import digests_of_tags, held_digests, login
from compose2aws.delivery.images.request import ImageRequest
from compose2aws.delivery.progress import Progress, stepping
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.planning.model import BuiltImage


def digests(request: ImageRequest, progress: Progress) -> dict[str, str]:
    """The digests of all images by parameter (`sha256:…`), each of an image that ECR has.

    What is unchanged is not built. Raises `DeliveryError` where a build fails, or where `--no-build` leaves an image
    without a digest; botocore's exceptions where AWS refuses.
    """
    images = request.templates.images
    if not images:
        return {}
    if absent := [image.service for image in images if request.repository(image) is None]:
        raise DeliveryError(f"there is no repository for the image of {_listed(absent)}: deploy the base stack first")
    tags = content_tags(request)
    known = _of_tags(request, images, tags)
    missing = [image for image in images if image.parameter not in known]
    if missing and not request.build:
        known |= _previous(request, missing, tags)
    elif missing:
        named = {image.parameter: tags[image.parameter] or _single_tag() for image in missing}
        title = f"Building and pushing {len(missing)} {'image' if len(missing) == 1 else 'images'}"
        with stepping(progress, title) as step:
            known |= _built(request, missing, named, progress)
            step.failed = False
    return {image.parameter: known[image.parameter] for image in images}


def known_digests(request: ImageRequest) -> dict[str, str]:
    """The digests of those images that ECR has as they are now, by parameter; nothing is built or pushed. Raises
    `DeliveryError` where a file of a build is missing."""
    tags = content_tags(request)
    return _of_tags(request, [i for i in request.templates.images if request.repository(i) is not None], tags)


def _of_tags(request: ImageRequest, images: Iterable[BuiltImage], tags: Mapping[str, str | None]) -> dict[str, str]:
    wanted = {i.parameter: (request.repository(i) or "", tag) for i in images if (tag := tags[i.parameter]) is not None}
    return digests_of_tags(request.account, wanted)


def _single_tag() -> str:
    """A tag for an image whose inputs are not known before it is built: repositories take no tag twice."""
    return f"build-{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(4)}"


def _previous(request: ImageRequest, missing: list[BuiltImage], tags: Mapping[str, str | None]) -> dict[str, str]:
    given = {i.parameter: (request.repository(i) or "", request.previous.get(i.parameter, "")) for i in missing}
    held = held_digests(request.account, {key: value for key, value in given.items() if value[1]})
    if without := [image for image in missing if image.parameter not in held]:
        lines = [f"  {image.service}: {request.reference(image, tags[image.parameter] or 'TAG')}" for image in without]
        raise DeliveryError(
            "with --no-build these images must have been pushed already, and the registry does not have them:\n"
            + "\n".join(lines)
            + "\npush them, or leave --no-build out"
        )
    return held


def _built(
    request: ImageRequest, missing: list[BuiltImage], tags: Mapping[str, str], progress: Progress
) -> dict[str, str]:
    """Builds what is missing. Whoever pushed the same inputs meanwhile was first, and a repository takes no tag twice:
    theirs is the image then, and what the refusal broke off is built again."""
    found: dict[str, str] = {}
    while missing:
        references = {image.parameter: request.reference(image, tags[image.parameter]) for image in missing}
        for image in missing:
            progress.output(f"{image.service}: {references[image.parameter]}")
        built = push(request, login(request.account), references, progress)
        made = _held(request, missing, tags, built)
        found |= made
        left = [image for image in missing if image.parameter not in made]
        if left and (not made or any(_failed(image, built) for image in left) or not built.failed_targets):
            raise DeliveryError(_failure(left, built))
        if built.exit_code:
            progress.note(
                "an image that another build pushed meanwhile, of the same files, is used in place of a new one"
            )
        missing = left
    return found


def _held(request: ImageRequest, images: list[BuiltImage], tags: Mapping[str, str], built: Built) -> dict[str, str]:
    """What the registry has of some images after a run: by the digest that was told, else by the tag."""
    told = {
        image.parameter: (request.repository(image) or "", digest)
        for image in images
        if (digest := built.digests.get(image.target.name))
    }
    found = held_digests(request.account, told) if built.exit_code == 0 else {}
    return found | _of_tags(request, [image for image in images if image.parameter not in found], tags)


def _failed(image: BuiltImage, built: Built) -> bool:
    return bool(built.failed_targets & {image.target.name, *(target.name for target in image.intermediate)})


def _failure(failed: list[BuiltImage], built: Built) -> str:
    named = [image for image in failed if _failed(image, built)]
    services = _listed([image.service for image in named or failed])
    if built.exit_code == 0:
        return (
            f"the image of {services} was built, but the registry does not have it: docker buildx bake pushed it "
            "elsewhere, or another process deleted it"
        )
    lines = "\n".join(f"  {line}" for line in built.last_lines)
    return f"the image of {services} cannot be built (docker buildx bake: exit code {built.exit_code}):\n{lines}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
