"""A reference to a moved service, rewritten: host, port, login, database and what AWS needs beside them become holes.

Values are parsed (`address.py`), their parts replaced and the rest left as it is. A port or a database that is the
same on AWS stays as written. Generated passwords have no punctuation, so nothing needs escaping.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from compose2aws.planning.text import Hole
from compose2aws.planning.values.address import Address, Site
from compose2aws.planning.values.client_tls import in_string, is_string, string_options, tls_scheme, url_options
from compose2aws.planning.values.connection_url import QueryItem, Span, Url
from compose2aws.planning.values.counterpart import Counterpart, Whose
from compose2aws.planning.values.written import Edit, Parts, Written

# Names of a login in a query: pgjdbc's and Connector/J's, and the short ones of knex-like configurations (NocoDB).
_QUERY_USER = frozenset(("user", "username", "u"))
_QUERY_PASSWORD = frozenset(("password", "pass", "pwd", "p"))
_QUERY_DATABASE = frozenset(("database", "dbname", "databasename", "db", "d"))


@dataclass(frozen=True, slots=True)
class Carried:
    """What variables of their own carry of a login, so that a URL beside them need not. `loosely`: some variable of the
    service holds the password, though its name does not tie it to an address."""

    user: bool = False
    password: bool = False
    database: bool = False
    loosely: bool = False


@dataclass(slots=True)
class Rewrite:
    """The edits of one value. `logins` are the endpoints with whose login it goes."""

    edits: list[Edit] = field(default_factory=list)
    logins: list[tuple[str, Whose]] = field(default_factory=list)

    def users(self, *whose: Whose) -> tuple[str, ...]:
        """The endpoints that it logs in to as such a user."""
        return tuple(dict.fromkeys(service for service, user in self.logins if user in whose))


def rewrite(
    written: Written,
    sites: tuple[Site, ...],
    counterparts: AbstractMapping[str, Counterpart],
    carried: AbstractMapping[str, Carried],
) -> Rewrite:
    """The edits that a value's sites ask for; none for services that did not move. `carried` tells, for each endpoint,
    what of its login other variables of the same service hold."""
    result = Rewrite()
    # `username:` and `password:` on lines of their own, beside a URL without a login
    paired = any(pair.keyword == "password" for site in sites for pair in site.pairs)
    for site in sites:
        moved = [address for address in site.addresses if address.service in counterparts]
        if not moved:
            continue
        for address in moved:
            result.edits += _address(written, address, counterparts[address.service])
        first = counterparts[moved[0].service]
        beside = carried.get(first.service, Carried())
        if paired:
            beside = replace(beside, user=True, password=True)
        if site.url is not None:
            result.edits += _url(written, site.url, first, beside, result)
        elif site.kind == "keywords":
            result.edits += _keywords(written, site, first, beside, result)
        if first.endpoint.tls and is_string(written, site):
            row = string_options(first.endpoint.mapping.client_tls, written.text)
            result.edits += in_string(written, row) if row is not None else ()
    return result


def _address(written: Written, address: Address, counterpart: Counterpart) -> Iterator[Edit]:
    endpoint = counterpart.endpoint
    if address.host[1] > address.host[0]:
        yield Edit(*address.host, (Hole("host", endpoint.service),))
    if address.port is None:
        if address.number is not None and endpoint.aws_port != endpoint.port:
            yield Edit(address.host[1], address.host[1], (":", Hole("port", endpoint.service)))
        return
    known = written.cut(*address.port).known
    for port, aws_port in endpoint.further_ports:
        if known == str(port):
            yield Edit(*address.port, (str(aws_port),))
            return
    if known != str(endpoint.aws_port):
        yield Edit(*address.port, (Hole("port", endpoint.service),))


def _url(written: Written, url: Url, of: Counterpart, beside: Carried, result: Rewrite) -> Iterator[Edit]:
    endpoint = of.endpoint
    schemes = endpoint.mapping.schemes
    family = url.jdbc or not url.scheme or any(protocol in schemes for protocol in url.protocols)
    yield from _scheme(url, of)
    items = {item.name.lower(): item for item in url.query} if family else {}
    user = _item(items, _QUERY_USER)
    password = _item(items, _QUERY_PASSWORD)
    query: list[str | Hole] = []
    if endpoint.passwordless:
        if url.userinfo is not None:
            yield Edit(*url.userinfo, (), hides=True)
            yield Edit(url.userinfo[1], url.userinfo[1] + 1, ())
        if password is not None:
            yield Edit(*password.value, (), hides=True)
    elif not of.has_login:
        pass
    elif url.userinfo is not None and url.user is not None:
        yield from _login(written, of, url.user, url.password, beside, result, ":")
    elif user is not None or password is not None:
        span = user.value if user is not None else None
        yield from _login(written, of, span, password.value if password is not None else None, beside, result, None)
    elif family and not (beside.user or beside.password or (url.jdbc and beside.loosely)):
        result.logins.append((of.service, "own"))
        login: Parts = (Hole("user", of.service),) if endpoint.aws_user is not None else ()
        if url.jdbc:
            query += ["user=", *login, url.separator] if login else []
            query += ["password=", Hole("password", of.service)]
        else:
            start = url.authority_start
            yield Edit(start, start, (*login, ":", Hole("password", of.service), "@"))
    if family:
        yield from _database(written, url, of, beside, _item(items, _QUERY_DATABASE))
        yield from _query(written, url, of, items, query)


def _item(items: AbstractMapping[str, QueryItem], names: frozenset[str]) -> QueryItem | None:
    return next((item for name, item in items.items() if name in names), None)


def _scheme(url: Url, of: Counterpart) -> Iterator[Edit]:
    if not url.scheme_span[1]:
        return
    if "mongodb+srv" in url.scheme.lower():
        # a compose host has no SRV records, and DocumentDB's name has none either
        yield Edit(*url.scheme_span, ("mongodb",))
    elif of.endpoint.tls:
        yield from tls_scheme(of.endpoint.mapping.client_tls, url)


def _login(
    written: Written,
    of: Counterpart,
    user: Span | None,
    password: Span | None,
    beside: Carried,
    result: Rewrite,
    joined_by: str | None,
) -> Iterator[Edit]:
    """A login that is written out: the endpoint's own becomes holes, another user's keeps what is not the
    endpoint's."""
    given = written.cut(*user) if user is not None else None
    secret = written.cut(*password) if password is not None else None
    whose = of.login(given, secret)
    result.logins.append((of.service, whose))
    if whose in ("made", "mistaken", "foreign"):
        return
    if whose == "own" and user is not None and of.endpoint.aws_user is not None:
        yield Edit(*user, (Hole("user", of.service),))
    if password is not None:
        yield Edit(*password, (Hole("password", of.service),), hides=True)
    elif joined_by is not None and user is not None and not beside.password:
        yield Edit(user[1], user[1], (joined_by, Hole("password", of.service)))


def _database(written: Written, url: Url, of: Counterpart, beside: Carried, item: QueryItem | None) -> Iterator[Edit]:
    endpoint = of.endpoint
    if endpoint.aws_database is None:
        return
    start, stop = url.path[0] + 1, url.path[1]
    slash = written.text.find("/", start, stop)
    span = (start, slash if slash >= 0 else stop)
    hole = Hole("database", of.service)
    if span[1] > span[0]:
        yield from _same_database(written, span, of)
    elif item is not None:
        yield from _same_database(written, item.value, of)
    elif endpoint.mapping.login.database == "@user" and endpoint.aws_user not in of.users and not beside.database:
        # without a name clients take the database that is called like the user, and AWS gave the user another name
        yield Edit(url.path[0], url.path[1], ("/", hole))


def _same_database(written: Written, span: Span, of: Counterpart) -> Iterator[Edit]:
    value, name = written.cut(*span), of.endpoint.aws_database or ""
    if value.known != name and (of.is_database(value) or value.unset):
        # a name that no URL can carry as it is (the virtual host `/`) is written as URLs have it
        quoted = quote(name, safe="")
        yield Edit(*span, (Hole("database", of.service) if quoted == name else quoted,))


def _query(
    written: Written, url: Url, of: Counterpart, items: AbstractMapping[str, QueryItem], added: list[str | Hole]
) -> Iterator[Edit]:
    """The options that AWS needs; of the file's own only those of the same name change."""
    joined = list(added)
    tls = url_options(of.endpoint.mapping.client_tls, url.driver) if of.endpoint.tls else None
    kept = tls.kept if tls is not None else frozenset()
    for name, value in (*of.endpoint.query, *(tls.options if tls is not None else ())):
        item = items.get(name.lower())
        if item is None:
            joined += [url.separator, f"{name}={value}"] if joined else [f"{name}={value}"]
        elif (text := written.text[slice(*item.value)]) != value and text.lower() not in kept:
            yield Edit(*item.value, (value,))
    if not joined:
        return
    text, end = written.text, url.query_stop
    begun = url.path[1] < end
    first = "" if begun and text[end - 1] in "?&;" else url.separator if begun or url.separator == ";" else "?"
    # MongoDB's connection string format wants a slash between the hosts and the options
    slash = "/" if not begun and url.path[0] == url.path[1] and "mongodb" in url.scheme.lower() else ""
    yield Edit(end, end, (slash + first, *joined))


def _keywords(written: Written, site: Site, of: Counterpart, beside: Carried, result: Rewrite) -> Iterator[Edit]:
    endpoint = of.endpoint
    values = {pair.keyword: pair for pair in reversed(site.pairs)}
    user, password, database = values.get("user"), values.get("password"), values.get("database")
    if endpoint.passwordless:
        if password is not None and password.value[1] > password.value[0]:
            yield Edit(*password.value, (), hides=True)
    elif of.has_login and (user is not None or password is not None):
        separator = ";" if ";" in written.text else " "
        joined = f"{separator}password=" if user is not None and user.flat else None
        span = user.value if user is not None else None
        yield from _login(written, of, span, password.value if password is not None else None, beside, result, joined)
    if database is not None and endpoint.aws_database is not None:
        yield from _same_database(written, database.value, of)
