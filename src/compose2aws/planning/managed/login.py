"""Users, passwords and databases: what the compose file calls them, and what they are called on AWS."""

from __future__ import annotations

import re
from dataclasses import dataclass

from compose2aws.catalog import ImageMapping
from compose2aws.compose.node import Position, Scalar, Sequence
from compose2aws.planning.endpoint import Login
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.values.command_line import command_words
from compose2aws.planning.values.written import Written, of_entry


@dataclass(frozen=True, slots=True)
class Credentials:
    """The file's logins (the one for clients first), and the names on AWS. `database_variable` is the variable that
    names the database and has no value here."""

    logins: tuple[Login, ...]
    user: str | None
    database: str | None
    aws_user: str | None
    aws_database: str | None
    database_variable: str | None = None


def read_credentials(service: ServiceSource, mapping: ImageMapping, ledger: Ledger) -> Credentials:
    """What the image's own variables say, with names that AWS refuses replaced, each with a finding."""
    login = mapping.login
    named = _first_text(service, login.user_variables)
    user = named or login.user
    password = _first(service, login.password_variables) or _argument(service, login.password_arguments)
    administrator = _first(service, login.administrator_password_variables)
    if login.administrator and user == login.administrator:
        password = administrator or password
    filed = any(service.text("environment", f"{variable}_FILE") for variable in login.password_variables)
    logins = [Login(user, password)] if user or filed or _is_given(password) else []
    if login.administrator and user != login.administrator:
        logins.append(Login(login.administrator, administrator))
    database = _first_text(service, login.database_variables)
    if not database and login.database == "@user":
        database = user
    elif not database:
        database = login.database
    return Credentials(
        tuple(logins),
        user,
        database,
        _accepted(service, mapping, "user", user, login.user_variables, mapping.reserved.users, ledger),
        _accepted(service, mapping, "database", database, login.database_variables, mapping.reserved.databases, ledger),
        None if database else _left_open(service, login.database_variables),
    )


_MAXIMUM = {"aurora-postgresql": 63, "aurora-mysql": 32, "rds-mariadb": 32, "documentdb": 63, "amazonmq-rabbitmq": 100}
# Amazon MQ API Reference, "User"; letters, digits and underscores are what the databases have in common.
_CHARACTERS = {"amazonmq-rabbitmq": r"A-Za-z0-9._-"}


def _accepted(
    service: ServiceSource,
    mapping: ImageMapping,
    what: str,
    name: str | None,
    variables: tuple[str, ...],
    reserved: frozenset[str],
    ledger: Ledger,
) -> str | None:
    """The name, changed where AWS would refuse it (Amazon RDS User Guide, "Quotas and constraints", naming)."""
    if name is None:
        return None
    accepted = re.sub(f"[^{_CHARACTERS.get(mapping.becomes, 'A-Za-z0-9_')}]", "_", name)
    if not accepted[:1].isalpha():
        accepted = f"c{accepted}"
    if accepted.lower() in reserved:
        accepted = f"{accepted}_app"
    accepted = accepted[: _MAXIMUM.get(mapping.becomes, 32)]
    if accepted != name:
        path = next((service.at("environment", v) for v in variables if service.text("environment", v)), service.path)
        ledger.find(
            f"{what}-renamed",
            "warning",
            f"AWS refuses a {mapping.title} {what} called {name!r}; it is called {accepted!r} there, and every "
            "connection that was rewritten says so",
            f"where the app has the name {name!r} elsewhere, change it",
            path,
        )
    return accepted


def _left_open(service: ServiceSource, variables: tuple[str, ...]) -> str | None:
    """The unset variable that one of these takes its whole value from."""
    for name in variables:
        node = service.get("environment", name)
        whole = of_entry(name, node).whole_variable if isinstance(node, Scalar) else None
        if whole is not None and whole.origin == "unset":
            return whole.variables[0]
    return None


def _first(service: ServiceSource, variables: tuple[str, ...]) -> Scalar | None:
    for variable in variables:
        node = service.get("environment", variable)
        if isinstance(node, Scalar) and (node.text or node.segments):
            return node
    return None


def _first_text(service: ServiceSource, variables: tuple[str, ...]) -> str | None:
    return next((text for v in variables if (text := service.text("environment", v))), None)


def _is_given(password: Scalar | None) -> bool:
    """Whether there is a password, known or not; `${PASSWORD:-}` without a value is none."""
    return password is not None and (bool(password.text) or any(s.origin == "unset" for s in password.segments))


def _argument(service: ServiceSource, options: tuple[str, ...]) -> Scalar | None:
    """The word after an option (`--requirepass secret`) in `command` or `entrypoint`, or inside a shell's script."""
    for section in ("command", "entrypoint"):
        words = service.get(section)
        if not isinstance(words, Sequence):
            continue
        before = ""
        for word in command_words(words) if options else ():
            if before in options:
                return _scalar(word, words.position)
            if (found := _in_script(service, word, words.position, options)) is not None:
                return found
            before = word.text
    return None


def _in_script(service: ServiceSource, script: Written, position: Position, options: tuple[str, ...]) -> Scalar | None:
    """What follows an option inside a script; a variable of the shell is one of the environment."""
    for option in options:
        found = re.search(rf"(?<!\S){re.escape(option)}[ \t=]+([\"']?)(?P<value>[^\s\"']+)\1", script.text)
        if found is None:
            continue
        variable = re.fullmatch(r"\$\{?(\w+)\}?", found["value"])
        if variable is not None:
            return _first(service, (variable[1],))
        return _scalar(script.cut(*found.span("value")), position)
    return None


def _scalar(written: Written, position: Position) -> Scalar:
    """The value as a node; what is not set has no text."""
    return Scalar("".join(segment.text for segment in written.segments), position, written.segments)
