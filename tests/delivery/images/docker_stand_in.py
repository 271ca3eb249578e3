"""What stands for `docker` on the PATH of the tests: it reads the bake file as buildx would, "builds", pushes to ECR by
its API, and writes the metadata file. It records each call, without the environment's secrets, in $STAND_IN_RECORD.

`STAND_IN` tells it to misbehave: `fail:TARGET`, `race`, `no-buildx`, `silent:TARGET` (no metadata of it), `elsewhere`
(no push).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": 2,
        "digest": "sha256:" + "4" * 64,
    },
    "layers": [],
}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(arguments: list[str]) -> int:
    behaviour = os.environ.get("STAND_IN", "")
    if arguments[:2] == ["buildx", "version"]:
        if behaviour == "no-buildx":
            say("docker: 'buildx' is not a docker command.")
            return 1
        say("github.com/docker/buildx v0.24.0")
        return 0
    assert arguments[:2] == ["buildx", "bake"], arguments
    options, targets = parsed(arguments[2:])
    bake = json.loads(Path(options["--file"][0]).read_text())
    config_folder = Path(os.environ["DOCKER_CONFIG"])
    config = json.loads((config_folder / "config.json").read_text())
    record = {
        "arguments": arguments,
        "folder": str(Path.cwd()),
        "targets": targets,
        "allow": options.get("--allow", []),
        "config": {key: value for key, value in config.items() if key != "auths"},
        "registries": sorted(config["auths"]),
        "config_folder": str(config_folder),
        "config_entries": sorted(entry.name for entry in config_folder.iterdir()),
        "config_mode": oct(config_folder.stat().st_mode & 0o777),
        "variables": {name: os.environ[name] for name in bake["variable"] if name in os.environ},
    }
    with Path(os.environ["STAND_IN_RECORD"]).open("a") as file:
        file.write(json.dumps(record) + "\n")
    say(f"the login is {next(iter(config['auths'].values()))['auth']}")
    for name in bake["variable"]:
        say(f"#1 with {name}={os.environ.get(name, '')}")
    metadata: dict[str, Any] = {}
    for target in targets:
        entry = bake["target"][target]
        check_target(entry, bake)
        if behaviour == f"fail:{target}":
            say("#7 [2/3] RUN npm ci\n#7 0.731 npm error missing script")
            say(f'ERROR: target {target}: failed to solve: process "/bin/sh -c npm ci" did not complete: exit code: 1')
            return 1
        reference = value_of(entry["tags"][0], bake)
        try:
            digest = pushed(reference, config, behaviour)
        except Exception as error:
            say(f"ERROR: target {target}: failed to push {reference}: {error}")
            return 1
        if behaviour != f"silent:{target}":
            metadata[target] = {"containerimage.digest": digest, "image.name": reference}
    Path(options["--metadata-file"][0]).write_text(json.dumps(metadata))
    return 0


def parsed(arguments: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Options with their values, and the targets."""
    options: dict[str, list[str]] = {}
    targets = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--push":
            options[argument] = []
        elif argument.startswith("--allow="):
            options.setdefault("--allow", []).append(argument.removeprefix("--allow="))
        elif argument in ("--file", "--progress", "--metadata-file"):
            options.setdefault(argument, []).append(next(rest))
        else:
            assert not argument.startswith("-"), f"unknown flag: {argument}"
            targets.append(argument)
    assert "--push" in options
    return options, targets


def check_target(entry: dict[str, Any], bake: dict[str, Any]) -> None:
    """Fails as buildx would where a folder, a Dockerfile or a target is missing."""
    for place in (entry["context"], *entry.get("contexts", {}).values()):
        if place.startswith("target:"):
            check_target(bake["target"][place.removeprefix("target:")], bake)
        elif "://" not in place and not place.startswith("git@"):
            assert Path(place).is_dir(), f"{place} is no folder of {Path.cwd()}"
    inline = entry.get("dockerfile-inline", "")
    stages = set(re.findall(r"^FROM .* AS (\S+)$", inline, re.MULTILINE))
    for name, source in re.findall(r"COPY .*--from=(\S+) (\S+) ", inline):
        if name in stages:
            continue
        context = Path(entry["contexts"][name])
        ignored = context / ".dockerignore"
        hidden = ignored.read_text().split() if ignored.is_file() else []
        assert (context / source).exists() and source not in hidden, f'"/{source}": not found'  # as BuildKit says it
    if "dockerfile-inline" not in entry and Path(entry["context"]).is_dir():
        assert (Path(entry["context"]) / entry.get("dockerfile", "Dockerfile")).is_file()


def value_of(text: str, bake: dict[str, Any]) -> str:
    match = re.fullmatch(r"\$\{(\w+)\}", text)
    assert match, text
    return str(os.environ.get(match[1], bake["variable"][match[1]]["default"]))


def pushed(reference: str, config: dict[str, Any], behaviour: str) -> str:
    """Push to ECR, with the login that the config has for the registry."""
    name, _, tag = reference.rpartition(":")
    registry, _, repository = name.partition("/")
    assert base64.b64decode(config["auths"][registry]["auth"]).startswith(b"AWS:")
    assert config["credHelpers"][registry] == ""
    manifest = json.dumps({**MANIFEST, "annotations": {"of": os.environ.get("STAND_IN_CONTENT", reference)}})
    if behaviour == "elsewhere":
        return digest_of(manifest)
    import boto3  # noqa: PLC0415 - it takes longer than all the rest

    registry_client = boto3.client("ecr")
    if behaviour == "race":
        other = json.dumps({**MANIFEST, "annotations": {"of": "theirs"}})
        registry_client.put_image(
            repositoryName=repository, imageTag=tag, imageManifest=other, imageDigest=digest_of(other)
        )
    answer = registry_client.put_image(
        repositoryName=repository, imageTag=tag, imageManifest=manifest, imageDigest=digest_of(manifest)
    )
    return str(answer["image"]["imageId"]["imageDigest"])


def digest_of(manifest: str) -> str:
    """Moto takes the digest that it is given."""
    return "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
