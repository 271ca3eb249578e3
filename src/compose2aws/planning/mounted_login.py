"""Logins of services that moved, in files that a container mounts: on AWS they are wrong, and no file is rewritten.

A database's password is generated there, a cache takes none, a broker listens on another port. Each is told with the
file and the line; what stands there is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compose2aws.compose.node import Segment
from compose2aws.compose.project import Project
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.mounted_address import MountedText, mounted_texts
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.values.address import Reader
from compose2aws.planning.values.counterpart import counterpart
from compose2aws.planning.values.host_names import HostNames
from compose2aws.planning.values.secrecy import secret_spans
from compose2aws.planning.values.split_variables import split_name
from compose2aws.planning.values.written import Written

# How far from an address its password stands in a file of settings, in lines.
_NEAR = 12
_NAME = re.compile(r"\W*([A-Za-z_][\w.-]*)[\"']?\s*[:=]")
_COMMENTS = ("#", "//", ";", "--")


def tell_of_mounted_logins(
    service: ServiceSource, project: Project, names: HostNames, endpoints: Mapping[str, Endpoint], ledger: Ledger
) -> None:
    """A finding for each file of a service that calls a service which moved in a way that AWS does not answer."""
    counterparts = {name: counterpart(project.root, endpoint) for name, endpoint in endpoints.items()}
    reader = Reader(service.name, names, counterparts, _never)
    for mounted in mounted_texts(service, project):
        if not any(host in mounted.text for endpoint in endpoints.values() for host in endpoint.hosts):
            continue
        addresses = dict[str, list[int]]()
        for number, line in _lines(mounted.text):
            for site in reader.sites(Written.literal(line), ""):
                for address in site.addresses:
                    if address.service in endpoints:
                        addresses.setdefault(address.service, []).append(number)
        secrets = {number: _is_password(line) for number, line in _lines(mounted.text) if secret_spans(line)}
        for name, numbers in addresses.items():
            away = {p: min(abs(p - n) for n in numbers) for p, named in secrets.items() if named or p in numbers}
            nearest = min(away, key=lambda p: (away[p], -p), default=None)
            password = nearest if nearest is not None and away[nearest] <= _NEAR else None
            _tell(service, mounted, endpoints[name], numbers[0], password, ledger)


def _tell(
    service: ServiceSource, mounted: MountedText, endpoint: Endpoint, number: int, password: int | None, ledger: Ledger
) -> None:
    name, product = endpoint.service, endpoint.mapping.product
    if password is not None:
        has_login = not endpoint.passwordless and (endpoint.aws_user is not None or endpoint.logins)
        why = "has a generated password on AWS" if has_login else "takes no password on AWS and refuses who sends one"
        ledger.find(
            "login-in-file",
            "error",
            f"line {password} of {mounted.file}, which {service.name} reads, holds a password for {name} (its address "
            f"stands in line {number}), and {name} {why}; the file is not rewritten",
            f"let {service.name} take address and login of {name} from variables of its environment, or keep the "
            "container with `x-aws: {managed: false}`",
            mounted.path,
        )
    elif endpoint.tls or endpoint.aws_port != endpoint.port:
        ledger.find(
            "address-in-file",
            "error",
            f"line {number} of {mounted.file}, which {service.name} reads, holds the address of {name}, and {product} "
            f"is reached {'over TLS ' if endpoint.tls else ''}on port {endpoint.aws_port}; the file is not rewritten",
            f"change it there, or let {service.name} take the address from a variable of its environment",
            mounted.path,
        )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(_COMMENTS):
            yield number, line


def _is_password(line: str) -> bool:
    """Whether a line of settings names a password (`password: x`), and not another secret."""
    name = _NAME.match(line)
    return name is not None and split_name(name[1]).part == "password"


def _never(_: Segment) -> bool:
    return False
