"""Writes `mappings/versions.yaml` anew: the engine versions that can be created, from the data that cfn-lint carries.

Run by hand (`make versions`) when cfn-lint is raised; the table is data that the program reads.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

_SOURCES = {
    "aurora-postgresql": ("aws_rds_dbcluster", "engine_version", "engine_version_deprecated"),
    "aurora-mysql": ("aws_rds_dbcluster", "engine_version", "engine_version_deprecated"),
    "mariadb": ("aws_rds_dbinstance", "engine_version", "engine_version_deprecated"),
    "valkey": ("aws_elasticache_cachecluster", "engine_version", None),
    "memcached": ("aws_elasticache_cachecluster", "engine_version", None),
}
# cfn-lint has no versions of these. Amazon DocumentDB Developer Guide, "Amazon DocumentDB engine versions"; Amazon MQ
# Developer Guide, "Managing Amazon MQ for RabbitMQ engine versions" (major and minor: patches are Amazon's); Amazon
# OpenSearch Service Developer Guide, "Features by engine version" (the newest of each major).
_BY_HAND = {"docdb": ["4.0.0", "5.0.0"], "rabbitmq": ["3.13", "4.2"], "opensearch": ["1.3", "2.19", "3.3"]}


def versions(folder: str, name: str, engine: str) -> list[str]:
    """The versions that one of cfn-lint's schemas names for an engine: where it allows them, in its `then`; where it
    warns of them, in its `if`."""
    text = (files("cfnlint.data.schemas.extensions") / folder / f"{name}.json").read_text()
    found: list[str] = []
    for rule in _rules(json.loads(text)):
        for side in (rule["if"], rule["then"]):
            properties = side.get("properties", {}) if isinstance(side, dict) else {}
            engine_rule = rule["if"].get("properties", {}).get("Engine", {})
            if engine in (engine_rule.get("const"), *engine_rule.get("enum", [])):
                found += properties.get("EngineVersion", {}).get("enum", [])
    return found


def _rules(node: object) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [rule for item in node for rule in _rules(item)]
    if not isinstance(node, dict):
        return []
    own = [node] if "if" in node and "then" in node else []
    return own + [rule for value in node.values() for rule in _rules(value)]


def ascending(names: list[str]) -> list[str]:
    """`8.0.x` before `10`: by number, part by part."""

    def key(name: str) -> list[tuple[int, str]]:
        return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"[._]", name)]

    return sorted(set(names), key=key)


def main() -> None:
    engines: dict[str, list[str]] = {}
    for engine, (folder, current, deprecated) in _SOURCES.items():
        gone = set(versions(folder, deprecated, engine)) if deprecated else set()
        engines[engine] = [v for v in ascending(versions(folder, current, engine)) if v not in gone]
    engines |= _BY_HAND
    table = {
        "source": f"cfn-lint {version('cfn-lint')}; docdb, rabbitmq, opensearch: the developer guides, engine versions",
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "engines": engines,
    }
    target = Path(sys.argv[1])
    head = "# Engine versions that can be created, ascending. Written by `make versions`; not edited by hand.\n"
    target.write_text(head + yaml.safe_dump(table, sort_keys=False, width=118))


if __name__ == "__main__":
    main()
