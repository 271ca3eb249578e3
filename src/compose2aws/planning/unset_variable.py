"""Where a variable that is not set leaves an empty text on AWS, as it does in Docker.

In what a container is told it does not: there it is a parameter of the stack. And a section `x-…` reaches nothing by
itself, only where a service repeats it by an anchor. The loader says of a variable once that it is not set, at its
first place; here it is said of a place where that is so.
"""

from __future__ import annotations

import re

from compose2aws.compose.node import Path, Scalar, leaves
from compose2aws.compose.project import Diagnostic, Project
from compose2aws.compose.provenance import unset_variables

CODE = "unset-variable"
_PARAMETERS = ("environment", "command", "entrypoint", "labels", "healthcheck")
_NAME = re.compile(r"the variable '(\w+)' is not set")


def empty_texts(project: Project) -> dict[Diagnostic, Path | None]:
    """For each warning that a variable is not set the path at which it leaves an empty text; None where it does
    nowhere."""
    warnings = [warning for warning in project.warnings if warning.code == CODE]
    empty: dict[str, Path] = {}
    for path, leaf in leaves(project.root) if warnings else ():
        if isinstance(leaf, Scalar) and not _becomes_a_parameter(path):
            for name in unset_variables(leaf):
                empty.setdefault(name, path)
    places: dict[Diagnostic, Path | None] = {}
    for warning in warnings:
        found = _NAME.match(warning.message)
        elsewhere = empty.get(found[1]) if found else None
        places[warning] = elsewhere if _becomes_a_parameter(warning.path) else warning.path
    return places


def _becomes_a_parameter(path: Path) -> bool:
    """Whether an unset variable here is a stack parameter, or is nothing by itself."""
    section = str(path[0]) if path else ""
    if section == "services":
        return len(path) > 2 and path[2] in _PARAMETERS
    return section.startswith("x-") and section != "x-aws"
