"""What a container is told: the result of the stage of values for one service."""

from __future__ import annotations

from dataclasses import dataclass

from compose2aws.compose.node import Path
from compose2aws.planning.model.workload import EnvironmentVariable
from compose2aws.planning.text import Text


@dataclass(frozen=True, slots=True)
class Reference:
    """A compose service that a value names in host position, moved or not; `port` where one is known, `path` the
    value's."""

    service: str
    port: int | None
    path: Path


@dataclass(frozen=True, slots=True)
class ContainerValues:
    """The texts of one container. `entrypoint` and `command` are None where the image's own count and empty where the
    file clears them; `health_command` is the test (`CMD …`, `CMD-SHELL …`, `NONE`), None where there is none."""

    environment: tuple[EnvironmentVariable, ...] = ()
    entrypoint: tuple[Text, ...] | None = None
    command: tuple[Text, ...] | None = None
    health_command: tuple[str, ...] | None = None
    labels: tuple[tuple[str, Text], ...] = ()
    references: tuple[Reference, ...] = ()
