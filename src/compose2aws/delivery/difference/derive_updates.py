"""Writes `mappings/update-replacement.yaml` anew: which properties of the types that we emit make a new resource.

From CloudFormation's provider schemas, which cfn-lint carries. Run by hand (`make versions`) when cfn-lint is raised or
a type is emitted for the first time; the table is data that the program reads.
"""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

import compose2aws.cloudformation
from compose2aws.rehearsal.schema import schema_of, unordered_lists

_HEAD = (
    "# What of each resource type cannot change in place, may not, and which of its lists have no order.\n"
    "# Written by `make versions`; not edited by hand: what is known beside it stands in update-effects.yaml.\n"
)


def emitted_types() -> list[str]:
    """The types of the resources that the emitters make, by the classes of troposphere that they name."""
    found: set[str] = set()
    for file in Path(compose2aws.cloudformation.__file__).parent.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        modules = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "troposphere"
            for alias in node.names
            if alias.name.islower()
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                module = importlib.import_module(f"troposphere.{modules[node.value.id]}")
                kind = getattr(getattr(module, node.attr, None), "resource_type", None)
                if kind:
                    found.add(kind)
    return sorted(found)


def table() -> dict[str, Any]:
    """`types`: for each type its `replaces`, `may-replace` and `unordered` paths, parts joined by `/`."""
    types: dict[str, Any] = {}
    for kind in emitted_types():
        schema = schema_of(kind)
        if schema is None:
            raise SystemExit(f"cfn-lint {version('cfn-lint')} has no schema of {kind}")
        lists = {
            "replaces": schema.create_only,
            "may-replace": schema.conditional_create_only,
            "unordered": unordered_lists(kind) - schema.attributes,
        }
        types[kind] = {key: sorted(path.replace(".", "/") for path in paths) for key, paths in lists.items() if paths}
    return {"source": f"cfn-lint {version('cfn-lint')}, CloudFormation's provider schemas of us-east-1", "types": types}


def write_table(file: Path, head: str, made: dict[str, Any]) -> None:
    """Writes a table of types below its `head`, with today's date."""
    dated = {"source": made["source"], "date": dt.datetime.now(tz=dt.UTC).date().isoformat(), "types": made["types"]}
    file.write_text(head + yaml.safe_dump(dated, sort_keys=False, width=118), encoding="utf-8")


def main() -> None:
    write_table(Path(sys.argv[1]), _HEAD, table())


if __name__ == "__main__":
    main()
