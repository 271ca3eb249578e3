"""Which variables of a container are connections to the managed services, and what they tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import yaml

from tests.connection.account import ManagedService, RunningContainer
from tests.connection.servers import LOOPBACK
from tests.connection.strings import Told, is_keywords, is_url, read

DEFAULT_PORTS = {"postgres": 5432, "mysql": 3306, "redis": 6379, "mongo": 27017}


@dataclass(frozen=True)
class Split:
    """Variables that only together are a connection: the names of the one that tells the host (or a URL without login,
    or `host:port`) and of the rest. A path is a secret's file; `=value` is what the app's own code says. Every
    container that has the first has the others too."""

    host: str
    port: str | None = None
    user: str | None = None
    password: str | None = None
    database: str | None = None


@dataclass(frozen=True)
class Connection:
    """A connection that a container was given. `text` is it as one string, where it is one."""

    container: str
    variable: str
    service: ManagedService
    told: Told
    text: str | None = field(default=None, repr=False)

    def here(self, port: int) -> str | None:
        """The text with a server of this machine in the managed service's place."""
        if self.text is None:
            return None
        host = re.escape(self.service.address)
        if is_url(self.text):
            return re.sub(rf"{host}(:\d+)?", f"{LOOPBACK}:{port}", self.text)
        return re.sub(host, LOOPBACK, self.text)

    def with_password(self, password: str) -> Connection:
        """The same with another password."""
        known = self.service.password
        text = self.text.replace(known, password) if self.text and known else self.text
        return replace(self, told=replace(self.told, password=password), text=text)


def connections(
    container: RunningContainer, services: Sequence[ManagedService], splits: Sequence[Split]
) -> Iterator[Connection]:
    """Every connection among the container's variables. A document in a variable counts as a variable for each of its
    values (`CONFIGURATION.datasources.url`)."""
    values = flat(container.environment)
    together = {split.host: split for split in splits if split.host in values}
    for variable, value in values.items():
        service = next((service for service in services if service.address in value), None)
        if service is None:
            continue
        if split := together.get(variable):
            yield Connection(container.name, variable, service, _together(split, values))
        elif is_url(value) or is_keywords(value):
            yield Connection(container.name, variable, service, read(value), value)


def mentions(container: RunningContainer, services: Sequence[ManagedService]) -> set[str]:
    """The variables in whose values a managed service's address stands."""
    values = flat(container.environment)
    return {name for name, value in values.items() if any(service.address in value for service in services)}


def flat(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables, with those that hold a YAML document taken apart."""
    found: dict[str, str] = {}
    for name, value in environment.items():
        document = yaml.safe_load(value) if "\n" in value and ": " in value else None
        if isinstance(document, dict):
            found |= flat(
                {f"{name}.{key}": yaml.safe_dump(v) if isinstance(v, dict) else str(v) for key, v in document.items()}
            )
        else:
            found[name] = value
    return found


def _together(split: Split, values: Mapping[str, str]) -> Told:
    told = read(values[split.host])

    def value(name: str | None) -> str | None:
        if name is None or name.startswith("="):
            return name and name[1:]
        return values[name] or None

    port = value(split.port)
    return replace(
        told,
        port=int(port) if port else told.port,
        user=value(split.user) or told.user,
        password=value(split.password) or told.password,
        database=value(split.database) or told.database,
    )
