"""The environment of a container: every variable written anew, decided, and brought to it as text or as a secret."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import replace

from compose2aws.compose.node import Path, Segment
from compose2aws.planning.model.workload import EnvironmentVariable
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values.address import Reader
from compose2aws.planning.values.client import Client, Stage, Value
from compose2aws.planning.values.client_tls import untold, url_options
from compose2aws.planning.values.companion import Companion
from compose2aws.planning.values.concealment import Place
from compose2aws.planning.values.connection import Rewrite, rewrite
from compose2aws.planning.values.connection_form import connection_url
from compose2aws.planning.values.counterpart import Counterpart
from compose2aws.planning.values.parameter_book import master_login
from compose2aws.planning.values.secrecy import connection_name, secret_name
from compose2aws.planning.values.split_variables import split_name
from compose2aws.planning.values.written import Edit, Written, rewritten, shown


def environment_variable(client: Client, value: Value) -> EnvironmentVariable:
    """One variable of the environment."""
    stage, written = client.stage, value.written
    filled = _filled(client, value)
    if filled is not None:
        return _recorded(
            client, value, filled, f"was ${{{written.segments[0].variables[0]}}}, which is not set, is {filled}"
        )
    companion = client.companions.get(value.name)
    if value.name in client.tls.switched:
        text = Text.of(client.tls.switched[value.name])
        return _recorded(client, value, text, f"was {written.known}, is {text}")
    result = Rewrite()
    if companion is not None:
        result.edits += _companion_edits(stage, written, companion)
        if companion.whose != "own":
            result.logins.append((companion.service, companion.whose))
    else:
        result = rewrite(written, value.sites, stage.counterparts, client.carried)
    report(client, value, result)
    if value.bare and not result.edits:
        secret = stage.concealment.secret(written.segments[0])
        hole = stage.book.variable(value.name, value.path, secret=secret, optional=True)
        return _recorded(client, value, Text.of(hole), "")
    alone = not result.edits and (written.whole_variable is not None or secret_name(value.name))
    # another user's password may read like the endpoint's own
    alone = alone or bool(result.users("made", "mistaken"))
    place = Place(client.service, value.name, value.path, client.related, alone)
    untouched = stage.concealment.untouched(place)
    edits = stage.concealment.conceal(written, place, result.edits)
    text = rewritten(written, edits, untouched)
    reason = ""
    if result.edits:
        reason = f"was {shown(written, edits, untouched) or 'empty'}, is {text if text.parts else 'empty'}"
    return _recorded(client, value, text, reason)


def _recorded(client: Client, value: Value, text: Text, reason: str) -> EnvironmentVariable:
    """The variable, and the decision on it; `reason` tells of a connection that was rewritten."""
    variable = delivered(client.stage, value.name, text, value.path)
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


def delivered(stage: Stage, name: str, text: Text, path: Path) -> EnvironmentVariable:
    """How a text reaches its container: as plain environment, or through a secret."""
    stage.served.update(hole.of for hole in text.holes if hole.fact == "password")
    if not text.sensitive:
        return EnvironmentVariable(name, text, source=path)
    only = text.parts[0]
    if len(text.parts) == 1 and isinstance(only, Hole) and only.fact == "password":
        return EnvironmentVariable(name, text, master_login(stage.root, only.of), "password", source=path)
    return EnvironmentVariable(name, text, stage.book.stored(text, path), source=path)


def _filled(client: Client, value: Value) -> Text | None:
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
    scheme = (text.parts[0] if isinstance(text.parts[0], str) else "").partition("://")[0]
    if of.endpoint.tls and url_options(of.endpoint.mapping.client_tls, scheme) is None:
        client.stage.ledger.find(
            "tls-not-told",
            "error",
            f"{value.name} of {client.service} is filled with the address of {service}, which refuses plain text on "
            f"AWS; what says TLS in a URL of {scheme}:// differs from driver to driver",
            f"set {variable} to a URL that says so as the app's driver wants it",
            value.path,
        )
    return text


def _companion_edits(stage: Stage, written: Written, companion: Companion) -> list[Edit]:
    """What becomes of a variable that holds one part of an address."""
    endpoint, length = stage.counterparts[companion.service].endpoint, len(written.text)
    service, part, whose = companion.service, companion.part, companion.whose
    if part in ("user", "password") and endpoint.passwordless:
        return [Edit(0, length, (), hides=part == "password")] if length else []
    if part == "password" and whose in ("own", "guest") and (length or companion.score >= 2):
        return [Edit(0, length, (Hole("password", service),), hides=True)]
    if part == "user" and whose == "own":
        return [Edit(0, length, (Hole("user", service),))]
    if part == "database" and written.known != endpoint.aws_database:
        return [Edit(0, length, (Hole("database", service),))]
    if part == "port" and written.known != str(endpoint.aws_port):
        return [Edit(0, length, (Hole("port", service),))]
    return []


def report(client: Client, value: Value, result: Rewrite) -> None:
    """The findings on the connections of a value: users that AWS does not make, hosts that were guessed, options that
    only a URL could carry."""
    stage, what = client.stage, f"{value.name or value.path[-1]} of {client.service}"
    stage.served.update(result.users("guest", "made", "mistaken", "foreign"))
    for service in result.users("mistaken"):
        stage.ledger.find(
            "database-password-differs",
            "error",
            f"{what} logs in to {service} with another password than the one with which its init script makes that "
            "user",
            "write the same password in both places, best as one variable",
            value.path,
        )
    for service in result.users("guest", "foreign"):
        stage.ledger.find(
            "database-user-unknown",
            "warning",
            f"{what} logs in to {service} as a user that neither the compose file nor an init script is seen to make "
            "with this password; AWS makes one user alone, so this one keeps its name and must be there when the app "
            "connects",
            f"make the user in an init script of {service} (`CREATE USER … PASSWORD …`), let the app make it, or use "
            "the user of the image's variables",
            value.path,
        )
    _report_sets(stage, value, what)
    found = [address for site in value.sites for address in site.addresses]
    for address in found:
        if address.guessed:
            stage.ledger.find(
                "connection-filled",
                "note",
                f"the host in {what} has no value here; {address.service} is the only service that it can mean",
                "set the variable where another is meant",
                value.path,
            )
    for service in dict.fromkeys(address.service for address in found):
        of = stage.counterparts.get(service)
        if of is not None:
            _report_options(client, value, what, of)


def _report_sets(stage: Stage, value: Value, what: str) -> None:
    """A URL of several servers that are one database (a replica set): each that moved is a database of its own."""
    for site in value.sites:
        known = dict.fromkeys(address.service for address in site.addresses)
        moved = [service for service in known if service in stage.counterparts]
        hosts = site.url.hosts if site.url is not None else ()
        others = [value.written.text[slice(*host.name)] for host in hosts]
        if not moved or len(others) < 2 or (len(known) == 1 and len(site.addresses) == len(hosts)):
            continue
        stage.served.update(moved)
        product, first = stage.counterparts[moved[0]].endpoint.mapping.product, moved[0]
        besides = ", ".join(dict.fromkeys(name for name in others if not stage.names.means(name, first)))
        stage.ledger.find(
            "set-of-servers",
            "error",
            f"{what} names {first} and {besides} as servers of one database; {' and '.join(moved)} "
            + (f"each become {product} of their own" if len(moved) > 1 else f"becomes {product}")
            + ", which takes no other server as a member",
            f"name {first} alone, whose copies in other zones {product} keeps by itself, and take {besides} out; or "
            f"keep the containers: `x-aws: {{managed: false}}` in all of {', '.join(known)}",
            value.path,
        )


def _report_options(client: Client, value: Value, what: str, of: Counterpart) -> None:
    """What clients of a service need beside its address, where the value cannot carry it."""
    stage, service = client.stage, of.service
    for lack in of.endpoint.mapping.lacks:
        by_name = any(fnmatch.fnmatchcase(value.name.upper(), pattern) for pattern in lack.variables)
        if by_name or lack.databases.intersection(_databases(value, service)):
            stage.ledger.find(
                "not-offered",
                "error",
                f"{what} asks {of.endpoint.mapping.product} for what it does not offer: {lack.says}",
                f"take the variable out where the app can do without, or keep {service} as a container with "
                "`x-aws: {managed: false}`",
                value.path,
            )
    plain = (
        service in untold(value.written, value.sites, stage.counterparts)
        and (value.name, service) not in client.tls.told
    )
    if plain and value.path[2] == "environment":
        stage.ledger.find(
            "tls-not-told",
            "error",
            f"{what} names {service}, which refuses plain text on AWS, and {_why_plain(value, of)}",
            "tell the client in its own configuration to use TLS, or give it an address of a form that can "
            f"({_examples(of)})",
            value.path,
        )
    elsewhere = any(
        site.kind != "url" and a.service == service and a.host[1] > a.host[0]
        for site in value.sites
        for a in site.addresses
    )
    options = [f"{name}={option}" for name, option in of.endpoint.query]
    if plain and value.path[2] != "environment":
        options.append("TLS")
    if elsewhere and options:
        stage.ledger.find(
            "connection-options",
            "warning",
            f"{what} names {service}, whose clients must connect with {', '.join(options)}, and no URL says so",
            f"set it in the app's own configuration, or give the app a URL of {service}",
            value.path,
        )


def _databases(value: Value, service: str) -> Iterator[str]:
    """The databases that a value's URLs of a service name."""
    for site in value.sites:
        if site.url is not None and any(address.service == service for address in site.addresses):
            yield value.written.text[slice(*site.url.path)].strip("/")


def _why_plain(value: Value, of: Counterpart) -> str:
    drivers = [
        s.url.driver for s in value.sites if s.url is not None and any(a.service == of.service for a in s.addresses)
    ]
    if drivers:
        return f"what says TLS in a URL of {drivers[0]}:// differs from driver to driver, or there is nothing that does"
    return "neither the value nor a variable beside it that we know can say TLS"


def _examples(of: Counterpart) -> str:
    table = of.endpoint.mapping.client_tls
    schemes = [f"{scheme}://" for scheme in table.schemes.values()]
    drivers = [f"{driver}://" for row in table.urls for driver in row.drivers if "*" not in driver]
    return ", ".join(list(dict.fromkeys(schemes + drivers))[:3]) or "`x-aws: {managed: false}` keeps the container"


def tls_variables(client: Client) -> None:
    """Adds the variables that tell the client to use TLS."""
    for name, (text, value) in client.tls.added.items():
        client.variables[name] = EnvironmentVariable(name, Text.of(text), source=value.path)
        client.stage.ledger.find(
            "tls-variable-added",
            "note",
            f"{name}={text} is given to {client.service}, so that it uses TLS with what {value.name} names",
            "",
            value.path,
        )


def _never(_: Segment) -> bool:
    return False
