"""Compose files in, a canonical `Project` out. This room knows no AWS word."""

from compose2aws.compose.loader import load
from compose2aws.compose.node import (
    Mapping,
    Node,
    Path,
    Position,
    Scalar,
    Segment,
    Sequence,
    find,
    leaves,
    locate,
    plain,
)
from compose2aws.compose.printing import canonical
from compose2aws.compose.project import (
    ComposeError,
    Diagnostic,
    FileFact,
    InactiveService,
    LoadOptions,
    Project,
)

__all__ = [
    "ComposeError",
    "Diagnostic",
    "FileFact",
    "InactiveService",
    "LoadOptions",
    "Mapping",
    "Node",
    "Path",
    "Position",
    "Project",
    "Scalar",
    "Segment",
    "Sequence",
    "canonical",
    "find",
    "leaves",
    "load",
    "locate",
    "plain",
]
