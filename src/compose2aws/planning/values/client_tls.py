"""How a client's values tell it to use TLS, where a managed service refuses plain text: what the mappings say of URLs,
keyword strings and variables, put into what the file has."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping

from compose2aws.catalog.model import ClientOptions, ClientTls
from compose2aws.planning.values.address import Site
from compose2aws.planning.values.connection_url import Url
from compose2aws.planning.values.counterpart import Counterpart
from compose2aws.planning.values.split_variables import belongs, split_name
from compose2aws.planning.values.written import Edit, Written

_WORDS = frozenset(("SSL", "TLS", "SSLMODE", "TLSMODE"))
_BESIDE = frozenset(("USE", "USES", "ENABLE", "ENABLED", "MODE", "REQUIRE", "REQUIRED", "IS", "WITH", "CONNECTION"))
_ON = {
    "false": "true",
    "0": "1",
    "no": "yes",
    "off": "on",
    "f": "t",
    "n": "y",
    "disable": "require",
    "allow": "require",
    "prefer": "require",
    "disabled": "required",
    "preferred": "required",
}
"""What a switch for TLS says when it is off, and on."""
_STRONGER = frozenset(("verify-ca", "verify-full", "verify_ca", "verify_identity", "verifyca", "verifyfull"))

# PDO's DSN begins with the driver's name: `mysql:host=db;dbname=app`.
_BEGINNING = re.compile(r"[a-z]+:(?=\s*\w+\s*=)")
_COMMAS = re.compile(r",\s*[A-Za-z]\w*\s*=")


def url_options(table: ClientTls, driver: str) -> ClientOptions | None:
    """What says TLS in a URL of this driver (`postgresql+asyncpg`, `jdbc:mysql`); None where nobody knows."""
    words = driver.rpartition(":")[2].split("+")
    if any(word in table.schemes or word in table.schemes.values() for word in words):
        return ClientOptions(())
    return next((row for row in table.urls if any(fnmatch.fnmatchcase(driver, d) for d in row.drivers)), None)


def string_options(table: ClientTls, text: str) -> ClientOptions | None:
    """What says TLS in a keyword string; None where nobody knows, or where it is a longer document."""
    if "\n" in text.strip() or "{" in text:
        return None
    beginning = _BEGINNING.match(text)
    begins = beginning[0] if beginning else ""
    separator = ";" if ";" in text else "," if _COMMAS.search(text) else " "
    return next((row for row in table.strings if (row.separator, row.begins) == (separator, begins)), None)


def tls_scheme(table: ClientTls, url: Url) -> Iterator[Edit]:
    """The scheme with the words that say TLS (`redis` → `rediss`)."""
    if any(protocol in table.schemes for protocol in url.protocols):
        words = (table.schemes.get(protocol, protocol) for protocol in url.protocols)
        yield Edit(*url.scheme_span, ("+".join(words),))


def in_string(written: Written, row: ClientOptions) -> Iterator[Edit]:
    """The options in a keyword string; one that asks for more stays."""
    text = written.text
    end = len(text.rstrip("; ,"))
    added: list[str] = []
    for name, value in row.options:
        spelled = r"\s*".join(map(re.escape, name.split()))
        found = re.search(rf"(?i)(?<!\w){spelled}\s*=\s*(?P<value>[^;,\s]*)", text)
        if found is None:
            added.append(f"{row.separator}{name}={value}")
        elif found["value"].lower() not in {value.lower(), *row.kept}:
            yield Edit(*found.span("value"), (value,))
    if added:
        yield Edit(end, end, ("".join(added),))


def untold(written: Written, sites: tuple[Site, ...], counterparts: AbstractMapping[str, Counterpart]) -> Iterator[str]:
    """The services that refuse plain text and which a value names in a form that cannot say TLS."""
    for site in sites:
        for address in site.addresses:
            of = counterparts.get(address.service)
            if of is None or not of.endpoint.tls:
                continue
            table = of.endpoint.mapping.client_tls
            if site.url is not None:
                told = url_options(table, site.url.driver)
            elif site.kind in ("keywords", "address"):
                told = string_options(table, written.text) if is_string(written, site) else None
            else:
                told = None
            if told is None:
                yield address.service


def is_string(written: Written, site: Site) -> bool:
    """Whether a place is a keyword string: with keywords, or StackExchange's `redis:6379,abortConnect=false`."""
    return site.kind == "keywords" or (site.kind == "address" and _COMMAS.search(written.text) is not None)


def is_on(value: Written) -> bool:
    """Whether a switch asks for TLS."""
    known = (value.known or "").lower()
    return known in _STRONGER or known in _ON.values()


def is_off(value: Written) -> bool:
    """Whether a switch asks for plain text, or leaves it open."""
    return (value.known or "").lower() in _ON


def switched(value: Written) -> str | None:
    """What a switch says when it is on, spelled as it was; None where the value is no switch."""
    known = value.known or ""
    if is_on(value):
        return known
    if not is_off(value):
        return None
    on = _ON[known.lower()]
    return on.upper() if known.isupper() else on.capitalize() if known[0].isupper() else on


def is_switch_of(name: str, address: str) -> bool:
    """Whether a variable switches TLS for the address in another: `DB_SSL`, `REDIS_USE_TLS` beside `DB_HOST`,
    `REDIS_HOST`."""
    words = split_name(name).words
    stem = tuple(word for word in words if word not in _WORDS | _BESIDE)
    if not _WORDS.intersection(words) or words[: len(stem)] != stem:
        return False
    of = split_name(address)
    return belongs(stem, of.stem if of.part in ("host", "url") else of.words) >= 2
