"""What a build needs of the project's folder, looked for before anybody builds."""

from __future__ import annotations

import posixpath

from compose2aws.compose.paths import is_remote
from compose2aws.compose.project import Project
from compose2aws.compose.volumes import clean
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.source import ServiceSource


def tell_missing(service: ServiceSource, project: Project, ledger: Ledger) -> None:
    """Finds a build context or a Dockerfile that is not there: a deployment stops at it, before it makes anything."""
    context = service.text("build", "context") or project.folder
    if is_remote(context) or context.startswith("service:"):
        return
    shown = posixpath.relpath(context, project.folder)
    if project.fact(context).kind != "folder":
        ledger.find(
            "build-context",
            "error",
            f"the build context of {service.name} is not there: {shown}",
            "make the folder, or mend `build.context`",
            service.at("build", "context"),
        )
        return
    dockerfile = service.text("build", "dockerfile")
    if dockerfile is None or service.text("build", "dockerfile_inline"):
        return
    file = clean(dockerfile if dockerfile.startswith("/") else f"{context}/{dockerfile}")
    if project.fact(file).kind == "missing":
        ledger.find(
            "build-context",
            "error",
            f"there is no {dockerfile} in the build context of {service.name}, {shown}",
            "write it, or mend `build.dockerfile`",
            service.at("build", "dockerfile") if service.get("build", "dockerfile") else service.at("build"),
        )
