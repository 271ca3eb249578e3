"""Connection URLs, cut into their parts and no further: every part is a span of the text, so that the rest stays as it
is.

`jdbc:postgresql://u:p@db:5432/app?x=1`, `mongodb://a:27017,b:27017/app`, `postgresql+asyncpg://…`, and Go's
`u:p@tcp(db:3306)/app`. A user's password may hold anything but a space and a quote: the last `@` counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from compose2aws.planning.values.written import UNSET

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class UrlHost:
    """One host of a URL, and its port where one is written."""

    name: Span
    port: Span | None = None


@dataclass(frozen=True, slots=True)
class QueryItem:
    """`name=value` of a query (or of JDBC's `;name=value`); `name` is as written."""

    name: str
    value: Span
    whole: Span


@dataclass(frozen=True, slots=True)
class Url:
    """A URL in a text. `prefix` is what stands before the scheme (`jdbc:`). `userinfo` is None without an `@`; `path`
    starts with `/` and is empty where none is written. `separator` is what joins query items (`&`, or `;` for some
    JDBC drivers)."""

    whole: Span
    prefix: str
    scheme: str
    scheme_span: Span
    hosts: tuple[UrlHost, ...]
    authority_start: int
    authority_stop: int
    path: Span
    userinfo: Span | None = None
    user: Span | None = None
    password: Span | None = None
    query: tuple[QueryItem, ...] = ()
    query_stop: int = 0
    separator: str = "&"

    @property
    def jdbc(self) -> bool:
        return "jdbc:" in self.prefix

    @property
    def driver(self) -> str:
        """What a mapping calls the driver by: `postgresql+asyncpg`, `jdbc:mysql`; `go:mysql` for Go's DSN."""
        go = bool(self.scheme) and not self.scheme_span[1]
        return f"go:{self.scheme}" if go else self.prefix + self.scheme.lower()

    @property
    def protocols(self) -> tuple[str, ...]:
        """The words of the scheme: `postgresql+asyncpg` → `postgresql`, `asyncpg`."""
        return tuple(self.scheme.lower().split("+"))


_START = re.compile(
    r"(?<![A-Za-z0-9+.-])(?P<prefix>(?:(?:jdbc|r2dbc|aws-wrapper|p6spy|log4jdbc|tc):)*)"
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,40})://",
    re.IGNORECASE,
)
_END = re.compile(r"[\s\"'`<>|\\^)\]]|[,;](?=[A-Za-z][A-Za-z0-9+._:-]*://)|\Z")
_HOST = re.compile(rf"\[[0-9A-Fa-f:]+\]|[\w.{UNSET}-]+")
_GO = re.compile(
    r"(?<![^\s\"'(),;=])(?P<user>[^\s:@/\"'(),;=]*)(?::(?P<password>[^\s\"']*))?"
    rf"@(?P<scheme>tcp)\((?P<host>[\w.{UNSET}-]+)(?::(?P<port>\d+|{UNSET}))?\)"
    r"(?P<path>/[^\s?\"'`]*)?(?:\?(?P<query>[^\s\"'`]*))?"
)
_BARE = re.compile(
    r"(?P<scheme>)(?P<user>[^\s:@/\"'=]*)(?::(?P<password>[^\s@\"']*))?"
    rf"@(?P<host>[\w.{UNSET}-]+)(?::(?P<port>\d+|{UNSET}))?"
    r"(?P<path>/[^\s?\"']*)?(?:\?(?P<query>[^\s\"']*))?\Z"
)


def urls(text: str, known_host: Callable[[str], bool]) -> Iterator[Url]:
    """Every URL of a text, from left to right. `known_host` tells names of the project: a password with an unescaped
    `/` is read as one where a known host stands behind the `@`."""
    if "://" in text:
        for start in _START.finditer(text):
            url = _parse(text, start, known_host)
            if url is not None:
                yield url
    if "@tcp(" in text:
        for match in _GO.finditer(text):
            yield _go(match)


def _parse(text: str, start: re.Match[str], known_host: Callable[[str], bool]) -> Url | None:
    begin = start.end()
    ending = _END.search(text, begin)
    end = ending.start() if ending else len(text)
    stop = min((at for at in (text.find(sign, begin, end) for sign in "/?#") if at >= 0), default=end)
    jdbc = "jdbc:" in start["prefix"].lower()
    if jdbc:
        semicolon = text.find(";", begin, stop)
        stop = semicolon if semicolon >= 0 else stop
    at = text.rfind("@", begin, stop)
    if at < 0 and text.find(":", begin, stop) >= 0:
        # `u:pa/ss@db/app`: no RFC 3986, and yet what people write
        late = text.rfind("@", stop, end)
        host = _HOST.match(text, late + 1) if late >= 0 else None
        if host and known_host(host[0]):
            at = late
            stop = min((i for i in (text.find(sign, at, end) for sign in "/?#") if i >= 0), default=end)
    hosts = _hosts(text, at + 1 if at >= 0 else begin, stop)
    if hosts is None:
        return None
    userinfo = (begin, at) if at >= 0 else None
    colon = text.find(":", begin, at) if at >= 0 else -1
    mark = min((i for i in (text.find(sign, stop, end) for sign in "?#;") if i >= 0), default=end)
    if not jdbc and mark < end and text[mark] == ";":
        mark = min((i for i in (text.find(sign, stop, end) for sign in "?#") if i >= 0), default=end)
    separator = ";" if mark < end and text[mark] == ";" else "&"
    query_stop = end
    if separator == "&":
        sharp = text.find("#", mark, end)
        query_stop = sharp if sharp >= 0 else end
    return Url(
        whole=(start.start(), end),
        prefix=start["prefix"].lower(),
        scheme=start["scheme"],
        scheme_span=start.span("scheme"),
        hosts=hosts,
        authority_start=begin,
        authority_stop=stop,
        path=(stop, mark),
        userinfo=userinfo,
        user=None if userinfo is None else (begin, colon if colon >= 0 else at),
        password=(colon + 1, at) if colon >= 0 else None,
        query=tuple(_query(text, mark, query_stop, separator)),
        query_stop=query_stop,
        separator=separator,
    )


def _hosts(text: str, start: int, stop: int) -> tuple[UrlHost, ...] | None:
    """The hosts of an authority without its userinfo; None where it is none (`file:///x`, an empty host)."""
    hosts: list[UrlHost] = []
    at = start
    for piece in text[start:stop].split(","):
        match = _HOST.match(text, at)
        if match is None or match.end() > at + len(piece):
            return None
        port = None
        if match.end() < at + len(piece):
            if text[match.end()] != ":":
                return None
            port = (match.end() + 1, at + len(piece))
        hosts.append(UrlHost(match.span(), port))
        at += len(piece) + 1
    return tuple(hosts)


def _query(text: str, mark: int, stop: int, separator: str) -> Iterator[QueryItem]:
    if mark >= stop or text[mark] == "#":
        return
    at = mark + 1
    for piece in text[at:stop].split(separator):
        name, equals, _ = piece.partition("=")
        if name:
            value = at + len(name) + len(equals)
            yield QueryItem(name, (value, at + len(piece)), (at, at + len(piece)))
        at += len(piece) + 1


def bare_login(text: str, known_host: Callable[[str], bool]) -> Url | None:
    """A whole text that is a URL but for its scheme: `u:p@db:5432/app`."""
    match = _BARE.match(text)
    if match is None or not known_host(match["host"]):
        return None
    return _go(match)


def _go(match: re.Match[str]) -> Url:
    """go-sql-driver/mysql's DSN: `[user[:password]@][net[(addr)]]/dbname[?name=value]`; or a URL without a scheme."""
    go = bool(match["scheme"])
    stop = match.end("port" if match["port"] is not None else "host") + go
    path = match.span("path") if match["path"] is not None else (stop, stop)
    userinfo = (match.start("user"), match.end("password" if match["password"] is not None else "user"))
    query = match.span("query") if match["query"] is not None else None
    return Url(
        whole=match.span(),
        prefix="",
        scheme="mysql" if go else "",
        scheme_span=(0, 0),
        hosts=(UrlHost(match.span("host"), match.span("port") if match["port"] is not None else None),),
        authority_start=match.start(),
        authority_stop=path[0],
        path=path,
        userinfo=userinfo,
        user=match.span("user"),
        password=match.span("password") if match["password"] is not None else None,
        query=tuple(_query(match.string, query[0] - 1, query[1], "&")) if query else (),
        query_stop=match.end(),
    )
