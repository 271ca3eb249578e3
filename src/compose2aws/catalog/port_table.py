"""What ports speak, as `mappings/ports.yaml` has it."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from compose2aws.catalog.catalog import image_fits, read_table
from compose2aws.catalog.image import ImageReference

Speech: TypeAlias = Literal["http", "tcp"]
"""HTTP, or anything else over TCP."""


@dataclass(frozen=True, slots=True)
class ImagePorts:
    """What the ports of a family of images speak; `other` are those that are not listed, where that is known."""

    images: tuple[str, ...]
    ports: dict[int, Speech]
    other: Speech | None


@dataclass(frozen=True, slots=True)
class PortTable:
    """`tcp` are well-known ports that do not speak HTTP; `grpc` are those of gRPC, of which `http://` says nothing;
    `http` are usual ones of web programs. `listeners` and `behind` are patterns of names."""

    images: tuple[ImagePorts, ...]
    tcp: frozenset[int]
    grpc: frozenset[int]
    http: frozenset[int]
    schemes: dict[str, Speech]
    listeners: re.Pattern[str]
    behind: tuple[tuple[Speech, re.Pattern[str]], ...]
    directives: dict[str, Speech]
    names: dict[str, Speech]
    asking: dict[str, Speech]

    def of_image(self, image: ImageReference, port: int) -> Speech | None:
        """What a port of an image speaks, where the image is known."""
        found = next((row for row in self.images if any(image_fits(pattern, image) for pattern in row.images)), None)
        return found.ports.get(port, found.other) if found else None

    def of_scheme(self, scheme: str) -> Speech | None:
        """What a URL's scheme is over: `redis`, `postgresql+asyncpg`, `https`; None where it is not known."""
        lower = scheme.lower()
        return self.schemes.get(lower) or self.schemes.get(lower.partition("+")[0])

    def behind_proxy(self, name: str) -> Speech | None:
        """What the port that a variable or a label of this name holds speaks."""
        return next((speech for speech, pattern in self.behind if pattern.match(name)), None)


@lru_cache(maxsize=1)
def port_table() -> PortTable:
    """The table of the package."""
    table = read_table("ports")
    schemes = table["schemes"]
    return PortTable(
        images=tuple(map(_image, table["images"])),
        tcp=frozenset(port for section in table["tcp"].values() for port in section),
        grpc=frozenset(table["grpc"]),
        http=frozenset(port for row in table["http"] for port in _stretch(str(row))),
        schemes=_by_word({"http": schemes["http"], "tcp": " ".join(schemes["tcp"]).split()}),
        listeners=_any(table["listeners"]),
        behind=tuple((speech, _any(patterns)) for speech, patterns in table["behind-proxies"].items()),
        directives=_by_word(table["directives"]),
        names=_by_word(table["names"]),
        asking=_by_word(table["asking"]),
    )


def _image(row: dict[str, Any]) -> ImagePorts:
    ports: dict[int, Speech] = {
        **dict.fromkeys(row.get("http", ()), "http"),
        **dict.fromkeys(row.get("tcp", ()), "tcp"),
    }
    return ImagePorts(tuple(row["images"]), ports, row.get("other"))


def _stretch(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, patterns)))


def _by_word(table: dict[Speech, Iterable[str]]) -> dict[str, Speech]:
    return {word: speech for speech, words in table.items() for word in words}
