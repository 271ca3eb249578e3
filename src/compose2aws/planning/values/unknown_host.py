"""Addresses of hosts that the project does not have: `redis://redis:6379` without a service of that name.

A name of one label is known on AWS only where the project gives it, so such an address leads nowhere there. Locally it
may have: another project's container on a shared network, or the machine's own names.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from compose2aws.catalog.port_table import port_table
from compose2aws.compose.node import Mapping as Tree
from compose2aws.compose.node import Node, Scalar, Sequence, find
from compose2aws.compose.project import InactiveService
from compose2aws.planning.values.client import Client, Value
from compose2aws.planning.values.connection_url import Url, urls
from compose2aws.planning.values.split_variables import lists_names
from compose2aws.planning.values.written import UNSET

_LABEL = re.compile(r"(?=.*[a-z])[a-z0-9_-]+\Z", re.IGNORECASE)
_MACHINE = frozenset(("localhost", "null", "none", "host", "hostname", "example", "user"))
"""The machine itself, and words that stand for what a reader is to write."""
_NEAR = 0.5


def tell_of_unknown_hosts(client: Client, inactive: Mapping[str, InactiveService]) -> None:
    """A warning at each value that names a host which nothing is called by. `inactive` are the services whose profile
    is not active."""
    given = frozenset(_given(client))
    for value in (*client.environment.values(), *(client.entrypoint or ()), *(client.command or ())):
        if lists_names(value.name):
            continue
        for host, url in dict(_unknown(client, value)).items():
            if host.lower() not in given:
                _tell(client, value, host, url, inactive)


def _unknown(client: Client, value: Value) -> Iterator[tuple[str, Url]]:
    stage = client.stage
    text = value.written.masked(stage.concealment.secret)
    if "://" not in text:
        return
    for url in urls(text, stage.names.all.__contains__):
        speech = port_table().of_scheme(url.scheme)
        if speech is None or "@" in text[url.authority_stop : url.whole[1]]:
            continue
        for host in url.hosts:
            if speech == "http" and any(s.origin == "default" for s in value.written.stretches(*host.name)):
                # `${OLLAMA_URL:-http://ollama:11434}`: what is there for whoever has it
                continue
            name = text[slice(*host.name)]
            # a stretch that differs is masked, and a port that is no number is half of a login
            read = name == value.written.text[slice(*host.name)] and (
                host.port is None or text[slice(*host.port)] == UNSET or text[slice(*host.port)].isdigit()
            )
            if (
                read
                and _LABEL.match(name)
                and name.lower() not in _MACHINE
                and not stage.names.known(client.service, name)
            ):
                yield name, url


def _given(client: Client) -> Iterator[str]:
    """The names that the file itself gives to the service: `extra_hosts`, and aliases of containers elsewhere."""
    service = find(client.stage.root, ("services", client.service))
    for text in _texts(find(service, ("extra_hosts",)) if service else None):
        yield re.split("[:=]", text)[0].lower()
    for text in _texts(find(service, ("external_links",)) if service else None):
        yield text.rpartition(":")[2].lower()


def _texts(node: Node | None) -> Iterator[str]:
    if isinstance(node, Tree):
        yield from node.entries
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            yield item.text


def _tell(client: Client, value: Value, host: str, url: Url, inactive: Mapping[str, InactiveService]) -> None:
    named = f"{value.name or value.path[2]} of {client.service} names the host {host}"
    left_out = inactive.get(host)
    if left_out is not None:
        profiles = ", ".join(left_out.profiles)
        message = f"{named}, a service that is left out: none of its profiles ({profiles}) is active"
        remedy = f"`--profile {left_out.profiles[0]}` takes it in; else let the address name another host"
    else:
        message = f"{named}, and nothing in this project is called so: on AWS the name leads nowhere"
        near = _nearest(client, host, url)
        remedy = f"did you mean {near}? else " if near else ""
        remedy += f"add a service {host}, or write the full name of a host that AWS reaches"
    client.stage.ledger.find("host-unknown", "warning", message, remedy, value.path)


def _nearest(client: Client, host: str, url: Url) -> str | None:
    """The service that is meant, most likely: one of the like name, else the only one that the scheme fits."""
    services = find(client.stage.root, ("services",))
    names = [name for name in services.entries if name != client.service] if isinstance(services, Tree) else []
    for name in difflib.get_close_matches(host, names, 1, _NEAR):
        return name
    words = frozenset(url.protocols)
    fitting = [c.service for c in client.stage.counterparts.values() if words & c.endpoint.mapping.schemes]
    return fitting[0] if len(fitting) == 1 else None
