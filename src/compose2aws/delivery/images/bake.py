"""A run of `docker buildx bake` that builds and pushes some of a project's images."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compose2aws.cloudformation import Templates
from compose2aws.cloudformation.bake import tag_variable
from compose2aws.compose.node import Mapping as MappingNode
from compose2aws.compose.node import Scalar
from compose2aws.compose.project import Project
from compose2aws.delivery.images.entitlement import allowed
from compose2aws.delivery.images.login import docker_config
from compose2aws.delivery.images.masking import Mask, build_secrets
from compose2aws.delivery.images.request import ImageRequest
from compose2aws.delivery.images.staging import staged
from compose2aws.delivery.images.workspace import build_folder
from compose2aws.delivery.progress import Progress
from compose2aws.delivery.refusal import DeliveryError

_LAST_LINES = 20
_STOP_SECONDS = 10
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_FAILED_TARGET = re.compile(r"\btarget ([A-Za-z0-9_-]+): ")
_WAY_OUT = (
    "or build elsewhere (`synth` writes images.bake.json), push the images, and run the same command with --no-build"
)


@dataclass(frozen=True, slots=True)
class Built:
    """How a run ended: the digests that it told, by bake target; its exit code; its last lines, without secrets."""

    digests: Mapping[str, str]
    exit_code: int
    last_lines: tuple[str, ...]

    @property
    def failed_targets(self) -> frozenset[str]:
        """The targets that the output names as failed; empty where it names none."""
        return frozenset(match[1] for line in self.last_lines for match in _FAILED_TARGET.finditer(line))


def build_environment(templates: Templates, project: Project) -> dict[str, str]:
    """The environment of a build of the project: its own (the process's and `.env`), and the values of the bake file's
    variables, which are the build arguments that look like secrets."""
    values = dict(project.environment)
    for image in templates.images:
        for target in (*image.intermediate, image.target):
            names = {name for name, _ in target.variables}
            for argument, written in target.arguments:
                if written is not None and written.startswith("${") and written[2:-1] in names:
                    given = _build_argument(project, image.service, argument)
                    if given is not None:
                        values[written[2:-1]] = given
    return values


def push(request: ImageRequest, auth: str, references: Mapping[str, str], progress: Progress) -> Built:
    """Build and push the images with these references (`REGISTRY/REPOSITORY:TAG`), by parameter.

    `auth` is the registry's login. A build that fails is told in what is returned. Raises `DeliveryError` where there
    is no Docker, or no buildx.
    """
    images = [image for image in request.templates.images if image.parameter in references]
    masked = Mask(build_secrets(request, auth))
    environment = request.build_environment
    with (
        build_folder() as folder,
        docker_config(environment, request.registry, auth, folder) as config,
    ):
        environment["DOCKER_CONFIG"] = str(config)
        environment.pop("SOURCE_DATE_EPOCH", None)  # the bake file's own; bake would take this one before it
        _require_buildx(environment)
        for image in images:
            environment[tag_variable(image)] = references[image.parameter]
        file, metadata = folder / "images.bake.json", folder / "metadata.json"
        bake, copies = staged(request, images, folder)
        file.write_text(json.dumps(bake), "utf-8")
        command = ["docker", "buildx", "bake", "--file", str(file), "--push", "--progress", "plain"]
        command += ["--metadata-file", str(metadata), *allowed(request, images)]
        command += [f"--allow=fs.read={place}" for place in copies]
        command += [image.target.name for image in images]
        exit_code, last = _run(command, request.folder, environment, masked, progress)
        return Built(_digests(metadata), exit_code, last)


def _require_buildx(environment: Mapping[str, str]) -> None:
    try:
        ran = subprocess.run(
            ["docker", "buildx", "version"], env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise DeliveryError(
            f"images must be built, and there is no `docker` on the PATH: install Docker, {_WAY_OUT}"
        ) from error
    if ran.returncode:
        raise DeliveryError(
            "images must be built, and this Docker has no buildx (`docker buildx version` fails): install the plugin "
            f"docker-buildx, {_WAY_OUT}"
        )


def _run(
    command: list[str], folder: Path, environment: Mapping[str, str], masked: Mask, progress: Progress
) -> tuple[int, tuple[str, ...]]:
    last: deque[str] = deque(maxlen=_LAST_LINES)
    # No input: buildx would ask there for what it may read.
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # docker starts buildx, and both are to end
    ) as running:
        assert running.stdout is not None  # noqa: S101 - it was asked for
        try:
            for line in running.stdout:
                shown = masked(_ESCAPES.sub("", line).rstrip())
                if shown:
                    last.append(shown)
                    progress.output(shown)
        except BaseException:
            _stop(running)
            raise
        return running.wait(), tuple(last)


def _stop(running: subprocess.Popen[str]) -> None:
    """Ends docker and all that it started: politely, and after some seconds, or when that is interrupted, by force."""
    if sys.platform == "win32":
        running.terminate()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGTERM)
    try:
        running.communicate(timeout=_STOP_SECONDS)  # their output ends when the last of them does
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        if not isinstance(error, subprocess.TimeoutExpired):
            raise


def _digests(metadata: Path) -> dict[str, str]:
    """The digests in the file that `--metadata-file` names; a build that failed may have left none."""
    try:
        read = json.loads(metadata.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    found = {name: entry.get("containerimage.digest") for name, entry in read.items() if isinstance(entry, dict)}
    return {name: digest for name, digest in found.items() if isinstance(digest, str)}


def _build_argument(project: Project, service: str, name: str) -> str | None:
    node: object = project.root
    for key in ("services", service, "build", "args", name):
        node = node.entries.get(key) if isinstance(node, MappingNode) else None
    return node.text if isinstance(node, Scalar) and node.value is not None else None
