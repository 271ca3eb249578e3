"""What a file is called wherever the project lies."""

from __future__ import annotations

import posixpath

from compose2aws.compose.project import Project


def project_path(path: str, project: Project) -> str:
    """A file's path from the project's folder (`./secrets/key`, `../key`, `.`). One that shares no parent with the
    project was written as an absolute path, and is called so."""
    if posixpath.commonpath([path, project.folder]) == "/":
        return path
    relative = posixpath.relpath(path, project.folder)
    return relative if relative == "." or relative.split("/")[0] == ".." else f"./{relative}"
