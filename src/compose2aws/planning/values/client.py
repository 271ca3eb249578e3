"""One container's values before anything is changed: where each stands, the addresses in it, and what goes with
them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace

from compose2aws.compose.node import Mapping, Node, Path, Scalar, Sequence, find
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model.base import named
from compose2aws.planning.model.workload import EnvironmentVariable
from compose2aws.planning.source import first_name
from compose2aws.planning.values.address import Reader, Site
from compose2aws.planning.values.client_tls import is_off, is_on, is_switch_of, switched, untold
from compose2aws.planning.values.command_line import client_secrets, command_words
from compose2aws.planning.values.companion import Companion, carried, companions
from compose2aws.planning.values.concealment import Concealment, option_name
from compose2aws.planning.values.connection import Carried
from compose2aws.planning.values.container_values import Reference
from compose2aws.planning.values.counterpart import Counterpart
from compose2aws.planning.values.host_names import HostNames
from compose2aws.planning.values.parameter_book import ParameterBook
from compose2aws.planning.values.split_variables import belongs, lists_names, part_of, split_name
from compose2aws.planning.values.written import Written, of_entry


@dataclass(frozen=True, slots=True)
class Stage:
    """What the values of all containers share."""

    root: Mapping
    ledger: Ledger
    names: HostNames
    counterparts: dict[str, Counterpart]
    concealment: Concealment
    book: ParameterBook
    entrypoints: AbstractMapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The images' own entrypoints, by service, where they are known and have a shell."""
    served: set[str] = field(default_factory=set)
    """The endpoints whose login reached a container, or whose clients have logins of their own."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value with where it stands, and the addresses in it. `name` is the variable's, or the option's before it;
    `hidden` a stretch that the words before it tell to be a secret."""

    name: str
    path: Path
    written: Written
    sites: tuple[Site, ...] = ()
    bare: bool = False
    hidden: tuple[int, int] | None = None


@dataclass(slots=True)
class TlsVariables:
    """What variables tell a client to use TLS: those that are switched on, with what they say then; those that are
    added, with the value whose address they go with; and the addresses, as name and service, that need no more."""

    switched: dict[str, str] = field(default_factory=dict)
    added: dict[str, tuple[str, Value]] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class Client:
    """The values of one service while they are worked on."""

    stage: Stage
    service: str
    environment: dict[str, Value]
    entrypoint: tuple[Value, ...] | None
    command: tuple[Value, ...] | None
    health: tuple[Value, ...] | None
    labels: tuple[Value, ...]
    related: tuple[str, ...] = ()
    companions: dict[str, Companion] = field(default_factory=dict)
    carried: dict[str, Carried] = field(default_factory=dict)
    variables: dict[str, EnvironmentVariable] = field(default_factory=dict)
    tls: TlsVariables = field(default_factory=TlsVariables)

    @property
    def task(self) -> ResourceId:
        """A service in another's network (`network_mode: service:x`) is a container of that one's task."""
        owner, seen = self.service, {self.service}
        while True:
            mode = find(self.stage.root, ("services", owner, "network_mode"))
            other = mode.text.removeprefix("service:") if isinstance(mode, Scalar) else ""
            if not isinstance(mode, Scalar) or other == mode.text or other in seen:
                return named("AWS::ECS::TaskDefinition", first_name(self.stage.root, owner), "TaskDefinition")
            owner = other
            seen.add(other)

    @property
    def values(self) -> Iterator[Value]:
        yield from self.environment.values()
        for words in (self.entrypoint, self.command, self.health, self.labels):
            yield from words or ()


def read_client(stage: Stage, service: str) -> Client:
    """The values of a service that runs as a container."""
    node = find(stage.root, ("services", service)) or Mapping({}, stage.root.position)
    reader = Reader(service, stage.names, stage.counterparts, stage.concealment.secret)
    environment = {value.name: value for value in _entries(node, service, "environment")}
    passwords = {n.stem: v.written for v in environment.values() if (n := split_name(v.name)).part == "password"}

    def beside(value: Value) -> Written | None:
        if not value.written.unset:
            return None
        stem = split_name(value.name).stem
        best = max(passwords, key=lambda other: belongs(other, stem), default=None)
        return passwords[best] if best is not None and belongs(best, stem) >= 2 else None

    for key, value in environment.items():
        if not lists_names(key):
            part = part_of(key, value.written.text, environment)
            environment[key] = replace(value, sites=reader.sites(value.written, key, part, beside=beside(value)))

    def words(*steps: str) -> tuple[Value, ...] | None:
        sequence = find(node, steps)
        if not isinstance(sequence, Sequence):
            return None
        return tuple(_words(sequence, ("services", service, *steps), reader))

    client = Client(
        stage=stage,
        service=service,
        environment=environment,
        entrypoint=words("entrypoint"),
        command=words("command"),
        health=words("healthcheck", "test"),
        labels=tuple(
            replace(value, sites=reader.sites(value.written, value.name)) for value in _entries(node, service, "labels")
        ),
    )
    client.related = tuple(_related(client, find(node, ("depends_on",))))
    written = {key: value.written for key, value in environment.items()}
    sites = {key: value.sites for key, value in environment.items()}
    client.companions = companions(written, sites, stage.counterparts, client.related)
    client.carried = carried(client.companions.values())
    client.tls = _tls_variables(client)
    return client


def _tls_variables(client: Client) -> TlsVariables:
    """Variables that say TLS for the addresses which cannot: those that the mapping knows, and switches of the file."""
    found = TlsVariables()
    counterparts, environment = client.stage.counterparts, client.environment
    for value in environment.values():
        for service in dict.fromkeys(untold(value.written, value.sites, counterparts)):
            known = counterparts[service].endpoint.mapping.client_tls.variables.get(value.name, ())
            beside = {name: _switch(environment, name, value.name) for name in environment}
            switches = {name: text for name, text in beside.items() if text is not None}
            for name, text in known:
                before = environment[name].written if name in environment else None
                if before is None:
                    found.added[name] = (text, value)
                elif before.known == "" or (is_off(before) and before.known != text):
                    switches[name] = text
            for name, text in switches.items():
                if text != environment[name].written.known:
                    found.switched[name] = text
            on = {*found.added, *switches, *(n for n in environment if is_on(environment[n].written))}
            if switches or (known and all(name in on for name, _ in known)):
                found.told.add((value.name, service))
    return found


def _switch(environment: AbstractMapping[str, Value], name: str, address: str) -> str | None:
    """What a variable says when it tells the client of an address to use TLS; None where it is no such switch."""
    return switched(environment[name].written) if is_switch_of(name, address) else None


def _entries(node: Node, service: str, section: str) -> Iterator[Value]:
    entries = find(node, (section,))
    for key, scalar in entries.entries.items() if isinstance(entries, Mapping) else ():
        if not isinstance(scalar, Scalar):
            continue
        bare = scalar.value is None and section == "environment"
        written = of_entry(key, scalar) if bare else Written.of(scalar)
        yield Value(key, ("services", service, section, key), written, bare=bare)


def _words(sequence: Sequence, path: Path, reader: Reader) -> Iterator[Value]:
    before = ""
    words = command_words(sequence)
    hidden = client_secrets(words)
    for at, written in enumerate(words):
        option = option_name(before)
        part = "host" if option in ("h", "H") else part_of(option, written.text) if option else None
        sites = () if lists_names(option) else reader.sites(written, option, part, in_command=True)
        yield Value(option, path, written, sites, hidden=hidden.get(at))
        before = written.text


def _related(client: Client, depends_on: Node | None) -> Iterator[str]:
    """The endpoints that a service uses, as far as the file tells: named in a value, depended on, or a password
    shared."""
    counterparts, found = client.stage.counterparts, dict[str, None]()
    for value in client.values:
        found.update((a.service, None) for site in value.sites for a in site.addresses if a.service in counterparts)
    found.update((key, None) for key in (depends_on if isinstance(depends_on, Mapping) else ()) if key in counterparts)
    variables = {name for v in client.environment.values() for name in v.written.variables}
    for service, of in counterparts.items():
        if (
            service not in found
            and variables & of.password_variables
            and client.stage.names.near(client.service, service)
        ):
            found[service] = None
    yield from found


def references(client: Client) -> tuple[Reference, ...]:
    """Every service that the values name in host position."""
    seen: dict[Reference, None] = {}
    for value in client.values:
        for site in value.sites:
            for address in site.addresses:
                number = address.number
                of = client.stage.counterparts.get(address.service)
                if number is None and of is not None:
                    number = of.endpoint.port
                seen[Reference(address.service, number, value.path)] = None
    return tuple(seen)
