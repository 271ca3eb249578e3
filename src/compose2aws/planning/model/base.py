"""Ids and words that the whole model shares.

Units in the model: memory and storage in MiB unless a name says otherwise, times in seconds, retention in days, CPU in
ECS units (1,024 are one vCPU). `source` is the compose path that an item comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from compose2aws.planning.identity import ResourceId, Role, Singleton, logical_id

Tier: TypeAlias = Literal["development", "production"]
SubnetKind: TypeAlias = Literal["public", "private", "isolated"]
Architecture: TypeAlias = Literal["X86_64", "ARM64"]


class OfService:
    """Something that a compose service becomes. `was` is the name under which it was made first, where the service has
    been renamed since: its ids, and all that AWS lets nobody change, are made of that name."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def service(self) -> str: ...
        @property
        def was(self) -> str | None: ...

    @property
    def identity(self) -> str:
        """The name that its ids are made of."""
        return self.was or self.service


def singleton(resource_type: str, name: Singleton) -> ResourceId:
    """The id of a resource that a project has one of."""
    return ResourceId(resource_type, name)


def named(resource_type: str, name: str, role: Role) -> ResourceId:
    """The id of a resource that a named thing (service, network, volume, variable) becomes."""
    return ResourceId(resource_type, logical_id(name, role))
