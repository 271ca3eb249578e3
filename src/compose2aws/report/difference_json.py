"""A difference as data for scripts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compose2aws.delivery.difference.model import StackDifference


def difference_data(differences: Iterable[StackDifference]) -> dict[str, Any]:
    """`{"stacks": [{"name", "status", "changes": [{"logical_id", "type", "action", "replacement", "stateful", "source",
    "properties": [{"path", "before", "after"}]}]}]}`."""
    return {
        "stacks": [
            {
                "name": difference.name,
                "status": difference.status,
                "changes": [
                    {
                        "logical_id": change.logical_id,
                        "type": change.type,
                        "action": change.action,
                        "replacement": change.replacement,
                        "stateful": change.stateful,
                        "source": change.source,
                        "properties": [
                            {"path": one.path, "before": one.before, "after": one.after} for one in change.properties
                        ],
                    }
                    for change in difference.changes
                ],
            }
            for difference in differences
        ]
    }
