"""Variables that go with an address: the port, user, password and database that stand in variables of their own.

They belong to it by the stem of their names (`WORDPRESS_DB_HOST`, `WORDPRESS_DB_PASSWORD`), by being the image's own
names given to the client too (`POSTGRES_PASSWORD` in a shared env_file), or by value (the same `${DB_PASSWORD}` on
both sides).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass

from compose2aws.planning.values.address import Site
from compose2aws.planning.values.connection import Carried
from compose2aws.planning.values.counterpart import Counterpart, Whose
from compose2aws.planning.values.split_variables import Part, SplitName, belongs, split_name
from compose2aws.planning.values.written import Written

_LOGIN_PARTS: tuple[Part, ...] = ("user", "password", "database", "port")


@dataclass(frozen=True, slots=True)
class Companion:
    """A variable that holds a part of an endpoint's address. `score`: how surely, from 1 to 3 (`belongs`)."""

    service: str
    part: Part
    score: int
    whose: Whose = "own"


@dataclass(frozen=True, slots=True)
class _Candidate:
    key: str
    value: Written
    stem: tuple[str, ...]
    companion: Companion


def companions(
    values: AbstractMapping[str, Written],
    sites: AbstractMapping[str, tuple[Site, ...]],
    counterparts: AbstractMapping[str, Counterpart],
    related: Iterable[str],
) -> dict[str, Companion]:
    """The companions among a service's variables, by name. `sites` are what was found in them; `related` the endpoints
    that the service names anywhere or depends on."""
    anchors = _anchors(sites, counterparts)
    near = tuple(counterparts[service] for service in related)
    if not near:
        return {}
    found: list[_Candidate] = []
    for key, value in values.items():
        name = split_name(key)
        if name.part not in _LOGIN_PARTS or any(
            a.service in counterparts for s in sites.get(key, ()) for a in s.addresses
        ):
            continue
        companion = _companion(key, name, value, anchors, counterparts, near)
        if companion is not None and _plausible(companion, value, counterparts[companion.service]):
            found.append(_Candidate(key, value, name.stem, companion))
    return dict(_judged(found, counterparts))


def carried(found: Iterable[Companion]) -> dict[str, Carried]:
    """What of each endpoint's login the companions carry."""
    parts: dict[str, set[str]] = {}
    for companion in found:
        if companion.score >= 2:
            parts.setdefault(companion.service, set()).add(companion.part)
        if companion.part == "password":
            parts.setdefault(companion.service, set()).add("loosely")
    return {
        service: Carried("user" in p, "password" in p, "database" in p, "loosely" in p) for service, p in parts.items()
    }


def _anchors(
    sites: AbstractMapping[str, tuple[Site, ...]], counterparts: AbstractMapping[str, Counterpart]
) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The stems of the variables that hold addresses of endpoints, with the endpoint."""
    found: list[tuple[tuple[str, ...], str]] = []
    for key, of_key in sites.items():
        name = split_name(key)
        stem = name.stem if name.part in ("host", "url") else name.words
        for site in of_key:
            found += [(stem, a.service) for a in site.addresses if a.service in counterparts]
    return tuple(dict.fromkeys(found))


def _companion(
    key: str,
    name: SplitName,
    value: Written,
    anchors: tuple[tuple[tuple[str, ...], str], ...],
    counterparts: AbstractMapping[str, Counterpart],
    near: tuple[Counterpart, ...],
) -> Companion | None:
    part = name.part
    if part is None or "://" in value.text:
        return None
    scores: dict[str, int] = {}
    for stem, service in anchors:
        score = belongs(name.stem, stem)
        if score:
            scores[service] = max(score, scores.get(service, 0))
    if scores:
        best = max(scores.values())
        service = _chosen([counterparts[s] for s, score in scores.items() if score == best], part, value)
        return Companion(service, part, best)
    if part == "port":
        return None
    own = [c for c in near if key in c.own_names]
    if not own and name.stem:
        own = [c for c in near if all(word in c.words for word in name.stem)]
    if not own and part == "password":
        # `ADMIN_PASSWORD: ${DB_PASSWORD}` is somebody else's password, `APP_DB_PASSWORD: ${DB_PASSWORD}` is not
        own = [c for c in near if c.is_password(value) and c.goes_by(frozenset(name.words))]
    if len(own) > 1:
        exact = [c for c in own if _is(c, part, value)]
        own = exact if len(exact) == 1 else own if exact == own else exact
    return Companion(own[0].service, part, 1) if len(own) == 1 else None


def _chosen(among: list[Counterpart], part: Part, value: Written) -> str:
    """The endpoint whose value it is; the first where that does not tell."""
    return next((c for c in among if _is(c, part, value)), among[0]).service


def _is(counterpart: Counterpart, part: Part, value: Written) -> bool:
    if part == "password":
        return counterpart.is_password(value)
    return counterpart.is_user(value) if part == "user" else counterpart.is_database(value)


def _plausible(companion: Companion, value: Written, of: Counterpart) -> bool:
    endpoint = of.endpoint
    if companion.part == "port":
        return value.unset or value.known == str(endpoint.port)
    if companion.part == "database":
        return endpoint.aws_database is not None and (value.unset or of.is_database(value))
    if companion.part == "user":
        return endpoint.passwordless or endpoint.aws_user is not None
    return endpoint.passwordless or of.has_login


def _judged(
    found: list[_Candidate], counterparts: AbstractMapping[str, Counterpart]
) -> Iterable[tuple[str, Companion]]:
    """The candidates with whose login they are, judged by the user and the password of one stem together."""
    users = {(c.companion.service, c.stem): c.value for c in found if c.companion.part == "user"}
    passwords = {(c.companion.service, c.stem): c.value for c in found if c.companion.part == "password"}
    for candidate in found:
        companion, of = candidate.companion, counterparts[candidate.companion.service]
        whose: Whose = "own"
        if companion.part in ("user", "password") and not of.endpoint.passwordless:
            at = (companion.service, candidate.stem)
            whose = of.login(users.get(at), passwords.get(at))
        yield candidate.key, Companion(companion.service, companion.part, companion.score, whose)
