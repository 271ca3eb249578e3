"""What of a value no file may show: a first reading of the whole project, and what then becomes of every stretch.

A variable is secret everywhere if it is secret anywhere: by its name, by the name of the variable that it fills, or by
the place where it stands (a URL's password).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field

from compose2aws.compose.node import Mapping, Node, Path, Scalar, Segment, Sequence, find
from compose2aws.planning.text import Hole
from compose2aws.planning.values.command_line import client_secrets, command_words
from compose2aws.planning.values.counterpart import Counterpart
from compose2aws.planning.values.known_secrets import KnownSecrets
from compose2aws.planning.values.parameter_book import ParameterBook
from compose2aws.planning.values.secrecy import connection_name, login_span, secret_name, secret_spans, surely_public
from compose2aws.planning.values.written import Edit, Parts, Written, of_entry


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands. `related` are the endpoints that its service uses; `alone`: the value under a name of its
    own, where the same password as an endpoint's may be another's; `word`: it is a word of a command."""

    service: str
    key: str
    path: Path
    related: tuple[str, ...] = ()
    alone: bool = False
    word: bool = False


@dataclass(slots=True)
class Concealment:
    """Knows the project's secrets, and turns stretches of values into literals and holes."""

    book: ParameterBook
    known: KnownSecrets
    counterparts: AbstractMapping[str, Counterpart]
    secret_variables: set[str] = field(default_factory=set)
    _texts: dict[str, set[str]] = field(default_factory=dict)

    def secret(self, segment: Segment) -> bool:
        """Whether a segment is a secret variable's."""
        names = {segment.variables[0], segment.variables[-1]} if segment.variables else set()
        hits = names & self.secret_variables
        if not hits or segment.origin == "unset":
            return bool(hits)
        return not all(surely_public(name, segment.text) for name in hits)

    def holds(self, scalar: Scalar) -> bool:
        """Whether a value anywhere in the file has a secret in it that is known from another place."""
        written = Written.of(scalar)
        return any(self.secret(s) for s in written.segments if s.text) or bool(self.known.spans(scalar.text))

    def untouched(self, place: Place, forced: bool = False) -> Callable[[Segment], Parts]:
        """What becomes of stretches of a value that nothing else changes; `forced`: they are secret, whatever they
        are."""
        return lambda segment: tuple(self._piece(segment, place, forced))

    def spans(
        self,
        written: Written,
        key: str,
        edits: Iterable[Edit],
        word: bool,
        hidden: tuple[int, int] | None = None,
    ) -> Iterator[tuple[int, int]]:
        """The stretches of a value that are secret by the key's name or by their form, outside of the edits. `word`:
        it is a word of a command, where ordinary text may look drawn by a machine; `hidden` is one that the words
        before it tell."""
        made = tuple(edits)
        if not made and whole_secret(key, written, self.secret):
            yield 0, len(written.text)
            return
        login = hidden or (None if made or word else login_span(key, written.text))
        if login is not None:
            yield login
        alone = not word or written.whole_variable is not None
        for start, stop in secret_spans(written.text, random=alone and not made and login is None):
            if not any(start < taken[1] and taken[0] < stop for taken in (*spans_of(made), login or (0, 0))):
                yield start, stop

    def conceal(
        self,
        written: Written,
        place: Place,
        edits: Iterable[Edit],
        name: str | None = None,
        hidden: tuple[int, int] | None = None,
    ) -> list[Edit]:
        """The edits, and those that hide what is secret by its name (`place.key`, where it has no other) or its
        form."""
        made = list(edits)
        whole = written.whole_variable
        spans = list(self.spans(written, place.key if name is None else name, made, place.word, hidden))
        if whole is not None and whole.origin != "unset" and spans and not made:
            # a variable whose value has a secret in it is kept whole: it has a name of its own
            spans = [(0, len(written.text))]
        for start, stop in spans:
            forced = self.untouched(place, forced=True)
            parts = tuple(part for piece in written.stretches(start, stop) for part in forced(piece))
            if parts:
                made.append(Edit(start, stop, parts))
        return made

    def _piece(self, segment: Segment, place: Place, forced: bool) -> Iterator[str | Hole]:
        text = segment.text
        secret = forced or (self.secret(segment) and "://" not in text)
        if segment.origin == "unset":
            yield self._login(segment, place) or self.book.variable(
                segment.variables[0], place.path, secret=secret, message=segment.message
            )
        elif not text:
            return
        elif not secret:
            at = 0
            for start, stop in self.known.spans(text):
                yield text[at:start]
                yield self._login(Segment(text[start:stop]), place) or self._literal(place, text[start:stop])
                at = stop
            yield text[at:]
        elif (login := self._login(segment, place)) is not None:
            yield login
        elif segment.origin != "literal" and self._texts.get(segment.variables[-1]) == {text}:
            yield self.book.variable(
                segment.variables[-1], place.path, secret=True, value=text, message=segment.message
            )
        else:
            yield self._literal(place, text)

    def _literal(self, place: Place, text: str) -> Hole:
        return self.book.literal(place.service, place.key, place.path, text)

    def _login(self, segment: Segment, place: Place) -> Hole | None:
        """The password of the one endpoint, of those that the service uses, whose password the segment is."""
        if place.alone:
            return None
        value = Written((segment,))
        found = [s for s in place.related if self.counterparts[s].has_login and self.counterparts[s].is_password(value)]
        return Hole("password", found[0]) if len(found) == 1 else None


def concealment(root: Mapping, counterparts: AbstractMapping[str, Counterpart], book: ParameterBook) -> Concealment:
    """Reads all values of the canonical project once and learns which variables and texts are secret."""
    section = root.get("services")
    services = section.entries if isinstance(section, Mapping) else {}
    result = Concealment(book, KnownSecrets(_names(root, counterparts)), counterparts)
    values = [value for service in services.values() for value in _values(service)]
    for key, written, *_ in values:
        for segment in written.segments:
            result.secret_variables.update(n for n in segment.variables[:1] + segment.variables[-1:] if secret_name(n))
            if segment.variables and segment.origin != "unset":
                result._texts.setdefault(segment.variables[-1], set()).add(segment.text)
        whole = written.whole_variable
        if whole is None:
            continue
        if whole.origin == "unset":
            name = whole.variables[0]
            if secret_name(key) or connection_name(key) or connection_name(name):
                result.secret_variables.add(name)
        elif secret_name(key) and not surely_public(key, whole.text):
            result.secret_variables.add(whole.variables[-1])
    for of in counterparts.values():
        result.secret_variables |= of.password_variables
        result.known.add(of.passwords)
    # twice: a variable that is found to be secret late is secret in what was read before
    for key, written, word, hidden in (*values, *values):
        _learn(result, key, written, word, hidden)
    return result


def option_name(word: str) -> str:
    """The name of an option whose value is the next word (`--requirepass` → `requirepass`); empty where it is none."""
    return word.lstrip("-") if word.startswith("-") and "=" not in word else ""


def whole_secret(key: str, written: Written, secret: Callable[[Segment], bool]) -> bool:
    """Whether all of a value is secret by the name of its key. One that is put together of secret variables and other
    text (`Bearer ${TOKEN}`) is not: its variables are."""
    if not key or not written.text or not secret_name(key):
        return False
    if len(written.segments) > 1 and any(secret(segment) for segment in written.segments):
        return False
    return written.unset or not surely_public(key, written.text)


def spans_of(edits: Iterable[Edit]) -> Iterator[tuple[int, int]]:
    """The stretches that edits take."""
    return ((edit.start, edit.stop) for edit in edits)


def _learn(result: Concealment, key: str, written: Written, word: bool, hidden: tuple[int, int] | None) -> None:
    """Takes note of the secret texts of one value, and of variables that stand where a secret stands."""
    for segment in written.segments:
        if segment.text and result.secret(segment) and "://" not in segment.text:
            result.known.add((segment.text,))
    for start, stop in result.spans(written, key, (), word, hidden):
        for piece in written.stretches(start, stop):
            if piece.origin == "unset":
                result.secret_variables.add(piece.variables[0])
                continue
            result.known.add((piece.text,))
            if piece in written.segments and piece.origin != "literal":
                result.secret_variables.add(piece.variables[-1])


def _values(service: Node) -> Iterator[tuple[str, Written, bool, tuple[int, int] | None]]:
    """The values of a service that reach a container, with their names (empty where they have none), whether they are
    words of a command, and the stretch that words before tell to be a secret."""
    for section in ("environment", "labels"):
        entries = find(service, (section,))
        for key, value in entries.entries.items() if isinstance(entries, Mapping) else ():
            if isinstance(value, Scalar):
                yield key, of_entry(key, value), False, None
    for path in (("command",), ("entrypoint",), ("healthcheck", "test")):
        node = find(service, path)
        words = command_words(node) if isinstance(node, Sequence) else ()
        hidden = client_secrets(words)
        before = ""
        for at, written in enumerate(words):
            yield option_name(before), written, True, hidden.get(at)
            before = written.text


def _names(root: Mapping, counterparts: AbstractMapping[str, Counterpart]) -> frozenset[str]:
    """The project's own words, which are no secrets: names of services, networks, volumes, users and databases."""
    names: set[str] = set()
    for section in ("services", "networks", "volumes", "configs", "secrets"):
        node = root.get(section)
        names.update(node.entries if isinstance(node, Mapping) else ())
    services = root.get("services")
    for service in services.entries.values() if isinstance(services, Mapping) else ():
        image = find(service, ("image",))
        if isinstance(image, Scalar):
            names.update(image.text.partition(":")[0].split("/"))
    for of in counterparts.values():
        names |= of.users | of.endpoint.hosts
        names |= {of.endpoint.database} if of.endpoint.database else set()
    return frozenset(names)
