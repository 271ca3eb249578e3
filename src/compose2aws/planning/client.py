"""One container's values: its addresses are found first, then what goes with them, then each value is written anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from compose2aws.compose.node import Mapping, Node, Path, Scalar, Segment, Sequence, find
from compose2aws.planning.address import Reader, Site
from compose2aws.planning.companion import Companion, carried, companions
from compose2aws.planning.concealment import Concealment, Place, option_name
from compose2aws.planning.connection import Carried, Rewrite, rewrite
from compose2aws.planning.connection_form import connection_url
from compose2aws.planning.container_values import ContainerValues, Reference
from compose2aws.planning.counterpart import Counterpart
from compose2aws.planning.host_names import HostNames
from compose2aws.planning.identity import ResourceId, digest
from compose2aws.planning.invocation import Invocation, injected, run_line, script_at, with_variables
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model.base import named
from compose2aws.planning.model.workload import EnvironmentVariable
from compose2aws.planning.parameter_book import ParameterBook, master_login
from compose2aws.planning.secrecy import connection_name
from compose2aws.planning.split_variables import belongs, split_name
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.written import Edit, Written, rewritten, shown


@dataclass(frozen=True, slots=True)
class Stage:
    """What the values of all containers share."""

    root: Mapping
    ledger: Ledger
    names: HostNames
    counterparts: dict[str, Counterpart]
    concealment: Concealment
    book: ParameterBook
    served: set[str] = field(default_factory=set)
    """The endpoints whose login reached a container, or whose clients have logins of their own."""


@dataclass(frozen=True, slots=True)
class _Value:
    """One value with where it stands, and the addresses in it. `name` is the variable's, or the option's before it."""

    name: str
    path: Path
    written: Written
    sites: tuple[Site, ...] = ()
    bare: bool = False


@dataclass(slots=True)
class _Client:
    """The values of one service while they are worked on."""

    stage: Stage
    service: str
    environment: dict[str, _Value]
    entrypoint: tuple[_Value, ...] | None
    command: tuple[_Value, ...] | None
    health: tuple[_Value, ...] | None
    labels: tuple[_Value, ...]
    related: tuple[str, ...] = ()
    companions: dict[str, Companion] = field(default_factory=dict)
    carried: dict[str, Carried] = field(default_factory=dict)
    variables: dict[str, EnvironmentVariable] = field(default_factory=dict)

    @property
    def task(self) -> ResourceId:
        return named("AWS::ECS::TaskDefinition", self.service, "TaskDefinition")

    @property
    def values(self) -> Iterator[_Value]:
        yield from self.environment.values()
        for words in (self.entrypoint, self.command, self.health, self.labels):
            yield from words or ()


def container_values(stage: Stage, service: str) -> ContainerValues:
    """All values of a service that runs as a container, decided in the ledger."""
    client = _read(stage, service)
    for value in client.environment.values():
        client.variables[value.name] = _variable(client, value)
    health = _health(client)
    invocation = _invocation(client)
    labels = tuple(_labels(client))
    return ContainerValues(
        environment=tuple(client.variables.values()),
        entrypoint=invocation.entrypoint,
        command=invocation.command,
        health_command=health,
        labels=labels,
        references=tuple(_references(client)),
    )


def _read(stage: Stage, service: str) -> _Client:
    node = find(stage.root, ("services", service)) or Mapping({}, stage.root.position)
    reader = Reader(service, stage.names, stage.counterparts, stage.concealment.secret)
    environment = {value.name: value for value in _entries(node, service, "environment")}
    passwords = {n.stem: v.written for v in environment.values() if (n := split_name(v.name)).part == "password"}

    def beside(value: _Value) -> Written | None:
        if not value.written.unset:
            return None
        stem = split_name(value.name).stem
        best = max(passwords, key=lambda other: belongs(other, stem), default=None)
        return passwords[best] if best is not None and belongs(best, stem) >= 2 else None

    for key, value in environment.items():
        part = split_name(key).part
        environment[key] = replace(value, sites=reader.sites(value.written, key, part, beside=beside(value)))

    def words(*steps: str) -> tuple[_Value, ...] | None:
        sequence = find(node, steps)
        if not isinstance(sequence, Sequence):
            return None
        return tuple(_words(sequence, ("services", service, *steps), reader))

    client = _Client(
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
    return client


def _entries(node: Node, service: str, section: str) -> Iterator[_Value]:
    entries = find(node, (section,))
    for key, scalar in entries.entries.items() if isinstance(entries, Mapping) else ():
        if not isinstance(scalar, Scalar):
            continue
        bare = scalar.value is None and not scalar.segments and section == "environment"
        # a bare KEY whose variable is not set is that variable, unset
        written = Written((Segment("", (key,), "unset"),)) if bare else Written.of(scalar)
        yield _Value(key, ("services", service, section, key), written, bare=bare)


def _words(sequence: Sequence, path: Path, reader: Reader) -> Iterator[_Value]:
    before = ""
    for item in sequence.items:
        if isinstance(item, Scalar):
            written = Written.of(item)
            option = option_name(before)
            part = "host" if option in ("h", "H") else split_name(option).part if option else None
            yield _Value(option, path, written, reader.sites(written, option, part, in_command=True))
            before = item.text


def _related(client: _Client, depends_on: Node | None) -> Iterator[str]:
    """The endpoints that a service uses, as far as the file tells: named in a value, depended on, or a password
    shared."""
    counterparts, found = client.stage.counterparts, dict[str, None]()
    for value in client.values:
        found.update((a.service, None) for site in value.sites for a in site.addresses if a.service in counterparts)
    found.update((key, None) for key in (depends_on or ()) if key in counterparts)  # type: ignore[union-attr]
    variables = {name for v in client.environment.values() for name in v.written.variables}
    for service, of in counterparts.items():
        if (
            service not in found
            and variables & of.password_variables
            and client.stage.names.near(client.service, service)
        ):
            found[service] = None
    yield from found


def _references(client: _Client) -> Iterator[Reference]:
    seen: dict[Reference, None] = {}
    for value in client.values:
        for site in value.sites:
            for address in site.addresses:
                number = address.number
                of = client.stage.counterparts.get(address.service)
                if number is None and of is not None:
                    number = of.endpoint.port
                seen[Reference(address.service, number, value.path)] = None
    yield from seen


def _variable(client: _Client, value: _Value) -> EnvironmentVariable:
    """One variable of the environment."""
    stage, written = client.stage, value.written
    place = Place(client.service, value.name, value.path, client.related, alone=True)
    filled = _filled(client, value)
    if filled is not None:
        return _recorded(
            client, value, filled, f"was ${{{written.segments[0].variables[0]}}}, which is not set, is {filled}"
        )
    companion = client.companions.get(value.name)
    result = Rewrite()
    if companion is not None:
        result.edits += _companion_edits(stage, written, companion)
        if companion.whose != "own":
            result.logins.append((companion.service, companion.whose))
    else:
        result = rewrite(written, value.sites, stage.counterparts, client.carried)
    _report_users(client, value, result)
    place = replace(place, alone=not result.edits and written.whole_variable is not None)
    untouched = stage.concealment.untouched(place)
    edits = stage.concealment.conceal(written, place, result.edits)
    if value.bare and not result.edits:
        secret = connection_name(value.name) or stage.concealment.secret(written.segments[0])
        hole = stage.book.variable(value.name, value.path, secret=secret, optional=True)
        text = Text.of(hole)
    else:
        text = rewritten(written, edits, untouched)
    reason = ""
    if result.edits:
        reason = f"was {shown(written, edits, untouched) or 'empty'}, is {text if text.parts else 'empty'}"
    return _recorded(client, value, text, reason)


def _recorded(client: _Client, value: _Value, text: Text, reason: str) -> EnvironmentVariable:
    """The variable, and the decision on it; `reason` tells of a connection that was rewritten."""
    variable = _delivered(client.stage, value.name, text, value.path)
    if value.bare and (only := next(iter(text.holes), None)) is not None and client.stage.book.optional(only):
        variable = replace(variable, only_if=only.of, when_empty="absent")
    parameters = ", ".join(dict.fromkeys(h.of for h in text.holes if h.fact in ("parameter", "secret-parameter")))
    becomes = (client.task, variable.secret) if variable.secret is not None else (client.task,)
    if reason:
        client.stage.ledger.record(value.path, "adapted", becomes, code="connection", reason=reason)
    elif text.sensitive:
        why = f"a secret: the parameter {parameters} holds it"
        client.stage.ledger.record(value.path, "translated", becomes, code="secret", reason=why)
    elif text.holes:
        why = f"not set here: the parameter {parameters} holds it"
        client.stage.ledger.record(value.path, "adapted", becomes, code="unset-variable", reason=why)
    else:
        client.stage.ledger.record(value.path, "translated", becomes)
    return variable


def _delivered(stage: Stage, name: str, text: Text, path: Path) -> EnvironmentVariable:
    """How a text reaches its container: as plain environment, or through a secret."""
    stage.served.update(hole.of for hole in text.holes if hole.fact == "password")
    if not text.sensitive:
        return EnvironmentVariable(name, text, source=path)
    only = text.parts[0]
    if len(text.parts) == 1 and isinstance(only, Hole) and only.fact == "password":
        return EnvironmentVariable(name, text, master_login(only.of), "password", source=path)
    return EnvironmentVariable(name, text, stage.book.stored(text, path), source=path)


def _filled(client: _Client, value: _Value) -> Text | None:
    """The URL for an unset `*_URL` that can mean one endpoint only."""
    whole = value.written.whole_variable
    if whole is None or whole.origin != "unset" or whole.message is not None:
        return None
    variable, reader = whole.variables[0], Reader(client.service, client.stage.names, client.stage.counterparts, _never)
    words = frozenset(word for name in (value.name, variable) for word in split_name(name).words)
    service = reader.guess(words)
    if service is None:
        return None
    of = client.stage.counterparts[service]
    # `COMMENTO_POSTGRES` is an address too: nothing else ends in the engine's name
    engine = split_name(value.name).words[-1:]
    if not (connection_name(value.name) or connection_name(variable) or of.goes_by(frozenset(engine)) == 2):
        return None
    text = connection_url(of.endpoint, jdbc=bool(words & {"JDBC", "SPRING"}))
    client.stage.ledger.find(
        "connection-filled",
        "note",
        f"{value.name} of {client.service} has no value here; it is filled with the address of {service}, the only "
        "service that it can mean",
        f"set {variable} where another is meant",
        value.path,
    )
    return text


def _companion_edits(stage: Stage, written: Written, companion: Companion) -> list[Edit]:
    """What becomes of a variable that holds one part of an address."""
    endpoint, length = stage.counterparts[companion.service].endpoint, len(written.text)
    service, part, whose = companion.service, companion.part, companion.whose
    if part in ("user", "password") and endpoint.passwordless:
        return [Edit(0, length, (), hides=part == "password")] if length else []
    if part == "password" and whose != "foreign" and (length or companion.score >= 2):
        return [Edit(0, length, (Hole("password", service),), hides=True)]
    if part == "user" and whose == "own":
        return [Edit(0, length, (Hole("user", service),))]
    if part == "database" and written.known != endpoint.aws_database:
        return [Edit(0, length, (Hole("database", service),))]
    if part == "port" and written.known != str(endpoint.aws_port):
        return [Edit(0, length, (Hole("port", service),))]
    return []


def _report_users(client: _Client, value: _Value, result: Rewrite) -> None:
    for service in result.foreign:
        client.stage.served.add(service)
        client.stage.ledger.find(
            "database-user-unknown",
            "warning",
            f"{value.name or value.path[-1]} of {client.service} logs in to {service} as a user that the compose file "
            "does not make; AWS makes one user alone, so this one keeps its name and must be made by an init script or "
            "by the app",
            f"make the user in an init script of {service}, or use the user of its image's variables",
            value.path,
        )
    for site in value.sites:
        for address in site.addresses:
            if address.guessed:
                client.stage.ledger.find(
                    "connection-filled",
                    "note",
                    f"the host in {value.name or value.path[-1]} of {client.service} has no value here; "
                    f"{address.service} is the only service that it can mean",
                    "set the variable where another is meant",
                    value.path,
                )


def _text(client: _Client, value: _Value) -> Text:
    """The text of a word or a label."""
    stage = client.stage
    key = str(value.path[2] if value.path[2] != "labels" else f"labels.{value.path[-1]}")
    result = rewrite(value.written, value.sites, stage.counterparts, client.carried)
    _report_users(client, value, result)
    place = Place(client.service, key, value.path, client.related, word=value.path[2] != "labels")
    edits = stage.concealment.conceal(value.written, place, result.edits, value.name)
    return rewritten(value.written, edits, stage.concealment.untouched(place))


@dataclass(frozen=True, slots=True)
class _Naming:
    """Gives a hole its environment variable: one that the container has already, else a new one."""

    client: _Client
    path: Path

    def __call__(self, hole: Hole) -> str:
        text = Text.of(hole)
        for variable in self.client.variables.values():
            if variable.text == text and variable.only_if is None and re.fullmatch(r"[A-Za-z_]\w*", variable.name):
                return variable.name
        if "parameter" in hole.fact:
            name = f"COMPOSE2AWS_{hole.of}"
        else:
            name = "COMPOSE2AWS_" + re.sub(r"[^A-Za-z0-9]", "_", f"{hole.of}_{hole.fact}").upper()
            if not re.fullmatch(r"[a-z][a-z0-9]*", hole.of):
                name += f"_{digest(hole.of).upper()}"
        self.client.variables[name] = _delivered(self.client.stage, name, text, self.path)
        return name


def _invocation(client: _Client) -> Invocation:
    ledger = client.stage.ledger
    texts: dict[str, tuple[Text, ...] | None] = {}
    for section, values in (("entrypoint", client.entrypoint), ("command", client.command)):
        texts[section] = None if values is None else tuple(_text(client, value) for value in values)
    before = Invocation(texts["entrypoint"], texts["command"])
    where = "command" if any(text.sensitive for text in before.command or ()) else "entrypoint"
    path: Path = ("services", client.service, where)
    after = with_variables(before, _Naming(client, path))
    if after is None:
        ledger.refuse(
            path,
            "secret-in-command",
            f"the {where} of {client.service} holds a secret, which everyone who may read the task definition would "
            "see; it can be kept out only by a shell, and the image's own entrypoint might not run one",
            "write the service's `entrypoint`, run the command by `sh -c`, or give the secret as a variable of the "
            "environment",
        )
        return Invocation(before.entrypoint, None)
    for section in ("entrypoint", "command"):
        _decide_words(client, section, texts[section], after != before)
    return after


def _decide_words(client: _Client, section: str, texts: tuple[Text, ...] | None, by_shell: bool) -> None:
    path: Path = ("services", client.service, section)
    node = find(client.stage.root, path)
    if node is None:
        return
    if texts is None:
        client.stage.ledger.record(path, "inert", reason="the image's own counts, as without the key")
        return
    changed = [text for text in texts if text.holes]
    reason = "; ".join(f"one word is {text}" for text in changed)
    if by_shell and any(text.sensitive for text in texts):
        reason = f"a shell of the container puts its secrets in: {reason}"
    outcome = "adapted" if changed else "translated"
    client.stage.ledger.record(path, outcome, client.task, code="connection" if changed else "", reason=reason)  # type: ignore[arg-type]


def _health(client: _Client) -> tuple[str, ...] | None:
    if client.health is None:
        return None
    texts = [_text(client, value) for value in client.health]
    plain = tuple(text.literal for text in texts)
    if all(word is not None for word in plain):
        return tuple(word or "" for word in plain)
    naming = _Naming(client, ("services", client.service, "healthcheck", "test"))
    kind, words = texts[0].literal, tuple(texts[1:])
    if kind == "CMD-SHELL":
        return ("CMD-SHELL", *(str(injected(word, naming, every=True)) for word in words))
    script = script_at(words)
    if script is not None and all(not word.holes for at, word in enumerate(words) if at != script):
        return ("CMD", *(str(injected(word, naming, every=True)) for word in words))
    return ("CMD-SHELL", run_line(words, naming))


def _labels(client: _Client) -> Iterator[tuple[str, Text]]:
    for value in client.labels:
        text = _text(client, value)
        if text.sensitive:
            client.stage.ledger.drop(
                value.path,
                "secret-in-label",
                f"the label {value.name} of {client.service} holds a secret, and everyone who may read the task "
                "definition reads its labels",
                "take the secret out of the label",
            )
            continue
        outcome = "adapted" if text.holes else "translated"
        client.stage.ledger.record(value.path, outcome, client.task)  # type: ignore[arg-type]
        yield value.name, text


def _never(_: Segment) -> bool:
    return False
