"""Images that are other images with files, links or a stop signal of their own on top."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass

from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.identity import digest
from compose2aws.planning.model import BakeTarget

MIRROR = "public.ecr.aws/docker/library/"
"""Amazon's mirror of Docker Hub's official images."""


@dataclass(frozen=True, slots=True)
class BakedFile:
    """A file or folder that is copied to `target` in the image: `source` is absolute; or `text`, where the compose file
    itself holds the content; or a link that leads to `link`. `without` are patterns of what a folder's copy leaves out
    (Dockerfile reference, "COPY --exclude"); one that is `code` also leaves out what its .dockerignore names."""

    target: str
    source: str | None = None
    folder: bool = False
    text: str | None = None
    mode: str | None = None
    path: Path = ()
    link: str | None = None
    without: tuple[str, ...] = ()
    code: bool = False


def helper_image() -> str:
    """A small image with a shell, for what runs before an app's own container."""
    return f"{MIRROR}busybox:1.37"


def layered(
    name: str,
    base: str,
    baked: tuple[BakedFile, ...],
    of: tuple[str, ...],
    project: Project,
    stop_signal: str | None = None,
) -> BakeTarget:
    """A target that copies files onto another image (`base`, a context of bake), for the platforms `of`.

    Each file's folder is a context of its own; `deploy` copies what a .dockerignore there hides, but for code
    (`delivery/images/staging.py`). Links are made in a stage of their own: the image may have no shell."""
    ordered = sorted(baked, key=lambda f: f.target)
    lines = ["# syntax=docker/dockerfile:1", *_link_stage(ordered), "FROM base"]
    contexts: list[tuple[str, str]] = [("base", base)]
    for number, file in enumerate(ordered):
        mode = f"--chmod={file.mode} " if file.mode else ""
        if file.link is not None:
            lines.append(
                f"COPY --from=links {_quoted(f'/{number}/', posixpath.dirname(file.target).rstrip('/') + '/')}"
            )
            continue
        if file.source is None:
            mark = f"EOF_{digest(file.text or '')}"
            lines += [f'COPY {mode}<<"{mark}" {file.target}', (file.text or "").rstrip("\n"), mark]
            continue
        folder = file.source if file.folder else posixpath.dirname(file.source)
        what = "." if file.folder else posixpath.basename(file.source)
        context = f"{'code' if file.code else 'files'}{number}"
        contexts.append((context, posixpath.relpath(folder, project.folder)))
        target = file.target.rstrip("/") + "/" if file.folder else file.target
        without = "".join(f"--exclude={pattern} " for pattern in file.without)
        lines.append(f"COPY {mode}{without}--from={context} {_quoted(what, target)}")
    if stop_signal:
        lines.append(f"STOPSIGNAL {stop_signal}")
    return BakeTarget(
        name=name,
        context=".",
        dockerfile_inline="\n".join(lines) + "\n",
        contexts=tuple(contexts),
        platforms=of,
    )


def _link_stage(files: list[BakedFile]) -> list[str]:
    """The stage that makes the links, each in a folder that is called as its place among the files."""
    links = [
        (number, file.link, f"/{number}/{posixpath.basename(file.target)}")
        for number, file in enumerate(files)
        if file.link is not None
    ]
    made = [f"mkdir /{number} && ln -s {shlex.quote(to)} {shlex.quote(place)}" for number, to, place in links]
    return [f"FROM --platform=$BUILDPLATFORM {helper_image()} AS links", f"RUN {' && '.join(made)}"] if made else []


def _quoted(source: str, target: str) -> str:
    if " " in source or " " in target:
        return '["' + source + '", "' + target + '"]'
    return f"{source} {target}"
