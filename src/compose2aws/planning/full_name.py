"""Names in values, written in full: `http://api:8000` → `http://api.PROJECT.internal:8000`.

Where the network's DHCP options are not ours, a bare name resolves only by what a container of the task does
(`search_domain.py`); a name in full resolves without. A name that Service Connect gives to the task stays bare: its
proxy knows it by that name, whatever the search domain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from compose2aws.compose.node import Mapping as Tree
from compose2aws.compose.node import Path, Segment
from compose2aws.planning.discovery import Discovery
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import AliasName, EnvironmentVariable, RegisteredName, StoredSecret
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values import ContainerValues
from compose2aws.planning.values.address import Reader
from compose2aws.planning.values.concealment import option_name
from compose2aws.planning.values.host_names import HostNames, host_names
from compose2aws.planning.values.split_variables import part_of
from compose2aws.planning.values.written import UNSET, Written


@dataclass(frozen=True, slots=True)
class FullNames:
    """What the names of a project are in full. `used` are the aliases (`api:3000`) that Service Connect gives to each
    service."""

    namespace: str
    registered: frozenset[str]
    hosts: HostNames
    used: Mapping[str, frozenset[str]]

    @classmethod
    def of(
        cls, namespace: str, names: Iterable[RegisteredName | AliasName], root: Tree, discovery: Discovery
    ) -> FullNames:
        used = {name: frozenset(part.client_of) for name, part in discovery.parts.items()}
        return cls(namespace, frozenset(name.name for name in names), host_names(root, {}), used)

    def written(
        self,
        text: Text,
        consumer: str,
        key: str,
        connected: bool,
        in_command: bool = False,
        beside: Collection[str] = (),
    ) -> Text:
        """A text with the names in it in full. `connected`: those that Service Connect gives to the consumer stay.
        `beside` are the variables that stand with the one whose text it is."""
        parts = tuple(Segment("", ("",), "unset") if isinstance(part, Hole) else Segment(part) for part in text.parts)
        written = Written(parts)
        reader = Reader(consumer, self.hosts, {}, lambda _: False)
        part = "host" if in_command and key in ("h", "H") else part_of(key, written.text, beside) if key else None
        spans: dict[tuple[int, int], str] = {}
        for site in reader.sites(written, key, part, in_command):
            for address in site.addresses:
                name = written.text[slice(*address.host)]
                full = self._full(name, address.service)
                alias = f"{address.service.lower()}:{address.number}"
                if full and not (connected and alias in self.used.get(consumer, frozenset())):
                    spans[address.host] = full
        return _replaced(text, written.text, spans)

    def _full(self, name: str, service: str) -> str | None:
        found = next((known for known in (name.lower(), service.lower()) if known in self.registered), None)
        return f"{found}.{self.namespace}" if found and name and name != UNSET else None


def _replaced(text: Text, seen: str, spans: Mapping[tuple[int, int], str]) -> Text:
    """`seen` is the text with one character for each hole."""
    if not spans:
        return text
    holes = iter(text.holes)
    parts: list[str | Hole] = []
    at = 0
    for (start, stop), full in [*sorted(spans.items()), ((len(seen), len(seen)), "")]:
        parts += [next(holes) if piece == UNSET else piece for piece in _pieces(seen[at:start])]
        parts.append(full)
        at = stop
    return Text.of(*parts)


def _pieces(text: str) -> Iterable[str]:
    for index, piece in enumerate(text.split(UNSET)):
        if index:
            yield UNSET
        yield piece


def write_names_in_full(
    values: Mapping[str, ContainerValues], secrets: Iterable[StoredSecret], names: FullNames, ledger: Ledger
) -> tuple[dict[str, ContainerValues], tuple[StoredSecret, ...]]:
    """The values and the secrets that they are read from, with the names of services in full."""
    stored = {secret.id: secret for secret in secrets}
    changed: dict[ResourceId, Text] = {}

    def variable(consumer: str, found: EnvironmentVariable) -> EnvironmentVariable:
        if found.secret is None:
            beside = [other.name for other in values[consumer].environment]
            text = names.written(found.text, consumer, found.name, connected=True, beside=beside)
        elif found.secret in stored and found.secret_key is None:
            # one secret may be read by several services: what it holds must not hang on who asks
            text = changed.get(found.secret) or names.written(found.text, consumer, found.name, connected=False)
            changed[found.secret] = text
        else:
            return found
        if text == found.text:
            return found
        path: Path = found.source or ("services", consumer, "environment", found.name)
        ledger.record(path, "adapted", code="full-name", reason=f"names are written in full: {text}")
        return replace(found, text=text)

    def words(consumer: str, key: str, found: tuple[Text, ...] | None) -> tuple[Text, ...] | None:
        made: list[Text] = []
        before = ""
        for word in found or ():
            made.append(names.written(word, consumer, option_name(before), connected=True, in_command=True))
            before = word.literal or ""
        if found is not None and tuple(made) != found:
            told = " ".join(map(str, made))
            ledger.record(
                ("services", consumer, key), "adapted", code="full-name", reason=f"with names in full: {told}"
            )
        return None if found is None else tuple(made)

    result = {
        consumer: replace(
            found,
            environment=tuple(variable(consumer, item) for item in found.environment),
            entrypoint=words(consumer, "entrypoint", found.entrypoint),
            command=words(consumer, "command", found.command),
        )
        for consumer, found in values.items()
    }
    texts = tuple(replace(s, text=changed[s.id]) if s.id in changed else s for s in stored.values())
    return result, texts
