"""A Docker config of its own for one build, with the login of the registry in it; gone when the build ends.

The user's own config stays in force beside it: builders, contexts, plugins and the logins of other registries.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from compose2aws.delivery.refusal import DeliveryError

_CONFIG = "config.json"


@contextmanager
def docker_config(environment: Mapping[str, str], registry: str, auth: str, place: Path) -> Iterator[Path]:
    """The folder for `DOCKER_CONFIG`, made in `place`, readable by this user alone. `auth` is the login as Docker
    writes it.

    Raises `DeliveryError` where the user's own config cannot be read.
    """
    own = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME") or Path.home()) / ".docker")
    config = _read(own / _CONFIG)
    config["auths"] = {**_mapping(config.get("auths")), registry: {"auth": auth}}
    # A credential store would be asked instead; an empty helper for this registry means the file (docker/cli,
    # config/configfile: GetCredentialsStore).
    config["credHelpers"] = {**_mapping(config.get("credHelpers")), registry: ""}
    folder = place / "docker"
    folder.mkdir(mode=0o700)
    for entry in own.iterdir() if own.is_dir() else ():
        if entry.name != _CONFIG:
            _lend(entry, folder / entry.name)
    file = folder / _CONFIG
    file.touch(mode=0o600)
    try:
        file.write_text(json.dumps(config))
        yield folder
    finally:
        file.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    except (OSError, ValueError) as error:
        raise DeliveryError(f"{file} cannot be read: Docker needs it to be JSON") from error
    if not isinstance(read, dict):
        raise DeliveryError(f"{file} cannot be read: Docker needs it to be a JSON object")
    return read


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _lend(entry: Path, place: Path) -> None:
    """A link, so that what buildx writes of its builders is kept; a copy where the system has no links for users."""
    try:
        place.symlink_to(entry.absolute(), target_is_directory=entry.is_dir())
    except OSError:
        if entry.is_dir():
            shutil.copytree(entry, place, symlinks=True)
        else:
            shutil.copy2(entry, place)
