"""Compose `configs:` as files: what an entry of a service stands for, or why it cannot be part of an image.

Source: Compose Specification, "configs": a config's content is a file, a text, or a variable of the environment.
"""

from __future__ import annotations

from dataclasses import dataclass

from compose2aws.compose.node import Mapping, Scalar, Segment
from compose2aws.compose.project import Project
from compose2aws.planning.layered_image import BakedFile
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.values.secrecy import secret_name, secret_spans


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a config is no file: what `Ledger.refuse` wants to know."""

    code: str
    reason: str
    remedy: str


def config_target(service: ServiceSource, index: int) -> str:
    """Where the container expects the entry: its target, else its name at the root."""
    return service.text("configs", index, "target") or f"/{service.text('configs', index, 'source') or ''}"


def plan_config(service: ServiceSource, index: int, project: Project, ledger: Ledger) -> BakedFile | None:
    """The file that an entry of a service's `configs` becomes; None where it is refused."""
    found = read_config(service, index, project)
    if isinstance(found, BakedFile):
        return found
    ledger.refuse(service.at("configs", index), found.code, found.reason, found.remedy)
    return None


def read_config(service: ServiceSource, index: int, project: Project) -> BakedFile | Unreadable:
    """The file that an entry of a service's `configs` stands for, or why there is none."""
    name = service.text("configs", index, "source") or ""
    path, target = service.at("configs", index), config_target(service, index)
    mode = service.text("configs", index, "mode")
    declared = project.root.get("configs")
    config = declared.get(name) if isinstance(declared, Mapping) else None
    entries = config.entries if isinstance(config, Mapping) else {}
    file, content, variable = (entries.get(key) for key in ("file", "content", "environment"))
    if isinstance(file, Scalar):
        if project.fact(file.text).kind == "file":
            return BakedFile(target, file.text, mode=mode, path=path)
        reason = f"the file of the config {name} is not there, so it cannot be made part of the image"
        return Unreadable("config-not-readable", reason, "add the file")
    if isinstance(content, Scalar):
        if secret_spans(content.text) or any(_is_secret(part) for part in content.parts):
            return _secret(name)
        unset = [part.variables[0] for part in content.parts if part.origin == "unset" and part.variables]
        return _unset(name, unset[0]) if unset else BakedFile(target, text=content.text, mode=mode, path=path)
    if isinstance(variable, Scalar):
        value = project.environment.get(variable.text)
        if secret_name(variable.text) or (value and secret_spans(value)):
            return _secret(name)
        return _unset(name, variable.text) if value is None else BakedFile(target, text=value, mode=mode, path=path)
    reason = f"the content of the config {name} is not in the project, so it cannot be made part of the image"
    return Unreadable("config-not-readable", reason, "give it as `file` or `content`")


def _is_secret(part: Segment) -> bool:
    return any(secret_name(variable) for variable in part.variables)


def _secret(name: str) -> Unreadable:
    return Unreadable(
        "secret-in-config",
        f"the config {name} has a secret in it, and images.bake.json, which would hold it, holds none",
        "declare it under `secrets`, with the same target",
    )


def _unset(name: str, variable: str) -> Unreadable:
    reason = f"the config {name} needs the variable {variable}, which is not set, and is to be part of an image"
    return Unreadable("config-not-readable", reason, f"set {variable} in the environment or in .env")
