"""Volumes as folders of a file system: one that no access point leads to any more is left behind, with its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compose2aws.delivery.difference.behaviour import Pattern, meets
from compose2aws.delivery.difference.model import Replacement

ACCESS_POINT = "AWS::EFS::AccessPoint"


def folder_of(body: Mapping[str, Any]) -> str | None:
    """The folder that an access point leads to; None for any other resource."""
    if body.get("Type") != ACCESS_POINT:
        return None
    path = ((body.get("Properties") or {}).get("RootDirectory") or {}).get("Path", "/")
    return path if isinstance(path, str) else None


def folders(templates: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """All folders that access points of these templates lead to."""
    found = (folder_of(body) for template in templates for body in (template.get("Resources") or {}).values())
    return frozenset(folder for folder in found if folder is not None)


def begins_empty(kind: str, changed: Iterable[Pattern], replacement: Replacement) -> bool:
    """Whether an access point leads to another folder, or to another file system: the volume's files stay behind."""
    elsewhere = any(meets(one, path) for one in changed for path in (("FileSystemId",), ("RootDirectory", "Path")))
    return kind == ACCESS_POINT and replacement == "always" and elsewhere
