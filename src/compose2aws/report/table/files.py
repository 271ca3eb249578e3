"""Where files are: images, volumes and mounts. What of it is left out, or cannot be, is told among the findings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compose2aws.compose.node import Mapping, Path, find, plain
from compose2aws.compose.project import Project
from compose2aws.planning.ledger import Decision
from compose2aws.planning.model import Plan
from compose2aws.report.layout import counted, listed
from compose2aws.report.managed import title
from compose2aws.report.table.author import items, mounted, relative
from compose2aws.report.table.row import Row

_NAMES = 8
_SOURCES = 6
_ROWS = 3
_GONE = ("dropped", "refused")
_WORD = re.compile("[A-Z]+(?![a-z])|[A-Z][a-z]+")


def image_rows(plan: Plan, project: Project) -> Iterator[Row]:
    built = [one.service for one in plan.images if find(project.root, ("services", one.service, "build"))]
    others = [one for one in plan.images if one.service not in built]
    filled = [one.service for one in others if "\nCOPY " in (one.target.dockerfile_inline or "")]
    plain = [one.service for one in others if one.service not in filled]
    for services, key, how in (
        (built, "build", "built by `docker buildx bake`, pushed, and run by digest"),
        (filled, "image", "the same image with the mounted files in it, built by `docker buildx bake`"),
        (plain, "image", "the same image, copied into a repository of the project by `docker buildx bake`"),
    ):
        if services:
            yield Row(
                f"`{key}:` of {listed(services, _NAMES)}",
                counted(len(services), "ECR repository", "ECR repositories"),
                how,
            )


def volume_rows(plan: Plan, project: Project, decided: dict[Path, Decision], *, brief: bool) -> Iterator[Row]:
    """Volumes by what keeps their files; `brief`: those of several managed services together."""
    volumes = project.root.get("volumes")
    points = {p.volume for p in plan.file_system.access_points} if plan.file_system else set()
    stored: list[str] = []
    absorbed: dict[str, tuple[list[str], list[str]]] = {}
    for name in volumes if isinstance(volumes, Mapping) else ():
        moved = [item for item in plan.managed if name in mounted(project, item.service)]
        decision = decided.get(("volumes", name))
        if name in points:
            stored.append(name)
        elif moved:
            names, owners = absorbed.setdefault(title(moved[0]), ([], []))
            names.append(name)
            owners.append(moved[0].service)
        elif decision and decision.outcome not in _GONE:
            yield Row(f"`volumes: {name}`", _counterpart(decision), decision.reason)
    if brief and len(absorbed) > 1:
        names, owners = ([name for part in parts for name in part] for parts in zip(*absorbed.values(), strict=True))
        absorbed = {"the managed services": (names, owners)}
    for product, (names, owners) in absorbed.items():
        copied = "what the local volume holds is" if len(names) == 1 else "what the local volumes hold is"
        yield Row(
            f"`volumes: {listed(names)}`",
            f"storage of {product}",
            f"goes with {listed(dict.fromkeys(owners))}; {copied} not copied",
        )
    if stored:
        backed = ", backed up daily" if plan.file_system and plan.file_system.backups else ""
        folder = "a folder" if len(stored) == 1 else "a folder each"
        yield Row(
            f"`volumes: {listed(stored)}`", "EFS", f"{folder} of an encrypted file system{backed}; empty at first"
        )


def mount_rows(project: Project, decided: dict[Path, Decision], *, brief: bool) -> Iterator[Row]:
    """Files and folders that a service takes from the project or the machine, those with one reason together."""
    groups: dict[str, dict[str, list[str]]] = {}
    for path in items(project, "volumes"):
        node = find(project.root, path)
        mount = plain(node) if isinstance(node, Mapping) else None
        decision = decided.get(path)
        if not isinstance(mount, dict) or mount.get("type") != "bind":
            continue
        if decision is None or decision.outcome in _GONE:
            continue
        source = relative(str(mount.get("source", "")), project.folder)
        groups.setdefault(_counterpart(decision), {}).setdefault(decision.reason, []).append(f"`{source}`")
    for aws, reasons in groups.items():
        if brief and len(reasons) > _ROWS:
            sources = dict.fromkeys(source for same in reasons.values() for source in same)
            yield Row(f"mounts: {listed(sources, _SOURCES)}", aws, f"{next(iter(reasons))}; the others likewise")
            continue
        for reason, same in reasons.items():
            yield Row(f"mounts: {listed(dict.fromkeys(same), _SOURCES)}", aws, reason)


def _counterpart(decision: Decision) -> str:
    """What a volume or mount became, in a word or two."""
    types = {id_.type for id_ in decision.becomes}
    if decision.code == "files-baked":
        return "in the image (ECR)"
    if decision.code == "secret-file":
        return "Secrets Manager"
    if "AWS::EFS::AccessPoint" in types:
        return "EFS"
    if decision.code == "host-path":
        return "EC2 instance"
    if decision.code == "init-script":
        return "ECS task, run once"
    return listed(dict.fromkeys(map(_product, sorted(types)))) or "nothing"


def _product(type_: str) -> str:
    """A type of CloudFormation in words: `ElastiCache parameter group`."""
    _, service, *rest = type_.split("::")
    return " ".join([service, *(word.lower() for part in rest for word in _WORD.findall(part))])
