"""Mounted files that are secrets: written from Secrets Manager where they fit, else part of the image, and told so."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from compose2aws.compose.node import Path
from compose2aws.compose.project import FileFact, Project
from compose2aws.planning.identity import secret_variable
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.mount_point import Collected, SecretMount
from compose2aws.planning.private_file import private_name, secret_by_name, secret_evidence
from compose2aws.planning.project_path import project_path
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.values.parameter_book import LONGEST_VALUE

_KEY_OF_A_PERSON = re.compile(r"id_\w+")
# Names that mean themselves among the patterns of COPY --exclude.
_LITERAL = re.compile(r"[\w./@+-]+")
_TOLD = 3


def keep_secret(
    service: ServiceSource,
    path: Path,
    source: str,
    target: str,
    read_only: bool,
    project: Project,
    ledger: Ledger,
    to: Collected,
    mode: str | None = None,
) -> bool:
    """Whether a mounted file is written from Secrets Manager; then it is decided. One that is a secret and does not fit
    there is told."""
    fact = project.fact(source)
    shown = _shown(source, project)
    why = secret_evidence(shown, fact)
    given = project.environment.get(secret_variable(project_path(source, project)))
    if fact.kind == "missing" and (given or secret_by_name(source)):
        why = f"{shown}, which is not here, is {'given as a secret' if given else 'a secret by its name'}"
    if why is None:
        return False
    if fact.kind == "file" and not given and not _fits(fact):
        _tell_of_image(service, path, [(why, fact)], "on AWS it is part of the image", ledger)
        return False
    to.secrets.append(SecretMount(target, source, path, mode or _mode(source, fact, read_only), not read_only))
    ledger.record(path, "adapted", service.definition, code="secret-file", reason=f"{why}:")
    message = f"{why}: it is part of no image, and kept in Secrets Manager; {service.name} finds it at {target}"
    ledger.find("secret-file", "note", message, "", path)
    return True


def secrets_apart(
    service: ServiceSource,
    path: Path,
    source: str,
    target: str,
    read_only: bool,
    project: Project,
    ledger: Ledger,
    to: Collected,
) -> tuple[str, ...]:
    """The files of a folder that are written from Secrets Manager, to be left out of the folder's copy in the image.
    Those that are secrets and stay in it are told."""
    apart: list[str] = []
    staying: list[tuple[str, FileFact]] = []
    for entry, why, fact in _secrets_in(source, project):
        if _fits(fact) and _LITERAL.fullmatch(entry):
            place = posixpath.join(target, entry)
            to.secrets.append(SecretMount(place, fact.path, path, _mode(entry, fact, read_only), not read_only))
            apart.append(entry)
        else:
            staying.append((why, fact))
    if apart:
        told = ", ".join(why for entry, why, _ in _secrets_in(source, project) if entry in apart[:_TOLD])
        more = f", and {len(apart) - _TOLD} more like it" if len(apart) > _TOLD else ""
        message = f"{told}{more}: part of no image, and kept in Secrets Manager; {service.name} finds it in {target}"
        remedy = "mount it as a file of its own where it is not in the repository: CI is asked for it then"
        ledger.find("secret-file", "note", message, remedy, path)
    if staying:
        _tell_of_image(service, path, staying, "on AWS it is part of the image", ledger)
    return tuple(apart)


def tell_of_seeds(service: ServiceSource, path: Path, source: str, project: Project, ledger: Ledger) -> None:
    """The secrets among the files that a folder on EFS begins with."""
    if found := [(why, fact) for _, why, fact in _secrets_in(source, project)]:
        _tell_of_image(service, path, found, "on AWS it is in the image that fills the folder", ledger)


def _secrets_in(folder: str, project: Project) -> Iterator[tuple[str, str, FileFact]]:
    """The entries of a folder that are secrets, each with why it is one. Where no entry was read, names alone tell."""
    for entry in project.fact(folder).entries:
        place = f"{folder.rstrip('/')}/{entry}"
        fact, shown = project.fact(place), _shown(place, project)
        known = fact.kind != "missing"
        why = (
            secret_evidence(shown, fact)
            if known
            else f"{shown} is a secret by its name"
            if private_name(entry)
            else None
        )
        if why is not None:
            yield entry, why, fact


def _tell_of_image(
    service: ServiceSource, path: Path, found: list[tuple[str, FileFact]], where: str, ledger: Ledger
) -> None:
    whys = [why for why, _ in found]
    more = f", and {len(whys) - _TOLD} more like it" if len(whys) > _TOLD else ""
    limit = f"as text of at most {LONGEST_VALUE:,} bytes"
    ledger.find(
        "secret-in-image",
        "warning",
        f"{', '.join(whys[:_TOLD])}{more}, and {where}, where everyone who may pull that can read it",
        f"mount it as a file of its own, {limit}: such a file is kept in Secrets Manager; or let {service.name} take "
        "what is secret from a variable",
        path,
    )


def _fits(fact: FileFact) -> bool:
    return fact.text is not None and 0 < fact.size <= LONGEST_VALUE


def _mode(source: str, fact: FileFact, read_only: bool) -> str:
    """The mode of the file. ssh takes no key that others can read."""
    if _KEY_OF_A_PERSON.fullmatch(posixpath.basename(source)):
        return "0400"
    return f"0{4 + 2 * (not read_only) + fact.executable}{(4 + fact.executable) * 11}"


def _shown(path: str, project: Project) -> str:
    return project_path(path, project).removeprefix("./")
