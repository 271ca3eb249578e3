"""Where a value names a service in host position: in URLs, keyword strings, `host:port`, or alone under a host's name.

`sites` reads a value of a consumer and changes nothing; `connection.py` rewrites what is found. `POSTGRES_DB:
postgres` beside a service `postgres` is no address: neither its form nor its name says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import Literal

from compose2aws.compose.node import Segment
from compose2aws.planning.values.connection_url import Span, Url, bare_login, urls
from compose2aws.planning.values.counterpart import Counterpart
from compose2aws.planning.values.host_names import HostNames
from compose2aws.planning.values.keyword_string import Pair, host_and_port, pairs
from compose2aws.planning.values.split_variables import Part, split_name
from compose2aws.planning.values.written import UNSET, Written

_HOST_PORT = re.compile(rf"(?<![\w.@:/${{%-])(?P<host>[A-Za-z0-9_][\w.-]*):(?P<port>\d{{1,5}}|{UNSET})(?![\w.:-])")
_SHELL = re.compile(
    r"(?:/dev/(?:tcp|udp)/(?P<dev>[\w.-]+)/(?P<dev_port>\d+)"
    r"|(?<![\w/-])(?:nc|ncat|netcat|telnet)(?:[ \t]+-\S+)*[ \t]+(?P<nc>[A-Za-z0-9_][\w.-]*)[ \t]+(?P<nc_port>\d+)"
    r"|(?<!\S)(?:-h|-H|--(?:[\w-]+-)?(?:host|hostname|server|addr|address))(?:[ \t]+|=)"
    r"[\"']?(?P<option>[A-Za-z0-9_][\w.-]*)(?![\w.:/-]))"
)
_LIST = re.compile(r"[A-Za-z0-9_][\w.-]*(?:[,; ]+[A-Za-z0-9_][\w.-]*)*\Z")
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*")
_NO_ADDRESS = frozenset(("IMAGE", "VERSION", "TAG", "TZ"))
_LOWEST_PORT = 80

# What a URL without a port means (the URI schemes' registrations).
_DEFAULT_PORTS = {
    "http": 80,
    "ws": 80,
    "https": 443,
    "wss": 443,
    "amqp": 5672,
    "amqps": 5671,
    "ftp": 21,
    "ldap": 389,
    "smtp": 25,
}


@dataclass(frozen=True, slots=True)
class Address:
    """A service in host position. `number` is the port as a number, where one is known. `guessed`: no name stands
    there but an unset variable, and only this service can be meant."""

    service: str
    host: Span
    port: Span | None = None
    number: int | None = None
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A place of a value with one address or several that belong together."""

    kind: Literal["url", "keywords", "address", "host"]
    addresses: tuple[Address, ...]
    url: Url | None = None
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the values of one consumer. `secret` tells segments whose text must not be parsed (passwords)."""

    consumer: str
    names: HostNames
    counterparts: AbstractMapping[str, Counterpart]
    secret: Callable[[Segment], bool]

    def sites(
        self,
        written: Written,
        name: str,
        part: Part | None = None,
        in_command: bool = False,
        beside: Written | None = None,
    ) -> tuple[Site, ...]:
        """All sites of a value. `name` is the variable's, `part` what it holds by its name; `in_command`: it is a word
        of one; `beside` is the password that goes with it, where another variable holds it."""
        text = written.masked(self.secret)
        if len(text) > _LONGEST:
            return ()
        found: list[Site] = []
        taken: list[Span] = []
        for url in self._urls(text):
            taken.append(url.whole)
            addresses = tuple(self._url_addresses(written, text, url))
            if addresses:
                found.append(Site("url", addresses, url))
        keywords = tuple(pair for pair in pairs(text) if not _overlaps(pair.value, taken))
        free = self._free(text, taken, name, in_command)
        if keywords:
            hosts = tuple(self._keyword_addresses(text, keywords))
            if not hosts and free:
                # `redis:6379,password=p`
                hosts, free = tuple(free), []
            if not hosts and len(found) == 1:
                # `url: jdbc:postgresql://db/app` with `username:` and `password:` on lines of their own
                hosts = tuple(Address(a.service, (0, 0)) for a in found[0].addresses[:1])
            if hosts:
                found.append(Site("keywords", hosts, pairs=keywords))
                free = [address for address in free if not any(address.host == host.host for host in hosts)]
        found += [Site("address", (address,)) for address in free]
        if not found and part in ("host", "url"):
            found += [Site("host", (address,)) for address in self._bare(written, text, name, part, beside)]
        return tuple(found)

    def guess(self, words: frozenset[str], password: Written | None = None) -> str | None:
        """The one endpoint that an unset host can mean: the one whose password stands beside it, or the only one on the
        consumer's networks that goes by one of these words."""
        near = [c for c in self.counterparts.values() if self.names.near(self.consumer, c.service)]
        if password is not None:
            same = [c for c in near if password.variables & c.password_variables]
            if len(same) == 1:
                return same[0].service
            near = same or near
        sure = {c.service: c.goes_by(words) for c in near}
        fitting = [service for service, how in sure.items() if how and how == max(sure.values())]
        return fitting[0] if len(fitting) == 1 else None

    def _urls(self, text: str) -> Iterator[Url]:
        known = self.names.all.__contains__
        found = tuple(urls(text, known))
        yield from found
        if not found and "@" in text and (url := bare_login(text, known)) is not None:
            yield url

    def _url_addresses(self, written: Written, text: str, url: Url) -> Iterator[Address]:
        for host in url.hosts:
            name = text[slice(*host.name)]
            number = _number(text, host.port)
            service = self.names.service(self.consumer, name)
            guessed = False
            if service is None and name == UNSET:
                words = frozenset(word.upper() for word in url.protocols)
                password = written.cut(*url.password) if url.password else None
                service = self.guess(words, password)
                guessed = True
            if service is None:
                continue
            if number is None and host.port is None:
                number = self._default_port(service, url)
            yield Address(service, host.name, host.port, number, guessed)

    def _default_port(self, service: str, url: Url) -> int | None:
        known = self.counterparts.get(service)
        return known.endpoint.port if known else _DEFAULT_PORTS.get(url.protocols[-1])

    def _keyword_addresses(self, text: str, keywords: tuple[Pair, ...]) -> Iterator[Address]:
        port = next((pair.value for pair in keywords if pair.keyword == "port"), None)
        for pair in keywords:
            read = host_and_port(text, pair.value) if pair.keyword == "host" else None
            service = self.names.service(self.consumer, text[slice(*read[0])]) if read else None
            if read and service:
                yield Address(service, read[0], read[1] or port, _number(text, read[1] or port))

    def _free(self, text: str, taken: list[Span], name: str, in_command: bool) -> list[Address]:
        found: list[Address] = []
        if ":" in text and not _NO_ADDRESS.intersection(split_name(name).words):
            for match in _HOST_PORT.finditer(text):
                service = self.names.service(self.consumer, match["host"])
                if service is None or _overlaps(match.span(), taken):
                    continue
                number = _number(text, match.span("port"))
                if number is None or number >= _LOWEST_PORT:
                    found.append(Address(service, match.span("host"), match.span("port"), number))
        for match in _SHELL.finditer(text) if in_command else ():
            kind = match.lastgroup or "option"
            key = "option" if kind == "option" else kind.removesuffix("_port")
            service = self.names.service(self.consumer, match[key])
            if service is None or _overlaps(match.span(key), [*taken, *(address.host for address in found)]):
                continue
            port = None if key == "option" else match.span(f"{key}_port")
            found.append(Address(service, match.span(key), port, _number(text, port)))
        return found

    def _bare(self, written: Written, text: str, name: str, part: Part, beside: Written | None) -> Iterator[Address]:
        if text == UNSET and part == "host":
            service = self.guess(frozenset(split_name(name).stem) | _words_of(written), beside)
            if service is not None:
                yield Address(service, (0, 1), guessed=True)
        elif _LIST.match(text):
            for match in _NAME.finditer(text):
                found = self.names.service(self.consumer, match[0])
                if found is not None:
                    yield Address(found, match.span())


_LONGEST = 100_000


def _words_of(written: Written) -> frozenset[str]:
    return frozenset(word for name in written.variables for word in split_name(name).stem)


def _number(text: str, span: Span | None) -> int | None:
    written = text[slice(*span)] if span else ""
    return int(written) if written.isascii() and written.isdigit() else None


def _overlaps(span: Span, taken: list[Span]) -> bool:
    return any(span[0] < stop and start < span[1] for start, stop in taken)
