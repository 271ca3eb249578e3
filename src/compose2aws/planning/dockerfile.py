"""What a service's Dockerfile says of the image: where its build writes to, and whether it has a shell.

Source: Dockerfile reference, "FROM", "WORKDIR", "COPY". Only what stands in the text is known; a base image is not
looked into.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from compose2aws.compose.project import Project
from compose2aws.planning.source import ServiceSource

_WITHOUT_SHELL = re.compile(r"(^|/)(scratch|distroless[^ ]*|static)(:|$|@)|distroless|chainguard/")


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """`copied_to` are the places that COPY and ADD of the context write to; `written_to` those and the working folders,
    of the last stage; `has_shell` is whether its base has one, as far as its name tells. `base` is the image that it
    stands on, as written."""

    copied_to: frozenset[str]
    written_to: frozenset[str]
    has_shell: bool
    base: str = ""


def dockerfile_text(service: ServiceSource, project: Project) -> str | None:
    """The text of the Dockerfile of a service that is built from a local folder; None where there is none to read."""
    context = service.text("build", "context")
    inline = service.text("build", "dockerfile_inline")
    if inline or context is None:
        return inline
    path = posixpath.join(context, service.text("build", "dockerfile") or "Dockerfile")
    return project.fact(posixpath.normpath(path)).text


def read_dockerfile(service: ServiceSource, project: Project) -> Dockerfile | None:
    """What that text says; None where there is none."""
    text = dockerfile_text(service, project)
    return _read(text, service.text("build", "target")) if text is not None else None


def is_under(target: str, places: frozenset[str]) -> bool:
    """Whether a path is one of the places, or below one."""
    return any(target == place or target.startswith(place.rstrip("/") + "/") for place in places)


def _read(text: str, stage: str | None) -> Dockerfile:
    copied: set[str] = set()
    written: set[str] = set()
    folder, base, bases = "/", "", dict[str, str]()
    for line in re.sub(r"\\\s*\n", " ", text).splitlines():
        words = line.split()
        instruction = words[0].upper() if words else ""
        if instruction == "FROM" and len(words) > 1:
            if stage is not None and bases and stage in bases:
                break
            named = [word for word in words[1:] if not word.startswith("--")]
            base = bases.get(named[0], named[0])
            bases[named[2] if len(named) > 2 else f"#{len(bases)}"] = base
            folder, written = "/", set()
        elif instruction == "WORKDIR" and len(words) > 1:
            folder = posixpath.normpath(posixpath.join(folder, words[1].strip('"')))
            written.add(folder)
        elif instruction in ("COPY", "ADD") and len(words) > 2:
            place = posixpath.normpath(posixpath.join(folder, words[-1].strip('"[],')))
            written.add(place)
            if not any(word.startswith("--from") for word in words):
                copied.add(place)
    return Dockerfile(frozenset(copied), frozenset(written - {"/"}), not _WITHOUT_SHELL.search(base), base)
