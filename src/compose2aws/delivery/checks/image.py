"""Images that are pulled from a registry: that they exist, for the platform that the task runs on."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from compose2aws.catalog.image import ImageReference, parse_image
from compose2aws.delivery.checks.registry import Manifest, read_manifest
from compose2aws.delivery.checks.situation import Resource, Situation
from compose2aws.planning.ledger import Finding

_AT_ONCE = 6
_OWN = re.compile(r"\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
_ARCHITECTURES = {"X86_64": "amd64", "ARM64": "arm64"}


def check_images(situation: Situation) -> list[Finding]:
    """An error for each image that its registry does not have or not give, or not for the platform; a warning where the
    registry cannot be asked. What is deployed already, or needs a login, is not asked for."""
    wanted = _wanted(situation) if situation.pulls_images else {}
    images = {reference: parse_image(reference) for reference, _ in wanted}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = pool.map(lambda image: read_manifest(image, situation.registries), images.values())
        manifests = dict(zip(images, asked, strict=True))
    found = []
    for (reference, architecture), source in wanted.items():
        finding = _finding(situation, reference, images[reference], manifests[reference], architecture, source)
        if finding is not None:
            found.append(finding)
    return found


def _wanted(situation: Situation) -> dict[tuple[str, str], str | None]:
    """The images and their architectures, with the service that names each first."""
    deployed = {
        container.get("Image")
        for stack in situation.stacks.values()
        for body in (stack.template.get("Resources") or {}).values()
        if body.get("Type") == "AWS::ECS::TaskDefinition"
        for container in (body.get("Properties") or {}).get("ContainerDefinitions") or []
        if isinstance(container.get("Image"), str)
    }
    wanted: dict[tuple[str, str], str | None] = {}
    for task in situation.resources("AWS::ECS::TaskDefinition"):
        for container in task.properties.get("ContainerDefinitions") or []:
            reference = container.get("Image")
            if not isinstance(reference, str) or reference in deployed or "RepositoryCredentials" in container:
                continue
            if not _OWN.fullmatch(parse_image(reference).registry):
                wanted.setdefault((reference, _architecture(task)), f"{task.source}.image" if task.source else None)
    return wanted


def _architecture(task: Resource) -> str:
    platform = task.properties.get("RuntimePlatform") or {}
    return _ARCHITECTURES.get(str(platform.get("CpuArchitecture", "X86_64")), "amd64")


def _finding(
    situation: Situation,
    reference: str,
    image: ImageReference,
    manifest: Manifest,
    architecture: str,
    source: str | None,
) -> Finding | None:
    where = "Docker Hub" if image.is_docker_hub else image.registry
    if manifest.answer == "missing":
        message, remedy = f"{where} has no image {reference}", "correct the name or the tag"
        return situation.finding("image-missing", "error", message, remedy, source)
    if manifest.answer == "denied":
        message = f"{where} does not give {reference} to somebody without a login, or does not have it"
        remedy = "correct the name, or give a login with x-aws.registry-credentials"
        return situation.finding("image-denied", "error", message, remedy, source)
    if manifest.answer == "unknown":
        message = f"whether {where} has {reference} could not be checked: {manifest.why}"
        return situation.finding("unchecked", "warning", message, "", source)
    if manifest.architectures and architecture not in manifest.architectures:
        there = ", ".join(f"linux/{one}" for one in sorted(manifest.architectures))
        message = f"{reference} is not for linux/{architecture}, which its task runs on; it is for {there}"
        remedy = "set x-aws.architecture of the service, or choose another image"
        return situation.finding("image-platform", "error", message, remedy, source)
    return None
