"""Writes `mappings/resource-actions.yaml` anew: what CloudFormation does to make, change, read and remove the types
that we emit, and by which of its properties each is told from all others.

From CloudFormation's provider schemas, which cfn-lint carries. Run by hand (`make versions`).
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from compose2aws.delivery.difference.derive_updates import emitted_types, write_table
from compose2aws.rehearsal.schema import published

_HEAD = (
    "# The IAM actions by which CloudFormation makes (`create`), changes (`update`), reads, and removes (`delete`)\n"
    "# each type, and the properties that are its identifier, where a template can give them.\n"
    "# Written by `make versions`; not edited by hand.\n"
)


def table() -> dict[str, Any]:
    """`types`: for each type its `create`, `update`, `read`, `delete` and `identifier`."""
    types: dict[str, Any] = {}
    for kind in emitted_types():
        document = published(kind)
        if document is None:
            raise SystemExit(f"cfn-lint {version('cfn-lint')} has no schema of {kind}")
        handlers = document.get("handlers", {})
        row = {name: _actions(handlers.get(name, {})) for name in ("create", "update", "read", "delete")}
        given = [path.removeprefix("/properties/") for path in document.get("primaryIdentifier", [])]
        read_only = {path.removeprefix("/properties/") for path in document.get("readOnlyProperties", [])}
        if given and not read_only.intersection(given):
            row["identifier"] = given
        types[kind] = {key: value for key, value in row.items() if value}
    return {"source": f"cfn-lint {version('cfn-lint')}, CloudFormation's provider schemas of us-east-1", "types": types}


def _actions(handler: dict[str, Any]) -> list[str]:
    """Without patterns (`s3:*`), which cannot be simulated."""
    return sorted({name for name in handler.get("permissions", []) if "*" not in name and ":" in name})


def main() -> None:
    write_table(Path(sys.argv[1]), _HEAD, table())


if __name__ == "__main__":
    main()
