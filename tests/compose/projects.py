"""Short ways to load a compose text in a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from compose2aws.compose import ComposeError, Diagnostic, LoadOptions, Node, Project, find, load
from compose2aws.compose import Path as ModelPath


def project(folder: Path, text: str = "", /, *, files: Mapping[str, str] | None = None, **options: Any) -> Project:
    """The project of a `compose.yaml` with this text, beside these other files."""
    write(folder, {"compose.yaml": text, **(files or {})} if text else files or {})
    options.setdefault("environment", {})
    options.setdefault("project_name", "proj")
    return load(LoadOptions(working_directory=str(folder), **options))


def errors(folder: Path, text: str, /, **options: Any) -> tuple[Diagnostic, ...]:
    """The errors of a compose text that cannot be loaded."""
    with pytest.raises(ComposeError) as raised:
        project(folder, text, **options)
    return raised.value.diagnostics


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Writes files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


def value(loaded: Project, *path: str | int) -> Node:
    """The node at a path, which must be there."""
    place: ModelPath = path
    node = find(loaded.root, place)
    assert node is not None, path
    return node
