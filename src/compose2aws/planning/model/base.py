"""Ids and words that the whole model shares.

Units in the model: memory and storage in MiB unless a name says otherwise, times in seconds, retention in days, CPU in
ECS units (1,024 are one vCPU). `source` is the compose path that an item comes from.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from compose2aws.planning.identity import ResourceId, Role, Singleton, logical_id

Tier: TypeAlias = Literal["development", "production"]
SubnetKind: TypeAlias = Literal["public", "private", "isolated"]
Architecture: TypeAlias = Literal["X86_64", "ARM64"]


def singleton(resource_type: str, name: Singleton) -> ResourceId:
    """The id of a resource that a project has one of."""
    return ResourceId(resource_type, name)


def named(resource_type: str, name: str, role: Role) -> ResourceId:
    """The id of a resource that a named thing (service, network, volume, variable) becomes."""
    return ResourceId(resource_type, logical_id(name, role))
