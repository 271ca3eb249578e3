"""What every family of managed services is made from, and what its clients need to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from compose2aws.catalog import ImageMapping
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.managed.login import Credentials
from compose2aws.planning.model import EngineVersion, Managed, named
from compose2aws.planning.settings import Settings
from compose2aws.planning.source import ServiceSource


@dataclass(frozen=True, slots=True)
class Draft:
    """What every family needs to make its item. `parameters` are those of its parameter group, `port` the port inside
    the compose network."""

    service: ServiceSource
    mapping: ImageMapping
    settings: Settings
    credentials: Credentials
    version: EngineVersion
    family: str
    parameters: tuple[tuple[str, str], ...]
    port: int

    @property
    def production(self) -> bool:
        return self.settings.production

    @property
    def user(self) -> str:
        """The master user; one of ours where the file names none."""
        return self.credentials.aws_user or "compose"

    @property
    def snapshot(self) -> str | None:
        """The snapshot that it begins as a copy of."""
        return self.settings.restore.get(self.service.name)

    @property
    def security_group(self) -> ResourceId:
        return named("AWS::EC2::SecurityGroup", self.service.identity, "SecurityGroup")


@dataclass(frozen=True, slots=True)
class Access:
    """How clients reach a family, where that differs from the compose file's way: see `Endpoint`. A broker's virtual
    host is its database."""

    port: int | None = None
    further_ports: tuple[tuple[int, int], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    tls: bool = False
    passwordless: bool = False
    database: str | None = None
    aws_database: str | None = None


def as_written(draft: Draft) -> Access:
    """Clients reach it as they reach the container."""
    del draft
    return Access()


def nothing_to_tell(draft: Draft, ledger: Ledger) -> None:
    """The family has no findings of its own."""
    del draft, ledger


@dataclass(frozen=True, slots=True)
class Family:
    """A family: what makes its item, how its clients reach it, what a person should read of it, and whether its data
    has backups."""

    make: Callable[[Draft], Managed]
    access: Callable[[Draft], Access] = as_written
    tell: Callable[[Draft, Ledger], None] = nothing_to_tell
    backups: bool = True
