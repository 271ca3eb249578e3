"""The JSON Schema that editors check and complete `x-aws` with: one of a whole compose file, in which all but `x-aws`
is free. Editors put it beside the Compose Specification's own.

It is of draft 7, the newest that VS Code and the JetBrains editors know alike. There a `$ref` hides what stands beside
it, so that nothing is referred to: every part stands where it counts.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from compose2aws.catalog.catalog import settings_schema

Schema: TypeAlias = dict[str, Any]

_TITLE = "Compose file with settings of compose2aws"
# What interpolation fills: which form it has is known only with the variable's value.
_VARIABLE: Schema = {"type": "string", "pattern": r"\$(\{|[A-Za-z_])"}
# Keywords that say how a text must look, and so go beside a variable's.
_FORMS = ("pattern", "enum")
# Keywords that tell people of it.
_TOLD = ("title", "description", "default", "examples")


def editor_schema() -> Schema:
    """The schema, in an order that is always the same."""
    written = settings_schema()
    parts = {f"#/$defs/{name}": part for name, part in written["$defs"].items()}
    project = {key: value for key, value in written.items() if key not in ("$schema", "$defs")}
    service = parts["#/$defs/service"]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:compose2aws:compose-file",
        "title": _TITLE,
        "type": "object",
        "properties": {
            "x-aws": _or_nothing(_standing_alone(project, parts)),
            "services": {
                "type": ["object", "null"],
                "additionalProperties": {
                    "type": ["object", "null"],
                    "properties": {"x-aws": _or_nothing(_standing_alone(service, parts))},
                },
            },
        },
    }


def _or_nothing(block: Schema) -> Schema:
    """A block that may be there and empty."""
    return {**block, "type": [block["type"], "null"]}


def _standing_alone(part: Schema, parts: dict[str, Schema]) -> Schema:
    """A part of the schema with what it refers to in its place, that takes variables where it takes texts."""
    whole = {**parts[part["$ref"]], **{k: v for k, v in part.items() if k != "$ref"}} if "$ref" in part else part
    made: Schema = {}
    for key, value in whole.items():
        if key == "properties":
            made[key] = {name: _standing_alone(below, parts) for name, below in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            made[key] = _standing_alone(value, parts)
        else:
            made[key] = value
    if not any(key in made for key in _FORMS):
        return made
    told = {key: made.pop(key) for key in _TOLD if key in made}
    return {**told, "anyOf": [made, _VARIABLE]}
