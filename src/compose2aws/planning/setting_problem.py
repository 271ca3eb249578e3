"""What is wrong with a setting of `x-aws`, in words: what was found, and what is wanted."""

from __future__ import annotations

from typing import Any

_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list ([a, b])",
    "object": "a mapping (key: value)",
}
_LONGEST = 80


def setting_problem(error: Any, schema: dict[str, Any], given: list[str]) -> str:
    """A sentence on an error of jsonschema-rs. `given` are the variables that the value comes from: it may be a secret,
    and is not shown then."""
    kind, instance = error.kind.as_dict(), error.instance
    found = f"the value of {', '.join(given)}" if given else f"found {_shown(instance)}"
    name = error.kind.name
    if name == "required":
        return f"`{kind['property']}` is missing"
    if name == "uniqueItems":
        return f"{found}, wanted each of them once"
    return f"{found}{' is not what is wanted:' if given else ', wanted'} {_wanted(name, kind, _rule(schema, error))}"


def _wanted(name: str, kind: dict[str, Any], rule: dict[str, Any]) -> str:
    if name == "type":
        types = [one for one in _TYPES if one in kind["types"]]
        return " or ".join(_TYPES[one] for one in types)
    if name == "enum":
        return " or ".join(str(option) for option in kind["options"])
    limits = {
        "minimum": "{} or more",
        "maximum": "{} or less",
        "exclusiveMinimum": "more than {}",
        "minItems": "{} or more in the list",
    }
    if name in limits:
        return limits[name].format(kind["limit"])
    return str(rule.get("patternErrorMessage") or "another form")


def _rule(schema: dict[str, Any], error: Any) -> dict[str, Any]:
    """The part of the schema that was not kept."""
    node: Any = schema
    for step in error.schema_path[:-1]:
        node = node[step]
    return dict(node)


def _shown(value: Any) -> str:
    """A value as people write it; of a long one its beginning."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
