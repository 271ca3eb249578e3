"""How much a container gets whose file does not say: what its image is known to need, with room for its heap."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compose2aws.catalog import parse_image
from compose2aws.catalog.size_table import usual_size
from compose2aws.compose.node import Scalar, leaves
from compose2aws.compose.project import Project
from compose2aws.planning.dockerfile import read_dockerfile
from compose2aws.planning.kind import Kind
from compose2aws.planning.source import ServiceSource

_CPU, _MEMORY = 256, 512
_UNITS = {"k": 1 / 1024, "m": 1, "g": 1024}
# Oracle, "The java Command"; Node.js, "Command-line API", where the number is MiB.
_HEAP = re.compile(r"-Xmx(?P<java>\d+)(?P<unit>[kKmMgG])\b|--max[-_]old[-_]space[-_]size[= ](?P<node>\d+)")
# What a program has beside its heap: threads, code, buffers.
_BESIDE_HEAP = 1.5


def usual_cpu_and_memory(kind: Kind, project: Project) -> tuple[int, int]:
    """CPU units and MiB: as a user's mapping says, else as the table knows the image or the one that it is built on,
    else a quarter of a CPU and half a gigabyte; with memory enough for the heap that the service asks for."""
    cpu, memory = _CPU, _MEMORY
    image = kind.image if "build" not in kind.source.node else None
    if image is None and (read := read_dockerfile(kind.source, project)) is not None:
        image = parse_image(re.sub(r"@.*|:[^/]*$", "", read.base)) if "$" not in read.base.partition(":")[0] else None
    if image is not None and (row := usual_size(image)) is not None:
        cpu, memory = row.cpu, row.memory
    if kind.mapping is not None:
        cpu, memory = kind.mapping.cpu or cpu, kind.mapping.memory or memory
    return cpu, max(memory, *(round(heap * _BESIDE_HEAP) for heap in (0, *_heaps(kind.source))))


def _heaps(service: ServiceSource) -> Iterator[float]:
    """The heaps that are asked for in options, in MiB."""
    for key in ("environment", "command", "entrypoint"):
        node = service.get(key)
        for _, leaf in leaves(node) if node is not None else ():
            for found in _HEAP.finditer(leaf.text) if isinstance(leaf, Scalar) else ():
                yield float(found["node"]) if found["node"] else int(found["java"]) * _UNITS[found["unit"].lower()]
