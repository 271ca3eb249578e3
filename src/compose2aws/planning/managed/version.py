"""Which version of the managed engine an image's tag asks for."""

from __future__ import annotations

import re

from compose2aws.catalog import Catalog, ImageMapping, ImageReference, VersionRule
from compose2aws.planning.identity import logical_id
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import EngineVersion, Parameter
from compose2aws.planning.source import ServiceSource


def choose_version(
    service: ServiceSource, image: ImageReference | None, mapping: ImageMapping, catalog: Catalog, ledger: Ledger
) -> tuple[EngineVersion, str, Parameter]:
    """The version, its parameter group family, and the stack parameter that holds it.

    A tag without a number means the newest major that we know to be mature (`latest` of the mapping). A version
    older than can be created becomes the oldest that can, a newer one the newest, each with a finding.
    """
    rule = mapping.versions
    if rule is None:
        raise ValueError(f"{mapping.file}: a managed mapping names its versions")
    wanted = _wanted(image, rule)
    major = rule.latest if wanted is None else _major(wanted, rule)
    if wanted is not None and _numbers(wanted)[: len(_numbers(major))] != _numbers(major)[: len(_numbers(wanted))]:
        word = "is not" if _numbers(wanted) < _numbers(rule.majors[0]) else "cannot be created yet, or is not"
        ledger.find(
            "engine-version",
            "warning",
            f"{mapping.title} {wanted} {word} offered by AWS; {service.name} becomes {mapping.product} {major}",
            "test the app with that version before you deploy",
            service.at("image"),
        )
    creatable = catalog.creatable(rule.engine, major)
    version = EngineVersion(logical_id(service.identity, "EngineVersion"), creatable[-1] if creatable else major, major)
    parameter = Parameter(
        name=version.parameter,
        source=f"engine:{service.name}",
        description=f"Engine version of {service.name}; deploy keeps it until its major changes",
        default=version.default,
    )
    # `aurora-postgresql16`, `aurora-mysql8.0`, but `valkey8`
    family = rule.parameter_family.replace("{major}", major)
    return version, family, parameter


def _wanted(image: ImageReference | None, rule: VersionRule) -> str | None:
    if image is None:
        return None
    name = image.repository.rpartition("/")[2]
    # a pattern with a colon looks at the image's name too
    text = f"{name}:{image.tag or ''}" if ":" in rule.tag.replace("(?:", "") else image.tag or ""
    match = re.match(rule.tag, text)
    return match[1] if match else None


def _major(wanted: str, rule: VersionRule) -> str:
    """The newest major that is not newer than what is wanted; of `8`, the newest that begins so (`8.4`)."""
    numbers = _numbers(wanted)
    same = [m for m in rule.majors if _numbers(m)[: len(numbers)] == numbers]
    if same:
        return same[-1]
    older = [m for m in rule.majors if _numbers(m) <= numbers]
    return older[-1] if older else rule.majors[0]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
