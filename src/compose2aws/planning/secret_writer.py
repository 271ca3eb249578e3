"""The first container of a task that writes its secret files, and how the app finds them where it looks.

A task mounts no single file, and a volume over the folder of one (`/etc` of `/etc/stripe.key`) would hide what the
image has there. So files outside of /run/secrets stand in a volume of their own, and a link leads to each: in the
service's image or, where a volume lies over that place, in the volume.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.identity import first_container, logical_id
from compose2aws.planning.image import image_beside
from compose2aws.planning.layered_image import BakedFile, helper_image
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model import (
    Container,
    EnvironmentVariable,
    Logging,
    RegistryImage,
    TaskVolume,
    VolumeMount,
    named,
)
from compose2aws.planning.mount_point import Mounts
from compose2aws.planning.source import ServiceSource
from compose2aws.planning.text import Text

_SECRETS = "/run/secrets"
_ELSEWHERE = "/run/compose2aws"
_FOLDERS = "/folders"


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A file at `target` of a service's container. `content` is the variable that holds it, whose name is given here;
    `owner` is `UID:GID`; `path` is the entry of the compose file that asks for it. The app may change a `writable` one,
    which lives as long as its task."""

    target: str
    content: EnvironmentVariable
    mode: str
    owner: str | None
    path: Path
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """The writer, the volumes that it writes to, where the service's container has them, and the links that its image
    needs."""

    writer: Container
    volumes: tuple[TaskVolume, ...]
    mounts: tuple[VolumeMount, ...]
    links: tuple[BakedFile, ...]


@dataclass(slots=True)
class _Places:
    """What the writer does, while it is put together."""

    script: list[str] = field(default_factory=list)
    folders: dict[str, VolumeMount] = field(default_factory=dict)
    laid: dict[str, str] = field(default_factory=dict)
    links: list[BakedFile] = field(default_factory=list)


def write_files(
    service: ServiceSource,
    files: tuple[SecretFile, ...],
    mounts: Mounts,
    isolated: bool,
    retention: int,
    project: Project,
    ledger: Ledger,
) -> Written:
    """What writes the files, of which there is at least one. A place where the app cannot find its file is an error
    that is told."""
    places = _Places()
    variables = []
    for number, asked in enumerate(files):
        # /var/run leads to /run
        file = replace(asked, target=re.sub(rf"^/var(?={_SECRETS}/)", "", asked.target))
        variable = replace(file.content, name=f"SECRET_{number}")
        variables.append(variable)
        place = _place(file, mounts, places)
        places.script += _steps(file, variable.name, place)
        how = _lead_there(service, file, place, mounts, places, ledger) if place != file.target else ""
        becomes = (variable.secret, service.definition) if variable.secret else service.definition
        reason = f"written to {file.target} before the container starts{how}"
        ledger.record(file.path, "adapted", becomes, reason=reason)
    name = first_container("secrets", service.name)
    written = any(file.writable for file in files)
    over = tuple(VolumeMount(volume, f"{_FOLDERS}/{folder}") for volume, folder in places.laid.items())
    writer = Container(
        name=name,
        image=image_beside(service, "secrets", helper_image(), (), project)
        if isolated
        else RegistryImage(helper_image()),
        logging=Logging(named("AWS::Logs::LogGroup", service.identity, "LogGroup"), retention, name),
        essential=False,
        entrypoint=(Text.of("sh"), Text.of("-ec")),
        command=(Text.of(" && ".join(places.script)),),
        environment=tuple(variables),
        mounts=(*places.folders.values(), *over),
    )
    return Written(
        writer,
        tuple(TaskVolume(mount.volume) for mount in places.folders.values()),
        tuple(
            replace(mount, read_only=not (written and mount.container_path == _ELSEWHERE))
            for mount in places.folders.values()
        ),
        tuple(places.links),
    )


def _place(file: SecretFile, mounts: Mounts, places: _Places) -> str:
    """Where a file stands: at its target below /run/secrets, else in a folder that is ours alone."""
    inside = _is_in(file.target, _SECRETS) and not any(_is_in(file.target, m.container_path) for m in mounts.mounts)
    folder = _SECRETS if inside else _ELSEWHERE
    places.folders.setdefault(folder, VolumeMount(logical_id(folder, "Stored"), folder))
    return file.target if inside else f"{_ELSEWHERE}{file.target}"


def _steps(file: SecretFile, variable: str, place: str) -> Iterator[str]:
    if posixpath.dirname(place) not in (_SECRETS, _ELSEWHERE):
        yield f"mkdir -p {_quote(posixpath.dirname(place))}"
    yield f'printf %s "${variable}" > {_quote(place)} && chmod {file.mode} {_quote(place)}'
    if file.owner:
        yield f"chown {file.owner} {_quote(place)}"


def _lead_there(
    service: ServiceSource, file: SecretFile, place: str, mounts: Mounts, places: _Places, ledger: Ledger
) -> str:
    """A link from where the app looks to where the file is; what there is to say of it."""
    over = [m for m in mounts.mounts if _is_in(file.target, m.container_path)]
    memory = [t.path for t in mounts.tmpfs if _is_in(file.target, t.path)]
    nearest = max(over, key=lambda m: len(m.container_path)) if over else None
    if memory and (nearest is None or len(max(memory, key=len)) > len(nearest.container_path)):
        _cannot_be_found(service, file, f"memory lies over {max(memory, key=len)}", ledger)
        return ""
    if nearest is None:
        places.links.append(BakedFile(file.target, link=place, path=file.path))
        return f", to {place}, where a link in the image leads"
    if any(nearest.volume == point.id.logical_id for point in mounts.access_points):
        number = places.laid.setdefault(nearest.volume, str(len(places.laid)))
        link = posixpath.join(_FOLDERS, number, posixpath.relpath(file.target, nearest.container_path))
        places.script.append(f"mkdir -p {_quote(posixpath.dirname(link))} && ln -sfn {_quote(place)} {_quote(link)}")
        return f", to {place}, where a link in the volume at {nearest.container_path} leads"
    _cannot_be_found(service, file, f"a folder of the host lies over {nearest.container_path}", ledger)
    return ""


def _cannot_be_found(service: ServiceSource, file: SecretFile, why: str, ledger: Ledger) -> None:
    reason = f"{service.name} does not find its secret at {file.target}: {why}, where no file of ours can be laid"
    ledger.find("secret-hidden", "error", reason, f"let the app read it from {_SECRETS}", file.path)


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")


def _quote(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"
