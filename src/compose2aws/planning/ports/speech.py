"""What published ports speak: HTTP, or something else over TCP. Told by what stands in the project, the surest first.

A target that is taken for HTTP and is none never becomes healthy, and its release is rolled back; so where nothing
tells, a finding says what was taken for granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compose2aws.catalog.port_table import PortTable, Speech, port_table
from compose2aws.compose import node as tree
from compose2aws.compose.project import Project
from compose2aws.planning.kind import Kind
from compose2aws.planning.mounted_address import mounted_texts
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.values.host_names import HostNames

_URL = re.compile(
    r"(?<![\w+.-])(?P<scheme>[A-Za-z][\w+.-]{0,40})://(?:[^\s/@,\"']*@)?"
    r"(?P<host>\[[0-9A-Fa-f:]*\]|[A-Za-z0-9_.-]*)(?::(?P<port>\d{1,5})(?!\d))?"
)
_DIRECTIVE = re.compile(r"(?<!\w)(?P<word>[a-z]+_pass)\s+(?P<host>[A-Za-z0-9_][\w.-]*):(?P<port>\d{1,5})(?!\d)")
_LOCAL = frozenset(("", "localhost", "127.0.0.1", "0.0.0.0", "[::]", "[::1]"))  # noqa: S104 - read, not listened on
_OWN_ADDRESS = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])?:(?P<port>\d{2,5})(?!\d)")
_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}

Spoken = Mapping[tuple[str, int], Speech]
"""By service and container port."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text of a service; `name` is its variable's, option's or label's."""

    name: str
    text: str


def spoken(project: Project, kinds: Mapping[str, Kind], names: HostNames) -> dict[tuple[str, int], Speech]:
    """What the addresses of the project tell: values and mounted files that name a port with a scheme, health checks,
    and what is told to proxies. An `http://` that one of them writes is believed more than another scheme."""
    table = port_table()
    owners = dict(_published(kinds))
    found: dict[tuple[str, int], Speech] = {}

    def tell(service: str, port: int, speech: Speech) -> None:
        if found.get((service, port)) != "http":
            found[service, port] = speech

    for kind in kinds.values():
        service = kind.source
        own = {service.whole("ports", index, "target") for index in range(len(service.items("ports")))}
        for text in _texts(service, project):
            told = table.behind_proxy(text.name)
            if told and text.text.strip().isdigit():
                tell(service.name, int(text.text), told)
            for host, port, speech in _addresses(text, table):
                called = names.service(service.name, host)
                if called is not None:
                    tell(called, port, speech)
                elif host in _LOCAL or names.means(host, service.name):
                    if port in own or port not in owners:
                        tell(service.name, port, speech)
                    else:
                        tell(*owners[port], speech)
        for port, speech in _asked(service.texts("healthcheck", "test"), table):
            tell(service.name, port, speech)
    return found


def _published(kinds: Mapping[str, Kind]) -> Iterator[tuple[int, tuple[str, int]]]:
    for kind in kinds.values():
        for index in range(len(kind.source.items("ports"))):
            published, target = (kind.source.whole("ports", index, key) for key in ("published", "target"))
            if published and target:
                yield published, (kind.source.name, target)


def _texts(service: ServiceSource, project: Project) -> Iterator[_Text]:
    for key in ("environment", "labels", "command", "entrypoint"):
        node = service.get(key)
        before = ""
        for path, leaf in tree.leaves(node, ()) if node else ():
            if isinstance(leaf, tree.Scalar):
                named = isinstance(node, tree.Mapping)
                option, equals, _ = leaf.text.partition("=")
                name = str(path[-1]) if named else option if equals and option.startswith("-") else before
                yield _Text(name.lstrip("-"), leaf.text)
                before = leaf.text if leaf.text.startswith("-") else ""
    yield from (_Text("", word) for word in service.texts("healthcheck", "test"))
    for mounted in mounted_texts(service, project):
        lines = (line for line in mounted.text.splitlines() if not line.lstrip().startswith(("#", "//", ";")))
        yield _Text("", "\n".join(lines))


def _addresses(text: _Text, table: PortTable) -> Iterator[tuple[str, int, Speech]]:
    for match in _DIRECTIVE.finditer(text.text) if "_pass" in text.text else ():
        if match["word"] in table.directives:
            yield match["host"], int(match["port"]), table.directives[match["word"]]
    if "://" not in text.text:
        return
    listens = table.listeners.match(re.sub(r"[^A-Z0-9]", "_", text.name.upper())) is not None
    for match in _URL.finditer(text.text):
        scheme = match["scheme"].lower()
        speech = "tcp" if listens else table.of_scheme(scheme)
        port = int(match["port"]) if match["port"] else _DEFAULT_PORTS.get(scheme)
        if speech is not None and port is not None:
            yield match["host"], port, speech


def _asked(test: tuple[str, ...], table: PortTable) -> Iterator[tuple[int, Speech]]:
    """The ports of its own container that a health check asks, and by what."""
    text = " ".join(test)
    if "://" in text:
        return  # read as an address
    words = re.split(r"[\s;|&]+", text)
    speech = next((told for word in words if (told := table.asking.get(word.rpartition("/")[2]))), None)
    if speech is not None:
        for match in _OWN_ADDRESS.finditer(text):
            yield int(match["port"]), speech


def speech_of(kind: Kind, index: int, spoken: Spoken) -> Speech | None:
    """What a TCP port of `ports` speaks; None where nothing tells."""
    service, table = kind.source, port_table()
    target = service.whole("ports", index, "target") or 0
    chosen = service.settings.protocol
    if chosen in ("http", "tcp"):
        return "http" if chosen == "http" else "tcp"
    application = service.text("ports", index, "app_protocol")
    if application:
        # gRPC needs HTTP/2 up to the container, which the balancer's HTTP listener does not have without TLS
        return "http" if application.startswith(("http", "ws")) else "tcp"
    told = _of_image(kind, target) or ("tcp" if target in table.grpc else None) or spoken.get((service.name, target))
    if told:
        return told
    words = re.split(r"[^a-z0-9]+", (service.text("ports", index, "name") or "").lower())
    named = next((table.names[word] for word in words if word in table.names), None)
    if named or target in table.tcp:
        return named or "tcp"
    if target in table.http:
        return "http"
    published = service.text("ports", index, "published") or ""
    return "tcp" if published.isdigit() and int(published) in table.tcp | table.grpc else None


def _of_image(kind: Kind, target: int) -> Speech | None:
    own = dict(kind.mapping.protocols).get(target) if kind.mapping else None
    if own in ("http", "tcp"):
        return "http" if own == "http" else "tcp"
    known = kind.image is not None and "build" not in kind.source.node
    return port_table().of_image(kind.image, target) if known and kind.image else None
