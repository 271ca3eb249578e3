"""The changes that the rehearsal makes to moto, put in when it starts and taken out when it stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.cloudformation import urls as cloudformation_urls

from compose2aws.rehearsal import (
    cloud_control,
    mended_caches,
    mended_containers,
    mended_databases,
    mended_identity,
    mended_names,
    mended_network,
    mended_quotas,
)
from compose2aws.rehearsal.api import CloudFormationApi

_ABSENT = object()
_MENDED = (
    cloud_control,
    mended_caches,
    mended_containers,
    mended_databases,
    mended_identity,
    mended_names,
    mended_network,
    mended_quotas,
)


@dataclass(frozen=True)
class _Change:
    """One attribute or entry of moto that is ours while a rehearsal runs, and why."""

    target: Any
    name: str
    value: Any
    why: str


def _changes() -> list[_Change]:
    return [
        _Change(
            cloudformation_urls.url_paths,
            "{0}/$",
            CloudFormationApi.dispatch,
            "moto's own stacks skip types, never roll back and enforce next to none of CloudFormation's rules",
        ),
        *(_Change(*change) for mended in _MENDED for change in mended.CHANGES),
    ]


_before: list[tuple[_Change, Any]] = []


def install() -> None:
    """Put every change in; a second call changes nothing."""
    if _before:
        return
    for change in _changes():
        _before.append((change, _get(change.target, change.name)))
        _set(change.target, change.name, change.value)


def uninstall() -> None:
    """Take every change out again."""
    while _before:
        change, value = _before.pop()
        _set(change.target, change.name, value)


def _get(target: Any, name: str) -> Any:
    return target.get(name, _ABSENT) if isinstance(target, dict) else target.__dict__.get(name, _ABSENT)


def _set(target: Any, name: str, value: Any) -> None:
    if isinstance(target, dict):
        if value is _ABSENT:
            target.pop(name, None)
        else:
            target[name] = value
    elif value is _ABSENT:
        delattr(target, name)
    else:
        setattr(target, name, value)
