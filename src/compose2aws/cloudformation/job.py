"""Jobs."""

from __future__ import annotations

from compose2aws.cloudformation.graph import Graph
from compose2aws.planning.model import Job, Plan


def emit_job(graph: Graph, plan: Plan, item: Job) -> None:
    raise NotImplementedError
