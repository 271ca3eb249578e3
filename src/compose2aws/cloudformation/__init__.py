"""A `Plan` in, templates out. This room takes no decision, reads no file of the project and calls no AWS.

`emit(plan)` gives the `Templates`; `render(templates, format)` gives the files that stand for them.
"""

from compose2aws.cloudformation.emission import emit, graph_of, render
from compose2aws.cloudformation.graph import GraphError
from compose2aws.cloudformation.limit import LimitError
from compose2aws.cloudformation.manifest import manifest
from compose2aws.cloudformation.patch import PatchError
from compose2aws.cloudformation.stack import Format, Stack, Templates, source_of, stack_prefix

__all__ = [
    "Format",
    "GraphError",
    "LimitError",
    "PatchError",
    "Stack",
    "Templates",
    "emit",
    "graph_of",
    "manifest",
    "render",
    "source_of",
    "stack_prefix",
]
