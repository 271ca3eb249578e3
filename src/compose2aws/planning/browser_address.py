"""Addresses that browsers are given: `http://localhost:8080` names a published port of this machine, and on AWS its
public address.

A value is rewritten where its variable's name says that people or browsers use it (`VITE_API_URL`, `CORS_ORIGINS`), or
where the port is another service's. A build argument cannot be rewritten: what it says stands in the image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from compose2aws.compose.node import Scalar
from compose2aws.planning.kind import Kind
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import EnvironmentVariable, PublicUrl
from compose2aws.planning.text import Text
from compose2aws.planning.values import ContainerValues

_LOCAL = re.compile(r"(?P<scheme>https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(?P<port>\d+))?(?![\w.:-])")
_SEEN_BY_BROWSERS = re.compile(
    r"VITE_|NEXT_PUBLIC|NUXT_PUBLIC|REACT_APP|EXPO_PUBLIC|GATSBY_|VUE_APP|PUBLIC|CORS|ORIGIN|FRONT|CLIENT|BROWSER|SITE"
    r"|EXTERNAL|CALLBACK|REDIRECT|WEB|APP_URL|BASE_URL|ROOT_URL|HOME|NEXTAUTH|ALLOWED",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"HEALTH|INTERNAL|PROBE|SELF|PING", re.IGNORECASE)


def rewrite_browser_addresses(
    values: Mapping[str, ContainerValues], urls: Iterable[PublicUrl], kinds: Mapping[str, Kind], ledger: Ledger
) -> dict[str, ContainerValues]:
    """The values with the public addresses in them; each rewrite, and each address that is not known, is told."""
    by_port = {url.published: url for url in urls if url.published is not None and url.scheme in ("http", "https")}
    if not by_port:
        return dict(values)
    for kind in kinds.values():
        _tell_build_arguments(kind, by_port, ledger)
    return {name: _rewritten(kinds[name], found, by_port, ledger) for name, found in values.items()}


def _rewritten(kind: Kind, found: ContainerValues, by_port: Mapping[int, PublicUrl], ledger: Ledger) -> ContainerValues:
    environment = tuple(_variable(kind, variable, by_port, ledger) for variable in found.environment)
    return replace(found, environment=environment)


def _variable(
    kind: Kind, variable: EnvironmentVariable, by_port: Mapping[int, PublicUrl], ledger: Ledger
) -> EnvironmentVariable:
    """A value that a secret holds is left alone: nobody gives such a one to a browser."""
    if variable.secret is not None or _WITHIN.search(variable.name):
        return variable
    ports: set[int] = set()

    def public(match: re.Match[str]) -> str:
        port = _port(match)
        url = by_port.get(port)
        if url is None or not (url.service != kind.source.name or _SEEN_BY_BROWSERS.search(variable.name)):
            return match[0]
        ports.add(port)
        if url.host is None:
            return match[0]
        bare = "ws" if match["scheme"].startswith("ws") else "http"
        scheme = bare + ("s" if url.scheme == "https" else "")
        return f"{scheme}://{url.host}"

    parts = [_LOCAL.sub(public, part) if isinstance(part, str) else part for part in variable.text.parts]
    text = Text.of(*parts)
    path = variable.source or kind.source.at("environment", variable.name)
    if text != variable.text:
        ledger.record(
            path, "adapted", kind.source.definition, code="public-address", reason=f"was {variable.text}, is {text}"
        )
        return replace(variable, text=text)
    if ports:
        listed = ", ".join(map(str, sorted(ports)))
        ledger.find(
            "public-address-unknown",
            "warning",
            f"{variable.name} of {kind.source.name} names port {listed} of this machine; on AWS that is the balancer's "
            "own name, which is known only after a deploy",
            "write `x-aws: {domain: example.com}` at the top, or set the variable to the public address",
            path,
        )
    return variable


def _tell_build_arguments(kind: Kind, by_port: Mapping[int, PublicUrl], ledger: Ledger) -> None:
    service = kind.source
    for name, node in service.entries("build", "args").items():
        for match in _LOCAL.finditer(node.text if isinstance(node, Scalar) else ""):
            url = by_port.get(_port(match))
            if url is not None:
                now = f"{url.scheme}://{url.host}" if url.host else "the balancer's address"
                ledger.find(
                    "local-address-in-image",
                    "warning",
                    f"the build argument {name} of {service.name} puts {match[0]} into the image; on AWS it is {now}",
                    "set it for the build that is deployed",
                    service.at("build", "args", name),
                )


def _port(match: re.Match[str]) -> int:
    if match["port"]:
        return int(match["port"])
    return 443 if match["scheme"] in ("https", "wss") else 80
