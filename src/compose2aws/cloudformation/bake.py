"""images.bake.json, the file that `docker buildx bake` builds the project's images by."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from compose2aws.planning.model import BakeTarget, BuiltImage, Plan

# Docker, "Reproducible builds": the time that stands in images. Archives know no time before 1980.
_EPOCH = "315532800"
_EPOCH_NAME = "SOURCE_DATE_EPOCH"
_NO_ATTESTATION = ["type=provenance,disabled=true", "type=sbom,disabled=true"]
_INTERPOLATION = re.compile(r"[$%]\{")


def tag_variable(image: BuiltImage) -> str:
    """The bake variable whose value is the reference (`REPOSITORY:TAG`) that an image is pushed under."""
    return f"{image.parameter}_TAG"


def bake_file(plan: Plan) -> dict[str, Any]:
    """The bake file: the group `default` of all images that are pushed, targets, and variables with their defaults.

    Contexts are relative to the project's folder, where `docker buildx bake` runs. Attestations are off: the attested
    digest of an image changes on every build.
    """
    variables: dict[str, Any] = {}
    targets: dict[str, Any] = {}
    for image in plan.images:
        for target in (*image.intermediate, image.target):
            variables |= {name: {"default": default} for name, default in target.variables}
            variables |= {name: {"default": ""} for name, value in target.arguments if value is None}
            targets[target.name] = _target(target)
        variables[tag_variable(image)] = {"default": f"{plan.project}/{image.target.name.lower()}:latest"}
        targets[image.target.name]["tags"] = [f"${{{tag_variable(image)}}}"]
    if not targets:
        return {}
    variables[_EPOCH_NAME] = {"default": _EPOCH}
    return {
        "group": {"default": {"targets": sorted(image.target.name for image in plan.images)}},
        "variable": dict(sorted(variables.items())),
        "target": dict(sorted(targets.items())),
    }


def _target(target: BakeTarget) -> dict[str, Any]:
    names = {name for name, _ in target.variables}
    arguments = {name: _argument(name, value, names) for name, value in target.arguments}
    entry: dict[str, Any] = {"context": _plain(target.context)}
    optional = {
        "dockerfile": target.dockerfile and _plain(target.dockerfile),
        "dockerfile-inline": target.dockerfile_inline and _plain(target.dockerfile_inline),
        "target": target.stage and _plain(target.stage),
        "contexts": {name: _plain(place) for name, place in target.contexts},
        "secret": [_plain(secret) for secret in target.secrets],
        "ssh": [_plain(agent) for agent in target.ssh],
        "cache-from": [_plain(cache) for cache in target.cache_from],
        "cache-to": [_plain(cache) for cache in target.cache_to],
        "labels": {name: _plain(value) for name, value in target.labels},
        "network": target.network,
        "shm-size": target.shared_memory,
        "extra-hosts": {name: _plain(address) for name, address in target.hosts},
        "ulimits": list(target.ulimits),
        "entitlements": list(target.entitlements),
        "no-cache-filter": list(target.uncached_stages),
        "no-cache": target.no_cache,
        "pull": target.pull,
    }
    entry |= {key: value for key, value in optional.items() if value}
    entry["args"] = {_EPOCH_NAME: f"${{{_EPOCH_NAME}}}"} | arguments
    entry["platforms"] = list(target.platforms)
    entry["attest"] = _NO_ATTESTATION
    return entry


def _argument(name: str, value: str | None, variables: Container[str]) -> str:
    """A build argument: `${NAME}` of a variable of the target stays, other text is taken as it is written."""
    if value is None:
        # One that the build's environment does not have is left out, as Docker does.
        return f'${{{name} != "" ? {name} : null}}'
    parts = re.split(r"(\$\{\w+\})", value)
    return "".join(part if part[2:-1] in variables and part.startswith("${") else _plain(part) for part in parts)


def _plain(text: str) -> str:
    """Text that bake takes as it is: it would evaluate what stands in `${ }` and `%{ }` (HCL, "Template Literals")."""
    return _INTERPOLATION.sub(lambda match: match[0][0] + match[0], text)
